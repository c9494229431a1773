"""models: the architectures and the named sizes."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


@paged
def models(
    everything: Annotated[
        bool,
        typer.Option("--all", help="List the model types of transformers whose formulas were derived from its code."),
    ] = False,
    *,
    page: Page,
) -> None:
    """List the architectures and the named sizes.

    Each size has its exact count and its source. `--all` lists the model types of transformers instead.
    """
    from bertsym.answers.atlas import listing
    from bertsym.answers.catalogue import catalogue

    show(listing() if everything else catalogue(), page)
