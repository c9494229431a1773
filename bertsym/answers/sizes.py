"""The sizes that meet a request: one unknown solved as mathematics, or the configurations of several."""

from __future__ import annotations

from bertsym.answers.configurations import shortlist
from bertsym.answers.solution import solved
from bertsym.errors import Conflict
from bertsym.model import Model
from bertsym.report import Report
from bertsym.solving.freeing import freed
from bertsym.solving.request import Order, Request
from bertsym.solving.search import Progress


def sizes(model: Model, request: Request, progress: Progress | None = None, *, explain: bool = False) -> Report:
    """Return the answer to a request; its conditions may free further sizes. Raises what `solve` and `find` raise."""
    request = freed(model, request)
    alone = len(request.unknowns) == 1 and request.target is not None
    if not alone or any(limit.quantity for limit in request.limits):
        return shortlist(model, request, progress, explain=explain)
    if request.order not in (Order.ERROR, Order.SHAPE):
        raise Conflict(
            f"--order {request.order.value}", f"--for {request.unknowns[0]}", "one unknown is ordered by its error"
        )
    return solved(model, request, explain=explain)
