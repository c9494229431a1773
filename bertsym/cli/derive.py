"""derive: a formula from model code, with its evidence and its trace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from os.path import realpath
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli import options
from bertsym.cli.interrupts import interruptible
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged
from bertsym.errors import printable

if TYPE_CHECKING:
    from bertsym.derive.derivation import Derivation
    from bertsym.derive.trace import Listener


@paged
def derive(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A transformers model type or class (bert, BertForMaskedLM), or package.module:callable of your own.",
        ),
    ],
    size: Annotated[
        list[str] | None,
        typer.Option("--size", metavar="NAME=VALUE", help="A parameter of your callable and its default; repeatable."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Save the model, to be given as MODEL.")
    ] = None,
    keep_names: Annotated[
        bool, typer.Option("--keep-names", help="Name sizes as the code does: hidden_size, not H.")
    ] = False,
    trials: Annotated[
        int,
        typer.Option("--trials", metavar="N", min=12, max=1000, help="Random configurations that test the formula."),
    ] = 16,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Random seed.")] = 0,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, metavar="SECONDS", help="Time limit per build, in seconds.")
    ] = 20,
    why: Annotated[
        list[str] | None,
        typer.Option("--why", metavar="TENSOR", help="Show the builds behind a tensor's formula instead; repeatable."),
    ] = None,
    trace: Annotated[
        str | None, typer.Option("--trace", metavar="FILE", help="Write what each stage did, as JSON lines.")
    ] = None,
    progress: Annotated[
        bool, typer.Option("--progress", help="Report each stage on stderr, as on a terminal.")
    ] = False,
    form: options.FormName = "collected",
    *,
    page: Page,
) -> None:
    """Derive a formula from model code (this RUNS the code).

    The code runs many times in another process, on torch's meta device, where no weight is allocated. The exit code is
    1 if a tensor has no formula.
    """
    from bertsym.answers.derivation_evidence import derivation_evidence
    from bertsym.answers.derived import derived_formula
    from bertsym.arguments import seconds
    from bertsym.derive.pipeline import derive as derived
    from bertsym.derive.save import save
    from bertsym.derive.trace import Trace
    from bertsym.derive.types import NotDerived
    from bertsym.formulas.styles import Style

    sizes = _sizes(target, size)
    limit = seconds(timeout, "--timeout")
    style = Style.named(form)
    with _listeners(trace, output, progress=progress) as listeners, interruptible():  # the worker ends at once
        try:
            found = derived(
                target, sizes, trials=trials, seed=seed, seconds=limit, keep_names=keep_names, trace=Trace(listeners)
            )
        except NotDerived as error:
            if why:
                show(derivation_evidence(target, error.evidence, why, error.problem), page)
            raise
    show(derivation_evidence(target, found.evidence, why) if why else derived_formula(found, style), page)
    if not found.whole:
        unsaved = f", and {output} is not written" if output else ""
        typer.echo(printable(f"note: {_incomplete(found)}{unsaved}"), err=True)
        raise typer.Exit(1)
    if output is not None:
        save(found, Path(output))


def _incomplete(found: Derivation) -> str:
    """Return the note on a derivation that does not cover every tensor: the first of them, why, and the next step."""
    first, *others = found.refused
    rest = f" and {len(others)} more" if others else ""
    return (
        f"{first.tensor}{rest} without a formula, so this is not the total ({first.part}: {first.reason}); "
        f"--why '{first.tensor}' shows the observations, --trace FILE the stages"
    )


@contextmanager
def _listeners(trace: str | None, output: str | None, *, progress: bool) -> Iterator[list[Listener]]:
    """Open the listeners of a derivation; raises `Conflict` or `BadFile`."""
    from bertsym.cli.progress import Progress
    from bertsym.derive.trace_file import TraceFile
    from bertsym.errors import Conflict

    if trace is not None and output is not None and realpath(trace) == realpath(output):
        raise Conflict("--trace", "--output", "both name the same file")
    with ExitStack() as stack:
        listeners: list[Listener] = []
        if trace is not None:
            listeners.append(stack.enter_context(TraceFile(Path(trace))))
        if progress or sys.stderr.isatty():
            listeners.append(stack.enter_context(Progress()))
        yield listeners


def _sizes(target: str, texts: list[str] | None) -> dict[str, int]:
    from bertsym.errors import Conflict, Missing, Unreadable
    from bertsym.quantities import parse_size

    given = options.split(texts)
    if given and ":" not in target:
        raise Conflict("--size", target, "a model of transformers has its config's fields")
    if not given and ":" in target:
        raise Missing("size to vary", "--size hidden=768 --size layers=12, the callable's own parameters")
    found: dict[str, int] = {}
    for pair in given:
        name, equals, number = pair.partition("=")
        value = parse_size(number, f"--size {name}", "an integer of at least 0") if equals else None
        if not name.isidentifier() or value is None or value.denominator != 1 or value < 0:
            raise Unreadable("--size", pair, "NAME=VALUE, as in hidden=768")
        if name in found:
            raise Conflict(f"--size {name}={found[name]}", f"--size {pair}", "a size is given once")
        found[name] = int(value)
    return found
