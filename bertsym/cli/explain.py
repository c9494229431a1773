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
    tensors: Annotated[
        bool, typer.Option("--tensors", help="List the tensors of each component, with names and shapes.")
    ] = False,
    steps_only: Annotated[
        bool, typer.Option("--steps-only", help="Print the steps alone, without sentences about them.")
    ] = False,
    *,
    run: RunOptions,
    page: Page,
) -> None:
    """Derive a count step by step.

    The steps are the products of the sides of the tensors or other entries, their sums, what cancels, and the total.
    """
    from bertsym.answers.explanation import derivation
    from bertsym.errors import Conflict
    from bertsym.explain import Choices

    if tensors and steps_only:
        raise Conflict("--tensors", "--steps-only", "the tensors are no steps")
    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, run.given)
    handout = page.standalone and not steps_only
    show(derivation(model, chosen, component, Choices(tensors, steps_only), handout=handout), page)
