"""The grammar of formulas: recursive descent, bounded in depth, that reads or rejects and never guesses.

Implicit products bind tighter than a slash (13/12H is 13/(12H)), as physicists write; a blank in between is refused.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Symbol
from sympy.logic.boolalg import Boolean

from bertsym.claims.iverson_syntax import condition
from bertsym.claims.names import plain
from bertsym.claims.parsed_formula import Use
from bertsym.claims.rounding import CEILINGS, FLOORS, Rounding
from bertsym.claims.token_stream import TokenStream, running
from bertsym.claims.tokens import CLOSING, Mark, Token
from bertsym.errors import UnreadableFormula, echo
from bertsym.formulas.monomial_order import condition as ordered
from bertsym.formulas.tree import ONE, Bracket, Form, Name, Number, Power, Quotient, product, sum_of
from bertsym.quantities import UNITS
from bertsym.symbols import BY_NAME, BY_SYMBOL, Kind
from bertsym.wording import pretty

# The parser is recursive: deeper nesting would end in a RecursionError. No formula of a count comes close.
MAX_NESTING = 40
# A higher power is no count of parameters, and takes long to multiply out.
MAX_POWER = 16
# The tokens after `[` among which the parser looks for a relation.
MAX_CONDITION_TOKENS = 60
# The scripts of East Asia begin there; Greek and Cyrillic letters before it may be symbols.
_FIRST_IDEOGRAPH = 0x2E80
UNIT_WORDS = {"parameters", "params", "parameter", "weights", "param", "trainable", "learnable", "total"}
_UNITS = {
    **UNITS,
    "k": UNITS["K"],
    "million": UNITS["M"],
    "billion": UNITS["B"],
    "trillion": UNITS["T"],
    "Million": UNITS["M"],
}
_FRACTIONS = {"frac", "tfrac", "dfrac", "cfrac"}
_BRACES = {"underbrace": Mark.SUB, "overbrace": Mark.POWER}


class Grammar:
    """Sums, products and powers at the position of a token stream.

    `seen` are the names that were read, `notes` say how an ambiguous piece was read, `remainders` are the arguments of
    O(...), and `annotated` are terms with the words beside them.
    """

    def __init__(self, stream: TokenStream, *, lone_units: bool, rounding: Rounding) -> None:
        self.stream = stream
        self.rounding = rounding
        self.depth = 0
        self.lone_units = lone_units
        self.seen: dict[str, Symbol] = {}
        self.notes: list[str] = []
        self.remainders: list[Form] = []
        self.annotated: list[tuple[Form, str]] = []

    def sum(self) -> Form:
        """Read a sum, up to the first token that does not belong to it; raises `UnreadableFormula`."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self.stream.refuse(f"nested more than {MAX_NESTING} deep")
        terms: list[Form] = []
        column = self.stream.column()
        sign = self.stream.accept(Mark.PLUS, Mark.MINUS)
        while True:
            if self._order():
                pass
            else:
                term = self._product()
                terms.append(_negative(term) if sign is not None and sign.mark is Mark.MINUS else term)
                self._annotation(terms[-1])
            sign = self.stream.accept(Mark.PLUS, Mark.MINUS)
            if sign is None:
                break
        if not terms:
            raise UnreadableFormula(column, "O(...) alone states no count")
        self.depth -= 1
        return sum_of(terms)

    def _order(self) -> bool:
        """Read O(...), a remainder that is left out of the sum and kept apart."""
        token = self.stream.peek()
        if token is None or token.mark is not Mark.ORDER:
            return False
        start = self.stream.at
        self.stream.take()
        if self.stream.accept(Mark.OPEN) is None:
            raise UnreadableFormula(token.column, "O without its (...)")
        self.remainders.append(self.sum())
        self.stream.expect(Mark.CLOSE, "a ) is missing after O(")
        self.stream.mark(start, self.stream.at, Use.REMAINDER)
        return True

    def _annotation(self, term: Form) -> None:
        """Read words in round brackets after a term: `VH (word embeddings)`."""
        token = self.stream.peek()
        if token is not None and token.mark is Mark.TEXT and plain(str(token.value)).casefold() not in UNIT_WORDS:
            self.stream.take(Use.ANNOTATION)
            self.annotated.append((term, running(str(token.value))))
            return
        words = self._remark()
        if words:
            self.annotated.append((term, " ".join(str(t.value) for t in words)))
            self.stream.mark(self.stream.at, self.stream.closing(), Use.ANNOTATION)
            self.stream.at = self.stream.closing()

    def _explained(self, factor: Form) -> None:
        """Read words in round brackets after a factor, before the next factor: `V(vocabulary)*H`."""
        words = self._remark()
        after = self.stream.closing() if words else self.stream.end
        if after < self.stream.end and self.stream.tokens[after].mark in (Mark.TIMES, Mark.OVER):
            self.annotated.append((factor, " ".join(str(token.value) for token in words)))
            self.stream.mark(self.stream.at, after, Use.ANNOTATION)
            self.stream.at = after

    def _remark(self) -> list[Token]:
        """Read the words of a bracket that holds nothing else, if one of them is no symbol.

        A bracket with a word of another script than the Latin one is a remark, whatever else it holds.
        """
        token = self.stream.peek()
        if token is None or token.mark is not Mark.OPEN:
            return []
        words: list[Token] = []
        plain_words = True
        for index in range(self.stream.at + 1, self.stream.end):
            inside = self.stream.tokens[index]
            if inside.mark is Mark.CLOSE:
                foreign = any(_is_foreign(word) for word in words)
                long = any(word.value not in self.stream.names and _is_long(word) for word in words)
                return words if foreign or (long and plain_words) else []
            if inside.mark in (Mark.NAME, Mark.TEXT, Mark.AND, Mark.OR, Mark.NOT):
                words.append(inside)
            elif inside.mark in (Mark.OPEN, Mark.PLUS, Mark.MINUS):
                return []
            elif inside.mark not in (Mark.LAYOUT, Mark.COMMA, Mark.STOP):
                plain_words = False
        return []

    def _is_aside(self) -> bool:
        """Return True for a bracket with figures, or with one word that is a symbol: `12H^2 (layers)`."""
        inside = [
            t for t in self.stream.tokens[self.stream.at + 1 : self.stream.closing() - 1] if t.mark is not Mark.LAYOUT
        ]
        if len(inside) == 1 and inside[0].mark is Mark.NAME:
            return inside[0].text.isalpha() and len(inside[0].text) > 2
        figures = (t.mark in (Mark.NUMBER, Mark.TIMES, Mark.ABOUT) or t.value in _UNITS for t in inside)
        return bool(inside) and all(figures)

    def _product(self) -> Form:
        factors = [self._run()]
        slashes = 0
        while (sign := self.stream.accept(Mark.TIMES, Mark.OVER, Mark.FLOORED)) is not None:
            if sign.mark is Mark.TIMES:
                factors.append(self._run())
                continue
            slashes += 1
            if slashes > MAX_NESTING:
                raise UnreadableFormula(sign.column, f"more than {MAX_NESTING} slashes in a row")
            above = product(factors)
            quotient = Quotient(above, self._divisor(above))
            rounded = sign.mark is Mark.FLOORED
            factors = [self._rounded(quotient, sign.column, up=False) if rounded else quotient]
        return product(factors)

    def _divisor(self, above: Form) -> Form:
        """Read the divisor after a slash: the implicit product that follows without a blank."""
        start = self.stream.at
        below = self._power()
        first_alone = below
        while self._adjacent():
            if self.stream.blank():
                if isinstance(above, Number) and isinstance(first_alone, Number):
                    raise self.stream.refuse("a factor after a fraction and a blank: write (1/2)*H or 1/(2H)")
                raise self.stream.refuse("a factor after a divisor and a blank: write the divisor in brackets")
            below = product([below, self._power()])
        if below is not first_alone:
            written = "".join(token.text for token in self.stream.tokens[start : self.stream.at]).strip()
            self.notes.append(f"/{written} is read as /({written})")
        return below

    def _run(self) -> Form:
        """Read factors side by side."""
        factors = [self._power()]
        self._explained(factors[0])
        while self._adjacent():
            token = self.stream.peek()
            if token is not None and token.mark is Mark.NUMBER:
                raise self.stream.refuse(f"{echo(token.text)} beside a factor: a product needs a sign, a power its ^")
            factors.append(self._power())
            self._explained(factors[-1])
        return product(factors)

    def _adjacent(self) -> bool:
        """Return True if another factor follows directly."""
        token = self.stream.peek()
        if token is None or self.stream.parted():
            return False
        if token.mark is Mark.OPEN and self._remark():
            return False
        if token.mark is Mark.OPEN and self.stream.blank() and self._is_aside():
            raise self.stream.refuse("a factor or a remark? Write the product with a sign, or leave the bracket out")
        if token.mark is Mark.TEXT or (token.mark is Mark.NAME and str(token.value).casefold() in UNIT_WORDS):
            return False
        if token.mark is Mark.COMMAND:
            return token.value in _FRACTIONS or token.value in _BRACES or token.value == "boxed"
        bar = token.mark is Mark.BAR
        return bar or token.mark in (Mark.NUMBER, Mark.NAME, *CLOSING)

    def _power(self) -> Form:
        base = self._atom()
        while True:
            raised = self.stream.accept(Mark.RAISED)
            if raised is not None:
                exponent = _integer(str(raised.value))
                column = raised.column
            elif self.stream.accept(Mark.POWER) is not None:
                column = self.stream.column()
                exponent = self._exponent()
            else:
                return base
            following = self.stream.peek()
            if following is not None and following.mark in (Mark.POWER, Mark.RAISED):
                raise self.stream.refuse("a power of a power")
            base = _raised(base, exponent, column)

    def _exponent(self) -> int | None:
        """Read an integer; TeX takes one digit unless there are braces."""
        opening = self.stream.accept(Mark.OPEN_BRACE, Mark.OPEN)
        minus = self.stream.accept(Mark.MINUS) is not None
        figure = self.stream.expect(Mark.NUMBER, "an exponent has to be a whole number")
        value = Fraction(figure.value)
        if opening is None and self.stream.tex and len(figure.text) > 1:
            raise UnreadableFormula(figure.column, f"TeX raises one digit only: write ^{{{figure.text}}}")
        if opening is not None:
            self.stream.expect(CLOSING[opening.mark], "an exponent has to be a whole number, and its bracket to close")
        if value.denominator != 1:
            return None
        return -value.numerator if minus else value.numerator

    def _atom(self) -> Form:
        token = self.stream.peek()
        if token is None:
            raise self.stream.refuse("a factor is missing")
        if token.mark is Mark.NUMBER:
            return self._number()
        if token.mark is Mark.NAME and token.value in self.stream.names:
            self.stream.take()
            symbol = self.seen[str(token.value)] = self.stream.names[str(token.value)]
            return Name(symbol)
        if token.mark is Mark.NAME and token.value in FLOORS | CEILINGS and self._opens(Mark.OPEN):
            self.stream.take()
            self.stream.take()
            return self._rounding(token, Mark.CLOSE, up=token.value in CEILINGS)
        if token.mark in (Mark.OPEN_FLOOR, Mark.OPEN_CEILING):
            self.stream.take()
            return self._rounding(token, CLOSING[token.mark], up=token.mark is Mark.OPEN_CEILING)
        if token.mark is Mark.BAR:
            return self._between_bars()
        if token.mark is Mark.OPEN_SQUARE and self._is_condition():
            return Bracket(ordered(self._condition()))
        if token.mark in CLOSING:
            self.stream.take()
            inside = self.sum()
            closing = CLOSING[token.mark]
            self.stream.expect(
                closing, f"a {closing.value} is missing for the {token.mark.value} in column {token.column}"
            )
            return inside
        if token.mark is Mark.COMMAND:
            return self._command(token)
        raise self.stream.refuse(self.stream.unexpected(token))

    def _opens(self, mark: Mark) -> bool:
        """Return True if the token after the next one has that mark."""
        following = self.stream.peek(1)
        return following is not None and following.mark is mark

    def _rounding(self, opening: Token, closing: Mark, *, up: bool) -> Form:
        """Read the inside of a rounding up to its closing sign."""
        inside = self.sum()
        self.stream.expect(closing, f"a {closing.value} is missing for the {opening.text} in column {opening.column}")
        return self._rounded(inside, opening.column, up=up)

    def _rounded(self, inside: Form, column: int, *, up: bool) -> Form:
        """Return a rounded form; raises `UnreadableFormula` if the model does not round it."""
        form = self.rounding.ceiling(inside) if up else self.rounding.floor(inside)
        if form is None:
            raise UnreadableFormula(column, f"the model rounds no {echo(pretty(inside))}: write its result as a number")
        return form

    def _number(self) -> Form:
        value = Fraction(self.stream.take().value)
        unit = self.stream.peek()
        word = plain(str(unit.value)) if unit is not None and unit.mark in (Mark.NAME, Mark.TEXT) else ""
        alone = unit is not None and all(
            t.mark is Mark.LAYOUT for t in self.stream.tokens[self.stream.at + 1 : self.stream.end]
        )
        if word in _UNITS and word and (word not in self.stream.names or (alone and self.lone_units and not self.seen)):
            self.stream.take()
            value *= _UNITS[word]
        return Number(value)

    def _between_bars(self) -> Form:
        bar = self.stream.take()
        token = self.stream.peek()
        if token is not None and token.mark is Mark.TEXT and plain(str(token.value)) == "V":
            self.stream.take()
        elif token is None or token.value != "V" or self.stream.take() is None:
            raise UnreadableFormula(bar.column, "bars are read around a vocabulary only: |V|")
        self.stream.expect(Mark.BAR, "a | is missing")
        symbol = self.seen["V"] = BY_NAME["V"].symbol
        return Name(symbol)

    def _is_condition(self) -> bool:
        depth = 0
        for index in range(self.stream.at, min(self.stream.end, self.stream.at + MAX_CONDITION_TOKENS)):
            token = self.stream.tokens[index]
            depth += (token.mark is Mark.OPEN_SQUARE) - (token.mark is Mark.CLOSE_SQUARE)
            if depth == 0:
                return False
            relation = token.mark.value in ("=", "!=", "<", "<=", ">", ">=", "not", "and", "or")
            raw = plain(str(token.value)) if token.mark in (Mark.NAME, Mark.TEXT) else ""
            symbol = self.stream.names.get(raw)
            if relation or (symbol is not None and BY_SYMBOL[symbol].kind is Kind.SWITCH):
                return True
        return False

    def _condition(self) -> Boolean:
        opening = self.stream.take()
        start = self.stream.at
        while (token := self.stream.peek()) is not None and token.mark is not Mark.CLOSE_SQUARE:
            self.stream.take()
        inside = [t for t in self.stream.tokens[start : self.stream.at] if t.mark is not Mark.LAYOUT]
        self.stream.expect(Mark.CLOSE_SQUARE, "a ] is missing")
        raws = (plain(str(t.value)) for t in inside if t.mark in (Mark.NAME, Mark.TEXT))
        self.seen |= {raw: self.stream.names[raw] for raw in raws if raw in self.stream.names}
        return condition(inside, self.stream.names, opening.column)

    def _command(self, token: Token) -> Form:
        name = str(token.value)
        if name in _FRACTIONS:
            self.stream.take()
            return self._fraction(token)
        if name in _BRACES or name == "boxed":
            self.stream.take()
            self.stream.expect(Mark.OPEN_BRACE, f"{token.text} without its {{...}}")
            inside = self.sum()
            self.stream.expect(Mark.CLOSE_BRACE, "a } is missing")
            if name in _BRACES:
                self._under(inside, _BRACES[name])
            return inside
        raise self.stream.refuse(self.stream.unexpected(token))

    def _fraction(self, command: Token) -> Form:
        figure = self.stream.peek()
        if figure is not None and figure.mark is Mark.NUMBER:
            if len(figure.text) != 2:
                raise UnreadableFormula(command.column, "a fraction of more than two digits needs its braces")
            self.stream.take()
            return Quotient(Number(Fraction(int(figure.text[0]))), Number(Fraction(int(figure.text[1]))))
        sides = []
        for _ in range(2):
            self.stream.expect(Mark.OPEN_BRACE, f"{command.text} without its two {{...}}")
            sides.append(self.sum())
            self.stream.expect(Mark.CLOSE_BRACE, "a } is missing")
        return Quotient(sides[0], sides[1])

    def _under(self, inside: Form, sign: Mark) -> None:
        """Read the words under a brace, which are not counted."""
        token = self.stream.peek()
        if token is None or token.mark is not sign:
            return
        start = self.stream.at
        self.stream.take()
        opening = self.stream.expect(Mark.OPEN_BRACE, "what stands under a brace needs braces of its own")
        depth = 1
        while depth and self.stream.peek() is not None:
            taken = self.stream.take()
            depth += (taken.mark is Mark.OPEN_BRACE) - (taken.mark is Mark.CLOSE_BRACE)
        if depth:
            raise UnreadableFormula(opening.column, "a } is missing")
        self.stream.mark(start, self.stream.at, Use.ANNOTATION)
        words = "".join(token.text for token in self.stream.tokens[start + 2 : self.stream.at - 1])
        self.annotated.append((inside, running(words)))


def _is_foreign(word: Token) -> bool:
    """Return True for a word in a script without letters that papers use as symbols."""
    return any(ord(sign) >= _FIRST_IDEOGRAPH for sign in str(word.value))


def _is_long(word: Token) -> bool:
    return word.mark is Mark.TEXT or len(str(word.value)) > 2


def _negative(term: Form) -> Form:
    return product([Number(Fraction(-1)), term])


def _integer(digits: str) -> int | None:
    plain_digits = digits.removeprefix("-")
    return int(digits) if plain_digits.isdecimal() and len(plain_digits) <= 4 else None


def _raised(base: Form, exponent: int | None, column: int) -> Form:
    if exponent is None or abs(exponent) > MAX_POWER:
        raise UnreadableFormula(column, f"an exponent has to be a whole number of at most {MAX_POWER}")
    if exponent == 0:
        return ONE
    power = base if abs(exponent) == 1 else Power(base, abs(exponent))
    return power if exponent > 0 else Quotient(ONE, power)
