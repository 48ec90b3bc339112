"""Denoising that keeps edges: total variation and non-local means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Halo
from objectwise.core.operation import Computed, Image, Intensity, Length, operation
from objectwise.ops.filters import whole_reach
from objectwise.ops.levels import a_part_of_spread
from objectwise.ops.windows import as_float, in_pixels

_NOISE = a_part_of_spread(0.05)


def _variation_reach(spacing: Sequence[float], n_steps: int, **_: Any) -> tuple[int, ...]:
    return (n_steps + 2,) * len(spacing)


@operation(
    locality=Halo(_variation_reach),
    title="Denoise total variation",
    tiny={"n_steps": 12},
    exceptions={
        "mirrored_inputs_give_mirrored_results": "the total variation pairs each pixel with the next one along "
        "every axis, and in a mirrored image that is the one before"
    },
)
def denoise_tv(
    image: Image,
    *,
    strength: Annotated[Computed[Intensity], _NOISE] = None,
    n_steps: Annotated[int, Ge(1), Le(1000)] = 50,
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Denoise by total variation: flat areas become smooth, edges stay sharp.

    Makes noisy images with few, distinct levels of brightness look like cartoons; fine texture is lost.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    strength : float, optional
        How much is smoothed, as brightness: about the standard deviation of the noise. A larger value
        smooths more, and takes this much of the contrast of small objects. 0 changes nothing. Left out, it
        is a twentieth of the range of brightness (without the darkest and brightest thousandth).
    n_steps : int
        Number of steps of the search. A larger value comes nearer to the exact solution, and takes longer.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        The denoised image, of the same shape.

    Notes
    -----
    Minimises ``sum((u - image)**2) / 2 + strength * sum(|gradient(u)|)``, with differences per finest pixel
    size, so that an image of coarser planes is smoothed less across them. The image ends at its border. NaN
    pixels are cut out, and stay NaN. Each step looks one pixel further, so that tiles overlap by ``n_steps``
    pixels. 50 steps on 2048 x 2048 pixels take a second, on 32 x 256 x 256 half of one.

    References
    ----------
    .. [1] L. I. Rudin, S. Osher, E. Fatemi, "Nonlinear total variation based noise removal algorithms",
       Physica D 60 (1992).
    .. [2] A. Beck and M. Teboulle, "Fast gradient-based algorithms for constrained total variation image
       denoising and deblurring problems", IEEE Trans. Image Processing 18 (2009).

    Examples
    --------
    >>> import numpy as np
    >>> denoise_tv(np.array([[2, 2, 2, 8, 8, 8]]), strength=1.5).round(1)
    array([[2.5, 2.5, 2.5, 7.5, 7.5, 7.5]], dtype=float32)
    """
    from objectwise.kernels.denoise import total_variation

    image = as_float(image)
    strength = _NOISE.of_block(image) if strength is None else strength
    _check_strength(strength)
    if not strength > 0:
        return image.copy()
    spacing = spacing or (1.0,) * image.ndim
    return total_variation(image, strength, min(spacing) / np.asarray(spacing), n_steps)


def _check_strength(strength: float) -> None:
    if strength < 0:
        raise ValueError(f"strength must be at least 0; found {strength:g}")


def _means_reach(
    spacing: Sequence[float], patch_radius: float, search_radius: float, **_: Any
) -> tuple[int, ...]:
    patch, search = (whole_reach(in_pixels(radius, spacing)) for radius in (patch_radius, search_radius))
    return tuple(p + s for p, s in zip(patch, search, strict=True))


def _means_cost(spacing: Sequence[float], search_radius: float = 5.0, **_: Any) -> float:
    return 1.7 * float(np.prod([2 * n + 1 for n in whole_reach(in_pixels(search_radius, spacing))]))


@operation(
    locality=Halo(_means_reach),
    cost=_means_cost,
    title="Denoise non-local means",
    tiny={"patch_radius": 1.0, "search_radius": 2.0, "strength": 15.0},
)
def denoise_nlm(
    image: Image,
    *,
    strength: Annotated[Computed[Intensity], _NOISE] = None,
    patch_radius: Annotated[Length, Ge(0)] = 2.0,
    search_radius: Annotated[Length, Ge(0)] = 5.0,
    spacing: tuple[float, ...] | None = None,
) -> Image:
    """Denoise by non-local means: each pixel is averaged with those whose surroundings look alike.

    Keeps edges and repeated texture better than any smoothing by distance alone.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array of any real dtype
        One channel.
    strength : float, optional
        How different surroundings may be, as brightness: about the standard deviation of the noise. A
        larger value smooths more. 0 changes nothing. Left out, it is a twentieth of the range of brightness
        (without the darkest and brightest thousandth).
    patch_radius : float
        Half-width of the box that is compared, in the unit of the pixel size. A larger value suits stronger
        noise, and leaves more noise around edges.
    search_radius : float
        Half-width of the box in which look-alikes are searched. A larger value finds more of them, and takes
        longer.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    float32 array (float64 for a float64 image)
        The denoised image, of the same shape.

    Notes
    -----
    The weight of another pixel is ``exp(-d / strength**2)`` for the mean squared difference ``d`` of both
    boxes. Half-widths are rounded to whole pixels along each axis. Boxes that cross the border hold repeated
    border pixels; only pixels of the image are averaged. NaN pixels stay NaN and are left out. The cost grows
    with the number of pixels in the search box, 121 in 2-D and 1331 in 3-D by default: 2048 x 2048 pixels
    take a second, 32 x 256 x 256 some four, 64 x 512 x 512 half a minute. For volumes choose a smaller
    ``search_radius``, or work plane by plane.

    References
    ----------
    .. [1] A. Buades, B. Coll, J.-M. Morel, "A non-local algorithm for image denoising", CVPR (2005).

    Examples
    --------
    >>> import numpy as np
    >>> denoise_nlm(np.array([[1.0, 3, 2, 3, 19, 21, 20, 21]]), strength=3, patch_radius=0).round(1)
    array([[ 2.1,  2.4,  2.2,  2.4, 20.1, 20.4, 20.2, 20.4]])
    """
    from objectwise.kernels.denoise import non_local_means

    image = as_float(image)
    strength = _NOISE.of_block(image) if strength is None else strength
    _check_strength(strength)
    spacing = spacing or (1.0,) * image.ndim
    patch, search = (whole_reach(in_pixels(radius, spacing)) for radius in (patch_radius, search_radius))
    if not strength > 0 or not any(search):
        return image.copy()
    return non_local_means(image, strength, patch, search)
