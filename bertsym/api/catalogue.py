"""The published models, as `bertsym models` lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, overload

from bertsym import arguments
from bertsym.algebra import Value
from bertsym.answers.catalogue import Catalogue, catalogue, sources_of
from bertsym.api.answers import Answer
from bertsym.api.model import Model
from bertsym.api.records import Row, exact
from bertsym.names.catalogue import Published, published
from bertsym.resolve import published_model
from bertsym.symbols import BY_NAME, Kind

_FIELDS = ("name", "owner", "family", "model_type", "head", "count", "sources")


@dataclass(frozen=True)
class PublishedModel:
    """A published model: its name, its model type, and its exact number of parameters.

    `head` is the head that its paper counts, and `sources` are the addresses of its configuration and of its count.
    """

    name: str
    owner: str
    family: str
    model_type: str
    head: str
    count: int
    aliases: tuple[str, ...]
    sources: tuple[str, ...]

    def __str__(self) -> str:
        return self.name

    @property
    def sizes(self) -> dict[str, Value]:
        """Return the published sizes, by public name."""
        return self.load().sizes

    def load(self) -> Model:
        """Return the model; a name that is a model type too, as `gpt2` is, means the published one."""
        return Model(published_model(next(known for known in published() if known.name == self.name)))


class Models(Answer[Catalogue]):
    """The published models that a filter selects: a sequence, and an answer that prints as a list.

    Examples:
        >>> found = models("qwen3 moe")
        >>> [model.name for model in found], len(found), found[0].count
        (['Qwen3-30B-A3B', 'Qwen3-235B-A22B'], 2, 30532122624)
    """

    def __iter__(self) -> Iterator[PublishedModel]:
        return map(_published, self.report.models)

    def __len__(self) -> int:
        return len(self.report.models)

    @overload
    def __getitem__(self, index: int) -> PublishedModel: ...
    @overload
    def __getitem__(self, index: slice) -> list[PublishedModel]: ...
    def __getitem__(self, index: int | slice) -> PublishedModel | list[PublishedModel]:
        return (
            list(map(_published, self.report.models[index]))
            if isinstance(index, slice)
            else _published(self.report.models[index])
        )

    def __contains__(self, name: object) -> bool:
        return any(name in (model, model.name, *model.aliases) for model in self)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return a row for each model: its name, type, head, count, sources, and sizes by public name."""
        return tuple(_row(model) for model in self)


def _published(model: Published) -> PublishedModel:
    family = model.family
    return PublishedModel(
        model.name, model.owner, family.title, family.type, family.head, model.count, model.aliases, sources_of(model)
    )


def _row(model: PublishedModel) -> Row:
    fields: dict[str, Any] = {name: getattr(model, name) for name in _FIELDS}
    for name, size in model.sizes.items():
        if name in BY_NAME and BY_NAME[name].kind is not Kind.SWITCH:
            fields[name] = exact(size)
    return Row(fields)


def models(only: str = "") -> Models:
    """Return the published models whose family, type, owner or name begins a word with each word of `only`.

    Each has its exact count, its sources and its sizes. Raises `UnknownName` if there is none.

    Examples:
        >>> "bert-base-uncased" in models()
        True
        >>> models("bert")[0].sizes["H"]
        768
    """
    return Models(catalogue(arguments.text(only, "only")))
