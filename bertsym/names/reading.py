"""From a text to the models that it may name: one, several of different sizes, or none with the nearest names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache

from bertsym.names.catalogue import Published, published
from bertsym.names.spelling import MAX_NAME, Words, owner, without_size, words
from bertsym.values import value

MOST_NEAR = 3


@value
class Reading:
    """The models that a text may name.

    `verbatim` is True if the text is the published name or the model type itself. `architecture` is the model type that
    the text spells. `models` are the published models that it names: several only if their sizes differ. `longer` are
    models whose names begin with the words of the text, and `near` are names that look like it; both are empty unless
    the text names nothing.
    """

    text: str
    architecture: str | None = None
    models: tuple[Published, ...] = ()
    verbatim: bool = False
    longer: tuple[Published, ...] = ()
    near: tuple[str, ...] = ()

    @property
    def model(self) -> Published | None:
        """Return the one published model that the text names, or None."""
        return self.models[0] if len(self.models) == 1 else None

    @property
    def ambiguous(self) -> bool:
        """Return True if the text may mean models of different sizes."""
        return len(self.models) > 1


def verbatim(text: str) -> Published | None:
    """Return the published model of that very name, with or without its owner; an alias is another spelling."""
    known = _index().verbatim.get(text.rpartition("/")[2])
    return known if known is not None and owner(text) in ("", known.owner) else None


def read(text: str, types: Iterable[str] = ()) -> Reading:
    """Return the models that a text may name, among the published ones and the model `types`.

    A model type and then a published name, verbatim, come before other spellings, of types and then of names. A text
    with an owner is no model type.

    >>> read("llama 3.1 8b").models[0].name, read("GPT-2", ["gpt2"]).architecture
    ('Llama-3.1-8B', 'gpt2')
    >>> [model.name for model in read("meta-llama/Llama-3.1-8B-Instruct").models]
    ['Llama-3.1-8B']
    """
    listed = tuple(types)
    if (known := spelled(text, listed)) is not None:
        return known
    longer = _distinct(beginning_with(text))
    return Reading(text, longer=longer, near=() if longer else _near(text, listed))


def spelled(text: str, types: Iterable[str] = ()) -> Reading | None:
    """Return the models that a text names, as `read` does, or None if it names nothing; no near names are looked for.

    >>> spelled("BERT-Base, Multilingual Cased").model.name, spelled("BERT-Base of mine")
    ('bert-base-multilingual-cased', None)
    """
    index = _index()
    name = words(text)
    listed = tuple(types)
    if text in listed:
        return Reading(text, architecture=text, verbatim=True)
    if (exact := verbatim(text)) is not None:
        return Reading(text, models=(exact,), verbatim=True)
    if not owner(text):
        kind = _types_by_words(listed).get(name) if name else None
        if kind is not None:
            return Reading(text, architecture=kind)
    known = index.by_words.get(name) or index.by_size.get(without_size(name)) or ()
    return Reading(text, models=_distinct(known)) if known else None


def beginning_with(text: str) -> list[Published]:
    """Return the published models of which a name begins with the words of a text.

    >>> [model.name for model in beginning_with("qwen3 30b")]
    ['Qwen3-30B-A3B']
    """
    beginning = without_size(words(text))
    return [model for model in published() if beginning and _begins(model, beginning)]


@cache
def _types_by_words(types: tuple[str, ...]) -> Mapping[Words, str]:
    """Return the first model type of each spelling."""
    kinds: dict[Words, str] = {}
    for known in types:
        kinds.setdefault(words(known), known)
    return kinds


@cache
def beginnings(types: tuple[str, ...] = ()) -> frozenset[Words]:
    """Return every beginning of a name's words, for those who look for names in running text."""
    index = _index()
    whole = {*index.by_words, *index.by_size, *(words(name) for name in types)}
    return frozenset(name[: length + 1] for name in whole for length in range(len(name)))


@value
class _Index:
    """The published models by the texts and the words of their names."""

    verbatim: Mapping[str, Published]
    by_words: Mapping[Words, Sequence[Published]]
    by_size: Mapping[Words, Sequence[Published]]


@cache
def _index() -> _Index:
    verbatim: dict[str, Published] = {}
    by_words: dict[Words, list[Published]] = {}
    by_size: dict[Words, list[Published]] = {}
    for model in published():
        for name in model.names:
            spelled = words(name)
            verbatim.setdefault(model.name, model)
            by_words.setdefault(spelled, []).append(model)
            by_size.setdefault(without_size(spelled), []).append(model)
    return _Index(verbatim, by_words, by_size)


def _distinct(models: Iterable[Published]) -> tuple[Published, ...]:
    """Return the models without those that have the type, the head and the sizes of an earlier one."""
    first: dict[object, Published] = {}
    for model in models:
        sizes = model.name if model.in_zoo else model.values
        alike = (model.family.type, model.family.head, sizes, model.count)
        first.setdefault(alike, model)
    return tuple(first.values())


def _begins(model: Published, beginning: Words) -> bool:
    return any(words(name)[: len(beginning)] == beginning for name in model.names)


def _near(text: str, types: Iterable[str]) -> tuple[str, ...]:
    """Return the names that look most like a text."""
    bare = text.rpartition("/")[2].strip()[:MAX_NAME].casefold()
    spelled = {name.casefold(): (name, name) for name in types}
    spelled |= {name.casefold(): (name, model.name) for model in published() for name in model.names}
    begun = [name for name in spelled if bare and name.startswith(bare)]
    close = begun or get_close_matches(bare, list(spelled), n=2 * MOST_NEAR, cutoff=0.6)
    first: dict[str, str] = {}
    for name, meant in (spelled[match] for match in close):
        first.setdefault(meant, name)
    return tuple(first.values())[:MOST_NEAR]
