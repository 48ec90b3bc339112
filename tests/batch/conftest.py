"""A folder of three images, and one for results."""

import pytest

from tests.batch.scenes import write


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number, name in enumerate(("a", "b", "c"), 1):
        write(folder / f"{name}.ome.tif", number)
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results"
