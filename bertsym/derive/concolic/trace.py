"""The trace of one concolic run: shapes as expressions, and the path condition. Decoded here, and not trusted.

The run takes one path through the model code. A dimension holds for other sizes only if the other builds say so. A
relation that held on the path is either required by the code or the branch that was taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import expand
from bertsym.derive.concolic.decode import decode_expression
from bertsym.derive.limits import (
    MAX_EXACT_QUOTIENTS,
    MAX_TENSOR_NAME_LENGTH,
    MAX_TENSOR_RANK,
    MAX_TENSORS,
    MAX_TRACED_DIMENSIONS,
    MAX_TRACED_EXPRESSIONS,
    MAX_TRACED_RELATIONS,
    MAX_TRIVIAL_NUMBER,
)
from bertsym.errors import echo
from bertsym.expressions.reader import RELATIONS, Malformed
from bertsym.values import value


@value
class Multiple:
    """A field that is a multiple of `factor`, and of the field `of` if there is one."""

    field: str
    factor: int
    of: str | None = None


@value
class ConcolicTrace:
    """Shapes and path condition of one run, over the symbols that its fields were given.

    - `shapes` maps tensor names to dimensions; None is one whose expression is not known. A number in a dimension is
      one in the code, or a size of which the code used the bare value.
    - `conditions` held on the path.
    - `multiples` are sufficient for those conditions that say that a remainder is 0.
    - `pinned` fields were equal to a number or to another field. Other values of them take another path.
    - `concretised` fields were used without their expression, as a number of layers, an index or in a logarithm.
      Another value of them may change what no dimension and no condition shows.
    """

    shapes: Mapping[str, tuple[Expr | None, ...]]
    conditions: tuple[Boolean, ...]
    multiples: tuple[Multiple, ...]
    pinned: tuple[str, ...]
    concretised: tuple[str, ...]


def decode_trace(answer: object, symbols: Mapping[str, Symbol]) -> ConcolicTrace:
    """Return the worker's answer as a trace over these symbols, given by field; raise `Malformed`.

    >>> from bertsym.symbols import H, V, heads
    >>> answer = {"dimensions": ["vocab", ["*", "heads", ["//", "hidden", "heads"]], 3],
    ...           "shapes": {"word.weight": [0, 1]},
    ...           "relations": [["=", ["%", "hidden", "heads"], 0], [">", "vocab", 0]]}
    >>> trace = decode_trace(answer, {"hidden": H, "heads": heads, "vocab": V})
    >>> trace.shapes, trace.conditions, trace.multiples
    ({'word.weight': (V, H)}, (Eq(Mod(H, heads), 0),), (Multiple(field='hidden', factor=1, of='heads'),))
    """
    match answer:
        case {"dimensions": list() as dimensions, "shapes": dict() as shapes, "relations": list() as relations, **rest}:
            concretised = rest.get("concretised", [])
        case _:
            raise Malformed(f"no trace: {echo(answer)}")
    if not isinstance(concretised, list) or not all(isinstance(name, str) and name in symbols for name in concretised):
        raise Malformed(f"no fields: {echo(concretised)}")
    if len(dimensions) > MAX_TRACED_DIMENSIONS or len(shapes) > MAX_TENSORS or len(relations) > MAX_TRACED_RELATIONS:
        raise Malformed("a trace of more tensors or relations than any model has")
    if sum(isinstance(dimension, list) for dimension in dimensions) > MAX_TRACED_EXPRESSIONS:
        raise Malformed(f"more than {MAX_TRACED_EXPRESSIONS} expressions")
    path = _PathCondition(relations, symbols)
    decoded = [path.simplify(dimension) for dimension in (_decode_or_none(item, symbols) for item in dimensions)]
    fields = {symbol: field for field, symbol in symbols.items()}
    return ConcolicTrace(
        {name: tuple(_at(decoded, index) for index in _shape(name, shape)) for name, shape in shapes.items()},
        tuple(dict.fromkeys(path.conditions)),
        tuple(dict.fromkeys(path.multiples(fields))),
        tuple(sorted({fields[symbol] for symbol in path.pinned})),
        tuple(concretised),
    )


def _shape(name: object, shape: object) -> list[Any]:
    if not isinstance(name, str) or len(name) > MAX_TENSOR_NAME_LENGTH:
        raise Malformed(f"no name of a tensor: {echo(name)}")
    if not isinstance(shape, list) or len(shape) > MAX_TENSOR_RANK:
        raise Malformed(f"no shape: {echo(shape)}")
    return shape


def _at(dimensions: list[Expr | None], index: object) -> Expr | None:
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(dimensions):
        raise Malformed(f"no index of a dimension: {echo(index)}")
    return dimensions[index]


def _decode_or_none(json: Any, symbols: Mapping[str, Symbol]) -> Expr | None:
    """Return the expression, or None if it is too long or has a name that is no field here."""
    try:
        return None if json is None else decode_expression(json, symbols)
    except Malformed:
        return None


class _PathCondition:
    """The relations of a run: those that say something, and the quotients that they make exact.

    A quotient (numerator, denominator) is exact if a remainder of the two was 0 on the path. Its floor can be dropped.
    """

    def __init__(self, relations: Iterable[Any], symbols: Mapping[str, Symbol]) -> None:
        self.exact_quotients: list[tuple[Expr, Expr]] = []
        self.conditions: list[Boolean] = []
        self.pinned: set[Symbol] = set()
        for relation in relations:
            match relation:
                case ["=", ["%", numerator, denominator], 0]:
                    self._add_divisibility(_decode_or_none(numerator, symbols), _decode_or_none(denominator, symbols))
                case [str() as sign, left, right] if sign in RELATIONS:
                    self._add_relation(sign, _decode_side(left, symbols), _decode_side(right, symbols))
                case _:
                    raise Malformed(f"no relation: {echo(relation)}")

    def _add_divisibility(self, numerator: Expr | None, denominator: Expr | None) -> None:
        if numerator is not None and denominator is not None and denominator.is_positive:
            self._add_exact_quotient(*sympy.fraction(self._drop_floors(numerator) / self._drop_floors(denominator)))

    def _add_exact_quotient(self, numerator: Expr, denominator: Expr) -> None:
        if denominator != 1:
            quotient = (numerator, denominator)
            if len(self.exact_quotients) < MAX_EXACT_QUOTIENTS and quotient not in self.exact_quotients:
                self.exact_quotients.append(quotient)
            remainder = sympy.Mod(numerator, denominator, evaluate=False)
            self.conditions.append(sympy.Eq(remainder, 0, evaluate=False))

    def _add_relation(self, sign: str, left: Expr | None, right: Expr | None) -> None:
        if left is None or right is None:
            return
        if sign == "=":
            floors = [floor for floor in (left - right).atoms(sympy.floor) if _is_exact(floor, left - right)]
            if floors:
                self._add_exact_quotient(*sympy.fraction(floors[0].args[0]))
                return
            self.pinned |= {side for side in (left, right) if isinstance(side, Symbol)}
            if isinstance(left, Integer) or isinstance(right, Integer):
                return
        elif _is_trivial(left, right) or _is_trivial(right, left):
            return
        # Not evaluated: sympy can take a second to decide that a maximum is never below a product.
        self.conditions.append(RELATIONS[sign](left, right, evaluate=False))

    def simplify(self, dimension: Expr | None) -> Expr | None:
        """Return the dimension without the floors that the path makes exact, if no quotient is left then."""
        without_floors = None if dimension is None else self._drop_floors(dimension)
        if dimension is None or without_floors == dimension:
            return dimension
        expanded = expand(without_floors)
        return expanded if sympy.fraction(sympy.together(expanded))[1] == 1 else dimension

    def _drop_floors(self, expression: Expr) -> Expr:
        exact = {f: f.args[0] for f in expression.atoms(sympy.floor) if self._is_whole_on_path(f.args[0])}
        return expression.xreplace(exact)

    def _is_whole_on_path(self, argument: Expr) -> bool:
        """Return True if the argument is an integer multiple of an exact quotient."""
        return any((argument * below / above).is_integer for above, below in self.exact_quotients)

    def multiples(self, fields: Mapping[Symbol, str]) -> Iterator[Multiple]:
        """Yield sufficient divisibilities for the exact quotients of one field by a number or by one other field."""
        for numerator, denominator in self.exact_quotients:
            (times, field), (factor, other) = numerator.as_coeff_Mul(), denominator.as_coeff_Mul()
            if field in fields and (other == 1 or other in fields) and times.is_Integer and factor.is_Integer:
                unit = int(factor) // sympy.igcd(int(times), int(factor))
                yield Multiple(fields[field], unit, fields.get(other))


def _is_exact(floor: Expr, difference: Expr) -> bool:
    """Return True if the difference is 0 without that floor, as in heads * floor(H / heads) = H."""
    return bool(expand(difference.xreplace({floor: floor.args[0]})) == 0)


def _decode_side(json: Any, symbols: Mapping[str, Symbol]) -> Expr | None:
    """Return a side of a relation, which may be a remainder."""
    match json:
        case ["%", numerator, denominator]:
            left, right = _decode_or_none(numerator, symbols), _decode_or_none(denominator, symbols)
            is_known = left is not None and right is not None and right.is_positive
            return sympy.Mod(left, right, evaluate=False) if is_known else None
    return _decode_or_none(json, symbols)


def _is_trivial(left: Expr, right: Expr) -> bool:
    """Return True for a size compared with -1, 0, 1 or 2, as every library does."""
    return isinstance(left, Symbol) and isinstance(right, Integer) and abs(right) <= MAX_TRIVIAL_NUMBER
