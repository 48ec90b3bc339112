"""Regions: what is alike and next to each other belongs together.

Regions grow from seeds, or an image is cut into pieces that are joined again. All of them look at the image at once,
as there is no saying how far a region reaches.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge

from objectwise.core.locality import Whole
from objectwise.core.operation import Image, Intensity, Labels, Length, Mask, operation
from objectwise.ops.pieces import Connectivity, structure
from objectwise.ops.watershed import in_order


@operation(
    locality=Whole(
        "a region reaches as far as there are pixels like it, and its mean is that of all of them"
    ),
    tiny={"tolerance": 25.0},
    cost=1000.0,
)
def grow_regions(
    image: Image,
    seeds: Labels,
    mask: Mask | None = None,
    *,
    tolerance: Annotated[Intensity, Ge(0)] | None = None,
    connectivity: Connectivity = "face",
) -> Labels:
    """Grow seeds by the neighbouring pixels that are most like their region.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    seeds : (Y, X) or (Z, Y, X) array of int
        One id for each region, somewhere inside it, in one piece or several; 0 elsewhere. Seed the background too to
        keep the regions from growing into it.
    mask : (Y, X) or (Z, Y, X) bool array, optional
        Where regions may grow. Left out, anywhere.
    tolerance : float, optional
        Largest difference between a pixel and the mean of the region that it joins. A larger value lets regions grow
        further. Left out, they grow until they fill all that they can reach.
    connectivity : {'face', 'full'}
        Whether regions grow through the faces of pixels alone, or through edges and corners too.

    Returns
    -------
    array of int
        The grown regions, with the ids of their seeds.

    Notes
    -----
    Of all pixels beside a region the one that differs least from the region's mean is added next, and the mean is
    that of the region as it has become. The difference is taken when the region reaches the pixel, and compared with
    the tolerance when the pixel is added. Of equal differences the one that has waited longer comes first. NaN and
    infinite pixels belong to no region. O(n log n), about 2 s for 2048 x 2048 pixels and 20 s for 64 x 512 x 512.

    References
    ----------
    .. [1] R. Adams and L. Bischof, "Seeded region growing", IEEE Trans. PAMI 16 (1994).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 1, 2, 9, 8, 9]])
    >>> grow_regions(image, np.array([[5, 0, 0, 0, 0, 7]]))
    array([[5, 5, 5, 7, 7, 7]], dtype=int32)
    """
    from objectwise.kernels.growing import grow

    limit = np.inf if tolerance is None else tolerance
    return grow(image, seeds, mask, structure(image.ndim, connectivity), limit)


@operation(
    locality=Whole("a flood reaches as far as there are pixels like its seed"), tiny={"tolerance": 25.0}
)
def flood_similar(
    image: Image,
    seeds: Labels,
    mask: Mask | None = None,
    *,
    tolerance: Annotated[Intensity, Ge(0)] = 10.0,
    connectivity: Connectivity = "face",
) -> Labels:
    """Grow seeds over all connected pixels of about their brightness (magic wand).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    seeds : (Y, X) or (Z, Y, X) array of int
        An id for each seed, 0 elsewhere: single pixels, strokes or objects.
    mask : (Y, X) or (Z, Y, X) bool array, optional
        Where regions may grow. Left out, anywhere.
    tolerance : float
        Largest difference between a pixel and the mean brightness of the seed. A larger value selects more.
    connectivity : {'face', 'full'}
        Whether pixels join through faces alone, or through edges and corners too.

    Returns
    -------
    array of int
        The regions, with the ids of their seeds.

    Notes
    -----
    All seeds advance together, a pixel at a time. Where two meet, the one that arrives first has the pixel, and of
    two that arrive together that with the lower id. The pixels of the seeds themselves always belong to them, unless
    they are NaN or infinite. O(n).

    References
    ----------
    .. [1] A. R. Smith, "Tint fill", Proc. SIGGRAPH (1979).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[5, 6, 5, 20, 5]])
    >>> flood_similar(image, np.array([[3, 0, 0, 0, 0]]), tolerance=2)
    array([[3, 3, 3, 0, 0]], dtype=int32)
    """
    from objectwise.kernels.growing import flood_similar as flood

    return flood(image, seeds, mask, structure(image.ndim, connectivity), tolerance)


@operation(
    locality=Whole("blocks are halves of halves of the whole image, and are joined across all of it"),
    tiny={"max_spread": 60.0, "max_difference": 20.0},
    cost=1300.0,
    exceptions={
        "mirrored_inputs_give_mirrored_results": "the image is cut into blocks from its first pixel on, so that "
        "the blocks of a mirrored image lie elsewhere"
    },
)
def split_and_merge(
    image: Image,
    *,
    max_spread: Annotated[Intensity, Ge(0)] = 20.0,
    spread: Literal["range", "deviation"] = "range",
    max_difference: Annotated[Intensity, Ge(0)] = 10.0,
    min_width: Annotated[Length, Ge(0)] = 1.0,
    spacing: tuple[float, ...] | None = None,
) -> Labels:
    """Cut an image into uniform blocks, halving them as needed, and join neighbours that are alike.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    max_spread : float
        A block is cut into halves along each axis while its brightness spreads more than this. A larger value cuts
        less and is less exact at edges.
    spread : {'range', 'deviation'}
        How it is measured: from the darkest to the brightest pixel, or by the standard deviation, which noise
        disturbs less.
    max_difference : float
        Regions that touch are joined if their means differ by at most this. A larger value joins more; 0 joins only
        regions of equal brightness.
    min_width : float
        A block no wider than this is not cut any further, in the unit of the pixel size. A larger value makes coarser
        regions.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    int32 array
        A region for each pixel; the ids are 1, 2, 3 ... in reading order of the first pixels.

    Notes
    -----
    The blocks are those of a quadtree, in 3-D of an octree, that starts at the first pixel; blocks are cubes of
    pixels. Pairs of regions that share the face of a pixel are looked at once, the most alike first; what counts is
    the means of the regions as they have become by then. NaN pixels count as no brightness at all. O(n log n):
    about 1 s for 2048 x 2048 pixels, 5 s where noise makes a block of each of them.

    References
    ----------
    .. [1] S. L. Horowitz and T. Pavlidis, "Picture segmentation by a tree traversal algorithm", J. ACM 23 (1976).

    Examples
    --------
    >>> import numpy as np
    >>> split_and_merge(np.array([[10, 10, 90, 90], [10, 10, 90, 90]]))
    array([[1, 1, 2, 2],
           [1, 1, 2, 2]], dtype=int32)
    """
    from objectwise.kernels.merging import merge_similar

    spacing = spacing or (1.0,) * image.ndim
    blocks = _uniform_blocks(image, max_spread, spread, max(min_width / min(spacing), 1.0))
    return in_order(merge_similar(in_order(blocks), image, max_difference))


def _uniform_blocks(image: np.ndarray, max_spread: float, spread: str, min_width: float) -> np.ndarray:
    """Return a number for each block of the tree that is not cut."""
    ndim = image.ndim
    depth = int(np.ceil(np.log2(max(image.shape))))
    size = tuple(-(-n // (1 << depth)) << depth for n in image.shape)
    finite = np.isfinite(image)
    values = np.zeros(size)
    inner = tuple(slice(0, n) for n in image.shape)
    # around its middle, so that sums of squares lose the least
    values[inner] = np.where(finite, image, 0)
    values[inner] -= np.where(finite, values[inner].mean(), 0)
    inside = np.zeros(size)
    inside[inner] = finite
    low, high = np.where(inside > 0, values, np.inf), np.where(inside > 0, values, -np.inf)
    sums, squares, number = values, values**2, inside
    levels = []
    for level in range(depth + 1):
        if spread == "range":
            spreads = np.where(number > 0, high - low, 0.0) if level else np.zeros(low.shape)
        else:
            mean = sums / np.maximum(number, 1)
            spreads = np.sqrt(np.maximum(squares / np.maximum(number, 1) - mean**2, 0))
        # a rounding error is no spread
        levels.append((spreads <= max_spread + 1e-9) | ((1 << level) <= min_width))
        if level < depth:
            low, high = _halved(low, np.minimum, ndim), _halved(high, np.maximum, ndim)
            sums, squares, number = (_halved(each, np.add, ndim) for each in (sums, squares, number))
    # from the whole image down: a pixel belongs to the first block that is not cut
    settled = np.zeros(levels[-1].shape, np.int64)
    first = 1
    for level in range(depth, -1, -1):
        if level < depth:
            for axis in range(ndim):
                settled = np.repeat(settled, 2, axis)
        new = (settled == 0) & (levels[level] if level else True)
        settled[new] = first + np.arange(np.count_nonzero(new))
        first += int(np.count_nonzero(new))
    return settled[inner].astype(np.int32)


def _halved(values: np.ndarray, join: np.ufunc, ndim: int) -> np.ndarray:
    for axis in range(ndim):
        pairs = np.moveaxis(values, axis, 0)
        values = np.moveaxis(join(pairs[::2], pairs[1::2]), 0, axis)
    return values


@operation(
    locality=Whole("which regions are joined depends on their means and neighbours over the whole image"),
    tiny={"max_difference": 12.0},
)
def merge_similar_regions(
    regions: Labels, image: Image, *, max_difference: Annotated[Intensity, Ge(0)] = 10.0
) -> Labels:
    """Join regions that touch and have about the same mean brightness.

    Joins superpixels, or what a watershed has cut too much.

    Parameters
    ----------
    regions : (Y, X) or (Z, Y, X) array of int
        Labels that touch; 0 is background and stays so.
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    max_difference : float
        Largest difference between the means of two regions that are joined. A larger value joins more.

    Returns
    -------
    array of int
        The joined regions, each with the lowest id of its parts.

    Notes
    -----
    Two regions touch where pixels share a face. Each pair is looked at once, the most alike first; what counts is the
    means of the regions as they have become by then, so that a chain of small steps does not join what is far apart.
    NaN pixels do not count.

    References
    ----------
    .. [1] R. Nock and F. Nielsen, "Statistical region merging", IEEE Trans. PAMI 26 (2004).

    Examples
    --------
    >>> import numpy as np
    >>> merge_similar_regions(np.array([[1, 1, 4, 4, 6]]), np.array([[10, 10, 12, 12, 90]]))
    array([[1, 1, 1, 1, 6]], dtype=int32)
    """
    from objectwise.kernels.merging import merge_similar

    return merge_similar(regions, image, max_difference)
