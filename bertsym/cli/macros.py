"""macros: LaTeX commands for a formula, its counts and its sizes."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import emit


def macros(
    target: options.Target = "bert",
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="LETTERS", help="What the name of every command begins with.")
    ] = "Bert",
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    form: options.FormName = "collected",
    notation: Annotated[
        str, typer.Option("--notation", metavar="NAME", help="Names of symbols: bert, vaswani, kaplan or megatron.")
    ] = "bert",
    rename: Annotated[
        list[str] | None,
        typer.Option("--rename", metavar="H=TEX", help=r"Another name for a symbol, as in H=d_{\mathrm{model}}."),
    ] = None,
    provide: Annotated[
        bool, typer.Option("--provide", help=r"\providecommand*: leave commands alone that exist already.")
    ] = False,
) -> None:
    """LaTeX commands for the formula, the counts and the sizes."""
    from bertsym.answers.paper_macros import figures
    from bertsym.render.macros import definitions
    from bertsym.render.notation import named_notation, parse_renames

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    names = named_notation(notation).renamed(parse_renames(rename or ()))
    emit(definitions(figures(model, chosen, form), prefix, names, provide=provide), "latex")
