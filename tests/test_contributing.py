"""Run what CONTRIBUTING tells a contributor to run, as far as it can be run in seconds, and look for what it names."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = (
    "Fix a wrong count",
    "Add a model",
    "Add a quantity",
    "Derive an entry of the atlas again",
    "Repair a derivation",
)


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_there_is_a_recipe_for_each_kind_of_contribution() -> None:
    assert set(RECIPES) <= set(re.findall(r"^### (.*)$", PAGE, re.MULTILINE))


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_of_a_recipe_runs(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", PAGE))
    assert named
    assert named <= targets


@pytest.mark.parametrize("line", re.findall(r"^\.venv/bin/python (tools/.*)$", PAGE, re.MULTILINE))
def test_every_tool_takes_the_options_that_a_recipe_gives(line: str) -> None:
    tool, command, *rest = line.split()
    done = subprocess.run(
        [sys.executable, tool, command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(option in done.stdout for option in rest if option.startswith("--"))


def test_every_command_exists() -> None:
    named = set(re.findall(r"`bertsym ([a-z]+)", PAGE))
    assert named
    for command in named:
        done = subprocess.run([sys.executable, "-m", "bertsym", command, "--help"], capture_output=True, check=False)
        assert done.returncode == 0


def test_every_file_exists() -> None:
    paths = set(re.findall(r"`((?:bertsym|tests|tools|docs)/[\w./-]*)`", PAGE)) | set(
        re.findall(r"\]\((docs/[^)#]*)", PAGE)
    )
    assert len(paths) > 5
    assert {path for path in paths if not (ROOT / path).exists()} == set()
