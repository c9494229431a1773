"""The comparison of models, component by component: formulas or numbers, with differences and ratios to one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from fractions import Fraction

from sympy import Expr, Integer, Symbol

from bertsym.algebra import expand, free, substitute
from bertsym.answers.answer_context import Subject, subject
from bertsym.answers.model_sizes import differing_sizes, named_sizes, size_value, value_cell
from bertsym.answers.titles import expansion, titles
from bertsym.convention import EXACT, Convention
from bertsym.count import Part, countable
from bertsym.document import Column, Count, Decimal, Document, Element, Inline, Remark, Share, Sizes, Table
from bertsym.errors import Conflict, UnknownName, member
from bertsym.formulas.styles import Style, form, style_of_parts
from bertsym.formulas.tree import Form, Name
from bertsym.model import Model
from bertsym.report import AsLatex, Record
from bertsym.values import value


class Shown(Enum):
    """A kind of value that a comparison shows of each model."""

    FORMULA = "formula"
    COUNT = "count"
    SHARE = "share"
    DIFFERENCE = "difference"
    DIFFERENCE_SHARE = "difference-share"
    RATIO = "ratio"

    @classmethod
    def named(cls, name: str) -> Shown:
        """Return the member of that name; raise `UnknownName`."""
        return member(cls, "value", name)


_TITLES = {Shown.DIFFERENCE_SHARE: "share of difference"}
_TO_BASE = (Shown.DIFFERENCE, Shown.DIFFERENCE_SHARE, Shown.RATIO)
"""The values that compare a model with the base."""

NO_SIZES = "none"

_NOTHING = form(Integer(0))

_Line = tuple[Inline, ...]
"""Cells of a row, from the left or behind a first one."""


@value
class Side:
    """A part of one model's total, and its difference from the base; a part that the model does not have is 0.

    The difference has no formula if a symbol of both formulas has different values: V less V would be 0.
    """

    expression: Form
    count: int | None
    share: Fraction | None
    difference: Form | None
    change: int | None
    ratio: Fraction | None

    def record(self) -> Record:
        """Return the side for programs."""
        return {
            "expression": self.expression,
            "latex": AsLatex(self.expression),
            "count": self.count,
            "share": None if self.share is None else Share(self.share),
            "difference": {
                "expression": self.difference,
                "latex": None if self.difference is None else AsLatex(self.difference),
                "count": self.change,
            },
            "ratio": None if self.ratio is None else Share(self.ratio),
        }


@value
class Row:
    """A part of the total in each model."""

    name: str
    sides: tuple[Side, ...]

    def record(self) -> Record:
        """Return the row for programs."""
        return {"name": self.name, "models": [side.record() for side in self.sides]}


@value
class Comparison:
    """Totals in parts; the rows sum to the total, their differences to that of the totals.

    `base` is the index of the model with which the others are compared. `sizes` are the sizes at the head of the table.
    """

    subjects: tuple[Subject, ...]
    titles: tuple[str, ...]
    rows: tuple[Row, ...]
    total: Row
    base: int
    shown: tuple[Shown, ...]
    sizes: tuple[tuple[Symbol, tuple[Inline, ...]], ...]

    def document(self) -> Document:
        """Return one table: sizes, components, and totals; remarks say what is counted, and at which sizes."""
        counted = self.subjects[0].convention
        parts: list[Element] = [Remark((f"{counted.title}: {counted.meaning}",))]
        for title, one in zip(self.titles, self.subjects, strict=True):
            at: tuple[Inline, ...] = (" at ", Sizes(one.at)) if one.at else ()
            parts += [*one.origin(), Remark((expansion(title, one), *at))]
        parts += dict.fromkeys(element for one in self.subjects for element in one.reason())
        if (self.base or len(self.titles) > 2) and any(shown in _TO_BASE for shown in self.shown):
            parts.append(Remark((f"differences and ratios are to {self.titles[self.base]}",)))
        return (*parts, self._of_formulas() if Shown.FORMULA in self.shown else self._of_numbers())

    # Numbers: a column for each model.

    def _of_numbers(self) -> Table:
        """Return the table with the models as columns."""
        columns = tuple(self._columns())
        of_models: list[_Line] = []
        for symbol, values in self.sizes if any(shown not in _TO_BASE for shown in self.shown) else ():
            by_model = dict(enumerate(values))
            cells = ("" if shown in _TO_BASE else by_model.pop(model, "") for model, shown, _ in columns)
            of_models.append((Name(symbol), *cells))
        existing = [row for row in self.rows if any(side.count for side in row.sides)]
        components = [(row.name, *(self._cell(row, model, shown) for model, shown, _ in columns)) for row in existing]
        total = (self.total.name, *(self._cell(self.total, model, shown) for model, shown, _ in columns))
        heads = (Column("component"), *(column for _, _, column in columns))
        rules = (len(of_models),) if of_models else ()
        return Table(heads, (*of_models, *components), total, rules, dashes=True)

    def _columns(self) -> Iterator[tuple[int, Shown, Column]]:
        """Yield the columns: those of each model, with what compares it with the base beside them.

        Of two models, the columns that compare them stand last and need no model's name above them.
        """
        own = [shown for shown in self.shown if shown not in _TO_BASE]
        beside = [shown for shown in self.shown if shown in _TO_BASE]
        pair = len(self.titles) == 2
        grouped = len(own) > 1 or (not pair and len(self.shown) > 1)
        unit = self.subjects[0].convention.unit.title

        def column(model: int, shown: Shown) -> tuple[int, Shown, Column]:
            name = unit if shown is Shown.COUNT else _TITLES.get(shown, shown.value)
            apart = pair and shown in _TO_BASE
            if grouped and not apart:
                return model, shown, Column(name, right=True, group=self.titles[model])
            return model, shown, Column(name if apart else self.titles[model], right=True)

        for model in range(len(self.titles)):
            for shown in self.shown if not pair else own:
                if model != self.base or shown not in _TO_BASE:
                    yield column(model, shown)
        if pair:
            yield from (column(1 - self.base, shown) for shown in beside)

    def _cell(self, row: Row, model: int, shown: Shown) -> Inline:
        side = row.sides[model]
        match shown:
            case Shown.COUNT:
                return Count(side.count or 0, unit=self.subjects[model].convention.unit)
            case Shown.SHARE:
                return "" if side.share is None else Share(side.share)
            case Shown.DIFFERENCE:
                return Count(side.change or 0, unit=self.subjects[model].convention.unit)
            case Shown.RATIO:
                return "" if side.ratio is None else Decimal(side.ratio)
            case _:
                whole = self.total.sides[model].change
                return Share(Fraction(side.change or 0, whole)) if whole else ""

    # Formulas: a row for each model, or one for all that have the same.

    def _of_formulas(self) -> Table:
        """Return the table with a row for each model of a component."""
        numbers = tuple(shown for shown in self.shown if shown not in (Shown.FORMULA, Shown.DIFFERENCE))
        unit = self.subjects[0].convention.unit.title
        blocks: list[tuple[Inline, list[_Line]]] = []
        for symbol, values in self.sizes:
            blocks.append((Name(symbol), list(self._size_lines(values, len(numbers)))))
        blocks += [(row.name, list(self._lines(row, numbers))) for row in (*self.rows, self.total)]
        rows: list[_Line] = []
        rules = []
        for index, (name, lines) in enumerate(blocks):
            if index and index in (len(self.sizes), len(blocks) - 1):
                rules.append(len(rows))
            rows += [("" if further else name, *line) for further, line in enumerate(lines)]
        names = (unit if shown is Shown.COUNT else _TITLES.get(shown, shown.value) for shown in numbers)
        heads = (Column("component"), Column("model"), Column("formula" if numbers else unit))
        columns = (*heads, *(Column(name, right=True) for name in names))
        return Table(columns, tuple(rows), rules=tuple(rules), dashes=True)

    def _size_lines(self, values: Sequence[Inline], numbers: int) -> Iterator[_Line]:
        """Yield a size of each model, models of one value in one line."""
        groups: dict[Inline, list[str]] = {}
        for title, cell in zip(self.titles, values, strict=True):
            groups.setdefault(cell, []).append(title)
        for cell, models in groups.items():
            yield (self._named(models), cell, *([""] * numbers))

    def _named(self, models: Sequence[str]) -> str:
        """Return the models of a line."""
        every = "both" if len(self.titles) == 2 else "all"
        return every if tuple(models) == self.titles else ", ".join(models)

    def _lines(self, row: Row, numbers: Sequence[Shown]) -> Iterator[_Line]:
        """Yield the formula and the numbers of each model, then those of its difference from the base."""
        groups: dict[_Line, list[str]] = {}
        for model, side in enumerate(row.sides):
            cells = ("" if shown is Shown.DIFFERENCE_SHARE else self._cell(row, model, shown) for shown in numbers)
            groups.setdefault((side.expression, *cells), []).append(self.titles[model])
        for of_models, models in groups.items():
            yield (self._named(models), *of_models)
        if Shown.DIFFERENCE not in self.shown:
            return
        for model, side in enumerate(row.sides):
            if model != self.base and (side.change if side.difference is None else side.difference != _NOTHING):
                if side.difference is None and Shown.COUNT not in numbers:
                    continue
                title = "difference" if len(row.sides) == 2 else f"{self.titles[model]} − {self.titles[self.base]}"
                yield (title, side.difference or "", *(self._change(row, model, shown) for shown in numbers))

    def _change(self, row: Row, model: int, shown: Shown) -> Inline:
        """Return a number of a difference."""
        if shown not in (Shown.COUNT, Shown.DIFFERENCE_SHARE):
            return ""
        return self._cell(row, model, Shown.DIFFERENCE if shown is Shown.COUNT else shown)

    def record(self) -> Record:
        """Return the models, the rows and the total for programs; `base` is the index of a model."""
        models = zip(self.titles, self.subjects, strict=True)
        return {
            "models": [{"title": title, **one.record(), "at": one.sizes()} for title, one in models],
            "base": self.base,
            "rows": [row.record() for row in self.rows],
            "total": self.total.record(),
        }


def comparison(
    models: Sequence[Model],
    convention: Convention = EXACT,
    style: Style = Style.COLLECTED,
    *,
    names: Sequence[str | None] = (),
    base: str = "",
    shown: Sequence[Shown] = (),
    sizes: Sequence[str] | None = None,
) -> Comparison:
    """Compare models by component, in the order of the first; a component that is missing counts 0.

    `names` are titles for the models, and `base` is a title or a name: the first model without it. `shown` are the
    values of each model, and `sizes` the names of sizes at the head of the table: those that differ without it. Raises
    `MissingSize` for numbers of a model with an open size, `UnknownName`, `Conflict` and what `countable` raises.
    """
    entitled = titles(models, names)
    against = _base(base, entitled, models)
    counted = tuple(countable(model, convention) for model in models)
    wholes = tuple(one.total() for one in counted)
    counts = tuple(one.number(whole) for one, whole in zip(counted, wholes, strict=True))
    known = None not in counts
    chosen = tuple(dict.fromkeys(shown))
    if not known and set(chosen) - {Shown.FORMULA, Shown.DIFFERENCE}:
        for one in counted:
            one.count()  # it raises MissingSize
    if not known and chosen and Shown.FORMULA not in chosen:
        chosen = (Shown.FORMULA, *chosen)
    like = style_of_parts(max(wholes, key=lambda whole: len(whole.args)), style)

    def difference(model: Model, expression: Expr, of_base: Expr) -> Form | None:
        shared = free(expression) & free(of_base) if known else frozenset()
        if any(model.given[symbol] != models[against].given[symbol] for symbol in shared):
            return None
        return form(expand(expression - of_base), like)

    def row(name: str, parts: Sequence[Part]) -> Row:
        written = [
            part.expression if known else expand(substitute(part.expression, model.given))
            for model, part in zip(models, parts, strict=True)
        ]
        numbers = [part.count if known else None for part in parts]
        differences = [difference(*one, written[against]) for one in zip(models, written, strict=True)]
        sides = (
            _side(form(expression, like), change, number, numbers[against], whole)
            for expression, change, number, whole in zip(written, differences, numbers, counts, strict=True)
        )
        return Row(name, tuple(sides))

    parts = tuple({part.name: part for part in one.breakdown()} for one in counted)
    components = dict.fromkeys(name for of in parts for name in of)
    rows = tuple(row(name, [_part(of, name) for of in parts]) for name in components)
    total = row("total", [Part("total", *one) for one in zip(wholes, counts, strict=True)])
    subjects = tuple(subject(model, convention) for model in models)
    chosen = chosen or _usual(rows, against, known=known)
    beside = _size_rows(models, subjects, sizes, formulas=Shown.FORMULA in chosen)
    return Comparison(subjects, entitled, rows, total, against, chosen, tuple(beside))


def _usual(rows: Sequence[Row], base: int, *, known: bool) -> tuple[Shown, ...]:
    """Return the values that are shown unless the user chooses some.

    A difference has shares only if no component grows while another one shrinks.
    """
    models = {len(row.sides) for row in rows}
    if not known:
        return (Shown.FORMULA, Shown.DIFFERENCE) if models == {2} else (Shown.FORMULA,)
    if models != {2}:
        return (Shown.COUNT,)
    signs = {change > 0 for row in rows if (change := row.sides[1 - base].change)}
    shares = (Shown.DIFFERENCE_SHARE,) if len(signs) == 1 else ()
    return (Shown.COUNT, Shown.DIFFERENCE, *shares)


def _base(name: str, entitled: Sequence[str], models: Sequence[Model]) -> int:
    """Return the index of the model with that title or name; the first without a name."""
    if not name:
        return 0
    spellings = [{title, model.name, model.typed} for title, model in zip(entitled, models, strict=True)]
    matching = [index for index, known in enumerate(spellings) if name in known]
    if not matching:
        raise UnknownName("model for --base", name, entitled)
    if len(matching) > 1:
        raise Conflict(f"--base {name}", "the models", "several have this name; --name tells them apart")
    return matching[0]


def _size_rows(
    models: Sequence[Model], subjects: Sequence[Subject], names: Sequence[str] | None, *, formulas: bool
) -> Iterator[tuple[Symbol, tuple[Inline, ...]]]:
    """Yield the sizes at the head of the table: the chosen ones, or beside numbers those that differ."""
    if names is None:
        symbols = () if formulas else differing_sizes(models, [one.at for one in subjects])
    else:
        symbols = named_sizes(models, [name for name in names if name != NO_SIZES])
    for symbol in dict.fromkeys(symbols):
        yield symbol, tuple(value_cell(size_value(model, symbol)) for model in models)


def _side(expression: Form, difference: Form | None, count: int | None, of_base: int | None, whole: int | None) -> Side:
    change = None if count is None or of_base is None else count - of_base
    share = Fraction(count, whole) if count is not None and whole else None
    ratio = Fraction(count, of_base) if count is not None and of_base else None
    return Side(expression, count, share, difference, change, ratio)


def _part(parts: Mapping[str, Part], name: str) -> Part:
    return parts.get(name, Part(name, Integer(0), 0))
