"""The command line as a person uses it: what it reads and writes, and what it says when something does not fit."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tifffile

from objectwise import operations
from objectwise.arguments import parse
from objectwise.cli import main
from objectwise.core.grid import Grid
from objectwise.core.recipe import Recipe, Step
from objectwise.core.table import Table
from objectwise.io.images import read_image, write_image
from objectwise.recipes import shipped


def blobs(*shape):
    """Return an image with a bright block in each quarter of each plane."""
    image = np.full(shape, 20, np.uint8)
    image[..., 4:10, 4:10] = 200
    image[..., 20:24, 20:30] = 150
    return image


@pytest.fixture
def call(capsys):
    """Call the command line; return its exit code, its output and its complaints."""

    def run(*arguments):
        try:
            code = main([str(item) for item in arguments])
        except SystemExit as stop:
            code = stop.code
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def image(tmp_path):
    return write_image(tmp_path / "nuclei ü 1.ome.tif", blobs(32, 40), Grid("yx", (0.5, 0.5), "um"))


# --- what is understood --------------------------------------------------------------------------------


def as_text(value):
    """Return a value as a person types it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, tuple) else str(value)


def values_of(parameter, tiny):
    """Return values that the record of an operation allows for a parameter."""
    found = [
        parameter.default,
        tiny.get(parameter.name),
        *parameter.choices,
        parameter.minimum,
        parameter.maximum,
    ]
    if parameter.type is bool:
        found += [True, False]
    elif parameter.type in (int, float) and not parameter.choices:
        step = 1 if parameter.type is int else 0.1
        found += [limit + step for limit in (parameter.above, parameter.minimum) if limit is not None]
        if parameter.minimum is None and parameter.above is None:
            found += [-5, -0.001, -1e-7, 1e300]
    elif parameter.type is tuple:
        found += [(1.5, -2.0), ((1.0, 2.0), (3.0, 4.0)), (1, 2)]
    return [value for value in found if value is not None] + [None] * parameter.optional


@pytest.mark.parametrize("record", operations.values(), ids=lambda record: record.name)
def test_every_parameter_survives(record):
    files = [text for item in record.inputs[1:] if not item.optional for text in (f"--{item.name}", "b.tif")]
    start = ["apply", record.name]
    for parameter in record.parameters.values():
        flag = "--" + parameter.name.replace("_", "-")
        for value in values_of(parameter, record.tiny):
            expected = parameter.check(value, "")
            for words in ([flag, as_text(value)], [f"{flag}={as_text(value)}"]):
                found = parse([*start, "a.tif", *files, "-o", "c.tif", *words]).values
                assert list(found) == [parameter.name]
                assert found[parameter.name] == expected
                assert type(found[parameter.name]) is type(expected)
    assert parse([*start, "a.tif", *files, "-o", "c.tif"]).values == {}


@pytest.mark.parametrize("record", operations.values(), ids=lambda record: record.name)
def test_help_of_an_operation_tells_its_parameters(record, call):
    code, out, _ = call("apply", record.name, "--help")
    assert code == 0
    words = " ".join(out.split())
    for parameter in record.parameters.values():
        assert f"--{parameter.name.replace('_', '-')} " in words
    assert "`" not in out
    code, out, _ = call("ops", record.name)
    assert code == 0
    assert all(name in out for name in record.parameters)
    assert "`" not in out


def test_lists_of_operations_are_complete(call):
    for arguments in (["ops"], ["apply", "--help"]):
        code, out, _ = call(*arguments)
        assert code == 0
        assert all(f"  {name} " in out for name in operations)


@pytest.mark.parametrize("command", ["demo", "ops", "apply", "run", "measure", "schema"])
def test_every_command_has_help(command, call):
    code, out, err = call(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: objectwise {command}")
    assert len(re.findall(rf"^    {command} ", call("--help")[1], re.MULTILINE)) == 1


def test_lists_are_read_as_numbers_and_as_words(tmp_path):
    options = parse(
        ["apply", "cluster_kmeans", "a.tif", "-o", "b.tif", "--scales", "-1,2.5", "--centres", "[[1],[2]]"]
    )
    assert options.values == {"scales": (-1, 2.5), "centres": ((1,), (2,))}
    assert parse(["measure", "a.tif", "-o", "b.csv", "--features", "size,circularity"]).values == {
        "features": ("size", "circularity")
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "required: COMMAND"),
        (["count"], "invalid choice: 'count'"),
        (["apply"], "required: OP"),
        (["apply", "--overwrite"], "required: OP"),
        (["apply", "--", "threshold_auto"], "the name of the operation comes first"),
        (
            ["apply", "treshold_auto", "a.tif"],
            "no operation 'treshold_auto' (did you mean 'threshold_auto'?)",
        ),
        (["apply", "threshold_auto", "a.tif"], "required: -o/--output"),
        (["apply", "threshold_auto", "a.tif", "-o", "b.tif", "--metod", "li"], "did you mean '--method'?"),
        (["apply", "threshold_auto", "a.tif", "-o", "b.tif", "--meth", "li"], "no option '--meth' here"),
        (["apply", "threshold_auto", "a.tif", "c.tif", "-o", "b.tif"], "no argument 'c.tif' here"),
        (
            ["apply", "threshold_auto", "a.tif", "-o", "b.tif", "--method", "ostu"],
            "--method: must be one of otsu, li, triangle",
        ),
        (
            ["apply", "smooth_gaussian", "a.tif", "-o", "b.tif", "--sigma", "-1"],
            "must be at least 0; found -1",
        ),
        (
            ["apply", "smooth_gaussian", "a.tif", "-o", "b.tif", "--sigma", "big"],
            "must be a number; found 'big'",
        ),
        (["apply", "smooth_gaussian", "a.tif", "-o", "b.tif", "--sigma", "none"], "--sigma: must be"),
        (
            ["apply", "smooth_gaussian", "a.tif", "-o", "b.tif", "--spacing", "1;2"],
            "with commas between; found '1;2'",
        ),
        (["measure", "a.tif", "-o", "b.csv", "--featurs", "area"], "did you mean '--features'?"),
    ],
)
def test_wrong_command(arguments, sentence, call):
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1
    assert err.startswith("objectwise")


# --- images in and out ---------------------------------------------------------------------------------


def test_pixel_size_is_read_and_written_back(call, image, tmp_path):
    result = tmp_path / "labels of nuclei ü.ome.tif"
    mask = tmp_path / "mask.ome.tif"
    assert call("apply", "threshold_auto", image, "-o", mask) == (
        0,
        f"threshold: 20\n5.9% of the pixels are inside\nwritten to {mask}\n",
        "",
    )
    assert call("apply", "label_components", mask, "-o", result) == (
        0,
        f"2 objects\nwritten to {result}\n",
        "",
    )
    with tifffile.TiffFile(result) as file:
        assert 'PhysicalSizeX="0.5" PhysicalSizeXUnit="µm"' in file.ome_metadata
    table = tmp_path / "table.csv"
    assert call("measure", result, "--image", f"DAPI={image}", "-o", table) == (
        0,
        f"2 objects\nwritten to {table}\n",
        "",
    )
    found = Table.read_csv(table)
    assert found["area"].tolist() == [36 * 0.25, 40 * 0.25]
    assert found["intensity_mean_DAPI"].tolist() == [200, 150]
    assert found.units["area"] == "um^2"


def test_pixel_size_is_given_where_the_file_has_none(call, tmp_path):
    np.save(tmp_path / "a.npy", blobs(32, 40))
    given = ["--spacing", "0.5", "--unit", "um"]
    assert (
        call(
            "apply",
            "threshold_manual",
            tmp_path / "a.npy",
            "--lower",
            "100",
            "-o",
            tmp_path / "m.ome.tif",
            *given,
        )[0]
        == 0
    )
    assert read_image(tmp_path / "m.ome.tif").grid == Grid("yx", (0.5, 0.5), "um")


def test_pixel_size_is_converted(call, image, tmp_path):
    assert call("apply", "smooth_gaussian", image, "-o", tmp_path / "s.ome.tif", "--unit", "nm")[0] == 0
    assert read_image(tmp_path / "s.ome.tif").grid == Grid("yx", (500, 500), "nm")


def test_pixel_size_without_a_unit_is_noted(call, tmp_path):
    np.save(tmp_path / "a.npy", blobs(32, 40))
    code, _, err = call(
        "apply", "smooth_gaussian", tmp_path / "a.npy", "-o", tmp_path / "s.npy", "--spacing", "0.5"
    )
    assert code == 0
    assert (
        err
        == "a.npy: the pixel size has no unit, so that lengths are in 'pixel'; give --unit as well, such as --unit um\n"
    )


def test_lengths_are_in_the_unit(call, image, tmp_path):
    mask, kept = tmp_path / "mask.ome.tif", tmp_path / "kept.ome.tif"
    call("apply", "threshold_auto", image, "-o", mask)
    # the objects have 9 and 10 um^2
    call("apply", "remove_small", mask, "--min-size", "9.5", "-o", kept)
    assert (read_image(kept).array > 0).sum() == 40
    call("apply", "remove_small", mask, "--min-size", "10.5", "-o", kept, "--overwrite")
    assert (read_image(kept).array > 0).sum() == 0
    # left out, it is 64 pixels, whatever their size
    call("apply", "remove_small", mask, "-o", kept, "--overwrite")
    assert (read_image(kept).array > 0).sum() == 0


@pytest.mark.parametrize(
    ("axes", "shape", "options"),
    [
        ("yx", (32, 40), []),
        ("zyx", (3, 32, 40), []),
        ("tyx", (4, 32, 40), []),
        ("tzyx", (2, 3, 32, 40), []),
        ("zyx", (3, 32, 40), ["--by-plane"]),
        ("cyx", (2, 32, 40), ["--channel", "1"]),
        ("tczyx", (2, 2, 3, 32, 40), ["--channel", "0"]),
    ],
)
@pytest.mark.parametrize("suffix", [".ome.tif", ".npy"])
def test_axes(call, tmp_path, axes, shape, options, suffix):
    path = write_image(tmp_path / f"image{suffix}", blobs(*shape), Grid(axes))
    named = ["--axes", axes] if suffix == ".npy" and axes != "yx" else []
    mask, labels = tmp_path / "mask.ome.tif", tmp_path / "labels.ome.tif"
    assert call("apply", "threshold_auto", path, "-o", mask, *named, *options)[0] == 0
    found = read_image(mask)
    assert found.grid.axes == axes.replace("c", "")
    said = call("apply", "label_components", mask, "-o", labels)[1]
    frames = f" in {shape[0]} frames" if axes[0] == "t" else ""
    assert said.startswith(f"{2 * (shape[0] if frames else 1)} objects{frames}\n")
    if not named or "c" not in axes:
        again = ["--axes", found.grid.axes] if named else []
        assert call("measure", labels, "--image", f"all={path}", "-o", tmp_path / "table.csv", *again)[0] == 0


def test_image_with_channels_is_measured_beside_labels_without(call, tmp_path):
    names = ("DAPI", "actin")
    path = write_image(tmp_path / "cells.ome.tif", blobs(2, 3, 32, 40), Grid("czyx", channels=names))
    np.save(tmp_path / "labels.npy", (blobs(3, 32, 40) > 100).astype(int))
    code, _, err = call(
        "measure", tmp_path / "labels.npy", "--axes", "zyx", "--image", path, "-o", tmp_path / "t.csv"
    )
    assert (code, err) == (0, "")
    found = Table.read_csv(tmp_path / "t.csv")
    assert {"intensity_mean_DAPI", "intensity_mean_actin"} <= set(found.frame)


def test_colour_needs_a_channel(call, tmp_path):
    rgb = np.stack([blobs(32, 40), blobs(32, 40) // 2, blobs(32, 40) // 3], -1)
    path = write_image(tmp_path / "rgb.png", rgb, Grid("yxc"))
    code, _, err = call("apply", "threshold_auto", path, "-o", tmp_path / "m.png")
    assert code == 1
    assert "must be one channel, but 'image' has 3: name one, as in --channel red, or use" in err
    assert "cluster_kmeans" in err
    assert call("apply", "threshold_auto", path, "-o", tmp_path / "m.png", "--channel", "green")[0] == 0
    assert call("apply", "cluster_kmeans", path, "-o", tmp_path / "k.png", "--n-classes", "2")[0] == 0
    code, _, err = call("apply", "threshold_auto", path, "-o", tmp_path / "n.png", "--channel", "infrared")
    assert code == 1
    assert "no channel 'infrared'; it has red, green, blue" in err


def test_several_files_for_one_operation(call, image, tmp_path):
    np.save(tmp_path / "seeds.npy", np.eye(32, 40, dtype=int) * np.arange(1, 33)[:, np.newaxis])
    code, out, err = call(
        "apply", "watershed_seeded", image, "--seeds", tmp_path / "seeds.npy", "-o", tmp_path / "w.ome.tif"
    )
    assert (code, err) == (0, "")
    assert out.startswith("32 objects\n")
    assert read_image(tmp_path / "w.ome.tif").grid == Grid("yx", (0.5, 0.5), "um")


def test_tables_of_two_labels_are_made_by_apply(call, image, tmp_path):
    cells, spots = np.zeros((2, 32, 40), np.int32)
    cells[4:20, 4:20], cells[22:30, 4:20] = 3, 5
    spots[5:8, 5:8], spots[10:12, 6:8], spots[0:2, 30:32] = 1, 2, 9
    for name, labels in (("cells", cells), ("spots", spots)):
        write_image(tmp_path / f"{name}.ome.tif", labels, Grid("yx", (0.5, 0.5), "um"), kind="labels")
    children = tmp_path / "spots.ome.tif"
    table = tmp_path / "related.csv"
    parents = ["--parents", tmp_path / "cells.ome.tif", "-o", table]
    assert call("apply", "relate_objects", children, *parents) == (
        0, f"3 objects\nwritten to {table}\n", "",
    )  # fmt: skip
    assert Table.read_csv(table).frame["parent"].tolist() == [3, 3, 0]
    assert Table.read_csv(table).units["parent_centre_distance"] == "um"
    arguments = ["--children", children, "--image", f"DAPI={image}", "--features", "intensity_mean"]
    table = tmp_path / "parents.csv"
    code, *_ = call("apply", "measure_parents", tmp_path / "cells.ome.tif", *arguments, "-o", table)
    assert code == 0
    assert Table.read_csv(table).frame["n_children"].tolist() == [2, 0]
    assert "children_intensity_mean_DAPI_mean" in Table.read_csv(table).units
    table = tmp_path / "pattern.csv"
    code, out, _ = call("apply", "measure_pattern", children, "-o", table, "--max-distance", "8")
    assert code == 0
    assert out.startswith("20 rows, one for each distance\n")
    assert Table.read_csv(table).frame["distance"].iloc[-1] == 8
    code, _, err = call("apply", "relate_objects", children, "--parents", children, "-o", tmp_path / "a.tif")
    assert code == 1
    assert "must end in .csv" in err


def test_several_images_are_measured_by_their_names(call, image, tmp_path):
    np.save(tmp_path / "a=b.npy", blobs(32, 40) * 1.5)
    np.save(tmp_path / "labels.npy", (blobs(32, 40) > 100).astype(np.uint16) * 7)
    pictures = ["--image", f"DAPI={image}", "--image", tmp_path / "a=b.npy"]
    table = tmp_path / "table.csv"
    features = ["--features", "size,intensity_mean"]
    assert call("measure", tmp_path / "labels.npy", *pictures, "-o", table, *features)[0] == 0
    found = Table.read_csv(table)
    assert found["label"].tolist() == [7]
    # labels without a pixel size take that of the image
    assert found["area"].tolist() == [76 * 0.25]
    assert found["intensity_mean_a=b"].tolist() == pytest.approx([1.5 * found["intensity_mean_DAPI"][0]])
    code, _, err = call("measure", tmp_path / "labels.npy", *pictures, *pictures, "-o", tmp_path / "t.csv")
    assert (code, err.count("\n")) == (1, 1)
    assert "the name 'DAPI' stands twice" in err
    code, _, err = call("measure", tmp_path / "labels.npy", "--image", "none.tif", "-o", tmp_path / "t.csv")
    assert "--image must be NAME=FILE, or a file that is there; found 'none.tif'" in err


def test_mask_is_known_where_objects_are_asked_for(call, tmp_path):
    mask = np.zeros((20, 20), np.uint8)
    mask[2:4, 2:4] = mask[10:15, 10:15] = 1
    np.save(tmp_path / "black and white.npy", mask * 255)
    np.save(tmp_path / "ones.npy", mask)
    size = ["--min-size", "10", "-o", tmp_path / "out.ome.tif", "--overwrite"]
    assert call("apply", "remove_small", tmp_path / "black and white.npy", *size)[1].startswith(
        "6.2% of the pixels"
    )
    # one object in two pieces, unless it is said to be a mask
    assert call("apply", "remove_small", tmp_path / "ones.npy", *size)[1].startswith("1 object\n")
    assert call("apply", "remove_small", tmp_path / "ones.npy", *size, "--as-mask")[1].startswith(
        "6.2% of the pixels"
    )
    code, _, err = call("measure", tmp_path / "black and white.npy", "-o", tmp_path / "t.csv")
    assert code == 1
    assert "found a mask of bool: use label_components first" in err


def test_objects_are_counted_not_their_highest_id(call, tmp_path):
    np.save(tmp_path / "labels.npy", np.where(blobs(32, 40) > 100, 4000, 0))
    assert call(
        "apply", "remove_small", tmp_path / "labels.npy", "-o", tmp_path / "o.ome.tif", "--min-size", "2"
    )[1].startswith("1 object\n")


def test_number_is_told_and_written(call, image, tmp_path):
    call("apply", "threshold_auto", image, "-o", tmp_path / "m.ome.tif")
    code, out, _ = call("apply", "estimate_diameter", tmp_path / "m.ome.tif", "-o", tmp_path / "d.csv")
    value = pd.read_csv(tmp_path / "d.csv")["value"][0]
    assert code == 0
    assert float(out.split("\n")[0]) == pytest.approx(value, rel=1e-4)


def test_values_of_many_frames_are_told_in_one_line(call, tmp_path):
    path = write_image(tmp_path / "movie.ome.tif", blobs(9, 32, 40), Grid("tyx"))
    out = call("apply", "threshold_auto", path, "-o", tmp_path / "m.ome.tif")[1]
    assert out.startswith("threshold: 20, 20, 20, 20, 20, 20, ... (t 0 to 8)\n")


@pytest.mark.parametrize("text", ["-5", "-1e-3", "-.5", "-inf"])
def test_negative_numbers(call, tmp_path, text):
    np.save(tmp_path / "a.npy", blobs(32, 40).astype(np.float32) - 50)
    code, _, err = call(
        "apply", "threshold_manual", tmp_path / "a.npy", "--lower", text, "-o", tmp_path / "m.ome.tif"
    )
    assert (code, err) == (0, "")
    inside = np.load(tmp_path / "a.npy") >= float(text)
    np.testing.assert_array_equal(read_image(tmp_path / "m.ome.tif").array > 0, inside)


# --- what does not fit ---------------------------------------------------------------------------------


def saved(tmp_path, name):
    """Make a bad input."""
    path = tmp_path / name
    arrays = {
        "nan.npy": np.full((9, 9), np.nan, np.float32),
        "constant.npy": np.full((9, 9), 7, np.uint16),
        "pixel.npy": np.full((1, 1), 7, np.uint8),
        "bool.npy": np.eye(9, dtype=bool),
        "empty.npy": np.zeros((0, 9)),
        "negative.npy": np.eye(9, dtype=int) * -3,
        "float.npy": np.eye(9),
        "complex.npy": np.eye(9) * 1j,
        "four.npy": np.zeros((2, 3, 8, 8)),
    }
    if name in arrays:
        np.save(path, arrays[name])
    elif name == "notes.txt":
        path.write_text("no image", encoding="utf-8")
    elif name == "cut.tif":
        write_image(path, blobs(32, 40))
        path.write_bytes(path.read_bytes()[:-400])
    elif name == "damaged.ome.tif":
        write_image(path, np.random.default_rng(0).integers(0, 255, (32, 40), np.uint8))
        data = bytearray(path.read_bytes())
        data[400:900] = b"U" * 500
        path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("op", "name", "sentence"),
    [
        ("threshold_auto", "notes.txt", r"notes.txt: not an image that can be read \(TIFF, PNG, JPEG, NPY\)"),
        ("threshold_auto", "none.tif", "none.tif: there is no such file"),
        ("threshold_auto", "cut.tif", "cut.tif: the file is cut off"),
        ("threshold_auto", "damaged.ome.tif", "damaged.ome.tif: .*(decoded|damaged|cut off)"),
        (
            "threshold_auto",
            "four.npy",
            r"shape \(2, 3, 8, 8\) have no name in the file; name them with --axes, .* --axes tzyx",
        ),
        ("threshold_auto", "empty.npy", r"empty.npy: holds no pixels \(shape \(0, 9\)\)"),
        ("threshold_auto", "complex.npy", "pixels of type complex128 cannot be worked on"),
        ("remove_small", "negative.npy", "remove_small: objects must not hold negative ids; found -3"),
        ("remove_small", "float.npy", "must be whole numbers; found float64: threshold it first"),
        ("label_components", "nan.npy", "mask must be True or False; found float32: threshold it first"),
    ],
)
def test_bad_input_is_told_in_one_sentence(call, tmp_path, op, name, sentence):
    code, out, err = call("apply", op, saved(tmp_path, name), "-o", tmp_path / "out.ome.tif")
    assert (code, out) == (1, "")
    assert re.fullmatch(rf"objectwise: .*{sentence}.*\n", err)
    assert not (tmp_path / "out.ome.tif").exists()


@pytest.mark.parametrize("name", ["nan.npy", "constant.npy", "pixel.npy", "bool.npy"])
@pytest.mark.parametrize("op", ["threshold_auto", "smooth_gaussian", "cluster_kmeans"])
def test_poor_images_give_a_result(call, tmp_path, name, op):
    code, out, err = call("apply", op, saved(tmp_path, name), "-o", tmp_path / "out.ome.tif")
    assert (code, err) == (0, "")
    if op == "threshold_auto" and name != "bool.npy":
        assert out.startswith("threshold: not defined\n0.0% of the pixels are inside\n")


def test_sizes_that_do_not_fit_each_other(call, image, tmp_path):
    np.save(tmp_path / "labels.npy", np.ones((32, 32), int))
    code, _, err = call(
        "measure", tmp_path / "labels.npy", "--image", f"DAPI={image}", "-o", tmp_path / "t.csv"
    )
    assert code == 1
    assert (
        "measure: 'labels' and 'image DAPI' must have the same size; found y 32 x x 32 and y 32 x x 40" in err
    )


def test_pixel_sizes_that_do_not_fit_each_other(call, image, tmp_path):
    other = write_image(
        tmp_path / "labels.ome.tif",
        np.ones((32, 40), np.int32),
        Grid("yx", (0.25, 0.25), "um"),
        kind="labels",
    )
    code, _, err = call("measure", other, "--image", f"DAPI={image}", "-o", tmp_path / "t.csv")
    assert code == 1
    assert "must have the same pixel size; found (0.25, 0.25) um and (0.5, 0.5) um" in err


def test_output_is_refused_before_the_work(call, image, tmp_path, monkeypatch):
    monkeypatch.setattr("objectwise.core.run.run", None)
    taken = tmp_path / "taken.ome.tif"
    taken.write_text("mine", encoding="utf-8")
    for name, sentence in {
        taken: "is there already; choose another name, or allow it with --overwrite",
        tmp_path / "a.jpg": "must end in .ome.tif, .tif, .png, .npy",
        tmp_path / "none" / "a.tif": "there is no folder",
    }.items():
        code, _, err = call("apply", "threshold_auto", image, "-o", name)
        assert code == 1
        assert sentence in err
    assert taken.read_text(encoding="utf-8") == "mine"
    (tmp_path / "t_columns.csv").write_text("mine", encoding="utf-8")
    code, _, err = call("measure", image, "-o", tmp_path / "t.csv")
    assert code == 1
    assert "t_columns.csv is there already" in err


def test_overwriting_is_possible_when_asked_for(call, image, tmp_path):
    for _ in range(2):
        assert call("apply", "threshold_auto", image, "-o", tmp_path / "m.tif", "--overwrite")[0] == 0


def test_system_errors_are_a_sentence(call, image, tmp_path):
    code, _, err = call("demo", "-o", image)
    assert code == 1
    assert err == f"objectwise: {image}: File exists\n"


# --- stopping, pipes and terminals ---------------------------------------------------------------------


def test_stopping_leaves_no_file(call, image, tmp_path, monkeypatch):
    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(tifffile, "imwrite", stopped)
    code, _, err = call("apply", "threshold_auto", image, "-o", tmp_path / "m.ome.tif")
    assert (code, err) == (130, "stopped\n")
    assert list(tmp_path.iterdir()) == [image]


def test_too_little_memory_is_a_sentence(call, image, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr(tifffile, "imwrite", full)
    code, _, err = call("apply", "threshold_auto", image, "-o", tmp_path / "m.ome.tif")
    assert (code, err) == (1, "objectwise: there is not enough memory for this image\n")


def test_broken_pipe_is_quiet():
    process = subprocess.Popen(
        [sys.executable, "-m", "objectwise", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


def test_bar_is_drawn_on_a_terminal_only(call, tmp_path, monkeypatch):
    path = write_image(tmp_path / "movie.ome.tif", blobs(4, 32, 40), Grid("tyx"))
    arguments = ["apply", "smooth_gaussian", path, "-o", tmp_path / "s.ome.tif", "--overwrite"]
    assert call(*arguments)[2] == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    code, out, err = call(*arguments)
    assert code == 0
    assert "\r" not in out
    assert "[###############...............]  50%" in err
    assert err.endswith(" \r")


def test_nothing_heavy_is_imported_for_help():
    script = (
        "import sys; from objectwise.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in found.stderr.split()}
    heavy = {
        "dask",
        "magicgui",
        "napari",
        "numba",
        "pandas",
        "qtpy",
        "scipy",
        "skimage",
        "sklearn",
        "tifffile",
        "tomlkit",
        "zarr",
    }
    assert not loaded & heavy


def test_version(call):
    code, out, _ = call("--version")
    assert code == 0
    assert re.fullmatch(r"objectwise \d+\.\d+\.\d+.*\n", out)


# --- recipes -------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two images, a truncated one and a text file."""
    inside = tmp_path / "my images"
    inside.mkdir()
    for name in ("good ü.ome.tif", "better.tif", "cut.tif"):
        write_image(inside / name, blobs(32, 40), Grid("yx", (0.5, 0.5), "um"))
    (inside / "cut.tif").write_bytes((inside / "cut.tif").read_bytes()[:-400])
    (inside / "notes.txt").write_text("of no use", encoding="utf-8")
    (inside / ".hidden.tif").touch()
    return inside


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "my recipe.toml"
    path.write_text(
        """
        # written by hand
        recipe = 1
        unit = "um"

        [[step]]
        id = "mask"
        op = "threshold_auto"
        image = "nuclei"

        [[step]]
        id = "clean"
        op = "remove_small"
        objects = "mask"
        min_size = 9.5

        [[step]]
        id = "labels"
        op = "label_components"
        mask = "clean"

        [[step]]
        id = "table"
        op = "measure"
        labels = "labels"
        images = {DAPI = "nuclei"}
        """,
        encoding="utf-8",
    )
    return path


def test_recipe_on_a_folder(call, folder, recipe, tmp_path):
    out = tmp_path / "results"
    code, said, err = call("run", recipe, folder, "-o", out)
    assert code == 1
    assert err == "left out, as no image by its name: notes.txt\n"
    lines = said.splitlines()
    assert lines[0].startswith("better: 0.") or lines[0].endswith(" s")
    assert lines[1].startswith("cut: failed, cut.tif: the file is cut off")
    assert lines[3] == f"2 of 3 files are done, 1 failed; results in {out}"
    table = pd.read_csv(out / "all_table.csv")
    assert table["file"].tolist() == ["better", "good ü"]
    assert table["area"].tolist() == [10, 10]
    assert table["intensity_mean_DAPI"].tolist() == [150, 150]
    assert read_image(out / "good ü_labels.ome.tif").grid == Grid("yx", (0.5, 0.5), "um")
    (folder / "cut.tif").unlink()
    code, said, _ = call("run", recipe, folder, "-o", out)
    assert code == 0
    assert said == f"2 of 2 files are done already\n2 of 2 files are done; results in {out}\n"
    recipe.write_text(recipe.read_text(encoding="utf-8").replace("9.5", "8.5"), encoding="utf-8")
    code, _, err = call("run", recipe, folder, "-o", out)
    assert code == 1
    assert (
        "another recipe (clean: min_size 9.5 -> 8.5): choose another folder, or add --overwrite" in err
    )
    assert call("run", recipe, folder, "-o", out, "--overwrite")[0] == 0
    assert pd.read_csv(out / "all_table.csv")["area"].tolist() == [9, 10, 9, 10]


def test_pattern_and_missing_pixel_size(call, recipe, tmp_path):
    np.save(tmp_path / "a.npy", blobs(32, 40))
    pattern = str(tmp_path / "*.npy")
    code, said, _ = call("run", recipe, pattern, "-o", tmp_path / "out")
    assert code == 1
    assert "a: failed, step 'clean': the recipe gives lengths in um, but the image has no pixel size" in said
    # nothing was done there, so that the same folder serves
    given = ["--spacing", "0.5", "--unit", "um"]
    assert call("run", recipe, pattern, "-o", tmp_path / "out", *given)[0] == 0
    code, _, err = call("run", recipe, pattern, "-o", tmp_path / "out")
    assert code == 1
    assert "read with spacing 0.5 and unit um, not with nothing said" in err
    code, _, err = call("run", recipe, str(tmp_path / "*.jpg"), "-o", tmp_path / "out2")
    assert (code, err.count("\n")) == (1, 1)


def test_recipe_with_two_inputs(call, tmp_path):
    Recipe(
        [
            Step("labels", "watershed_seeded", {"image": "cells", "seeds": "spots"}),
            Step("clean", "remove_small", {"objects": "ready"}, {"min_size": 10.0}),
        ]
    ).write(tmp_path / "r.toml")
    for name, array in {
        "cells": blobs(32, 40),
        "spots": np.eye(32, 40, dtype=int),
        "ready": (blobs(32, 40) > 100) * 255,
    }.items():
        for number in (1, 2):
            np.save(tmp_path / f"{name}{number}.npy", array.astype(np.uint8))
    more = ["--input", f"spots={tmp_path}/spots*.npy", "--input", f"ready={tmp_path}/ready*.npy"]
    assert (
        call(
            "run",
            tmp_path / "r.toml",
            tmp_path / "cells1.npy",
            tmp_path / "cells2.npy",
            "-o",
            tmp_path / "out",
            *more,
        )[0]
        == 0
    )
    # black and white is a mask, as it is for apply
    assert tifffile.imread(tmp_path / "out" / "cells2_clean.ome.tif").max() == 255
    code, _, err = call("run", tmp_path / "r.toml", tmp_path / "cells1.npy", "-o", tmp_path / "out2", *more)
    assert code == 1
    assert "found 1 for 'cells', 2 for 'spots', 2 for 'ready'" in err
    code, _, err = call(
        "run", tmp_path / "r.toml", tmp_path / "cells1.npy", "-o", tmp_path / "out2", "--input", "spot=a"
    )
    assert code == 1
    assert "NAME one of cells, spots, ready; found 'spot=a'" in err


def test_shipped_recipe_by_its_name(call, tmp_path):
    from objectwise.demo import coins

    np.save(tmp_path / "coins.npy", coins().array)
    assert call("run", "coins", tmp_path / "coins.npy", "-o", tmp_path / "out")[0] == 0
    assert len(Table.read_csv(tmp_path / "out" / "coins_table.csv")) == 24
    assert Recipe.read(tmp_path / "out" / "recipe.toml") == shipped("coins")
    code, _, err = call("run", "coinz", tmp_path / "coins.npy", "-o", tmp_path / "out2")
    assert code == 1
    assert "(did you mean 'coins'?); there are coins, coins_classes, coins_split" in err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            ("threshold_auto", "threshold_otto"),
            "there is no operation 'threshold_otto' (did you mean 'threshold_auto'?)",
        ),
        (
            ("min_size", "min_sise"),
            "step 'clean': remove_small has no parameter 'min_sise' (did you mean 'min_size'?)",
        ),
        (("9.5", "-9.5"), "step 'clean': min_size must be at least 0; found -9.5"),
        (('"um"', '"furlong"'), "lengths in furlong, but the pixel size is in um"),
        (("recipe = 1", "recipe = one"), "not a recipe, as it is not TOML"),
        (("recipe = 1", ""), "the line 'recipe = 1' is needed"),
    ],
)
def test_mistake_in_a_recipe(call, folder, recipe, tmp_path, change, sentence):
    recipe.write_text(recipe.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    code, said, err = call("run", recipe, folder / "better.tif", "-o", tmp_path / "out")
    assert code == 1
    assert sentence in said + err
    assert err.count("\n") <= 1


def test_recipe_of_an_editor_that_marks_its_files(call, folder, recipe, tmp_path):
    recipe.write_text(recipe.read_text(encoding="utf-8").strip(), encoding="utf-8-sig")
    assert call("run", recipe, folder / "better.tif", "-o", tmp_path / "out")[0] == 0


def test_folder_that_is_not_ours(call, folder, recipe):
    code, _, err = call("run", recipe, folder / "better.tif", "-o", folder)
    assert code == 1
    assert "is not empty and holds no results of ours: choose another folder, or add --overwrite" in err


def test_schema_fits_the_shipped_recipes(call):
    import tomlkit
    from jsonschema import Draft202012Validator

    code, out, _ = call("schema")
    assert code == 0
    validator = Draft202012Validator(json.loads(out))
    for name in ("coins", "coins_classes", "coins_split"):
        validator.validate(tomlkit.parse(shipped(name).to_toml()).unwrap())


def test_a_run_of_minutes_is_announced(call, image, tmp_path, monkeypatch):
    from objectwise.core.plan import Plan

    monkeypatch.setattr(Plan, "seconds", lambda *_: 250.0)
    code, _, error = call("apply", "invert_image", image, "-o", tmp_path / "inverted.tif")
    assert code == 0
    assert error == "invert_image takes about 4 minutes\n"
    recipe = tmp_path / "recipe.toml"
    Recipe([Step("inverted", "invert_image", {"image": "image"})]).write(recipe)
    code, _, error = call("run", recipe, image, "-o", tmp_path / "results")
    assert code == 0
    assert error == f"{image.name.partition('.')[0]} takes about 4 minutes\n"
