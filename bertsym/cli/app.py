"""The typer application; it imports no sympy before a command runs, so that help and completion stay quick."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bertsym.cli import (
    audit,
    compare,
    config,
    derive,
    diff,
    embed,
    explain,
    macros,
    models,
    plot,
    roofline,
    show,
    solve,
    sweep,
    symbols,
    tensors,
    total,
    tradeoff,
    verify,
    web_page,
)
from bertsym.cli import help as help_page
from bertsym.cli.interrupts import INTERRUPTED
from bertsym.cli.sections import SHORT, Command, Root
from bertsym.cli.streams import COMPLETION, edged, note
from bertsym.errors import BertsymError, printable
from bertsym.version import __version__

# The base of click's errors. typer 0.28 contains a copy of click, and older versions import it.
_Refused: Any = typer.BadParameter.__mro__[2]


class App(typer.Typer):
    """The application, whose commands have their options under headings."""

    def command(self, name: str | None = None, **settings: Any) -> Any:
        """Add a command."""
        return super().command(name, cls=Command, **settings)


app = App(
    name="bertsym",
    cls=Root,
    help="Count the parameters of BERT and its relatives: exact formulas and exact numbers.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(requested: bool) -> None:
    if requested:
        typer.echo(f"bertsym {__version__}")
        raise typer.Exit


def _citation(requested: bool) -> None:
    if requested:
        from bertsym.render.bibtex import entry

        typer.echo(entry(), nl=False)
        raise typer.Exit


def _show_completion(requested: bool) -> None:
    if requested:
        from bertsym.cli.completion import SCRIPTS, shell

        typer.echo(SCRIPTS[shell()], nl=False)
        raise typer.Exit


def _install_completion(requested: bool) -> None:
    if requested:
        from bertsym.cli.completion import install, shell

        name = shell()
        file, start = install(name, Path.home())
        loaded = f", and {start} loads it" if start is not None else ""
        typer.echo(f"completion for {name} is in {file}{loaded}: start a new shell")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    citation: Annotated[
        bool,
        typer.Option("--citation", callback=_citation, is_eager=True, help="Print the entry for BibTeX and exit."),
    ] = False,
    install_completion: Annotated[
        bool,
        typer.Option(
            "--install-completion",
            callback=_install_completion,
            is_eager=True,
            help="Let your shell (SHELL: bash, zsh or fish) complete commands, models and options.",
        ),
    ] = False,
    show_completion: Annotated[
        bool,
        typer.Option(
            "--show-completion",
            callback=_show_completion,
            is_eager=True,
            help="Print the completion script of your shell (SHELL) and exit.",
        ),
    ] = False,
) -> None:
    del version, citation, install_completion, show_completion  # their callbacks have acted
    if context.invoked_subcommand is None:
        typer.echo(SHORT, nl=False)


app.command("total")(total.total)
app.command("show")(show.show)
app.command("tensors")(tensors.tensors)
app.command("explain")(explain.explain)
app.command("diff")(diff.diff)
app.command("solve")(solve.solve)
app.command("config")(config.config)
app.command("sweep")(sweep.sweep)
app.command("tradeoff")(tradeoff.tradeoff)
app.command("compare")(compare.compare)
app.command("plot")(plot.plot)
app.command("page")(web_page.page)
app.command("verify")(verify.verify)
app.command("macros")(macros.macros)
app.command("embed")(embed.embed)
app.command("roofline")(roofline.roofline)
app.command("audit")(audit.audit)
app.command("derive")(derive.derive)
app.command("models")(models.models)
app.command("symbols")(symbols.symbols)
app.command("help")(help_page.show_help)


def run() -> int:
    """Run the command line of `sys.argv` and return the exit code; an error is a sentence and 2, never a traceback."""
    gc.disable()  # importing sympy makes many objects and no garbage: collecting meanwhile costs a fifth of start-up
    with edged():
        try:
            return _answered()
        except BertsymError as error:
            note(str(error))
            return 2
        except BrokenPipeError:  # the reader of the pipe, such as `head`, has closed it
            return 1
        except KeyboardInterrupt:
            return INTERRUPTED


def _answered() -> int:
    """Run the command and return the exit code."""
    if COMPLETION in os.environ:
        return _completed(os.environ[COMPLETION])
    try:
        stopped = app(standalone_mode=False, prog_name="bertsym")
    except _Refused as error:
        error.message = printable(error.message)  # the message quotes the user's words
        error.show()
        return int(error.exit_code)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    return stopped if isinstance(stopped, int) else 0


def _completed(request: str) -> int:
    """Print the answer to a shell that completes a word, and return the exit code."""
    from bertsym.cli.completion import answer

    text, code = answer(typer.main.get_command(app), request, os.environ)
    sys.stdout.write(text)
    return code
