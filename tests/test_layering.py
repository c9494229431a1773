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


TREES = {str(file.relative_to(PACKAGE)): ast.parse(file.read_text(encoding="utf-8")) for file in FILES}


def test_imports_go_one_way() -> None:
    order = rooms()
    upward = []
    for file in FILES:
        own = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        above = set().union(*order[: next(i for i, line in enumerate(order) if own in line)])
        upward += [f"{file.relative_to(PACKAGE)} imports {room}" for room in sorted(imported(file) - {own} - above)]
    assert upward == []


def test_a_file_has_one_idea() -> None:
    """A file of more than 600 lines has a second one."""
    lengths = {str(file.relative_to(PACKAGE)): len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > 600} == {}


def test_a_class_is_defined_in_one_file() -> None:
    """No class inherits from a class of another module, except errors, values and those of the standard library.

    A class that is continued in another file to keep a file short has its state in one and its reasons in the other.
    """
    shared = {"BertsymError", "CannotDerive", "Symbol"}
    continued = []
    for name, tree in TREES.items():
        own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
        ours = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bertsym")
            for alias in node.names
        }
        bases = {
            base.id
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            for base in node.bases
            if isinstance(base, ast.Name)
        }
        continued += [f"{name}: {base}" for base in sorted(bases & ours - own - shared)]
    assert continued == []


def test_no_text_is_ever_evaluated() -> None:
    evaluating = {"eval", "exec", "sympify", "parse_expr", "parse_latex", "lambdify", "system", "popen"}
    calls = [
        f"{name}:{node.lineno} {called}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
        for called in [node.func.id if isinstance(node.func, ast.Name) else node.func.attr]
        if called in evaluating
    ]
    assert calls == []


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    """No docstring of the project opens with a clause that has no actor."""
    headless = re.compile(r"(What|Whether|Those|Where|So|How|If)\b")
    opening = [
        f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"
        for folder in ("bertsym", "tests", "tools", "benchmarks", "examples")
        for file in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if headless.match(ast.get_docstring(node) or "")
    ]
    assert opening == []


def test_each_module_of_derive_has_a_test_that_imports_it() -> None:
    """A test may import it in a program that it runs in another process."""
    importing = re.compile(r"^\s*from (bertsym\.derive[\w.]*) import (\([^)]*\)|.*)", re.MULTILINE)
    tested = set()
    for file in (ROOT / "tests").rglob("*.py"):
        for module, names in importing.findall(file.read_text(encoding="utf-8")):
            tested |= {module} | {f"{module}.{name}" for name in re.findall(r"\w+", names)}
    modules = {
        "bertsym." + name.removesuffix(".py").replace("/", ".")
        for name in TREES
        if name.startswith("derive/") and not name.endswith("__init__.py")
    }
    assert sorted(modules - tested - CONSTANTS) == []


CONSTANTS = {"bertsym.derive.limits"}


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ("import bertsym", ["sympy", "typer", "torch", "transformers", "matplotlib"]),
        ("import bertsym.api", ["typer", "torch", "transformers", "matplotlib", "latexcodec"]),
        ("from bertsym.cli import main", ["sympy", "torch", "rich", "pydantic", "latexcodec"]),
        ("import sys; sys.argv[1:] = ['--version']; from bertsym.cli import run; run()", ["sympy"]),
        ("import sys; sys.argv[1:] = ['--help']; from bertsym.cli import run; run()", ["sympy", "rich"]),
        (
            "import sys; sys.argv[1:] = ['total', 'bert']; from bertsym.cli import run; run()",
            ["bertsym.costs", "torch"],
        ),
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
