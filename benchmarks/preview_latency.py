"""How long it takes from moving a slider until the new preview is drawn.

The threshold dock previews a manual threshold of a 2048 x 2048 image of 16 bits in a real window. Each of the
moves below is timed until the canvas has been drawn again with the new mask. Needs a display with OpenGL; on a
machine without one::

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
    parser.add_argument("--size", type=int, default=2048, help="pixels along y and x")
    parser.add_argument("--moves", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CONFIG"] = str(Path(folder) / "settings.yaml")
        for name, instances in (("mask", False), ("objects", True)):
            times = measure(arguments.size, arguments.moves, instances)
            print(
                f"{name:8} {arguments.size} x {arguments.size}: median {np.median(times):.0f} ms, "
                f"max {max(times):.0f} ms over {len(times)} moves"
            )


def measure(size: int, n_moves: int, instances: bool) -> list[float]:
    """Return the milliseconds of each move."""
    import napari
    from qtpy.QtWidgets import QApplication
    from skimage import data

    from objectwise.gui.docks import ThresholdDock

    image = np.tile(data.coins().astype(np.uint16) * 200, (size // 303 + 1, size // 384 + 1))[:size, :size]
    viewer = napari.Viewer(show=True)
    viewer.add_image(image, scale=(0.5, 0.5), units="um")
    dock = ThresholdDock(viewer)
    viewer.window.add_dock_widget(dock, name="Threshold (Objectwise)")
    dock.choose("threshold_manual")
    dock.rows.output.setCurrentIndex(int(instances))
    drawn = [0]
    canvas = viewer.window._qt_viewer.canvas._scene_canvas
    # which preview the canvas has drawn
    canvas.events.draw.connect(lambda _event: drawn.__setitem__(0, dock.preview.shown))

    def settle() -> None:
        until = time.perf_counter() + 0.3
        while time.perf_counter() < until:
            QApplication.processEvents()

    settle()
    while not dock.preview.shown or dock.preview.busy:
        QApplication.processEvents()
    settle()
    slider = dock.form.sliders["lower"]
    times = []
    for value in np.linspace(12000, 30000, n_moves):
        shown = dock.preview.shown
        start = time.perf_counter()
        slider.value = float(np.round(value))
        while drawn[0] == shown:
            QApplication.processEvents()
        times.append(1000 * (time.perf_counter() - start))
        settle()
    dock.preview_box.setChecked(False)
    settle()
    viewer.close()
    return times


if __name__ == "__main__":
    main()
