"""The tokens of formulas in papers and READMEs, which cover every character of the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum
from fractions import Fraction

from bertsym.errors import UnreadableFormula, echo
from bertsym.values import value

# Bounds on hostile input, in characters: of a formula, and of a number in it.
MAX_FORMULA = 20_000
MAX_FIGURE = 60


class Mark(Enum):
    """The kind of a token; operators and brackets are named by their sign."""

    NUMBER = "number"
    WORD = "word"
    NAME = "name"
    ORDER = "O"
    TEXT = "text"
    COMMAND = "command"
    LAYOUT = "layout"
    RAISED = "superscript"
    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    OVER = "/"
    POWER = "^"
    SUB = "_"
    EQUALS = "="
    ABOUT = "~"
    COLON = ":"
    COMMA = ","
    BAR = "|"
    HASH = "#"
    OPEN = "("
    CLOSE = ")"
    OPEN_BRACE = "{"
    CLOSE_BRACE = "}"
    OPEN_SQUARE = "["
    CLOSE_SQUARE = "]"
    PRIME = "'"
    OPEN_FLOOR = "⌊"
    CLOSE_FLOOR = "⌋"
    OPEN_CEILING = "⌈"
    CLOSE_CEILING = "⌉"
    FLOORED = "//"
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    NOT = "not"
    AND = "and"
    OR = "or"
    STOP = "."
    OTHER = "?"


@value
class Token:
    """A piece of the text from `start` to `stop`; `value` is a number, a word without its wrapping, or a sign."""

    mark: Mark
    text: str
    start: int
    value: str | Fraction = ""

    @property
    def stop(self) -> int:
        """Return the position at which the next token begins."""
        return self.start + len(self.text)

    @property
    def column(self) -> int:
        """Return the column at which the token begins, counted from 1."""
        return self.start + 1


CLOSING = {Mark.OPEN: Mark.CLOSE, Mark.OPEN_BRACE: Mark.CLOSE_BRACE, Mark.OPEN_SQUARE: Mark.CLOSE_SQUARE}
CLOSING |= {Mark.OPEN_FLOOR: Mark.CLOSE_FLOOR, Mark.OPEN_CEILING: Mark.CLOSE_CEILING}

_SIGNS = {mark.value: mark for mark in Mark if len(mark.value) == 1 and mark.value != "?"}
_SIGNS |= {"·": Mark.TIMES, "∙": Mark.TIMES, "⋅": Mark.TIMES, "•": Mark.TIMES, "×": Mark.TIMES, "✕": Mark.TIMES}
_SIGNS |= {"∗": Mark.TIMES, "÷": Mark.OVER, "∕": Mark.OVER, "−": Mark.MINUS, "–": Mark.MINUS, ";": Mark.STOP}
_SIGNS |= {"≈": Mark.ABOUT, "≃": Mark.ABOUT, "≅": Mark.ABOUT, "∼": Mark.ABOUT, "≠": Mark.NOT_EQUAL}
_SIGNS |= {"≤": Mark.LESS_EQUAL, "≥": Mark.GREATER_EQUAL, "≡": Mark.EQUALS, "¬": Mark.NOT, "∧": Mark.AND, "∨": Mark.OR}
# The full-width signs of Chinese and Japanese texts.
_SIGNS |= {"＝": Mark.EQUALS, "：": Mark.COLON, "（": Mark.OPEN, "）": Mark.CLOSE, "＋": Mark.PLUS, "－": Mark.MINUS}
_SIGNS |= {"＊": Mark.TIMES, "／": Mark.OVER, "，": Mark.COMMA, "。": Mark.STOP, "～": Mark.ABOUT, "、": Mark.COMMA}
_SIGNS |= {"’": Mark.PRIME, "′": Mark.PRIME}
_PAIRS = {"**": Mark.POWER, "!=": Mark.NOT_EQUAL, "<=": Mark.LESS_EQUAL, ">=": Mark.GREATER_EQUAL, "==": Mark.EQUALS}
_PAIRS |= {":=": Mark.EQUALS, "~=": Mark.ABOUT, "//": Mark.FLOORED}

_COMMANDS = {"cdot": Mark.TIMES, "times": Mark.TIMES, "ast": Mark.TIMES, "bullet": Mark.TIMES, "div": Mark.OVER}
_COMMANDS |= {"approx": Mark.ABOUT, "simeq": Mark.ABOUT, "sim": Mark.ABOUT, "cong": Mark.ABOUT}
_COMMANDS |= {"equiv": Mark.EQUALS, "coloneqq": Mark.EQUALS, "triangleq": Mark.EQUALS}
_COMMANDS |= {"neq": Mark.NOT_EQUAL, "ne": Mark.NOT_EQUAL, "leq": Mark.LESS_EQUAL, "le": Mark.LESS_EQUAL}
_COMMANDS |= {"geq": Mark.GREATER_EQUAL, "ge": Mark.GREATER_EQUAL, "lt": Mark.LESS, "gt": Mark.GREATER}
_COMMANDS |= {"lnot": Mark.NOT, "neg": Mark.NOT, "land": Mark.AND, "wedge": Mark.AND, "lor": Mark.OR, "vee": Mark.OR}
_COMMANDS |= {"vert": Mark.BAR, "lvert": Mark.BAR, "rvert": Mark.BAR, "lbrack": Mark.OPEN_SQUARE}
_COMMANDS |= {"rbrack": Mark.CLOSE_SQUARE, "prime": Mark.PRIME}
_COMMANDS |= {"lfloor": Mark.OPEN_FLOOR, "rfloor": Mark.CLOSE_FLOOR}
_COMMANDS |= {"lceil": Mark.OPEN_CEILING, "rceil": Mark.CLOSE_CEILING}

_SPACING = {
    "quad",
    "qquad",
    "left",
    "right",
    "displaystyle",
    "textstyle",
    "limits",
    "nonumber",
    "notag",
    "rm",
    "bf",
    "it",
}
_SPACING |= {f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")}
_SPACING |= {"thinspace", "medspace", "thickspace", "enspace", "centering", "allowbreak", "newline"}

_WRAPPERS = {"text", "textrm", "textit", "texttt", "textsf", "textbf", "textnormal", "mbox", "operatorname", "mathrm"}
_WRAPPERS |= {"mathit", "mathsf", "mathtt", "mathbf", "mathcal", "boldsymbol", "bm", "mathnormal", "emph", "textsc"}
# Among these the ones that set the font of mathematics: what they hold may be a formula.
_FONTS = {name for name in _WRAPPERS if name.startswith("math")} | {"boldsymbol", "bm", "textbf", "textit", "emph"}
_MATHEMATICS = re.compile(r"[-+*/=^()]|\\(?:cdot|times|frac|tfrac|dfrac)(?![A-Za-z])|^\s*[0-9.,]+\s*(?:[A-Za-z\\]|$)")
_WITH_ARGUMENT = {"label", "tag", "hspace", "vspace", "begin", "end"}
_ENVIRONMENTS = {"equation", "align", "aligned", "split", "gather", "gathered", "math", "displaymath", "multline"}

_ESCAPED = {
    "_": Mark.SUB,
    "#": Mark.HASH,
    "*": Mark.TIMES,
    "|": Mark.BAR,
    "[": Mark.OPEN_SQUARE,
    "]": Mark.CLOSE_SQUARE,
}
_ESCAPED |= {"(": Mark.OPEN, ")": Mark.CLOSE}
_DELIMITERS = (r"\[", r"\]", r"\(", r"\)")

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")

_SCANNER = re.compile(
    r"""
    (?P<layout>[\s\u00a0\u2009\u202f\u200b&$]+|\\[,;:!\ \\>/]|\\\n)
  | (?P<number>
        (?:\d{1,3}(?:(?:\{,\}|\\,|,|\u2009|\u202f)\d{3})+(?!\d)|\d+(?:\\?_\d+)+|\d+)
        (?:\.\d+)?
        (?:e[+]?\d{1,3}(?![A-Za-z0-9]))?
      | \.\d+ )
  | (?P<command>\\[A-Za-z]+\*?)
  | (?P<escaped>\\[_\#%&{}$|*()\[\]])
  | (?P<item>(?:[A-Za-z_][A-Za-z0-9_]{0,40}\.){0,4}[A-Za-z_]*(?:args|cfg|config|conf|params)
        (?:\.get\(|\[)(?P<quote>["'])(?P<key>[A-Za-z][A-Za-z0-9_]{0,60})(?P=quote)[\])])
  | (?P<owner>(?:[A-Za-z_][A-Za-z0-9_]{0,40}\.){0,4}(?:args|cfg|config|conf|hparams|params|self|math|np)\.(?=[A-Za-z]))
  | (?P<word>[A-Za-zℓÀ-ÖØ-öø-ɏ]+)
  | (?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)
  | (?P<pair>\*\*|!=|<=|>=|==|:=|~=|//)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokenise(text: str) -> tuple[Token, ...]:
    r"""Return the tokens of a formula, whose texts joined are the input. Raises `UnreadableFormula`.

    >>> [t.text for t in tokenise(r"110{,}000H^2 \cdot d_{\text{model}}") if t.mark is not Mark.LAYOUT]
    ['110{,}000', 'H', '^', '2', '\\cdot', 'd', '_', '{', '\\text{model}', '}']
    """
    if len(text) > MAX_FORMULA:
        raise UnreadableFormula(MAX_FORMULA + 1, f"a formula of at most {MAX_FORMULA:,} characters is read")
    return tuple(_tokens(text))


def _displayed(text: str) -> bool:
    r"""Return True if the whole text is one \[...\] or \(...\); elsewhere Markdown escapes brackets so."""
    bare = text.strip().rstrip(".,;")
    return any(
        bare.startswith(o) and bare.endswith(c) and bare.count(o) == 1 for o, c in ((r"\[", r"\]"), (r"\(", r"\)"))
    )


def is_tex(text: str) -> bool:
    """Return True for TeX, in which `^` and `_` take one character and `~` is a space."""
    return any(sign in text for sign in "\\{}$")


def _tokens(text: str) -> Iterator[Token]:
    tex, shown = is_tex(text), _displayed(text)
    position = 0
    while position < len(text):
        match = _SCANNER.match(text, position)
        if match is None:
            raise AssertionError("the last alternative takes any character")
        token = _token(text, match, tex=tex)
        if token.mark is Mark.OTHER and (word := _foreign_word(text, position)):
            token = Token(Mark.WORD, word, position, word)
        if shown and token.text in _DELIMITERS:
            token = Token(Mark.LAYOUT, token.text, token.start)
        yield token
        position = token.stop


def _foreign_word(text: str, start: int) -> str:
    """Return the word of another script than the Latin one that begins there: 参数量; empty if there is none."""
    stop = start
    while stop < len(text) and not text[stop].isascii() and unicodedata.category(text[stop])[0] in "LM":
        stop += 1
    return text[start:stop]


def _token(text: str, match: re.Match[str], *, tex: bool) -> Token:
    kind, piece, start = match.lastgroup, match.group(), match.start()
    if match.group("key") is not None:
        return Token(Mark.WORD, piece, start, match.group("key"))
    if kind in ("layout", "owner"):
        return Token(Mark.LAYOUT, piece, start)
    if kind == "number":
        return Token(Mark.NUMBER, piece, start, figure(piece, start))
    if kind == "command":
        return _command(text, piece, start)
    if kind == "word":
        return Token(Mark.WORD, piece, start, piece)
    if kind == "raised":
        return Token(Mark.RAISED, piece, start, piece.translate(_SUPERSCRIPTS))
    if kind == "escaped":
        return Token(_ESCAPED.get(piece[1], Mark.OTHER), piece, start)
    if kind == "pair":
        return Token(_PAIRS[piece], piece, start)
    if piece == "~" and tex:
        return Token(Mark.LAYOUT, piece, start)
    return Token(_SIGNS.get(piece, Mark.OTHER), piece, start)


def figure(piece: str, start: int = 0) -> Fraction:
    r"""Return the exact value of a written number with separators and exponent.

    >>> figure(r"110{,}000"), figure("1.5"), figure("2e3")
    (Fraction(110000, 1), Fraction(3, 2), Fraction(2000, 1))
    """
    if len(piece) > MAX_FIGURE:
        raise UnreadableFormula(start + 1, f"a number of {len(piece)} characters")
    plain = re.sub(r"\{,\}|\\,|\\?_|,|\u2009|\u202f", "", piece)
    digits, _, exponent = plain.partition("e")
    power = int(exponent or 0)
    if power > MAX_FIGURE:
        raise UnreadableFormula(start + 1, f"the number {echo(piece)} is beyond any parameter count")
    scale: int = 10**power
    return Fraction(digits) * scale


def _command(text: str, piece: str, start: int) -> Token:
    name = piece[1:].removesuffix("*")
    if name in _COMMANDS:
        return Token(_COMMANDS[name], piece, start)
    if name in _SPACING:
        return Token(Mark.LAYOUT, piece, start)
    if name == "ell":
        return Token(Mark.WORD, piece, start, "ℓ")
    if name in _WRAPPERS or name in _WITH_ARGUMENT:
        opening = _skip(text, start + len(piece))
        if text[opening : opening + 1] != "{":
            if name in _WRAPPERS and text[opening : opening + 1].isalpha():
                return Token(Mark.TEXT, text[start : opening + 1], start, text[opening])
            raise UnreadableFormula(start + 1, f"{piece} without its {{...}}")
        closing = closing_brace(text, opening)
        inside = text[opening + 1 : closing]
        whole = text[start : closing + 1]
        if name in _FONTS and _MATHEMATICS.search(inside):
            return Token(Mark.LAYOUT, piece, start)
        if name in _WRAPPERS:
            return Token(Mark.TEXT, whole, start, inside)
        if name in ("begin", "end") and inside.removesuffix("*") not in _ENVIRONMENTS:
            raise UnreadableFormula(start + 1, f"the environment {echo(inside)} cannot be read")
        return Token(Mark.LAYOUT, whole, start)
    return Token(Mark.COMMAND, piece, start, name)


def _skip(text: str, position: int) -> int:
    while text[position : position + 1].isspace():
        position += 1
    return position


def closing_brace(text: str, opening: int) -> int:
    """Return the position at which the brace at `opening` closes; raises `UnreadableFormula`."""
    depth = 0
    position = opening
    while position < len(text):
        sign = text[position]
        if sign == "\\":
            position += 1
        elif sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    raise UnreadableFormula(opening + 1, "a { that is never closed")
