"""The columns of a table that state costs, such as FLOPs (G), MACs, KV cache (GB). Each row names its model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bertsym.claims.cells import Cells
from bertsym.claims.costs.amounts import amounts
from bertsym.claims.costs.circumstances import CACHE, FLOPS, circumstances
from bertsym.claims.costs.claims import CostVerdict
from bertsym.claims.costs.cost_judge import CostJudge
from bertsym.claims.kinds import CostNumberClaim
from bertsym.claims.question import Question, asked_about
from bertsym.claims.subjects import named_by
from bertsym.errors import BertsymError
from bertsym.values import value

_WORK = re.compile(
    r"(?P<prefix>[KMGTPEZ]|[Kk]ilo|[Mm]ega|[Gg]iga|[Tt]era|[Pp]eta)?[\s-]?"
    r"(?P<unit>FLOPs?|FLOPS|[Ff]lops?|MACs?|[Mm]ult-?[Aa]dds?|MAdds)(?![A-Za-z])"
)
_CACHE = re.compile(r"\bKV\b|\bcache\b", re.IGNORECASE)
_SCALE = re.compile(
    r"[(\[,]\s*(?:in )?(?:[x×]\s*)?(?:(?P<letter>[KMGTPEB])|10\s*\^?\{?(?P<power>\d{1,2}|[⁰-⁹]+)\}?)\s*[)\]]?"
)
_BYTES = re.compile(r"[(\[,/ ]\s*(?:in )?(?P<bytes>[KMGT]i?B)\s*[)\]]?")
_LENGTH = re.compile(r"\b(?:seq|sequence|context|input|tokens?|length|len)\b", re.IGNORECASE)
_PLAIN = re.compile(r"[~≈]?\s*\d[\d,.]*")
_A_LENGTH = re.compile(r"[\d,]+\s?[kK]?")
_POWERS = {"K": 3, "M": 6, "G": 9, "B": 9, "T": 12, "P": 15, "E": 18}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


@value
class CostColumn:
    """A column of costs: the unit that stands behind its numbers, and its quantity."""

    index: int
    unit: str
    of: str


@value
class CostCell:
    """A number of a table: its line, the words of its row and column, and the verdict or a reason for none."""

    line: int
    text: str
    verdict: CostVerdict | None
    reason: str = ""


def cost_columns(cells: Cells) -> tuple[CostColumn, ...]:
    """Return the columns whose headings name work or a cache with a unit.

    >>> table = Cells(((1, ("Model", "FLOPs (G)", "KV cache (GB)")), (2, ("BERT-base", "22.3", "-"))))
    >>> [(column.unit, column.of) for column in cost_columns(table)]
    [('e9 FLOPs', 'flops'), ('GB', 'cache')]
    """
    found = []
    for index, heading in enumerate(cells.heading):
        work, size = _WORK.search(heading), _BYTES.search(heading)
        if work is not None:
            scale = _SCALE.search(heading)
            power = 0
            if work["prefix"]:
                power = _POWERS[work["prefix"][0].upper()]
            elif scale is not None:
                power = _POWERS[scale["letter"]] if scale["letter"] else int(scale["power"].translate(_RAISED))
            unit = "MACs" if work["unit"][:1] == "M" or work["unit"][:4].casefold() == "mult" else "FLOPs"
            found.append(CostColumn(index, f"e{power} {unit}" if power else f" {unit}", FLOPS))
        elif size is not None and _CACHE.search(heading):
            found.append(CostColumn(index, size["bytes"], CACHE))
    return tuple(found)


def without_costs(cells: Cells) -> Cells:
    """Return a table without its columns of costs and of sequence lengths, which are no sizes of models."""
    costs = {column.index for column in cost_columns(cells)}
    if not costs:
        return cells
    dropped = costs | set(_lengths(cells))
    rows = ((line, tuple(cell for index, cell in enumerate(row) if index not in dropped)) for line, row in cells.rows)
    return Cells(tuple(rows))


def _lengths(cells: Cells) -> list[int]:
    """Return the columns of sequence lengths."""
    return [index for index, heading in enumerate(cells.heading) if _LENGTH.search(heading)]


def judged_cells(cells: Cells, question: Question, judge: CostJudge) -> Iterator[CostCell]:
    """Yield the verdict on each number of the columns of costs. The first cell of a row names the model.

    A column of sequence lengths gives the length of each row.
    """
    columns = cost_columns(cells)
    lengths = _lengths(cells)
    for line, row in cells.rows[1:]:
        for column in columns:
            cell = row[column.index].strip() if column.index < len(row) else ""
            if re.search(r"\d", cell):
                length = next((row[index] for index in lengths if index < len(row) and index != column.index), "")
                claim = _Claim(line, row[0].strip(), cell, column, cells.heading[column.index], length)
                yield _judged(claim, question, judge)


@value
class _Claim:
    """A number of a table with its row and column; `length` is the sequence length of its row, or empty."""

    line: int
    label: str
    cell: str
    column: CostColumn
    heading: str
    length: str


def _judged(claim: _Claim, question: Question, judge: CostJudge) -> CostCell:
    """Return the verdict on one number."""
    cell, unit = claim.cell, claim.column.unit
    shown = f"{claim.label}, {claim.heading}: {cell}"
    written = f"{cell.strip('~≈ ')}{unit}" if _PLAIN.fullmatch(cell) else f"{cell} {unit.split()[-1]}"
    read = next(iter(amounts(written)), None) or next(iter(amounts(cell)), None)
    if read is None:
        return CostCell(claim.line, shown, None, "the number of the cell is not read")
    words = re.sub(r"\b[KMGT]i?B\b", " ", claim.heading)
    length = claim.length.strip()
    about = circumstances(f"{words}. sequence length {length}" if _A_LENGTH.fullmatch(length) else words)
    try:
        mention = named_by(claim.label)
        if mention is None:
            return CostCell(claim.line, shown, None, "the row does not name a model that is known")
        asked, _ = asked_about(question, mention, claim.label)
    except BertsymError as error:
        return CostCell(claim.line, shown, None, str(error))
    return CostCell(
        claim.line, shown, *judge.judged(CostNumberClaim(cell, read, about, claim.column.of, asked), claim.label)
    )
