"""Reports as documents: what is said, in which order, for every syntax alike."""

from __future__ import annotations

from sympy import Symbol

from bertsym.document import (
    Code,
    Column,
    Count,
    Decimal,
    Document,
    Element,
    Heading,
    Inline,
    Paragraph,
    Remark,
    Result,
    Shape,
    Share,
    Sizes,
    Table,
)
from bertsym.forms import Name
from bertsym.report import (
    Breakdown,
    Catalogue,
    Derivation,
    Derivative,
    Formula,
    Glossary,
    Inventory,
    Named,
    Report,
    Row,
    Subject,
)
from bertsym.symbols import SIZES


def lay_out(report: Report) -> Document:
    """The document of a report."""
    match report:
        case Formula():
            return _formula(report)
        case Breakdown():
            return _breakdown(report)
        case Inventory():
            return _inventory(report)
        case Derivative():
            return _derivative(report)
        case Derivation(subject, text):
            return (*remarks(subject), *text)
        case Catalogue():
            return _catalogue(report)
        case Glossary():
            return _glossary(report)


def remarks(subject: Subject) -> Document:
    """What is counted, and at which sizes."""
    convention = subject.convention
    lines: list[Element] = [Remark((f"{subject.cls}, {convention.title}: {convention.meaning}",))]
    if subject.at:
        lines.append(Remark(("at ", Sizes(subject.at))))
    return tuple(lines)


def _formula(report: Formula) -> Document:
    steps: tuple[Inline, ...] = (report.expression,)
    if report.count is not None:
        steps += (Count(report.count, short=True),)
    return (*remarks(report.subject), Result(steps))


def _breakdown(report: Breakdown) -> Document:
    numeric = report.total.count is not None
    columns = [Column(report.by), Column("parameters" if not numeric else "formula")]
    if numeric:
        columns += [Column("parameters", right=True), Column("share", right=True)]
    rows = tuple(_row(row) for row in report.rows)
    return (*remarks(report.subject), Table(tuple(columns), rows, _row(report.total)))


def _row(row: Row) -> tuple[Inline, ...]:
    if row.count is None or row.share is None:
        return (row.name, row.expression)
    return (row.name, row.expression, Count(row.count), Share(row.share))


def _inventory(report: Inventory) -> Document:
    columns = (
        Column("tensor"),
        Column("shape"),
        Column("times"),
        Column("role"),
        Column("component"),
        Column("tied to"),
    )
    rows: tuple[tuple[Inline, ...], ...] = tuple(
        (
            Code(entry.name),
            Shape(entry.shape),
            entry.repeat,
            entry.role,
            entry.component,
            Code(entry.tied_to) if entry.tied_to else "",
        )
        for entry in report.entries
    )
    return (*remarks(report.subject), Table(columns, rows))


def _derivative(report: Derivative) -> Document:
    steps: tuple[Inline, ...] = (report.expression,)
    if report.value is not None:
        whole = report.value.denominator == 1
        steps += (Count(report.value.numerator) if whole else Decimal(report.value),)
    times = f"derivative of order {report.order}" if report.order > 1 else "derivative"
    parts: list[Element] = [*remarks(report.subject), Remark((f"{times} by ", Name(report.by), *_held(report)))]
    parts.append(Result(steps))
    if report.independent:
        parts.append(Remark(("the total does not depend on ", Name(report.by), *_cancels(report))))
    if report.elasticity_value is not None:
        growth = ": percent more parameters for 1 percent more "
        parts.append(Remark(("elasticity ", Decimal(report.elasticity_value), growth, Name(report.by))))
    elif report.elasticity is not None and not report.independent:
        parts.append(Remark(("elasticity ", report.elasticity)))
    return tuple(parts)


def _held(report: Derivative) -> tuple[Inline, ...]:
    if not report.held:
        return ()
    return (" with ", *_listed(report.held), " held fixed")


def _listed(symbols: tuple[Symbol, ...]) -> tuple[Inline, ...]:
    parts: list[Inline] = []
    for symbol in symbols:
        parts += [", ", Name(symbol)] if parts else [Name(symbol)]
    return tuple(parts)


def _cancels(report: Derivative) -> tuple[Inline, ...]:
    if report.cancels is None:
        return ()
    definition, value = report.cancels
    return (": it enters only through ", Name(definition), " = ", value, ", and cancels")


def _catalogue(report: Catalogue) -> Document:
    parts: list[Element] = []
    for name, title, paper, heads in report.architectures:
        parts.append(Paragraph((Code(name), f": {title}, {paper}. Heads (--head): {', '.join(heads)}.")))
    symbols = [size.symbol for size in SIZES if any(size.symbol in named.at for named in report.sizes)]
    columns = (
        Column("named size"),
        *(Column(symbol.name, right=True) for symbol in symbols),
        Column("parameters", right=True),
        Column("source"),
    )
    rows = tuple(
        (Code(size.name), *(_given(size, s) for s in symbols), Count(size.count), size.source) for size in report.sizes
    )
    return (*parts, Table(columns, rows))


def _given(size: Named, symbol: Symbol) -> Inline:
    value = size.at.get(symbol)
    return "" if value is None else Count(value) if isinstance(value, int) else str(value)


def _glossary(report: Glossary) -> Document:
    symbols = tuple((Code(str(s)), Name(s), meaning, unit, default) for s, meaning, unit, default in report.symbols)
    columns = (Column("symbol"), Column("printed"), Column("meaning"), Column("counts"), Column("default"))
    conventions = (
        Paragraph((Code(convention.name), f": {convention.meaning}. Used by {convention.used_by}."))
        for convention in report.conventions
    )
    return (Table(columns, symbols), Heading(("conventions (--convention)",)), *conventions)
