"""The documentation is true: its code runs, its pages are made, its links lead somewhere."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import objectwise as ow
from objectwise.cli import main
from objectwise.core.method import methods
from objectwise.core.operation import operations

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
BLOCK = re.compile(
    r"^(?P<mark><!-- not run: [^\n]+-->\n)?```(?P<language>python|sh|toml)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def imported(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


@pytest.fixture(scope="session")
def build():
    return imported(DOCS / "build.py", "docs_build")


@pytest.fixture
def registered():
    """Let a test register operations, and take them away again."""
    before = [(known, dict(known)) for known in (operations, methods)]
    yield operations
    for known, names in before:
        known.clear()
        known.update(names)


@pytest.mark.parametrize("page", PAGES)
def test_code_of_a_page_runs(page, registered, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}
    for block in BLOCK.finditer((DOCS / page).read_text(encoding="utf-8")):
        if block["mark"]:
            continue
        if block["language"] == "python":
            exec(compile(block["code"], page, "exec"), namespace)
        elif block["language"] == "toml":
            assert ow.Recipe.from_toml(block["code"]).steps
        else:
            for line in block["code"].strip().splitlines():
                program, *words = shlex.split(line, comments=True)
                assert program == "objectwise", line
                assert main(words) == 0, line


def test_example_of_contributing_works(registered, tmp_path):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = next(block["code"] for block in BLOCK.finditer(text) if "@operation" in block["code"])
    (tmp_path / "texture.py").write_text(code, encoding="utf-8")
    function = imported(tmp_path / "texture.py", "texture").highlight_texture
    assert f'register("filters", smooth_gaussian, {function.__name__})' in text
    ow.register("filters", function)

    record = ow.operations["highlight_texture"]
    assert record.parameters["radius"].bounds == "at least 0"
    assert record.summary == "Show how much brightness changes around each pixel."
    image = [[1, 1, 5, 5]]
    assert ow.apply("highlight_texture", image, radius=1).tolist() == [[0, 4, 4, 0]]
    recipe = ow.Recipe([ow.Step("texture", "highlight_texture", {"image": "cells"}, {"radius": 1})])
    assert ow.Recipe.from_toml(recipe.to_toml()) == recipe
    with pytest.raises(ValueError, match="radius must be at least 0"):
        ow.apply("highlight_texture", image, radius=-1)


def test_the_example_of_contributing_is_documented_right(tmp_path):
    import doctest

    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = next(block["code"] for block in BLOCK.finditer(text) if "@operation" in block["code"])
    (tmp_path / "texture.py").write_text(code, encoding="utf-8")
    found = doctest.testmod(imported(tmp_path / "texture.py", "texture"))
    assert (found.attempted, found.failed) == (2, 0)


@pytest.fixture(scope="session")
def generated(build, tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    return folder, build.generate(folder)


def test_every_operation_has_a_page_and_a_picture(build, generated):
    from PIL import Image

    folder, names = generated
    for record in operations.values():
        page, picture = build.page(record), build.picture_of(record)
        assert {page, picture} <= set(names)
        text = (folder / page).read_text(encoding="utf-8")
        assert text.startswith(f"# {record.label}\n")
        for parameter in record.parameters:
            assert f"| `{parameter}` |" in text
        for reason in record.exceptions:
            assert reason.replace("_", " ") in text
        with Image.open(folder / picture) as opened:
            assert min(opened.size) > 100
            assert len(opened.getcolors(1 << 16)) > 1, f"{picture} shows nothing"


def test_every_column_is_documented_once(generated):
    from objectwise.measure.families import FAMILIES, defaults, groups

    text = (generated[0] / "reference/measurements.md").read_text(encoding="utf-8")
    for family in FAMILIES:
        for column in (*family.columns_with(defaults()), *family.occasional):
            assert text.count(f"| `{column.name}`{{ #{column.name} }} |") == 1
    for group in groups():
        assert f"{{ #{group} }}\n" in text
    anchors = re.findall(r"\{ #(\S+) \}", text)
    assert len(anchors) == len(set(anchors))


def test_pictures_of_measurements_show_numbers_and_words(generated):
    from xml.etree import ElementTree as ET

    folder, names = generated
    text = (folder / "reference/measurements.md").read_text(encoding="utf-8")
    pictures = [name for name in names if name.endswith(".svg")]
    assert len(pictures) > 12
    for name in pictures:
        assert f"(../{name})" in text
        words = [item.text for item in ET.parse(folder / name).iter() if item.tag.endswith("text")]
        assert any(re.search(r"\d", word) for word in words)
        assert not any("nan" in word.lower().split() for word in words)


def test_every_command_is_documented(generated):
    text = (generated[0] / "reference/command_line.md").read_text(encoding="utf-8")
    for command in ("demo", "ops", "apply", "run", "measure", "score", "schema"):
        assert f"## objectwise {command}\n" in text


def test_generated_pages_hold_no_leftovers_of_docstrings(generated):
    folder, names = generated
    for name in names:
        if name.endswith(".md"):
            text = re.sub(r"```.*?```", "", (folder / name).read_text(encoding="utf-8"), flags=re.DOTALL)
            assert "``" not in text, name
            assert ".. [" not in text, name
            assert "\0" not in text, name
            assert str(ROOT) not in text, name


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md"])
def test_links_lead_to_files(name):
    path = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), f"{name} links to {target}"


def test_readme_shows_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text


def test_pictures_in_the_repository_are_small():
    for path in (DOCS / "pictures").rglob("*.png"):
        assert path.stat().st_size < 150_000, path.name


def test_site_builds_strictly(tmp_path):
    if importlib.util.find_spec("material") is None or importlib.util.find_spec("mkdocs") is None:
        pytest.skip("mkdocs-material is not installed; make docs installs it")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "--quiet",
            "--site-dir",
            str(tmp_path / "site"),
        ],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for record in operations.values():
        assert (tmp_path / f"site/reference/operations/{record.name}.html").is_file()
    # nothing is fetched from elsewhere when the site is opened
    for path in (tmp_path / "site").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<(script|img|iframe)[^>]*\ssrc=[\"']?(https?:)?//", text), path.name
        assert not re.search(
            r"<link[^>]*rel=[\"']?(stylesheet|preload)[\"']?[^>]*href=[\"']?(https?:)?//", text
        ), path.name
