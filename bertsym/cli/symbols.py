"""symbols: the symbols and the conventions."""

from __future__ import annotations

from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


@paged
def symbols(*, page: Page) -> None:
    """The symbols and the conventions there are."""
    from bertsym.answers.glossary import glossary

    show(glossary(), page)
