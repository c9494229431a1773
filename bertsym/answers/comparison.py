"""The comparison of two models, component by component: formulas, numbers and differences."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from sympy import Expr, Integer

from bertsym.algebra import Value, expand, substitute
from bertsym.answers.answer_context import Subject, subject
from bertsym.convention import EXACT, Convention
from bertsym.count import Part, countable
from bertsym.document import Column, Count, Document, Element, Inline, Remark, Share, Sizes, Table
from bertsym.formulas.styles import Style, form, style_of_parts
from bertsym.formulas.tree import Form, Name
from bertsym.model import Model
from bertsym.report import AsLatex, Record
from bertsym.symbols import in_order
from bertsym.values import value


@value
class Side:
    """A part of one model's total; nothing there is 0."""

    expression: Form
    count: int | None

    def record(self) -> Record:
        """Return the side for programs."""
        return {"expression": self.expression, "latex": AsLatex(self.expression), "count": self.count}


@value
class Pair:
    """A part in both models, and the second less the first."""

    name: str
    first: Side
    second: Side
    difference: Side

    @property
    def same(self) -> bool:
        """Return True if both models have the same formula."""
        return self.first.expression == self.second.expression

    def formulas(self, titles: tuple[str, str]) -> tuple[tuple[Inline, ...], ...]:
        """Return the rows of the table of formulas: one if both models have the same."""
        if self.same:
            return ((self.name, "both", self.first.expression),)
        named = zip((*titles, "difference"), (self.first, self.second, self.difference), strict=True)
        return tuple(("" if index else self.name, title, side.expression) for index, (title, side) in enumerate(named))

    def numbers(self, whole: int) -> tuple[Inline, ...]:
        """Return the row of the table of numbers; `whole` is the difference of the totals."""
        counts = [side.count or 0 for side in (self.first, self.second, self.difference)]
        share = Share(Fraction(counts[2], whole)) if whole else ""
        return (self.name, *map(Count, counts), share)

    def record(self) -> Record:
        """Return the row for programs."""
        return {
            "name": self.name,
            "first": self.first.record(),
            "second": self.second.record(),
            "difference": self.difference.record(),
        }


@value
class Comparison:
    """Two totals in parts; the differences of the parts sum to that of the totals."""

    first: Subject
    second: Subject
    rows: tuple[Pair, ...]
    total: Pair

    @property
    def titles(self) -> tuple[str, str]:
        """Return distinct titles for both models: their names, else their classes, else first and second."""
        for first, second in ((self.first.model, self.second.model), (self.first.cls, self.second.cls)):
            if first != second:
                return first, second
        return "the first", "the second"

    def document(self) -> Document:
        """Return the models, the sizes that differ, the formulas, and the numbers if every size is known."""
        first, second = self.titles
        counted = self.first.convention
        parts: list[Element] = [Remark((f"{counted.title}: {counted.meaning}",))]
        parts += [*self.first.origin(), *self.second.origin()]
        parts += [self._about(first, self.first), *self.first.reason()]
        parts += [self._about(second, self.second), *self.second.reason(), *self._sizes()]
        lines = [line for row in (*self.rows, self.total) for line in row.formulas(self.titles)]
        columns = tuple(map(Column, ("component", "model", counted.unit.title)))
        parts.append(Table(columns, tuple(lines[:-1]), lines[-1]))
        return (*parts, *self._numbers())

    def _about(self, title: str, side: Subject) -> Remark:
        at: tuple[Inline, ...] = (" at ", Sizes(side.at)) if side.at else ()
        return Remark((f"{title}: {side.cls}", *at))

    def _sizes(self) -> Iterator[Table]:
        """Return the sizes that both models have and that differ."""
        shared = in_order(self.first.at.keys() & self.second.at.keys())
        rows = tuple(
            (Name(symbol), _value(self.first.at[symbol]), _value(self.second.at[symbol]))
            for symbol in shared
            if self.first.at[symbol] != self.second.at[symbol]
        )
        if rows:
            first, second = self.titles
            yield Table((Column("size"), Column(first, right=True), Column(second, right=True)), rows)

    def _numbers(self) -> Iterator[Table]:
        whole = self.total.difference.count
        if whole is None:
            return
        right = (*self.titles, "difference", "of it")
        columns = (Column("component"), *(Column(title, right=True) for title in right))
        yield Table(columns, tuple(row.numbers(whole) for row in self.rows), self.total.numbers(whole))

    def record(self) -> Record:
        """Return the rows and the total for programs; `difference` is the second less the first."""
        return {
            "first": {**self.first.record(), "at": self.first.sizes()},
            "second": {**self.second.record(), "at": self.second.sizes()},
            "rows": [row.record() for row in self.rows],
            "total": self.total.record(),
        }


def _value(value: Value) -> Inline:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return Count(value) if isinstance(value, int) else str(value)


def comparison(
    first: Model, second: Model, convention: Convention = EXACT, style: Style = Style.COLLECTED
) -> Comparison:
    """Compare two models by component, in the order of the first; a component that is missing counts 0."""
    models = (first, second)
    counted = tuple(countable(model, convention) for model in models)
    wholes = tuple(one.total() for one in counted)
    counts = tuple(one.number(whole) for one, whole in zip(counted, wholes, strict=True))
    known = None not in counts
    like = style_of_parts(max(wholes, key=lambda whole: len(whole.args)), style)

    def written(model: Model, expression: Expr) -> Expr:
        return expression if known else expand(substitute(expression, model.given))

    def pair(name: str, parts: tuple[Part, ...]) -> Pair:
        left, right = (written(model, part.expression) for model, part in zip(models, parts, strict=True))
        numbers = [part.count for part in parts if known and part.count is not None]
        change = numbers[1] - numbers[0] if len(numbers) == 2 else None
        return Pair(
            name,
            Side(form(left, like), numbers[0] if numbers else None),
            Side(form(right, like), numbers[1] if numbers else None),
            Side(form(expand(right - left), like), change),
        )

    parts = tuple({part.name: part for part in one.breakdown()} for one in counted)
    names = dict.fromkeys([*parts[0], *parts[1]])
    rows = tuple(pair(name, tuple(_part(of, name) for of in parts)) for name in names)
    whole = pair("total", tuple(Part("total", *one) for one in zip(wholes, counts, strict=True)))
    return Comparison(subject(first, convention), subject(second, convention), rows, whole)


def _part(parts: dict[str, Part], name: str) -> Part:
    return parts.get(name, Part(name, Integer(0), 0))
