"""The one syntax of expressions, conditions and equations: `16 <= H/L <= 128`, `[not tied]*H^2`, `F = 4*H`.

The parser is a top-down operator precedence parser (Pratt 1973, "Top Down Operator Precedence"). A `Use` says which
operators a text may contain and how large the text may be. The parser evaluates nothing. docs/expressions.md describes
the syntax to users.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from sympy import Symbol

from bertsym.errors import BertsymError, echo
from bertsym.expressions.tree import ARITHMETIC, LOGIC, RELATIONAL, Node, Op
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

# An exponent is multiplied out: a larger one costs time and memory, and no count of parameters needs one.
MAX_EXPONENT = 16


class Malformed(Exception):
    """A text that cannot be read: the problem, and if known the column (from 1) of the text."""

    def __init__(self, problem: str, column: int = 0, text: str = "") -> None:
        super().__init__(problem, column, text)
        self.problem, self.column, self.text = problem, column, text

    def __str__(self) -> str:
        return f"{echo(self.text)}, column {self.column}: {self.problem}" if self.column else self.problem


@value
class Use:
    """A place where texts of the syntax are read: the operators that are legal in them, and the bounds on their size.

    `max_degree` counts the factors of a product, numbers included. `max_terms` counts the terms of the expression once
    it is multiplied out: sympy may do that, and a short text such as (H + V)^16 must not grow without end.
    """

    noun: str
    operators: frozenset[Op]
    max_characters: int
    max_depth: int
    max_number: int
    max_degree: int
    max_terms: int | None = None


# A saved file may come from a stranger: every bound keeps its expressions from growing without end inside sympy.
EXPRESSION = Use("an expression of whole numbers", frozenset(Op) - {Op.DIVIDE}, 2000, 32, 10**12, 16, 400)
EXACT_EXPRESSION = Use("an expression", frozenset(Op), 2000, 32, 10**12, 16, 400)
# A typed line. A condition is evaluated at numbers and never multiplied out: its terms need no bound.
CONDITION = Use("a condition", ARITHMETIC | RELATIONAL | LOGIC, 200, 64, 10**30, 256)
# A tie is multiplied out with the count. Its remainder could not be solved for.
TIE = Use("a tie", ARITHMETIC - {Op.REMAINDER} | {Op.EQUAL}, 200, 64, 10**30, 256, 4096)
CONSTANT = Use("a number", ARITHMETIC - {Op.SIZE}, 60, 16, 10**60, 16)

_NAME = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d{0,3}\])*"
_TOKEN = re.compile(
    rf"(?u:\s*)(?:(?P<number>\d+(?:_\d+)*(?:\.\d+)?)|(?P<name>{_NAME})|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<sign>\*\*|//|<=|>=|=>|=<|==|!=|&&|\|\||[-+*/%^()<>=,\[\]&|≤≥≠·×−⌊⌋]))",
    re.ASCII,
)
# Words that people type for an operator.
_WRITTEN: Mapping[str, str] = {",": "and", ";": "and", "mod": "%", "is": "=", "equals": "=", "x": "*", "plus": "+"}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
# What people type, and what bertsym prints, beside the spelling that the writer uses.
_SAME: Mapping[str, str] = {
    "**": "^", "==": "=", "&": "and", "&&": "and", "|": "or", "||": "or",
    "=<": "<=", "=>": ">=", "≤": "<=", "≥": ">=", "≠": "!=", "·": "*", "×": "*", "−": "-",
}  # fmt: skip

# How tightly an operator holds its operands; `not` and a leading minus stand between.
_BINDING: Mapping[str, int] = {
    "or": 1, "and": 2, **dict.fromkeys(RELATIONAL, 4), "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "^": 8,
}  # fmt: skip
_NOT, _MINUS, _ATOM = 3, 7, 9
_CLOSING: Mapping[str, str] = {"(": ")", "[": "]", "⌊": "⌋"}
_EXTREMES: Mapping[str, Op] = {"min": Op.AT_MOST, "max": Op.AT_LEAST}
_TITLES: Mapping[Op, str] = {
    Op.SIZE: "a size", Op.SWITCH: "a switch", Op.DIVIDE: "an exact quotient (/)", Op.REMAINDER: "a remainder (%)",
    Op.BRACKET: "a bracket [...]", **dict.fromkeys(RELATIONAL, "a comparison"), **dict.fromkeys(LOGIC, "a condition"),
}  # fmt: skip

Resolve = Callable[[str], Symbol | None]


class _Token(NamedTuple):
    """A token in the writer's spelling, its column, and its spelling in the text if that is another one."""

    text: str
    column: int
    is_name: bool = False
    is_number: bool = False
    typed: str = ""


class _Part(NamedTuple):
    """A tree with its first column, and bounds on its terms and its degree once it is multiplied out."""

    node: Node
    column: int
    terms: int = 1
    degree: int = 1


def parse(text: object, use: Use, resolve: Resolve) -> Node:
    """Parse a text; `resolve` returns the symbol of a name, or None if there is none. Raises `Malformed`.

    A `BertsymError` that `resolve` raises becomes a `Malformed` at the name's column.

    >>> from bertsym.symbols import H, L
    >>> tree = parse("16 ≤ H/L <= 128", CONDITION, {"H": H, "L": L}.get)
    >>> tree.op.value, [side.op.value for side in tree.operands]
    ('and', ['<=', '<='])
    >>> parse("H == ", CONDITION, {"H": H}.get)
    Traceback (most recent call last):
    bertsym.expressions.grammar.Malformed: 'H == ', column 5: expected a size, a number or (, got the end
    """
    return _Parser(text, use, resolve).whole()


class _Parser:
    """One pass over the tokens of a text."""

    def __init__(self, text: object, use: Use, resolve: Resolve) -> None:
        if not isinstance(text, str):
            raise Malformed(f"expected {use.noun} as text, got {echo(text)}")
        self.text, self.use, self.resolve = text, use, resolve
        if len(text) > use.max_characters:
            self.refuse(f"longer than {use.max_characters} characters", use.max_characters + 1)
        self.tokens = [*self.scan(), _Token("", len(text.rstrip()) + 1)]
        self.index = 0

    def refuse(self, problem: str, column: int) -> None:
        """Raise `Malformed`."""
        raise Malformed(problem, column, self.text)

    def scan(self) -> Iterator[_Token]:
        """Yield the tokens."""
        start, end = 0, len(self.text.rstrip())
        while start < end:
            match = _TOKEN.match(self.text, start)
            if match is None:
                column = end - len(self.text[start:end].lstrip())
                self.refuse(f"{echo(self.text[column])} has no meaning here", column + 1)
                return
            start = match.end()
            kind, column = str(match.lastgroup), match.start(match.lastgroup or 0) + 1
            token = match[kind]
            if kind == "raised":
                yield _Token("^", column)
                yield _Token(token.translate(_SUPERSCRIPTS), column, is_number=True)
            else:
                yield _Token(_SAME.get(token, token), column, kind == "name", kind == "number", token)

    def whole(self) -> Node:
        """Return the tree of the whole text."""
        part = self.expression(0, 0)
        if self.ahead.text or self.ahead.is_name:
            problem = f"expected an operator or the end, got {self.shown(self.ahead)}"
            self.refuse(problem + self.advice(), self.ahead.column)
        return part.node

    def advice(self) -> str:
        """Return what to write for a token that stands where an operator was expected; empty if that is unclear."""
        before, ahead = self.tokens[self.index - 1], self.ahead
        if before.is_number and (ahead.is_name or ahead.text == "("):
            return f": write {before.text}*{ahead.text}"
        return f": write {written}" if (written := _WRITTEN.get(ahead.text.lower())) in self.signs else ""

    @property
    def signs(self) -> set[str]:
        """Return the operators that are legal in the text, as the writer spells them."""
        return {op.value for op in self.use.operators}

    @property
    def ahead(self) -> _Token:
        """Return the next token; its text is empty at the end."""
        return self.tokens[self.index]

    def take(self) -> _Token:
        """Return the next token and go past it."""
        self.index += 1
        return self.tokens[self.index - 1]

    def expect(self, text: str) -> None:
        """Go past the next token; raises `Malformed` if it is another one."""
        if self.ahead.text != text:
            self.refuse(f"expected {text}, got {self.shown(self.ahead)}", self.ahead.column)
        self.index += 1

    @staticmethod
    def shown(token: _Token) -> str:
        """Return a token as an error names it."""
        return echo(token.typed or token.text) if token.text else "the end"

    def expression(self, least: int, depth: int) -> _Part:
        """Read an operand and every operator after it that binds at least as tightly as `least`."""
        if depth > self.use.max_depth:
            self.refuse(f"nested more than {self.use.max_depth} deep", self.ahead.column)
        part = self.operand(depth)
        before: Op | None = None
        compared = part
        while (binding := _BINDING.get(self.ahead.text, -1)) >= least and binding > 0:
            token = self.take()
            op = Op(token.text)
            if before is op is Op.POWER:
                self.refuse("two powers in a row: parentheses have to say which comes first", token.column)
            right = self.expression(binding + 1, depth + 1)
            if op in RELATIONAL and before in RELATIONAL:  # 16 <= H/L <= 128
                part = self.join(Op.AND, token.column, part, self.join(op, token.column, compared, right))
            else:
                part = self.join(op, token.column, part, right)
            before, compared = op, right
        return part

    def operand(self, depth: int) -> _Part:
        """Read a leaf, a text in brackets, or an operator that stands before its operand."""
        token = self.take()
        if token.text in _CLOSING:
            inside = self.expression(0, depth + 1)
            self.expect(_CLOSING[token.text])
            match token.text:
                case "[":
                    return self.join(Op.BRACKET, token.column, inside)
                case "⌊":
                    return self.join(Op.FLOOR, token.column, inside)
            return inside._replace(column=token.column)
        if token.text == "floor" and self.ahead.text == "(":
            self.index += 1
            inside = self.expression(0, depth + 1)
            self.expect(")")
            return self.join(Op.FLOOR, token.column, inside)
        if token.text in _EXTREMES and self.ahead.text == "(":
            return self.extreme(token, depth)
        if token.text == "not":
            return self.join(Op.NOT, token.column, self.expression(_NOT, depth + 1))
        if token.text == "-":
            return self.join(Op.NEGATE, token.column, self.expression(_MINUS, depth + 1))
        if token.text in (Op.TRUE, Op.FALSE):
            return self.leaf(Node(Op(token.text)), token)
        if token.is_number:
            return self.number(token)
        if token.is_name and token.text not in _BINDING:
            return self.name(token)
        self.refuse(f"expected a size, a number or (, got {self.shown(token)}", token.column)
        raise AssertionError("refuse raises")

    def extreme(self, token: _Token, depth: int) -> _Part:
        """Read `min(a, b)` or `max(a, b)` as `b + (a - b)*[a <= b]`, with `>=` for the larger."""
        self.expect("(")
        left = self.expression(0, depth + 1)
        self.expect(",")
        right = self.expression(0, depth + 1)
        self.expect(")")
        chosen = self.join(Op.BRACKET, token.column, self.join(_EXTREMES[token.text], token.column, left, right))
        difference = self.join(Op.SUBTRACT, token.column, left, right)
        return self.join(Op.ADD, token.column, right, self.join(Op.MULTIPLY, token.column, difference, chosen))

    def leaf(self, node: Node, token: _Token) -> _Part:
        """Return a leaf; raises `Malformed` if the use has none of its kind."""
        self.check_legal(node.op, token.column)
        return _Part(node, token.column)

    def check_legal(self, op: Op, column: int) -> None:
        """Raise `Malformed` if the use does not have the operator."""
        if op not in self.use.operators:
            hint = ": // gives whole numbers" if op is Op.DIVIDE else ": --at sets it" if op is Op.SWITCH else ""
            self.refuse(f"{_TITLES.get(op, op)} cannot stand in {self.use.noun}{hint}", column)

    def number(self, token: _Token) -> _Part:
        """Read a whole number, or a decimal one as the quotient of two."""
        digits, _, decimals = token.text.replace("_", "").partition(".")
        if len(digits + decimals) > len(str(self.use.max_number)) or int(digits + decimals) > self.use.max_number:
            self.refuse(f"a number beyond 10^{len(str(self.use.max_number)) - 1}", token.column)
        whole = Node(Op.NUMBER, number=int(digits + decimals))
        if not decimals:
            return self.leaf(whole, token)
        self.check_legal(Op.DIVIDE, token.column)
        return _Part(Node(Op.DIVIDE, (whole, Node(Op.NUMBER, number=10 ** len(decimals)))), token.column)

    def name(self, token: _Token) -> _Part:
        """Read the name of a size or a switch."""
        self.check_legal(Op.SIZE, token.column)
        try:
            symbol = self.resolve(token.text)
        except BertsymError as error:
            raise Malformed(str(error), token.column, self.text) from None
        if symbol is None:
            raise Malformed(f"unknown size {echo(token.text)}", token.column, self.text)
        switch = BY_SYMBOL[symbol].kind is Kind.SWITCH
        return self.leaf(Node(Op.SWITCH if switch else Op.SIZE, symbol=symbol), token)

    def join(self, op: Op, column: int, *parts: _Part) -> _Part:
        """Apply an operator; raises `Malformed` for operands that are none of its own, or a result beyond a bound."""
        self.check_legal(op, column)
        logical = op in LOGIC or op is Op.BRACKET
        for part in parts:
            if part.node.is_condition is not logical:
                wanted, actual = ("a condition", "a number") if logical else ("a number", "a condition")
                self.refuse(f"expected {wanted}, got {actual}", part.column)
        terms, degree = self.bounds(op, parts)
        if self.use.max_terms is not None and terms > self.use.max_terms:
            self.refuse(f"more than {self.use.max_terms} terms when multiplied out", column)
        if degree > self.use.max_degree:
            self.refuse(f"a degree beyond {self.use.max_degree}", column)
        return _Part(Node(op, tuple(part.node for part in parts)), min(column, parts[0].column), terms, degree)

    def bounds(self, op: Op, parts: tuple[_Part, ...]) -> tuple[int, int]:
        """Return bounds on the terms and the degree of a result."""
        left, right = parts[0], parts[-1]
        if op in LOGIC or op is Op.BRACKET:
            return 1, 1
        if op in (Op.NEGATE, Op.FLOOR):
            return left.terms, left.degree
        if op is Op.POWER:
            exponent = right.node.number
            if right.node.op is not Op.NUMBER or not 0 <= exponent <= MAX_EXPONENT:
                self.refuse(f"expected an exponent from 0 to {MAX_EXPONENT}", right.column)
            return left.terms**exponent, left.degree * max(exponent, 1)
        if op in (Op.MULTIPLY, Op.DIVIDE, Op.FLOOR_DIVIDE):
            return left.terms * right.terms, left.degree + right.degree
        if op is Op.REMAINDER:  # a - b*(a//b)
            return left.terms * (1 + right.terms**2), left.degree + 2 * right.degree
        return left.terms + right.terms, max(left.degree, right.degree)
