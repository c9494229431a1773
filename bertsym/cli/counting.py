"""total, show, tensors: what a model counts."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


@paged
def total(
    target: options.Target = "bert",
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    form: options.FormName = "collected",
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="F,T", help="Leave these derived or defaulted sizes as symbols."),
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="Print the exact number alone.")] = False,
    *,
    page: Page,
) -> None:
    """The formula of the total; with every size known, the number too."""
    from bertsym.answers.formula import formula_written
    from bertsym.count import count as exact_count
    from bertsym.errors import Conflict

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    if count:
        if page.syntax != "text":
            raise Conflict("--count", f"--{page.syntax}", "the number stands alone")
        typer.echo(exact_count(model, chosen))
        return
    kept = [model.size(name).symbol for name in options.split(keep)]
    model.check_known(kept)
    show(formula_written(model, chosen, form, kept), page)


@paged
def breakdown(
    target: options.Target = "bert",
    by: Annotated[str, typer.Option("--by", metavar="WHAT", help="component, role or layer.")] = "component",
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    form: options.FormName = "collected",
    *,
    page: Page,
) -> None:
    """The breakdown: formula, number and share, summing to the total."""
    from bertsym.answers.breakdown import broken_down
    from bertsym.count import By
    from bertsym.formulas.styles import Style

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    show(broken_down(model, chosen, By.named(by), Style.named(form)), page)


@paged
def tensors(
    target: options.Target = "bert",
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    *,
    page: Page,
) -> None:
    """The inventory: every tensor's name, shape, role and tie."""
    from bertsym.answers.inventory import inventory

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    show(inventory(model, chosen), page)
