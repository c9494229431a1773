"""models, symbols: what there is."""

from __future__ import annotations

from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


@paged
def models(*, page: Page) -> None:
    """The architectures and named sizes there are, with sources."""
    from bertsym.answers.catalogue import catalogue

    show(catalogue(), page)


@paged
def symbols(*, page: Page) -> None:
    """The symbols and the conventions there are."""
    from bertsym.answers.glossary import glossary

    show(glossary(), page)
