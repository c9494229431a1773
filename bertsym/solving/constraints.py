"""The small language of constraints: `16 <= H/L <= 128`, `H % 64 == 0`, and of ties: `H = 64*L`.

Comparisons of + - * / % ** over registered symbols and integers, read by recursive descent: nothing is ever evaluated
as code, and anything else is refused with its column.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction

from sympy import Expr, Symbol

from bertsym.algebra import Value
from bertsym.errors import BertsymError, UnknownName, echo, suggestion
from bertsym.symbols import BY_NAME, Kind, Own
from bertsym.values import replace, value

LONGEST = 200
DEEPEST = 20
LARGEST_POWER = 12
LONGEST_INTEGER = 30

_TOKEN = re.compile(r"\s*(?:(\d+)|([A-Za-z_]\w*)|(<=|>=|==|!=|\*\*|[-+*/%()<>=]))", re.ASCII)


@value
class BadConstraint(BertsymError):
    """Text that is no constraint; `column` counts from 1."""

    text: str
    column: int
    problem: str

    def __str__(self) -> str:
        return f"{echo(self.text)}, column {self.column}: {self.problem}"


@value
class Term:
    """An integer, a symbol, or an operation on two terms."""

    operation: str
    number: int = 0
    symbol: Symbol | None = None
    left: Term | None = None
    right: Term | None = None


@value
class Comparison:
    """left `relation` right, one of < <= == != >= >."""

    left: Term
    relation: str
    right: Term


@value
class Constraint:
    """A chain of comparisons that must all hold, with the text it was read from."""

    text: str
    comparisons: tuple[Comparison, ...]

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The symbols it speaks of."""
        return frozenset(s for c in self.comparisons for side in (c.left, c.right) for s in symbols_of(side))

    def holds(self, values: Mapping[Symbol, Value]) -> bool:
        """Whether it is true at the values, exactly; a division by zero makes it false."""
        try:
            return all(
                RELATIONS[c.relation](evaluate(c.left, values), evaluate(c.right, values)) for c in self.comparisons
            )
        except ZeroDivisionError:
            return False


RELATIONS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}

_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "**": lambda base, exponent: base ** int(exponent),
}


def evaluate(term: Term, values: Mapping[Symbol, Value]) -> Fraction:
    """The exact value of a term; raises `ZeroDivisionError`."""
    if term.symbol is not None:
        return Fraction(values[term.symbol])
    if term.left is None or term.right is None:
        return Fraction(term.number)
    return Fraction(_OPERATIONS[term.operation](evaluate(term.left, values), evaluate(term.right, values)))


def symbols_of(term: Term) -> Iterator[Symbol]:
    """The symbols of a term."""
    if term.symbol is not None:
        yield term.symbol
    for part in (term.left, term.right):
        if part is not None:
            yield from symbols_of(part)


def put_in(term: Term, values: Mapping[Symbol, Term]) -> Term:
    """The term with others in place of symbols."""
    if term.symbol is not None:
        return values.get(term.symbol, term)
    if term.left is None or term.right is None:
        return term
    return replace(term, left=put_in(term.left, values), right=put_in(term.right, values))


def from_expression(expression: Expr) -> Term | None:
    """An expression as a term; None where it is made of more than numbers, symbols, sums, products and powers.

    >>> from bertsym.symbols import H, L
    >>> term = from_expression(H**2 / (3 * L) - 1)
    >>> term and evaluate(term, {H: 6, L: 2})
    Fraction(5, 1)
    """
    top, bottom = expression.as_numer_denom()
    if bottom != 1:
        terms = _term(top), _term(bottom)
        return None if terms[0] is None or terms[1] is None else Term("/", left=terms[0], right=terms[1])
    return _term(top)


def _term(expression: Expr) -> Term | None:
    if expression.is_Integer:
        return Term("number", number=int(expression))
    if expression.is_Symbol:
        return Term("symbol", symbol=expression)
    if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
        base = _term(expression.base)
        power = Term("number", number=int(expression.exp))
        return None if base is None else Term("**", left=base, right=power)
    if not (expression.is_Mul or expression.is_Add):
        return None
    whole: Term | None = None
    for argument in expression.args:
        term = from_expression(argument)
        if term is None:
            return None
        whole = term if whole is None else Term("*" if expression.is_Mul else "+", left=whole, right=term)
    return whole


def parse_constraint(text: str, own: Iterable[Symbol] = ()) -> Constraint:
    """A chain of comparisons, `own` being symbols besides the registered ones; raises `BadConstraint`.

    >>> from bertsym.symbols import H, L
    >>> parse_constraint("16 <= H/L <= 128").holds({H: 768, L: 12})
    True
    """
    reader = _Reader(text, own)
    first = reader.sum()
    comparisons = []
    while (relation := reader.take(*RELATIONS)) is not None:
        second = reader.sum()
        comparisons.append(Comparison(first, relation, second))
        first = second
    if not comparisons and reader.peek() != "=":
        reader.refuse("expected a comparison (< <= == != >= >)")
    reader.end("write == for equality" if reader.peek() == "=" else "expected a comparison or the end")
    return Constraint(text.strip(), tuple(comparisons))


def parse_tie(text: str, own: Iterable[Symbol] = ()) -> tuple[Symbol, Term]:
    """`H = 64*L` as the symbol and what it equals, `own` as for a constraint; raises `BadConstraint`.

    >>> symbol, term = parse_tie("H = 64*L")
    >>> str(symbol), [str(s) for s in symbols_of(term)]
    ('H', ['L'])
    """
    reader = _Reader(text, own)
    left = reader.atom(0)
    if left.symbol is None:
        reader.refuse("a tie reads SYMBOL = EXPRESSION", at=0)
    if reader.take("=", "==") is None:
        reader.refuse("expected =")
    right = reader.sum()
    reader.end("expected the end")
    if left.symbol in set(symbols_of(right)):
        reader.refuse(f"{left.symbol} is tied to itself", at=0)
    assert left.symbol is not None  # noqa: S101  # `refuse` has raised otherwise
    return left.symbol, right


class _Reader:
    """A cursor over tokens."""

    def __init__(self, text: str, own: Iterable[Symbol]) -> None:
        self.text = text
        brought = {symbol.name: symbol.size for symbol in own if isinstance(symbol, Own)}
        self.sizes = {n: size for n, size in {**brought, **BY_NAME}.items() if size.kind is not Kind.SWITCH}
        if len(text) > LONGEST:
            raise BadConstraint(text, LONGEST + 1, f"longer than {LONGEST} characters")
        self.tokens: list[tuple[str, int]] = []
        place = 0
        stripped = len(text.rstrip())
        while place < stripped:
            match = _TOKEN.match(text, place)
            if match is None:
                column = place + len(text[place:]) - len(text[place:].lstrip())
                raise BadConstraint(text, column + 1, f"{echo(text[column])} is not part of a constraint")
            token = match.group(match.lastindex or 0)
            self.tokens.append((token, match.end() - len(token)))
            place = match.end()
        self.next = 0

    def peek(self) -> str:
        """The token ahead, empty at the end."""
        return self.tokens[self.next][0] if self.next < len(self.tokens) else ""

    def take(self, *wanted: str) -> str | None:
        """The token ahead if it is one of those."""
        token = self.peek()
        if token and token in wanted:
            self.next += 1
            return token
        return None

    def refuse(self, problem: str, at: int | None = None) -> None:
        """Raise `BadConstraint` at a token, the one ahead unless told."""
        place = self.next if at is None else at
        column = self.tokens[place][1] if place < len(self.tokens) else len(self.text)
        raise BadConstraint(self.text, column + 1, problem)

    def end(self, problem: str) -> None:
        """Raise `BadConstraint` unless all is read."""
        if self.peek():
            self.refuse(problem)

    def sum(self, depth: int = 0) -> Term:
        """Product (+|- product)*."""
        term = self.product(depth)
        while (operation := self.take("+", "-")) is not None:
            term = Term(operation, left=term, right=self.product(depth))
        return term

    def product(self, depth: int) -> Term:
        """Power (*|/|% power)*."""
        term = self.power(depth)
        while (operation := self.take("*", "/", "%")) is not None:
            term = Term(operation, left=term, right=self.power(depth))
        return term

    def power(self, depth: int) -> Term:
        """-power, or atom ** integer."""
        if self.take("-"):
            if depth >= DEEPEST:
                self.refuse(f"nested more than {DEEPEST} deep")
            return Term("-", left=Term("number"), right=self.power(depth + 1))
        start = self.next
        base = self.atom(depth)
        if self.take("**") is None:
            return base
        if "**" in {token for token, _ in self.tokens[start : self.next - 1]}:
            self.refuse("a power of a power is too large", at=self.next - 1)
        exponent = self.peek()
        if not exponent.isdigit() or len(exponent) > 2 or int(exponent) > LARGEST_POWER:
            self.refuse(f"an exponent is an integer of at most {LARGEST_POWER}")
        self.next += 1
        if self.peek() == "**":
            self.refuse("a power of a power is too large")
        return Term("**", left=base, right=Term("number", number=int(exponent)))

    def atom(self, depth: int) -> Term:
        """An integer, a symbol, or a sum in parentheses."""
        token = self.peek()
        if depth >= DEEPEST:
            self.refuse(f"nested more than {DEEPEST} deep")
        if token.isdigit():
            if len(token) > LONGEST_INTEGER:
                self.refuse(f"an integer of more than {LONGEST_INTEGER} digits")
            self.next += 1
            return Term("number", number=int(token))
        if self.take("("):
            inner = self.sum(depth + 1)
            if self.take(")") is None:
                self.refuse("expected )")
            return inner
        if not token or not (token[0].isalpha() or token[0] == "_"):
            self.refuse("expected a symbol, an integer or (")
        return self.symbol(token)

    def symbol(self, token: str) -> Term:
        """A size that is registered, or that the model brings along."""
        if token not in self.sizes:
            advice = suggestion(token, self.sizes)
            self.refuse(str(UnknownName("symbol", token, ())) + (f"; {advice}" if advice else ""))
        self.next += 1
        return Term("symbol", symbol=self.sizes[token].symbol)
