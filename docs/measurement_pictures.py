"""Pictures of what measurements are: small objects, drawn pixel by pixel, with the numbers that measuring gives them.

Every number is one of `objectwise.measure`; what is drawn beside it (a hull, a ring, an ellipse) is placed by those
numbers or by the code that measures. The pictures are SVG, so that pixels and words stay sharp at any size.
"""

from __future__ import annotations

import html
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

import objectwise as ow

BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#c77800", "#00805c", "#c44e00", "#a8497f", "#56b4e9"
OBJECT, OTHER, PAPER, INK, GRID = "#c9d3da", "#e6e2d8", "#ffffff", "#2b2f33", "#edf0f2"
LINE = 19


class Sheet:
    """A picture of pixels with a legend beside it; positions are (y, x) in pixels, as in an array."""

    def __init__(self, shape: tuple[int, int], zoom: int = 12, panels: int = 1) -> None:
        self.zoom, self.shape, self.panels = zoom, shape, panels
        self.left, self.parts = 0.0, list[str]()
        self.legend: list[tuple[str, str]] = []
        for number in range(panels):
            self.panel(number)
            self._add(f'<rect x="{self.left:g}" y="0" width="{shape[1] * zoom}" height="{shape[0] * zoom}" '
                      f'fill="{PAPER}" stroke="{GRID}"/>')  # fmt: skip
        self.panel(0)

    def panel(self, number: int) -> None:
        """Draw in the panel of this number from now on."""
        self.left = number * (self.shape[1] + 2) * self.zoom

    def _add(self, part: str) -> None:
        self.parts.append(part)

    def at(self, y: float, x: float) -> str:
        """Return where a position is on the sheet; that of a pixel is its centre."""
        return f"{self.left + (x + 0.5) * self.zoom:.4g},{(y + 0.5) * self.zoom:.4g}"

    def pixels(self, where: np.ndarray, colour: str, opacity: float = 1) -> None:
        """Fill pixels."""
        z = self.zoom
        for y, x in np.argwhere(where):
            self._add(f'<rect x="{self.left + x * z:g}" y="{y * z}" width="{z}" height="{z}" fill="{colour}" '
                      f'stroke="{PAPER}" stroke-width="0.6" opacity="{opacity:g}"/>')  # fmt: skip

    def image(self, image: np.ndarray, where: np.ndarray | None = None) -> None:
        """Fill pixels with grey, the largest value white."""
        low, high = float(image.min()), float(image.max())
        for y, x in np.argwhere(np.ones(image.shape, bool) if where is None else where):
            grey = round(40 + 210 * (image[y, x] - low) / max(high - low, 1e-9))
            one = np.zeros(image.shape, bool)
            one[y, x] = True
            self.pixels(one, f"rgb({grey},{grey},{grey})")

    def outline(self, where: np.ndarray, colour: str, width: float = 2) -> None:
        """Draw along the edges of pixels."""
        padded = np.pad(where, 1)
        for axis, (dy, dx) in enumerate(((0, 1), (1, 0))):
            change = np.diff(padded.astype(int), axis=axis) != 0
            change = change[:, 1:] if axis == 0 else change[1:, :]
            for y, x in np.argwhere(change):
                start = (y - 0.5, x - 0.5)
                self.line([start, (start[0] + dy, start[1] + dx)], colour, width)

    def line(self, points: Sequence[Sequence[float]], colour: str, width: float = 2, dash: str = "",
             fill: str = "none") -> None:  # fmt: skip
        """Draw a line through points."""
        path = " ".join(self.at(*point) for point in points)
        self._add(f'<polyline points="{path}" fill="{fill}" stroke="{colour}" stroke-width="{width:g}" '
                  f'stroke-linecap="round" stroke-linejoin="round" stroke-dasharray="{dash}"/>')  # fmt: skip

    def circle(self, centre: Sequence[float], radius: float, colour: str, dash: str = "", fill: str = "none",
               width: float = 2) -> None:  # fmt: skip
        """Draw a circle; the radius is in pixels."""
        x, y = self.at(*centre).split(",")
        self._add(f'<circle cx="{x}" cy="{y}" r="{radius * self.zoom:.4g}" fill="{fill}" stroke="{colour}" '
                  f'stroke-width="{width:g}" stroke-dasharray="{dash}"/>')  # fmt: skip

    def dot(self, centre: Sequence[float], colour: str, radius: float = 0.35) -> None:
        """Mark a position."""
        self.circle(centre, radius, PAPER, fill=colour, width=1)

    def angle(self, centre: Sequence[float], start: float, stop: float, radius: float, colour: str) -> None:
        """Draw an arc between two angles from the y axis."""
        turns = np.linspace(start, stop, 40)
        self.line([along(centre, turn, radius) for turn in turns], colour)

    def words(self, where: Sequence[float], text: str, colour: str = INK, size: int = 13) -> None:
        """Write in the picture."""
        x, y = map(float, self.at(*where).split(","))
        self._add(f'<text x="{x:g}" y="{y + 0.35 * size:g}" fill="{colour}" font-size="{size}" text-anchor="middle">'
                  f"{html.escape(text)}</text>")  # fmt: skip

    def note(self, colour: str, text: str) -> None:
        """Write a line of the legend."""
        self.legend.append((colour, text))

    def numbers(self, values: Mapping[str, float], **colours: str) -> None:
        """Write columns and their values into the legend, in their colours."""
        for name, colour in colours.items():
            value = values[name]
            self.note(
                colour, f"{name} = {value:.0f}" if float(value).is_integer() else f"{name} = {value:.4g}"
            )

    def svg(self) -> str:
        """Return the picture."""
        wide = (self.panels * (self.shape[1] + 2) - 2) * self.zoom
        longest = max((len(text) for _, text in self.legend), default=0)
        # beside the pixels where there is room on a page, else below them
        beside = wide + 7.6 * longest <= 740
        x, y = (wide + 22, 16) if beside else (4, self.shape[0] * self.zoom + 24)
        width = wide + (40 + 7.6 * longest if beside else 0)
        width = max(width, 24 + 7.6 * longest)
        height = max(self.shape[0] * self.zoom, y + LINE * len(self.legend))
        lines = [
            f'<circle cx="{x + 4}" cy="{y + LINE * number}" r="5" fill="{colour}"/>'
            f'<text x="{x + 16}" y="{y + LINE * number + 4.5}" fill="{INK}">'
            f"{html.escape(text)}</text>"
            if colour
            else f'<text x="{x}" y="{y + LINE * number + 4.5}" fill="{INK}">{html.escape(text)}</text>'
            for number, (colour, text) in enumerate(self.legend)
        ]
        body = "\n".join([*self.parts, *lines])
        wide, high = round(width) + 16, round(height) + 16
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {wide} {high}" '
            f'width="{wide}" height="{high}" font-family="sans-serif" font-size="13">\n'
            f'<rect x="-8" y="-8" width="{wide}" height="{high}" fill="{PAPER}"/>\n{body}\n</svg>\n'
        )


def along(centre: Sequence[float], angle: float, length: float) -> tuple[float, float]:
    """Return the point at an angle from the y axis, counter-clockwise as displayed, and a distance."""
    return centre[0] + length * math.cos(angle), centre[1] + length * math.sin(angle)


def measured(
    labels: np.ndarray, features: Iterable[str] | None = None, image: np.ndarray | None = None,
    label: int = 1, **settings: Any,
) -> dict[str, float]:  # fmt: skip
    """Return all that is measured of one object; the columns of an image without its name."""
    images = {} if image is None else {"image": image}
    table = ow.measure(labels.astype(np.int32), images, features=features, **settings)
    row = table.frame.set_index("label").loc[label]
    return {str(name).removesuffix("_image"): value for name, value in row.items()}


def part_of(where: np.ndarray, total: Callable[[np.ndarray], float]) -> np.ndarray:
    """Return which of some pixels have a part in a sum: shining with powers of two, they can be told from it."""
    found = np.zeros(where.shape, bool)
    places = np.argwhere(where)
    for part in np.array_split(places, len(places) // 40 + 1):
        light = np.zeros(where.shape)
        light[tuple(part.T)] = 2.0 ** np.arange(len(part))
        bits = round(total(light))
        found[tuple(part.T)] = [bits >> number & 1 for number in range(len(part))]
    return found


def bean() -> np.ndarray:
    """Return an object that is long, bent, and thicker on one side."""
    y, x = np.indices((25, 32))
    mask = np.zeros(y.shape, bool)
    for turn in np.linspace(0.15, 2.75, 40):
        middle = 19.5 - 11.5 * math.sin(turn) - 2.2 * math.cos(turn), 15.5 - 9.5 * math.cos(turn)
        mask |= (y - middle[0]) ** 2 + (x - middle[1]) ** 2 < (3.3 + 0.75 * turn) ** 2
    return mask


def hull_of(mask: np.ndarray) -> np.ndarray:
    """Return the corners of the convex hull, a pixel standing for the middles of its edges."""
    from scipy.spatial import ConvexHull

    steps = np.array([(0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)])
    points = (np.argwhere(mask)[:, None] + steps).reshape(-1, 2)
    return points[ConvexHull(points).vertices]


def box_corners(mask: np.ndarray, angle: float) -> list[np.ndarray]:
    """Return the corners of the box at an angle that holds all pixels wholly."""
    steps = np.array([(y, x) for y in (-0.5, 0.5) for x in (-0.5, 0.5)])
    points = (np.argwhere(mask)[:, None] + steps).reshape(-1, 2)
    axes = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    low, high = (points @ axes.T).min(0), (points @ axes.T).max(0)
    corners = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1]), (low[0], low[1])]
    return [np.array(corner) @ axes for corner in corners]


def feret() -> Sheet:
    mask = bean()
    found, sheet = measured(mask), Sheet(mask.shape)
    sheet.pixels(mask, OBJECT)
    hull = hull_of(mask)
    sheet.line([*hull, hull[0]], INK, 1, "3 3")
    a, b = max(itertools.combinations(hull, 2), key=lambda pair: float(np.linalg.norm(pair[0] - pair[1])))
    sheet.line([a, b], BLUE, 3)
    across = found["feret_angle_min"]
    axis = np.array(along((0, 0), across, 1))
    low, high = (hull @ axis).min(), (hull @ axis).max()
    side = np.array(along((0, 0), across + math.pi / 2, 1))
    middle = hull.mean(0) @ side
    for end in (low, high):
        sheet.line([end * axis + (middle + reach) * side for reach in (-13, 13)], ORANGE, 1.5)
    sheet.line([low * axis + (middle - 9) * side, high * axis + (middle - 9) * side], ORANGE, 3)
    upper = min((a, b), key=lambda point: float(point[0]))
    angle = found["feret_angle_max"]
    down = angle if math.cos(angle) >= 0 else angle + math.pi
    sheet.line([upper, along(upper, 0, 7)], BLUE, 1, "3 3")
    sheet.angle(upper, 0, down, 6, BLUE)
    sheet.numbers(found, feret_diameter_max=BLUE, feret_angle_max=BLUE, feret_diameter_min=ORANGE,
                  feret_angle_min=ORANGE)  # fmt: skip
    sheet.note("", "dashed: the convex hull")
    sheet.note("", "angles from the y axis, down the rows")
    return sheet


def boxes() -> Sheet:
    mask = np.pad(bean(), ((1, 3), (3, 3)))
    found, sheet = measured(mask), Sheet(mask.shape)
    sheet.pixels(mask, OBJECT)
    sheet.line(box_corners(mask, 0.0), GREEN)
    sheet.line(box_corners(mask, found["orientation"]), BLUE)
    sheet.line(box_corners(mask, found["smallest_box_angle"]), ORANGE)
    sheet.numbers(found, area=OBJECT, area_bbox=GREEN, extent=GREEN, oriented_box_length=BLUE,
                  oriented_box_width=BLUE, oriented_box_extent=BLUE, smallest_box_length=ORANGE,
                  smallest_box_width=ORANGE, smallest_box_angle=ORANGE, smallest_box_extent=ORANGE)  # fmt: skip
    return sheet


def hull() -> Sheet:
    from objectwise.measure.shape import hull_boxes

    mask = bean()
    found, sheet = measured(mask), Sheet(mask.shape)
    ((box, inside),) = hull_boxes(mask.astype(np.int32))
    filled = np.zeros_like(mask)
    filled[box] = inside
    sheet.pixels(filled & ~mask, "#f3d9b1")
    sheet.pixels(mask, OBJECT)
    corners = hull_of(mask)
    sheet.line([*corners, corners[0]], ORANGE)
    sheet.numbers(found, area=OBJECT, area_convex="#f3d9b1", solidity=INK)
    sheet.note("", "solidity = area / area_convex")
    return sheet


def ellipse() -> Sheet:
    mask = bean()
    found, sheet = measured(mask), Sheet(mask.shape)
    sheet.pixels(mask, OBJECT)
    centre, angle = (found["centroid_y"], found["centroid_x"]), found["orientation"]
    major, minor = found["axis_major_length"] / 2, found["axis_minor_length"] / 2
    around = []
    for turn in np.linspace(0, 2 * math.pi, 90):
        point = along(centre, angle, major * math.cos(turn))
        around.append(along(point, angle + math.pi / 2, minor * math.sin(turn)))
    sheet.line(around, INK, 1.5)
    for half, turn, colour in ((major, angle, BLUE), (minor, angle + math.pi / 2, ORANGE)):
        sheet.line([along(centre, turn, -half), along(centre, turn, half)], colour, 3)
    sheet.line([centre, along(centre, 0, 8)], GREEN, 1.5, "3 3")
    sheet.angle(centre, 0, angle, 6, GREEN)
    sheet.dot(centre, RED)
    sheet.numbers(found, axis_major_length=BLUE, axis_minor_length=ORANGE, orientation=GREEN, centroid_y=RED,
                  centroid_x=RED, eccentricity=INK, elongation=INK)  # fmt: skip
    sheet.note("", "the ellipse has the second moments of the object")
    return sheet


def circles() -> Sheet:
    mask = bean()
    found, sheet = measured(mask), Sheet(mask.shape)
    sheet.pixels(mask, OBJECT)
    centroid = found["centroid_y"], found["centroid_x"]
    middle = found["inscribed_centre_y"], found["inscribed_centre_x"]
    sheet.circle(middle, found["radius_inscribed"], BLUE)
    sheet.circle(centroid, found["equivalent_diameter"] / 2, ORANGE, "5 4")
    sheet.dot(middle, BLUE)
    sheet.dot(centroid, ORANGE)
    sheet.numbers(found, radius_inscribed=BLUE, inscribed_centre_y=BLUE, inscribed_centre_x=BLUE,
                  equivalent_diameter=ORANGE, centroid_y=ORANGE, centroid_x=ORANGE, radius_mean=INK,
                  radius_median=INK)  # fmt: skip
    sheet.note("", "the radius reaches to the next pixel outside")
    return sheet


def perimeters() -> Sheet:
    y, x = np.indices((15, 15))
    mask = (y - 7) ** 2 + (x - 7) ** 2 < 36
    found, sheet = measured(mask), Sheet(mask.shape, 14, panels=2)
    inner = mask & np.roll(mask, 1, 0) & np.roll(mask, -1, 0) & np.roll(mask, 1, 1) & np.roll(mask, -1, 1)
    rim = np.argwhere(mask & ~inner)
    rim = rim[np.argsort(np.arctan2(rim[:, 0] - 7, rim[:, 1] - 7))]
    sheet.pixels(mask, OBJECT)
    sheet.line([*rim, rim[0]], BLUE, 3)
    for point in rim:
        sheet.dot(point, BLUE, 0.2)
    sheet.panel(1)
    sheet.pixels(mask, OBJECT)
    for (dy, dx), colour in (((0, 1), ORANGE), ((1, 1), GREEN)):
        starts = [(row, 0) for row in range(15)] + ([(0, column) for column in range(1, 15)] if dy else [])
        for row, column in starts:
            n = 15 - max(row, column) if dy else 15
            line = [(row + step * dy, column + step * dx) for step in range(n)]
            inside = [bool(mask[point]) for point in line]
            if not any(inside):
                continue
            sheet.line([line[0], line[-1]], colour, 0.7)
            for step in range(n - 1):
                if inside[step] != inside[step + 1]:
                    sheet.dot((line[step][0] + dy / 2, line[step][1] + dx / 2), colour, 0.22)
    sheet.numbers(found, perimeter_4_neighbour=BLUE, perimeter=ORANGE, circularity=ORANGE, form_factor=BLUE)
    sheet.note(
        "", f"the circle of the same area has the circumference {math.sqrt(4 * math.pi * found['area']):.2f}"
    )
    sheet.note("", "left: a line through the centres of border pixels")
    sheet.note("", "right: Crofton counts where lines cross the border; two of four directions")
    return sheet


def holes() -> Sheet:
    labels = np.zeros((10, 31), np.int32)
    labels[1:9, 1:9] = 1
    labels[3:5, 3:5] = labels[6:8, 5:7] = 0
    labels[1:9, 12:20] = 2
    labels[3:7, 14:18] = 0
    labels[1:5, 23:27] = labels[6:9, 26:30] = 3
    sheet = Sheet(labels.shape, 13)
    for label, colour in ((1, BLUE), (2, ORANGE), (3, GREEN)):
        found = measured(labels, label=label)
        sheet.pixels(labels == label, colour, 0.45)
        sheet.note(colour, "area {area:.0f},  area_filled {area_filled:.0f},  n_pieces {n_pieces:.0f},  "
                   "euler_number {euler_number:.0f}".format(**found))  # fmt: skip
    return sheet


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Return two objects, a bright and a dim one, on a background that rises, and the image of them."""
    y, x = np.indices((25, 32))
    labels = np.zeros(y.shape, np.int32)
    labels[((y - 12) / 5.2) ** 2 + ((x - 10) / 4.6) ** 2 < 1] = 1
    labels[(y - 9) ** 2 + (x - 23.5) ** 2 < 17] = 2
    image = 20 + 0.8 * x + np.random.default_rng(1).normal(0, 2, y.shape)
    image += np.where(labels == 1, 110 + 9 * (12 - y), 0) + 60 * (labels == 2)
    return labels, image.round()


def ring() -> Sheet:
    labels, image = scene()
    gap, width = 2.0, 3.0
    found = measured(labels, ["intensity", "intensity_background"], image, ring_gap=gap, ring_width=width)
    sheet = Sheet(labels.shape)
    sheet.image(image)

    def total(light: np.ndarray) -> float:
        one = measured(labels, ["intensity_background"], light, ring_gap=gap, ring_width=width)
        return one["intensity_background_mean"] * one["intensity_background_n_pixels"]

    sheet.pixels(part_of(labels == 0, total), ORANGE, 0.75)
    sheet.outline(labels == 1, SKY)
    sheet.outline(labels == 2, PAPER)
    bottom = float(np.argwhere(labels == 1)[:, 0].max()) + 0.5
    sheet.line([(bottom, 10), (bottom + gap, 10)], PAPER, 4)
    sheet.line([(bottom + gap, 10), (bottom + gap + width, 10)], INK, 4)
    sheet.line([(bottom + gap / 2, 10.5), (bottom + gap / 2, 22)], PAPER, 1)
    sheet.words((bottom + gap / 2, 26), "ring_gap 2", PAPER)
    sheet.line([(bottom + gap + width / 2, 10.5), (bottom + gap + width / 2, 22)], PAPER, 1)
    sheet.words((bottom + gap + width / 2, 26.4), "ring_width 3", PAPER)
    sheet.numbers(found, intensity_mean=SKY, intensity_background_median=ORANGE, intensity_background_n_pixels=ORANGE,
                  intensity_mean_corrected=INK, intensity_contrast=INK, intensity_signal_to_noise=INK)  # fmt: skip
    sheet.note("", "no pixel of the ring is nearer to the other object")
    return sheet


def bright() -> tuple[np.ndarray, np.ndarray]:
    """Return a disc that is brightest away from its middle, and the image of it."""
    y, x = np.indices((19, 19))
    labels = ((y - 9) ** 2 + (x - 9) ** 2 < 52).astype(np.int32)
    return labels, np.round(20 + labels * (15 + 180 * np.exp(-((y - 6) ** 2 + (x - 11) ** 2) / 14)))


def edge() -> Sheet:
    labels, image = bright()
    found, sheet = measured(labels, ["intensity", "intensity_edge"], image), Sheet(labels.shape, 15)
    sheet.image(image)
    name = "intensity_edge_sum"
    sheet.pixels(part_of(labels > 0, lambda light: measured(labels, [name], light)[name]), ORANGE, 0.75)
    sheet.outline(labels == 1, SKY)
    sheet.numbers(found, intensity_mean=SKY, intensity_edge_mean=ORANGE, intensity_edge_min=ORANGE,
                  intensity_edge_max=ORANGE, intensity_edge_std=ORANGE, intensity_edge_sum=ORANGE)  # fmt: skip
    return sheet


def displacement() -> Sheet:
    labels, image = bright()
    found, sheet = measured(labels, ["position", "intensity_position"], image), Sheet(labels.shape, 15)
    sheet.image(image)
    sheet.outline(labels == 1, SKY)
    centroid = found["centroid_y"], found["centroid_x"]
    mass = found["centroid_weighted_y"], found["centroid_weighted_x"]
    sheet.line([centroid, mass], PURPLE, 4)
    sheet.dot(centroid, BLUE, 0.4)
    sheet.dot(mass, ORANGE, 0.4)
    sheet.dot((found["intensity_max_position_y"], found["intensity_max_position_x"]), RED, 0.4)
    sheet.numbers(found, centroid_y=BLUE, centroid_x=BLUE, centroid_weighted_y=ORANGE, centroid_weighted_x=ORANGE,
                  mass_displacement=PURPLE, intensity_max_position_y=RED, intensity_max_position_x=RED)  # fmt: skip
    return sheet


RINGS = ("#4d9de0", "#9bc8ef", "#f4c58b", "#e08e2b")


def rings() -> Sheet:
    mask = bean()
    image = np.where(mask, 10.0, 0.0)
    found = measured(mask, ["radial"], image)
    sheet = Sheet(mask.shape)
    for ring, colour in enumerate(RINGS, 1):
        name = f"radial_fraction_{ring}"
        where = part_of(mask, lambda light, name=name: measured(mask, [name], light)[name] * light.sum())
        sheet.pixels(where, colour)
    middle = measured(mask)
    sheet.dot((middle["inscribed_centre_y"], middle["inscribed_centre_x"]), INK, 0.4)
    for ring, colour in enumerate(RINGS, 1):
        sheet.note(colour, f"radial_fraction_{ring} = {found[f'radial_fraction_{ring}']:.3f},  "
                   f"radial_mean_fraction_{ring} = {found[f'radial_mean_fraction_{ring}']:.0f}")  # fmt: skip
    sheet.note(INK, "the middle")
    sheet.note("", "The object shines evenly: fractions are those")
    sheet.note("", "of its pixels, and the mean is the same everywhere.")
    return sheet


def neighbours() -> Sheet:
    from scipy import ndimage

    y, x = np.indices((27, 36))
    labels = np.zeros(y.shape, np.int32)
    labels[15:22, 12:18] = 1
    labels[12:19, 18:22] = 2
    labels[(y - 6) ** 2 + (x - 8) ** 2 < 12] = 3
    labels[(y - 22) ** 2 + (x - 29) ** 2 < 8] = 4
    labels[(y - 5) ** 2 + (x - 29) ** 2 < 14] = 5
    reach = 8.0
    found = measured(labels, ["neighbours", "position"], neighbour_distance=reach)
    centres = {label: (v["centroid_y"], v["centroid_x"])
               for label in range(1, 6) for v in [measured(labels, ["position"], label=label)]}  # fmt: skip
    sheet = Sheet(labels.shape, 11)
    apart = ndimage.distance_transform_edt(labels != 1)
    sheet.pixels((apart <= reach) & (labels != 1), "#e3f0f9")
    for label in range(2, 6):
        sheet.pixels(labels == label, "#d8d2c4")
    sheet.pixels(labels == 1, OBJECT)
    for row in range(15, 19):
        sheet.line([(row - 0.5, 17.5), (row + 0.5, 17.5)], RED, 4)
    first, second = (int(found[f"neighbours_centroid_label_{k}"]) for k in (1, 2))
    for label, colour in ((first, BLUE), (second, ORANGE)):
        sheet.line([centres[1], centres[label]], colour)
    turns = [
        math.atan2(centres[k][1] - centres[1][1], centres[k][0] - centres[1][0]) for k in (first, second)
    ]
    turns[1] = turns[0] + (turns[1] - turns[0] + math.pi) % (2 * math.pi) - math.pi
    sheet.angle(centres[1], *turns, 2.2, GREEN)
    for label, centre in centres.items():
        sheet.dot(centre, INK)
        sheet.words((centre[0] + 1.5, centre[1]), str(label), size=12)
    sheet.note("", "of object 1, with neighbour_distance 8:")
    sheet.numbers(found, neighbours_n_touching=RED, neighbours_touching_fraction=RED, neighbours_n_within="#a9cfe8",
                  neighbours_centroid_label_1=BLUE, neighbours_centroid_distance_1=BLUE,
                  neighbours_edge_distance_1=INK, neighbours_centroid_label_2=ORANGE,
                  neighbours_centroid_distance_2=ORANGE, neighbours_edge_distance_2=INK,
                  neighbours_angle=GREEN)  # fmt: skip
    return sheet


def skeleton() -> Sheet:
    from skimage.morphology import skeletonize

    y, x = np.indices((24, 32))
    mask = np.zeros(y.shape, bool)
    for end in ((4, 4), (20, 7), (12, 28)):
        for part in np.linspace(0, 1, 60):
            point = (12 + part * (end[0] - 12), 13 + part * (end[1] - 13))
            mask |= (y - point[0]) ** 2 + (x - point[1]) ** 2 < 6
    found, sheet = measured(mask, ["skeleton"]), Sheet(mask.shape)
    thin = skeletonize(mask)
    sheet.pixels(mask, OBJECT)
    sheet.pixels(thin, BLUE)
    degree = sum(np.roll(thin, (dy, dx), (0, 1)).astype(int)
                 for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0))  # fmt: skip
    sheet.pixels(thin & (degree == 1), ORANGE)
    sheet.pixels(thin & (degree > 2), RED)
    sheet.numbers(found, skeleton_length=BLUE, skeleton_n_branches=BLUE, skeleton_n_ends=ORANGE,
                  skeleton_n_junctions=RED, skeleton_branch_length_mean=INK,
                  skeleton_branch_length_max=INK)  # fmt: skip
    return sheet


def granularity() -> Sheet:
    y, x = np.indices((21, 21))
    labels = ((y - 10) ** 2 + (x - 10) ** 2 < 100).astype(np.int32)
    small, large = np.zeros((2, *y.shape))
    for place in ((5, 5), (4, 11), (9, 3), (9, 8), (14, 5), (11, 12), (8, 16), (14, 14), (17, 9)):
        small[place] = 90
    for place in ((6, 7), (13, 13)):
        large[(abs(y - place[0]) + abs(x - place[1])) <= 3] = 90
    sheet = Sheet(labels.shape, 9, panels=3)
    for number, (image, colour, title) in enumerate(
        ((small, BLUE, "spots of a pixel"), (large, ORANGE, "larger ones"), (None, INK, ""))
    ):
        sheet.panel(number)
        if image is not None:
            image = image + 10.0 * (labels > 0)
            sheet.image(image, labels > 0)
            sheet.outline(labels > 0, colour)
            found = measured(labels, ["granularity"], image, n_granularity_steps=6)
            values = [found[f"granularity_{step}"] for step in range(1, 7)]
            sheet.note(
                colour, f"{title}: granularity_1 to 6: " + ",  ".join(f"{value:.2f}" for value in values)
            )
            sheet.panel(2)
            for step, value in enumerate(values):
                left = 1.5 + 3 * step + 1.2 * number
                where = [
                    (19, left),
                    (19 - 17 * value, left),
                    (19 - 17 * value, left + 1),
                    (19, left + 1),
                    (19, left),
                ]
                sheet.line(where, colour, 1, fill=colour)
                sheet.words((20, 2.2 + 3 * step), str(step + 1), size=11)
    return sheet


def texture() -> Sheet:
    y, x = np.indices((13, 13))
    labels = np.ones(y.shape, np.int32)
    patterns = (
        ("checkerboard", (y + x) % 2), ("stripes", (x // 3) % 2), ("ramp", x),
        ("noise", np.random.default_rng(2).integers(0, 8, y.shape)),
    )  # fmt: skip
    sheet = Sheet(labels.shape, 9, panels=5)
    for dy, dx in ((0, 3), (3, -3), (3, 0), (3, 3)):
        sheet.line([(5, 6), (5 + dy, 6 + dx)], BLUE, 2)
        sheet.pixels((y == 5 + dy) & (x == 6 + dx), SKY)
    sheet.pixels((y == 5) & (x == 6), ORANGE)
    sheet.note(
        ORANGE, "left: a pixel and its partners in four directions, texture_scale 3 pixels along each axis"
    )
    for number, (name, pattern) in enumerate(patterns, 1):
        sheet.panel(number)
        sheet.image(pattern.astype(float))
        found = measured(labels, ["texture"], pattern.astype(float), texture_scale=1, n_grey_levels=8)
        sheet.note("", f"{name}: " + ",  ".join(
            f"{short} {found[f'texture_{short}']:.3g}"
            for short in ("contrast", "correlation", "entropy", "angular_second_moment")
        ))  # fmt: skip
    sheet.note("", "with texture_scale 1 and 8 grey levels")
    return sheet


def colocalisation() -> Sheet:
    random = np.random.default_rng(4)
    shape = (17, 17)
    labels = np.ones(shape, np.int32)
    base = random.gamma(2, 10, shape)
    cases = (
        ("together", base, 0.8 * base + random.gamma(2, 2, shape), BLUE),
        ("on their own", base, random.gamma(2, 10, shape), ORANGE),
        ("apart", base, 60 * np.exp(-base / 18) + random.gamma(2, 2, shape), RED),
    )
    sheet = Sheet((20, 20), 9, panels=3)
    for number, (name, one, two, colour) in enumerate(cases):
        sheet.panel(number)
        for a, b in zip(one.ravel(), two.ravel(), strict=True):
            if a < 75 and b < 75:
                sheet.circle((19 - b / 4, a / 4), 0.14, colour, fill=colour, width=0)
        table = ow.measure(labels, {"a": one, "b": two}, features=["colocalisation"]).frame.iloc[0]
        sheet.note(colour, f"{name}: " + ",  ".join(
            f"{short} {table[f'colocalisation_{short}_a_b']:.2f}"
            for short in ("pearson", "spearman", "icq", "manders_1", "manders_2")
        ))  # fmt: skip
    sheet.note("", "each dot is a pixel: its value in the first channel to the right, in the second upwards")
    return sheet


# for each group, in the order of the page: what is shown, and how to draw it
PICTURES: dict[str, tuple[tuple[str, Callable[[], Sheet]], ...]] = {
    "size": (
        ("Largest and smallest diameter, and their directions", feret),
        (
            "Three boxes: along the axes of the image, along those of the object, and the smallest of all",
            boxes,
        ),
        ("Convex hull", hull),
        ("The two perimeters, on a disc", perimeters),
        ("Largest inscribed circle, and circle of the same area", circles),
    ),
    "shape": (("Axes and orientation", ellipse), ("Holes and pieces", holes)),
    "intensity_edge": (("Edge pixels", edge),),
    "intensity_position": (("Centroid and centre of mass", displacement),),
    "intensity_background": (("The ring around an object", ring),),
    "colocalisation": (("Two channels in three objects", colocalisation),),
    "neighbours": (("Neighbours of an object", neighbours),),
    "texture": (("Partners of a pixel, and four textures", texture),),
    "granularity": (("Small and large spots", granularity),),
    "radial": (("Rings from the middle to the border", rings),),
    "skeleton": (("Skeleton with its branches, ends and junction", skeleton),),
}


def path_of(draw: Callable[[], Sheet]) -> str:
    """Return where a picture lies among the pages."""
    return f"pictures/measurements/{draw.__name__}.svg"


def measurement_pictures() -> dict[str, str]:
    """Return the pictures of the page of measurements."""
    return {path_of(draw): draw().svg() for pictures in PICTURES.values() for _, draw in pictures}
