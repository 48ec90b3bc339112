"""Run a recipe on many images, and lose nothing.

The promise: what is finished stays finished, whatever happens to the process, the machine or another image. It is
kept by a few rules, each in one room.

- `finding`: which images are meant, and what is known of each (well, field, treatment).
- `planning`: what will be done with which, said before anything is done; what would lose something is refused.
- `work`: one image, from its files to its results in a hidden folder. It changes nothing else, so that it may be
  killed, repeated, or done in another process.
- `team`, `worker`: the processes that do the work. One that dies is replaced, and its image is done again.
- `running`: the one process that moves finished results to their place, and then writes a row about them. Between
  the two it may die, too: a result without a row is made again, a row without its result does not happen.
- `manifest`: those rows, in a database, and the lock that keeps a second run out.
- `joining`: the tables of all images in one, whenever it is asked for.
"""

from objectwise.batch.finding import Found, LeftOut, find_images
from objectwise.batch.joining import join
from objectwise.batch.planning import Plan, Row, plan
from objectwise.batch.running import run_batch

__all__ = ["Found", "LeftOut", "Plan", "Row", "find_images", "join", "plan", "run_batch"]
