"""symbols: the symbols and the conventions."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli.output import show
from bertsym.cli.page import Page, paged

# The syntaxes in which a symbol looks like its name.
_PLAIN = ("text", "json", "csv")


@paged
def symbols(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SYMBOL]...",
            help="Explain only these: symbols, fields such as hidden_size, or conventions.",
            show_default=False,
        ),
    ] = None,
    *,
    page: Page,
) -> None:
    """List the symbols of sizes and the conventions of counting.

    With names, such as H or n_embd, it lists every spelling of each, and its symbol in papers.
    """
    from bertsym.answers.glossary import explained, glossary

    if names:
        from bertsym.render.notation import NOTATIONS

        show(explained(names, {title: notation.name for title, notation in NOTATIONS.items()}), page)
        return
    show(glossary(spelled=page.syntax not in _PLAIN), page)
