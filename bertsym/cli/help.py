"""help: the help of a command."""

from __future__ import annotations

from typing import Annotated, Any

import typer


def show_help(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[COMMAND]", help="The command; without it, all are listed.")
    ] = None,
) -> None:
    """Print the help of bertsym or of a command."""
    from bertsym.cli.sections import unknown_command

    root: Any = context.find_root()
    if name is None:
        typer.echo(root.get_help())
        return
    command = root.command.commands.get(name)
    if command is None:
        raise unknown_command(name, root.command.commands)
    with command.make_context(name, [], parent=root, resilient_parsing=True) as own:
        typer.echo(own.get_help())
