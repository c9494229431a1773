"""models: the architectures and the named sizes."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


@paged
def models(
    everything: Annotated[
        bool, typer.Option("--all", help="List the atlas: the formulas derived from the code of transformers.")
    ] = False,
    *,
    page: Page,
) -> None:
    """The architectures and named sizes there are, with sources."""
    from bertsym.answers.atlas import listing
    from bertsym.answers.catalogue import catalogue

    show(listing() if everything else catalogue(), page)
