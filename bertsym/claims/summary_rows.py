"""The rows of a summary that a program printed: each layer is a module of the model, or no module is as large.

The label of a row is a class, such as `Linear: 2-7`. The row of a module without modules inside has to be as large as a
module of that kind. Any other row may be a container that has no name here, and is then not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bertsym.claims.known_parts import modules_of
from bertsym.model import Model
from bertsym.symbols import H
from bertsym.values import value

# The classes of modules without modules inside, what the names of such modules have, and what they do not have.
_TABLES = r"embed|wte|wpe|position|relative|token"
_NORMS = r"norm|ln_"
_LEAVES = tuple(
    (re.compile(classes), kind, re.compile(own, re.IGNORECASE), re.compile(foreign, re.IGNORECASE))
    for classes, kind, own, foreign in (
        (r"(?<![A-Za-z])Embedding(?![a-z])", "embedding", _TABLES, _NORMS),
        (r"(?:Layer|RMS|Group|Batch)_?Norm(?:alization)?", "norm", _NORMS, r"(?!)"),
        (r"(?<![A-Za-z])(?:Linear|Dense|Conv1D|EinsumDense)(?![a-z])", "linear layer", "", rf"{_TABLES}|{_NORMS}"),
    )
)
MAX_LABELS = 30_000
"""The labels that a classifier may have."""
MAX_NAMED = 3


@value
class SummaryRow:
    """The modules of a model that are as large as a row says, or why there are none; `wrong` if there should be one."""

    modules: tuple[str, ...] = ()
    problem: str = ""
    wrong: bool = False


def judge_row(label: str, number: int, model: Model, heads: Sequence[str]) -> SummaryRow:
    """Compare the row of a summary with the modules of a model whose sizes are known."""
    if number == 0:
        return SummaryRow(("no parameters",))
    leaf = next(((kind, own, foreign) for classes, kind, own, foreign in _LEAVES if classes.search(label)), None)
    found: list[str] = []
    for module in modules_of(model, heads, number):
        if not any(module.name.endswith(f".{shorter}") for shorter in found):
            found.append(module.name)
    if leaf is None:
        return SummaryRow(tuple(found[:MAX_NAMED]))
    kind, own, foreign = leaf
    named = [name for name in found if own.search(name) and not foreign.search(name)]
    if named:
        return SummaryRow(tuple(named[:MAX_NAMED]))
    width = model.given.get(H)
    if kind == "linear layer" and isinstance(width, int) and number % (width + 1) == 0 and number <= MAX_LABELS * width:
        labels = number // (width + 1)
        return SummaryRow((), f"a classifier of {labels:,} labels would be as large; the model does not say how many")
    return SummaryRow((), f"no {kind} of the model is as large", wrong=True)
