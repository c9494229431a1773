"""tensors: the tensors that a count sums."""

from __future__ import annotations

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


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
    dtype: options.Dtype = None,
    optimizer: options.Optimizer = None,
    rank: options.Rank = None,
    targets: options.Targets = None,
    *,
    page: Page,
) -> None:
    """List every tensor: its name, shape, role and tie.

    If every size is known, there is a row per tensor; otherwise a row may stand for a tensor of every layer.
    """
    from bertsym.answers.inventory import inventory

    settings = options.settings(dtype, optimizer, rank, targets)
    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, settings)
    show(inventory(model, chosen), page)
