"""The parts of several models side by side: the data of stacked bars."""

from __future__ import annotations

from fractions import Fraction

from bertsym.answers.breakdown import Breakdown, broken_down
from bertsym.charts import Part, StackedBars
from bertsym.convention import Convention
from bertsym.count import By, count
from bertsym.document import Column, Count, Document, Inline, Remark, Sizes, Table
from bertsym.model import Model
from bertsym.report import Record
from bertsym.values import value

# The most shades that a reader can tell apart in print without colour.
MAX_PARTS = 8
OTHER = "other parts"


@value
class StackedParts:
    """The counts of each part in each model; `names` are the titles of the models in the figure.

    `shares` and `labels` are those of `StackedBars`.
    """

    names: tuple[str, ...]
    breakdowns: tuple[Breakdown, ...]
    parts: tuple[Part, ...]
    shares: bool = False
    labels: bool = False

    def chart(self) -> StackedBars:
        """Return the bars; `other parts` are the smallest if there are more parts than `MAX_PARTS`."""
        parts = self.parts
        if len(parts) > MAX_PARTS:
            small = self.merged()
            counts = zip(*(part.counts for part in small), strict=True)
            parts = (*(part for part in parts if part not in small), Part(OTHER, tuple(map(sum, counts))))
        unit = self.breakdowns[0].subject.convention.unit
        return StackedBars(self.names, parts, unit, self.shares, self.labels)

    def merged(self) -> tuple[Part, ...]:
        """Return the parts that the figure shows as `other parts`: those with the least shares of any model."""
        if len(self.parts) <= MAX_PARTS:
            return ()
        small = sorted(self.parts, key=self._largest_share)[: len(self.parts) - MAX_PARTS + 1]
        return tuple(part for part in self.parts if part in small)

    def _largest_share(self, part: Part) -> Fraction:
        return max(Fraction(count, whole or 1) for count, whole in zip(part.counts, self.totals, strict=True))

    def document(self) -> Document:
        """Return the counts as a table with a row for each part."""
        columns = (Column(self._by.value), *(Column(name, right=True) for name in self.names))
        rows = tuple(_row(part.title, part.counts) for part in self.parts)
        return (*self.remarks(), Table(columns, rows, _row("total", self.totals), dashes=True))

    def remarks(self) -> Document:
        """Return the lines that say what is counted, of which model, and at which sizes."""
        convention = self.breakdowns[0].subject.convention
        lines = [Remark((f"{convention.title}: {convention.meaning}",))]
        for name, breakdown in zip(self.names, self.breakdowns, strict=True):
            of = breakdown.subject
            lines += [*of.origin(), *of.reason()]  # type: ignore[list-item]  # both are remarks
            at: tuple[Inline, ...] = (" at ", Sizes(of.at)) if of.at else ()
            lines.append(Remark((f"{name}: {of.cls}", *at)))
        merged = self.merged()
        if merged:
            lines.append(Remark((f"{OTHER} in the figure: {', '.join(part.title for part in merged)}",)))
        return tuple(lines)

    @property
    def totals(self) -> tuple[int, ...]:
        """Return the total of each model."""
        return tuple(breakdown.total.count or 0 for breakdown in self.breakdowns)

    @property
    def _by(self) -> By:
        return self.breakdowns[0].by

    def record(self) -> Record:
        """Return the counts by part for programs, in the order of the models."""
        return {
            "models": [
                {"name": name, **of.subject.record(), "at": of.subject.sizes()}
                for name, of in zip(self.names, self.breakdowns, strict=True)
            ],
            "by": self._by.value,
            "parts": [{"name": part.title, "counts": list(part.counts)} for part in self.parts],
            "totals": list(self.totals),
        }


def _row(title: str, counts: tuple[int, ...]) -> tuple[Inline, ...]:
    return (title, *map(Count, counts))


def stacked_parts(
    models: tuple[Model, ...],
    names: tuple[str, ...],
    conventions: tuple[Convention, ...],
    by: By = By.COMPONENT,
    *,
    shares: bool = False,
    labels: bool = False,
) -> StackedParts:
    """Break models down side by side, parts in the order of their first model; raises `MissingSize`."""
    for model, convention in zip(models, conventions, strict=True):
        count(model, convention)  # raises `MissingSize`, for which a breakdown has a formula instead of a count
    breakdowns = tuple(
        broken_down(model, convention, by) for model, convention in zip(models, conventions, strict=True)
    )
    counts = [{row.name: row.count or 0 for row in breakdown.rows} for breakdown in breakdowns]
    titles = dict.fromkeys(title for column in counts for title in column)
    parts = tuple(Part(title, tuple(column.get(title, 0) for column in counts)) for title in titles)
    return StackedParts(names, breakdowns, parts, shares, labels)
