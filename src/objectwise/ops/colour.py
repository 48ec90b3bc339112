"""Colour pictures: to grey, to Lab, and into the amounts of their stains.

A picture is three channels, red, green and blue. How bright white is depends on where it comes from: 1 in floats,
255 in 8 bits, 65535 in 16; it is a parameter that is found where it is left out.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from objectwise.core.locality import Halo
from objectwise.core.operation import Channels, Computed, Image, Intensity, operation
from objectwise.core.statistics import Sample
from objectwise.ops.derivatives import like
from objectwise.ops.levels import Extremes, white_level

_WHITE = Extremes(white_level, "channels")

Vectors = tuple[tuple[float, ...], ...]


def _rgb(channels: np.ndarray) -> np.ndarray:
    """Return red, green and blue; refuse other numbers of channels."""
    if len(channels) not in (3, 4):
        raise ValueError(f"a colour picture has the channels red, green and blue; found {len(channels)}")
    # a fourth one is how opaque a pixel is drawn, and no colour
    return channels[:3]


@operation(locality=Halo(), title="RGB to grey")
def rgb_to_grey(
    channels: Channels, *, method: Literal["luminance", "mean", "maximum", "minimum"] = "luminance"
) -> Image:
    """Turn a colour picture into one channel of brightness.

    Parameters
    ----------
    channels : (3, Y, X) or (3, Z, Y, X) array of any real dtype
        Red, green and blue; a fourth channel, the opacity, has no part.
    method : {'luminance', 'mean', 'maximum', 'minimum'}
        ``luminance`` weighs the colours as the eye does; ``mean`` alike; ``maximum`` and ``minimum`` take the
        brightest and the darkest of the three.

    Returns
    -------
    float32 array (float64 for float64 channels)
        In the unit of the channels: 0 to 255 for an 8-bit picture.

    Notes
    -----
    ``0.2125 R + 0.7154 G + 0.0721 B``. A pixel that is NaN in any channel is NaN.

    References
    ----------
    .. [1] Recommendation ITU-R BT.709.

    Examples
    --------
    >>> import numpy as np
    >>> rgb_to_grey(np.array([[[255, 255, 0]], [[0, 255, 0]], [[0, 255, 255]]], np.uint8)).round(1)
    array([[ 54.2, 255. ,  18.4]], dtype=float32)
    """
    red, green, blue = (channel.astype(np.float64, copy=False) for channel in _rgb(channels))
    if method == "luminance":
        result = 0.2125 * red + 0.7154 * green + 0.0721 * blue
    elif method == "mean":
        result = (red + green + blue) / 3
    else:
        better = np.maximum if method == "maximum" else np.minimum
        result = better(better(red, green), blue)
    return like(channels, result)


@operation(locality=Halo(), title="RGB to Lab", channels=lambda **_: ("L", "a", "b"))
def rgb_to_lab(channels: Channels, *, white: Annotated[Computed[Intensity], _WHITE] = None) -> Channels:
    """Turn a colour picture into lightness and two colour channels that are even to the eye (CIE Lab).

    Equal distances in Lab look equally different, which suits clustering by colour.

    Parameters
    ----------
    channels : (3, Y, X) or (3, Z, Y, X) array of any real dtype
        Red, green and blue (sRGB); a fourth channel, the opacity, has no part.
    white : float, optional
        Brightness of full red, green and blue. Left out, it is 1, 255 or 65535, the first that no pixel exceeds.

    Returns
    -------
    float32 array (float64 for float64 channels), (3, ...)
        ``L`` from 0 (black) to 100 (white); ``a`` from green (below 0) to red; ``b`` from blue (below 0) to yellow.

    Notes
    -----
    For the standard illuminant D65 and the observer of 2 degrees. Values below 0 or above ``white`` are taken as
    these. A pixel that is NaN in any channel is NaN in all.

    References
    ----------
    .. [1] CIE 15:2004, "Colorimetry".

    Examples
    --------
    >>> import numpy as np
    >>> rgb_to_lab(np.array([[[255, 0]], [[255, 0]], [[255, 255]]], np.uint8))[:, 0].round(0) + 0
    array([[ 100.,   32.],
           [   0.,   79.],
           [   0., -108.]], dtype=float32)
    """
    from skimage.color import rgb2lab

    white = _WHITE.of_block(channels, channels.ndim - 1) if white is None else white
    if not white > 0:
        raise ValueError(f"white must be above 0; found {white:g}")
    picture = np.clip(_rgb(channels).astype(np.float64, copy=False) / white, 0, 1)
    missing = np.isnan(picture).any(axis=0)
    result = rgb2lab(np.ascontiguousarray(np.moveaxis(picture, 0, -1)))
    result[missing] = np.nan
    return like(channels, np.ascontiguousarray(np.moveaxis(result, -1, 0)))


# optical densities of red, green and blue, as Ruifrok and Johnston measured them
_HAEMATOXYLIN = (0.65, 0.70, 0.29)
_EOSIN = (0.07, 0.99, 0.11)
_DAB = (0.27, 0.57, 0.78)
_CONSTANTS = {
    "haematoxylin_eosin_dab": (_HAEMATOXYLIN, _EOSIN, _DAB),
    "haematoxylin_eosin": (_HAEMATOXYLIN, _EOSIN),
    "haematoxylin_dab": (_HAEMATOXYLIN, _DAB),
}

# a black pixel has no density; this one is as dark as can be told
_DARKEST = 1e-3


def _density(picture: np.ndarray, white: float) -> np.ndarray:
    """Return optical densities: 0 where nothing is absorbed, 1 where a tenth of the light is left."""
    return -np.log10(np.clip(picture.astype(np.float64, copy=False) / white, _DARKEST, 1))


def find_vectors(pixels: np.ndarray, stains: str) -> Vectors:
    """Return the stain vectors: constants, or those of two stains measured from a sample of pixels.

    Parameters
    ----------
    pixels : (n_pixels, n_channels) array of float
    stains : str
        As in `separate_stains`.
    """
    if stains in _CONSTANTS:
        return _CONSTANTS[stains]
    fallback = _CONSTANTS["haematoxylin_eosin"]
    if len(pixels) == 0 or pixels.shape[1] < 3:
        return fallback
    density = _density(pixels[:, :3], white_level((pixels.min(), pixels.max())))
    # nearly clear pixels have no colour of their own
    density = density[(density > 0.15).all(axis=1)]
    if len(density) < 100:
        return fallback
    _, vectors = np.linalg.eigh(np.cov(density.T))
    plane = vectors[:, [2, 1]] * np.where(vectors[:, [2, 1]].sum(axis=0) < 0, -1, 1)
    angle = np.arctan2(*(density @ plane).T[::-1])
    first, second = (plane @ [np.cos(a), np.sin(a)] for a in np.percentile(angle, [1, 99]))
    # haematoxylin absorbs more red
    pair = sorted((first, second), key=lambda vector: -vector[0] / np.linalg.norm(vector))
    return tuple(tuple(round(float(value), 6) for value in vector) for vector in pair)


def _stain_names(stains: str, **_: object) -> tuple[str, str, str]:
    return {
        "haematoxylin_eosin_dab": ("haematoxylin", "eosin", "DAB"),
        "haematoxylin_eosin": ("haematoxylin", "eosin", "rest"),
        "haematoxylin_dab": ("haematoxylin", "DAB", "rest"),
    }.get(stains, ("stain_1", "stain_2", "rest"))


@operation(locality=Halo(), channels=_stain_names)
def separate_stains(
    channels: Channels,
    *,
    stains: Literal[
        "haematoxylin_eosin", "haematoxylin_dab", "haematoxylin_eosin_dab", "measured"
    ] = "haematoxylin_eosin",
    white: Annotated[Computed[Intensity], _WHITE] = None,
    vectors: Annotated[Computed[Vectors], Sample(find_vectors)] = None,
) -> Channels:
    """Separate a stained section into the amount of each stain (colour deconvolution).

    Parameters
    ----------
    channels : (3, Y, X) or (3, Z, Y, X) array of any real dtype
        Red, green and blue of a brightfield picture; a fourth channel, the opacity, has no part.
    stains : {'haematoxylin_eosin', 'haematoxylin_dab', 'haematoxylin_eosin_dab', 'measured'}
        The stains, with the colours that Ruifrok and Johnston give; ``measured`` finds the colours of two stains
        from the picture, the one that absorbs more red first.
    white : float, optional
        Brightness of an empty place. Left out, it is 1, 255 or 65535, the first that no pixel exceeds.
    vectors : tuple of tuple of float, optional
        The colour of each stain, two or three of them: its optical density in red, green and blue. Left out, they
        are those of ``stains``; given, they are used as they are.

    Returns
    -------
    float32 array (float64 for float64 channels), (3, ...)
        The optical density of each stain, 0 where there is none; below 0 where a pixel's colour is not a mixture
        of the stains. With two stains the third channel is what they leave.

    Notes
    -----
    Vectors are brought to length 1. Of two stains, the third direction is the one that both lack. Pixels darker
    than a thousandth of ``white`` are taken as that. ``measured`` follows Macenko: of at most 131,072 pixels, drawn
    the same way under any tiling, those with a density above 0.15 in all colours span a plane, in which the stains
    are the 1st and 99th percentile of the angle; a picture with fewer than 100 of them gets the vectors of
    haematoxylin and eosin. It needs a picture that has both stains: of one stain alone it divides the noise. A pixel
    that is NaN in any channel is NaN in all. 2048 x 2048 pixels take a second.

    References
    ----------
    .. [1] A. C. Ruifrok and D. A. Johnston, "Quantification of histochemical staining by color deconvolution",
       Analytical and Quantitative Cytology and Histology 23 (2001).
    .. [2] M. Macenko et al., "A method for normalizing histology slides for quantitative analysis", ISBI (2009).

    Examples
    --------
    >>> import numpy as np
    >>> haematoxylin = 255 * 10 ** -(0.5 * np.array([0.65, 0.70, 0.29]))
    >>> picture = np.stack([haematoxylin, np.full(3, 255)], axis=1)[:, np.newaxis]
    >>> separate_stains(picture)[:, 0].round(2) + 0
    array([[0.5, 0. ],
           [0. , 0. ],
           [0. , 0. ]])
    """
    white = _WHITE.of_block(channels, channels.ndim - 1) if white is None else white
    if not white > 0:
        raise ValueError(f"white must be above 0; found {white:g}")
    vectors = (
        Sample(find_vectors).of_block(channels, channels.ndim - 1, stains=stains)
        if vectors is None
        else vectors
    )
    inverse = np.linalg.inv(_matrix(vectors))
    density = _density(_rgb(channels), white)
    result = np.empty_like(density)
    for stain in range(3):
        result[stain] = sum(density[colour] * inverse[colour, stain] for colour in range(3))
    return like(channels, result)


def _matrix(vectors: Vectors) -> np.ndarray:
    """Return three stain vectors of length 1 as rows; refuse what does not tell stains apart."""
    wrong = f"vectors must be two or three different colours of three numbers each; found {vectors}"
    try:
        rows = np.array(vectors, float)
    except ValueError:
        raise ValueError(wrong) from None
    if rows.ndim != 2 or rows.shape[0] not in (2, 3) or rows.shape[1] != 3:
        raise ValueError(wrong)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(rows).all() or not length.all():
        raise ValueError(wrong)
    rows = rows / length
    if len(rows) == 2:
        third = np.cross(*rows)
        if np.linalg.norm(third) < 1e-6:
            raise ValueError(wrong)
        rows = np.vstack([rows, third / np.linalg.norm(third)])
    if abs(np.linalg.det(rows)) < 1e-6:
        raise ValueError(wrong)
    return rows
