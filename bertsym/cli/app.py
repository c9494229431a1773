"""The commands. Nothing here imports sympy before a command runs: help, version and completion stay quick."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import fail, show
from bertsym.errors import BertsymError
from bertsym.version import __version__

app = typer.Typer(
    name="bertsym",
    help="Parameter counts of BERT and its relatives, derived symbolically and equal to the real model's.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"bertsym {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command("total")
def total_command(
    target: options.Target = "bert",
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    form: options.FormName = "collected",
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="F,T", help="Leave these derived or defaulted sizes as symbols."),
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="Print the exact number alone.")] = False,
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """The formula of the total; with every size known, the number too."""
    from bertsym import answers
    from bertsym.count import count as exact_count
    from bertsym.forms import Style
    from bertsym.symbols import lookup

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    if count:
        typer.echo(exact_count(model, chosen))
        return
    kept = [lookup(name).symbol for name in options.split(keep)]
    model.check_known(kept)
    report = answers.formula(model, chosen, Style.named(form), kept)
    show(report, latex=latex, markdown=markdown, json=json)


@app.command("show")
def show_command(
    target: options.Target = "bert",
    by: Annotated[str, typer.Option("--by", metavar="WHAT", help="component, role or layer.")] = "component",
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    form: options.FormName = "collected",
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """The breakdown: formula, number and share; the rows sum to the total."""
    from bertsym import answers
    from bertsym.count import By
    from bertsym.forms import Style

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    report = answers.broken_down(model, chosen, By.named(by), Style.named(form))
    show(report, latex=latex, markdown=markdown, json=json)


@app.command("tensors")
def tensors_command(
    target: options.Target = "bert",
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """The inventory: every tensor's name, shape, role, component and what it is tied to."""
    from bertsym import answers

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    show(answers.inventory(model, chosen), latex=latex, markdown=markdown, json=json)


@app.command("explain")
def explain_command(
    target: options.Target = "bert",
    component: Annotated[
        str | None, typer.Option("--component", metavar="NAME", help="Only this component, such as attention.")
    ] = None,
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """The derivation, step by step: shapes, sums, what cancels, numbers put in."""
    from bertsym import answers

    model = options.model(target, head, at)
    chosen = options.convention(convention, model)
    show(answers.derivation(model, chosen, component), latex=latex, markdown=markdown, json=json)


@app.command("diff")
def diff_command(
    target: options.Target = "bert",
    by: Annotated[str, typer.Option("--by", metavar="SIZE", help="The size that changes.")] = "H",
    order: Annotated[int, typer.Option("--order", metavar="K", help="The order of the derivative.")] = 1,
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    only: options.Only = None,
    without: options.Without = None,
    form: options.FormName = "collected",
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """The derivative by a size; with every size known, its value and the elasticity."""
    from bertsym import answers
    from bertsym.forms import Style
    from bertsym.symbols import lookup

    model = options.model(target, head, at)
    chosen = options.convention(convention, model, only, without)
    report = answers.derivative(model, lookup(by).symbol, order, chosen, Style.named(form))
    show(report, latex=latex, markdown=markdown, json=json)


@app.command("models")
def models_command(
    latex: options.Latex = False, markdown: options.Markdown = False, json: options.AsJson = False
) -> None:
    """The architectures and named sizes there are, with their sources."""
    from bertsym import answers

    show(answers.catalogue(), latex=latex, markdown=markdown, json=json)


@app.command("symbols")
def symbols_command(
    latex: options.Latex = False, markdown: options.Markdown = False, json: options.AsJson = False
) -> None:
    """The symbols and the conventions there are."""
    from bertsym import answers

    show(answers.glossary(), latex=latex, markdown=markdown, json=json)


def main() -> None:
    """Run the command line; a question that cannot be answered exits with 2, never with a traceback."""
    gc.disable()  # importing sympy makes many objects and no garbage: collecting meanwhile costs a fifth of start-up
    try:
        app()
    except BertsymError as error:
        fail(error)
        sys.exit(2)
