"""Objects and measurements from bioimages: from pixels to objects to numbers.

The public names are here; nothing of napari, magicgui or Qt is imported, and no global state is changed.
"""

from __future__ import annotations

from objectwise import ops as _ops
from objectwise.core.grid import Grid
from objectwise.core.operation import operation, operations
from objectwise.core.recipe import From, Recipe, Step
from objectwise.core.run import Progress, Result, apply, run

__version__ = "0.1.0"

__all__ = ["From", "Grid", "Progress", "Recipe", "Result", "Step", "apply", "operation", "operations", "run"]
