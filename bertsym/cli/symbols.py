"""symbols: the symbols and the conventions."""

from __future__ import annotations

from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


@paged
def symbols(*, page: Page) -> None:
    """List the symbols of sizes and the conventions of counting."""
    from bertsym.answers.glossary import glossary

    show(glossary(), page)
