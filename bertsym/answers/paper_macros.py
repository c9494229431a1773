"""The formula, the numbers and the sizes of a model, each under a name that a paper can cite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from bertsym.answers.answer_context import Subject
from bertsym.answers.breakdown import Row, broken_down
from bertsym.answers.formula import Formula, formula_written
from bertsym.convention import EXACT, Convention
from bertsym.document import Count, Inline, Rounded, Share
from bertsym.errors import UnknownName
from bertsym.formulas.tree import Number
from bertsym.model import Model
from bertsym.quantities import Unit
from bertsym.values import value

_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


@value
class Figure:
    """A value with a name of letters alone."""

    name: str
    value: Inline


@value
class Figures:
    """The formula, the counts and the sizes that a paper states of a model."""

    subject: Subject
    figures: tuple[Figure, ...]

    def named(self, name: str) -> Figure:
        """Return the value of that name; raise `UnknownName`."""
        by_name = {figure.name: figure for figure in self.figures}
        if name not in by_name:
            raise UnknownName("value", name, by_name)
        return by_name[name]


def letters(text: str) -> str:
    """Join words in capitals and spell digits out: TeX allows only letters in the name of a command.

    >>> letters("feed-forward"), letters("ffn_ratio"), letters("layer 2")
    ('FeedForward', 'FfnRatio', 'LayerTwo')
    """
    spelled = "".join(f" {_DIGITS[int(c)]} " if c.isascii() and c.isdigit() else c for c in text)
    words = re.findall(r"[A-Za-z]+", spelled)
    return "".join(word[0].upper() + word[1:] for word in words)


def figures(model: Model, convention: Convention = EXACT, form_name: str = "collected") -> Figures:
    """Return total, components and sizes, with numbers if every size is known."""
    whole = formula_written(model, convention, form_name)
    parts = broken_down(model, convention)
    return Figures(
        whole.subject, (*_of_total(whole), *_of_parts(parts.rows, convention.unit), *_of_sizes(whole.subject))
    )


def _of_total(whole: Formula) -> Iterator[Figure]:
    yield Figure("Formula", whole.expression)
    if whole.count is not None:
        yield Figure("Total", Count(whole.count))
        yield Figure("TotalShort", Rounded(whole.count, whole.subject.convention.unit))


def _of_parts(rows: tuple[Row, ...], unit: Unit) -> Iterator[Figure]:
    for row in rows:
        name = letters(row.name)
        yield Figure(f"{name}Formula", row.expression)
        if row.count is not None and row.share is not None:
            yield Figure(f"{name}Total", Count(row.count))
            yield Figure(f"{name}Short", Rounded(row.count, unit))
            yield Figure(f"{name}Share", Share(row.share))


def _of_sizes(subject: Subject) -> Iterator[Figure]:
    for symbol, size in subject.at.items():
        if not isinstance(size, bool):
            yield Figure(f"Size{letters(str(symbol))}", Number(Fraction(size)))
