"""Two readers of what is printed, by the rules that a mathematician reads by, and by nothing of bertsym's.

`of_text` reads the line for a terminal and the plain one of `--json`, `of_tex` what stands in a paper. Both take the
usual precedence: or, and, not, relations, sums, products and quotients from left to right, powers. A text that these
rules leave open is refused: two figures side by side, a sign after a sign, a power of a power, a relation after a not.

What they return are the sides of a chain of equalities, each of which `value` works out in fractions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from math import floor, isqrt
from typing import Any, ClassVar

Sizes = Mapping[str, Fraction | int | bool]
Tree = tuple[Any, ...]


class Unread(Exception):
    """A text that the rules leave open, or that is none of this syntax."""


class Unknown(Exception):
    """A value that is no fraction: a quotient by 0, the root of what is no square."""


_RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _over(above: Fraction, below: Fraction) -> Fraction:
    if below == 0:
        raise Unknown("a quotient by 0")
    return above / below


def _root(square: Fraction) -> Fraction:
    root = Fraction(isqrt(max(square.numerator, 0)), isqrt(square.denominator))
    if root * root != square:
        raise Unknown("the root of what is no square")
    return root


_NUMBERS: Mapping[str, Callable[..., Fraction]] = {
    "sum": lambda *parts: sum(parts, Fraction(0)),
    "minus": lambda part: -part,
    "times": lambda left, right: left * right,
    "over": _over,
    "power": lambda base, exponent: base ** int(exponent),
    "floor": lambda inside: Fraction(floor(inside)),
    "min": min,
    "max": max,
    "root": _root,
}
_TRUTHS: Mapping[str, Callable[..., bool]] = {
    "not": lambda inside: not inside,
    "and": lambda *parts: all(parts),
    "or": lambda *parts: any(parts),
}


def value(tree: Tree, sizes: Sizes) -> Fraction | bool:
    """The value of what was read; raises `Unknown`."""
    kind, *parts = tree
    if kind == "number":
        return Fraction(parts[0])
    if kind == "name":
        found = sizes[parts[0]]
        return found if isinstance(found, bool) else Fraction(found)
    if kind == "bracket":
        return Fraction(int(_truth(parts[0], sizes)))
    if kind in _TRUTHS:
        return _TRUTHS[kind](*(_truth(part, sizes) for part in parts))
    if kind in _NUMBERS:
        return _NUMBERS[kind](*(number(part, sizes) for part in parts))
    signs, sides = parts[::2], [number(part, sizes) for part in parts[1::2]]
    return all(_RELATIONS[sign](*pair) for sign, pair in zip(signs, pairwise(sides), strict=False))


def number(tree: Tree, sizes: Sizes) -> Fraction:
    """The value of what must be a number."""
    found = value(tree, sizes)
    if isinstance(found, bool):
        raise Unread(f"a condition where a number stands: {tree}")
    return found


def _truth(tree: Tree, sizes: Sizes) -> bool:
    found = value(tree, sizes)
    if not isinstance(found, bool):
        raise Unread(f"a number where a condition stands: {tree}")
    return found


class _Reader:
    """The part that both syntaxes share: marks from left to right, conditions, relations and sums."""

    signs: ClassVar[Mapping[str, str]]  # the signs of this syntax as `value` knows them

    def __init__(self, marks: Iterable[str]) -> None:
        self.marks = [*marks, ""]
        self.at = 0

    @property
    def next(self) -> str:
        return self.marks[self.at]

    def pair(self, kind: str, opening: str, closing: str) -> Tree:
        """The smaller or the larger of two."""
        self.take(opening)
        left = self.sum()
        self.take(",")
        right = self.sum()
        self.take(closing)
        return (kind, left, right)

    def take(self, wanted: str = "") -> str:
        mark = self.next
        if not mark or (wanted and mark != wanted):
            raise Unread(f"{wanted or 'more'} wanted before {' '.join(self.marks[self.at : self.at + 8])!r}")
        self.at += 1
        return mark

    def accept(self, *wanted: str) -> str:
        return self.take() if self.next and self.signs.get(self.next, self.next) in wanted else ""

    def chain(self) -> list[Tree]:
        """The sides of a chain of equalities that is all there is."""
        sides = [self.sum()]
        while self.accept("="):
            sides.append(self.sum())
        if self.next:
            raise Unread(f"left over: {' '.join(self.marks[self.at : self.at + 8])!r}")
        return sides

    def condition(self) -> Tree:
        return self.joined("or", lambda: self.joined("and", self.negation))

    def joined(self, word: str, part: Callable[[], Tree]) -> Tree:
        parts = [part()]
        while self.accept(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else (word, *parts)

    def negation(self) -> Tree:
        raise NotImplementedError

    def relation(self) -> Tree:
        """A comparison, a switch, or a condition in parentheses, which `atom` reads."""
        found: list[Any] = [self.sum()]
        while sign := self.accept(*_RELATIONS):
            found += [self.signs.get(sign, sign), self.sum()]
        return found[0] if len(found) == 1 else ("relation", *_woven(found))

    def sum(self) -> Tree:
        minus = self.accept("-")
        terms = [self.term()]
        if minus:
            terms = [("minus", terms[0])]
        while sign := self.accept("+", "-"):
            term = self.term()
            terms.append(("minus", term) if self.signs.get(sign, sign) == "-" else term)
        return terms[0] if len(terms) == 1 else ("sum", *terms)

    def term(self) -> Tree:
        raise NotImplementedError

    def inside(self, opening: str, closing: str) -> Tree:
        """Read the content between two marks: a number or, in parentheses, a condition."""
        self.take(opening)
        found = self.condition()
        self.take(closing)
        return found


def _woven(found: list[Any]) -> list[Any]:
    """Signs and sides in turn, the signs first, as `value` takes them."""
    sides, signs = found[::2], [*found[1::2], ""]
    return [piece for pair in zip(signs, sides, strict=True) for piece in pair]


_TEXT_MARK = re.compile(
    r"\s*(\{[^{}]*\}|\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?|[A-Za-z_]\w*|[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\*\*|[=!<>]=|\S)", re.ASCII
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_WORDS = {"and", "or", "not", "floor", "sqrt", "min", "max"}


class _Text(_Reader):
    signs: ClassVar = {"−": "-", "·": "*", "==": "=", "≠": "!=", "≤": "<=", "≥": ">="}

    def negation(self) -> Tree:
        return ("not", self.negation()) if self.accept("not") else self.relation()

    def term(self) -> Tree:
        found = self.power()
        while sign := self.accept("*", "/"):
            kind = "over" if sign == "/" else "times"
            found = (kind, found, self.power())
        if self.next.startswith("{"):  # what the part counts
            self.take()
        return found

    def power(self) -> Tree:
        base = self.atom()
        if self.next and self.next[0] in "⁰¹²³⁴⁵⁶⁷⁸⁹":
            base = ("power", base, ("number", self.take().translate(_RAISED)))
        elif self.accept("**"):
            base = ("power", base, ("number", self.take()))
        if self.next == "**" or self.next[:1] in tuple("⁰¹²³⁴⁵⁶⁷⁸⁹"):
            raise Unread("a power of a power")
        return base

    def atom(self) -> Tree:
        mark = self.next
        if mark == "(":
            return self.inside("(", ")")
        if mark == "[":
            return ("bracket", self.inside("[", "]"))
        if mark == "⌊":
            return ("floor", self.inside("⌊", "⌋"))
        if mark in ("min", "max") and self.marks[self.at + 1] == "(":
            self.take()
            return self.pair(mark, "(", ")")
        if mark in ("floor", "sqrt", "√") and self.marks[self.at + 1] == "(":
            self.take()
            return ("floor" if mark == "floor" else "root", self.inside("(", ")"))
        self.take()
        if mark[0].isdigit():
            return ("number", mark.replace(",", ""))
        if (mark[0].isalpha() or mark[0] == "_") and mark not in _WORDS:
            return ("name", mark)
        raise Unread(f"{mark!r} where a factor stands")


def of_text(text: str) -> list[Tree]:
    """The sides of a chain of equalities for a terminal, or of one formula."""
    return _Text(_TEXT_MARK.findall(text)).chain()


_LAYOUT = re.compile(
    r"\\(?:begin|end)\{(?:aligned|equation\*?|align\*?|split)\}|\\label\{[^{}]*\}|\\displaystyle\b|\\nonumber\b"
    r"|\\quad\b|\\\\|\\,|\\\[|\\\]|(?<!\{)\{\}|&|\$"
)
_TEX_MARK = re.compile(r"\s*(\d{1,3}(?:\{,\}\d{3})+(?!\d)|\d+(?:\.\d+)?|\\[A-Za-z]+|\\.|\S)")
_OPENING = {"(": ")", "\\left(": "\\right)", "\\biggl(": "\\biggr)", "\\Bigl(": "\\Bigr)"}
_FACES = ("\\mathrm", "\\mathit", "\\mathbf", "\\mathsf", "\\mathtt", "\\mathcal")


class _Tex(_Reader):
    signs: ClassVar = {
        "\\land": "and",
        "\\lor": "or",
        "\\lnot": "not",
        "\\neq": "!=",
        "\\leq": "<=",
        "\\geq": ">=",
        "\\approx": "=",
    }

    def __init__(self, tex: str, names: Mapping[str, str]) -> None:
        super().__init__(self.markized(tex))
        self.names = names

    @staticmethod
    def markized(tex: str) -> Iterable[str]:
        marks = _TEX_MARK.findall(_LAYOUT.sub(" ", tex))
        large = {"\\left", "\\right", "\\biggl", "\\biggr", "\\Bigl", "\\Bigr"}
        held = ""
        for mark in marks:
            if mark in large:
                held = mark
                continue
            yield held + mark
            held = ""

    def negation(self) -> Tree:
        """A not reaches to the next atom, which is a switch or stands in parentheses."""
        return ("not", self.denied()) if self.accept("not") else self.relation()

    def denied(self) -> Tree:
        found = self.negation() if self.next == "\\lnot" else self.atom()
        if self.signs.get(self.next, self.next) in _RELATIONS:
            raise Unread("a relation after a not")
        return found

    def term(self) -> Tree:
        """Factors side by side; 2 beside 1/3 would be a mixed number, and a figure after a factor part of it."""
        found = self.power()
        while True:
            dot = self.accept("\\cdot")
            if not dot and not self.begins():
                return found
            mixed = found[0] == "number" and self.next == "\\frac" and self.marks[self.at + 2][0].isdigit()
            if (mixed or self.next[0].isdigit()) and not dot:
                raise Unread(f"a figure beside a factor: {' '.join(self.marks)}")
            found = ("times", found, self.power())

    def begins(self) -> bool:
        """Return True if a factor comes next."""
        mark = self.next
        signs = {"\\lfloor", "\\left\\lfloor", "\\frac", "\\sqrt", "\\underbrace", "[", *_OPENING, *_FACES}
        spoken = mark in self.signs or mark in ("\\cdot", "\\rfloor", "\\right\\rfloor", *_OPENING.values())
        return mark in signs or (not spoken and re.match(r"[A-Za-z0-9]|\\[A-Za-z]", mark) is not None)

    def power(self) -> Tree:
        base = self.atom()
        if self.next == "^":
            self.take()
            exponent = "".join(self.group()) if self.next == "{" else self.digit()
            base = ("power", base, ("number", exponent))
            if self.next == "^":
                raise Unread("a power of a power")
        return base

    def digit(self) -> str:
        mark = self.take()
        if len(mark) != 1:  # TeX raises one digit only
            raise Unread(f"^{mark}")
        return mark

    def group(self) -> list[str]:
        """The marks of a group in braces."""
        self.take("{")
        found: list[str] = []
        depth = 1
        while True:
            mark = self.take()
            depth += {"{": 1, "}": -1}.get(mark, 0)
            if not depth:
                return found
            found.append(mark)

    def braced(self) -> Tree:
        """A formula in braces."""
        self.take("{")
        found = self.sum()
        self.take("}")
        return found

    def atom(self) -> Tree:
        mark = self.next
        if mark in _OPENING:
            return self.inside(mark, _OPENING[mark])
        if mark == "[":
            return ("bracket", self.inside("[", "]"))
        if mark in ("\\min", "\\max"):
            self.take()
            return self.pair(mark[1:], self.next, _OPENING[self.next])
        if mark in ("\\lfloor", "\\left\\lfloor"):
            self.take()
            found = ("floor", self.sum())
            self.take("\\rfloor" if mark == "\\lfloor" else "\\right\\rfloor")
            return found
        if mark == "\\frac":
            self.take()
            return ("over", self.braced(), self.braced())
        if mark == "\\sqrt":
            self.take()
            return ("root", self.braced())
        if mark == "\\underbrace":
            self.take()
            found = self.braced()
            self.take("_")
            self.group()
            return found
        self.take()
        if mark[0].isdigit():
            return ("number", mark.replace("{,}", ""))
        return ("name", self.named(mark))

    def named(self, mark: str) -> str:
        spelled = mark
        if mark in _FACES:
            spelled += "{" + "".join(self.group()) + "}"
        if self.next == "_":
            self.take()
            spelled += "_" + ("{" + "".join(self.group()) + "}" if self.next == "{" else self.take())
        if spelled not in self.names:
            raise Unread(f"{spelled!r} stands for nothing")
        return self.names[spelled]


def of_tex(tex: str, names: Mapping[str, str]) -> list[Tree]:
    """The sides of a chain of equalities in TeX, lines and delimiters of a display left aside.

    `names` says what each printed name stands for, as a legend does.
    """
    return _Tex(tex, names).chain()
