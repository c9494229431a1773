"""The titles of models in a table: the names that papers print, or those that the user chose, no two alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bertsym.answers.answer_context import Subject
from bertsym.errors import Conflict, Unreadable
from bertsym.model import Model
from bertsym.names.display import display_name
from bertsym.names.reading import verbatim

LONGEST = 80


def titles(models: Sequence[Model], chosen: Sequence[str | None] = ()) -> tuple[str, ...]:
    """Return a title for each model: the chosen one, else its name as papers print it.

    Models of one title get longer ones: the name of the checkpoint, the class, or both. Raises `Conflict` if two
    models have the same chosen title.
    """
    own = [*chosen, *[None] * (len(models) - len(chosen))]
    for title, times in Counter(title for title in own if title).items():
        if times > 1:
            raise Conflict(f"--name {title}", "another model", "two models of one table have different names")
    levels = [_levels(model) for model in models]
    result = [title or next(level) for title, level in zip(own, levels, strict=True)]
    for _ in range(_MOST_LEVELS):
        alike = {title for title, times in Counter(result).items() if times > 1}
        longer = [index for index, title in enumerate(result) if title in alike and own[index] is None]
        if not longer:
            break
        for index in longer:
            result[index] = next(levels[index], result[index])
    return _numbered(result)


_MOST_LEVELS = 4


def _levels(model: Model) -> Iterator[str]:
    """Yield the titles of a model, the shortest first."""
    known = verbatim(model.name) is not None or model.name == model.architecture.name
    shown = display_name(model.name) if known else model.name
    bare = model.name.rpartition("/")[2] if known else model.name
    yield from dict.fromkeys((shown, bare, model.cls, f"{shown}, {model.cls}"))


def _numbered(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, each that occurs before with its number behind it."""
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        seen[name] += 1
        result.append(f"{name} ({seen[name]})" if seen[name] > 1 else name)
    return tuple(result)


def expansion(title: str, subject: Subject) -> str:
    """Return the title with the model and the class that it stands for."""
    return f"{title}: {', '.join(name for name in (subject.model, subject.cls) if name != title)}"


def chosen_names(texts: Sequence[str], typed: Sequence[str]) -> tuple[str | None, ...]:
    """Read the titles that a user gives: in the order of the models, or `MODEL=TITLE` for the model typed so.

    Raises `Unreadable` or `Conflict`.

    >>> chosen_names(["BERT", "albert-base=ALBERT"], ["bert-base-uncased", "albert-base"])
    ('BERT', 'ALBERT')
    """
    names: list[str | None] = [None] * len(typed)
    in_order = iter(range(len(typed)))
    for text in texts:
        model, equals, title = text.partition("=")
        if equals and model and model in typed:
            places = [index for index, name in enumerate(typed) if name == model]
        else:
            title = text
            places = [index for index in (next(in_order, -1),) if index >= 0]
        if not places:
            raise Conflict(f"--name {text}", f"{len(typed)} models", "each model has one name")
        title = title.strip()
        if not title or len(title) > LONGEST or not title.isprintable():
            raise Unreadable("--name", text, f"a name of 1 to {LONGEST} characters, or MODEL=NAME")
        for index in places:
            if names[index] is not None:
                raise Conflict(f"--name {text}", f"--name {names[index]}", f"both name {typed[index]}")
            names[index] = title
    return tuple(names)
