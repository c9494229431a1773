"""The glossary of symbols and conventions."""

from __future__ import annotations

from bertsym.convention import CONVENTIONS, Convention
from bertsym.document import Code, Column, Document, Heading, Paragraph, Table
from bertsym.formulas.tree import Name
from bertsym.report import Record
from bertsym.symbols import SIZES, Size
from bertsym.values import value


@value
class Glossary:
    """The symbols and the conventions there are."""

    symbols: tuple[Size, ...]
    conventions: tuple[Convention, ...]

    def document(self) -> Document:
        """Return a table of symbols and a line per convention."""
        titles = ("symbol", "printed", "meaning", "counts", "default")
        rows = tuple(
            (Code(size.name), Name(size.symbol), size.meaning, size.kind.value, _default(size)) for size in self.symbols
        )
        conventions = (Paragraph((Code(c.name), f": {c.meaning}. Used by {c.used_by}.")) for c in self.conventions)
        return (Table(tuple(map(Column, titles)), rows), Heading(("conventions (--convention)",)), *conventions)

    def record(self) -> Record:
        """Return the symbols and the conventions for programs."""
        return {
            "symbols": [
                {"name": s.name, "meaning": s.meaning, "unit": s.kind.value, "default": s.default} for s in self.symbols
            ],
            "conventions": [{"name": c.name, "meaning": c.meaning, "used_by": c.used_by} for c in self.conventions],
        }


def _default(size: Size) -> str:
    return "" if size.default is None else str(size.default).lower()


def glossary() -> Glossary:
    """Return the symbols and the conventions."""
    return Glossary(SIZES, tuple(CONVENTIONS.values()))
