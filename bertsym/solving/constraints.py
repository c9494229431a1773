"""Conditions on the sizes of an answer (`16 <= H/L <= 128`) and ties (`H = 64*L`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sympy import Expr, Symbol, floor

from bertsym.algebra import Value
from bertsym.errors import BertsymError, Conflict, echo
from bertsym.expressions.evaluate import holds
from bertsym.expressions.grammar import CONDITION, TIE, Malformed, Use, parse
from bertsym.expressions.tree import RELATIONAL, Node, Op, constant, size
from bertsym.symbols import Size, lookup
from bertsym.values import value

Names = Callable[[str], Size]


@value
class BadConstraint(BertsymError):
    """Text that is neither a condition nor a tie; `column` counts from 1."""

    text: str
    column: int
    problem: str

    def __str__(self) -> str:
        return f"{echo(self.text)}, column {self.column}: {self.problem}"


@value
class Constraint:
    """Conditions that must all hold, with the text that they were read from.

    `parts` are comparisons, and alternatives (`or`) of such. No part is a negation: the comparison itself is turned
    round instead, so that a comparison without a value (a division by 0) holds neither way.
    """

    text: str
    parts: tuple[Node, ...]

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Return the sizes in the conditions."""
        return frozenset(symbol for part in self.parts for symbol in part.symbols())

    def holds(self, values: Mapping[Symbol, Value]) -> bool:
        """Return True if every condition holds at the values, exactly; one that divides by 0 does not."""
        return all(holds(part, values) for part in self.parts)


_OPPOSITE: Mapping[Op, Op] = {
    Op.BELOW: Op.AT_LEAST, Op.AT_LEAST: Op.BELOW, Op.AT_MOST: Op.ABOVE, Op.ABOVE: Op.AT_MOST,
    Op.EQUAL: Op.UNEQUAL, Op.UNEQUAL: Op.EQUAL, Op.AND: Op.OR, Op.OR: Op.AND,
}  # fmt: skip


def compare(left: Node, relation: Op, right: Node) -> Node:
    """Return a comparison."""
    return Node(relation, (left, right))


def put_in(tree: Node, values: Mapping[Symbol, Node]) -> Node:
    """Return the tree with other trees in place of symbols."""
    if tree.symbol is not None:
        return values.get(tree.symbol, tree)
    return tree._replace(operands=tuple(put_in(operand, values) for operand in tree.operands))


def from_expression(expression: Expr) -> Node | None:
    """Return an expression as a tree; None if it has more than numbers, sizes, sums, products, powers and floors.

    >>> from bertsym.expressions.evaluate import evaluate
    >>> from bertsym.symbols import H, L
    >>> tree = from_expression(H**2 / (3 * L) - 1)
    >>> tree and evaluate(tree, {H: 6, L: 2})
    Fraction(5, 1)
    """
    top, bottom = expression.as_numer_denom()
    if bottom != 1:
        above, below = _from_polynomial(top), _from_polynomial(bottom)
        return None if above is None or below is None else Node(Op.DIVIDE, (above, below))
    return _from_polynomial(top)


def _from_polynomial(expression: Expr) -> Node | None:
    if expression.is_Integer:
        return constant(int(expression))
    if expression.is_Symbol:
        return size(expression)
    if isinstance(expression, floor):
        inside = from_expression(expression.args[0])
        return None if inside is None else Node(Op.FLOOR, (inside,))
    if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
        base = _from_polynomial(expression.base)
        return None if base is None else Node(Op.POWER, (base, constant(int(expression.exp))))
    if not (expression.is_Mul or expression.is_Add):
        return None
    whole: Node | None = None
    for argument in expression.args:
        tree = from_expression(argument)
        if tree is None:
            return None
        whole = tree if whole is None else Node(Op.MULTIPLY if expression.is_Mul else Op.ADD, (whole, tree))
    return whole


def parse_constraint(text: str, names: Names = lookup) -> Constraint:
    """Read a condition; `names` finds the size of a name. Raises `BadConstraint`.

    >>> from bertsym.symbols import H, L
    >>> parse_constraint("16 <= H/L <= 128").holds({H: 768, L: 12})
    True
    >>> parse_constraint("not H = 768 or L % 2 = 0").holds({H: 768, L: 12})
    True
    """
    tree = _parse(text, CONDITION, names)
    if not tree.is_condition:
        raise BadConstraint(text, len(text.rstrip()) + 1, "expected a comparison (< <= = != >= >)")
    return Constraint(text.strip(), tuple(_conjuncts(_without_negations(tree))))


def parse_tie(text: str, names: Names = lookup) -> tuple[Symbol, Node]:
    """Read `H = 64*L` as the size and what it equals; `names` finds the size of a name. Raises `BadConstraint`.

    >>> symbol, tree = parse_tie("H = 64*L")
    >>> str(symbol), [str(s) for s in tree.symbols()]
    ('H', ['L'])
    """
    tree = _parse(text, TIE, names)
    symbol = tree.operands[0].symbol if tree.op is Op.EQUAL else None
    if symbol is None:
        raise BadConstraint(text, 1, "expected SIZE = EXPRESSION, as in H = 64*L")
    if symbol in set(tree.operands[1].symbols()):
        raise BadConstraint(text, 1, f"{symbol} is tied to itself")
    return symbol, tree.operands[1]


def parse_ties(texts: Iterable[str], names: Names = lookup) -> tuple[tuple[Symbol, Node], ...]:
    """Read ties; raises `BadConstraint`, and `Conflict` for two ties of one size under whichever names."""
    ties: dict[Symbol, tuple[str, Node]] = {}
    for text in texts:
        symbol, tree = parse_tie(text, names)
        if symbol in ties:
            raise Conflict(f"--tie {ties[symbol][0]}", f"--tie {text}", f"{symbol} is tied once")
        ties[symbol] = text, tree
    return tuple((symbol, tree) for symbol, (_, tree) in ties.items())


def _parse(text: str, use: Use, names: Names) -> Node:
    try:
        return parse(text, use, lambda name: names(name).symbol)
    except Malformed as error:
        raise BadConstraint(text, error.column, error.problem) from None


def _without_negations(condition: Node, *, negated: bool = False) -> Node:
    """Return an equivalent condition without `not` (De Morgan)."""
    if condition.op is Op.NOT:
        return _without_negations(condition.operands[0], negated=not negated)
    op = _OPPOSITE[condition.op] if negated else condition.op
    if op in RELATIONAL:
        return condition._replace(op=op)
    parts = tuple(_without_negations(part, negated=negated) for part in condition.operands)
    return Node(op, parts)


def negation(constraints: Iterable[Constraint]) -> Constraint:
    """Return the condition that one of these does not hold.

    >>> from bertsym.symbols import H, L
    >>> outside = negation([parse_constraint("2 <= L <= 4"), parse_constraint("H = 6")])
    >>> outside.holds({H: 6, L: 3}), outside.holds({H: 7, L: 3}), outside.holds({H: 6, L: 5})
    (False, True, True)
    """
    listed = tuple(constraints)
    parts = tuple(_without_negations(part, negated=True) for constraint in listed for part in constraint.parts)
    text = f"not ({' and '.join(constraint.text for constraint in listed)})"
    return Constraint(text, (parts[0] if len(parts) == 1 else Node(Op.OR, parts),))


def _conjuncts(condition: Node) -> list[Node]:
    """Return the conditions that must all hold."""
    if condition.op is not Op.AND:
        return [condition]
    return [part for operand in condition.operands for part in _conjuncts(operand)]
