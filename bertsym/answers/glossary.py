"""The glossary of symbols and conventions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bertsym.convention import CONVENTIONS, Convention
from bertsym.costs import QUANTITIES, quantity
from bertsym.document import Code, Column, Document, Element, Heading, Paragraph, Table
from bertsym.formulas.tree import Name
from bertsym.report import Record
from bertsym.symbols import RUN, SIZES, Size
from bertsym.values import value


@value
class Glossary:
    """The symbols and the conventions of parameters, then those of runs and of other quantities."""

    symbols: tuple[Size, ...]
    conventions: tuple[Convention, ...]
    run: tuple[Size, ...]
    quantities: Mapping[str, tuple[Convention, ...]]

    def document(self) -> Document:
        """Return a table of symbols and a line per convention."""
        titles = ("symbol", "printed", "meaning", "counts", "default")
        rows = tuple(
            (Code(size.name), Name(size.symbol), size.meaning, size.kind.value, _default(size)) for size in self.symbols
        )
        conventions = (Paragraph((Code(c.name), f": {c.meaning}. Used by {c.used_by}.")) for c in self.conventions)
        run = tuple((Code(size.name), Name(size.symbol), size.meaning, size.example) for size in self.run)
        return (
            Table(tuple(map(Column, titles)), rows),
            Heading(("conventions (--convention)",)),
            *conventions,
            Heading(("the sizes of a run (--of)",)),
            Table(tuple(map(Column, ("symbol", "printed", "meaning", "such as"))), run),
            *(element for name in self.quantities for element in self._of(name)),
        )

    def _of(self, quantity: str) -> Iterator[Element]:
        """Yield the conventions of a quantity, the default one first."""
        yield Heading((f"conventions of {quantity} (--of {quantity} --convention)",))
        for convention in self.quantities[quantity]:
            yield Paragraph((Code(convention.name), f": {convention.meaning}. Used by {convention.used_by}."))

    def record(self) -> Record:
        """Return the symbols and the conventions for programs."""
        return {
            "symbols": [
                {"name": s.name, "meaning": s.meaning, "unit": s.kind.value, "default": s.default} for s in self.symbols
            ],
            "conventions": [_record(convention) for convention in self.conventions],
            "run": [{"name": s.name, "meaning": s.meaning} for s in self.run],
            "quantities": {name: [_record(c) for c in conventions] for name, conventions in self.quantities.items()},
        }


def _record(convention: Convention) -> Record:
    return {"name": convention.name, "meaning": convention.meaning, "used_by": convention.used_by}


def _default(size: Size) -> str:
    return "" if size.default is None else str(size.default).lower()


def glossary() -> Glossary:
    """Return the symbols and the conventions."""
    quantities = {name: tuple(account.convention for account in quantity(name).accounts) for name in QUANTITIES}
    return Glossary(SIZES, tuple(CONVENTIONS.values()), RUN, quantities)
