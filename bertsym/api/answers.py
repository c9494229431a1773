"""The answers of the library: each prints in every syntax of the command line, and holds its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack

from sympy import Expr

from bertsym.answers.adapter_verification import AdapterVerification
from bertsym.answers.audit import ClaimAudit
from bertsym.answers.derivative import Derivative as DerivativeReport
from bertsym.answers.formula import Formula
from bertsym.answers.name_verification import NameVerification
from bertsym.answers.verification import Verification as VerificationReport
from bertsym.api.printing_options import choices
from bertsym.api.records import Row, Shortened, as_dictionary, frame, rows
from bertsym.claims.standing import Standing
from bertsym.document import Result
from bertsym.errors import clipped
from bertsym.formulas.tree import to_sympy
from bertsym.handed_out import public
from bertsym.printing import (
    TEXT,
    HtmlOptions,
    LatexOptions,
    MarkdownOptions,
    NamesOptions,
    PlainOptions,
    TableOptions,
    TypstOptions,
    printed,
)
from bertsym.render import mathtex
from bertsym.report import Report

if TYPE_CHECKING:
    import pandas as pd

    from bertsym.answers.derived import DerivedFormula
    from bertsym.answers.run_verification import RunVerification
    from bertsym.api.model import Model
    from bertsym.derive.types import Failure

    Verified = VerificationReport | NameVerification | AdapterVerification | RunVerification


def _chain(report: Report) -> str:
    """Return the formula of a report with the number that it comes to, as a notebook shows it."""
    (result,) = (element for element in report.document() if isinstance(element, Result))
    return f"${mathtex.chain(result.steps)}$"


if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    R_co = TypeVarWithDefault("R_co", bound=Report, covariant=True, default=Any)
else:
    R_co = TypeVar("R_co")  # noqa: PLC0105  # its variance and its default are for type checkers

SHOWN_LINES = 40
"""The lines of an answer that a prompt shows."""
SHOWN_CHARACTERS = 500
"""The characters of such a line."""
SHOWN_ROWS = 60
"""The rows of a table that a notebook shows."""


@dataclass(frozen=True, repr=False)
class Answer(Generic[R_co]):
    """An answer. It prints as text, and in a notebook as mathematics; `report` holds its parts.

    `rows` are its rows as exact values, and `to_pandas()` is the table of them. The methods of its formulas take
    `other_names` of their symbols too.
    """

    report: R_co
    other_names: Mapping[str, str] = field(default_factory=dict, compare=False, kw_only=True)

    def __str__(self) -> str:
        return self.text().removesuffix("\n")

    def __repr__(self) -> str:
        lines = [clipped(line, SHOWN_CHARACTERS) for line in str(self).splitlines()]
        if len(lines) > SHOWN_LINES:
            more = f"... {len(lines) - SHOWN_LINES + 1:,} more lines: print() shows them"
            lines = [*lines[: SHOWN_LINES - 1], more]
        return "\n".join(lines)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the rows as exact values, by the names of `to_dict`; an answer without a table is one row.

        Counts are integers, shares fractions, and formulas sympy expressions. A comparison has a row for each component
        of each model.

        Examples:
            >>> from bertsym import load
            >>> row = load("bert-base-uncased").breakdown().rows[0]
            >>> row["name"], row.count, row.share, row.expression
            ('embeddings', 23837184, Fraction(4434, 20365), H*(N + V + 4))
        """
        return rows(self.report, self.other_names)

    def to_dict(self) -> dict[str, Any]:
        """Return what `json` writes as a dictionary; a list of tensors is under `tensors`."""
        return as_dictionary(self.report)

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a table of pandas; raises `MissingExtra` without pandas.

        Integers are int64 if all of a column fit, else Python's integers. Fractions and formulas stay objects.
        """
        return frame(self.rows, "to_pandas()")

    def text(self, **options: Unpack[PlainOptions]) -> str:
        """Return the text that the command line prints."""
        return printed(self.report, choices(TEXT, options))

    def latex(self, **options: Unpack[LatexOptions]) -> str:
        r"""Return LaTeX, which needs no package unless a `% requires:` line names it.

        The options are those of the command line, in Python's types. Raises `Conflict`, `UnknownName` or `Unreadable`
        for a wrong option, and `TooNarrow` for a formula or a table that does not fit the width.

        Examples:
            >>> from bertsym import load
            >>> total = load("bert").total("matrices")
            >>> print(total.latex(layout="equation", rename={"H": "h"}, punct=","))
            % BertModel, matrices: the weight matrices of linear layers: no embeddings, no biases, no norms
            \begin{equation}
            P = (2r + 4)Lh^2 + h^2,
            \end{equation}
            <BLANKLINE>
        """
        return printed(self.report, choices("latex", options))

    def markdown(self, **options: Unpack[MarkdownOptions]) -> str:
        """Return Markdown with mathematics for a notebook, or for the host that `flavor` names."""
        return printed(self.report, choices("markdown", options))

    def html(self, **options: Unpack[HtmlOptions]) -> str:
        """Return HTML with MathML, which needs no script."""
        return printed(self.report, choices("html", options))

    def typst(self, **options: Unpack[TypstOptions]) -> str:
        """Return Typst, which needs no package."""
        return printed(self.report, choices("typst", options))

    def csv(self, **options: Unpack[TableOptions]) -> str:
        """Return the tables as CSV; raises `Conflict` for an answer without a table."""
        return printed(self.report, choices("csv", options))

    def json(self, **options: Unpack[NamesOptions]) -> str:
        """Return the JSON that the command line prints."""
        return printed(self.report, choices("json", options))

    def _repr_markdown_(self) -> str:
        return printed(Shortened(self.report, SHOWN_ROWS), choices("markdown", {}))

    def _repr_html_(self) -> str:
        return printed(Shortened(self.report, SHOWN_ROWS), choices("html", {}))


@dataclass(frozen=True, repr=False)
class Total(Answer[Formula]):
    """A formula: `expression` for sympy, `count` if every size is known."""

    @property
    def expression(self) -> Expr:
        """Return the formula as a sympy expression in the public symbols."""
        return public(to_sympy(self.report.expression), self.other_names)

    @property
    def count(self) -> int | None:
        """Return the exact number of parameters, or None while a size is unknown."""
        return self.report.count

    def _repr_latex_(self) -> str:
        return _chain(self.report)


@dataclass(frozen=True, repr=False)
class Derivative(Answer[DerivativeReport]):
    """A derivative: `expression` for sympy, `value` and `elasticity` if every size is known."""

    @property
    def expression(self) -> Expr:
        """Return the derivative as a sympy expression."""
        return public(to_sympy(self.report.expression), self.other_names)

    @property
    def value(self) -> Fraction | None:
        """Return the derivative at the model's sizes, exactly, or None while a size is unknown."""
        return self.report.value

    @property
    def elasticity(self) -> Fraction | None:
        """Return by how many percent the count grows if the size grows by one percent, exactly."""
        return self.report.elasticity_value

    def _repr_latex_(self) -> str:
        return _chain(self.report)


@dataclass(frozen=True, repr=False)
class Audit(Answer[ClaimAudit]):
    """The verdict on a claim: stands, nearly, mixed, finding or unread. `notes` say how the claim was read."""

    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """Return the verdict as a word."""
        return self.report.standing.value

    @property
    def stands(self) -> bool:
        """Return True if the claim was read whole and is right."""
        return self.report.standing is Standing.STANDS


@dataclass(frozen=True, repr=False)
class Verification(Answer["Verified"]):
    """A checkpoint beside a model, tensor by tensor; or a run of a class beside the formula of a cost."""

    @property
    def ok(self) -> bool:
        """Return True if the checkpoint holds exactly the tensors of the model, or the run equals the formula."""
        return self.report.ok

    @property
    def count(self) -> int | None:
        """Return the number that the checkpoint holds or the run came to; None if an index had names only."""
        return self.report.count


@dataclass(frozen=True, repr=False)
class Derived(Answer[Any]):
    """A formula that was inferred from model code, with the evidence for it."""

    report: DerivedFormula

    @property
    def whole(self) -> bool:
        """Return True if every tensor has a formula. Otherwise the formula is not the total."""
        return self.report.found.whole

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return the tensors without a formula: each with the part that has none, and why."""
        return self.report.found.refused

    @property
    def model(self) -> Model:
        """Return the derived model at the sizes of the code; raises `PartialFormula` unless the derivation is whole."""
        from bertsym.api.model import Model
        from bertsym.derive.export import recorded
        from bertsym.saved_model import decode

        record = recorded(self.report.found)
        return Model(decode.model(record, record.name))

    @property
    def expression(self) -> Expr:
        """Return the formula as a sympy expression in the public symbols."""
        return public(to_sympy(self.report.expression))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to a file that `load` reads; raises `PartialFormula` or `BadFile`."""
        from bertsym.derive.save import save

        save(self.report.found, Path(path))
