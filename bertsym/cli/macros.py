"""macros: LaTeX commands for a formula, its counts and its sizes."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import emit


def macros(
    target: options.Target = "bert",
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="LETTERS", help="Begin the name of every command with these letters.")
    ] = "Bert",
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    of: options.Of = "parameters",
    convention: options.ConventionOf = None,
    only: options.Only = None,
    without: options.Without = None,
    dtype: options.Dtype = None,
    optimizer: options.Optimizer = None,
    rank: options.Rank = None,
    targets: options.Targets = None,
    form: options.FormName = "collected",
    notation: Annotated[
        str,
        typer.Option(
            "--notation", metavar="NAME", help="Name the sizes as this paper does: bert, vaswani, kaplan or megatron."
        ),
    ] = "bert",
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename", metavar="H=TEX", help=r"Give a size another name, as in H=d_{\mathrm{model}}; repeatable."
        ),
    ] = None,
    provide: Annotated[
        bool, typer.Option("--provide", help=r"Use \providecommand*, which keeps a command that exists already.")
    ] = False,
) -> None:
    """Print LaTeX commands for a formula and its numbers.

    There is one command for the total, for each component and for each size, to be loaded in a paper's preamble.
    """
    from bertsym.answers.paper_macros import figures
    from bertsym.render.macros import definitions
    from bertsym.render.notation import named_notation, parse_renames

    settings = options.settings(dtype, optimizer, rank, targets)
    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, settings)
    names = named_notation(notation).renamed(parse_renames(rename or ()), model.symbols)
    emit(definitions(figures(model, chosen, form), prefix, names, provide=provide), "latex")
