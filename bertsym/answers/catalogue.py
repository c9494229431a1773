"""The catalogue of architectures, heads and named sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.answers.answer_context import subject
from bertsym.convention import EXACT
from bertsym.count import count
from bertsym.document import Code, Column, Count, Document, Element, Heading, Inline, Paragraph, Table
from bertsym.model import Architecture
from bertsym.report import Record
from bertsym.symbols import SIZES
from bertsym.values import value
from bertsym.zoo import ARCHITECTURES, named

ALL = "bertsym models --all"


@value
class Named:
    """A published size with its exact count and its source."""

    name: str
    architecture: str
    at: Mapping[Symbol, Value]
    count: int
    source: str

    def given(self, symbol: Symbol) -> Inline:
        """Return the cell of one size."""
        value = self.at.get(symbol)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return "" if value is None else Count(value) if isinstance(value, int) else str(value)


@value
class Catalogue:
    """The models there are."""

    architectures: tuple[Architecture, ...]
    sizes: tuple[Named, ...]

    def document(self) -> Document:
        """Return a section per architecture: the paper, the heads, the sizes."""
        sections = (part for architecture in self.architectures for part in self._section(architecture))
        return (*sections, Paragraph(("Further models, derived from the code of transformers: ", Code(ALL), ".")))

    def _section(self, architecture: Architecture) -> Iterator[Element]:
        sizes = [size for size in self.sizes if size.architecture == architecture.name]
        symbols = [size.symbol for size in SIZES if any(size.symbol in named.at for named in sizes)]
        numbers = (Column(title, right=True) for title in (*map(str, symbols), "parameters"))
        rows = tuple(
            (Code(size.name), *(size.given(symbol) for symbol in symbols), Count(size.count), size.source)
            for size in sizes
        )
        yield Heading((Code(architecture.name), f": {architecture.title}"))
        yield Paragraph((f"{architecture.paper}. Heads (--head): {', '.join(architecture.heads)}.",))
        yield Table((Column("named size"), *numbers, Column("source")), rows)

    def record(self) -> Record:
        """Return the architectures for programs."""
        return {
            "architectures": [
                {"name": a.name, "title": a.title, "paper": a.paper, "heads": {n: h.cls for n, h in a.heads.items()}}
                for a in self.architectures
            ],
            "sizes": [
                {
                    "name": size.name,
                    "architecture": size.architecture,
                    "at": {str(symbol): value for symbol, value in size.at.items()},
                    "count": size.count,
                    "source": size.source,
                }
                for size in self.sizes
            ],
        }


def catalogue() -> Catalogue:
    """Return the architectures and the named sizes, each counted exactly."""
    sizes = tuple(
        Named(name, a.name, subject(named(name), EXACT).at, count(named(name)), size.source)
        for a in ARCHITECTURES.values()
        for name, size in a.sizes.items()
    )
    return Catalogue(tuple(ARCHITECTURES.values()), sizes)
