"""A pass over the tokens of a formula: the next token, the use of each, and the column of an error."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Symbol

from bertsym.claims.names import plain
from bertsym.claims.parsed_formula import Use
from bertsym.claims.tokens import Mark, Token, is_tex
from bertsym.errors import MAX_ECHO, UnreadableFormula, echo, printable, suggestion
from bertsym.symbols import BY_NAME

_REFUSED = {
    "sum": "a sum over an index cannot be read: write it out, as in L(...)",
    "prod": "a product over an index cannot be read: write it out",
    "dots": "dots leave terms out: write every term",
    "ldots": "dots leave terms out: write every term",
    "cdots": "dots leave terms out: write every term",
    "sqrt": "a count of parameters has no roots",
    "propto": "a proportionality states no count",
    "pm": "an uncertainty states no count",
    "log": "a count of parameters has no logarithm",
}

_PARTING = ("\\\\", r"\quad", r"\qquad", r"\newline")


class TokenStream:
    """A pass over the tokens of one text; `use` grows until it covers them all."""

    def __init__(self, text: str, tokens: tuple[Token, ...], names: Mapping[str, Symbol]) -> None:
        self.text = text
        self.tokens = tokens
        self.names = names
        self.tex = is_tex(text)
        self.at = 0
        self.end = len(tokens)
        self.use: dict[int, Use] = {}

    def peek(self, ahead: int = 0) -> Token | None:
        """Return the next token after spaces, which are skipped; `ahead` looks further without skipping."""
        while ahead == 0 and self.at < self.end and self.tokens[self.at].mark is Mark.LAYOUT:
            self.use[self.at] = Use.LAYOUT
            self.at += 1
        return self.tokens[self.at + ahead] if self.at + ahead < self.end else None

    def take(self, use: Use = Use.MATHS) -> Token:
        """Return the next token and note what it is used for."""
        token = self.tokens[self.at]
        self.use[self.at] = use
        self.at += 1
        return token

    def accept(self, *marks: Mark) -> Token | None:
        """Take the next token if it has one of these marks."""
        token = self.peek()
        return self.take() if token is not None and token.mark in marks else None

    def expect(self, mark: Mark, what: str) -> Token:
        """Take the next token, which must have that mark; raises `UnreadableFormula` that says `what`."""
        token = self.accept(mark)
        if token is None:
            raise self.refuse(what)
        return token

    def column(self) -> int:
        """Return the column of the next token, counted from 1."""
        token = self.peek()
        if token is not None:
            return token.column
        return self.tokens[self.at].column if self.at < len(self.tokens) else len(self.text) + 1

    def refuse(self, problem: str) -> UnreadableFormula:
        """Return the error about the next token."""
        return UnreadableFormula(self.column(), problem)

    def unexpected(self, token: Token) -> str:
        """Say why a token cannot be read here."""
        if token.mark is Mark.COMMAND:
            return _REFUSED.get(str(token.value), f"{token.text} cannot be read")
        if token.mark is Mark.STOP and self.at + 1 < self.end and self.tokens[self.at + 1].mark is Mark.STOP:
            return _REFUSED["dots"]
        if token.mark is Mark.NAME and token.value not in self.names:
            return self._unknown(str(token.value))
        return f"{echo(token.text)} is not expected here"

    def _unknown(self, raw: str) -> str:
        advice = suggestion(raw, BY_NAME) if len(raw) > 2 else ""
        close = advice if advice.startswith("did you mean") else ""
        return f"unknown name {echo(raw)}: " + (close or f"say what it is, as in --where {printable(raw[:MAX_ECHO])}=H")

    def mark(self, start: int, stop: int, use: Use) -> None:
        """Note what the tokens of a stretch are used for."""
        for index in range(start, stop):
            self.use[index] = use

    def closing(self) -> int:
        """Return the index after the round bracket that opens here, or the end if it never closes."""
        depth = 0
        for index in range(self.at, self.end):
            depth += (self.tokens[index].mark is Mark.OPEN) - (self.tokens[index].mark is Mark.CLOSE)
            if depth == 0:
                return index + 1
        return self.end

    def parted(self) -> bool:
        """Return True if a new line, a quad or another `$...$` separates the last token and the next."""
        index = self.at - 1
        while index >= 0 and self.tokens[index].mark is Mark.LAYOUT:
            text = self.tokens[index].text
            if text in _PARTING or "$" in text or "&" in text:
                return True
            index -= 1
        return False

    def blank(self) -> bool:
        """Return True if a space separates the last token and the next."""
        return self.at > 0 and self.tokens[self.at - 1].mark is Mark.LAYOUT


def running(text: str) -> str:
    """Return running text without its TeX, with its blanks."""
    return plain(text.replace("$", "").replace(" ", "~")).replace("~", " ").strip()
