"""models: the published models by name, and the model types."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


@paged
def models(
    only: Annotated[
        str,
        typer.Argument(
            metavar="[FAMILY]", help="List only models with these words in their names or families.", show_default=False
        ),
    ] = "",
    everything: Annotated[
        bool,
        typer.Option("--all", help="List the model types of transformers whose formulas were derived from its code."),
    ] = False,
    *,
    page: Page,
) -> None:
    """List the published models that have a name here.

    Each has its exact count. FAMILY, such as `llama`, selects some, and adds their heads, further names and sources.
    `--all` lists the model types of transformers instead.
    """
    from bertsym.answers.atlas import listing
    from bertsym.answers.catalogue import catalogue
    from bertsym.errors import Conflict

    if everything and only:
        raise Conflict("--all", only, "--all lists every model type")
    show(listing() if everything else catalogue(only), page)
