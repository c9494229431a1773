"""JSON: the stable contract for programs. Counts are integers of any size; shares are rounded to six places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.document import Document
from bertsym.quantities import decimal
from bertsym.render import text
from bertsym.render.mathtex import math
from bertsym.render.mathtext import plain
from bertsym.report import (
    Breakdown,
    Catalogue,
    Derivation,
    Derivative,
    Entry,
    Formula,
    Glossary,
    Inventory,
    Report,
    Row,
    Subject,
)

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def document(report: Report) -> str:
    """The report as JSON, ending in a newline."""
    return json.dumps(_report(report), indent=2, ensure_ascii=False) + "\n"


def _report(report: Report) -> Json:
    match report:
        case Formula(subject, expression, count):
            return {
                **_subject(subject),
                "expression": plain(expression),
                "latex": math(expression),
                "at": _sizes(subject.at),
                "count": count,
            }
        case Breakdown(subject, by, rows, total):
            return {
                **_subject(subject),
                "by": by,
                "at": _sizes(subject.at),
                "rows": [_row(row) for row in rows],
                "total": _row(total),
            }
        case Inventory(entries=entries):
            return [_entry(entry) for entry in entries]
        case Derivative():
            return {
                **_subject(report.subject),
                "by": str(report.by),
                "order": report.order,
                "expression": plain(report.expression),
                "latex": math(report.expression),
                "at": _sizes(report.subject.at),
                "value": _exact(report.value),
                "elasticity": _approximate(report.elasticity_value),
                "elasticity_expression": None if report.elasticity is None else plain(report.elasticity),
            }
        case Derivation(subject, parts):
            return {**_subject(subject), "at": _sizes(subject.at), "derivation": _prose(parts)}
        case Catalogue(architectures, sizes):
            return {
                "architectures": [
                    {"name": name, "title": title, "paper": paper, "heads": dict(heads)}
                    for name, title, paper, heads in architectures
                ],
                "sizes": [
                    {
                        "name": size.name,
                        "architecture": size.architecture,
                        "at": _sizes(size.at),
                        "count": size.count,
                        "source": size.source,
                    }
                    for size in sizes
                ],
            }
        case Glossary(symbols, conventions):
            return {
                "symbols": [
                    {"name": str(symbol), "meaning": meaning, "unit": unit, "default": default}
                    for symbol, meaning, unit, default in symbols
                ],
                "conventions": [{"name": c.name, "meaning": c.meaning, "used_by": c.used_by} for c in conventions],
            }


def _subject(subject: Subject) -> dict[str, Json]:
    return {"model": subject.model, "class": subject.cls, "convention": subject.convention.title}


def _sizes(sizes: Mapping[Symbol, Value]) -> Json:
    return {str(symbol): value if isinstance(value, bool) else _exact(value) for symbol, value in sizes.items()}


def _exact(value: Value | None) -> Json:
    """An integer as such, any other fraction as text such as "8/3": never as a float."""
    if value is None:
        return None
    exact = Fraction(value)
    return exact.numerator if exact.denominator == 1 else str(exact)


def _approximate(value: Fraction | None) -> Json:
    return None if value is None else float(decimal(value, 6))


def _row(row: Row) -> Json:
    return {
        "name": row.name,
        "expression": plain(row.expression),
        "latex": math(row.expression),
        "count": row.count,
        "share": _approximate(row.share),
    }


def _entry(entry: Entry) -> Json:
    return {
        "name": entry.name,
        "shape": [_side(plain(side)) for side in entry.shape],
        "role": entry.role,
        "component": entry.component,
        "tied_to": entry.tied_to,
        "repeat": _side(plain(entry.repeat)),
    }


def _side(written: str) -> Json:
    return int(written) if written.isdigit() else written


def _prose(parts: Document) -> Json:
    return list(text.document(parts).splitlines())
