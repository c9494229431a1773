"""Mutation testing of the synthesis stage: how many small faults do its tests notice?

    python benchmarks/mutation.py [--mutants N] [--seed N] [--jobs N] [--module NAME ...] [--every] [--minutes N]

A mutant is the package with one small fault (DeMillo, Lipton and Sayward 1978): another comparison, a sign, a constant
off by one, `and` for `or`, a dropped `not`, a negated test, a result of None. Mutants are sampled with a seed, or all
are tried (`--every`). Each is run against tests/derive/synthesis in a copy of the tree. A mutant is killed if a test
fails, or if the tests take longer than ten times as long as without a fault. The score is the share that is killed.
Survivors are printed with file and line: some are equivalent to the original, others want a test.

mutmut and cosmic-ray do more (they mutate whole projects and keep a database of results). This file needs nothing
beside pytest, and forks a process that has imported sympy, so that a mutant takes a second.
"""

from __future__ import annotations

import argparse
import ast
import copy
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
import sympy  # noqa: F401  # imported before the fork, so that every mutant has it already

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path("bertsym/derive/synthesis")
TESTS = Path("tests/derive/synthesis")
COPIED = (
    "bertsym",
    "pyproject.toml",
    "tests/conftest.py",
    "tests/derive/__init__.py",
    "tests/derive/conftest.py",
    TESTS,
)
TESTED_BY = {"runners_up": "evidence"}
SLOWER = 10  # a mutant whose tests take this many times as long is taken to hang
MIN_LIMIT = 60.0  # seconds: a machine under load must not kill a mutant

COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
EXECUTED = (ast.FunctionDef, ast.ClassDef)


class Mutant(NamedTuple):
    """A fault: the file relative to the root, its line, the change in words, and the mutated source."""

    file: Path
    line: int
    change: str
    source: str


class Verdict(NamedTuple):
    """Verdict of the tests on a mutant."""

    mutant: Mutant
    outcome: str
    seconds: float

    @property
    def is_killed(self) -> bool:
        """Return True if the tests noticed the fault."""
        return self.outcome != "survived"


def mutations(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield the faulty versions of one node, each with its change in words."""
    match node:
        case ast.Compare(ops=[operator]):
            for other in COMPARISONS[type(operator)]:
                yield _changed(node, ops=[other()]), f"{type(operator).__name__} -> {other.__name__}"
        case ast.BinOp(op=operator) if type(operator) in OPERATORS:
            other_operator = OPERATORS[type(operator)]
            yield _changed(node, op=other_operator()), f"{type(operator).__name__} -> {other_operator.__name__}"
        case ast.BoolOp(op=ast.And()):
            yield _changed(node, op=ast.Or()), "and -> or"
        case ast.BoolOp(op=ast.Or()):
            yield _changed(node, op=ast.And()), "or -> and"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand, "not dropped"
        case ast.Constant(value=bool() as truth):
            yield ast.Constant(not truth), f"{truth} -> {not truth}"
        case ast.Constant(value=int() as number):
            yield ast.Constant(number + 1), f"{number} -> {number + 1}"
            yield ast.Constant(number - 1), f"{number} -> {number - 1}"
        case ast.If(test=test) | ast.IfExp(test=test):
            yield _changed(node, test=ast.UnaryOp(ast.Not(), test)), "if negated"
        case ast.Return(value=ast.expr() as result) if not (isinstance(result, ast.Constant) and result.value is None):
            yield ast.Return(ast.Constant(None)), "return None"
        case ast.Continue() | ast.Break():
            yield ast.Pass(), f"{type(node).__name__.lower()} dropped"


def _changed(node: ast.AST, **fields: Any) -> ast.AST:
    changed = copy.copy(node)
    for name, content in fields.items():
        setattr(changed, name, content)
    return changed


def executed(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Yield every child of executed code, as parent, field and position: annotations and raised errors are left out."""
    for name, content in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "args"} and isinstance(node, (*EXECUTED, ast.AnnAssign)):
            continue
        if isinstance(node, ast.Raise | ast.Assert | ast.JoinedStr):
            continue
        for position, child in enumerate(content) if isinstance(content, list) else [(None, content)]:
            if isinstance(child, ast.AST):
                yield node, name, position
                yield from executed(child)


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Yield all mutants of a module, in the order of its lines."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, EXECUTED)]
    for parent, name, position in [place for function in functions for place in executed(function)]:
        content = getattr(parent, name)
        original = content if position is None else content[position]
        for changed, words in mutations(original):
            _put(parent, name, position, ast.copy_location(changed, original))
            source = ast.unparse(ast.fix_missing_locations(tree))
            _put(parent, name, position, original)
            yield Mutant(file, original.lineno, words, source)


def _put(parent: ast.AST, name: str, position: int | None, node: ast.AST) -> None:
    if position is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[position] = node


def copied(folder: Path) -> None:
    """Copy all that the tests of synthesis need; bytecode is left out, for it would outlive a fault."""
    skipped = shutil.ignore_patterns("__pycache__", "*.json")
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=skipped)
        else:
            shutil.copy(source, target)


def tested(folder: Path, module: str, limit: float) -> tuple[str, float]:
    """Run the tests in a forked process, those of the module first; return the outcome and the seconds."""
    began = time.monotonic()
    child = multiprocessing.get_context("fork").Process(target=_test, args=(folder, module))
    child.start()
    child.join(limit)
    hangs = child.is_alive()
    if hangs:
        child.kill()
        child.join()
    outcome = "hangs" if hangs else "survived" if child.exitcode == 0 else "killed"
    return outcome, time.monotonic() - began


def _test(folder: Path, module: str) -> None:
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        first = TESTS / f"test_{TESTED_BY.get(module, module)}.py"
        files = [first, *sorted(file for file in TESTS.glob("test_*.py") if file != first)]
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *map(str, filter(Path.exists, files))])
    os._exit(int(code))


def judged(mutants: list[Mutant], limit: float, ends: float, verdicts: Any) -> None:
    """Try mutants in a copy of the tree, until the time ends; put each verdict into a queue, and None at the end."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            copied(Path(folder))
            for mutant in mutants:
                if time.monotonic() > ends:
                    break
                target = Path(folder) / mutant.file
                original = target.read_text(encoding="utf-8")
                target.write_text(mutant.source, encoding="utf-8")
                outcome, seconds = tested(Path(folder), mutant.file.stem, limit)
                target.write_text(original, encoding="utf-8")
                verdicts.put(Verdict(mutant, outcome, seconds))
    finally:
        verdicts.put(None)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Mutation testing of bertsym's synthesis stage.")
    parser.add_argument("--mutants", type=int, default=100, help="how many to sample")
    parser.add_argument("--every", action="store_true", help="try all mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60.0, help="report what is tried by then")
    parser.add_argument("--module", action="append", default=[], help="a module of synthesis, such as arithmetic")
    return parser.parse_args()


def main() -> int:
    """Print the score and the survivors; return 1 if the tests fail without a fault."""
    given = options()
    files = [file.relative_to(ROOT) for file in sorted((ROOT / PACKAGE).glob("*.py")) if file.stem != "__init__"]
    files = [file for file in files if not given.module or file.stem in given.module]
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    count = len(mutants) if given.every else min(given.mutants, len(mutants))
    chosen = Random(given.seed).sample(mutants, count)  # noqa: S311  # the sample is to be repeated
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        outcome, seconds = tested(Path(folder), files[0].stem, 600)
    if outcome != "survived":
        print("the tests fail without a fault")
        return 1
    limit = max(MIN_LIMIT, SLOWER * seconds)
    print(f"{count} of {len(mutants)} mutants of {len(files)} modules; the tests take {seconds:.1f} s", flush=True)
    context = multiprocessing.get_context("fork")
    queue: Any = context.Queue()
    ends = time.monotonic() + 60 * given.minutes
    workers = [
        context.Process(target=judged, args=(chosen[job :: given.jobs], limit, ends, queue))
        for job in range(given.jobs)
    ]
    for worker in workers:
        worker.start()
    verdicts: list[Verdict] = []
    working = len(workers)
    while working:
        verdict = queue.get()
        if verdict is None:
            working -= 1
        else:
            verdicts.append(verdict)
            show_survivor(verdict)
    for worker in workers:
        worker.join()
    report(verdicts)
    return 0


def show_survivor(verdict: Verdict) -> None:
    """Print the file, the line and the change of a mutant that survived."""
    if not verdict.is_killed:
        mutant = verdict.mutant
        line = (ROOT / mutant.file).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()
        print(f"{mutant.file}:{mutant.line}: {mutant.change}: {line}", flush=True)


def report(verdicts: list[Verdict]) -> None:
    """Print the score of each module and of all together."""
    for file in sorted({verdict.mutant.file for verdict in verdicts}):
        of_file = [verdict for verdict in verdicts if verdict.mutant.file == file]
        killed = sum(verdict.is_killed for verdict in of_file)
        print(f"{file.stem:18} {killed:4} of {len(of_file):4} killed")
    killed = sum(verdict.is_killed for verdict in verdicts)
    hanging = sum(verdict.outcome == "hangs" for verdict in verdicts)
    print(
        f"score {100 * killed / max(len(verdicts), 1):.0f}%: {killed} of {len(verdicts)} killed, "
        f"{hanging} of them by the time limit"
    )


if __name__ == "__main__":
    sys.exit(main())
