"""derive: a formula from model code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.interrupts import interruptible
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged
from bertsym.errors import printable


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
        typer.Option("--size", metavar="NAME=VALUE", help="A size of your own callable, and a value; repeatable."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Save the model, to be given as MODEL.")
    ] = None,
    keep_names: Annotated[bool, typer.Option("--keep-names", help="Keep the code's own names of sizes.")] = False,
    trials: Annotated[
        int, typer.Option("--trials", min=12, max=1000, help="Random configurations that test the formula.")
    ] = 16,
    seed: Annotated[int, typer.Option("--seed", help="Random seed.")] = 0,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, metavar="SECONDS", help="Time limit per build, in seconds.")
    ] = 20,
    form: options.FormName = "collected",
    *,
    page: Page,
) -> None:
    """Derive a formula from model code (this RUNS the code).

    The code runs many times in another process, on torch's meta device, where no weight is allocated. The exit code is
    1 if a tensor has no formula.
    """
    from bertsym.answers.derived import derived_formula
    from bertsym.derive.pipeline import derive as inferred
    from bertsym.derive.save import save
    from bertsym.formulas.styles import Style

    sizes = _sizes(target, size)
    style = Style.named(form)
    with interruptible():  # so that the process of the code ends at once
        found = inferred(target, sizes, trials=trials, seed=seed, seconds=timeout, keep_names=keep_names)
    show(derived_formula(found, style), page)
    if not found.whole:
        unsaved = f", and {output} is not written" if output else ""
        typer.echo(
            printable(f"note: {len(found.refused)} tensors have no formula: this is not the total{unsaved}"), err=True
        )
        raise typer.Exit(1)
    if output is not None:
        save(found, Path(output))


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
