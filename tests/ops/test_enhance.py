"""Blobs, corners, ridges and edges: closed formulas for discs, balls and bars, and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import objectwise as ow
from objectwise.kernels.eigenvalues import eigenvalues
from objectwise.ops.derivatives import Derivatives, gaussian_kernel
from objectwise.ops.enhance import (
    enhance_blobs_dog,
    enhance_blobs_hessian,
    enhance_blobs_log,
    enhance_corners,
)
from objectwise.ops.ridges import (
    BAR,
    enhance_ridges_frangi,
    enhance_ridges_meijering,
    enhance_ridges_sato,
)
from objectwise.ops.slopes import enhance_edges, enhance_edges_kirsch, enhance_edges_roberts

BLOBS = (enhance_blobs_log, enhance_blobs_dog, enhance_blobs_hessian)
RIDGES = (enhance_ridges_sato, enhance_ridges_frangi, enhance_ridges_meijering)


def ball(
    shape: tuple[int, ...], centre: tuple[float, ...], radius: float, spacing: tuple[float, ...]
) -> np.ndarray:
    """Return a disc or ball of brightness 1 whose rim pixels are partly filled."""
    fine = 5
    total = np.zeros(shape)
    where = np.indices(shape).astype(float)
    for part in np.ndindex((fine,) * len(shape)):
        squares = sum(
            ((where[a] + (part[a] + 0.5) / fine - 0.5 - centre[a]) * spacing[a]) ** 2
            for a in range(len(shape))
        )
        total += squares <= radius**2
    return total / fine ** len(shape)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.25)])
def test_blob_filters_answer_to_a_disc_as_the_formula_says(spacing) -> None:
    shape = tuple(int(80 * 0.5 / step) for step in spacing)
    centre = tuple(n // 2 for n in shape)
    radius = 12 * 0.5 * max(spacing)
    disc = 1000 + 50 * ball(shape, centre, radius, spacing)
    # of a disc, at the scale radius / sqrt(2): the Laplacian is -(r / s)**2 exp(-(r / s)**2 / 2)
    log = enhance_blobs_log(disc, diameter=2 * radius, spacing=spacing)
    assert log[centre] / 50 == pytest.approx(2 / np.e, rel=0.01)
    dog = enhance_blobs_dog(disc, diameter=2 * radius, spacing=spacing)
    assert dog[centre] / 50 == pytest.approx(2 / np.e, rel=0.08)
    hessian = enhance_blobs_hessian(disc, diameter=2 * radius, spacing=spacing)
    assert hessian[centre] / 50 == pytest.approx(1 / np.e, rel=0.01)
    for result in (log, dog, hessian):
        assert np.unravel_index(result.argmax(), shape) == centre
        assert abs(result[0, 0]) < 1e-2


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
def test_blob_filters_answer_to_a_ball_as_the_formula_says(spacing) -> None:
    shape = tuple(int(40 / step) for step in spacing)
    centre = tuple(n // 2 for n in shape)
    image = ball(shape, centre, 7.0, spacing)
    values = [function(image, diameter=14, spacing=spacing)[centre] for function in BLOBS]
    # of a ball, at the scale radius / sqrt(3): sqrt(2 / pi) (r / s)**3 exp(-(r / s)**2 / 2)
    exact = np.sqrt(2 / np.pi) * 3**1.5 * np.exp(-1.5)
    assert values == pytest.approx([exact, exact, exact / 3], rel=0.08)
    assert values[0] == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("function", BLOBS)
def test_a_blob_answers_strongest_at_its_own_diameter(function) -> None:
    image = ball((90, 90), (45, 45), 10.0, (1.0, 1.0))
    diameters = np.arange(10.0, 34.0, 2)
    values = [function(image, diameter=d)[45, 45] for d in diameters]
    assert diameters[np.argmax(values)] == 20
    dark = function(200 - image, diameter=20, objects="dark")
    np.testing.assert_allclose(dark, function(image, diameter=20), atol=1e-9)


def test_laplacian_agrees_with_scipy() -> None:
    image = np.random.default_rng(0).random((60, 70)) * 100
    expected = -ndimage.gaussian_laplace(image, 3.0, mode="nearest", truncate=8) * 9
    result = enhance_blobs_log(image, diameter=6 * np.sqrt(2))
    np.testing.assert_allclose(result, expected, atol=0.01 * np.ptp(expected))


def test_hessian_agrees_with_the_blob_formula_of_scikit_image() -> None:
    from skimage.feature import hessian_matrix

    image = np.random.default_rng(1).random((60, 70)) * 100
    parts = hessian_matrix(image, 3.0, mode="nearest", use_gaussian_derivatives=True)
    rr, rc, cc = (9 * part for part in parts)
    determinant = rr * cc - rc**2
    expected = np.where((determinant > 0) & (rr + cc < 0), np.sqrt(np.maximum(determinant, 0)), 0)
    result = enhance_blobs_hessian(image, diameter=6 * np.sqrt(2))
    # at the border they repeat pixels twice, once for each slope
    inner = (slice(12, -12),) * 2
    np.testing.assert_allclose(result[inner] ** 2, expected[inner] ** 2, atol=0.02 * expected.max() ** 2)


@pytest.mark.parametrize("sigma", [0.0, 0.2, 0.6, 1.0, 3.7])
def test_kernels_are_exact_for_polynomials(sigma) -> None:
    kernels = [gaussian_kernel(sigma, order) for order in range(3)]
    x = np.arange(len(kernels[0])) - len(kernels[0]) // 2
    expected = [[1, 0], [0, sigma], [0, 0, 2 * sigma**2]]
    for kernel, moments in zip(kernels, expected, strict=True):
        assert [kernel @ x**power for power in range(len(moments))] == pytest.approx(moments, abs=1e-12)


def test_a_camera_offset_has_no_curvature() -> None:
    for function in (*BLOBS, enhance_ridges_sato, enhance_ridges_meijering):
        assert np.abs(function(np.full((20, 20), 60000, np.uint16))).max() < 1e-6


@pytest.mark.parametrize("ndim", [2, 3])
def test_eigenvalues_are_those_of_lapack(ndim) -> None:
    random = np.random.default_rng(2)
    matrix = random.normal(size=(500, ndim, ndim))
    matrix += np.swapaxes(matrix, 1, 2)
    matrix[:20] = np.eye(ndim) * random.normal(size=(20, 1, 1))
    matrix[20:40, 0] = matrix[20:40, :, 0] = 0
    parts = [matrix[:, a, b].copy() for a in range(ndim) for b in range(a, ndim)]
    np.testing.assert_allclose(eigenvalues(parts), np.linalg.eigvalsh(matrix).T, atol=1e-7)
    parts[0][3] = np.nan
    assert np.isnan(eigenvalues(parts)[:, 3]).all()


# --- ridges --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [0.0, 0.5, np.pi / 4])
def test_ridge_filters_answer_to_a_bar_as_the_formula_says(angle) -> None:
    y, x = np.indices((81, 81)) - 40.0
    across = x * np.cos(angle) + y * np.sin(angle)
    bar = 300 + 100 * np.clip(4.5 - np.abs(across), 0, 1)  # 8 wide
    for function in (enhance_ridges_sato, enhance_ridges_meijering):
        result = function(bar, width=8)
        assert result[40, 40] / 100 == pytest.approx(BAR, rel=0.02)
        dark = function(1000 - bar, width=8, ridges="dark")
        np.testing.assert_allclose(dark, result, atol=1e-9)
    frangi = enhance_ridges_frangi(bar, width=8, contrast=100)
    assert frangi[40, 40] == pytest.approx(1 - np.exp(-0.5), rel=0.03)
    assert np.unravel_index(frangi.argmax(), frangi.shape)[1] == pytest.approx(40, abs=41)


def test_a_ridge_answers_strongest_at_its_own_width_and_a_range_finds_all() -> None:
    bar = np.zeros((60, 60))
    bar[:, 27:33] = 1
    widths = [3.0, 4.0, 6.0, 8.0, 12.0]
    values = [enhance_ridges_sato(bar, width=w)[30, 29:31].max() for w in widths]
    assert widths[np.argmax(values)] == 6
    together = enhance_ridges_sato(bar, width=3, max_width=12)
    one_by_one = [enhance_ridges_sato(bar, width=3 * 2 ** (n / 2)) for n in range(5)]
    np.testing.assert_allclose(together, np.max(one_by_one, axis=0), atol=1e-12)
    with pytest.raises(ValueError, match="max_width must be at least width, 5; found 4"):
        enhance_ridges_sato(bar, width=5, max_width=4)


@pytest.mark.parametrize("shape", [(50, 60), (20, 24, 26)])
def test_ridges_agree_with_scikit_image(shape) -> None:
    from skimage.filters import frangi, meijering, sato

    image = ndimage.gaussian_filter(np.random.default_rng(3).random(shape), 1) * 100
    sigma = 1.5
    options = {"sigmas": [sigma], "black_ridges": False, "mode": "nearest"}

    def near(result: np.ndarray, expected: np.ndarray) -> None:
        # their kernels are not corrected; at the border they repeat pixels twice, once for each slope
        inner = (slice(6, -6),) * len(shape)
        far = np.abs(result - expected)[inner] > 0.03 * expected.max()
        # which of two curvatures is the stronger one may differ where they are equal
        assert far.mean() < 0.002

    near(enhance_ridges_sato(image, width=2 * sigma), sato(image, **options))
    result = enhance_ridges_meijering(image, width=2 * sigma)
    peer = meijering(image, alpha=-1 / (len(shape) + 1), **options)
    # theirs is divided by its maximum
    near(result * (peer * result).sum() / (result * result).sum(), peer)
    contrast = 8.0
    peer = frangi(image, gamma=BAR * contrast / sigma**2, **options)
    near(enhance_ridges_frangi(image, width=2 * sigma, contrast=contrast), peer)


def test_meijering_is_flat_along_a_line() -> None:
    # the paper's own aim: the answer to a point is as flat as can be along the direction of the filter
    point = np.zeros((61, 61))
    point[30, 30] = 1
    derivatives = Derivatives(point, 5.0, (1.0, 1.0))
    along = (derivatives(1, 1) - derivatives(0, 0) / 3)[:, 30]
    assert np.abs(along[28:33] - along[30]).max() < 0.005 * np.abs(along[30])
    other = (derivatives(1, 1) + derivatives(0, 0) / 3)[:, 30]
    assert np.abs(other[28:33] - other[30]).max() > 0.1 * np.abs(other[30])


def test_tubes_and_sheets_are_told_apart() -> None:
    z, y, x = np.indices((31, 31, 31)) - 15.0
    tube = (z**2 + y**2 <= 9).astype(float)
    sheet = (np.abs(z) <= 3).astype(float)
    assert enhance_ridges_sato(sheet, width=6, shape="sheet")[15, 15, 15] > 0.4
    assert enhance_ridges_sato(tube, width=6)[15, 15, 15] > 0.25
    assert enhance_ridges_sato(sheet, width=6)[15, 15, 15] < 0.05
    assert enhance_ridges_frangi(tube, width=6, contrast=0.5)[15, 15, 15] > 0.5
    assert enhance_ridges_frangi(sheet, width=6, contrast=0.5)[15, 15, 15] < 0.05
    # a blob is no ridge
    blob = (z**2 + y**2 + x**2 <= 9).astype(float)
    assert enhance_ridges_frangi(blob, width=6, contrast=0.5)[15, 15, 15] < 0.2
    sheets = {
        name: enhance_ridges_frangi(image, width=6, contrast=0.5, shape="sheet")[15, 15, 15]
        for name, image in (("sheet", sheet), ("tube", tube), ("blob", blob))
    }
    assert sheets["sheet"] > 0.5
    assert max(sheets["tube"], sheets["blob"]) < 0.15
    # with nothing between them Meijering's filter answers to both
    meijering = [enhance_ridges_meijering(image, width=6)[15, 15, 15] for image in (sheet, tube)]
    assert meijering[0] > meijering[1] > 0.2
    # in a plane both words mean a line
    plane = sheet[:, 15]
    np.testing.assert_array_equal(
        *(enhance_ridges_frangi(plane, width=6, contrast=0.5, shape=shape) for shape in ("line", "sheet"))
    )


@pytest.mark.parametrize(("shape", "dimension"), [("line", 1), ("sheet", 2)])
def test_frangi_in_a_volume_is_that_of_itk(shape, dimension) -> None:
    import SimpleITK

    image = ndimage.gaussian_filter(np.random.default_rng(0).random((40, 44, 48)), 3) * 1000
    image[:, 20:24] += 20
    image[18:22, :, 30:34] += 20
    sigma, contrast = 3.0, 10.0
    smooth = SimpleITK.GetImageFromArray(ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=6))
    constant = 2 / np.sqrt(2 * np.pi * np.e) * contrast / sigma**2
    peer = SimpleITK.GetArrayFromImage(
        SimpleITK.ObjectnessMeasure(smooth, 0.5, 0.5, constant, False, dimension, True)
    )
    found = enhance_ridges_frangi(image, width=2 * sigma, contrast=contrast, shape=shape)
    inside = (slice(8, -8),) * 3
    # ITK takes differences of neighbours for derivatives
    assert np.corrcoef(found[inside].ravel(), peer[inside].ravel())[0, 1] > 0.999
    assert found[inside].mean() == pytest.approx(peer[inside].mean(), rel=0.05)


def test_anisotropic_tubes_answer_alike() -> None:
    spacing = (2.0, 1.0, 1.0)
    z, y, x = (np.indices((20, 40, 40)).T - [10, 20, 20]).T * np.array(spacing)[:, None, None, None]
    along_x, along_z = (y**2 + z**2 <= 16), (y**2 + x**2 <= 16)
    first, second = (
        enhance_ridges_sato(image.astype(float), width=8, spacing=spacing)[10, 20, 20]
        for image in (along_x, along_z)
    )
    assert first == pytest.approx(second, rel=0.05)


# --- corners -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["shi_tomasi", "harris"])
def test_corners_of_a_square_and_of_a_cube(method) -> None:
    from skimage.feature import peak_local_max

    for ndim in (2, 3):
        image = np.full((40,) * ndim, 100.0)
        image[(slice(12, 28),) * ndim] = 150
        result = enhance_corners(image, sigma=1.5, method=method)
        found = peak_local_max(result, min_distance=4, threshold_rel=0.3, exclude_border=False)
        expected = np.array(list(np.ndindex((2,) * ndim))) * 15 + 12
        assert len(found) == 2**ndim
        order = np.lexsort(found.T[::-1])
        assert np.abs(found[order] - expected).max() <= 1
        along = result[(12, *(20,) * (ndim - 1))]
        assert along <= 1e-4 * result.max()


@pytest.mark.parametrize("shape", [(40, 44), (14, 20, 22)])
def test_corners_agree_with_a_structure_tensor_of_scipy(shape) -> None:
    image = ndimage.gaussian_filter(np.random.default_rng(4).random(shape), 1) * 100
    ndim = len(shape)
    slopes = [
        2 * ndimage.gaussian_filter(image, 2, order=np.eye(ndim, dtype=int)[a], mode="nearest", truncate=6)
        for a in range(ndim)
    ]
    tensor = np.empty((*shape, ndim, ndim))
    for a in range(ndim):
        for b in range(ndim):
            tensor[..., a, b] = ndimage.gaussian_filter(slopes[a] * slopes[b], 4, mode="nearest")
    found = np.linalg.eigvalsh(tensor)
    result = enhance_corners(image, sigma=4)
    np.testing.assert_allclose(result, found[..., 0], atol=0.01 * found[..., 0].max())
    harris = np.linalg.det(tensor) - (0.05 if ndim == 2 else 0.005) * found.sum(axis=-1) ** ndim
    result = enhance_corners(image, sigma=4, method="harris")
    np.testing.assert_allclose(result, harris, atol=0.01 * np.abs(harris).max())


# --- edges ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["sobel", "scharr", "prewitt"])
@pytest.mark.parametrize("shape", [(30, 40), (10, 14, 16)])
def test_edges_agree_with_scikit_image(method, shape) -> None:
    from skimage import filters

    image = np.random.default_rng(5).random(shape)
    # theirs is the root of the mean of squares, of differences over two pixels
    expected = getattr(filters, method)(image, mode="nearest") * np.sqrt(len(shape)) / 2
    np.testing.assert_allclose(enhance_edges(image, method=method), expected, atol=1e-12)


def test_roberts_and_laplace_agree_with_their_peers() -> None:
    from skimage.filters import roberts

    image = np.random.default_rng(6).random((30, 40))
    result = enhance_edges_roberts(image)
    np.testing.assert_allclose(result[:-1, :-1], roberts(image)[:-1, :-1], atol=1e-12)
    laplace = enhance_edges(image, method="laplace")
    np.testing.assert_allclose(laplace, ndimage.laplace(image, mode="nearest"), atol=1e-12)


def test_kirsch_agrees_with_simpleitk_free_masks() -> None:
    image = np.random.default_rng(7).random((20, 22))
    north = np.array([[5, 5, 5], [-3, 0, -3], [-3, -3, -3]])
    ne = np.array([[-3, 5, 5], [-3, 0, 5], [-3, -3, -3]])
    masks = [np.rot90(mask, turn) for mask in (north, ne) for turn in range(4)]
    expected = np.max([ndimage.correlate(image, mask / 24, mode="nearest") for mask in masks], axis=0)
    np.testing.assert_allclose(enhance_edges_kirsch(image), expected, atol=1e-12)


@pytest.mark.parametrize("method", ["sobel", "scharr", "prewitt"])
def test_a_ramp_has_its_slope(method) -> None:
    for axis in (0, 1):
        ramp = 3.0 * np.indices((12, 12))[axis]
        np.testing.assert_allclose(enhance_edges(ramp, method=method)[2:-2, 2:-2], 3.0)
        for of_planes in (enhance_edges_roberts, enhance_edges_kirsch):
            np.testing.assert_allclose(of_planes(ramp)[2:-2, 2:-2], 3.0)


def test_edges_know_the_pixel_size() -> None:
    spacing = (2.0, 0.5, 0.5)
    z, y, x = np.indices((10, 12, 12)) * np.array(spacing)[:, None, None, None]
    for ramp in (z, y, x):
        # 1 per unit of length is 0.5 per finest pixel
        np.testing.assert_allclose(enhance_edges(ramp, spacing=spacing)[3:-3, 3:-3, 3:-3], 0.5)
    bowl = enhance_edges(z**2 + y**2 + x**2, method="laplace", spacing=spacing)
    np.testing.assert_allclose(bowl[3:-3, 3:-3, 3:-3], 6 * 0.25)


@pytest.mark.parametrize(
    "name",
    ["blobs_log", "blobs_dog", "blobs_hessian", "corners", "ridges_sato", "ridges_frangi", "ridges_meijering"]
    + ["edges_roberts", "edges_kirsch"]
    + [f"edges:{m}" for m in ("sobel", "scharr", "prewitt", "laplace")],
)
def test_nan_does_not_spread(name) -> None:
    name, _, method = name.partition(":")
    values: dict = {"method": method} if method else {}
    if name == "ridges_frangi":
        values["contrast"] = 50.0
    image = 1000 + ndimage.gaussian_filter(np.random.default_rng(9).random((50, 50)), 2) * 500
    holed = image.copy()
    holed[20:23, 30:33] = np.nan
    holed[0, 0] = np.nan
    result, plain = (ow.apply(f"enhance_{name}", each, **values) for each in (holed, image))
    np.testing.assert_array_equal(np.isnan(result), np.isnan(holed))
    # a hole in the camera's offset would stand out by a thousand
    assert np.nanmax(np.abs(result - plain)) < 1.5 * np.ptp(plain)
    np.testing.assert_array_equal(result[:, :6][6:], plain[:, :6][6:]) if name.startswith("edges") else None
