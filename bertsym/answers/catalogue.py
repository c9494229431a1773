"""The catalogue: the published models by family, each with its exact count, and the architectures of the zoo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bertsym import atlas
from bertsym.document import Code, Column, Count, Document, Element, Heading, Paragraph, Table
from bertsym.errors import UnknownName
from bertsym.files.jsonfile import Json
from bertsym.model import Architecture
from bertsym.names.catalogue import Family, Published, published
from bertsym.names.spelling import Words, words
from bertsym.report import Record
from bertsym.values import value
from bertsym.zoo import ARCHITECTURES

ALL = "bertsym models --all"
ONE = "bertsym models llama"


@value
class Catalogue:
    """The published models that a filter selects; `details` are shown if there is a filter."""

    models: tuple[Published, ...]
    details: bool

    def families(self) -> Mapping[str, tuple[Published, ...]]:
        """Return the models by the title of their family, in the order of the data."""
        groups: dict[str, list[Published]] = {}
        for model in self.models:
            groups.setdefault(model.family.title, []).append(model)
        return {title: tuple(models) for title, models in groups.items()}

    def document(self) -> Document:
        """Return a section per family; without a filter, the sections have the names and counts only."""
        sections = (part for models in self.families().values() for part in self._section(models))
        if self.details:
            return tuple(sections)
        return (
            Paragraph((f"{len(self.models)} models by family; ", Code(ONE), " shows one with sources and heads.")),
            *sections,
            Paragraph(("Model types without sizes: ", Code(ALL), ".")),
        )

    def _section(self, models: tuple[Published, ...]) -> Iterator[Element]:
        family = models[0].family
        yield Heading((f"{family.title} (", Code(family.type), ")"))
        if self.details:
            yield from _about(family)
        columns = (Column("name"), Column("parameters", right=True))
        yield Table(columns, tuple((Code(model.name), Count(model.count, short=True)) for model in models))
        if self.details:
            yield from map(_details, models)

    def record(self) -> dict[str, Record]:
        """Return the architectures of the zoo and the published models for programs."""
        types = {model.family.type for model in self.models}
        return {
            "architectures": [_architecture(a) for a in ARCHITECTURES.values() if a.name in types or not self.details],
            "sizes": [
                {
                    "name": model.name,
                    "owner": model.owner,
                    "family": model.family.title,
                    "architecture": model.family.type,
                    "head": model.family.head,
                    "count": model.count,
                    "names": list(model.aliases),
                    "config": None if model.in_zoo else _plain(model.config),
                    "sources": list(sources_of(model)),
                }
                for model in self.models
            ],
        }


def _about(family: Family) -> Iterator[Element]:
    """Yield how the models of a family are counted, and their heads."""
    yield Paragraph((f"Counted as {family.head}: {family.reason}.",))
    yield Paragraph((f"Heads (--head): {', '.join(_heads(family.type))}.",))


def _heads(model_type: str) -> tuple[str, ...]:
    if model_type in ARCHITECTURES:
        return tuple(ARCHITECTURES[model_type].heads)
    entry = atlas.index().get(model_type)
    return () if entry is None else tuple(entry.heads)


def _details(model: Published) -> Paragraph:
    """Return the further names and the sources of a model."""
    also = f" (also {', '.join(model.aliases)})" if model.aliases else ""
    return Paragraph((Code(model.name), f"{also}: {'; '.join(sources_of(model))}"))


def sources_of(model: Published) -> tuple[str, ...]:
    """Return where the sizes and the count of a model come from; the zoo names its own sources."""
    if not model.in_zoo:
        return model.sources
    sizes = ARCHITECTURES[model.family.type].sizes
    return (sizes[model.name if model.name in sizes else model.hub].source, *model.sources[1:])


def _plain(content: Json) -> Record:
    """Return fields of a configuration as a record has them."""
    if isinstance(content, dict):
        return {name: _plain(part) for name, part in content.items()}
    if isinstance(content, list):
        return [_plain(part) for part in content]
    return str(content) if isinstance(content, float) else content


def _architecture(architecture: Architecture) -> Record:
    heads = {name: head.cls for name, head in architecture.heads.items()}
    return {"name": architecture.name, "title": architecture.title, "paper": architecture.paper, "heads": heads}


def catalogue(only: str = "") -> Catalogue:
    """Return the published models whose family, type, owner or name begins a word with each word of `only`.

    Raises `UnknownName` if there is none.

    >>> [model.name for model in catalogue("qwen3 moe").models]
    ['Qwen3-30B-A3B', 'Qwen3-235B-A22B']
    """
    wanted = words(only)
    models = tuple(model for model in published() if _selected(model, wanted))
    if not models or (only.strip() and not wanted):
        raise UnknownName(
            "family of models", only, {model.family.title for model in published()}, f"`{ALL}` lists them"
        )
    return Catalogue(models, bool(wanted))


def selects(only: str) -> bool:
    """Return True if `catalogue` has models for these words."""
    wanted = words(only)
    return any(_selected(model, wanted) for model in published())


def _selected(model: Published, wanted: Words) -> bool:
    texts = (model.family.title, model.family.type, model.owner, *model.names)
    said = {word for text in texts for word in words(text)}
    return all(any(word.startswith(part) for word in said) for part in wanted)
