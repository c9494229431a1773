"""From a report to standard output, in the syntax that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bertsym.report import Report


def show(report: Report, *, latex: bool = False, markdown: bool = False, json: bool = False) -> None:
    """Print the report as text, or in the one syntax that is set; raises `Conflict` for two."""
    from bertsym.errors import Conflict

    chosen = [name for name, is_set in (("--latex", latex), ("--markdown", markdown), ("--json", json)) if is_set]
    if len(chosen) > 1:
        raise Conflict(chosen[0], chosen[1], "one output at a time")
    typer.echo(_written(report, chosen[0] if chosen else ""), nl=False)


def _written(report: Report, syntax: str) -> str:
    if syntax == "--json":
        from bertsym.render import jsontext

        return jsontext.document(report)
    if syntax == "--latex":
        from bertsym.render import latex

        return latex.document(report.document())
    if syntax == "--markdown":
        from bertsym.render import markdown

        return markdown.document(report.document())
    from bertsym.render import text

    return text.document(report.document())
