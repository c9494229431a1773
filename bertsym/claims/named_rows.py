"""The rows of a table that name published models: each number is judged against its own model, at the model's sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.claims.number import NumberVerdict, judge_number
from bertsym.claims.question import all_heads
from bertsym.claims.subjects import named_by
from bertsym.claims.tablefile import SizedRow, SizedTable
from bertsym.claims.tensor_polynomials import known_sizes
from bertsym.errors import BertsymError, printable
from bertsym.model import Model
from bertsym.names.catalogue import Published
from bertsym.resolve import published_model
from bertsym.values import value


@value
class NamedRow:
    """A row, the model that it names, and the verdict on its number.

    `differing` are sizes in which the row and the model differ, the model's among them; `problem` says why the number
    could not be judged.
    """

    row: SizedRow
    model: Model | None
    verdict: NumberVerdict | None
    differing: Mapping[Symbol, Value]
    problem: str = ""

    @property
    def model_name(self) -> str:
        """Return the name of the model, or the label of the row if it names none."""
        return self.row.label if self.model is None else self.model.name

    @property
    def stands(self) -> bool:
        """Return True if the number is right, and the sizes are the model's."""
        return self.verdict is not None and self.verdict.stands and not self.differing


def models_named(table: SizedTable, family: str = "") -> tuple[Model | None, ...]:
    """Return the published models that the rows name, one for each row; empty if a row with sizes names none.

    In a table without sizes a row that names none has None. With a `family`, labels are read behind its name: `Tiny` of
    whisper is whisper-tiny.
    """
    models: list[Model | None] = []
    for row in table.rows:
        named = _named_model(f"{family} {row.label}" if family else row.label, row.beside) if row.label else None
        known = None if named is None else published_model(named)
        if known is None and table.columns:
            return ()
        models.append(known)
    return tuple(models) if any(models) else ()


def _named_model(label: str, beside: str) -> Published | None:
    """Return the model that a label names, with the cell beside it if the label is a family and the cell its size."""
    mention = named_by(label)
    if mention is not None and mention.architecture is not None and beside:
        joined = named_by(f"{label} {beside}")
        mention = joined if joined is not None and joined.stop >= len(label) + 1 + len(beside) else mention
    return None if mention is None else mention.model


def family_of(model: Model) -> str:
    """Return the word with which the names of a family begin: `deberta` of deberta-v2."""
    word = re.match(r"[a-z]+", model.architecture.name)
    return word.group() if word is not None else ""


def judge_named(table: SizedTable, models: Sequence[Model | None]) -> tuple[NamedRow, ...]:
    """Judge the number of each row against the model that the row names."""
    return tuple(_judged(row, model, table) for row, model in zip(table.rows, models, strict=True))


def _judged(row: SizedRow, model: Model | None, table: SizedTable) -> NamedRow:
    if model is None:
        return NamedRow(row, None, None, {}, f"{printable(row.label) or 'the row'} names no model that is known")
    known = known_sizes(model)
    differing = {
        symbol: known[symbol]
        for symbol, size in row.sizes.items()
        if symbol in known and abs(Fraction(known[symbol]) - Fraction(size)) >= row.steps.get(symbol, 1)
    }
    try:
        verdict = judge_number(
            row.stated,
            model,
            all_heads(model),
            unit=row.unit,
            precision=table.precision,
            words=table.words,
            whole=True,
        )
    except BertsymError as error:
        return NamedRow(row, model, None, differing, str(error))
    return NamedRow(row, model, verdict, differing)
