"""The kind of a claim: a number, a formula, a table of counts, or a text that contains claims.

A claim comes as one string, as somebody types or copies it. `classify` decides its kind and reads it; `judge` then
says whether it is right.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from bertsym.claims.cells import cells_of
from bertsym.claims.kinds import Claim, DocumentClaim, FormulaClaim, ModelTableClaim, NumberClaim, SumClaim
from bertsym.claims.parsed_formula import Reading, Use
from bertsym.claims.parser import read
from bertsym.claims.question import Question
from bertsym.claims.tablefile import read_text
from bertsym.claims.tables import claims_parameters, table_claim
from bertsym.errors import BadFile
from bertsym.quantities import parse_stated
from bertsym.values import replace
from bertsym.wording import pretty

MAX_PATH = 1_000
"""The characters of a path. A longer claim is a formula, and no part of it is taken for a suffix."""

TABLE_SUFFIXES = (".csv", ".tsv")
TEXT_SUFFIXES = (".md", ".markdown", ".tex")

_NUMBER = re.compile(r"[~≈]?\s*[\d][\d.,_]*\s*([eE]\+?\d+|[KMBT])?(\s*(parameters|params))?")
_RELATION = re.compile(r"[=≈:$]|\\approx")


def classify(claim: str, question: Question, *, table: bool = False) -> Claim:
    """Return the claim as it was read; its `notes` say how, for the person who asked.

    A `.csv` or `.tsv` path is a table. A `.md`, `.markdown` or `.tex` path is a text, or its first table if `table`
    is set or the question gives a formula for the rows. Any other claim is a number or a formula.

    Raises `BadFile`, `Unreadable` or `UnreadableFormula`.

    >>> from bertsym.claims.question import question
    >>> from bertsym.zoo import named
    >>> [type(classify(claim, question(named("bert")))).__name__ for claim in ("110M", "P = 110M", "12LH^2")]
    ['NumberClaim', 'NumberClaim', 'FormulaClaim']
    """
    suffix = path_suffix(claim)
    if suffix in TABLE_SUFFIXES or (suffix and (table or question.formula)):
        return _table(claim, suffix, question)
    if suffix:
        return DocumentClaim(claim, read_text(claim), suffix == ".tex", question)
    return _number(claim, question) if _is_number(claim) else _formula(claim, question)


def path_suffix(claim: str) -> str:
    """Return the suffix of a path of a table or a text; empty for a formula or a number."""
    suffix = PurePath(claim).suffix.lower() if len(claim) < MAX_PATH else ""
    return suffix if suffix in (*TABLE_SUFFIXES, *TEXT_SUFFIXES) else ""


def _table(path: str, suffix: str, question: Question) -> ModelTableClaim:
    """Read the first table of a file that claims numbers of parameters."""
    tables = cells_of(path, read_text(path), suffix)
    if not tables:
        raise BadFile(path, "no table with a heading and a row")
    claim = table_claim(path, next((cells for cells in tables if claims_parameters(cells)), tables[0]), question)
    formula = () if claim.formula is None else _notes(claim.formula)
    return replace(claim, notes=(*claim.notes, *formula))


def _is_number(claim: str) -> bool:
    """Return True for a number alone: digits with separators, then a suffix or an exponent, then the unit."""
    return _NUMBER.fullmatch(claim.strip()) is not None


def _number(claim: str, question: Question, notes: tuple[str, ...] = ()) -> NumberClaim:
    text = claim.strip().lstrip("~≈").removesuffix("parameters").removesuffix("params").replace(" ", "")
    if not question.model.given:
        notes = (*notes, f"a number needs sizes: judged at {question.model.architecture.base}")
    return NumberClaim(text, parse_stated(text, "the claim"), question, notes)


def _formula(claim: str, question: Question) -> NumberClaim | FormulaClaim | SumClaim:
    """Read a formula; `P = 110M` has a label and one number, and is a number."""
    reading = read(claim, question.notation, question.where, question.model)
    stated = _RELATION.split(claim.replace("{,}", ",").strip(" $."))[-1].replace("\\,", "")
    if reading.label and len(reading.sides) == 1 and _is_number(stated):
        return _number(stated, question, _notes(reading))
    kind = FormulaClaim if reading.names else SumClaim
    return kind(reading, question, _notes(reading))


def _notes(reading: Reading) -> tuple[str, ...]:
    """Return the sentences that say how a formula was read, and what of it was left out."""
    sides = [("≈ " if side.about else "") + pretty(side.form) for side in reading.sides]
    lines = ["read as " + " = ".join(sides)]
    renamed = [f"{raw} = {symbol}" for raw, symbol in reading.names.items() if raw != str(symbol)]
    lines += ["with " + ", ".join(renamed)] if renamed else []
    lines += reading.notes
    lines += [f"{use.value}: {''.join(pieces)}" for use, pieces in reading.left_out().items() if use is not Use.LAYOUT]
    return tuple(lines)
