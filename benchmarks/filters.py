"""Side by side with SciPy and scikit-image: smoothing, and morphology of masks and of grey values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import ndimage
from side_by_side import Pair, asked, large_scenes, show
from skimage import morphology

import objectwise as ow


def pairs(image: np.ndarray, mask: np.ndarray) -> Iterator[Pair]:
    """Give what is compared."""
    ndim = image.ndim
    grid = ow.Grid("zyx"[-ndim:])

    def ours(name: str, *arrays: Any, **values: Any) -> Callable[[], Any]:
        return lambda: ow.apply(name, *arrays, grid=grid, **values)

    def ball(radius: int) -> np.ndarray:
        return morphology.disk(radius, bool) if ndim == 2 else morphology.ball(radius, bool)

    for sigma in (1, 2, 5):
        yield Pair(
            f"smooth_gaussian, sigma {sigma}",
            "ndimage.gaussian_filter",
            ours("smooth_gaussian", image, sigma=sigma),
            lambda sigma=sigma: ndimage.gaussian_filter(image, sigma, output=np.float32, mode="nearest"),
        )
    for radius in (1, 2):
        yield Pair(
            f"smooth_median, radius {radius}",
            "ndimage.median_filter",
            ours("smooth_median", image, radius=radius),
            lambda radius=radius: ndimage.median_filter(image, footprint=ball(radius), mode="nearest"),
        )
    for radius in (1, 2, 5):
        for name in ("erode", "dilate", "open", "close"):
            peer = {
                "erode": ndimage.binary_erosion,
                "dilate": ndimage.binary_dilation,
                "open": ndimage.binary_opening,
                "close": ndimage.binary_closing,
            }[name]
            yield Pair(
                f"{name}, radius {radius}",
                f"ndimage.{peer.__name__}",
                ours(name, mask, radius=radius),
                lambda peer=peer, radius=radius: peer(mask, ball(radius)),
            )
    for radius in (5, 15):
        yield Pair(
            f"open, radius {radius}",
            "morphology.isotropic_opening",
            ours("open", mask, radius=radius),
            lambda radius=radius: morphology.isotropic_opening(mask, radius),
        )
    for radius in (1, 5, 15):
        yield Pair(
            f"erode_grey, box, radius {radius}",
            "ndimage.grey_erosion",
            ours("erode_grey", image, radius=radius, shape="box"),
            lambda radius=radius: ndimage.grey_erosion(image, size=2 * radius + 1, mode="nearest"),
        )
    # a ball of radius 1 is a cross
    for radius in (1, 2, 5) if ndim == 2 else (1, 2):
        yield Pair(
            f"erode_grey, ball, radius {radius}",
            "ndimage.grey_erosion",
            ours("erode_grey", image, radius=radius),
            lambda radius=radius: ndimage.grey_erosion(image, footprint=ball(radius), mode="nearest"),
        )
    if ndim == 2:
        decomposed = morphology.disk(5, decomposition="sequence")
        yield Pair(
            "tophat_grey, ball, radius 5",
            "morphology.white_tophat, decomposed",
            ours("tophat_grey", image, radius=5),
            lambda: morphology.white_tophat(image, decomposed),
        )


def main() -> None:
    options = asked(__doc__)
    for title, image, mask, _ in large_scenes(options.quick):
        show(title, pairs(image, mask), options)


if __name__ == "__main__":
    main()
