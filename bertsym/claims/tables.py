"""The claim that a table makes: the same for a file, a part of a document, and pasted text.

`cells` finds tables, `tablefile` reads one as rows of models. `table_claim` decides between the readings of a table; a
table of parts is another reading, with a kind of its own in `kinds`.
"""

from __future__ import annotations

from bertsym.claims.cells import Cells
from bertsym.claims.kinds import ModelTableClaim
from bertsym.claims.parser import read
from bertsym.claims.question import Question
from bertsym.claims.tablefile import counted, table_of


def table_claim(source: str, cells: Cells, question: Question) -> ModelTableClaim:
    """Return the claim of a table about the model of a question; `source` names the file in errors.

    Raises `BadFile` if no column counts parameters, or if a cell cannot be read, and `UnreadableFormula`.
    """
    table = table_of(source, cells, question.model, question.where)
    notes = [f"columns read: {', '.join(map(str, table.columns)) or 'none'}"]
    notes += [f"columns left aside: {', '.join(table.ignored)}"] if table.ignored else []
    notes += table.notes
    formula = read(question.formula, question.notation, question.where, question.model) if question.formula else None
    return ModelTableClaim(table, question, formula, tuple(notes))


def claims_parameters(cells: Cells) -> bool:
    """Return True if a table of a document claims numbers of parameters, and is judged without being asked for."""
    return counted(cells)
