"""How long the window stands still while docks work, and whether previews leave memory behind.

A timer that should fire every few milliseconds tells the longest time in which the window did nothing else. It is
shown for opening a dock, for runs, and for the moment in which napari shows what came of a run. The same is measured
for napari alone when it is given a layer as large, as much of a pause comes from there. Needs a display with OpenGL;
on a machine without one::

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/window.py
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

# a pause below this is not told apart from other work of the machine
_TICK = 0.002


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=4096, help="of the large image")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CONFIG"] = str(Path(folder) / "settings.yaml")
        for once_more in (False, True):
            print("second time" if once_more else "first time, kernels are loaded")
            nuclei = discs((520, 696))
            runs("find and measure, 520 x 696", nuclei, "")
            runs("the same in 6 frames", np.stack([np.roll(nuclei, 9 * n, 0) for n in range(6)]), "t")
            runs(f"the same in {arguments.size} x {arguments.size}", discs((arguments.size,) * 2), "")
        memory()


def discs(shape: tuple[int, int]) -> np.ndarray:
    """Return an image of discs, some of which touch."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(1)
    image = np.zeros(shape, np.float32)
    image[tuple(rng.integers(0, n, shape[0] * shape[1] // 1500) for n in shape)] = 1
    image = gaussian_filter(image, 6)
    return (100 + 20000 * image / image.max() + rng.normal(0, 40, shape)).clip(0, 65535).astype(np.uint16)


class Watch:
    """Notes the longest pauses of the window, and how much the thread of the window has worked."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self.timer = QTimer()
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.setInterval(int(1000 * _TICK))
        self.timer.timeout.connect(self._note)
        self.pauses: list[tuple[float, float]] = []

    def _note(self) -> None:
        now, work = time.perf_counter(), time.thread_time()
        self.pauses.append((now - self._last[0], work - self._last[1]))
        self._last = now, work

    def until(self, ready: Callable[[], Any], least: float = 0.0) -> str:
        """Let the window work until something is ready, and say what the longest pauses were."""
        from qtpy.QtCore import QEventLoop, QTimer

        loop, check, self.pauses = QEventLoop(), QTimer(), []
        start = time.perf_counter()
        check.timeout.connect(
            lambda: loop.quit() if ready() and time.perf_counter() - start > least else None
        )
        check.start(10)
        self._last = start, time.thread_time()
        self.timer.start()
        loop.exec()
        self.timer.stop()
        check.stop()
        pauses = sorted((1000 * length for length, _ in self.pauses), reverse=True)
        work = max(1000 * work for _, work in self.pauses)
        return (
            f"{time.perf_counter() - start:6.2f} s, longest pauses {', '.join(f'{n:.0f}' for n in pauses[:3])} ms, "
            f"most work in one {work:.0f} ms"
        )


def runs(name: str, image: np.ndarray, axes: str) -> None:
    """Open the panel, wait for its outlines, and run it."""
    import napari
    from napari.layers import Labels

    from objectwise.gui.find.find_panel import FindPanel

    watch = Watch()
    viewer = napari.Viewer(show=True)
    viewer.window._qt_window.resize(1500, 950)
    viewer.add_image(image, axis_labels=(*axes, "y", "x"))
    watch.until(lambda: True, 1.0)
    start, work = time.perf_counter(), time.thread_time()
    dock = FindPanel(viewer)
    viewer.window.add_dock_widget(dock, name="Find and measure (Objectwise)")
    opened = f"{time.perf_counter() - start:6.2f} s, work {1000 * (time.thread_time() - work):.0f} ms"
    preview = watch.until(lambda: not dock.preview.busy)
    dock.preview_box.setChecked(False)
    watch.until(lambda: not dock.preview.busy, 1.0)
    # what comes of the run is shown at the end, so that the pause for it is told apart
    outcomes: list[Any] = []
    dock.bar.done.disconnect(dock._done)
    dock.bar.done.connect(outcomes.append)
    dock.run()
    run = watch.until(lambda: dock.worker is None)
    from qtpy.QtCore import QTimer

    QTimer.singleShot(0, lambda: dock._done(outcomes[0]))
    shown = watch.until(lambda: any(isinstance(layer, Labels) for layer in viewer.layers), 1.0)
    dock.shut_down()
    watch.until(lambda: True, 0.5)
    labels = np.zeros(image.shape, np.int32)
    QTimer.singleShot(0, lambda: viewer.add_labels(labels))
    alone = watch.until(lambda: True, 1.0)
    viewer.close()
    print(f"  {name}\n    panel open  {opened}\n    outlines    {preview}\n    run         {run}")
    print(f"    shown       {shown}\n    napari alone, a layer as large {alone}", flush=True)


def memory() -> None:
    """Print the memory of the process before and after 200 previews."""
    import napari

    from objectwise.gui.docks import ThresholdDock

    watch = Watch()
    viewer = napari.Viewer(show=True)
    viewer.add_image(discs((2048, 2048)))
    dock = ThresholdDock(viewer)
    viewer.window.add_dock_widget(dock, name="Threshold (Objectwise)")
    watch.until(lambda: dock.preview.shown and not dock.preview.busy, 1.0)
    dock.choose("threshold_manual")
    dock.rows.output.setCurrentIndex(1)
    watch.until(lambda: not dock.preview.busy, 1.0)

    def several(n: int) -> float:
        for value in np.linspace(500, 9000, n):
            before = dock.preview.shown
            dock.levels.histogram.moved.emit("lower", float(round(value)))
            watch.until(lambda before=before: dock.preview.shown > before)
        return psutil.Process().memory_info().rss / 1e6

    before = several(20)
    print(f"memory before 200 previews {before:.0f} MB, after {several(200):.0f} MB")
    dock.shut_down()
    watch.until(lambda: True, 0.5)
    viewer.close()


if __name__ == "__main__":
    main()
