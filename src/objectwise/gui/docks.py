"""One dock for each family of operations, so that each has its own entry in napari's menus."""

import napari.viewer

from objectwise.gui.dock import OperationDock


class FindDock(OperationDock):
    """From an image to objects in one go."""

    families = ("find",)
    preview_at_start = True

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class FiltersDock(OperationDock):
    """Filters: an image in, an image out."""

    families = ("filters", "colour")

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class BackgroundDock(OperationDock):
    """Uneven background taken away."""

    families = ("background",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class EnhanceDock(OperationDock):
    """Blobs, ridges, corners and edges brought out."""

    families = ("enhance",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class MorphologyDock(OperationDock):
    """Morphology: masks and labels cleaned by shape, size and position."""

    families = ("morphology",)
    first = "remove_small"

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class WatershedDock(OperationDock):
    """From masks to objects: components, touching objects split, seeds grown."""

    families = ("watershed",)
    first = "split_touching"

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class EdgesDock(OperationDock):
    """Objects from their edges: edges found, closed and fitted."""

    families = ("edges",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class RegionsDock(OperationDock):
    """Regions grown, flooded, split, merged and walked."""

    families = ("regions",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class LabelsDock(OperationDock):
    """Labels changed: grown, filtered, merged, split and renumbered."""

    families = ("labels",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class ClusteringDock(OperationDock):
    """Clustering: pixels put into classes by brightness or colour."""

    families = ("cluster",)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)


class ThresholdDock(OperationDock):
    """Thresholds, with lines in the histogram of the image."""

    families = ("threshold",)
    preview_at_start = True

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
