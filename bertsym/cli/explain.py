"""explain: a count derived step by step."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged
from bertsym.cli.run_options import RunOptions


@paged
def explain(
    target: options.Target = "bert",
    component: Annotated[
        str | None, typer.Option("--component", metavar="NAME", help="Derive only this component, such as attention.")
    ] = None,
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    of: options.Of = "parameters",
    convention: options.ConventionOf = None,
    only: options.Only = None,
    without: options.Without = None,
    *,
    run: RunOptions,
    page: Page,
) -> None:
    """Derive a count step by step.

    The steps are the shapes of the tensors or other entries, their sums, what cancels, and the total.
    """
    from bertsym.answers.explanation import derivation

    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, run.given)
    show(derivation(model, chosen, component), page)
