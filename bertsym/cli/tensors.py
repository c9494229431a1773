"""tensors: the tensors that a count sums."""

from __future__ import annotations

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged
from bertsym.cli.run_options import RunOptions


@paged
def tensors(
    target: options.Target = "bert",
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
    """List every tensor: its name, shape, role and tie.

    If every size is known, there is a row per tensor; otherwise a row may stand for a tensor of every layer.
    """
    from bertsym.answers.inventory import inventory

    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, run.given)
    show(inventory(model, chosen), page)
