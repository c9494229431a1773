"""The kinds of claims. Each holds what was read, the question that it answers, and sentences on how it was read.

The question of a claim names its model, which may be another one than that of the command line: in `mBERT: 110M` the
label names the model. A new kind is a class here, a case in `classify`, one in `judge`, and a report in `answers`.
"""

from __future__ import annotations

from bertsym.claims.costs.amounts import Amount
from bertsym.claims.costs.circumstances import Circumstances
from bertsym.claims.costs.notations import CostReading
from bertsym.claims.numerals import Numeral
from bertsym.claims.parsed_formula import Reading
from bertsym.claims.parts_table import PartsTable
from bertsym.claims.precisions import Precision
from bertsym.claims.question import Question
from bertsym.claims.sources import Source
from bertsym.claims.tablefile import SizedTable
from bertsym.quantities import Stated
from bertsym.values import value


@value
class NumberClaim:
    """A number of parameters, such as `110M`, with the precision at which it was stated.

    `unit` is the number of bytes in the number's unit if it counts the bytes of a checkpoint, else 0; `precision` is
    the one that the claim names. `words` name the part that the number counts, such as `non-embedding`; without any it
    counts the whole model. `whole` tells that the claim names a model and nothing of it.
    """

    text: str
    stated: Stated
    question: Question
    notes: tuple[str, ...] = ()
    unit: int = 0
    words: str = ""
    precision: Precision | None = None
    whole: bool = False


@value
class FormulaClaim:
    """A formula, or a chain of formulas and numbers with signs of equality or approximation between them."""

    reading: Reading
    question: Question
    notes: tuple[str, ...] = ()


@value
class SumClaim:
    """An arithmetic expression of plain numbers, such as `12 * 768 * 768`, with or without its result."""

    reading: Reading
    question: Question
    notes: tuple[str, ...] = ()


@value
class CalculationClaim:
    """A calculation with rounded numbers: a `part` of one layer, times a `count` of layers, and perhaps its `result`.

    A calculation of another form has no part.
    """

    text: str
    question: Question
    count: int = 0
    part: Numeral | None = None
    result: Numeral | None = None
    notes: tuple[str, ...] = ()


@value
class ModelTableClaim:
    """A table whose rows each give the sizes of a model and its count; one `formula` may stand for the model's own."""

    table: SizedTable
    question: Question
    formula: Reading | None = None
    notes: tuple[str, ...] = ()


@value
class PartsTableClaim:
    """A table of the parts of one model, with their numbers or formulas and perhaps their total."""

    table: PartsTable
    question: Question
    notes: tuple[str, ...] = ()


@value
class DocumentClaim:
    """A document with formulas, numbers of parameters and tables in it: its files, or the cells of a notebook."""

    path: str
    sources: tuple[Source, ...]
    question: Question
    notes: tuple[str, ...] = ()


@value
class CostNumberClaim:
    """An amount of work, memory or adapter parameters, with what its sentence says of the run.

    `words` name the part that it counts. `of` is the quantity.
    """

    text: str
    amount: Amount
    about: Circumstances
    of: str
    question: Question
    notes: tuple[str, ...] = ()
    words: str = ""


@value
class CostFormulaClaim:
    """A formula of a cost, as each notation that knows its names reads it; `result` is the amount that it claims."""

    text: str
    readings: tuple[CostReading, ...]
    about: Circumstances
    of: str
    question: Question
    result: Amount | None = None
    notes: tuple[str, ...] = ()


CostClaim = CostNumberClaim | CostFormulaClaim
TableClaim = ModelTableClaim | PartsTableClaim
Claim = NumberClaim | FormulaClaim | SumClaim | CalculationClaim | CostClaim | TableClaim | DocumentClaim
