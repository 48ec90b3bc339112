"""Image files: what is written is read again, and what is no image is refused in one sentence."""

from __future__ import annotations

import csv
import os
import pickle
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from objectwise.core.grid import Grid
from objectwise.io.images import ImageFileError, is_image, read_image, supported, write_image

SIZES = {"t": 6, "c": 2, "z": 5, "y": 20, "x": 31}
STEPS = {"z": 0.5, "y": 0.2, "x": 0.25}
AXES = ["yx", "zyx", "tyx", "cyx", "tzyx", "tcyx", "czyx", "tczyx"]


def grid_of(axes: str, unit: str = "um") -> Grid:
    return Grid(
        axes,
        tuple(STEPS[axis] for axis in axes if axis in STEPS),
        unit,
        interval=2.5 if "t" in axes else 1.0,
        interval_unit="s" if "t" in axes else "frame",
        channels=("DNA", "actin µ") if "c" in axes else (),
    )


def ramp(axes: str, dtype: str = "uint16") -> np.ndarray:
    shape = tuple(SIZES[axis] for axis in axes)
    return (np.arange(np.prod(shape)) % 250).reshape(shape).astype(dtype)


def one_sentence(error: pytest.ExceptionInfo) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 250
    return text


# there and back


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("axes", AXES)
def test_ome_tiff_comes_back_with_its_grid(tmp_path, axes, dtype):
    array, grid = ramp(axes, dtype), grid_of(axes)
    path = write_image(tmp_path / "a.ome.tif", array, grid)
    found = read_image(path)
    assert found.grid == grid
    assert found.array.dtype == dtype
    assert found.name == "a"
    assert found.notes == ()
    np.testing.assert_array_equal(found.array, array)
    np.testing.assert_array_equal(tifffile.imread(path), array)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("axes", AXES)
def test_imagej_tiff_comes_back_with_its_grid(tmp_path, axes, dtype):
    array, grid = ramp(axes, dtype), grid_of(axes)
    path = write_image(tmp_path / "a.tif", array, grid)
    found = read_image(path)
    with tifffile.TiffFile(path) as file:
        assert file.is_imagej
    np.testing.assert_array_equal(
        found.array, array.transpose([axes.index(axis) for axis in found.grid.axes])
    )
    assert sorted(found.grid.axes) == sorted(axes)
    assert found.grid.block_spacing == pytest.approx(grid.block_spacing, rel=1e-6)
    assert (found.grid.unit, found.grid.interval, found.grid.interval_unit) == (
        "um",
        grid.interval,
        grid.interval_unit,
    )
    if "c" in axes:
        assert found.grid.channels == grid.channels


def test_any_order_of_axes_is_written_as_tczyx(tmp_path):
    array = ramp("zcyxt")
    found = read_image(write_image(tmp_path / "a.ome.tif", array, Grid("zcyxt", (0.5, 0.2, 0.25), "um")))
    assert found.grid.axes == "tczyx"
    assert found.grid.spacing == (0.5, 0.2, 0.25)
    np.testing.assert_array_equal(found.array, array.transpose(4, 1, 0, 2, 3))


@pytest.mark.parametrize("name", ["a.ome.tif", "a.tif", "a.png"])
def test_rgb_stays_as_it_lies(tmp_path, name):
    array = np.random.default_rng(0).integers(0, 255, (20, 31, 3), dtype=np.uint8)
    grid = Grid("yxc", (0.5, 0.25), "um")
    found = read_image(write_image(tmp_path / name, array, grid))
    assert found.grid.axes == "yxc"
    assert found.grid.channels == ("red", "green", "blue")
    np.testing.assert_array_equal(found.array, array)
    if name != "a.png":
        assert found.grid.spacing == (0.5, 0.25)


@pytest.mark.parametrize("unit", ["nm", "mm", "cm", "pm", "Å", "m", "in", "um"])
@pytest.mark.parametrize("name", ["a.ome.tif", "a.tif"])
def test_units_come_back(tmp_path, name, unit):
    # a centimetre as wide as a print resolution is taken for one, so lengths are small here
    step = 1e-5 if unit in ("cm", "in") else 0.325
    found = read_image(write_image(tmp_path / name, ramp("yx"), Grid("yx", (step, step), unit)))
    # an ImageJ file cannot say ångström
    expected = ("nm", step / 10) if (unit, name) == ("Å", "a.tif") else (unit, step)
    assert found.grid.unit == expected[0]
    assert found.grid.spacing == pytest.approx((expected[1],) * 2, rel=1e-6)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "min", "h", "d"])
def test_time_units_come_back_from_ome(tmp_path, unit):
    grid = Grid("tyx", (1.0, 1.0), "um", interval=5.0, interval_unit=unit)
    assert read_image(write_image(tmp_path / "a.ome.tif", ramp("tyx"), grid)).grid == grid


def test_a_ratio_of_pixel_sizes_without_a_unit_comes_back(tmp_path):
    grid = Grid("zyx", (2.18, 1, 1))
    found = read_image(write_image(tmp_path / "a.ome.tif", ramp("zyx"), grid))
    assert found.grid == grid
    assert not found.grid.calibrated


def test_an_uncalibrated_image_says_so(tmp_path):
    for name in ("a.ome.tif", "a.tif", "a.png", "a.npy"):
        found = read_image(write_image(tmp_path / name, ramp("yx")))
        assert found.grid == Grid("yx"), name


def test_an_unknown_unit_is_not_lost_silently(tmp_path):
    with pytest.raises(ImageFileError, match="furlong") as error:
        write_image(tmp_path / "a.ome.tif", ramp("yx"), Grid("yx", (1, 1), "furlong"))
    one_sentence(error)


def test_large_planes_are_tiled_and_compressed(tmp_path):
    array = np.zeros((2, 2100, 1030), np.int32)
    array[1, 2050:, 1000:] = 70_000
    path = write_image(tmp_path / "a.ome.tif", array, Grid("tyx", (0.5, 0.5), "um"), kind="labels")
    with tifffile.TiffFile(path) as file:
        assert file.pages[0].is_tiled
    assert path.stat().st_size < array.nbytes / 100
    np.testing.assert_array_equal(read_image(path).array, array)
    lazy = read_image(path, lazy=True)
    assert lazy.array.chunks[1][0] == 512
    np.testing.assert_array_equal(np.asarray(lazy.array[1, 2040:, 990:]), array[1, 2040:, 990:])


# kinds


def test_labels_are_int32_and_a_mask_is_0_and_255(tmp_path):
    labels = np.array([[0, 1, 70_000]], np.int64)
    found = read_image(write_image(tmp_path / "a.ome.tif", labels, kind="labels"))
    assert found.array.dtype == np.int32
    np.testing.assert_array_equal(found.array, labels)
    for name in ("m.ome.tif", "m.tif", "m.png"):
        mask = read_image(write_image(tmp_path / name, labels > 0, kind="mask")).array
        assert mask.dtype == np.uint8
        assert mask.tolist() == [[0, 255, 255]]
    assert read_image(write_image(tmp_path / "m.npy", labels > 0, kind="mask")).array.dtype == bool
    classes = read_image(write_image(tmp_path / "c.ome.tif", np.array([[0, 1, 3]]), kind="classes")).array
    assert classes.dtype == np.uint8


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_labels_that_do_not_fit_are_refused_with_the_way_out(tmp_path, name):
    fits = np.array([[0, 65_535]])
    assert read_image(write_image(tmp_path / name, fits, kind="labels")).array.tolist() == fits.tolist()
    with pytest.raises(ImageFileError, match=r"70000.*write a\.ome\.tif instead") as error:
        write_image(tmp_path / name, np.array([[0, 70_000]]), kind="labels", overwrite=True)
    one_sentence(error)
    assert read_image(tmp_path / name).array.tolist() == fits.tolist()


@pytest.mark.parametrize(
    ("array", "kind", "words"),
    [
        (np.array([[0, -1]]), "labels", "0 or more"),
        (np.array([[0.5, 1]]), "labels", "whole numbers"),
        (np.array([[0, 2**40]]), "labels", "do not fit"),
        (np.array([[0, 300]]), "classes", "do not fit"),
        (np.zeros((2, 2), complex), "image", "complex128"),
        (np.zeros((2, 2), np.int64), "image", "int64"),
        (np.zeros((2, 0), np.uint8), "image", "no pixels"),
        (np.zeros((2, 2), np.uint8), "picture", "kind must be"),
        (np.zeros((2, 2, 2), np.uint8), "image", "axes"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, array, kind, words):
    with pytest.raises(ImageFileError, match=words):
        write_image(tmp_path / "a.ome.tif", array, kind=kind)
    assert list(tmp_path.iterdir()) == []


def test_a_name_with_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(ImageFileError, match="must end in"):
        write_image(tmp_path / "a.gif", ramp("yx"))
    with pytest.raises(ImageFileError, match="no folder"):
        write_image(tmp_path / "missing" / "a.png", ramp("yx"))
    with pytest.raises(ImageFileError, match="one plane"):
        write_image(tmp_path / "a.png", ramp("zyx", "uint8"), grid_of("zyx"))
    with pytest.raises(ImageFileError, match=r"float64.*a\.ome\.tif"):
        write_image(tmp_path / "a.tif", ramp("yx", "float64"))


# never half a file, never over another one


def test_a_file_is_not_replaced_unless_asked(tmp_path):
    path = write_image(tmp_path / "a.ome.tif", ramp("yx"))
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_image(path, ramp("yx") + 1)
    np.testing.assert_array_equal(read_image(path).array, ramp("yx"))
    write_image(path, ramp("yx") + 1, overwrite=True)
    np.testing.assert_array_equal(read_image(path).array, ramp("yx") + 1)


class Breaking:
    """An array whose second plane cannot be read."""

    shape, dtype = (5, 20, 31), np.dtype("uint16")

    def __getitem__(self, where):
        if where[0] == 1:
            raise RuntimeError("the disk went away")
        return np.zeros(self.shape[1:], self.dtype)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    path = write_image(tmp_path / "a.ome.tif", ramp("zyx"), grid_of("zyx"))
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="disk"):
        write_image(path, Breaking(), grid_of("zyx"), overwrite=True)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.ome.tif"]


# what other programs write


def test_ome_defaults_and_mixed_units(tmp_path):
    metadata = {
        "axes": "ZYX",
        "PhysicalSizeX": 0.2,
        "PhysicalSizeY": 200,
        "PhysicalSizeYUnit": "nm",
        "PhysicalSizeZ": 1,
    }
    tifffile.imwrite(tmp_path / "a.ome.tif", ramp("zyx"), metadata=metadata)
    grid = read_image(tmp_path / "a.ome.tif").grid
    assert (grid.spacing, grid.unit) == ((1.0, 0.2, 0.2), "um")


def test_a_stack_without_its_depth_is_not_calibrated_and_says_so(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        ramp("zyx"),
        metadata={"axes": "ZYX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2},
    )
    found = read_image(tmp_path / "a.ome.tif")
    assert found.grid == Grid("zyx")
    assert "along z" in found.notes[0]
    # read as a movie, the depth is not missed
    assert read_image(tmp_path / "a.ome.tif", axes="tyx").grid == Grid("tyx", (0.2, 0.2), "um")


def test_imagej_leaves_out_a_depth_of_one_and_writes_micrometres_its_own_way(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        ramp("zyx"),
        imagej=True,
        resolution=(5, 4),
        metadata={"axes": "ZYX", "unit": "\\u00B5m"},
    )
    assert read_image(tmp_path / "a.tif").grid == Grid("zyx", (1, 0.25, 0.2), "um")


@pytest.mark.parametrize(
    ("resolution", "unit", "expected"),
    [
        ((300, 300), "INCH", None),
        ((72, 72), "INCH", None),
        ((118.11, 118.11), "CENTIMETER", None),
        ((1, 1), "NONE", None),
        ((40000, 20000), "CENTIMETER", (0.5, 0.25)),
        ((254000, 254000), "INCH", (0.1, 0.1)),
    ],
)
def test_a_print_resolution_is_no_pixel_size(tmp_path, resolution, unit, expected):
    tifffile.imwrite(
        tmp_path / "a.tif", ramp("yx"), resolution=resolution, resolutionunit=unit, metadata=None
    )
    found = read_image(tmp_path / "a.tif")
    assert found.grid == (Grid("yx", expected, "um") if expected else Grid("yx"))
    assert bool(found.notes) == (expected is None and unit != "NONE")


def test_imagej_in_inches_is_a_print_resolution_too(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", ramp("yx"), imagej=True, resolution=(72, 72), metadata={"unit": "inch"}
    )
    assert read_image(tmp_path / "a.tif").grid == Grid("yx")


def test_plane_names_of_imagej_are_channel_names_only_if_they_agree(tmp_path):
    for names, expected in ((["a", "b"] * 6, ("a", "b")), ([str(i) for i in range(12)], ())):
        tifffile.imwrite(
            tmp_path / "a.tif", ramp("tcyx"), imagej=True, metadata={"axes": "TCYX", "Labels": names}
        )
        assert read_image(tmp_path / "a.tif").grid.channels == expected


def test_singletons_are_dropped_and_unknown_axes_are_asked_for(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((1, 1, 20, 31), np.uint8), metadata={"axes": "ZCYX"})
    assert read_image(tmp_path / "a.tif").grid == Grid("yx")
    tifffile.imwrite(tmp_path / "q.tif", np.zeros((1, 20, 31), np.uint8))
    assert read_image(tmp_path / "q.tif").grid == Grid("yx")
    tifffile.imwrite(tmp_path / "qq.tif", ramp("zyx"))
    with pytest.raises(ImageFileError, match=r"\(5, 20, 31\).*axes='zyx'") as error:
        read_image(tmp_path / "qq.tif")
    one_sentence(error)
    assert read_image(tmp_path / "qq.tif", axes="tyx").grid == Grid("tyx")
    assert read_image(tmp_path / "qq.tif", axes="zyx", spacing=0.5, unit="um").grid == Grid(
        "zyx", (0.5,) * 3, "um"
    )


def test_a_single_frame_may_be_named_as_a_movie(tmp_path):
    write_image(tmp_path / "a.ome.tif", ramp("zyx")[None], Grid("tzyx", (0.5, 0.2, 0.2), "um"))
    assert read_image(tmp_path / "a.ome.tif", axes="tzyx").grid == Grid("zyx", (0.5, 0.2, 0.2), "um")


def test_what_is_given_overrides_the_file(tmp_path):
    path = write_image(tmp_path / "a.ome.tif", ramp("zyx"), grid_of("zyx"))
    assert read_image(path, unit="nm").grid == Grid("zyx", (500, 200, 250), "nm")
    assert read_image(path, spacing=(1, 2, 3)).grid == Grid("zyx", (1, 2, 3), "um")
    assert read_image(path, spacing=(1, 2, 3), unit="mm").grid == Grid("zyx", (1, 2, 3), "mm")
    for wrong, words in (
        ({"axes": "yx"}, "name 2 axes"),
        ({"axes": "qyx"}, "different letters"),
        ({"axes": "zzyx"}, "different letters"),
        ({"spacing": (1, 2)}, "one number for each"),
        ({"spacing": (1, 2, 0)}, "above 0"),
        ({"unit": "s"}, "cannot be given"),
        ({"scene": 1}, "scene must be"),
    ):
        with pytest.raises(ImageFileError, match=words) as error:
            read_image(path, **wrong)
        one_sentence(error)
    bare = write_image(tmp_path / "bare.png", ramp("yx", "uint8"))
    with pytest.raises(ImageFileError, match="no pixel size"):
        read_image(bare, unit="um")


def test_several_images_in_one_file_must_be_chosen_from(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        writer.write(ramp("yx"), metadata={"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5})
        writer.write(ramp("zyx"), metadata={"axes": "ZYX"})
    with pytest.raises(ImageFileError, match="scene=0 to scene=1"):
        read_image(tmp_path / "a.ome.tif")
    first, second = (read_image(tmp_path / "a.ome.tif", scene=scene) for scene in (0, 1))
    assert (first.grid, first.scene, first.n_scenes) == (Grid("yx", (0.5, 0.5), "um"), 0, 2)
    assert second.grid == Grid("zyx")


def test_alpha_is_dropped_where_it_says_nothing(tmp_path):
    pixels = np.full((20, 31, 4), 255, np.uint8)
    pixels[..., 0] = 7
    Image.fromarray(pixels).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    for name in ("a.png", "a.tif"):
        found = read_image(tmp_path / name)
        assert found.array.shape == (20, 31, 3)
        assert found.grid.channels == ("red", "green", "blue")
    pixels[3, 4, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    for name in ("a.png", "a.tif"):
        found = read_image(tmp_path / name)
        assert found.grid.channels == ("red", "green", "blue", "alpha")
        assert "transparency" in found.notes[0]


def test_pictures_of_every_mode(tmp_path):
    grey = ramp("yx", "uint8")
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(ramp("yx") * 200).save(tmp_path / "deep.png")
    Image.fromarray(grey > 9).save(tmp_path / "mask.png")
    Image.fromarray(grey).convert("P").save(tmp_path / "palette.png")
    Image.fromarray(np.repeat(grey[..., None], 3, 2)).save(tmp_path / "colour.jpg", quality=95)
    Image.fromarray(np.stack([grey, np.full_like(grey, 255)], -1)).save(tmp_path / "opaque.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png").array, grey)
    np.testing.assert_array_equal(read_image(tmp_path / "deep.png").array, ramp("yx") * 200)
    assert read_image(tmp_path / "mask.png").array.dtype == bool
    assert read_image(tmp_path / "palette.png").grid.axes == "yxc"
    assert read_image(tmp_path / "colour.jpg").grid.axes == "yxc"
    np.testing.assert_array_equal(read_image(tmp_path / "opaque.png").array, grey)


def test_16_bit_colour_png_keeps_its_bits(tmp_path):
    imagecodecs = pytest.importorskip("imagecodecs")
    array = np.arange(20 * 31 * 3, dtype=np.uint16).reshape(20, 31, 3) * 30
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(array))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").array, array)


def test_the_content_counts_and_not_the_suffix(tmp_path):
    write_image(tmp_path / "a.png", ramp("yx", "uint8"))
    (tmp_path / "a.png").rename(tmp_path / "a.tif")
    assert read_image(tmp_path / "a.tif").grid == Grid("yx")
    assert is_image(tmp_path / "a.tif")
    assert not is_image(tmp_path)
    assert not is_image(tmp_path / "missing.tif")
    assert supported("A.TIFF")
    assert not supported("table.csv")


def test_big_endian_and_strips_and_lzw(tmp_path):
    array = ramp("yx")
    tifffile.imwrite(tmp_path / "a.tif", array, byteorder=">")
    tifffile.imwrite(tmp_path / "b.tif", array, compression="lzw", rowsperstrip=3, bigtiff=True)
    for name in ("a.tif", "b.tif"):
        for lazy in (False, True):
            found = np.asarray(read_image(tmp_path / name, lazy=lazy).array)
            assert found.dtype == np.uint16
            assert found.dtype.isnative
            np.testing.assert_array_equal(found, array)


# NPY


def test_npy_says_nothing_about_more_than_two_axes(tmp_path):
    np.save(tmp_path / "a.npy", ramp("zyx"))
    with pytest.raises(ImageFileError, match="axes='zyx'"):
        read_image(tmp_path / "a.npy")
    for lazy in (False, True):
        found = read_image(tmp_path / "a.npy", axes="zyx", lazy=lazy)
        assert found.grid == Grid("zyx")
        np.testing.assert_array_equal(found.array, ramp("zyx"))
    with pytest.raises(ImageFileError, match="name 2 axes"):
        read_image(tmp_path / "a.npy", axes="yx")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([[1, None]], object), "Python objects"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.zeros((2, 2), [("a", "f4"), ("b", "i4")]), "fields a, b"),
        (np.array([["a"]]), "<U1"),
        (np.zeros((0, 5)), "no pixels"),
    ],
)
def test_npy_that_holds_no_pixels(tmp_path, array, words):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(ImageFileError, match=words) as error:
        read_image(tmp_path / "a.npy")
    assert one_sentence(error).startswith("a.npy: ")


# what is no image


def bad_files(folder: Path) -> dict[str, str]:
    (folder / "notes.txt").write_text("buy more DAPI")
    (folder / "notes.tif").write_text("buy more DAPI")
    (folder / "empty.tif").touch()
    (folder / "folder.tif").mkdir()
    (folder / "pickle.npy").write_bytes(pickle.dumps({"a": 1}))
    (folder / "header.tif").write_bytes(b"II*\x00")
    np.save(folder / "cut.npy", ramp("yx"))
    for name in ("cut.png", "cut.jpg"):
        noise = np.random.default_rng(0).integers(0, 255, (200, 200), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)
    for name in ("cut.npy", "cut.png", "cut.jpg"):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])
    (folder / "start.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return {
        "notes.txt": "not an image that can be read",
        "notes.tif": "not an image that can be read",
        "empty.tif": "empty",
        "folder.tif": "a folder",
        "pickle.npy": "not an image",
        "header.tif": "cut off",
        "missing.tif": "no such file",
        "cut.npy": "cut off",
        "cut.png": "cut off",
        "cut.jpg": "cut off",
        "start.png": "cut off",
    }


def test_what_is_no_image_is_refused_in_one_sentence(tmp_path):
    for name, words in bad_files(tmp_path).items():
        for lazy in (False, True):
            with pytest.raises(ImageFileError, match=words) as error:
                read_image(tmp_path / name, lazy=lazy)
            assert name in one_sentence(error)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("how", ["plain", "pages", "compressed", "imagej", "ome", "tiled"])
def test_a_tiff_that_was_cut_off_is_never_read(tmp_path, how, part):
    path = tmp_path / "a.tif"
    noise = np.random.default_rng(0).integers(0, 60_000, (5, 64, 64)).astype(np.uint16)
    if how == "pages":
        with tifffile.TiffWriter(path) as writer:
            for plane in noise:
                writer.write(plane, contiguous=False, metadata=None)
    else:
        options = {
            "plain": {"metadata": {"axes": "ZYX"}},
            "compressed": {"compression": "zlib", "metadata": {"axes": "ZYX"}},
            "imagej": {"imagej": True, "metadata": {"axes": "ZYX"}},
            "ome": {"ome": True, "metadata": {"axes": "ZYX"}},
            "tiled": {"tile": (32, 32), "compression": "zlib", "ome": True, "metadata": {"axes": "ZYX"}},
        }[how]
        tifffile.imwrite(path, noise, **options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    for lazy in (False, True):
        with pytest.raises(ImageFileError, match=r"a\.tif: the file is cut off") as error:
            read_image(path, axes="zyx", lazy=lazy)
        one_sentence(error)


def test_damaged_pixels_are_an_error_and_not_zeros(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.random.default_rng(0).integers(0, 60_000, (64, 64)).astype(np.uint16), compression="zlib"
    )
    with tifffile.TiffFile(path) as file:
        offset, count = file.pages[0].dataoffsets[0], file.pages[0].databytecounts[0]
    data = bytearray(path.read_bytes())
    data[offset : offset + count] = bytes(count)
    path.write_bytes(data)
    with pytest.raises(ImageFileError, match=r"a\.tif: "):
        read_image(path)


def test_a_damaged_header_is_an_image_file_error(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp("zyx"), metadata={"axes": "ZYX"})
    data, random = path.read_bytes(), np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(data)
        damaged[random.integers(8, 300)] = random.integers(256)
        path.write_bytes(damaged)
        with suppress(ImageFileError):
            read_image(path, axes="zyx")


def test_a_set_of_files_with_one_missing_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", ramp("zyx"), metadata={"axes": "ZYX"})
    text = tifffile.tiffcomment(tmp_path / "a.ome.tif")
    spread = text.replace(
        '<TiffData IFD="0" PlaneCount="5"/>',
        '<TiffData IFD="0" PlaneCount="4"/>'
        '<TiffData FirstZ="4" IFD="0" PlaneCount="1"><UUID FileName="b.ome.tif">urn:uuid:b</UUID></TiffData>',
    )
    assert spread != text
    tifffile.tiffcomment(tmp_path / "a.ome.tif", spread.encode())
    with pytest.raises(ImageFileError, match="planes of this image are missing"):
        read_image(tmp_path / "a.ome.tif")


# lazy


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_lazy_reads_only_what_is_asked_for(tmp_path, compression, monkeypatch):
    from objectwise.io import tiff

    path = tmp_path / "a.tif"
    array = ramp("tczyx")
    tifffile.imwrite(path, array, compression=compression, metadata={"axes": "TCZYX"})
    found = read_image(path, lazy=True)
    asked = []
    read = tiff.TiffPixels.__getitem__
    monkeypatch.setattr(
        tiff.TiffPixels, "__getitem__", lambda self, where: (asked.append(where), read(self, where))[1]
    )
    assert found.grid.axes == "tczyx"
    assert found.array.shape == array.shape
    assert asked == []
    plane = found.array[2, 1, 0].compute(scheduler="sync")
    np.testing.assert_array_equal(plane, array[2, 1, 0])
    assert len(asked) == 1
    block = found.grid.read(found.array, {"t": 1, "c": 0})
    np.testing.assert_array_equal(block, array[1, 0])
    assert len(asked) == 1 + SIZES["z"]


def test_lazy_array_can_be_sent_to_another_process(tmp_path):
    path = write_image(tmp_path / "a.ome.tif", ramp("zyx"), grid_of("zyx"))
    lazy = read_image(path, lazy=True)
    assert lazy.grid == grid_of("zyx")
    np.asarray(lazy.array[0])
    again = pickle.loads(pickle.dumps(lazy.array))
    np.testing.assert_array_equal(np.asarray(again), ramp("zyx"))


def test_lazy_arrays_are_written_without_being_held(tmp_path):
    lazy = read_image(write_image(tmp_path / "a.ome.tif", ramp("tczyx"), grid_of("tczyx")), lazy=True)
    path = write_image(tmp_path / "b.ome.tif", lazy.array, lazy.grid)
    found = read_image(path)
    assert found.grid == grid_of("tczyx")
    np.testing.assert_array_equal(found.array, ramp("tczyx"))


# real files


def real_files() -> list[tuple[str, dict[str, str]]]:
    folder = os.environ.get("OBJECTWISE_DATA")
    if not folder or not (Path(folder) / "manifest.csv").exists():
        return []
    with (Path(folder) / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [(row[column], row) for row in rows for column in ("file", "label_file") if row[column]]


@pytest.mark.skipif(not real_files(), reason="OBJECTWISE_DATA names no folder with a manifest.csv")
def test_every_real_file_is_read_with_the_axes_of_its_manifest():
    from objectwise.io.images import ImageFile

    folder = Path(os.environ["OBJECTWISE_DATA"])
    for name, row in real_files():
        axes = row["axes"].lower().replace("s", "c").replace("q", "t")
        shape = tuple(int(n) for n in row["shape"].split("x"))
        path = folder / name
        with tifffile.TiffFile(path) as file:
            stored = file.series[0]
            known = all(axis in "TCZYXS" for axis in stored.axes)
        if len(stored.shape) == 2:
            # labels of a colour or multichannel image have its y and x
            shape, axes = tuple(n for n, axis in zip(shape, axes, strict=True) if axis in "yx"), "yx"
        found: ImageFile = read_image(path, axes=None if known else axes, lazy=True)
        expected = "".join(axis for axis, n in zip(axes, shape, strict=True) if n > 1 or axis in "yx")
        assert found.grid.axes == expected, name
        assert found.array.shape == tuple(n for n in shape if n > 1 or len(shape) == 2), name
        if not known:
            with pytest.raises(ImageFileError, match="axes="):
                read_image(path, lazy=True)
