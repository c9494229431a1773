"""A question to `solve`: the unknowns, and the requirements on them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from fractions import Fraction

from sympy import Symbol

from bertsym.convention import EXACT, Convention
from bertsym.errors import Conflict, Missing, Unreadable, member
from bertsym.solving.constraints import Constraint
from bertsym.solving.open_model import Tie, only_unknowns
from bertsym.solving.requirements import Limit
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

# The best are kept in a sorted list, whose insertions grow with its length.
MAX_ANSWERS = 10_000
LARGEST = "max"
"""The word for a search without a target."""
# No count of sizes that can be typed is as large.
ABOVE_ALL = 10**1000


class Order(Enum):
    """An order of configurations.

    SHAPE has published shapes near the target first, as `configurations.place_of` says.
    """

    SHAPE = "shape"
    ERROR = "error"
    DEPTH = "depth"
    WIDTH = "width"
    ASPECT = "aspect"

    @classmethod
    def named(cls, name: str) -> Order:
        """Return the member of that name; raise `UnknownName`."""
        return member(cls, "order", name)


@value
class Request:
    """A question to search: unknowns in the order in which they are shown, their ranges, and the requirements.

    Without a target the search finds the largest count within the budgets. `multiple` is a step of every unknown that
    counts features or rows. `rules` are conditions that free no size unless they fail. `freeing.freed` fills the last
    two fields: `freed` are the unknowns that only a condition names, `followed` the sizes that a condition determines,
    each with the text of the condition.
    """

    unknowns: tuple[Symbol, ...]
    target: int | None
    convention: Convention = EXACT
    ranges: Mapping[Symbol, tuple[int, int]] = {}
    multiples: Mapping[Symbol, int] = {}
    constraints: tuple[Constraint, ...] = ()
    ties: tuple[Tie, ...] = ()
    limits: tuple[Limit, ...] = ()
    tolerance: Fraction | None = None
    order: Order = Order.ERROR
    top: int = 20
    multiple: int | None = None
    diverse: bool = False
    rules: tuple[Constraint, ...] = ()
    freed: tuple[Symbol, ...] = ()
    followed: tuple[tuple[Symbol, str], ...] = ()

    @property
    def named(self) -> frozenset[Symbol]:
        """Return the sizes that the conditions name, but for those that only determine another size."""
        return frozenset(symbol for constraint in self.constraints for symbol in constraint.symbols)

    @property
    def steps(self) -> Mapping[Symbol, int]:
        """Return the step of each unknown that has one: `multiple` is that of features and rows, or of any others."""
        if self.multiple is None:
            return self.multiples
        counted = [symbol for symbol in self.unknowns if BY_SYMBOL[symbol].kind in (Kind.WIDTH, Kind.ROWS)]
        return {**dict.fromkeys(counted or self.unknowns, self.multiple), **self.multiples}

    @property
    def applied(self) -> str:
        """Return the sizes to which `multiple` applies, in words; an empty text without one."""
        if self.multiple is None:
            return ""
        given = [symbol for symbol in self.unknowns if symbol in self.steps and symbol not in self.multiples]
        others = [symbol for symbol in self.unknowns if symbol not in self.steps]
        beside = f", not to {', '.join(map(str, others))}" if others else ""
        return f"--multiple-of {self.multiple} applies to {', '.join(map(str, given)) or 'no unknown'}{beside}"

    @property
    def aim(self) -> int:
        """Return the count to come near: the target, or a number above every count."""
        return ABOVE_ALL if self.target is None else self.target


def check(request: Request) -> None:
    """Raise `Missing`, `Conflict` or `Unreadable` for a request that no model could answer."""
    check_unknowns(request)
    only_unknowns(request.unknowns, {"--range": request.ranges, "--multiple-of": request.multiples})
    _check_numbers(request)


def check_unknowns(request: Request) -> None:
    """Raise `Missing` or `Conflict` unless there are unknowns, each of them once."""
    if not request.unknowns:
        raise Missing("unknown", "--for H")
    twice = next((s for s in request.unknowns if request.unknowns.count(s) > 1), None)
    if twice is not None:
        raise Conflict(f"--for {twice}", f"--for {twice}", "an unknown is named once")


def _check_numbers(request: Request) -> None:
    if request.target is None:
        _check_largest(request)
    elif not _is_count(request.target) or request.target < 1:
        raise Unreadable("--target", str(request.target), "a number of parameters, at least 1")
    if not _is_count(request.top) or not 1 <= request.top <= MAX_ANSWERS:
        raise Unreadable("--top", str(request.top), f"a whole number from 1 to {MAX_ANSWERS}")
    for symbol, step in request.steps.items():
        if not _is_count(step) or step < 1:
            raise Unreadable(f"--multiple-of {symbol}", str(step), "a whole number of at least 1")
    for symbol, ends in request.ranges.items():
        if len(ends) != 2 or not all(map(_is_count, ends)):
            raise Unreadable(f"--range {symbol}", "..".join(map(str, ends)), "two whole numbers")
    exact = isinstance(request.tolerance, int | Fraction) and request.tolerance >= 0
    if request.tolerance is not None and not exact:
        raise Unreadable("--tolerance", str(request.tolerance), "an exact share of the target, at least 0")
    for limit in request.limits:
        for bound in (limit.most, limit.least):
            if bound is not None and not _is_count(bound):
                raise Unreadable("a budget", str(bound), "a number of parameters")


def _check_largest(request: Request) -> None:
    """Raise `Missing` if no budget bounds the largest count, and `Conflict` for a tolerance or an order."""
    if all(limit.most is None for limit in request.limits):
        raise Missing("budget for --target max", "one such as --at-most memory=24GiB")
    if request.tolerance is not None:
        raise Conflict("--tolerance", "--target max", "the largest count is not compared with a target")
    if request.order not in (Order.ERROR, Order.SHAPE):
        raise Conflict(f"--order {request.order.value}", "--target max", "the largest counts come first")


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
