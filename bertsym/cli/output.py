"""From a report to standard output, in the syntax that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from bertsym.cli.page import Page

if TYPE_CHECKING:
    from bertsym.report import Report


def show(
    report: Report, page: Page | None = None, *, latex: bool = False, markdown: bool = False, json: bool = False
) -> None:
    """Print the report as the page says, or as text, or in the one syntax that is set; raises `Conflict` for two."""
    chosen = page or Page(latex=latex, markdown=markdown, json=json)
    syntax = chosen.syntax
    text = written(report, chosen)
    if syntax == "latex":
        _warn(text)
    typer.echo(text, nl=False)


def written(report: Report, page: Page) -> str:
    """The report in the syntax of the page."""
    syntax = page.syntax
    if syntax == "json":
        from bertsym.render import jsontext

        return jsontext.document(report, page.sheet().notation)
    document = report.document()
    if page.legend:
        from bertsym.legend import legend

        document = (*document, *legend(document))
    if syntax == "latex":
        from bertsym.render import latex

        return latex.document(document, page.sheet())
    if syntax == "markdown":
        from bertsym.render import markdown

        return markdown.document(document, page.sheet().notation)
    from bertsym.render import text

    return text.document(document)


def _warn(tex: str) -> None:
    """Say on stderr what pdfLaTeX cannot set."""
    if tex.isascii():
        return
    from bertsym.render.tex_prose import beyond_pdflatex

    strange = beyond_pdflatex(tex)
    if strange:
        typer.echo(f"bertsym: note: {strange[:20]!r} needs XeLaTeX or LuaLaTeX and a font that has it", err=True)
