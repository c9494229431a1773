"""The formula reader: a chain of equal sides, in LaTeX or plain text, read in full or refused with its column."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Symbol

from bertsym.claims.grammar import UNIT_WORDS, Grammar
from bertsym.claims.names import fold, meanings, plain
from bertsym.claims.parsed_formula import Reading, Side, Use
from bertsym.claims.token_stream import running
from bertsym.claims.tokens import CLOSING, Mark, tokenise
from bertsym.errors import UnreadableFormula
from bertsym.symbols import BY_NAME, BY_SYMBOL

_RELATIONS = (Mark.EQUALS, Mark.ABOUT)
_APPROXIMATELY = {"about", "approximately", "approx", "roughly", "circa", "ca", "around"}


def read(text: str, notation: str = "auto", where: Mapping[str, str] | None = None) -> Reading:
    r"""Parse a formula in LaTeX or plain text; `where` says what a name stands for. Raises `UnreadableFormula`.

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
    folded = fold(tokenise(text), notation, given)
    raws = [str(token.value) for token in folded if token.mark is Mark.NAME]
    names = meanings(raws, notation, given)
    if {"d", "h"} <= set(names) and notation == "auto" and not {"d", "h"} & set(given) and names["h"] == "H":
        column = next(token.column for token in folded if token.value == "h")
        problem = "h beside d: heads, or the hidden size? Say which, as in --where h=heads,d=H"
        raise UnreadableFormula(column, problem)
    reader = _Reader(text, folded, {raw: BY_NAME[name].symbol for raw, name in names.items()})
    reader.lone_units = notation == "auto"
    reading = reader.reading()
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
            both = f"{raw} beside {first}: both {BY_SYMBOL[symbol].noun}? Say what they are, as in --where {raw}=..."
            raise UnreadableFormula(token.column, both)


class _Reader(Grammar):
    """A whole text: its label, its sides, and every token's use."""

    def reading(self) -> Reading:
        segments = self._segments()
        label = ""
        if len(segments) > 1 and self._is_label(*segments[0][1:]):
            label = self._label(*segments.pop(0)[1:])
        sides = [self._side(*segment) for segment in segments]
        unread = [token for place, token in enumerate(self.tokens) if place not in self.use]
        if unread:
            raise AssertionError(f"{unread[0]} is not accounted for")
        uses = tuple((token, self.use[place]) for place, token in enumerate(self.tokens))
        return Reading(self.text, tuple(sides), label, tuple(self.remainders), self.seen, tuple(self.notes), uses)

    def _segments(self) -> list[tuple[bool, int, int]]:
        """Return the stretches between top-level relations: whether that relation is approximate, start, end."""
        found: list[tuple[bool, int, int]] = []
        depth, start, about = 0, 0, False
        for place, token in enumerate(self.tokens):
            depth += (token.mark in CLOSING) - (token.mark in CLOSING.values())
            relation = token.mark in _RELATIONS or (token.mark is Mark.COLON and not found)
            if depth > 0 or not relation:
                continue
            self.use[place] = Use.MATHS
            if any(t.mark is not Mark.LAYOUT for t in self.tokens[start:place]):
                found.append((about, start, place))
                about = token.mark is Mark.ABOUT
            else:
                self._mark(start, place, Use.LAYOUT)
                about = about or token.mark is Mark.ABOUT
            start = place + 1
        found.append((about, start, len(self.tokens)))
        return found

    def _is_label(self, start: int, stop: int) -> bool:
        """Return True if a stretch only names what the next stretch counts."""
        inside = [token for token in self.tokens[start:stop] if token.mark is not Mark.LAYOUT]
        names = [token for token in inside if token.mark in (Mark.NAME, Mark.TEXT, Mark.ORDER)]
        if "".join(token.text for token in self.tokens[start:stop]).strip().isalpha() and len(names) >= 3:
            return True
        allowed = {Mark.NAME, Mark.TEXT, Mark.HASH, Mark.OPEN, Mark.CLOSE, Mark.COMMA, Mark.OPEN_BRACE, Mark.SUB}
        allowed |= {Mark.CLOSE_BRACE, Mark.WORD, Mark.AND, Mark.OR, Mark.NOT, Mark.MINUS, Mark.STOP}
        if not names or any(token.mark not in allowed for token in inside):
            return len(inside) == 1 and inside[0].mark is Mark.COMMAND
        by_colon = stop < len(self.tokens) and self.tokens[stop].mark is Mark.COLON
        return (
            len(inside) == 1
            or by_colon
            or any(token.mark is Mark.TEXT or token.value not in self.names for token in names)
        )

    def _label(self, start: int, stop: int) -> str:
        self._mark(start, stop, Use.LABEL)
        return running("".join(token.text for token in self.tokens[start:stop]))

    def _side(self, about: bool, start: int, stop: int) -> Side:  # noqa: FBT001
        self.at, self.end, self.depth = start, stop, 0
        self.annotated = []
        about = self._approximately() or about
        column = self._column()
        form = self._sum()
        self._trailing()
        if self.at < self.end:
            raise self._refuse(self._unexpected(self.tokens[self.at]))
        return Side(form, about, column, tuple(self.annotated))

    def _approximately(self) -> bool:
        found = False
        while (token := self._peek()) is not None and token.mark is Mark.NAME and token.value in _APPROXIMATELY:
            self._take(Use.ANNOTATION)
            if (dot := self._peek()) is not None and dot.mark is Mark.STOP:
                self._take(Use.ANNOTATION)
            found = True
        return found

    def _trailing(self) -> None:
        """Skip a full stop, a comma or the word "parameters" after a formula, which belong to the sentence."""
        closing = (Mark.STOP, Mark.COMMA)
        while (token := self._peek()) is not None:
            word = plain(str(token.value)) if token.mark in (Mark.NAME, Mark.TEXT) else ""
            if token.mark not in closing and word.casefold() not in UNIT_WORDS:
                return
            self._take(Use.ANNOTATION if word else Use.LAYOUT)
