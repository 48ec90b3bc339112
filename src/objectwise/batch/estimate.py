"""How long a plan will take, and how much memory: told by trying it on one image.

A formula for every operation would be wrong on the next machine. One image is worked on twice, without writing
anything, as the first time is that of starting, and the others are taken to need as much for each byte of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from objectwise.batch.planning import Plan, Row
from objectwise.batch.team import Team

# a second time is not worth more than this, in seconds
_PATIENCE = 60.0
_CANDIDATES = 3


@dataclass(frozen=True)
class Estimate:
    """What a plan will take.

    Attributes
    ----------
    seconds : float
        For all images together.
    memory : int
        Bytes that one process holds at most, by the largest image; 0 where the system does not tell.
    tried : Row
        The image that it was tried on, with its ``error``, if there was one.
    """

    seconds: float
    memory: int
    tried: Row


def estimate(planned: Plan, workers: int = 1) -> Estimate:
    """Try an image of middle size, and say what all will take; nothing is written.

    Raises
    ------
    ValueError
        If there is nothing to be done.
    """
    waiting = planned.waiting
    if not waiting:
        raise ValueError("there is nothing to be done")
    sizes = [sum(files.size for files in row.inputs.values()) for row in waiting]
    # the middle one by size, or one that is near to it where it is broken
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    middle = len(order) // 2
    candidates = sorted(order, key=lambda number: abs(order.index(number) - middle))[:_CANDIDATES]
    with Team(planned, 1, lambda _: None, share=max(1, workers)) as team:
        for number in candidates:
            for _ in range(2):
                ((row, answer),) = team.work([waiting[number]], write=False)
                if answer["error"] or answer["seconds"] > _PATIENCE:
                    break
            row.attempts = 0
            if not answer["error"]:
                break
    size = max(1, sizes[number])
    return Estimate(
        answer.get("seconds", 0.0) * sum(sizes) / size / max(1, min(workers, len(waiting))),
        round(answer.get("peak_memory", 0) * max(1.0, max(sizes) / size)),
        Row(row.name, row.number, row.inputs, error=answer["error"]),
    )
