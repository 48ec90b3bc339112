"""Every example is true: those in docstrings, and the code blocks of the README."""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
from pathlib import Path

import pytest

import objectwise
from objectwise.cli import main

PACKAGE = Path(objectwise.__file__).parent
README = Path(__file__).resolve().parents[1] / "README.md"
BLOCK = re.compile(
    r"^(?P<mark><!-- not run: [^\n]+ -->\n)?```(?P<language>python|sh)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# examples of operations are run by the contract suite; what shows a window has none
ROOMS = ["core", "kernels", "io", "recipes", "measure"]
MODULES = [
    ".".join(("objectwise", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for room in [*ROOMS, "samples.py", "__init__.py", "ops"]
    for path in (sorted((PACKAGE / room).rglob("*.py")) if "." not in room else [PACKAGE / room])
]


def examples(name: str) -> list[doctest.DocTest]:
    module = importlib.import_module(name)
    return [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in examples(name):
        runner.run(test)
    assert runner.failures == 0


def test_there_are_examples() -> None:
    assert sum(len(examples(name)) for name in MODULES) > 40


def test_code_in_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Blocks run one after another in one folder and one namespace; marked ones are left out."""
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "readme"}
    n_python = n_lines = 0
    for block in BLOCK.finditer(README.read_text(encoding="utf-8")):
        if block["mark"]:
            continue
        if block["language"] == "python":
            exec(compile(block["code"], README.name, "exec"), namespace)
            n_python += 1
        elif block["code"].startswith("objectwise "):
            for line in block["code"].strip().splitlines():
                program, *words = shlex.split(line, comments=True)
                assert program == "objectwise", line
                assert main(words) == 0, f"{line}\n{capsys.readouterr().err}"
                n_lines += 1
    assert n_python
    assert n_lines
