"""What one run of the code with symbols in it says of its shapes: untrusted, a proposal to be tried like any other.

The run takes one path through the code. A side holds where the other builds say so; a relation held on that path, be it
a condition of validity or the branch that was taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import expand
from bertsym.derive.concolic.decode import read
from bertsym.errors import echo
from bertsym.expressions.reader import RELATIONS, Malformed
from bertsym.values import value

MOST_TENSORS = 60_000
MOST_SIDES = 4000
MOST_EXPRESSIONS = 600
MAX_RELATIONS = 500
MOST_QUOTIENTS = 64
MOST_DIMENSIONS = 16
LONGEST_NAME = 500
TRIVIAL = 2


@value
class Multiple:
    """A field that is a multiple of `factor`, and of the field `of` if there is one."""

    field: str
    factor: int
    of: str | None = None


@value
class ConcolicTrace:
    """Shapes by tensor name, None for a side that has lost its expression, and what held on the path taken.

    A number may be a number in the code or a size that the code made one. `multiples` are sufficient for those of the
    `conditions` that say that a remainder is 0; `pinned` fields were found equal to a number, or to another field, and
    another value of theirs takes another path; of the `used` ones the bare value went where no expression follows it (a
    number of layers, an index, a logarithm), so that another value may do what no side and no condition shows.
    """

    shapes: Mapping[str, tuple[Expr | None, ...]]
    conditions: tuple[Boolean, ...]
    multiples: tuple[Multiple, ...]
    pinned: tuple[str, ...]
    used: tuple[str, ...]


def proposal(told: object, symbols: Mapping[str, Symbol]) -> ConcolicTrace:
    """The other process's answer over these symbols by field; raises `Malformed`.

    >>> from bertsym.symbols import H, V, heads
    >>> told = {"sides": ["vocab", ["*", "heads", ["//", "hidden", "heads"]], 3], "shapes": {"word.weight": [0, 1]},
    ...         "relations": [["=", ["%", "hidden", "heads"], 0], [">", "vocab", 0]]}
    >>> found = proposal(told, {"hidden": H, "heads": heads, "vocab": V})
    >>> found.shapes, found.conditions, found.multiples
    ({'word.weight': (V, H)}, (Eq(Mod(H, heads), 0),), (Multiple(field='hidden', factor=1, of='heads'),))
    """
    match told:
        case {"sides": list() as sides, "shapes": dict() as shapes, "relations": list() as relations, **rest}:
            used = rest.get("used", [])
        case _:
            raise Malformed(f"no proposal: {echo(told)}")
    if not isinstance(used, list) or not all(isinstance(field, str) and field in symbols for field in used):
        raise Malformed(f"no fields: {echo(used)}")
    if len(sides) > MOST_SIDES or len(shapes) > MOST_TENSORS or len(relations) > MAX_RELATIONS:
        raise Malformed("a proposal of more tensors or relations than any model has")
    if sum(isinstance(side, list) for side in sides) > MOST_EXPRESSIONS:
        raise Malformed(f"more than {MOST_EXPRESSIONS} expressions")
    path = _PathCondition(relations, symbols)
    found = [path.exact(side) for side in (_side(side, symbols) for side in sides)]
    fields = {symbol: field for field, symbol in symbols.items()}
    return ConcolicTrace(
        {name: tuple(_at(found, place) for place in _places(name, shape)) for name, shape in shapes.items()},
        tuple(dict.fromkeys(path.conditions)),
        tuple(dict.fromkeys(path.multiples(fields))),
        tuple(sorted({fields[symbol] for symbol in path.pinned})),
        tuple(used),
    )


def _places(name: object, shape: object) -> list[Any]:
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise Malformed(f"no name of a tensor: {echo(name)}")
    if not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS:
        raise Malformed(f"no shape: {echo(shape)}")
    return shape


def _at(found: list[Expr | None], place: object) -> Expr | None:
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(found):
        raise Malformed(f"no side: {echo(place)}")
    return found[place]


def _side(side: Any, symbols: Mapping[str, Symbol]) -> Expr | None:
    """The side, or None for one that is too long, or has a name that is no field here."""
    try:
        return None if side is None else read(side, symbols)
    except Malformed:
        return None


class _PathCondition:
    """The relations of a run: those that say something, and the quotients that they make exact."""

    def __init__(self, relations: Iterable[Any], symbols: Mapping[str, Symbol]) -> None:
        self.quotients: list[tuple[Expr, Expr]] = []
        self.conditions: list[Boolean] = []
        self.pinned: set[Symbol] = set()
        for relation in relations:
            match relation:
                case ["=", ["%", above, below], 0]:
                    self._divides(_side(above, symbols), _side(below, symbols))
                case [str() as sign, left, right] if sign in RELATIONS:
                    self._holds(sign, _modular(left, symbols), _modular(right, symbols))
                case _:
                    raise Malformed(f"no relation: {echo(relation)}")

    def _divides(self, above: Expr | None, below: Expr | None) -> None:
        if above is not None and below is not None and below.is_positive:
            self._exact(*sympy.fraction(self._unrounded(above) / self._unrounded(below)))

    def _exact(self, over: Expr, under: Expr) -> None:
        if under != 1:
            if len(self.quotients) < MOST_QUOTIENTS and (over, under) not in self.quotients:
                self.quotients.append((over, under))
            self.conditions.append(sympy.Eq(sympy.Mod(over, under, evaluate=False), 0, evaluate=False))

    def _holds(self, sign: str, left: Expr | None, right: Expr | None) -> None:
        if left is None or right is None:
            return
        if sign == "=":
            floors = [floor for floor in (left - right).atoms(sympy.floor) if _closed(left - right, floor)]
            if floors:
                self._exact(*sympy.fraction(floors[0].args[0]))
                return
            self.pinned |= {side for side in (left, right) if isinstance(side, Symbol)}
            if isinstance(left, Integer) or isinstance(right, Integer):
                return
        elif _trivial(left, right) or _trivial(right, left):
            return
        # Not evaluated: whether a maximum is ever below a product can take sympy a second.
        self.conditions.append(RELATIONS[sign](left, right, evaluate=False))

    def exact(self, side: Expr | None) -> Expr | None:
        """The expression without idle roundings, if it is then free of quotients."""
        unrounded = None if side is None else self._unrounded(side)
        if side is None or unrounded == side:
            return side
        plain = expand(unrounded)
        return plain if sympy.fraction(sympy.together(plain))[1] == 1 else side

    def _unrounded(self, side: Expr) -> Expr:
        """The expression without the roundings that the path shows to be idle."""
        return side.xreplace({f: f.args[0] for f in side.atoms(sympy.floor) if self._idle(f.args[0])})

    def _idle(self, argument: Expr) -> bool:
        return any((argument * below / above).is_integer for above, below in self.quotients)

    def multiples(self, fields: Mapping[Symbol, str]) -> Iterator[Multiple]:
        """What is sufficient for the quotients of single fields by single fields."""
        for above, below in self.quotients:
            (times, field), (factor, other) = above.as_coeff_Mul(), below.as_coeff_Mul()
            if field in fields and (other == 1 or other in fields) and times.is_Integer and factor.is_Integer:
                unit = int(factor) // sympy.igcd(int(times), int(factor))
                yield Multiple(fields[field], unit, fields.get(other))


def _closed(difference: Expr, floor: Expr) -> bool:
    """Whether the difference is 0 once that floor is left out, as in heads * floor(H / heads) = H."""
    return bool(expand(difference.xreplace({floor: floor.args[0]})) == 0)


def _modular(side: Any, symbols: Mapping[str, Symbol]) -> Expr | None:
    match side:
        case ["%", above, below]:
            over, under = _side(above, symbols), _side(below, symbols)
            known = over is not None and under is not None and under.is_positive
            return sympy.Mod(over, under, evaluate=False) if known else None
    return _side(side, symbols)


def _trivial(left: Expr, right: Expr) -> bool:
    """A size compared with -1, 0, 1 or 2, as every library does."""
    return isinstance(left, Symbol) and isinstance(right, Integer) and abs(right) <= TRIVIAL
