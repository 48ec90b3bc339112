"""Make the pictures of the docks: a whole napari window for each, from samples that anyone has.

Needs a display with OpenGL; on a machine without one::

    xvfb-run -a -s "-screen 0 1440x900x24" python docs/pictures/docks.py FOLDER
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

SIZE = (1366, 768)
_N_COLOURS = 96


def main() -> None:
    """Write all pictures into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as settings:
        os.environ["NAPARI_CONFIG"] = str(Path(settings) / "settings.yaml")
        for scene in (first_minute, coins, nuclei, curated, volume, movie, colours, table, history):
            scene(folder)


class Window:
    """A napari window of a fixed size, and its docks."""

    def __init__(self) -> None:
        import napari

        self.viewer = napari.Viewer(show=True)
        self.wait(0.3)
        self.viewer.window.resize(*SIZE)
        self.wait(0.2)

    def add_sample(self, name: str) -> None:
        """Open a sample as File > Open Sample does."""
        from napari.layers import Layer

        from objectwise.gui.layers import samples

        for data in getattr(samples, name)():
            self.viewer.add_layer(Layer.create(*data))
        self.viewer.layers.selection.active = self.viewer.layers[0]
        self.viewer.reset_view()

    def dock(self, kind: type, title: str) -> object:
        """Open a dock as its menu entry does."""
        dock = kind(self.viewer)
        self.viewer.window.add_dock_widget(dock, name=f"{title} (Objectwise)")
        self.wait(0.3)
        return dock

    def wait(self, seconds: float) -> None:
        """Let the window work for a while."""
        from qtpy.QtWidgets import QApplication

        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            QApplication.processEvents()
            time.sleep(0.005)

    def preview(self, dock: object) -> None:
        """Turn the preview on, and wait until it is there."""
        before = dock.preview.shown
        dock.preview_box.setChecked(False)
        dock.preview_box.setChecked(True)
        while dock.preview.shown == before or dock.preview.busy:
            self.wait(0.05)
        self.wait(0.3)

    def run(self, dock: object) -> None:
        """Press Run, and wait for the result."""
        dock.run()
        while dock.worker is not None:
            self.wait(0.05)
        self.wait(0.4)

    def shot(self, path: Path) -> None:
        """Write a picture of the whole window."""
        from PIL import Image

        self.wait(0.2)
        picture = Image.fromarray(self.viewer.screenshot(canvas_only=False, flash=False)[..., :3])
        # a palette is a third of the size; dithering would put specks into labels
        picture.quantize(_N_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        print(path)

    def docks(self, kind: type) -> object:
        """Return the open dock of a kind."""
        return next(dock for dock in self.viewer.window.dock_widgets.values() if isinstance(dock, kind))

    def remove(self, dock: object) -> None:
        """Close one dock."""
        dock.shut_down()
        self.viewer.window.remove_dock_widget(dock)
        self.wait(0.2)

    def close(self) -> None:
        """Close the docks and the window."""
        for dock in list(self.viewer.window.dock_widgets.values()):
            if hasattr(dock, "shut_down"):
                dock.shut_down()
        self.wait(0.3)
        self.viewer.close()


def first_minute(folder: Path) -> None:
    """Show the panel as it opens on a sample, and what it gives."""
    from objectwise.gui.find.find_panel import FindPanel

    window = Window()
    window.add_sample("nuclei_2d")
    dock = window.dock(FindPanel, "Find and measure objects")
    while dock.preview.busy:
        window.wait(0.05)
    window.shot(folder / "find_panel.png")
    window.run(dock)
    window.shot(folder / "find_panel_result.png")
    window.close()


def coins(folder: Path) -> None:
    """Show the coins of scikit-image: a threshold by hand with its slider, then the coins counted."""
    from skimage import data

    from objectwise.gui.docks import ThresholdDock

    window = Window()
    window.viewer.add_image(data.coins(), name="coins")
    dock = window.dock(ThresholdDock, "Threshold")
    dock.choose("threshold_manual")
    window.wait(0.5)
    window.preview(dock)
    window.shot(folder / "threshold_manual_coins.png")
    window.close()


def nuclei(folder: Path) -> None:
    """Show the way from an image to a table, one dock after the other."""
    from objectwise.gui.docks import FiltersDock, MorphologyDock, ThresholdDock, WatershedDock
    from objectwise.gui.measuring import MeasureDock

    window = Window()
    window.add_sample("nuclei_2d")
    dock = window.dock(FiltersDock, "Filters")
    window.preview(dock)
    window.shot(folder / "filters.png")
    dock = window.dock(ThresholdDock, "Threshold")
    window.preview(dock)
    window.shot(folder / "threshold.png")
    window.run(dock)
    dock = window.dock(MorphologyDock, "Morphology")
    dock.choose("fill_holes")
    window.run(dock)
    window.shot(folder / "morphology.png")
    window.viewer.layers.selection.active = window.viewer.layers[-1]
    dock = window.dock(WatershedDock, "Watershed")
    window.preview(dock)
    window.shot(folder / "watershed.png")
    window.run(dock)
    dock = window.dock(MeasureDock, "Measure")
    dock.boxes["images"].layers = [window.viewer.layers["nuclei 2d"]]
    window.run(dock)
    window.shot(folder / "measure.png")
    window.close()


def curated(folder: Path) -> None:
    """Show objects that were curated: merged, given a class, and measured again."""
    import numpy as np

    from objectwise.gui.curate.curate_dock import CurateDock
    from objectwise.gui.measuring import MeasureDock
    from objectwise.gui.table.freshness import freshness_of
    from objectwise.gui.table.selection import keys_of, selection_of

    window = Window()
    window.add_sample("nuclei_2d")
    labels = next(layer for layer in window.viewer.layers if type(layer).__name__ == "Labels")
    labels.visible = True
    window.viewer.layers.selection.active = labels
    measure = window.dock(MeasureDock, "Measure")
    measure.boxes["images"].layers = [window.viewer.layers[0]]
    window.run(measure)
    dock = window.dock(CurateDock, "Curate")
    dock.classes.names.setText("round, dividing")
    dock.classes.names.editingFinished.emit()
    rows = labels.metadata["objectwise"]["table"].table.frame
    for chosen, act in (
        (rows["label"].to_numpy()[[2, 3]], dock.edits.merge),
        (rows.nlargest(2, "area")["label"].to_numpy(), lambda: dock.give_class(2)),
    ):
        selection_of(labels).choose(keys_of(np.zeros(2, int), chosen))
        act()
        window.wait(0.2)
        while dock.worker is not None or freshness_of(labels).busy:
            window.wait(0.05)
    window.shot(folder / "curate.png")
    window.close()


def volume(folder: Path) -> None:
    """Show a volume, worked on as a whole."""
    from objectwise.gui.docks import ThresholdDock

    window = Window()
    window.add_sample("nuclei_3d")
    dock = window.dock(ThresholdDock, "Threshold")
    window.preview(dock)
    window.shot(folder / "threshold_volume.png")
    window.close()


def movie(folder: Path) -> None:
    """Show a movie: a threshold for each frame, and a table with frames."""
    from objectwise.gui.docks import ThresholdDock
    from objectwise.gui.measuring import MeasureDock

    window = Window()
    window.add_sample("nuclei_timelapse")
    dock = window.dock(ThresholdDock, "Threshold")
    dock.rows.output.setCurrentIndex(1)
    window.run(dock)
    window.viewer.dims.set_current_step(0, 5)
    dock = window.dock(MeasureDock, "Measure")
    images = [layer for layer in window.viewer.layers if type(layer).__name__ == "Image"]
    dock.boxes["images"].layers = images
    window.run(dock)
    window.shot(folder / "measure_movie.png")
    window.close()


def colours(folder: Path) -> None:
    """Show stained tissue put into classes by its colours."""
    from skimage import data

    from objectwise.gui.docks import ClusteringDock

    window = Window()
    window.viewer.add_image(data.immunohistochemistry(), rgb=True, name="tissue")
    dock = window.dock(ClusteringDock, "Clustering")
    window.preview(dock)
    window.shot(folder / "clustering.png")
    window.close()


def table(folder: Path) -> None:
    """Show a table filtered by its columns, with a plot, and the objects coloured by one of them."""
    from objectwise.gui.find.find_panel import FindPanel
    from objectwise.gui.table.plots import PlotsDock
    from objectwise.gui.table.table_dock import TableDock

    window = Window()
    window.add_sample("nuclei_2d")
    panel = window.dock(FindPanel, "Find and measure objects")
    while panel.preview.busy:
        window.wait(0.05)
    window.run(panel)
    window.remove(panel)
    rows = window.docks(TableDock)
    rows.plot("area")
    plot = window.docks(PlotsDock)
    plot.up.choose("circularity")
    plot.draw()
    rows.colour("area")
    window.viewer.layers[-1].opacity = 1
    rows.filter.setText("area > 40 and circularity > 0.8")
    window.wait(1)
    window.shot(folder / "table.png")
    window.close()


def history(folder: Path) -> None:
    """Show the steps behind labels, one of them with another value."""
    from objectwise.gui.docks import FiltersDock, MorphologyDock, ThresholdDock, WatershedDock
    from objectwise.gui.history.history_dock import HistoryDock

    window = Window()
    window.add_sample("nuclei_2d")
    for kind, method, values in (
        (FiltersDock, "smooth_gaussian", {"sigma": 0.6}),
        (ThresholdDock, "threshold_auto", {"method": "li", "correction": 0.85}),
        (MorphologyDock, "fill_holes", {}),
        (WatershedDock, "split_touching", {"min_diameter": 5.0}),
    ):
        dock = window.dock(kind, kind.__name__)
        dock.choose(method)
        dock.form.show_values(values)
        window.run(dock)
        window.remove(dock)
        window.viewer.layers.selection.active = window.viewer.layers[-1]
    window.viewer.layers[-1].opacity = 1
    dock = window.dock(HistoryDock, "History")
    dock.list.setCurrentRow(2)
    dock.panel.form.fields["method"].value = "triangle"
    window.shot(folder / "history.png")
    window.close()


if __name__ == "__main__":
    main()
