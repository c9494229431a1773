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
    of: options.Of = "parameters",
    convention: options.ConventionOf = None,
    only: options.Only = None,
    without: options.Without = None,
    dtype: options.Dtype = None,
    optimizer: options.Optimizer = None,
    rank: options.Rank = None,
    targets: options.Targets = None,
    *,
    page: Page,
) -> None:
    """Derive a count step by step.

    The steps are the shapes of the tensors or other entries, their sums, what cancels, and the total.
    """
    from bertsym.answers.explanation import derivation

    settings = options.settings(dtype, optimizer, rank, targets)
    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, settings)
    show(derivation(model, chosen, component), page)
