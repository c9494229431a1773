"""The existence of a model at its sizes: no fraction of a row, no more experts chosen than there are.

A model may exist although no batch runs through it; `obstacles` says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from sympy import Expr

from bertsym.algebra import Iverson, evaluate, free, substitute
from bertsym.convention import ACTIVE, Convention
from bertsym.errors import Conflict, NoShape, NotKnown, UnknownRouting
from bertsym.layers import Role
from bertsym.model import Architecture, Model
from bertsym.symbols import heads, in_order, kv_heads
from bertsym.tree import Tensor
from bertsym.wording import said


def check_routing(model: Model, convention: Convention) -> None:
    """Raise unless the parameters that work on one token can be counted, if the convention asks for them.

    Raises `UnknownRouting` if the number of chosen experts is unknown, `Conflict` if it exceeds the experts.
    """
    for tensor in model.tensors if convention.active and model.architecture.routings else ():
        routing = tensor.routing
        if routing is None or not convention.counts(tensor):
            continue
        if routing.chosen is None:
            raise UnknownRouting(model.cls)
        exists, excess = model.public(Iverson(tensor.when)), model.public(routing.chosen - routing.among)
        if free(excess) <= set(model.given) and evaluate(excess, model.given) > 0 and substitute(exists, model.given):
            chosen, among = (f"{said(side)}={model.number(side)}" for side in routing.sides)
            raise Conflict(chosen, among, "a token cannot go through more experts than there are")


def check_shapes(model: Model) -> None:
    """Raise if a dimension or a number of layers is no integer of at least 0 at the known sizes.

    Raises `NoShape` for such a tensor, and `NotKnown` if a quotient is not whole that the formula needs to be whole.
    """
    for quotient in model.architecture.rounded:
        public = model.public(quotient)
        if free(public) <= set(model.given) and (exact := evaluate(public, model.given)).denominator != 1:
            raise NotKnown(said(quotient), str(exact), tuple(map(str, in_order(free(public)))))
    for tensor, parts in doubtful(model.architecture, model.head):
        exists = model.public(Iverson(tensor.when))
        if not free(exists) <= set(model.given) or not evaluate(exists, model.given):
            continue
        for what, part in parts:
            public = model.public(part)
            if not free(public) <= set(model.given):
                continue
            exact = evaluate(public, model.given)
            if exact.denominator != 1 or exact < 0:
                raise NoShape(tensor.name, what, said(public), str(exact))


@lru_cache(maxsize=512)
def doubtful(architecture: Architecture, head: str) -> tuple[tuple[Tensor, tuple[tuple[str, Expr], ...]], ...]:
    """Return the tensors with the dimensions and layer counts that are not integers of at least 0 at all sizes."""
    result = []
    for tensor in Model(architecture, head).tensors:
        parts = [*(("side", side) for side in tensor.shape), *(("repeat", loop.times) for loop in tensor.loops)]
        unsure = tuple((what, part) for what, part in parts if not (part.is_integer and part.is_nonnegative))
        if unsure:
            result.append((tensor, unsure))
    return tuple(result)


def whole_quotients(architecture: Architecture) -> tuple[Expr, ...]:
    """Return the quotients that must be integers for the model to run.

    A derivation builds models and does not run them. So the quotient heads/kv_heads of an entry may be missing: a head
    of keys serves a group of query heads.
    """
    grouped = (heads / kv_heads,) if {heads, kv_heads} <= architecture.counted else ()
    return tuple(dict.fromkeys((*architecture.whole, *grouped)))


DOES_NOT_RUN = "the class is built, and does not run"
"""The words before an obstacle."""


def obstacles(model: Model) -> Iterator[str]:
    """Yield the reasons why the class is built at the known sizes and does not run.

    There are three: a quotient of sizes that is not whole, an embedding without rows, and fewer experts than a router
    chooses.
    """
    for quotient in whole_quotients(model.architecture):
        public = model.public(quotient)
        if free(public) <= set(model.given) and (number := model.evaluated(public)).denominator != 1:
            yield f"{said(quotient)} = {number} is not whole"
    for tensor in model.tensors:
        if tensor.role is Role.EMBEDDING and _is_zero(model, tensor.shape[0]) and not _is_zero(model, tensor.times):
            yield f"{tensor.name} has {said(tensor.shape[0])} = 0 rows"
    try:
        check_routing(model, ACTIVE)
    except UnknownRouting:
        return
    except Conflict as conflict:
        yield str(conflict)


def _is_zero(model: Model, expression: Expr) -> bool:
    """Return True if an expression of the declaration is known to be 0."""
    public = model.public(expression)
    return free(public) <= set(model.given) and model.evaluated(public) == 0
