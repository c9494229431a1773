"""models, symbols: what there is."""

from __future__ import annotations

from bertsym.cli import options
from bertsym.cli.output import show


def models(latex: options.Latex = False, markdown: options.Markdown = False, json: options.AsJson = False) -> None:
    """The architectures and named sizes there are, with sources."""
    from bertsym.answers.catalogue import catalogue

    show(catalogue(), latex=latex, markdown=markdown, json=json)


def symbols(latex: options.Latex = False, markdown: options.Markdown = False, json: options.AsJson = False) -> None:
    """The symbols and the conventions there are."""
    from bertsym.answers.glossary import glossary

    show(glossary(), latex=latex, markdown=markdown, json=json)
