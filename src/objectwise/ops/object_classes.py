"""Objects put into classes by what is measured of them: small and large ones, round and long, dim and bright."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from objectwise.core.locality import Whole
from objectwise.core.operation import Classes, Images, Labels, operation
from objectwise.ops.centres import distinct, find_centres


@operation(
    locality=Whole("which objects are alike depends on all of them"),
    tiny={"n_classes": 2, "columns": ("equivalent_diameter", "solidity")},
)
def cluster_objects(
    labels: Labels,
    images: Images | None = None,
    *,
    columns: tuple[str, ...] = ("equivalent_diameter",),
    n_classes: Annotated[int, Ge(2), Le(255)] = 2,
    n_restarts: Annotated[int, Ge(1), Le(1000)] = 20,
    seed: Annotated[int, Ge(0)] = 0,
    spacing: tuple[float, ...] | None = None,
) -> Classes:
    """Put objects into classes by what is measured of them, with k-means.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array of int
        Ids of the objects, 0 is background.
    images : mapping of str to (Y, X) or (Z, Y, X) array, optional
        Channels, where a column is of their brightness.
    columns : tuple of str
        The measurements that decide, by the names of their columns in a table: ``area``, ``solidity``,
        ``intensity_mean_DAPI``. One of brightness without the name of a channel stands for all channels. The first
        orders the classes.
    n_classes : int
        Number of classes of objects. Fewer distinct objects give fewer classes.
    n_restarts : int
        How often the search is started anew; the best result is taken. Has no part with a single column.
    seed : int
        Seed of the random starts. The same seed gives the same classes. Has no part with a single column.
    spacing : tuple of float, optional
        Pixel size along each axis; 1 where it is left out.

    Returns
    -------
    uint8 array
        The class of its object at each pixel: 1, 2, 3 ... by the mean of the first column, rising. 0 is background,
        and an object of which a column has no value.

    Notes
    -----
    Each column counts the same: it is divided by its standard deviation over the objects. With a single column the
    classes are the best there are. `labels_from_classes` makes labels of chosen classes, where no two objects
    of a class touch; to keep the ids, choose with `filter_labels_by_column` instead.

    References
    ----------
    .. [1] S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Information Theory 28 (1982).

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[3, 0, 5, 5, 5, 0, 7, 7, 7, 7, 0, 9]])
    >>> cluster_objects(labels, columns=("area",))
    array([[1, 0, 2, 2, 2, 0, 2, 2, 2, 2, 0, 1]], dtype=uint8)
    """
    from objectwise.measure.families import groups
    from objectwise.measure.objects import measure_block

    if not columns:
        raise ValueError("columns must name at least one measurement, such as area or solidity; found none")
    for column in columns:
        if column in groups():
            raise ValueError(
                f"columns must be measurements, such as area or solidity; found the group {column!r}"
            )
    found, reasons = measure_block(labels, images, spacing, list(columns))
    ids = found["label"]
    # a brightness named without its channel has one column for each
    names = [
        name
        for column in dict.fromkeys(columns)
        for name in (
            [column] if column in found else [each for each in found if each.startswith(f"{column}_")]
        )
    ]
    for name in names:
        if None in reasons.get(name, {}):
            raise ValueError(f"columns must be defined for these objects; {reasons[name][None]}")
    rows = np.column_stack([found[name].astype(np.float64) for name in names])
    known = np.isfinite(rows).all(axis=1)
    of_id = np.zeros(int(labels.max(initial=0)) + 1, np.uint8)
    if known.any():
        rows = rows[known]
        spread = rows.std(axis=0)
        rows = (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        different, times = distinct(rows)
        centres = np.array(find_centres(different, times.astype(float), n_classes, "none", n_restarts, seed))
        centres = centres[np.lexsort(centres.T[::-1])]
        away = ((rows[:, np.newaxis] - centres) ** 2).sum(axis=2)
        of_id[ids[known]] = 1 + np.argmin(away, axis=1)
    return of_id[labels]
