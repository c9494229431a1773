"""The typer application; it imports no sympy before a command runs, so that help and completion stay quick."""

from __future__ import annotations

import gc
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
)
from bertsym.cli.interrupts import INTERRUPTED
from bertsym.cli.streams import edged, note
from bertsym.errors import BertsymError, printable
from bertsym.version import __version__

# The base of click's errors. typer 0.28 contains a copy of click, and older versions import it.
_Refused: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="bertsym",
    help="Count the parameters of BERT and its relatives: exact formulas and exact numbers.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
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


@app.callback()
def _root(
    version: Annotated[  # the callback prints it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    citation: Annotated[  # the callback prints it
        bool,
        typer.Option("--citation", callback=_citation, is_eager=True, help="Print the entry for BibTeX and exit."),
    ] = False,
) -> None:
    pass


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
app.command("verify")(verify.verify)
app.command("macros")(macros.macros)
app.command("embed")(embed.embed)
app.command("roofline")(roofline.roofline)
app.command("audit")(audit.audit)
app.command("derive")(derive.derive)
app.command("models")(models.models)
app.command("symbols")(symbols.symbols)


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
    try:
        stopped = app(standalone_mode=False)
    except _Refused as error:
        error.message = printable(error.message)  # the message quotes the user's words
        error.show()
        return int(error.exit_code)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    return stopped if isinstance(stopped, int) else 0
