"""explain: a count derived step by step."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


@paged
def explain(
    target: options.Target = "bert",
    component: Annotated[
        str | None, typer.Option("--component", metavar="NAME", help="Derive only this component, such as attention.")
    ] = None,
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    *,
    page: Page,
) -> None:
    """Derive the parameter count step by step.

    The steps are the shapes of the tensors, their sums, what cancels, and the total.
    """
    from bertsym.answers.explanation import derivation

    model = options.model(target, head, at, model_type)
    chosen = options.convention(convention, model, only, without)
    show(derivation(model, chosen, component), page)
