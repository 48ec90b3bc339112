"""The executor: axes, channels, planes and frames; lazy inputs and outputs; stopping; what does not fit."""

from __future__ import annotations

import dask.array
import numpy as np
import pytest
import zarr
from scipy import ndimage
from skimage.filters import threshold_otsu

import objectwise as ow
from objectwise.core.execution import Execution
from objectwise.core.plan import Plan
from objectwise.core.run import Result

OTSU = ow.Step("mask", "threshold_auto", {"image": "raw"})
SMOOTH = ow.Step("smooth", "smooth_gaussian", {"image": "raw"}, {"sigma": 1.0})


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).gamma(2, 20, shape)).astype(np.uint16)


def series() -> np.ndarray:
    """Return three frames that get brighter."""
    return np.stack([noise(20, 24, seed=frame) * (frame + 1) for frame in range(3)])


def last(recipe: ow.Recipe | list, *args, **kwargs) -> ow.Progress:
    recipe = recipe if isinstance(recipe, ow.Recipe) else ow.Recipe(recipe)
    *_, progress = ow.run(recipe, *args, **kwargs)
    return progress


class Counted:
    """An array that counts how often it is read."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype, self.ndim, self.reads = (
            array,
            array.shape,
            array.dtype,
            array.ndim,
            0,
        )

    def __getitem__(self, where: object) -> np.ndarray:
        self.reads += 1
        return self.array[where]


# --- axes ----------------------------------------------------------------------------------------------


def test_frames_channels_and_planes_are_worked_on_one_by_one() -> None:
    image = noise(2, 3, 4, 10, 12).astype(float)
    smooth = ow.apply("smooth_gaussian", image, grid=ow.Grid("tczyx"), sigma=0.8)
    for frame in range(2):
        for channel in range(3):
            expected = ndimage.gaussian_filter(image[frame, channel], 0.8, mode="nearest")
            np.testing.assert_allclose(smooth[frame, channel], expected)
    flat = ow.apply("smooth_gaussian", image, grid=ow.Grid("tczyx"), sigma=0.8, by_plane=True)
    np.testing.assert_allclose(flat[1, 2, 3], ndimage.gaussian_filter(image[1, 2, 3], 0.8, mode="nearest"))


def test_axes_of_the_result_are_those_of_the_image() -> None:
    image = noise(7, 2, 9, 3).astype(float)
    grid = ow.Grid("xcyt", (0.5, 0.25), "um", interval=2, interval_unit="s", channels=("a", "b"))
    result = last([SMOOTH], (image, grid)).results["smooth"]
    assert result.grid == grid
    assert result.array.shape == image.shape
    # a pixel of the recipe is one along y, which is half of one along x
    expected = ndimage.gaussian_filter(image[:, 1, :, 2], (0.5, 1), mode="nearest")
    np.testing.assert_allclose(result.array[:, 1, :, 2], expected, rtol=1e-12)
    mask = last([ow.Step("mask", "threshold_auto", {"image": "raw[b]"})], (image, grid)).results["mask"]
    assert mask.grid == grid.without("c")
    assert mask.array.shape == (7, 9, 3)


@pytest.mark.parametrize("n", [1, 4])
def test_what_has_no_time_stands_beside_every_frame(n: int) -> None:
    """Without a t axis, or with a single frame."""
    relief = noise(10, 12).astype(float)
    seeds = np.zeros((4, 10, 12), int)
    for frame in range(4):
        seeds[frame, 2, 2 * frame], seeds[frame, 8, 9] = 1, 2
    inputs = {
        "relief": (relief, ow.Grid("yx")),
        "seeds": (seeds, ow.Grid("tyx", interval=5, interval_unit="s")),
    }
    if n == 1:
        inputs["relief"] = (relief[None], ow.Grid("tyx"))
    step = ow.Step("cells", "watershed_seeded", {"image": "relief", "seeds": "seeds"})
    result = last([step], inputs).results["cells"]
    assert result.array.shape == (4, 10, 12)
    assert (result.grid.axes, result.grid.interval, result.grid.interval_unit) == ("tyx", 5, "s")
    for frame in range(4):
        alone = ow.apply("watershed_seeded", relief, seeds[frame])
        np.testing.assert_array_equal(result.array[frame], alone)


def test_an_image_in_another_order_of_axes_fits_by_name() -> None:
    image, seeds = noise(10, 12).astype(float), np.zeros((12, 10), int)
    seeds[2, 3], seeds[9, 8] = 1, 2
    step = ow.Step("cells", "watershed_seeded", {"image": "relief", "seeds": "seeds"})
    cells = (
        last([step], {"relief": (image, ow.Grid("yx")), "seeds": (seeds, ow.Grid("xy"))})
        .results["cells"]
        .array
    )
    np.testing.assert_array_equal(cells, ow.apply("watershed_seeded", image, seeds.T))


def test_ids_by_plane_are_unique_in_the_volume() -> None:
    mask = noise(4, 16, 18) > 40
    labels = ow.apply("label_components", mask, grid=ow.Grid("zyx"), by_plane=True)
    highest = 0
    for plane in range(4):
        expected = ow.apply("label_components", mask[plane])
        np.testing.assert_array_equal(labels[plane], np.where(expected > 0, expected + highest, 0))
        highest += expected.max()
    step = ow.Step("cells", "label_components", {"mask": "raw"}, by_plane=True)
    tiled = last([step], (mask, ow.Grid("zyx")), tile=7)
    np.testing.assert_array_equal(tiled.results["cells"].array, labels)


def test_a_table_or_number_is_not_found_by_plane() -> None:
    with pytest.raises(
        ValueError, match="estimate_diameter finds one value for a volume; by_plane is for pixels"
    ):
        ow.apply("estimate_diameter", np.ones((3, 4, 5), bool), grid=ow.Grid("zyx"), by_plane=True)


# --- channels ------------------------------------------------------------------------------------------


def test_a_channel_is_chosen_by_name_or_number() -> None:
    image = noise(3, 12, 14)
    grid = ow.Grid("cyx", channels=("DAPI", "GFP", "1"))
    for name, number in (("DAPI", 0), ("GFP", 1), ("0", 0), ("1", 2), ("2", 2)):
        mask = (
            last([ow.Step("mask", "threshold_auto", {"image": f"raw[{name}]"})], (image, grid))
            .results["mask"]
            .array
        )
        np.testing.assert_array_equal(mask, ow.apply("threshold_auto", image[number]))


@pytest.mark.parametrize(
    ("source", "grid", "sentence"),
    [
        (
            "raw",
            ow.Grid("cyx"),
            r"step 'mask': image must be one channel, but 'raw' has 3: name one, as in \"raw\[0\]\"",
        ),
        (
            "raw",
            ow.Grid("cyx", channels=("R", "G", "B")),
            r"name one, as in \"raw\[R\]\", or use an operation that takes",
        ),
        ("raw[3]", ow.Grid("cyx"), "step 'mask': image: 'raw' has no channel '3'; it has 0 to 2"),
        ("raw[X]", ow.Grid("cyx", channels=("R", "G", "B")), "'raw' has no channel 'X'; it has R, G, B"),
        ("raw[0]", ow.Grid("zyx"), "names the channel '0', but 'raw' has no channels"),
    ],
)
def test_a_channel_that_is_not_there_is_refused(source: str, grid: ow.Grid, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ow.run(ow.Recipe([ow.Step("mask", "threshold_auto", {"image": source})]), (noise(3, 8, 8), grid))


def test_one_channel_may_be_given_where_several_are_taken() -> None:
    image = noise(2, 12, 14)
    step = ow.Step("kinds", "cluster_kmeans", {"channels": "raw[1]"}, {"n_classes": 2})
    kinds = last([step], (image, ow.Grid("cyx"))).results["kinds"].array
    np.testing.assert_array_equal(kinds, ow.apply("cluster_kmeans", image[1], n_classes=2))


def test_channels_of_one_name_are_measured_apart() -> None:
    image = np.stack([np.full((4, 4), 1.0), np.full((4, 4), 2.0)])
    step = ow.Step("table", "measure", {"labels": "cells", "images": {"raw": "raw"}})
    labels = np.ones((4, 4), int)
    for names, columns in (
        (("TL", "TL"), ("raw_0", "raw_1")),
        (("A", "B"), ("A", "B")),
        ((), ("raw_0", "raw_1")),
    ):
        inputs = {"cells": labels, "raw": (image, ow.Grid("cyx", channels=names))}
        frame = last([step], inputs).results["table"].array.frame
        assert [frame[f"intensity_mean_{column}"][0] for column in columns] == [1, 2]


# --- lazy inputs and outputs ---------------------------------------------------------------------------


def lazy_forms(array: np.ndarray, folder) -> dict:
    return {
        "dask": dask.array.from_array(array, chunks=7),
        "zarr": zarr.create_array(store=str(folder / "in.zarr"), data=array, chunks=(1, 7, 7)),
        "list": array.tolist(),
        "swapped": array.astype(array.dtype.newbyteorder()),
    }


@pytest.mark.parametrize("form", ["dask", "zarr", "list", "swapped"])
def test_arrays_of_any_make_give_the_same(tmp_path, form: str) -> None:
    array = series()
    steps = [SMOOTH, ow.Step("mask", "threshold_auto", {"image": "smooth"}, scope="series")]
    expected = last(steps, (array, ow.Grid("tyx"))).results["mask"].array
    found = last(steps, (lazy_forms(array, tmp_path)[form], ow.Grid("tyx"))).results["mask"].array
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("tile", [None, 9])
def test_a_result_is_written_into_what_is_given(tmp_path, tile: int | None) -> None:
    array = series()
    out = zarr.create_array(
        store=str(tmp_path / "out.zarr"), shape=array.shape, dtype="int32", chunks=(1, 8, 8)
    )
    steps = [OTSU, ow.Step("cells", "label_components", {"mask": "mask"})]
    progress = last(steps, (array, ow.Grid("tyx")), into={"cells": out}, tile=tile)
    assert progress.results["cells"].array is out
    expected = last(steps, (array, ow.Grid("tyx"))).results["cells"].array
    np.testing.assert_array_equal(out[:], expected)


@pytest.mark.parametrize(
    ("into", "sentence"),
    [
        (
            {"cells": np.zeros((20, 24), int)},
            r"into\['cells'\] must have the shape \(3, 20, 24\); found \(20, 24\)",
        ),
        ({"cels": np.zeros(3)}, r"into names 'cels', which is no output \(did you mean 'cells'\?\)"),
        ({"table": np.zeros((3, 20, 24))}, r"into\['table'\] cannot hold a table"),
    ],
)
def test_results_are_not_written_where_they_do_not_fit(into: dict, sentence: str) -> None:
    steps = [
        OTSU,
        ow.Step("cells", "label_components", {"mask": "mask"}),
        ow.Step("table", "measure", {"labels": "cells"}),
    ]
    with pytest.raises(ValueError, match=sentence):
        ow.run(ow.Recipe(steps), (series(), ow.Grid("tyx")), into=into)


def test_ids_that_do_not_fit_are_refused_and_not_cut() -> None:
    mask = np.zeros((40, 40), bool)
    mask[::2, ::2] = True
    out = np.zeros(mask.shape, np.uint8)
    with pytest.raises(
        ValueError, match=r"step 'cells': into\['cells'\] holds uint8, and the ids go up to 400"
    ):
        last([ow.Step("cells", "label_components", {"mask": "raw"})], mask, into={"cells": out})


# --- progress and stopping -----------------------------------------------------------------------------

CHAIN = [
    SMOOTH,
    ow.Step("mask", "threshold_auto", {"image": "smooth"}, scope="series"),
    ow.Step("filled", "fill_holes", {"mask": "mask"}),
    ow.Step("size", "estimate_diameter", {"mask": "filled"}),
    ow.Step("cells", "split_touching", {"mask": "filled"}, {"min_diameter": ow.From("size", 0.5)}),
    ow.Step("table", "measure", {"labels": "cells", "images": {"raw": "raw"}}),
]


@pytest.mark.parametrize("tile", [None, 9])
def test_progress_never_goes_back_and_ends_at_the_total(tile: int | None) -> None:
    steps = [*CHAIN[:3], ow.Step("cells", "split_touching", {"mask": "filled"})] if tile else CHAIN
    before, finished = 0, []
    for progress in ow.run(ow.Recipe(steps), (series(), ow.Grid("tyx")), tile=tile):
        assert before <= progress.done <= progress.total
        assert 0 <= progress.fraction <= 1
        before = progress.done
        if progress.finished:
            finished.append((progress.finished, progress.index["t"]))
            result = progress.results[progress.finished]
            if progress.finished == "cells":
                np.testing.assert_array_equal(progress.block, result.array[progress.index["t"]])
    assert progress.done == progress.total
    assert finished == [
        (name, t) for t in range(3) for name in ("cells", *(("table",) if tile is None else ()))
    ]


def test_closing_the_generator_stops_the_run() -> None:
    counted = Counted(series())
    running = ow.run(ow.Recipe([SMOOTH]), (counted, ow.Grid("tyx")))
    assert counted.reads == 0, "nothing is read before the first step"
    first = next(running)
    reads = counted.reads
    running.close()
    assert reads == counted.reads == 1
    assert first.done == 1 < first.total == 3
    with pytest.raises(StopIteration):
        next(running)


def test_what_is_wrong_is_found_before_anything_is_read() -> None:
    counted = Counted(series())
    recipe = ow.Recipe([SMOOTH, ow.Step("mask", "threshold_auto", {"image": "raw[GFP]"})])
    with pytest.raises(ValueError, match="no channels"):
        ow.run(recipe, (counted, ow.Grid("tyx")))
    assert counted.reads == 0


# --- scopes and values ---------------------------------------------------------------------------------


def thresholds(result: Result) -> dict:
    return {(row.get("t"), row.get("z")): row["value"] for row in result.values}


def test_a_value_of_each_frame_is_that_of_the_frame() -> None:
    image = series()
    result = last([OTSU], (image, ow.Grid("tyx"))).results["mask"]
    assert thresholds(result) == {(frame, None): threshold_otsu(image[frame]) for frame in range(3)}
    for frame in range(3):
        np.testing.assert_array_equal(result.array[frame], image[frame] > threshold_otsu(image[frame]))


def test_a_value_of_the_series_is_that_of_all_frames() -> None:
    image = series()
    step = ow.Step("mask", "threshold_auto", {"image": "raw"}, scope="series")
    counted = Counted(image)
    result = last([step], (counted, ow.Grid("tyx"))).results["mask"]
    assert thresholds(result) == {(None, None): threshold_otsu(image)}
    np.testing.assert_array_equal(result.array, image > threshold_otsu(image))
    # 16 bits are counted in one pass, and read once more for the result
    assert counted.reads == 6


def test_a_value_of_each_plane_is_that_of_the_plane() -> None:
    image = series()
    step = ow.Step("mask", "threshold_auto", {"image": "raw"}, scope="plane", by_plane=True)
    result = last([step], (image, ow.Grid("zyx"))).results["mask"]
    assert thresholds(result) == {(0, plane): threshold_otsu(image[plane]) for plane in range(3)}
    whole = last(
        [ow.Step("mask", "threshold_auto", {"image": "raw"}, by_plane=True)], (image, ow.Grid("zyx"))
    ).results["mask"]
    assert thresholds(whole) == {(0, None): threshold_otsu(image)}
    with pytest.raises(ValueError, match="the scope 'plane' of a volume needs by_plane = true"):
        ow.apply("threshold_auto", image, grid=ow.Grid("zyx"), scope="plane")


def test_a_series_value_after_other_steps_is_that_of_their_results() -> None:
    image = series()
    steps = [
        SMOOTH,
        ow.Step("mask", "threshold_auto", {"image": "smooth"}, {"method": "mean"}, scope="series"),
    ]
    result = last(steps, (image, ow.Grid("tyx"))).results["mask"]
    smooth = np.stack(
        [ndimage.gaussian_filter(frame.astype(np.float32), 1.0, mode="nearest") for frame in image]
    )
    (value,) = thresholds(result).values()
    assert value == pytest.approx(float(smooth.mean()), abs=float(np.ptp(smooth)) / 65536)
    np.testing.assert_array_equal(result.array, smooth > value)


def test_a_frame_gives_the_same_wherever_it_stands() -> None:
    """Of a large frame a sample is drawn: the same in a series as alone."""
    frame = np.random.default_rng(0).normal(100, 30, (400, 400)).astype(np.float32)
    assert frame.size > 1 << 17
    step = ow.Step("kinds", "cluster_kmeans", {"channels": "raw"}, {"n_classes": 2, "n_restarts": 1})
    together = last([step], (np.stack([frame, frame]), ow.Grid("tyx"))).results["kinds"]
    assert together.values[0]["value"] == together.values[2]["value"]
    np.testing.assert_array_equal(together.array[0], together.array[1])
    over_all = last(
        [
            ow.Step(
                "kinds",
                "cluster_kmeans",
                {"channels": "raw"},
                {"n_classes": 2, "n_restarts": 1},
                scope="series",
            )
        ],
        (np.stack([frame, frame]), ow.Grid("tyx")),
    ).results["kinds"]
    assert len(over_all.values) == 2


def test_locked_values_give_the_same_again() -> None:
    image = series()
    recipe = ow.Recipe([ow.Step("mask", "threshold_auto", {"image": "raw"}, scope="series")])
    result = last(recipe, (image, ow.Grid("tyx"))).results["mask"]
    again = last(recipe.lock(result.values), (image, ow.Grid("tyx"))).results["mask"]
    np.testing.assert_array_equal(again.array, result.array)
    assert again.values == []


def test_a_number_of_each_frame_is_used_for_that_frame() -> None:
    mask = np.zeros((2, 40, 80), bool)
    for frame, radius in enumerate((5, 12)):
        for column in (20, 55):
            y, x = np.ogrid[:40, :80]
            mask[frame] |= (y - 20) ** 2 + (x - column) ** 2 <= radius**2
    grid = ow.Grid("tyx", (0.5, 0.5), "um")
    steps = [
        ow.Step("size", "estimate_diameter", {"mask": "raw"}),
        ow.Step("opened", "open", {"mask": "raw"}, {"radius": ow.From("size", 0.25)}),
    ]
    recipe = ow.Recipe(steps, outputs=["size", "opened"], unit="um")
    results = last(recipe, (mask, grid)).results
    sizes = results["size"].array
    np.testing.assert_array_equal(sizes, ow.apply("estimate_diameter", mask, grid=grid))
    assert 4 < sizes[0] < 5.5 < 11 < sizes[1] < 12.5
    for frame in range(2):
        alone = ow.apply("open", mask[frame], grid=grid.without("t"), radius=0.25 * sizes[frame])
        np.testing.assert_array_equal(results["opened"].array[frame], alone)


def test_a_number_out_of_bounds_is_refused_when_it_is_found() -> None:
    steps = [
        ow.Step("size", "estimate_diameter", {"mask": "raw"}),
        ow.Step("mask", "threshold_local", {"image": "raw"}, {"diameter": ow.From("size")}),
    ]
    with pytest.raises(ValueError, match="step 'mask': diameter must be above 0; found 0"):
        last(steps, np.zeros((5, 5), bool))


def test_a_result_remembers_what_made_it() -> None:
    image = series()
    first = last(
        [SMOOTH, ow.Step("mask", "threshold_auto", {"image": "smooth"})], (image, ow.Grid("tyx"))
    ).results["mask"]
    then = last([ow.Step("cells", "label_components", {"mask": "given"})], {"given": first}).results["cells"]
    assert [step.op for step in then.recipe.steps] == [
        "smooth_gaussian",
        "threshold_auto",
        "label_components",
    ]
    assert then.recipe.inputs == ("raw",)
    assert then.kind == "labels"
    assert then.values == first.values
    assert len(first.values) == 3
    again = last(then.recipe, (image, ow.Grid("tyx"))).results
    np.testing.assert_array_equal(next(iter(again.values())).array, then.array)


# --- units ---------------------------------------------------------------------------------------------


def test_lengths_are_in_the_unit_of_the_recipe() -> None:
    image = noise(30, 32).astype(float)
    plain = ow.apply("smooth_gaussian", image, sigma=2.0)
    for unit, sigma, spacing in (
        ("um", 0.5, 0.25),
        ("nm", 500, 0.25),
        ("pixel", 2.0, 0.25),
        ("pixel", 2.0, 1.0),
    ):
        grid = ow.Grid("yx", (spacing, spacing), "um" if spacing != 1 else "pixel")
        recipe = ow.Recipe([SMOOTH], unit=unit).with_value("smooth", "sigma", sigma)
        np.testing.assert_allclose(last(recipe, (image, grid)).results["smooth"].array, plain, rtol=1e-12)


def test_pixels_are_those_along_y() -> None:
    image = noise(8, 20, 22).astype(float)
    grid = ow.Grid("zyx", (1.0, 0.5, 0.5), "um")
    smooth = last(ow.Recipe([SMOOTH], unit="pixel"), (image, grid)).results["smooth"].array
    np.testing.assert_allclose(
        smooth, ndimage.gaussian_filter(image, (0.5, 1, 1), mode="nearest"), rtol=1e-12
    )


def test_an_array_with_its_grid_has_lengths_in_the_unit_of_the_grid() -> None:
    image, grid = noise(30, 32).astype(float), ow.Grid("yx", (0.25, 0.25), "um")
    expected = ow.apply("smooth_gaussian", image, grid=grid, sigma=0.5)
    np.testing.assert_array_equal(ow.apply("smooth_gaussian", (image, grid), sigma=0.5), expected)
    np.testing.assert_array_equal(ow.apply("smooth_gaussian", Result(image, grid), sigma=0.5), expected)


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        (ow.Grid("yx"), "step 'smooth': the recipe gives lengths in um, but the image has no pixel size"),
        (ow.Grid("yx", unit="furlong"), "the recipe gives lengths in um, but the pixel size is in furlong"),
    ],
)
def test_lengths_that_the_image_cannot_give_are_refused(grid: ow.Grid, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ow.run(ow.Recipe([SMOOTH], unit="um"), (noise(8, 8), grid))
    # without a length nothing depends on it
    assert last(ow.Recipe([OTSU], unit="um"), (noise(8, 8), grid)).results["mask"].array.any()


# --- what does not fit ---------------------------------------------------------------------------------

SEEDED = ow.Recipe([ow.Step("cells", "watershed_seeded", {"image": "relief", "seeds": "seeds"})])
YX = ow.Grid("yx", (0.5, 0.5), "um")


@pytest.mark.parametrize(
    ("relief", "seeds", "sentence"),
    [
        (
            (np.zeros((4, 5)), YX),
            (np.zeros((4, 6), int), YX),
            "'relief' and 'seeds' must have the same size; found y 4 x x 5 and y 4 x x 6",
        ),
        (
            (np.zeros((4, 5)), YX),
            (np.zeros((4, 5), int), ow.Grid("yx", (0.4, 0.5), "um")),
            "must have the same pixel size",
        ),
        (
            (np.zeros((4, 5)), YX),
            (np.zeros((3, 4, 5), int), ow.Grid("zyx", (1, 0.5, 0.5), "um")),
            "must have the same size",
        ),
        (
            (np.zeros((2, 4, 5)), ow.Grid("tyx")),
            (np.zeros((3, 4, 5), int), ow.Grid("tyx")),
            "must have the same number of frames; found 2 and 3",
        ),
        (
            (np.zeros((4, 5)), YX),
            (np.zeros((4, 5)), YX),
            "step 'cells': seeds must be whole numbers; found float64",
        ),
        ((np.zeros((4, 5)), YX), (np.ones((4, 5), bool), YX), "seeds must give each object an id"),
        ((np.zeros((4, 5)), YX), (np.full((4, 5), -1), YX), "seeds must not hold negative ids; found -1"),
        (
            (np.zeros((4, 5), complex), YX),
            (np.zeros((4, 5), int), YX),
            "relief must hold real numbers; found complex128",
        ),
        (
            (np.zeros((4, 5, 6, 7)), None),
            (np.zeros((4, 5), int), YX),
            r"relief has 4 axes .* cannot be told from the shape: name them, .*'tzyx'",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_refused(relief: tuple, seeds: tuple, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        last(SEEDED, {"relief": relief, "seeds": seeds})


def test_one_pixel_size_in_two_units_fits() -> None:
    nm = ow.Grid("yx", (500, 500), "nm")
    seeds = np.eye(4, dtype=int)
    cells = last(SEEDED, {"relief": (np.zeros((4, 4)), YX), "seeds": (seeds, nm)}).results["cells"]
    assert cells.grid == YX
    assert cells.array.all()


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"relief": np.zeros((3, 3))}, "the input 'seeds' is missing; the recipe needs relief, seeds"),
        (
            {"relief": np.zeros((3, 3)), "seed": np.zeros((3, 3), int)},
            r"no input 'seed' \(did you mean 'seeds'\?\); it has relief, seeds",
        ),
        (np.zeros((3, 3)), "the recipe needs the inputs relief, seeds: give them by name"),
    ],
)
def test_inputs_that_are_missing_are_named(inputs: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ow.run(SEEDED, inputs)


def test_too_many_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="label_components is given mask; found 2 arrays"):
        ow.apply("label_components", np.zeros((3, 3), bool), np.zeros((3, 3), bool))


@pytest.mark.parametrize("tile", [0, (3, 3, 3), (3, -1)])
def test_a_tile_that_cannot_be_is_refused(tile: object) -> None:
    with pytest.raises(ValueError, match="tile needs one size of at least 1 for each of 2 axes"):
        last([SMOOTH], noise(8, 8), tile=tile)


def test_an_error_in_an_operation_names_the_step() -> None:
    with pytest.raises(ValueError, match="step 'kinds': centres and scales need 1 numbers"):
        last(
            [ow.Step("kinds", "cluster_kmeans", {"channels": "raw"}, {"centres": ((1, 2),), "scales": (1,)})],
            noise(5, 5),
        )
    for scope in ("frame", "series"):
        step = ow.Step("mask", "threshold_auto", {"image": "raw"}, {"method": "minimum"}, scope=scope)
        with pytest.raises(
            ValueError, match="step 'mask': method 'minimum' needs a histogram with two peaks"
        ):
            last([step], np.arange(64, dtype=np.uint8).reshape(8, 8))


def test_intermediate_results_are_dropped_when_nothing_looks_at_them_any_more() -> None:
    recipe = ow.Recipe(
        [
            ow.Step("smooth", "smooth_gaussian", {"image": "image"}, {"sigma": 1.0}),
            ow.Step("mask", "threshold_manual", {"image": "smooth"}, {"lower": 0.5}),
            ow.Step("labels", "label_components", {"mask": "mask"}),
        ]
    )
    image = np.zeros((3, 8, 8), np.float32)
    image[:, 2:5, 2:5] = 1
    grid = ow.Grid("tyx")
    inputs = {"image": Result(image, grid)}
    execution = Execution(Plan(recipe, inputs, {}, None), inputs)
    for progress in execution:
        if progress.step == "labels":
            assert execution.plan.slots["smooth"].array is None
    assert progress.results["labels"].array.max(axis=(1, 2)).tolist() == [1, 1, 1]


def test_a_result_never_shares_its_pixels_with_what_was_given() -> None:
    image = np.arange(12.0).reshape(3, 4)
    for name, values in (("smooth_gaussian", {"sigma": 0}), ("label_components", {}), ("remove_small", {})):
        given = image > 5 if name != "smooth_gaussian" else image
        assert not np.may_share_memory(ow.apply(name, given, **values), given)


def test_a_run_of_minutes_is_announced() -> None:
    from objectwise.core.run import expectation

    volume = np.broadcast_to(np.uint8(0), (64, 1024, 1024))
    grid = ow.Grid("zyx")
    step = ow.Step("clean", "denoise_nlm", {"image": "image"})
    assert expectation(ow.Recipe([step]), volume, grid=grid) == "about 3 minutes"
    # fewer pixels are searched where a length is shorter, or planes are worked on alone
    short = ow.Step("clean", "denoise_nlm", {"image": "image"}, {"search_radius": 1.0})
    assert expectation(ow.Recipe([short]), volume, grid=grid) == ""
    plane = ow.Step("clean", "denoise_nlm", {"image": "image"}, by_plane=True)
    assert expectation(ow.Recipe([plane]), volume, grid=grid) == ""
    both = ow.Recipe([step, ow.Step("mask", "threshold_auto", {"image": "clean"})])
    series = np.broadcast_to(np.uint8(0), (60, 64, 1024, 1024))
    said = expectation(both, series, grid=ow.Grid("tzyx"))
    assert said == "about 3 hours, most of it for clean"
    assert expectation(ow.Recipe([step]), np.zeros((0, 5, 5)), grid=grid) == ""


def test_every_declared_cost_is_a_number() -> None:
    for record in ow.operations.values():
        values = record.check({})
        for ndim in record.dimensions:
            cost = record.nanoseconds((1.0,) * ndim, values)
            assert cost == 0 or 50 < cost < 1e5
