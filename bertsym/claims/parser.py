"""The parser of formulas: a chain of equal sides, in LaTeX or plain text, read in full or rejected with its column."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Symbol

from bertsym.claims.grammar import UNIT_WORDS, Grammar
from bertsym.claims.names import Vocabulary, fold, plain
from bertsym.claims.parsed_formula import Reading, Side, Use
from bertsym.claims.rounding import Rounding
from bertsym.claims.token_stream import TokenStream, running
from bertsym.claims.tokens import CLOSING, Mark, tokenise
from bertsym.errors import UnreadableFormula
from bertsym.model import Model
from bertsym.symbols import BY_NAME, BY_SYMBOL

_RELATIONS = (Mark.EQUALS, Mark.ABOUT)
_APPROXIMATELY = {"about", "approximately", "approx", "roughly", "circa", "ca", "around"}


def read(
    text: str, notation: str = "auto", where: Mapping[str, str] | None = None, model: Model | None = None
) -> Reading:
    r"""Parse a formula in LaTeX or plain text; `where` says what a name stands for. Raises `UnreadableFormula`.

    The names of `model` come first: the fields of its configuration, and of a letter's meanings the size that it has.

    >>> from bertsym.wording import pretty
    >>> pretty(read(r"N \approx 12 n_{\text{layer}} d_{\text{model}}^2").main.form)
    '12·L·H²'
    >>> read("12LH^2 + q")
    Traceback (most recent call last):
    bertsym.errors.UnreadableFormula: the formula, column 10: unknown name 'q': say what it is, as in --where q=H
    """
    if not text.strip():
        raise UnreadableFormula(1, "nothing to read")
    given = dict(where or {})
    vocabulary = Vocabulary(notation, given, model)
    folded = fold(tokenise(text), vocabulary)
    names = vocabulary.symbols(str(token.value) for token in folded if token.mark is Mark.NAME)
    hidden = BY_NAME["H"].symbol
    if {"d", "h"} <= set(names) and notation == "auto" and not {"d", "h"} & set(given) and names["h"] == hidden:
        column = next(token.column for token in folded if token.value == "h")
        problem = "h beside d: heads, or the hidden size? Say which, as in --where h=heads,d=H"
        raise UnreadableFormula(column, problem)
    stream = TokenStream(text, folded, names)
    reading = _Parser(stream, lone_units=notation == "auto", model=model).reading()
    if notation == "auto":
        _tell_apart(reading, given)
    return reading


def _tell_apart(reading: Reading, given: Mapping[str, str]) -> None:
    """Reject a letter beside another spelling of its size on one side: in 4DNH, D or H is not the hidden size."""
    spelt: dict[Symbol, str] = {}
    for token, use in reading.tokens:
        if token.mark in _RELATIONS:
            spelt.clear()
        raw = str(token.value)
        if use is not Use.MATHS or token.mark is not Mark.NAME or raw not in reading.names or raw in given:
            continue
        symbol = reading.names[raw]
        first = spelt.setdefault(symbol, raw)
        if first != raw and 1 in (len(first), len(raw)):
            problem = f"{raw} beside {first}: both {BY_SYMBOL[symbol].noun}? Say what they are, as in --where {raw}=..."
            raise UnreadableFormula(token.column, problem)


class _Parser:
    """The parser of one text, which finds its label and its sides and accounts for every token."""

    def __init__(self, stream: TokenStream, *, lone_units: bool, model: Model | None) -> None:
        self.stream = stream
        self.grammar = Grammar(stream, lone_units=lone_units, rounding=Rounding(model))

    def reading(self) -> Reading:
        segments = self._segments()
        label = ""
        if len(segments) > 1 and self._is_label(*segments[0][1:]):
            label = self._label(*segments.pop(0)[1:])
        sides = [self._side(*segment) for segment in segments]
        unread = [token for index, token in enumerate(self.stream.tokens) if index not in self.stream.use]
        if unread:
            raise AssertionError(f"{unread[0]} is not accounted for")
        uses = tuple((token, self.stream.use[index]) for index, token in enumerate(self.stream.tokens))
        return Reading(
            self.stream.text,
            tuple(sides),
            label,
            tuple(self.grammar.remainders),
            self.grammar.seen,
            tuple(self.grammar.notes),
            uses,
        )

    def _segments(self) -> list[tuple[bool, int, int]]:
        """Return the stretches between top-level relations: whether that relation is approximate, start, end."""
        segments: list[tuple[bool, int, int]] = []
        depth, start, about = 0, 0, False
        for index, token in enumerate(self.stream.tokens):
            depth += (token.mark in CLOSING) - (token.mark in CLOSING.values())
            relation = token.mark in _RELATIONS or (token.mark is Mark.COLON and not segments)
            if depth > 0 or not relation:
                continue
            self.stream.use[index] = Use.MATHS
            if any(t.mark is not Mark.LAYOUT for t in self.stream.tokens[start:index]):
                segments.append((about, start, index))
                about = token.mark is Mark.ABOUT
            else:
                self.stream.mark(start, index, Use.LAYOUT)
                about = about or token.mark is Mark.ABOUT
            start = index + 1
        segments.append((about, start, len(self.stream.tokens)))
        return segments

    def _is_label(self, start: int, stop: int) -> bool:
        """Return True if a stretch only names what the next stretch counts."""
        inside = [token for token in self.stream.tokens[start:stop] if token.mark is not Mark.LAYOUT]
        names = [token for token in inside if token.mark in (Mark.NAME, Mark.TEXT, Mark.ORDER)]
        if "".join(token.text for token in self.stream.tokens[start:stop]).strip().isalpha() and len(names) >= 3:
            return True
        allowed = {Mark.NAME, Mark.TEXT, Mark.HASH, Mark.OPEN, Mark.CLOSE, Mark.COMMA, Mark.OPEN_BRACE, Mark.SUB}
        allowed |= {Mark.CLOSE_BRACE, Mark.WORD, Mark.AND, Mark.OR, Mark.NOT, Mark.MINUS, Mark.STOP}
        if not names or any(token.mark not in allowed for token in inside):
            return len(inside) == 1 and inside[0].mark is Mark.COMMAND
        by_colon = stop < len(self.stream.tokens) and self.stream.tokens[stop].mark is Mark.COLON
        return (
            len(inside) == 1
            or by_colon
            or any(token.mark is Mark.TEXT or token.value not in self.stream.names for token in names)
        )

    def _label(self, start: int, stop: int) -> str:
        self.stream.mark(start, stop, Use.LABEL)
        return running("".join(token.text for token in self.stream.tokens[start:stop]))

    def _side(self, about: bool, start: int, stop: int) -> Side:  # noqa: FBT001
        self.stream.at, self.stream.end, self.grammar.depth = start, stop, 0
        self.grammar.annotated = []
        about = self._approximately() or about
        column = self.stream.column()
        form = self.grammar.sum()
        self._trailing()
        if self.stream.at < self.stream.end:
            raise self.stream.refuse(self.stream.unexpected(self.stream.tokens[self.stream.at]))
        return Side(form, about, column, tuple(self.grammar.annotated))

    def _approximately(self) -> bool:
        approximate = False
        while (token := self.stream.peek()) is not None and token.mark is Mark.NAME and token.value in _APPROXIMATELY:
            self.stream.take(Use.ANNOTATION)
            if (dot := self.stream.peek()) is not None and dot.mark is Mark.STOP:
                self.stream.take(Use.ANNOTATION)
            approximate = True
        return approximate

    def _trailing(self) -> None:
        """Skip a full stop, a comma or the word "parameters" after a formula, which belong to the sentence."""
        closing = (Mark.STOP, Mark.COMMA)
        while (token := self.stream.peek()) is not None:
            word = plain(str(token.value)) if token.mark in (Mark.NAME, Mark.TEXT) else ""
            if token.mark not in closing and word.casefold() not in UNIT_WORDS:
                return
            self.stream.take(Use.ANNOTATION if word else Use.LAYOUT)
