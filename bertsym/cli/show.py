"""show: a count by component, role, layer or module."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bertsym.cli import options, output, streams
from bertsym.cli.page import Page, paged
from bertsym.cli.run_options import RunOptions
from bertsym.printing import TEXT

ROOMY = 80
"""The columns of a terminal from which on bars leave enough room for formulas."""


@paged
def show(
    target: options.Target = "bert",
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="WHAT", help="Group the tensors by component, role, layer or module (the code's own names)."
        ),
    ] = "component",
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    of: options.Of = "parameters",
    convention: options.ConventionOf = None,
    only: options.Only = None,
    without: options.Without = None,
    form: options.FormName = "collected",
    bars: Annotated[
        bool | None,
        typer.Option("--bars/--no-bars", help="Text: draw a bar beside each share. [default: on a terminal]"),
    ] = None,
    *,
    run: RunOptions,
    page: Page,
) -> None:
    """Break the count down by component, role, layer or module.

    Each row has its formula, and its number and share if every size is known; the rows sum to the total. On a
    terminal, each share has a bar.
    """
    from bertsym.answers.breakdown import broken_down
    from bertsym.count import By
    from bertsym.formulas.styles import Style

    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, run.given)
    report = broken_down(model, chosen, By.named(by), Style.named(form))
    if bars is None:
        roomy = sys.stdout.isatty() and (streams.width(sys.stdout) or ROOMY) >= ROOMY
        bars = roomy and page.syntax == TEXT and not page.columns and report.total.share is not None
    output.show(report, page, bars=bars)
