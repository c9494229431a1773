"""macros: LaTeX commands for a formula, its counts and its sizes."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import emit, piece


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
    notation: options.Notation = None,
    rename: options.Rename = None,
    provide: Annotated[
        bool, typer.Option("--provide", help=r"Use \providecommand*, which keeps a command that exists already.")
    ] = False,
    value: Annotated[
        str,
        typer.Option(
            "--value",
            metavar="NAME",
            help="Print only this value, for a line of Markdown, HTML or Typst: Total, TotalShort, SizeH and others.",
        ),
    ] = "",
    markdown: options.Markdown = False,
    html: options.Html = False,
    typst: options.Typst = False,
    flavor: options.Flavor = "jupyter",
) -> None:
    """Print LaTeX commands for a formula and its numbers.

    There is one command for the total, for each component and for each size, to be loaded in a paper's preamble. Other
    syntaxes have no such commands: --value prints one of the values, for a line of text.
    """
    from bertsym.answers.paper_macros import figures
    from bertsym.render.macros import definitions
    from bertsym.render.notation import named_notation, parse_renames

    syntax = _syntax(value, {"markdown": markdown, "html": html, "typst": typst})
    settings = options.settings(dtype, optimizer, rank, targets)
    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, settings)
    names = named_notation(notation or "bert").renamed(parse_renames(rename or ()), model.symbols)
    found = figures(model, chosen, form)
    if value:
        emit(piece(found.named(value).value, syntax, names, flavor) + "\n", syntax)
        return
    emit(definitions(found, prefix, names, provide=provide), "latex")


def _syntax(value: str, flags: dict[str, bool]) -> str:
    """Return the syntax that is set, latex without one; raises `Conflict`."""
    from bertsym.errors import Conflict

    chosen = [name for name, is_set in flags.items() if is_set]
    if len(chosen) > 1:
        raise Conflict(f"--{chosen[0]}", f"--{chosen[1]}", "an answer is printed in one syntax")
    if chosen and not value:
        raise Conflict(
            "macros", f"--{chosen[0]}", "it has no commands of TeX; --value NAME prints one value for a line"
        )
    if value and not chosen:
        raise Conflict("--value", "LaTeX", "a paper uses the command; --value is for --markdown, --html or --typst")
    return chosen[0] if chosen else "latex"
