"""Markdown from docstrings."""

from __future__ import annotations

import re
from collections.abc import Sequence

import objectwise as ow


def text(source: str) -> str:
    """Return a docstring's paragraphs as Markdown; names of operations become links."""

    def name(found: re.Match[str]) -> str:
        inner = (
            found[1].removeprefix("~").rsplit(".", 1)[-1] if found[1].startswith("objectwise.") else found[1]
        )
        return f"[`{inner}`]({inner}.md)" if inner in ow.operations else f"`{inner}`"

    paragraphs = [paragraph.strip() for paragraph in re.split(r"\n\s*\n", source.strip())]
    joined = "\n\n".join(
        item if item.startswith(("- ", "* ")) else " ".join(item.split()) for item in paragraphs
    )
    # code between two marks first, so that what is left between one mark is a name
    parts = re.split(r"``([^`]+)``", joined)
    parts[::2] = [re.sub(r"`([^`]+)`", name, part.replace("<", "&lt;")) for part in parts[::2]]
    parts[1::2] = [f"`{part}`" for part in parts[1::2]]
    return "".join(parts)


def listed(references: str) -> str:
    """Return numpydoc's ``.. [1]`` references as a list."""
    items = re.split(r"\.\. \[\d+\]", references)
    return "\n".join(
        f"{number}. {' '.join(item.split())}"
        for number, item in enumerate((item for item in items if item.strip()), 1)
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, without columns that are empty in every row."""
    kept = [i for i in range(len(heads)) if any(row[i] for row in rows)] or list(range(len(heads)))
    lines = [[heads[i] for i in kept], ["---"] * len(kept)]
    lines += [[str(row[i]).replace("|", "\\|").replace("\n", " ") for i in kept] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
