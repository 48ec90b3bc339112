"""What the documentation takes from the package itself: reference pages, pictures, the schema.

A hook of mkdocs. Nothing that can be read from the operations is written a second time: their pages are made
from their records, their pictures by running them on coins. The pages exist only while the site is built;
`generate` writes them into any folder, for tests and for looking at them.

Run as a script it makes the picture of the front page and of the README anew.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from examples import front_picture, tutorial_pictures
from measurement_pictures import measurement_pictures
from operation_pages import describe, list_of_operations, page, picture_of
from other_pages import command_line, list_of_measurements, python_names, speed

from objectwise.core.method import methods
from objectwise.core.recipe_file import schema


def on_config(config: Any) -> Any:
    """Put the pages of the operations into the navigation."""
    pages: dict[str, list[Any]] = {}
    for record in methods.values():
        pages.setdefault(record.family.capitalize(), []).append({record.label: page(record)})
    for section in config.nav:
        if "Reference" in section:
            families = [{family: items} for family, items in pages.items()]
            section["Reference"].insert(1, {"Operations": ["reference/operations/index.md", *families]})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages and pictures."""
    from mkdocs.structure.files import File

    folder = Path(tempfile.mkdtemp(prefix="objectwise-docs-"))
    config["generated"] = folder
    for name in generate(folder):
        files.append(File.generated(config, name, abs_src_path=str(folder / name)))
    return files


def on_page_markdown(markdown: str, files: Any, **_: Any) -> str:
    """Leave out pictures of the viewer where they have not been made."""
    there = {file.src_uri for file in files}
    return re.sub(
        r"^!\[[^\]]*\]\((?:\.\./)?(pictures/docks/[^)]+)\)\n",
        lambda found: found[0] if found[1] in there else "",
        markdown,
        flags=re.MULTILINE,
    )


def on_post_build(config: Any, **_: Any) -> None:
    """Remove the folder of generated pages."""
    shutil.rmtree(config["generated"])


def generate(folder: Path, names: Sequence[str] | None = None) -> list[str]:
    """Write the generated pages and pictures below a folder, and return their paths in it.

    Parameters
    ----------
    folder : path
        Laid out as ``docs`` is.
    names : sequence of str, optional
        Operations whose pages are wanted; all, and everything else, where it is left out.
    """
    texts: dict[str, str] = {}
    drawn: dict[str, np.ndarray] = {}
    for record in methods.values() if names is None else map(methods.__getitem__, names):
        texts[page(record)], picture = describe(record)
        drawn[picture_of(record)] = picture
    if names is None:
        texts["reference/operations/index.md"] = list_of_operations()
        texts["reference/measurements.md"] = list_of_measurements()
        texts["explanation/speed.md"] = speed()
        texts["reference/command_line.md"] = command_line()
        texts["reference/python.md"] = python_names()
        texts["reference/recipe.schema.json"] = json.dumps(schema(), indent=1) + "\n"
        texts |= measurement_pictures()
        drawn |= tutorial_pictures()
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name, picture in drawn.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_picture(folder / name, picture)
    return [*texts, *drawn]


def write_picture(path: Path, picture: np.ndarray, colours: int = 128) -> None:
    """Write a PNG of few colours: these pictures are grey with some outlines."""
    from PIL import Image

    Image.fromarray(picture).quantize(colours, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    target = Path(__file__).parent / "pictures" / "coins.png"
    write_picture(target, front_picture(), colours=56)
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
