"""The kind of a claim: a number, a formula, a sum of numbers, a table of counts, or a document that contains claims.

A claim comes as one string, as somebody types or copies it. `classify` decides its kind and reads it; `judge` then
says whether it is right. A name in the claim's label chooses the model before anything is judged.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from bertsym.claims.calculations import calculation
from bertsym.claims.cells import cells_of
from bertsym.claims.costs.claims import cost_claim
from bertsym.claims.costs.columns import cost_columns
from bertsym.claims.kinds import (
    CalculationClaim,
    Claim,
    DocumentClaim,
    FormulaClaim,
    ModelTableClaim,
    NumberClaim,
    SumClaim,
    TableClaim,
)
from bertsym.claims.names import meaning, plain
from bertsym.claims.numerals import NUMERAL, Numeral, ascii_digits, numeral, read_numeral
from bertsym.claims.parsed_formula import Reading, Use
from bertsym.claims.parser import read
from bertsym.claims.phrases import ABOUT, PARAMETERS, claims_counts, quoted_numbers
from bertsym.claims.polynomial import expand
from bertsym.claims.precisions import is_size_phrase, precision_in, several_precisions, stored_problem
from bertsym.claims.question import Question, asked_about
from bertsym.claims.scopes import scope_named
from bertsym.claims.sources import TEXT_SUFFIXES, Source, source_of, sources
from bertsym.claims.subjects import mentions, named_by
from bertsym.claims.tablefile import read_text
from bertsym.claims.tables import claims_parameters, table_claim
from bertsym.claims.written_names import undressed
from bertsym.errors import BadFile, BertsymError, UnreadableFormula
from bertsym.symbols import BY_NAME, Kind
from bertsym.values import replace, value
from bertsym.wording import pretty

MAX_PATH = 1_000
"""The characters of a path. A longer claim is a formula, and no part of it is taken for a suffix."""
MAX_LABEL = 120
"""The characters of a label before a formula."""
MAX_SENTENCE = 2_000
"""The characters of a sentence that is typed as a claim."""

LEAST_WORD = 4
"""The letters of a word for a size. `N` and `P` are letters for a number of parameters too."""

TABLE_SUFFIXES = (".csv", ".tsv")

_LABELLED = re.compile(
    r"(?P<label>[^=≈:：]{1,120}?)\s*(?:\\approx|[=≈:：]|\bis\b|\bhas\b)\s*(?P<number>\S.*)", re.DOTALL
)
_ABOUT = re.compile(rf"(?:{ABOUT})*", re.IGNORECASE)
_NUMERAL = re.compile(NUMERAL)
_WORDS = re.compile(
    r"[^\W\d_]{2,}[,;:]?\s+(?:[^\W\d_]{1,}[,;:]?\s+)*[^\W\d_]{2,}|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]{4,}"
)
_OPERATOR = re.compile(r"[*^+=≈×·\\]|\w\s*/\s*\d")
_OPERATES = re.compile(r"\d\s*[*×/^+]|[*×/^+]\s*\d")
_CALCULATES = re.compile(r"\d\w*\s*(?:[a-z]+\s+)?(?:[x×+−–-]|times|plus|minus)\s+\d")
_DRESSED = re.compile(rf"(?:{ABOUT})*(?P<number>.*?)[\s~]*(?:{PARAMETERS})?[\s.]*", re.DOTALL | re.IGNORECASE)


def classify(claim: str, question: Question, *, table: bool = False) -> Claim:
    """Return the claim as it was read; its `notes` say how, for the person who asked.

    A `.csv` or `.tsv` path is a table. A path of a text is a document, or its first table if `table` is set or the
    question gives a formula for the rows. Any other claim is a number, a formula, or a sentence with claims in it.

    Raises `BadFile`, `Unreadable` or `UnreadableFormula`.

    >>> from bertsym.claims.question import question
    >>> from bertsym.zoo import named
    >>> claims = ("1.1 × 10^8", "P = 110M", "12LH^2", "3*4")
    >>> [type(classify(claim, question(named("bert")))).__name__ for claim in claims]
    ['NumberClaim', 'NumberClaim', 'FormulaClaim', 'SumClaim']
    """
    suffix = path_suffix(claim)
    if suffix in TABLE_SUFFIXES and not question.formula and (costs := _table_of_costs(claim, suffix, question)):
        return costs
    if suffix in TABLE_SUFFIXES or (suffix and (table or question.formula)):
        return _table(claim, suffix, question)
    if suffix:
        return DocumentClaim(claim, sources(claim, read_text(claim)), question)
    cost = cost_claim(claim, question)
    if cost is not None:
        return cost
    number = _number(claim, question)
    if number is not None:
        return number
    calculated = _calculation(claim, question)
    if calculated is not None:
        return calculated
    try:
        return _formula(claim, question)
    except UnreadableFormula:
        labelled = _labelled_formula(claim, question)
        if labelled is not None:
            return labelled
        if len(claim) <= MAX_SENTENCE and (
            claims_counts(claim) or quoted_numbers(ascii_digits(claim)) or _is_prose(claim)
        ):
            return DocumentClaim("the text", (source_of(claim),), question)
        raise


def path_suffix(claim: str) -> str:
    """Return the suffix of a path of a table or a text; empty for a formula or a number."""
    suffix = PurePath(claim).suffix.lower() if len(claim) < MAX_PATH and "\n" not in claim else ""
    return suffix if suffix in (*TABLE_SUFFIXES, *TEXT_SUFFIXES) else ""


def _table(path: str, suffix: str, question: Question) -> TableClaim:
    """Read the first table of a file that claims numbers of parameters."""
    found = sources(path, read_text(path)) if suffix in TEXT_SUFFIXES else (Source("", read_text(path), suffix),)
    tables = [cells for source in found for cells in cells_of(path, source.text, source.suffix)]
    if not tables:
        raise BadFile(path, "no table with a heading and a row")
    first = next((cells for cells in tables if claims_parameters(cells, question)), tables[0])
    claim = table_claim(path, first, question)
    formula = _notes(claim.formula) if isinstance(claim, ModelTableClaim) and claim.formula is not None else ()
    return replace(claim, notes=(*claim.notes, *formula))


def _table_of_costs(path: str, suffix: str, question: Question) -> DocumentClaim | None:
    """Return a file whose table states costs and no numbers of parameters as a document; else None."""
    text = read_text(path)
    tables = cells_of(path, text, suffix)
    if any(claims_parameters(cells, question) for cells in tables) or not any(map(cost_columns, tables)):
        return None
    return DocumentClaim(path, (Source("", text, suffix),), question)


@value
class _Stated:
    """A number of a claim, and the words behind it that say at what precision a checkpoint has that size."""

    numeral: Numeral
    behind: str = ""


def _dressed(text: str) -> _Stated | None:
    """Return the number that a text is, with `about` before it and the word for parameters or a precision behind it."""
    bare = text.strip().strip("$").removesuffix("个").strip()
    match = _DRESSED.fullmatch(bare)
    alone = numeral(bare) or (numeral(match["number"]) if match and match["number"] else None)
    if alone is not None:
        return _Stated(alone)
    about = _ABOUT.match(bare)
    begun = _NUMERAL.match(ascii_digits(bare), about.end() if about else 0)
    read_begun = None if begun is None else read_numeral(begun)
    if read_begun is None or not read_begun[0].unit or not is_size_phrase(bare[read_begun[1] :]):
        return None
    return _Stated(read_begun[0], bare[read_begun[1] :])


def _number(claim: str, question: Question) -> NumberClaim | None:
    """Read a number, with or without a label that names the model or a part; None if the claim is none."""
    bare = claim.strip()
    if len(bare) > MAX_SENTENCE:
        return None
    read_whole = _dressed(bare)
    if read_whole is not None:
        return _number_claim(read_whole, "", question)
    match = _LABELLED.fullmatch(bare.strip("$"))
    read_behind = None if match is None else _dressed(match["number"])
    if match is None or read_behind is None or _names_several(match["label"]):
        return None
    if _is_quantity(match["label"].strip(" $`*#"), question):
        return None
    bytes_named = f"{match['label']} {read_behind.behind}"
    if read_behind.numeral.unit and (stored_problem(f"{bytes_named} file") or several_precisions(bytes_named)):
        return None
    return _number_claim(read_behind, match["label"].strip(" $`*#"), question)


def _names_several(label: str) -> bool:
    """Return True if a label names several models, so that it is a sentence."""
    mention = named_by(label)
    return mention is not None and mention.reading is None and len(mentions(label)) > 1


def _is_quantity(label: str, question: Question) -> bool:
    """Return True if a label is a formula, a calculation or a width, so that the number is no count of a model.

    In `VH = 110M` and `12 layers x 8M = 85M` the label says something, and it has to be judged with the number.
    """
    beside = _beside_name(label)
    if _OPERATES.search(undressed(beside).text) or _CALCULATES.search(beside):
        return True
    if any(match["letter"] or match["word"] or match["myriad"] for match in _NUMERAL.finditer(ascii_digits(beside))):
        return True
    if beside != label or scope_named(label) is not None:
        return False
    name = meaning(plain(label)) if len(label) >= LEAST_WORD else None
    if name is not None and BY_NAME[name].kind in (Kind.WIDTH, Kind.ROWS):
        return True
    try:
        form = read(label, question.notation, question.where, question.model).main.form
        return not label.islower() and any(sum(power for _, power in term) > 1 for term in expand(form))
    except BertsymError:
        return False


def _beside_name(label: str) -> str:
    """Return a label without the name of the model in it: of `DeBERTa-v3 attention` the word `attention`."""
    mention = named_by(label)
    return label if mention is None else f"{label[: mention.start]} {label[mention.stop :]}"


def _number_claim(found: _Stated, label: str, question: Question) -> NumberClaim:
    number = found.numeral
    about, notes = asked_about(question, named_by(label), label, 0 if number.unit else number.stated.value)
    if label:
        notes = (f"label: {label}", *notes)
    if not about.model.given:
        notes = (*notes, f"a number needs sizes: judged at {about.model.architecture.base}")
    beside = _beside_name(label)
    words = beside if scope_named(beside) else question.of
    precision = precision_in(f"{found.behind} {label}") if number.unit else None
    text = f"{number.text.strip()}{found.behind}".strip(" .")
    whole = named_by(label) is not None and not words
    return NumberClaim(text, number.stated, about, (*notes, *number.notes), number.unit, words, precision, whole)


def _is_prose(claim: str) -> bool:
    """Return True for a sentence: words side by side and no operator between quantities.

    >>> _is_prose("BERT is a nice model with 12 layers."), _is_prose("12 * hidden size"), _is_prose("12LH^2 + foo")
    (True, False, False)
    """
    return _WORDS.search(claim) is not None and _OPERATOR.search(claim) is None


def _calculation(claim: str, question: Question) -> CalculationClaim | None:
    """Read a calculation with rounded numbers, with or without the name of a model before a colon."""
    alone = calculation(claim, question)
    label, colon, rest = claim.partition(":")
    mention = named_by(label) if alone is None and colon and len(label) <= MAX_LABEL else None
    if mention is None or _names_several(label) or calculation(rest, question) is None:
        return alone
    about, notes = asked_about(question, mention, label)
    read_behind = calculation(rest, about)
    return None if read_behind is None else replace(read_behind, notes=(f"label: {label.strip()}", *notes))


def _labelled_formula(claim: str, question: Question) -> FormulaClaim | SumClaim | None:
    """Read a formula behind a colon and the name of a model: `Llama-2-70B: 80*(4*8192^2 + ...)`."""
    label, colon, formula = claim.partition(":")
    mention = named_by(label) if colon and len(label) <= MAX_LABEL else None
    if mention is None or _names_several(label):
        return None
    about, notes = asked_about(question, mention, label)
    try:
        read_formula = _formula(formula, about)
    except UnreadableFormula:
        return None
    return replace(read_formula, notes=(f"label: {label.strip()}", *notes, *read_formula.notes))


def _formula(claim: str, question: Question) -> FormulaClaim | SumClaim:
    """Read a formula; the name of a model in its label chooses the model."""
    reading = read(claim, question.notation, question.where, question.model)
    about, notes = asked_about(question, named_by(reading.label) if reading.label else None, reading.label)
    if about is not question:
        reading = read(claim, question.notation, question.where, about.model)
    kind = FormulaClaim if reading.names else SumClaim
    return kind(reading, about, (*notes, *_notes(reading)))


def _notes(reading: Reading) -> tuple[str, ...]:
    """Return the sentences that say how a formula was read, and what of it was left out."""
    sides = [("≈ " if side.about else "") + pretty(side.form) for side in reading.sides]
    lines = ["read as " + " = ".join(sides)]
    renamed = [f"{raw} = {symbol}" for raw, symbol in reading.names.items() if raw != str(symbol)]
    lines += ["with " + ", ".join(renamed)] if renamed else []
    lines += reading.notes
    lines += [f"{use.value}: {''.join(pieces)}" for use, pieces in reading.left_out().items() if use is not Use.LAYOUT]
    return tuple(lines)
