"""How long it takes from dragging a line of the histogram until the new preview is drawn.

The threshold dock previews a manual threshold of an image of 16 bits in a real window: as a mask of the whole plane,
and as objects in a view of 2048 x 2048 pixels of a larger one. Each of the moves below is timed until the canvas has
drawn the new preview, and until it is on the screen as well, which without a graphics card takes much longer; work is
what the thread of the window has computed until then, which other work of the machine does not change. The first
preview is timed from opening the dock. Needs a display with OpenGL; on a machine without one::

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
            drawn, screen, work = np.median(times, axis=0)
            print(
                f"{name:34} {shape[0]:>4} x {shape[1]:>4}: first {first:4.0f} ms, drawn {drawn:.0f} ms "
                f"({np.min(times, axis=0)[0]:.0f} to {np.max(times, axis=0)[0]:.0f}), on the screen {screen:.0f} ms, "
                f"work {work:.0f} ms, {len(times)} moves, load {os.getloadavg()[0]:.1f}",
                flush=True,
            )


def measure(
    shape: tuple[int, int], n_moves: int, view: int | None, split: bool
) -> tuple[float, list[tuple[float, ...]]]:
    """Return the milliseconds until the first preview, and those of each move."""
    import napari
    from qtpy.QtCore import QEventLoop
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
    loop, wanted, drawn = QEventLoop(), [0], [0.0]

    def note(_event: object) -> None:
        if dock.preview.shown == wanted[0]:
            drawn[0] = time.perf_counter()
            loop.quit()

    # after everything else that draws
    viewer.window._qt_viewer.canvas._scene_canvas.events.draw.connect(note, position="last")
    settle(1.0)
    while dock.preview.busy:
        QApplication.processEvents()
    times = []
    for value in np.linspace(12000, 30000, n_moves):
        wanted[0] = dock.preview.shown + 1
        start, work = time.perf_counter(), time.thread_time()
        dock.levels.histogram.moved.emit("lower", float(np.round(value)))
        loop.exec()
        work = time.thread_time() - work
        times.append((1000 * (drawn[0] - start), 1000 * (time.perf_counter() - start), 1000 * work))
        settle(0.2)
    dock.shut_down()
    settle(0.5)
    viewer.close()
    return first, times


def settle(seconds: float) -> None:
    """Let the window do what it has to."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()
