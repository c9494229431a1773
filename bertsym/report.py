"""The protocol of reports: a document to read and a record for programs, both free of syntax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Protocol

from bertsym.charts import Chart
from bertsym.document import Document, Share
from bertsym.formulas.tree import Form
from bertsym.values import value


@value
class AsLatex:
    """A form that a record gives as LaTeX rather than in plain characters."""

    form: Form


@value
class AsText:
    """A document that a record gives as lines of text."""

    document: Document


# A form stands for its plain characters, a fraction for an integer or "8/3", a share for a number to six places.
Value = None | bool | int | str | Fraction | Share | Form | AsLatex | AsText
Record = Value | Mapping[str, "Record"] | Sequence["Record"]


class Report(Protocol):
    """An answer of any kind."""

    def document(self) -> Document:
        """Return the answer for readers."""
        ...

    def record(self) -> Record:
        """Return the answer for programs: the stable contract of `--json`."""
        ...


class Drawable(Report, Protocol):
    """An answer that can be drawn; its document is the numbers of the figure."""

    def chart(self) -> Chart:
        """Return the data of the figure."""
        ...

    def remarks(self) -> Document:
        """Return the lines that say what the figure shows."""
        ...
