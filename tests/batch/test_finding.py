"""Images as people name them: folders with other things in them, patterns, plates, lists and channels."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import zarr

from objectwise.batch import find_images
from objectwise.batch.files import Files, open_files
from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe, Step
from objectwise.io.images import read_image, write_image
from objectwise.io.opening import Reading
from tests.batch.scenes import GRID, picture, work, write


def found(*names, **options):
    images, left_out = find_images({"cells": [str(name) for name in names]}, **options)
    return {image.name: image for image in images}, {item.path.name: item.reason for item in left_out}


def test_folder_of_more_than_images(images):
    for name in ("notes.txt", ".DS_Store", "._a.ome.tif", "a_thumb.tif", "Thumbs.db"):
        (images / name).touch()
    (images / "broken.tif").write_bytes(b"no image")
    (images / "more").mkdir()
    names, left_out = found(images)
    # what should be an image and is none will be a row with an error
    assert list(names) == ["a", "b", "broken", "c"]
    assert left_out == {
        ".DS_Store": "a hidden file",
        "._a.ome.tif": "a hidden file",
        "Thumbs.db": "a thumbnail by its name",
        "a_thumb.tif": "a thumbnail by its name",
        "notes.txt": "no image by its name",
    }


def test_results_are_not_taken_for_images(images):
    work(images, images / "results")
    assert list(found(f"{images}/**/*.tif", results=images / "results")[0]) == ["a", "b", "c"]


def test_pattern_of_folders_gives_names_of_folders(tmp_path):
    for plate in ("p1", "p2"):
        (tmp_path / plate).mkdir()
        write(tmp_path / plate / "A01.ome.tif", 1)
    assert list(found(f"{tmp_path}/*/*.tif")[0]) == ["p1_A01", "p2_A01"]


def test_file_is_taken_by_its_name_whatever_it_is(images):
    assert list(found(images / "none.xyz")[0]) == ["none"]
    assert list(found(images / "a.ome.tif", images / "a.ome.tif")[0]) == ["a"]


@pytest.mark.parametrize("name", ["*.jpg", "empty"])
def test_nothing_is_a_mistake(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="there is no image in"):
        found(tmp_path / name)


# --- channels ------------------------------------------------------------------------------------------


@pytest.fixture
def two_channels(tmp_path):
    stack = np.stack([picture(1), picture(3)])
    grid = Grid("cyx", (0.5, 0.5), "um", channels=("DNA", "actin"))
    return write_image(tmp_path / "two.ome.tif", stack, grid)


@pytest.mark.parametrize(("channel", "count"), [("DNA", 1), ("actin", 3), ("1", 3)])
def test_channel_by_name_and_number(two_channels, out, channel, count):
    work(f"{two_channels}[{channel}]", out)
    assert len(pd.read_csv(out / "all_table.csv")) == count


def test_channel_of_all_that_fit_a_pattern(two_channels, tmp_path, out):
    work(f"{tmp_path}/*.tif[actin]", out)
    assert len(pd.read_csv(out / "all_table.csv")) == 3


def test_channel_that_is_not_there(two_channels, images, out):
    row = work(f"{two_channels}[DAPI]", out)["two"]
    assert row.error == "two.ome.tif has no channel 'DAPI'; it has DNA, actin"
    assert work(f"{images / 'a.ome.tif'}[DAPI]", out)["a"].error == "a.ome.tif has no channels; found [DAPI]"


def test_file_with_brackets_in_its_name(tmp_path):
    write(tmp_path / "a[1].ome.tif", 1)
    names, _ = found(tmp_path / "a[1].ome.tif")
    assert names["a[1]"].inputs["cells"].channel is None


# --- names that say something --------------------------------------------------------------------------


@pytest.fixture
def exported(tmp_path):
    """Return a folder as a screening microscope writes it: a file for each channel."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for well in ("A01", "B12"):
        for field in (1, 2):
            for channel, count in ((1, 2), (2, 3)):
                write(folder / f"{well}_s{field}_w{channel}.ome.tif", count)
    (folder / "protocol.tif").write_bytes(b"")
    return folder


PATTERN = "{well}_s{field}_w{channel}.ome.tif"


def test_files_of_one_image_are_its_channels(exported):
    names, left_out = found(exported, pattern=PATTERN)
    assert list(names) == ["A01_s1", "A01_s2", "B12_s1", "B12_s2"]
    assert names["B12_s2"].metadata == {"well": "B12", "field": "2"}
    assert left_out == {"protocol.tif": f"its name does not fit {PATTERN}"}
    result, _ = open_files(names["A01_s1"].inputs["cells"])
    assert result.array.shape == (2, 40, 60)
    assert result.grid == Grid("cyx", (0.5, 0.5), "um", channels=("1", "2"))


def test_recipe_for_one_channel_of_a_pattern(exported, out):
    work(f"{exported}[2]", out, pattern=PATTERN)
    table = pd.read_csv(out / "all_table.csv")
    assert table.columns[:5].tolist() == ["file", "well", "field", "frame", "label"]
    assert table.groupby(["well", "field"]).size().tolist() == [3, 3, 3, 3]


def test_recipe_that_names_the_channels_of_a_pattern(exported, out):
    recipe = Recipe(
        [
            Step("mask", "threshold_auto", {"image": "cells[2]"}, {"method": "otsu"}),
            Step("labels", "label_components", {"mask": "mask"}),
            Step("table", "measure", {"labels": "labels", "images": {"DNA": "cells[1]"}}),
        ]
    )
    work(exported, out, recipe, pattern=PATTERN)
    assert pd.read_csv(out / "all_table.csv")["intensity_mean_DNA"].tolist() == [200, 200, 10] * 4


def test_pattern_with_a_part_that_says_nothing(tmp_path):
    for name in ("A01_w1-9F3C.TIF", "A01_w2-1B22.TIF"):
        write_image(tmp_path / name, picture(1))
    names, _ = found(tmp_path, pattern="{well}_w{channel}-*.tif")
    assert list(names) == ["A01"]
    assert len(names["A01"].inputs["cells"].paths) == 2


def test_frames_and_planes_of_a_pattern(tmp_path):
    for t in range(2):
        for z in range(3):
            write(tmp_path / f"cell_t{t}_z{z:02}.ome.tif", t + z)
    names, _ = found(tmp_path, pattern="cell_t{t}_z{z}.ome.tif")
    files = names["cell"].inputs["cells"]
    stack, notes = open_files(files)
    assert (stack.array.shape, stack.grid.axes, stack.grid.calibrated) == ((2, 3, 40, 60), "tzyx", False)
    assert "the distance between the planes is not known" in notes[-1]
    stack, notes = open_files(files, None, Reading(spacing=(2.0, 0.5, 0.5), unit="um"))
    assert stack.grid == Grid("tzyx", (2.0, 0.5, 0.5), "um")
    np.testing.assert_array_equal(np.asarray(stack.array[1, 2]), picture(3))


def test_missing_file_of_a_stack_is_a_mistake(exported):
    (exported / "A01_s1_w2.ome.tif").unlink()
    assert len(found(exported, pattern=PATTERN)[0]["A01_s1"].inputs["cells"].paths) == 1
    for name in ("A01_t0_w1", "A01_t0_w2", "A01_t1_w1"):
        write(exported / f"{name}.ome.tif", 1)
    with pytest.raises(ValueError, match="A01: 3 files are not one for each of 2 frames and 2 channels"):
        found(exported, pattern="{well}_t{t}_w{channel}.ome.tif")


@pytest.mark.parametrize("pattern", ["a.tif", "{a}{b}.tif", "{a}_{a}.tif", "{label}.tif"])
def test_pattern_that_means_nothing(exported, pattern):
    with pytest.raises(ValueError, match=r"a pattern has names in braces|is a column of every table"):
        found(exported, pattern=pattern)


def test_files_that_do_not_fit_each_other(tmp_path, out):
    write(tmp_path / "a_w1.ome.tif", 1)
    write_image(tmp_path / "a_w2.ome.tif", picture(1, (30, 60)), GRID)
    row = work(tmp_path, out, pattern="{name}_w{channel}.ome.tif")["a"]
    assert row.error.startswith("a_w2.ome.tif does not fit a_w1.ome.tif, with which it makes one image")


# --- lists ---------------------------------------------------------------------------------------------


def test_list_with_treatments(images, out):
    path = images / "list.csv"
    path.write_text(
        "\ufefffile;well;treatment;replicate\na.ome.tif;A01;control;1\n\nc.ome.tif;A02;=drug;2\n", "utf-8"
    )
    assert list(work(path, out)) == ["a", "c"]
    table = pd.read_csv(out / "all_table.csv")
    assert table.columns[:4].tolist() == ["file", "well", "treatment", "replicate"]
    assert table["treatment"].tolist() == ["control", "'=drug", "'=drug", "'=drug"]
    # corrected in the list, only the table is written again
    path.write_text("file,treatment\na.ome.tif,none\nc.ome.tif,drug\n", "utf-8")
    assert work(path, out) == {}
    table = pd.read_csv(out / "all_table.csv")
    assert table.columns[:3].tolist() == ["file", "treatment", "frame"]
    assert table["treatment"].fillna("none").tolist() == ["none", "drug", "drug", "drug"]


def test_list_of_several_inputs_and_channels(two_channels, tmp_path, out):
    recipe = Recipe(
        [
            Step("mask", "threshold_auto", {"image": "nuclei"}, {"method": "otsu"}),
            Step("labels", "label_components", {"mask": "mask"}),
            Step("table", "measure", {"labels": "labels", "images": {"actin": "actin"}}),
        ]
    )
    path = tmp_path / "list.csv"
    path.write_text("actin,nuclei\ntwo.ome.tif[actin],two.ome.tif[DNA]\n", "utf-8")
    images, _ = find_images({"nuclei": [str(path)], "actin": []})
    assert images[0].inputs["nuclei"] == Files((str(two_channels),), channel="DNA")
    from objectwise.batch import plan, run_batch

    assert [row.error for row in run_batch(plan(recipe, images, out))] == [""]
    assert pd.read_csv(out / "all_table.csv")["intensity_mean_actin"].tolist() == [200.0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("well,dose\nA01,1\n", "has no column 'cells' for the files of this input; it has well, dose"),
        ("file,frame\na.ome.tif,1\n", "'frame' is a column of every table"),
        ("file,dose\na.ome.tif\n", "line 2: 1 cells for 2 columns"),
        ("file,dose\n,1\n", "line 2: the name of the file is missing"),
        ("file,dose\n", "names no image"),
        ("", "has no column"),
    ],
)
def test_mistake_in_a_list(images, text, sentence):
    (images / "list.csv").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=sentence):
        found(images / "list.csv")


# --- OME-Zarr ------------------------------------------------------------------------------------------


def zarr_image(folder, array, version="0.4", unit="micrometer"):
    """Write an OME-Zarr image by hand."""
    group = zarr.open_group(str(folder), mode="w", zarr_format=2 if version == "0.4" else 3)
    stored = group.create_array("0", shape=array.shape, dtype=array.dtype, chunks=(1, 20, 60))
    stored[:] = array
    said = {
        "multiscales": [
            {
                "version": version,
                "axes": [
                    {"name": "c", "type": "channel"},
                    *({"name": axis, "type": "space", "unit": unit} for axis in "yx"),
                ],
                "datasets": [
                    {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 0.25, 0.25]}]}
                ],
                "coordinateTransformations": [{"type": "scale", "scale": [1, 2, 2]}],
            }
        ],
        "omero": {"channels": [{"label": "DNA"}, {"label": "actin"}]},
    }
    group.attrs.put(said if version == "0.4" else {"ome": said})
    return folder


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_is_read_with_its_calibration(tmp_path, version):
    array = np.stack([picture(1), picture(3)])
    path = zarr_image(tmp_path / "a.ome.zarr", array, version)
    image = read_image(path)
    assert image.grid == Grid("cyx", (0.5, 0.5), "um", channels=("DNA", "actin"))
    np.testing.assert_array_equal(image.array, array)
    assert read_image(path, lazy=True).array.chunks[1] == (20, 20)


def test_folder_of_ome_zarr_images(tmp_path, out):
    zarr_image(tmp_path / "a.zarr", np.stack([picture(1), picture(3)]))
    work(f"{tmp_path}[actin]", out)
    assert len(pd.read_csv(out / "all_table.csv")) == 3


@pytest.fixture
def plate(tmp_path):
    folder = tmp_path / "plate.zarr"
    group = zarr.open_group(str(folder), mode="w", zarr_format=2)
    group.attrs.put({"plate": {"wells": [{"path": "A/01"}, {"path": "B/12"}]}})
    for well, count in (("A/01", 1), ("B/12", 2)):
        inside = group.create_group(well)
        inside.attrs.put({"well": {"images": [{"path": "0"}, {"path": "1"}]}})
        for field in "01":
            zarr_image(folder / well / field, np.stack([picture(count), picture(3)]))
    return folder


def test_plate(plate, out):
    work(f"{plate}[DNA]", out)
    table = pd.read_csv(out / "all_table.csv")
    assert table["file"].tolist() == [
        *("plate_A01_0", "plate_A01_1"),
        *("plate_B12_0", "plate_B12_0", "plate_B12_1", "plate_B12_1"),
    ]
    assert table.columns[:5].tolist() == ["file", "plate", "well", "field", "frame"]
    assert table["well"].tolist() == ["A01"] * 2 + ["B12"] * 4
    # one chunk of one field is enough to be another image
    field = zarr.open_group(str(plate / "A" / "01" / "1"), mode="r+")
    field["0"][0] = picture(5)
    assert list(work(f"{plate}[DNA]", out)) == ["plate_A01_1"]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"plate": {"wells": [{"path": "../../elsewhere"}]}}, "lies outside of it"),
        ({"plate": {"wells": [{"path": "/etc"}]}}, "lies outside of it"),
    ],
)
def test_plate_that_leads_elsewhere_is_refused(plate, said, sentence):
    (plate / ".zattrs").write_text(json.dumps(said), "utf-8")
    with pytest.raises(ValueError, match=sentence):
        found(plate)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_ome_zarr_whose_metadata_are_no_text_is_a_mistake(tmp_path, text):
    path = zarr_image(tmp_path / "a.zarr", np.stack([picture(1), picture(3)]))
    (path / ".zattrs").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"a\.zarr: the metadata in \.zattrs cannot be read"):
        found(path)


@pytest.mark.parametrize(
    "text", ['{"multiscales": []}', '{"multiscales": [{"datasets": [{"path": "../0"}]}]}', "{}"]
)
def test_ome_zarr_without_an_image_is_a_row(tmp_path, out, text):
    path = zarr_image(tmp_path / "a.zarr", np.stack([picture(1), picture(3)]))
    (path / ".zattrs").write_text(text, "utf-8")
    assert work(path, out)["a"].error.startswith("a.zarr: ")
