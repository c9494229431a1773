"""total, show, tensors: what a model counts."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show


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
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """The formula of the total; with every size known, the number too."""
    from bertsym.answers.formula import formula_written
    from bertsym.count import count as exact_count
    from bertsym.symbols import lookup

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    if count:
        typer.echo(exact_count(model, chosen))
        return
    kept = [lookup(name).symbol for name in options.split(keep)]
    model.check_known(kept)
    show(formula_written(model, chosen, form, kept), latex=latex, markdown=markdown, json=json)


def breakdown(
    target: options.Target = "bert",
    by: Annotated[str, typer.Option("--by", metavar="WHAT", help="component, role or layer.")] = "component",
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    form: options.FormName = "collected",
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """The breakdown: formula, number and share, summing to the total."""
    from bertsym.answers.breakdown import broken_down
    from bertsym.count import By
    from bertsym.forms import Style

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    show(broken_down(model, chosen, By.named(by), Style.named(form)), latex=latex, markdown=markdown, json=json)


def tensors(
    target: options.Target = "bert",
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """The inventory: every tensor's name, shape, role and tie."""
    from bertsym.answers.inventory import inventory

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    show(inventory(model, chosen), latex=latex, markdown=markdown, json=json)
