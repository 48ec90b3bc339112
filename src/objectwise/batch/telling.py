"""A plan in words, for a person who wants to see it before it is carried out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from objectwise.batch.estimate import Estimate
from objectwise.batch.finding import LeftOut
from objectwise.batch.planning import Plan, Row


def told(planned: Plan, workers: int, estimated: Estimate | None) -> Iterator[str]:
    """Give the lines that say what will be read, left out and written, and what that will take."""
    waiting = planned.waiting
    for row in planned.rows:
        yield f"{'done already ' if row.done else ''}{row.name}: {_said(row)}"
        yield from (f"  {name} was changed by hand and will be kept beside a new one" for name in row.changed)
    yield from left_out_told(planned.left_out, len(planned.left_out))
    files = ", ".join(
        f"NAME{name[len(planned.rows[0].name) :]}" for name in planned.files_of(planned.rows[0]).values()
    )
    yield f"for each image: {files} in {planned.folder}"
    if planned.tables:
        yield f"over all images: {', '.join(path.name for path in planned.tables.values())}"
    if planned.others:
        yield f"the results of {counted(planned.others, 'other image')} that are there stay"
    ready = len(planned.rows) - len(waiting)
    yield f"{counted(len(waiting), 'image')} to be done" + (f", {ready} done already" if ready else "")
    if estimated is not None:
        yield _taking(estimated, max(1, workers))


def left_out_told(left_out: Iterable[LeftOut], most: int = 3) -> Iterator[str]:
    """Give a line for each reason why files were left out, with so many of their names at most."""
    reasons: dict[str, list[str]] = {}
    for item in left_out:
        reasons.setdefault(item.reason, []).append(item.path.name)
    for reason, names in reasons.items():
        more = f" and {len(names) - most} more" if len(names) > most else ""
        yield f"left out, {reason}: {', '.join(names[:most])}{more}"


def counted(n: int, what: str) -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> counted(1, "image"), counted(3, "image")
    ('1 image', '3 images')
    """
    return f"{n} {what}{'' if n == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a time as a person says it.

    Examples
    --------
    >>> duration(0.4), duration(200), duration(20000)
    ('1 second', '3 minutes', '5.6 hours')
    """
    if seconds < 90:
        return counted(max(1, round(seconds)), "second")
    if seconds < 5400:
        return counted(round(seconds / 60), "minute")
    return f"{seconds / 3600:.1f} hours"


def _said(row: Row) -> str:
    files = list(row.inputs.values())
    text = (
        str(files[0]) if len(files) == 1 else ", ".join(f"{name} {item}" for name, item in row.inputs.items())
    )
    known = ", ".join(f"{key} {value}" for key, value in row.metadata.items())
    return f"{text} ({known})" if known else text


def _taking(estimated: Estimate, workers: int) -> str:
    name = estimated.tried.name
    if estimated.tried.error:
        return f"tried on {name}, which fails: {estimated.tried.error}"
    processes = "one process" if workers == 1 else f"{workers} processes"
    memory = (
        f", at most about {estimated.memory * workers / 1e9:.1f} GB of memory" if estimated.memory else ""
    )
    return f"about {duration(estimated.seconds)} in {processes}{memory}, as tried on {name}"
