"""One model under a name: its class, its count, its sizes with their fields, its heads, and where they are from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Symbol

from bertsym.answers.catalogue import Catalogue, sources_of
from bertsym.answers.model_sizes import size_value, value_cell
from bertsym.convention import EXACT
from bertsym.count import count
from bertsym.document import Code, Column, Count, Document, Element, Heading, Inline, Paragraph, Table
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.names.catalogue import Published
from bertsym.report import Record
from bertsym.symbols import in_order
from bertsym.values import value


@value
class ModelCard:
    """A model, and its entry among the published ones; `counts` are those of its heads, None while a size is open."""

    model: Model
    published: Published | None
    counts: Mapping[str, int | None]

    @property
    def sizes(self) -> list[Symbol]:
        """Return the sizes of the model that have a field or a value, in the order of the registry."""
        fields = self._fields()
        return [s for s in in_order(self.model.symbols) if str(s) in fields or size_value(self.model, s) is not None]

    def _fields(self) -> Mapping[str, str]:
        """Return the field of the configuration that sets each size."""
        fields: dict[str, str] = {}
        for name, symbol in self.model.architecture.schema.names:
            fields.setdefault(str(symbol), name)
        return fields

    def _meaning(self, symbol: Symbol) -> str:
        """Return the meaning of a size; the name of a field alone says nothing beside the field."""
        meaning = self.model.architecture.size(symbol).meaning.removesuffix(" of the code")
        return "" if meaning in (str(symbol), self._fields().get(str(symbol))) else meaning

    def document(self) -> Document:
        """Return sections about the model: the count, the sizes, the heads and the sources."""
        return tuple(self._elements())

    def _elements(self) -> Iterator[Element]:
        model = self.model
        yield Heading((Code(model.name), f": {model.architecture.title}"))
        yield Paragraph(self._counted())
        if model.head_reason:
            yield Paragraph((model.head_reason,))
        fields = self._fields()
        rows = tuple(
            (
                Code(str(symbol)),
                value_cell(size_value(model, symbol)),
                Code(fields.get(str(symbol), "")),
                self._meaning(symbol),
            )
            for symbol in self.sizes
        )
        yield Table((Column("size"), Column("value", right=True), Column("field"), Column("meaning")), rows)
        yield Table(
            (Column("head"), Column("class"), Column("parameters", right=True)),
            tuple(
                (Code(name), Code(model.architecture.heads[name].cls), Count(number) if number else "")
                for name, number in self.counts.items()
            ),
        )
        yield Paragraph((f"formulas: {model.architecture.paper}",))
        if self.published is not None:
            if self.published.aliases:
                yield Paragraph((f"also called {', '.join(self.published.aliases)}",))
            yield Paragraph((f"sizes and count: {'; '.join(sources_of(self.published))}",))

    def _counted(self) -> tuple[Inline, ...]:
        """Return the sentence about the class and its count, or about sizes that are open."""
        model, number = self.model, self.counts[self.model.head]
        counted = f"{model.cls} (--head {model.head})"
        if number is not None:
            return (counted, ": ", Count(number, short=True), " parameters")
        example = model.architecture.example
        named = () if example is None else (", or name ", Code(example))
        return (counted, " has no number until its sizes are known: pass --at", *named)

    def record(self) -> Record:
        """Return the model for programs, below the keys of the list of models."""
        listed = Catalogue(() if self.published is None else (self.published,), details=True).record()
        return {**listed, "model": self._record()}

    def _record(self) -> dict[str, Record]:
        model, fields = self.model, self._fields()
        return {
            "name": model.name,
            "class": model.cls,
            "head": model.head,
            "title": model.architecture.title,
            "paper": model.architecture.paper,
            "count": self.counts[model.head],
            "sizes": [
                {
                    "name": str(symbol),
                    "value": size_value(model, symbol),
                    "field": fields.get(str(symbol)),
                    "meaning": model.architecture.size(symbol).meaning,
                }
                for symbol in self.sizes
            ],
            "heads": [
                {"name": name, "class": model.architecture.heads[name].cls, "count": number}
                for name, number in self.counts.items()
            ],
        }


def model_card(model: Model, published: Published | None = None) -> ModelCard:
    """Return what is known of a model under its name."""
    return ModelCard(model, published, {name: _counted(model, name) for name in model.architecture.heads})


def _counted(model: Model, head: str) -> int | None:
    """Return the number of parameters under a head, or None if a size is open or the head has no count."""
    try:
        return count(model if head == model.head else model.with_head(head), EXACT)
    except BertsymError:
        return None
