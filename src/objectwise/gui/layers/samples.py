"""Sample images for napari's File > Open Sample: synthetic nuclei with the truth beside them."""

from typing import Any

from objectwise.core.grid import Grid


def _layers(name: str) -> list[tuple[Any, dict[str, Any], str]]:
    from objectwise import samples

    sample = getattr(samples, name)()
    title = name.replace("_", " ")
    layers = []
    for array, grid, suffix, kind in (
        (sample.image, sample.grid, "", "image"),
        (sample.truth, sample.truth_grid, " truth", "labels"),
    ):
        if "c" in grid.axes and kind == "image":
            names = grid.channels or tuple(str(n) for n in range(grid.size("c", array.shape)))
            colours = ("cyan", "magenta", "yellow", "gray")
            for number, channel in enumerate(names):
                plane = array.take(number, axis=grid.axes.index("c"))
                extra = {"colormap": colours[number % len(colours)], "blending": "additive"}
                layers.append((plane, {"name": channel, **extra, **placed(grid.without("c"))}, kind))
            continue
        more = {"visible": False} if kind == "labels" else {}
        layers.append((array, {"name": f"{title}{suffix}", **more, **placed(grid)}, kind))
    return layers


def placed(grid: Grid) -> dict[str, Any]:
    """Return scale, units and axis names of a layer with this grid."""
    scale, units = [], []
    for axis in grid.axes:
        if axis in grid.spatial:
            scale.append(grid.spacing_along(axis))
            units.append(grid.unit)
        elif axis == "t" and grid.interval_unit != "frame":
            scale.append(grid.interval)
            units.append(grid.interval_unit)
        else:
            scale.append(1.0)
            units.append("pixel")
    return {"scale": tuple(scale), "units": tuple(units), "axis_labels": tuple(grid.axes)}


def nuclei_2d() -> list[tuple[Any, dict[str, Any], str]]:
    """Open a field of fluorescent nuclei."""
    return _layers("nuclei_2d")


def nuclei_3d() -> list[tuple[Any, dict[str, Any], str]]:
    """Open a volume of nuclei."""
    return _layers("nuclei_3d")


def nuclei_timelapse() -> list[tuple[Any, dict[str, Any], str]]:
    """Open a movie of dividing nuclei."""
    return _layers("nuclei_timelapse")
