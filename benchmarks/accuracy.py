"""How many real objects `find_objects` finds with no parameter given, beside Otsu and a distance watershed.

    OBJECTWISE_DATA=FOLDER python benchmarks/accuracy.py [--set NAME] [--half even|odd] [--labels FOLDER]

The folder holds, for each set, ``NAME/images/*.tif`` and ``NAME/labels/*.tif`` of the same names. An object is found
if it and one of ours overlap by at least a share t of what both cover; AP(t) = TP / (TP + FP + FN). ``AP50`` and
``mAP`` (t = 0.50, 0.55 ... 0.95) are means over images, ``pooled`` is AP50 of all objects of a set together.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile

import objectwise as ow
from objectwise.match import score

SPACING = {"nuclei3d_bbbc050": (2.18, 1.0, 1.0)}
DARK = ("nuclei_brightfield_dsb",)


def pairs(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Return the name, image and truth of each image of a set."""
    for path in sorted((folder / "images").glob("*.tif")):
        truth = folder / "labels" / path.name
        if truth.exists():
            yield path.stem, tifffile.imread(path), tifffile.imread(truth)


def channel(image: np.ndarray) -> np.ndarray:
    """Return one channel: of a stained section the haematoxylin, in which nuclei are bright."""
    if image.ndim == 3 and image.shape[-1] == 3:
        stains = ow.apply(
            "separate_stains", np.moveaxis(image, -1, 0), grid=ow.Grid("cyx"), stains="haematoxylin_eosin_dab"
        )
        return stains[0]
    return image


def ours(image: np.ndarray, spacing: tuple[float, ...], objects: str) -> np.ndarray:
    """Return what `find_objects` finds with no parameter, but for the side on which the objects are."""
    recipe = ow.Recipe(ow.find_objects("image", objects=objects))
    *_, last = ow.run(recipe, {"image": (image, ow.Grid("zyx"[-image.ndim :], spacing))})
    (result,) = last.results.values()
    return result.array


def plain(image: np.ndarray, spacing: tuple[float, ...], objects: str) -> np.ndarray:
    """Return what Otsu's threshold and a distance watershed of scikit-image find."""
    from scipy import ndimage
    from skimage.feature import peak_local_max
    from skimage.filters import gaussian, threshold_otsu
    from skimage.measure import label
    from skimage.segmentation import watershed

    smooth = gaussian(image.astype(np.float32), 1, preserve_range=True)
    smooth = smooth if objects == "bright" else -smooth
    mask = ndimage.binary_fill_holes(smooth > threshold_otsu(smooth))
    sizes = np.bincount(label(mask).ravel())[1:]
    size = np.prod(spacing) * (np.median(sizes[sizes >= 15]) if (sizes >= 15).any() else 50.0)
    radius = (size / np.pi) ** 0.5 if image.ndim == 2 else (3 * size / (4 * np.pi)) ** (1 / 3)
    distance = gaussian(ndimage.distance_transform_edt(mask, sampling=spacing), 1)
    peaks = peak_local_max(
        distance, min_distance=max(2, round(0.6 * radius)), labels=label(mask), exclude_border=False
    )
    seeds = np.zeros(mask.shape, int)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    labels = watershed(-distance, seeds, mask=mask)
    return np.where(np.bincount(labels.ravel())[labels] >= 15, labels, 0)


def counted(truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return true positives, false positives and false negatives, one row for each share."""
    found = score(truth, labels, grid=ow.Grid("zyx"[-truth.ndim :]))
    return np.array([(item.n_matched, item.false_positives, item.false_negatives) for item in found])


def precision(table: np.ndarray) -> np.ndarray:
    """Return AP for each share; where there is nothing to find, finding nothing is right."""
    total = table.sum(axis=1)
    return np.where(total > 0, table[:, 0] / np.maximum(total, 1), 1.0)


def main() -> None:
    """Print a table with a row for each set and method."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", action="append", help="name of a set; left out, all that are there")
    parser.add_argument("--half", choices=("even", "odd"), help="only every second image")
    parser.add_argument("--labels", type=Path, help="where our labels are written, a folder for each set")
    options = parser.parse_args()
    if "OBJECTWISE_DATA" not in os.environ:
        parser.error("set OBJECTWISE_DATA to the folder that holds the sets")
    root = Path(os.environ["OBJECTWISE_DATA"])
    names = options.set or sorted(p.name for p in root.glob("nuclei*") if (p / "labels").is_dir())
    print("| Set | Images | Method | AP50 | mAP | pooled AP50 |\n| --- | --: | --- | --: | --: | --: |")
    for name in names:
        chosen = list(pairs(root / name))
        if options.half:
            chosen = chosen[options.half == "odd" :: 2]
        for title, method in (
            ("`find_objects()`", ours),
            ("Otsu + distance watershed (scikit-image)", plain),
        ):
            tables = []
            for stem, image, truth in chosen:
                one = channel(image)
                spacing = SPACING.get(name, (1.0,) * one.ndim)
                labels = method(one, spacing, "dark" if name in DARK else "bright")
                tables.append(counted(truth, labels))
                if options.labels and method is ours:
                    (options.labels / name).mkdir(parents=True, exist_ok=True)
                    tifffile.imwrite(options.labels / name / f"{stem}.tif", labels)
            if tables:
                scores = np.array([precision(table) for table in tables])
                pooled = precision(np.sum(tables, axis=0))[0]
                print(
                    f"| {name} | {len(tables)} | {title} | {scores[:, 0].mean():.3f} | {scores.mean():.3f} "
                    f"| {pooled:.3f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
