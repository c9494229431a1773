"""The house as docs/architecture.md draws it: read from the imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "bertsym"


def rooms() -> list[set[str]]:
    """The list in the architecture page, top to bottom."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = re.search(r"```layers\n(.*?)```", page, re.DOTALL)
    assert block is not None
    return [{name.strip() for name in line.split(",")} for line in block.group(1).splitlines() if line.strip()]


def room_of(module: str) -> str:
    return module.removeprefix("bertsym.").split(".", maxsplit=1)[0]


def imported(file: Path) -> set[str]:
    """The rooms that a file imports from, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "bertsym":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("bertsym."):
            found.add(room_of(node.module))
    return found


FILES = [file for file in sorted(PACKAGE.rglob("*.py")) if file.parent != PACKAGE or not file.stem.startswith("__")]


def test_the_page_names_every_room() -> None:
    on_disk = {file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in FILES}
    assert set().union(*rooms()) == on_disk


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_one_way(file: Path) -> None:
    order = rooms()
    own = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    above = set().union(*order[: next(i for i, line in enumerate(order) if own in line)])
    assert imported(file) - {own} <= above


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_file_has_one_idea(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= 600, f"{lines} lines: which second idea moved in?"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_text_is_ever_evaluated(file: Path) -> None:
    calls = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    assert not calls & {"eval", "exec", "sympify", "parse_expr", "parse_latex", "lambdify", "system", "popen"}


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ("import bertsym", ["sympy", "typer", "torch", "transformers", "matplotlib"]),
        ("import bertsym.api", ["typer", "torch", "transformers", "matplotlib", "latexcodec"]),
        ("from bertsym.cli import main", ["sympy", "torch", "rich", "pydantic", "latexcodec"]),
        ("import sys; sys.argv[1:] = ['--version']; from bertsym.cli import run; run()", ["sympy"]),
        ("import sys; sys.argv[1:] = ['--help']; from bertsym.cli import run; run()", ["sympy", "rich"]),
        ("import sys; sys.argv[1:] = ['total', '--help']; from bertsym.cli import run; run()", ["sympy", "rich"]),
    ],
)
def test_what_is_not_loaded(code: str, forbidden: list[str]) -> None:
    script = f"""
import atexit, sys
atexit.register(lambda: print("LOADED", *sorted(set({forbidden!r}) & set(sys.modules))))
{code}
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "LOADED"


STAGES = ("concolic", "oracle", "domain", "sampling", "synthesis", "verification")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_of_derive_imports_earlier_stages_only(stage: str) -> None:
    """A stage may use the modules beside the packages too, except those that put the stages in order."""
    earlier = set(STAGES[: STAGES.index(stage) + 1])
    imported = set()
    for file in (PACKAGE / "derive" / stage).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bertsym.derive."):
                imported.add((node.module or "").split(".")[2])
    assert imported & {*STAGES, "cegis", "pipeline", "export", "merge_heads"} <= earlier
