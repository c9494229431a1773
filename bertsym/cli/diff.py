"""diff: the derivative of a count."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged
from bertsym.cli.run_options import RunOptions


@paged
def diff(
    target: options.Target = "bert",
    by: Annotated[str, typer.Option("--by", metavar="SIZE", help="The size to differentiate by.")] = "H",
    order: Annotated[
        int, typer.Option("--order", metavar="K", help="The order of the derivative, 1 for the first.")
    ] = 1,
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    of: options.Of = "parameters",
    convention: options.ConventionOf = None,
    only: options.Only = None,
    without: options.Without = None,
    form: options.FormName = "collected",
    *,
    run: RunOptions,
    page: Page,
) -> None:
    """Differentiate the parameter count by a size.

    The answer has the derivative, and its value and the elasticity if every size is known.
    """
    from bertsym.answers.derivative import derivative
    from bertsym.formulas.styles import Style

    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, run.given)
    report = derivative(model, model.setting(by).symbol, order, chosen, Style.named(form))
    show(report, page)
