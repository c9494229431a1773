"""A place among the tokens of a formula: what comes next, what each token was used for, and where a refusal points."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Symbol

from bertsym.claims.names import plain
from bertsym.claims.parsed_formula import Use
from bertsym.claims.tokens import Mark, Token, is_tex
from bertsym.errors import UnreadableFormula, echo, suggestion
from bertsym.symbols import BY_NAME

_REFUSED = {
    "sum": "a sum over an index is not read: write it out, as in L(...)",
    "prod": "a product over an index is not read",
    "dots": "dots stand for terms that cannot be seen",
    "ldots": "dots stand for terms that cannot be seen",
    "cdots": "dots stand for terms that cannot be seen",
    "sqrt": "a count of parameters has no roots",
    "propto": "a proportionality states no count",
    "pm": "an uncertainty states no count",
    "log": "a count of parameters has no logarithm",
    "lceil": "rounding is not read",
    "lfloor": "rounding is not read",
}


_PARTING = ("\\\\", r"\quad", r"\qquad", r"\newline")


class Cursor:
    """A pass over the tokens of one text; `use` grows until it covers them all."""

    def __init__(self, text: str, tokens: tuple[Token, ...], names: Mapping[str, Symbol]) -> None:
        self.text = text
        self.tokens = tokens
        self.names = names
        self.tex = is_tex(text)
        self.at = 0
        self.end = len(tokens)
        self.use: dict[int, Use] = {}

    def _peek(self, ahead: int = 0) -> Token | None:
        """Return the next token after spaces, which are skipped; `ahead` looks further without skipping."""
        while ahead == 0 and self.at < self.end and self.tokens[self.at].mark is Mark.LAYOUT:
            self.use[self.at] = Use.LAYOUT
            self.at += 1
        return self.tokens[self.at + ahead] if self.at + ahead < self.end else None

    def _take(self, use: Use = Use.MATHS) -> Token:
        token = self.tokens[self.at]
        self.use[self.at] = use
        self.at += 1
        return token

    def _accept(self, *marks: Mark) -> Token | None:
        token = self._peek()
        return self._take() if token is not None and token.mark in marks else None

    def _expect(self, mark: Mark, what: str) -> Token:
        token = self._accept(mark)
        if token is None:
            raise self._refuse(what)
        return token

    def _column(self) -> int:
        token = self._peek()
        if token is not None:
            return token.column
        return self.tokens[self.at].column if self.at < len(self.tokens) else len(self.text) + 1

    def _refuse(self, problem: str) -> UnreadableFormula:
        return UnreadableFormula(self._column(), problem)

    def _unexpected(self, token: Token) -> str:
        if token.mark is Mark.COMMAND:
            return _REFUSED.get(str(token.value), f"{token.text} is not read")
        if token.mark is Mark.STOP and self.at + 1 < self.end and self.tokens[self.at + 1].mark is Mark.STOP:
            return _REFUSED["dots"]
        if token.mark is Mark.NAME and token.value not in self.names:
            return self._unknown(str(token.value))
        return f"{echo(token.text)} is not expected here"

    def _unknown(self, raw: str) -> str:
        advice = suggestion(raw, BY_NAME) if len(raw) > 2 else ""
        close = advice if advice.startswith("did you mean") else ""
        return f"unknown name {echo(raw)}: " + (close or f"say what it is, as in --where {raw}=H")

    def _mark(self, start: int, stop: int, use: Use) -> None:
        for place in range(start, stop):
            self.use[place] = use

    def _closing(self) -> int:
        """Return the index after the round bracket that opens here, or the end if it never closes."""
        depth = 0
        for place in range(self.at, self.end):
            depth += (self.tokens[place].mark is Mark.OPEN) - (self.tokens[place].mark is Mark.CLOSE)
            if depth == 0:
                return place + 1
        return self.end

    def _parted(self) -> bool:
        """Return True if a new line, a quad or another `$...$` separates the last token and the next."""
        place = self.at - 1
        while place >= 0 and self.tokens[place].mark is Mark.LAYOUT:
            text = self.tokens[place].text
            if text in _PARTING or "$" in text or "&" in text:
                return True
            place -= 1
        return False

    def _blank(self) -> bool:
        return self.at > 0 and self.tokens[self.at - 1].mark is Mark.LAYOUT


def running(text: str) -> str:
    """Return running text without its TeX, with its blanks."""
    return plain(text.replace("$", "").replace(" ", "~")).replace("~", " ").strip()
