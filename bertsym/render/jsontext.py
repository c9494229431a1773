"""JSON: the stable contract for programs. Integers of any size are JSON integers; nothing goes through a float."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction

from bertsym.document import Share
from bertsym.formulas.tree import Number
from bertsym.quantities import decimal
from bertsym.render import text
from bertsym.render.mathtex import math
from bertsym.render.notation import BERT, Notation
from bertsym.report import AsLatex, AsText, Record, Report
from bertsym.wording import plain

# Beyond this a float no longer holds six decimal places: the nearest integer says more.
MAX_SIX_PLACES = 10**9

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def document(report: Report, notation: Notation = BERT) -> str:
    """Return the report's record as JSON, ending in a newline."""
    return json.dumps(plain_record(report, notation), indent=2, ensure_ascii=False) + "\n"


def plain_record(report: Report, notation: Notation = BERT) -> Json:
    """Return the report's record as values of JSON."""
    return _json(report.record(), notation)


def _json(value: Record, notation: Notation) -> Json:
    match value:
        case None | bool() | int() | str():
            return value
        case Mapping():
            return {key: _json(item, notation) for key, item in value.items()}
        case Sequence():
            return [_json(item, notation) for item in value]
        case Fraction():
            return value.numerator if value.denominator == 1 else str(value)
        case Share(exact):
            return float(decimal(exact, 6)) if abs(exact) < MAX_SIX_PLACES else int(decimal(exact, 0))
        case AsLatex(form):
            return math(form, notation)
        case AsText(parts):
            return list(text.document(parts).splitlines())
        case Number(number):
            return _json(number, notation)
        case _:
            return plain(value)
