"""total: the formula of a model's parameter count."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import emit, piece, show
from bertsym.cli.page import Page, paged
from bertsym.cli.run_options import RunOptions
from bertsym.cli.streams import note

# The options that `bertsym.toml` sets for every marker of a paper, also for those that print a number alone.
_OF_A_PAPER = ("flavor", "notation", "rename", "math_font", "tex_encoding")
_ROUNDING = ("unit", "digits", "places")


def _check_count(page: Page) -> None:
    """Raise `Conflict` for an option that a number alone has no use for."""
    from bertsym.errors import Conflict

    if page.syntax == "json":
        raise Conflict("--count", "--json", "--json has the number beside what it counts")
    if page.syntax == "csv":
        raise Conflict("--count", "--csv", "a number alone is no table")
    choices = page.choices()
    for field in fields(choices)[1:]:
        if field.name not in _OF_A_PAPER and getattr(choices, field.name) != field.default:
            rounded = "; macros has a rounded one" if field.name in _ROUNDING else " alone"
            raise Conflict("--count", f"--{field.name.replace('_', '-')}", f"--count prints the exact number{rounded}")


@paged
def total(
    target: options.Target = "bert",
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    of: options.Of = "parameters",
    convention: options.ConventionOf = None,
    only: options.Only = None,
    without: options.Without = None,
    form: options.FormName = "collected",
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep",
            metavar="F,T",
            help="Keep these sizes as symbols, although they have a definition (F, d) or a default (T).",
        ),
    ] = None,
    count: Annotated[
        bool, typer.Option("--count", help="Print only the exact number, as the chosen syntax writes it.")
    ] = False,
    *,
    run: RunOptions,
    page: Page,
) -> None:
    """Print the formula and the number of parameters.

    The number is printed if every size is known. A named model and a config.json have all sizes; --at sets others.
    """
    from bertsym.answers.formula import formula_written
    from bertsym.count import count as exact_count
    from bertsym.document import Count

    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, run.given)
    if count:
        _check_count(page)
        if model.read_as:
            note(f"note: {model.read_as}")
        number = exact_count(model, chosen)
        if page.syntax == "text":
            typer.echo(number)
        else:
            emit(piece(Count(number), page.syntax) + "\n", page.syntax)
        return
    symbols = [model.setting(name).symbol for name in options.split(keep)]
    model.check_known(symbols)
    show(formula_written(model, chosen, form, symbols), page)
