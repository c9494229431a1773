"""tradeoff: what one size costs in another at a constant total."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged
from bertsym.cli.run_options import RunOptions
from bertsym.cli.stepped_values import stepped_values

if TYPE_CHECKING:
    from sympy import Symbol

    from bertsym.model import Model


@paged
def tradeoff(
    target: options.Target = "bert",
    over: Annotated[
        str,
        typer.Option(
            "--for", metavar="V[=LOW..HIGH:STEP]", help="The size to vary, alone or with values: V=16000..64000:16000."
        ),
    ] = "V",
    against: Annotated[str, typer.Option("--against", metavar="L", help="The size that gives way.")] = "L",
    total: Annotated[
        str | None,
        typer.Option(
            "--total", metavar="COUNT", help="The total that stays, as 110M. [default: that of the model's own sizes]"
        ),
    ] = None,
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    of: options.Of = "parameters",
    convention: options.ConventionOf = None,
    only: options.Only = None,
    without: options.Without = None,
    tie: Annotated[
        list[str] | None,
        typer.Option(
            "--tie", metavar="'H = 64*L'", help="Let one size follow from another by this equation; repeatable."
        ),
    ] = None,
    *,
    run: RunOptions,
    page: Page,
) -> None:
    """Show what one size costs in another at a constant total.

    Each row has a value of the size, the largest value of the other that can be built and is not over the total, the
    value that would meet it exactly, and the miss.
    """
    from bertsym.answers.tradeoff import tradeoff as traded
    from bertsym.quantities import parse_amount
    from bertsym.solving.constraints import parse_ties

    model, chosen = options.counted(target, head, at, model_type, of, convention, only, without, run.given)
    wanted = None if total is None else parse_amount(total, chosen.unit, "--total")
    varied, values = _values(over, model)
    other = model.setting(against.strip()).symbol
    ties = parse_ties(tie or (), model.size)
    show(traded(model, varied, other, wanted, chosen, values=values, ties=ties), page)


def _values(text: str, model: Model) -> tuple[Symbol, range | None]:
    """Read a size, as V, or a size with its values, as V=16000..64000:16000."""
    from bertsym.errors import Unreadable

    if "," in text and "=" not in text:
        raise Unreadable("--for", text, "one size, and the other in --against, as in --for V --against L")
    return stepped_values(text, model) if "=" in text else (model.setting(text.strip()).symbol, None)
