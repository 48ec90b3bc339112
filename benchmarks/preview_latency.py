"""How long it takes from dragging a line of the histogram until the new preview is drawn.

The threshold dock previews a manual threshold of an image of 16 bits in a real window: as a mask of the whole plane,
and as objects in a view of 2048 x 2048 pixels of a larger one. Each of the moves below is timed until the canvas has
been drawn again with the new preview. The first preview is timed from opening the dock. Needs a display with OpenGL;
on a machine without one::

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/preview_latency.py
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np


def main() -> None:
    """Measure, and print the median and the largest time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CONFIG"] = str(Path(folder) / "settings.yaml")
        measure((520, 696), 3, None, split=False)
        for name, shape, view, split in (
            ("mask", (520, 696), None, False),
            ("mask", (2048, 2048), None, False),
            ("mask", (4096, 4096), None, False),
            ("mask in a view of 2048 x 2048", (8192, 8192), 2048, False),
            ("objects", (2048, 2048), None, True),
            ("objects in a view of 2048 x 2048", (8192, 8192), 2048, True),
        ):
            first, times = measure(shape, arguments.moves, view, split)
            print(
                f"{name:34} {shape[0]:>4} x {shape[1]:>4}: first {first:4.0f} ms, median {np.median(times):.0f} ms, "
                f"max {max(times):.0f} ms over {len(times)} moves",
                flush=True,
            )


def measure(shape: tuple[int, int], n_moves: int, view: int | None, split: bool) -> tuple[float, list[float]]:
    """Return the milliseconds until the first preview, and those of each move."""
    import napari
    from qtpy.QtWidgets import QApplication
    from skimage import data

    from objectwise.gui.docks import ThresholdDock

    coins = data.coins().astype(np.uint16) * 200
    image = np.tile(coins, (shape[0] // 303 + 1, shape[1] // 384 + 1))[: shape[0], : shape[1]]
    viewer = napari.Viewer(show=True)
    viewer.window._qt_window.resize(1500, 950)
    viewer.add_image(image)
    settle(1.0)
    if view is not None:
        camera = getattr(viewer, "scene", viewer).camera
        high, wide = viewer.window._qt_viewer.canvas.size
        camera.zoom = np.sqrt(high * wide) / view
        camera.center = (0, shape[0] / 2, shape[1] / 2)
        settle(1.0)
    start = time.perf_counter()
    dock = ThresholdDock(viewer)
    viewer.window.add_dock_widget(dock, name="Threshold (Objectwise)")
    while not dock.preview.shown:
        QApplication.processEvents()
    first = 1000 * (time.perf_counter() - start)
    dock.choose("threshold_manual")
    dock.rows.output.setCurrentIndex(int(split))
    drawn = [0]
    canvas = viewer.window._qt_viewer.canvas._scene_canvas
    # which preview the canvas has drawn
    canvas.events.draw.connect(lambda _event: drawn.__setitem__(0, dock.preview.shown))
    settle(1.0)
    while dock.preview.busy:
        QApplication.processEvents()
    times = []
    for value in np.linspace(12000, 30000, n_moves):
        shown = dock.preview.shown
        start = time.perf_counter()
        dock.levels.histogram.moved.emit("lower", float(np.round(value)))
        while drawn[0] == shown:
            QApplication.processEvents()
        times.append(1000 * (time.perf_counter() - start))
        settle(0.2)
    dock.shut_down()
    settle(0.5)
    viewer.close()
    return first, times


def settle(seconds: float) -> None:
    """Let the window do what it has to."""
    from qtpy.QtWidgets import QApplication

    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        QApplication.processEvents()


if __name__ == "__main__":
    main()
