"""models: the published models by name, their table of sizes, and the model types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged

if TYPE_CHECKING:
    from bertsym.answers.model_card import ModelCard
    from bertsym.model import Model


@paged
def models(
    only: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="A model, or words of the names or families to list. With --table: models or families.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="List the model types of transformers whose formulas were derived from its code."),
    ] = False,
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="L,H,heads,parameters",
            help="Print the table of sizes of a paper with these columns: sizes, parameters, components such as "
            "embeddings, conventions such as non-embedding, sharing, class or id.",
            show_default=False,
        ),
    ] = None,
    names: options.Names = None,
    *,
    page: Page,
) -> None:
    """List the published models, or print what one is.

    Each has its exact count. A name such as bert-base-uncased prints the sizes, heads and sources of one model, and a
    beginning or a family such as `llama` lists some. `--table` prints the sizes of models as a paper does, and `--all`
    the model types of transformers.
    """
    from bertsym.errors import Conflict, Missing

    words = " ".join(only or ())
    if table is None:
        from bertsym.answers.atlas import listing
        from bertsym.answers.catalogue import catalogue

        if everything and words:
            raise Conflict("--all", words, "--all lists every model type")
        if names:
            raise Conflict("--name", "a list of models", "pass --table with it")
        show(listing() if everything else _one(words) or catalogue(words), page)
        return
    from bertsym.answers.size_table import USUAL, size_table
    from bertsym.answers.titles import chosen_names

    if everything:
        raise Conflict("--all", "--table", "a model type has no sizes")
    if not words:
        raise Missing("model for --table", "names such as bert-base-uncased, or a family such as pythia")
    loaded = [model for word in only or () for model in _named(word)]
    typed = [typed for typed, _ in loaded]
    chosen = chosen_names(names or (), typed)
    show(size_table([model for _, model in loaded], options.split([table]) or USUAL, chosen), page)


def _one(text: str) -> ModelCard | None:
    """Return the card of the one model that a text names, or None if it selects several or all.

    A model type such as `bert` selects the published models of the type if there are some. Raises `UnknownModel`.
    """
    from bertsym.answers.catalogue import selects
    from bertsym.answers.model_card import model_card
    from bertsym.names.reading import spelled
    from bertsym.resolve import published_model

    reading = spelled(text) if text else None
    if reading is not None and reading.model is not None:
        return model_card(published_model(reading.model), reading.model)
    if not text or (selects(text) and "=" not in text):
        return None
    return model_card(options.load(text, None))


def _named(text: str) -> list[tuple[str, Model]]:
    """Return the model that a text names, or else the published models whose names begin with it.

    Of models with the same sizes, such as those of two trainings, the first one stands for all.
    """
    from bertsym.names.reading import beginning_with, spelled
    from bertsym.resolve import is_path, published_model
    from bertsym.values import replace

    reading = None if is_path(text) else spelled(text)
    if reading is not None and reading.model is not None:
        model = published_model(reading.model)
        return [(text, model if reading.verbatim else replace(model, typed=text))]
    family = [] if is_path(text) else beginning_with(text)
    if not family:
        return [(text, options.load(text, None))]
    models = [(known.name, published_model(known)) for known in family]
    first = {(model.architecture, model.head, frozenset(model.given.items())): name for name, model in reversed(models)}
    return [(name, model) for name, model in models if name in first.values()]
