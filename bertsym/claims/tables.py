"""The claim that a table makes: the same for a file, a part of a document, and pasted text.

`cells` finds tables, `tablefile` reads one as rows of models. `table_claim` decides between the readings of a table; a
table of parts is another reading, with a kind of its own in `kinds`.
"""

from __future__ import annotations

from bertsym.claims.cells import Cells
from bertsym.claims.kinds import ModelTableClaim, PartsTableClaim, TableClaim
from bertsym.claims.parser import read
from bertsym.claims.parts_table import PartsVerdict, judge_parts, parts_of
from bertsym.claims.polynomial import expand
from bertsym.claims.question import Question
from bertsym.claims.table import TableVerdict, judge_table
from bertsym.claims.tablefile import counted, table_of


def table_claim(source: str, cells: Cells, question: Question) -> TableClaim:
    """Return the claim of a table about the model of a question; `source` names the file in errors.

    A table without columns of sizes whose labels name parts is one of parts; any other is one of models.

    Raises `BadFile` if no column counts parameters, or if a cell cannot be read, and `UnreadableFormula`.
    """
    parts = None if question.formula or question.counted else parts_of(cells)
    if parts is not None:
        return PartsTableClaim(parts, question)
    table = table_of(source, cells, question.model, question.headings)
    notes = [f"columns read: {', '.join(map(str, table.columns)) or 'none'}"]
    notes += [f"columns left aside: {', '.join(table.ignored)}"] if table.ignored else []
    notes += table.notes
    formula = read(question.formula, question.notation, question.where, question.model) if question.formula else None
    return ModelTableClaim(table, question, formula, tuple(notes))


def claims_parameters(cells: Cells, question: Question) -> bool:
    """Return True if a table of a document claims numbers of parameters, and is judged without being asked for."""
    return counted(cells, question.headings)


def judge_table_claim(claim: TableClaim) -> TableVerdict | PartsVerdict:
    """Return the verdict on a table; raises `TooManyUnknown` if the rows of models leave too many sizes open."""
    question = claim.question
    if isinstance(claim, PartsTableClaim):
        return judge_parts(claim.table, question)
    formula = None if claim.formula is None else expand(claim.formula.main.form)
    return judge_table(claim.table, question.model, question.heads, formula)
