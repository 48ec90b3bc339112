"""The demo in a window: the coins with their labels, classes and split pieces, and the table below."""

from __future__ import annotations

from typing import Any

from objectwise.core.run import run
from objectwise.demo import coins
from objectwise.gui.layers.conversion import fingerprint, make_layer, space_of
from objectwise.gui.table.noted_table import note_table
from objectwise.gui.table.table_dock import show_table
from objectwise.recipes import shipped


def show(block: bool = True) -> Any:
    """Open the results of the demo in napari.

    Parameters
    ----------
    block : bool, optional
        Whether to wait until the window is closed.

    Returns
    -------
    Viewer
    """
    import napari

    viewer = napari.Viewer(title="objectwise demo")
    image = coins()
    source = viewer.add_image(image.array, name="coins", axis_labels=("y", "x"))
    space = space_of(source)
    layers: dict[str, Any] = {}
    for name in ("coins_classes", "coins_split", "coins"):
        *_, last = run(shipped(name), image)
        for output, result in last.results.items():
            if result.kind == "table":
                labels = layers["labels"]
                note_table(labels, result, fingerprint(labels.data))
            elif result.kind in ("labels", "classes"):
                layers[output] = viewer.add_layer(
                    make_layer(space, result, output, fingerprint(result.array))
                )
                layers[output].visible = output == "labels"
    viewer.layers.selection.active = layers["labels"]
    show_table(viewer, layers["labels"])
    if block:
        napari.run()
    return viewer
