"""What was made fast gives what the slow way gives, however many threads work on it."""

from __future__ import annotations

import numpy as np
import pytest

import objectwise as ow
from objectwise.core.operation import operations
from tests.contract import cases

THREADED = (
    "equalise_clahe",
    "denoise_tv",
    "denoise_nlm",
    "subtract_background_rolling_ball",
    "superpixels_felzenszwalb",
)


@pytest.mark.parametrize("name", THREADED)
@pytest.mark.parametrize("ndim", [2, 3])
def test_threads_do_not_show(name: str, ndim: int, monkeypatch) -> None:
    record = operations[name]
    if ndim not in record.dimensions:
        pytest.skip("2-D only")
    image = np.tile(cases.image(ndim), (5,) + (1,) * (ndim - 1))
    image[3, ..., 4] = np.nan
    found = []
    for n in (1, 2, 3):
        monkeypatch.setenv("OBJECTWISE_THREADS", str(n))
        found.append(ow.apply(name, image, grid=ow.Grid("zyx"[-ndim:]), **record.tiny))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_layers_are_peeled_as_by_scikit_image() -> None:
    from skimage.morphology import thin
    from skimage.morphology._skeletonize import G123_LUT, G123P_LUT

    from objectwise.kernels.peeling import _decisions

    np.testing.assert_array_equal(_decisions(), np.stack([G123_LUT, G123P_LUT]).astype(bool))
    random = np.random.default_rng(0)
    for mask in (cases.mask(2), random.random((60, 70)) < 0.7, random.random((60, 70)) < 0.95):
        for n in (1, 2, None):
            np.testing.assert_array_equal(ow.apply("thin", mask, n_iterations=n), thin(mask, max_num_iter=n))


@pytest.mark.parametrize("n_channels", [1, 3])
def test_felzenszwalb_joins_as_scikit_image(n_channels: int) -> None:
    from skimage.segmentation import felzenszwalb

    image = np.stack([cases.image(2, seed) for seed in range(n_channels)]).astype(np.float64)
    values = (image - image.min()) / np.ptp(image)
    found = ow.apply(
        "superpixels_felzenszwalb", image, grid=ow.Grid("cyx"), scale=20.0, sigma=0.0, min_size=12.0
    )
    theirs = felzenszwalb(values, scale=20.0, sigma=0, min_size=12, channel_axis=0)
    assert found.max() > 5
    pairs = np.unique(np.stack([found.ravel(), theirs.ravel()]), axis=1)
    assert pairs.shape[1] == found.max() == theirs.max() + 1


def test_pieces_are_walked_as_if_each_were_alone() -> None:
    image = cases.image(2)
    mask = np.ones(image.shape, bool)
    mask[:, 20] = mask[15] = False
    seeds = cases.seeds(2) * mask
    # differences count as fractions of the range in the mask, which is to be the same for each piece
    image[[0, 0, 16, 16], [0, 21, 0, 21]], image[[1, 1, 17, 17], [0, 21, 0, 21]] = 0, 250
    together = ow.apply("segment_random_walker", image, seeds, mask, beta=20.0)
    for rows in (slice(0, 15), slice(16, None)):
        for columns in (slice(0, 20), slice(21, None)):
            alone = np.zeros_like(mask)
            alone[rows, columns] = True
            found = ow.apply("segment_random_walker", image, seeds, alone, beta=20.0)
            np.testing.assert_array_equal(found[alone], together[alone])


def test_a_walk_that_would_take_all_memory_is_refused() -> None:
    image = np.zeros((1600, 1600), np.uint8)
    seeds = np.zeros(image.shape, np.int32)
    seeds[0, 0], seeds[-1, -1] = 1, 2
    with pytest.raises(ValueError, match=r"one has 2560000, above the 2097152 .* take watershed_seeded"):
        ow.apply("segment_random_walker", image, seeds)
    seeds[0, :400] = np.arange(1, 401)
    with pytest.raises(ValueError, match="for each of 400 seeds in one connected piece"):
        ow.apply("segment_random_walker", image, seeds)
