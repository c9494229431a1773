"""The audit of a cost: the conventions under which a claim stands, or the nearest one with its error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from bertsym.answers.answer_context import subject
from bertsym.claims.costs.countings import CostCounting
from bertsym.claims.costs.formula_verdict import CostFormulaVerdict, Equal
from bertsym.claims.costs.number_verdict import CostMatch, CostNumberVerdict
from bertsym.claims.polynomial import expression
from bertsym.claims.standing import Standing
from bertsym.convention import EXACT
from bertsym.document import (
    Code,
    Column,
    Count,
    Decimal,
    Document,
    Element,
    Inline,
    Paragraph,
    Remark,
    Share,
    Sizes,
    Table,
)
from bertsym.formulas.styles import form
from bertsym.formulas.tree import Number
from bertsym.quantities import Unit
from bertsym.report import Record
from bertsym.symbols import BY_SYMBOL
from bertsym.values import value
from bertsym.wording import pretty

MAX_SHOWN = 6
SURE_DIGITS = 3
"""The least number of digits in which a part's number has to agree with a claim to explain it."""


@value
class CostNumberAudit:
    """The verdict on an amount."""

    verdict: CostNumberVerdict

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        return self.verdict.standing

    def document(self) -> Document:
        """Return the sizes, the verdict, and the conventions that come to the amount or the nearest ones."""
        verdict = self.verdict
        name = verdict.model.label or verdict.model.architecture.name
        at = {**subject(verdict.model, EXACT).at, **verdict.sizes}
        lines: list[Element] = [Remark((f"{name}, {verdict.of}, at ", Sizes(at)))]
        lines += [Remark((f"for {text}",)) for text in verdict.assumed]
        text = verdict.amount.text
        if verdict.problem:
            return (*lines, Paragraph((f"unread: {text}: {verdict.problem}",)))
        if verdict.stands:
            first = verdict.matches[0]
            said = f", {first.said}" if first.said else ""
            meaning = first.counting.convention.meaning
            lines.append(Paragraph((f"stands: {text} is {_sentence(first.counting)}{said}: {meaning}.",)))
            return (*lines, self._table(verdict.matches))
        lines.append(Paragraph((f"finding: no convention of {verdict.of} comes to {text}. The nearest:",)))
        lines.append(self._table(verdict.nearest))
        explained = [match for match in verdict.explained if match.digits >= SURE_DIGITS]
        if explained:
            parts = "; ".join(f"{match.counting.cls}, {match.counting.name}" for match in explained[:2])
            lines.append(Paragraph((f"A part comes to it: {parts}.",)))
        return tuple(lines)

    def _table(self, matches: Sequence[CostMatch]) -> Table:
        per = f" for each {self.verdict.amount.per}" if self.verdict.amount.per else ""
        columns = (
            Column("convention"),
            Column(f"number{per}", right=True),
            Column("rounded", right=True),
            Column("error of the claim", right=True),
        )
        rows = []
        for match in matches[:MAX_SHOWN]:
            unit = match.counting.convention.unit
            rows.append(
                (
                    Code(match.counting.name),
                    _exact(match.number),
                    _rounded(match.number, unit),
                    Share(self._error(match), 2),
                )
            )
        return Table(columns, tuple(rows))

    def _error(self, match: CostMatch) -> Fraction:
        """Return the least error of the claim as a share of a number."""
        amount = self.verdict.amount
        errors = [(amount.value_of(scale) - match.number) / match.number for scale, _ in amount.scales]
        return min(errors, key=abs)

    def record(self) -> Record:
        """Return the verdict for programs."""
        verdict = self.verdict
        shown = verdict.matches or verdict.nearest
        return {
            "verdict": self.standing.value,
            "of": verdict.of,
            "model": verdict.model.label or verdict.model.architecture.name,
            "claimed": verdict.amount.text,
            "exact": shown[0].number if shown else None,
            "terms": [],
            "at": {str(symbol): size for symbol, size in verdict.sizes.items()},
            "problem": verdict.problem,
            "explanations": [
                {
                    "convention": match.counting.name,
                    "class": match.counting.cls,
                    "number": match.number,
                    "meaning": match.counting.convention.meaning,
                    "stands": verdict.stands,
                }
                for match in shown
            ],
        }


@value
class CostFormulaAudit:
    """The verdict on a formula."""

    verdict: CostFormulaVerdict

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        return self.verdict.standing

    def document(self) -> Document:
        """Return how the formula was read, and the countings that it equals or its errors."""
        verdict = self.verdict
        read = verdict.equal[0].reading if verdict.equal else verdict.reading
        sides = [pretty(side.form) for side in read.reading.sides]
        names = [
            f"{raw} is the {BY_SYMBOL[symbol].meaning}"
            for raw, symbol in read.reading.names.items()
            if raw != str(symbol)
        ]
        notation = f", in the letters of {read.notation.title}" if names else ""
        lines: list[Element] = [Remark((f"read as {' = '.join(sides)}{notation}",))]
        lines += [Remark((", ".join(names),))] if names else []
        if verdict.problem:
            return (*lines, Paragraph((f"unread: {verdict.problem}",)))
        if not verdict.agree:
            lines.append(Paragraph(("finding: the sides of the formula are not equal.",)))
        lines += self._equal() if verdict.equal else self._finding()
        lines += self._figures()
        return tuple(lines)

    def _equal(self) -> Iterator[Element]:
        verdict = self.verdict
        first = verdict.equal[0]
        verb = "stands" if self.standing is Standing.STANDS else "the formula"
        each = f" for each {first.per}" if first.per else ""
        counted = f", if {_letter(first)} is {first.counted}" if first.counted else ""
        shown = pretty(first.form)
        yield Paragraph((f"{verb}: {shown} is exactly {_sentence(first.counting)}{each}{counted}.",))
        if len(verdict.equal) > 1:
            columns = (Column("convention"), Column("for each"), Column("N is"), Column("counts"))
            rows = tuple(
                (Code(e.counting.name), e.per or "batch", e.counted, e.counting.convention.meaning)
                for e in verdict.equal[:MAX_SHOWN]
            )
            yield Table(
                columns if first.counted else (*columns[:2], columns[3]),
                rows if first.counted else tuple((name, per, meaning) for name, per, _, meaning in rows),
            )
        else:
            yield Paragraph((f"{first.counting.convention.name} counts {first.counting.convention.meaning}.",))

    def _finding(self) -> Iterator[Element]:
        verdict, nearest = self.verdict, self.verdict.nearest
        if nearest is None:
            yield Paragraph(("finding: no convention is near the formula.",))
            return
        each = f" for each {nearest.per}" if nearest.per else ""
        exact = form(expression(nearest.counting.terms({}, nearest.per)))
        shown = pretty(nearest.form)
        yield Paragraph(
            (
                f"finding: {shown} is no convention of {verdict.of}. The nearest is ",
                _sentence(nearest.counting),
                f"{each}: ",
                exact,
                ".",
            )
        )
        known = all(row.error is not None for row in verdict.rows)
        columns = [Column("term"), Column("claimed", right=True), Column("exact", right=True)]
        columns += [Column("error", right=True)] if known else []
        rows: list[tuple[Inline, ...]] = []
        for row in verdict.rows[: 2 * MAX_SHOWN]:
            cells: list[Inline] = [
                form(expression({row.monomial: Fraction(1)})),
                Number(row.claimed),
                Number(row.exact),
            ]
            if known and row.error is not None:
                cells.append(_exact(row.error))
            rows.append(tuple(cells))
        yield Table(tuple(columns), tuple(rows))

    def _figures(self) -> Iterator[Element]:
        for figure in self.verdict.figures:
            if figure.exact is None:
                yield Paragraph((f"unread: {figure.said}: a size is not given; pass --at",))
            elif not figure.holds:
                yield Paragraph((f"finding: the formula comes to {_text(figure.exact)}, not to {figure.said}.",))
            else:
                yield Paragraph((f"{figure.said} is what it comes to: {_text(figure.exact)}.",))

    def record(self) -> Record:
        """Return the verdict for programs."""
        verdict = self.verdict
        shown = verdict.equal or ((verdict.nearest,) if verdict.nearest is not None else ())
        return {
            "verdict": self.standing.value,
            "of": verdict.of,
            "model": verdict.model.label or verdict.model.architecture.name,
            "claimed": verdict.reading.reading.text,
            "exact": None,
            "terms": [
                {
                    "term": form(expression({row.monomial: Fraction(1)})),
                    "claimed": row.claimed,
                    "exact": row.exact,
                    "error": row.error,
                }
                for row in verdict.rows
            ],
            "problem": verdict.problem,
            "explanations": [
                {
                    "convention": equal.counting.name,
                    "class": equal.counting.cls,
                    "per": equal.per or "batch",
                    "notation": equal.reading.notation.title,
                    "counted": equal.counted,
                    "meaning": equal.counting.convention.meaning,
                    "stands": bool(verdict.equal),
                }
                for equal in shown
            ],
        }


def why_of_amount(verdict: CostNumberVerdict) -> str:
    """Return the verdict on an amount of a text in a line."""
    name = verdict.model.label or verdict.model.architecture.name
    if verdict.problem:
        return verdict.problem
    if verdict.stands:
        match = verdict.matches[0]
        said = f", {match.said}" if match.said else ""
        return f"{match.counting.name} of {name}, {_text(match.number)}{said}"
    near = verdict.nearest[0]
    unit = near.counting.convention.unit
    return f"no convention of {name}: the nearest, {near.counting.name}, is {_rounded(near.number, unit)}"


def why_of_formula(verdict: CostFormulaVerdict) -> str:
    """Return the verdict on a formula of a text in a line."""
    if verdict.problem:
        return verdict.problem
    if verdict.equal:
        first = verdict.equal[0]
        each = f" for each {first.per}" if first.per else ""
        return f"{_sentence(first.counting)}{each}"
    return "no convention" if verdict.nearest is None else f"nearest: {_sentence(verdict.nearest.counting)}"


def _sentence(counting: CostCounting) -> str:
    """Return the class and the convention, with the part if it is none of the whole."""
    return f"{counting.cls} under {counting.name}"


def _letter(equal: Equal) -> str:
    """Return the letter that stands for the number of parameters."""
    return next((raw for raw, symbol in equal.reading.reading.names.items() if str(symbol) == "parameters"), "N")


def _exact(number: Fraction) -> Inline:
    return Count(number.numerator) if number.denominator == 1 else Decimal(number, 2)


def _text(number: Fraction) -> str:
    return f"{number.numerator:,}" if number.denominator == 1 else f"{round(number):,}"


def _rounded(number: Fraction, unit: Unit) -> str:
    return unit.rounded((2 * number.numerator + number.denominator) // (2 * number.denominator))
