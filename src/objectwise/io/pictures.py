"""Pictures of results for people: outlines with numbers, classes with a legend, pictures side by side.

A table says "label 17"; a person asks which one that is. The answer must be seen at a glance, on paper and
by those who cannot tell red from green, so three things are decided here and are not options. Outlines
have a few bright colours that stay apart under every form of colour blindness, and objects that touch take
different ones. A number stands inside its object, at the place that is farthest from the edge, because
a centroid lies outside of anything bent. And small images are enlarged until the numbers can be read.

The picture is drawn with Pillow alone: it needs no display, and it is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from objectwise.core.grid import LENGTHS, Grid

# Okabe and Ito's colours, those that are bright enough to stand out on grey
OUTLINES = ((240, 228, 66), (86, 180, 233), (230, 159, 0), (0, 208, 150))
CLASSES = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
    (0, 114, 178),
    (170, 170, 170),
)

_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
# pixels: a small picture's longer side, the longest allowed, and the smallest letters that can be read
_SIDE, _MOST, _LEGIBLE = 1000, 4000, 11
# Pillow's own font, the only one that is on every machine, has neither of these
_SPELT = str.maketrans({"µ": "u", "μ": "u", "Å": "A"})


def draw_objects(
    image: np.ndarray,
    labels: np.ndarray,
    *,
    numbers: bool = True,
    grid: Grid | None = None,
    path: str | Path | None = None,
    zoom: int | None = None,
) -> np.ndarray:
    """Draw the outline and the number of every object over an image.

    Parameters
    ----------
    image : ndarray, (Y, X) or (Y, X, 3)
        One plane of any real dtype; it is stretched between its percentiles 0.1 and 99.9.
    labels : ndarray, (Y, X)
        Objects; 0 is background.
    numbers : bool, optional
        Whether each object bears its label.
    grid : Grid, optional
        Where it is calibrated, a scale bar is drawn.
    path : str or Path, optional
        PNG file to write, in place of one that is there.
    zoom : int, 1 or more, optional
        Enlargement. Left out, small images and images of small objects are enlarged.

    Returns
    -------
    ndarray of uint8, (Y * zoom, X * zoom, 3)
        The picture.

    Raises
    ------
    ValueError
        If image and labels are not one plane of the same size.

    Examples
    --------
    >>> labels = np.zeros((20, 30), int)
    >>> labels[5:15, 5:15] = 7
    >>> draw_objects(labels * 10.0, labels, zoom=4).shape
    (80, 120, 3)
    """
    image, labels = _plane(image, labels, "labels")
    ids, places, depths = number_places(labels)
    if zoom is None:
        zoom = _zoom(labels.shape, float(np.median(depths)) if numbers and ids.size else None)
    pixels = _enlarged(stretch(image), zoom)
    _draw_outlines(pixels, labels, outline_colours(labels, ids), ids, zoom)
    picture = _picture(pixels)
    if numbers and ids.size:
        _draw_numbers(picture, ids, places, depths, zoom)
    _draw_scale_bar(picture, grid, zoom, labels)
    return _finished(picture, path)


def draw_classes(
    image: np.ndarray,
    classes: np.ndarray,
    *,
    names: Mapping[int, str] | Sequence[str] | None = None,
    opacity: float = 0.4,
    grid: Grid | None = None,
    path: str | Path | None = None,
    zoom: int | None = None,
) -> np.ndarray:
    """Tint each class over an image, with a legend below it.

    Parameters
    ----------
    image : ndarray, (Y, X) or (Y, X, 3)
        One plane of any real dtype.
    classes : ndarray, (Y, X)
        Class of each pixel; 0 is background and stays grey.
    names : mapping or sequence of str, optional
        Name of each class, by its number or in the order 1, 2, ...
    opacity : float, 0 to 1, optional
        How strongly a class is tinted; a larger value hides more of the image.
    grid : Grid, optional
        Where it is calibrated, a scale bar is drawn.
    path : str or Path, optional
        PNG file to write, in place of one that is there.
    zoom : int, 1 or more, optional
        Enlargement. Left out, small images are enlarged.

    Returns
    -------
    ndarray of uint8, (height, width, 3)
        The picture, higher than the image by the legend.
    """
    image, classes = _plane(image, classes, "classes")
    zoom = _zoom(classes.shape, None) if zoom is None else zoom
    pixels = _enlarged(stretch(image), zoom).astype(np.float32)
    large = _repeated(classes, zoom)
    found = [int(value) for value in np.unique(classes) if value > 0]
    for value in found:
        where = large == value
        pixels[where] = (1 - opacity) * pixels[where] + opacity * np.array(_class_colour(value), np.float32)
    pixels = pixels.round().astype(np.uint8)
    edges = _inner_edges(large, 1)
    for value in found:
        pixels[edges & (large == value)] = _class_colour(value)
    picture = _picture(pixels)
    _draw_scale_bar(picture, grid, zoom, classes)
    shares = {value: float((classes == value).mean()) for value in found}
    return _finished(_with_legend(picture, found, _class_names(names), shares), path)


def side_by_side(
    pictures: Sequence[np.ndarray],
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    path: str | Path | None = None,
) -> np.ndarray:
    """Set pictures beside each other, each with its title above it.

    Parameters
    ----------
    pictures : sequence of ndarray
        RGB pictures of uint8, or planes of any real dtype, which are stretched.
    titles : sequence of str, optional
        One title for each picture.
    columns : int, 1 or more, optional
        Pictures in one row; all of them where it is left out.
    path : str or Path, optional
        PNG file to write, in place of one that is there.

    Returns
    -------
    ndarray of uint8, (height, width, 3)
        The pictures on white. Much smaller ones are enlarged by a whole factor.
    """
    from PIL import Image, ImageDraw

    if len(pictures) == 0:
        raise ValueError("side_by_side needs at least one picture")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"{len(titles)} titles were given for {len(pictures)} pictures")
    rgb = [_as_picture(picture) for picture in pictures]
    height = max(picture.height for picture in rgb)
    # whole factors, so that a pixel stays a square, and pictures of one image keep one scale
    factors = [max(1, round(height / picture.height)) for picture in rgb]
    rgb = [
        picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
        for picture, factor in zip(rgb, factors, strict=True)
    ]
    height = max(picture.height for picture in rgb)
    columns = min(columns or len(rgb), len(rgb))
    rows = -(-len(rgb) // columns)
    widths = [max(picture.width for picture in rgb[i::columns]) for i in range(columns)]
    size = int(np.clip(height / 28, 13, 34))
    gap, top = max(8, size // 2), (round(size * 1.8) if titles else max(8, size // 2))
    lefts = [gap + sum(widths[:i]) + i * gap for i in range(columns)]
    sheet = Image.new("RGB", (sum(widths) + (columns + 1) * gap, rows * (height + top) + gap), _WHITE)
    draw = ImageDraw.Draw(sheet)
    for i, picture in enumerate(rgb):
        left, above = lefts[i % columns], (i // columns) * (height + top)
        if titles:
            text = _shortened(draw, str(titles[i]), _font(size), widths[i % columns])
            draw.text((left, above + top * 0.55), text, font=_font(size), fill=(20, 20, 20), anchor="lm")
        sheet.paste(picture, (left, above + top))
    return _finished(sheet, path)


def stretch(image: np.ndarray, low: float = 0.1, high: float = 99.9) -> np.ndarray:
    """Return an image as RGB of uint8, stretched between two percentiles.

    Parameters
    ----------
    image : ndarray, (Y, X) or (Y, X, 3)
        Any real dtype. NaN and infinity become black, and do not count.
    low, high : float, 0 to 100, optional
        Percentiles that become black and white.

    Returns
    -------
    ndarray of uint8, (Y, X, 3)
        The three colours are stretched together, so that hues stay.
    """
    values = np.asarray(image).astype(np.float32)
    finite = np.isfinite(values)
    if finite.any():
        black, white = np.percentile(values[finite], (low, high))
        if white <= black:
            # a mask with few pixels, or a constant image
            black, white = float(values[finite].min()), float(values[finite].max())
    else:
        black = white = 0.0
    scale = 255 / (white - black) if white > black else 0.0
    values = np.where(finite, values, black)
    grey = np.clip((values - black) * scale, 0, 255).round().astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1) if grey.ndim == 2 else grey


def number_places(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find for every object the pixel inside it where its number is best placed.

    Parameters
    ----------
    labels : ndarray, (Y, X)
        Objects; gaps in the numbers and objects in several pieces are fine.

    Returns
    -------
    ids : ndarray of int, (N,)
        Labels, rising.
    places : ndarray of int, (N, 2)
        Row and column of a pixel of the object. It is about as far from the edge as any, and of those
        the one nearest to the centroid.
    depths : ndarray of float, (N,)
        Distance of that pixel from the edge, in pixels; the edge of the image counts as one.
    """
    from scipy import ndimage

    ids, compact = np.unique(labels, return_inverse=True)
    compact = compact.reshape(labels.shape) + (0 if ids.size and ids[0] == 0 else 1)
    ids = ids[ids != 0]
    places, depths = np.zeros((ids.size, 2), int), np.zeros(ids.size)
    for i, box in enumerate(ndimage.find_objects(compact, max_label=ids.size)):
        mask = np.pad(compact[box] == i + 1, 1)
        depth = ndimage.distance_transform_edt(mask)
        deepest = depth.max()
        rows, columns = np.nonzero(depth >= max(0.9 * deepest, deepest - 1.5))
        inside = np.nonzero(mask)
        away = (rows - inside[0].mean()) ** 2 + (columns - inside[1].mean()) ** 2
        best = int(away.argmin())
        places[i] = rows[best] - 1 + box[0].start, columns[best] - 1 + box[1].start
        depths[i] = depth[rows[best], columns[best]]
    return ids, places, depths


def _plane(image: np.ndarray, labels: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    image, labels = np.asarray(image), np.asarray(labels)
    if labels.ndim != 2 or image.shape[:2] != labels.shape or image.shape[2:] not in ((), (3,)):
        raise ValueError(
            f"a picture shows one plane: image and {name} must be (Y, X) of the same size; "
            f"found {image.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "biu":
        raise ValueError(f"{name} must be whole numbers; found {labels.dtype}")
    if 0 in labels.shape:
        raise ValueError(f"there is nothing to draw in an image of the shape {image.shape}")
    return image, labels.astype(np.int64)


def _zoom(shape: tuple[int, ...], depth: float | None) -> int:
    zoom = max(1, round(_SIDE / max(shape)))
    if depth:
        # three small digits fit into an object whose deepest pixel lies this far from its edge
        zoom = max(zoom, int(np.ceil(1.2 * _LEGIBLE / depth)))
    return int(np.clip(zoom, 1, max(1, _MOST // max(shape))))


def _enlarged(pixels: np.ndarray, zoom: int) -> np.ndarray:
    if zoom == 1:
        return pixels.copy()
    from PIL import Image

    height, width = pixels.shape[:2]
    # above this every pixel is a square to be seen, and smoothing would only look out of focus
    how = Image.Resampling.BICUBIC if zoom <= 4 else Image.Resampling.NEAREST
    return np.array(Image.fromarray(pixels).resize((width * zoom, height * zoom), how))


def _repeated(labels: np.ndarray, zoom: int) -> np.ndarray:
    return labels.repeat(zoom, axis=0).repeat(zoom, axis=1)


def _inner_edges(labels: np.ndarray, thickness: int) -> np.ndarray:
    # drawn within each object: two that touch keep both lines, and nothing outside is covered
    edges = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        for step in range(1, thickness + 1):
            ahead, behind = [slice(None)] * 2, [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            differs = labels[tuple(ahead)] != labels[tuple(behind)]
            edges[tuple(ahead)] |= differs
            edges[tuple(behind)] |= differs
    return edges & (labels > 0)


def _draw_outlines(
    pixels: np.ndarray, labels: np.ndarray, colours: np.ndarray, ids: np.ndarray, zoom: int
) -> None:
    large = _repeated(labels, zoom)
    edges = _inner_edges(large, max(1, round(zoom / 2)))
    pixels[edges] = np.array(OUTLINES, np.uint8)[colours[np.searchsorted(ids, large[edges])]]


def outline_colours(labels: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Choose a colour for each object, different from those of its neighbours.

    Parameters
    ----------
    labels : ndarray, (Y, X)
        Objects.
    ids : ndarray of int, (N,)
        Labels, rising.

    Returns
    -------
    ndarray of int, (N,)
        Index into `OUTLINES`. An object takes the next colour in turn that no neighbour has; where all are
        taken, which needs an object among four that touch each other, the one in turn.
    """
    n = len(OUTLINES)
    pairs = []
    for axis in (0, 1):
        # two pixels apart: a line of background between two objects does not set them apart to the eye
        for step in (1, 2, 3):
            ahead, behind = [slice(None)] * 2, [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            one, other = labels[tuple(behind)], labels[tuple(ahead)]
            touching = (one != other) & (one > 0) & (other > 0)
            pairs.append(np.stack([one[touching], other[touching]], axis=-1))
    near = np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)
    colours = np.arange(ids.size) % n
    earlier: dict[int, list[int]] = {}
    for low, high in np.searchsorted(ids, near).tolist():
        earlier.setdefault(high, []).append(low)
    for i, neighbours in sorted(earlier.items()):
        taken = {int(colours[neighbour]) for neighbour in neighbours}
        colours[i] = next(((i + k) % n for k in range(n) if (i + k) % n not in taken), i % n)
    return colours


def _picture(pixels: np.ndarray) -> Any:
    from PIL import Image

    return Image.fromarray(np.ascontiguousarray(pixels))


def _as_picture(picture: np.ndarray) -> Any:
    picture = np.asarray(picture)
    if picture.ndim == 3 and picture.shape[-1] == 3 and picture.dtype == np.uint8:
        return _picture(picture)
    if picture.ndim == 2 and picture.size:
        return _picture(stretch(picture))
    raise ValueError(
        f"a picture must be (Y, X), or (Y, X, 3) of uint8; found {picture.shape} of {picture.dtype}"
    )


def _font(size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _draw_numbers(picture: Any, ids: np.ndarray, places: np.ndarray, depths: np.ndarray, zoom: int) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(picture)
    usual = float(np.clip(np.median(depths) * zoom * 0.85, _LEGIBLE, 30))
    for number, (row, column), depth in zip(ids, places, depths, strict=True):
        text = str(int(number))
        # smaller in a small object, as long as it can be read
        size = float(np.clip(depth * zoom * 2.2 / max(1.6, 0.75 * len(text)), min(_LEGIBLE, usual), usual))
        halo = 2 if size >= 14 else 1
        font = _font(size)
        left, top, right, bottom = draw.textbbox((0, 0), text, font=font, anchor="mm", stroke_width=halo)
        x = float(np.clip((column + 0.5) * zoom, -left, max(-left, picture.width - right)))
        y = float(np.clip((row + 0.5) * zoom, -top, max(-top, picture.height - bottom)))
        draw.text((x, y), text, font=font, fill=_WHITE, anchor="mm", stroke_width=halo, stroke_fill=_BLACK)


def scale_bar_length(width: float) -> float:
    """Return a round length of about a fifth of a width: 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> scale_bar_length(166.4), scale_bar_length(0.9)
    (20.0, 0.1)
    """
    wanted = width / 5
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(f"{max(step for step in (1, 2, 5) if step * power <= wanted * 1.0001) * power:.6g}")


def _draw_scale_bar(picture: Any, grid: Grid | None, zoom: int, labels: np.ndarray) -> None:
    if grid is None or grid.unit not in LENGTHS:
        return
    from PIL import ImageDraw

    pixel = grid.spacing_along("x") / zoom
    length = scale_bar_length(picture.width * pixel)
    long, size = max(1, round(length / pixel)), float(np.clip(picture.width / 45, 12, 28))
    thick, margin, pad = max(3, round(size / 4)), round(size * 0.8), size * 0.4
    text, font = f"{length:g} {grid.unit}".translate(_SPELT), _font(size)
    draw = ImageDraw.Draw(picture, "RGBA")
    wide, high = max(long, draw.textlength(text, font=font)) + 2 * pad, thick + size * 1.25 + 2 * pad
    if wide + margin > picture.width or high + margin > picture.height:
        return
    left, top = _emptiest_corner(labels, zoom, picture.size, (wide, high), margin - pad)
    right, bottom = left + wide, top + high
    # a dark plate: what lies below may have any brightness
    draw.rounded_rectangle((left, top, right, bottom), radius=pad, fill=(0, 0, 0, 150))
    middle, foot = (left + right) / 2, round(bottom - pad)
    start = round(middle - long / 2)
    draw.rectangle((start, foot - thick + 1, start + long - 1, foot), fill=_WHITE)
    draw.text((middle, foot - thick - size * 0.65), text, font=font, fill=_WHITE, anchor="mm")


def _emptiest_corner(
    labels: np.ndarray, zoom: int, size: tuple[int, int], plate: tuple[float, float], margin: float
) -> tuple[float, float]:
    # bottom right is where a scale bar is looked for, so the others must be emptier
    corners = []
    for top in (size[1] - margin - plate[1], margin):
        for left in (size[0] - margin - plate[0], margin):
            box = [int(value / zoom) for value in (top, top + plate[1], left, left + plate[0])]
            corners.append((np.count_nonzero(labels[box[0] : box[1] + 1, box[2] : box[3] + 1]), left, top))
    _, left, top = min(corners, key=lambda corner: corner[0])
    return left, top


def _class_colour(value: int) -> tuple[int, int, int]:
    return CLASSES[(value - 1) % len(CLASSES)]


def _class_names(names: Mapping[int, str] | Sequence[str] | None) -> dict[int, str]:
    if names is None:
        return {}
    if isinstance(names, Mapping):
        return {int(value): str(name) for value, name in names.items()}
    return {value: str(name) for value, name in enumerate(names, start=1)}


def _with_legend(picture: Any, found: list[int], names: dict[int, str], shares: dict[int, float]) -> Any:
    from PIL import Image, ImageDraw

    if not found:
        return picture
    size = round(float(np.clip(picture.width / 45, 12, 28)))
    font, line, gap = _font(size), round(size * 1.7), round(size * 0.7)
    measure = ImageDraw.Draw(picture)
    texts = {
        value: f"{names.get(value, f'class {value}')}  {shares[value]:.1%}".translate(_SPELT)
        for value in found
    }
    places: dict[int, tuple[float, int]] = {}
    x, row = float(gap), 0
    for value, text in texts.items():
        wide = size + gap + measure.textlength(text, font=font) + 2 * gap
        if x > gap and x + wide > picture.width:
            x, row = gap, row + 1
        places[value] = (x, row)
        x += wide
    sheet = Image.new("RGB", (picture.width, picture.height + (row + 1) * line + gap), _WHITE)
    sheet.paste(picture, (0, 0))
    draw = ImageDraw.Draw(sheet)
    for value, (x, row) in places.items():
        middle = picture.height + gap / 2 + (row + 0.5) * line
        box = (x, middle - size / 2, x + size, middle + size / 2)
        draw.rectangle(box, fill=_class_colour(value), outline=(90, 90, 90))
        draw.text((x + size + gap * 0.7, middle), texts[value], font=font, fill=(20, 20, 20), anchor="lm")
    return sheet


def _shortened(draw: Any, text: str, font: Any, width: float) -> str:
    text = text.translate(_SPELT)
    if draw.textlength(text, font=font) <= width:
        return text
    while text and draw.textlength(text + "…", font=font) > width:
        text = text[:-1]
    return text + "…"


def _finished(picture: Any, path: str | Path | None) -> np.ndarray:
    pixels = np.array(picture)
    if path is not None:
        from objectwise.io.images import write_image

        write_image(path, pixels, Grid("yxc"), overwrite=True)
    return pixels
