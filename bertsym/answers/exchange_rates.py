"""The cost of one more of each size, and how much of every other size costs the same."""

from __future__ import annotations

from bertsym.document import Column, Count, Decimal, Element, Inline, Remark, Table
from bertsym.quantities import Unit
from bertsym.report import Record
from bertsym.solving.marginal import Marginal
from bertsym.symbols import BY_SYMBOL

STEPS = Unit("steps")


def exchange_table(marginals: tuple[Marginal, ...], unit: Unit) -> tuple[Element, ...]:
    """Return a row per step: its cost, and how much of every other size costs the same."""
    columns = (
        Column("one step of"),
        Column("step", right=True),
        Column("costs", right=True),
        *(Column(f"= {m.symbol}", right=True) for m in marginals),
    )
    rows = tuple(_row(marginal, marginals, unit) for marginal in marginals)
    return (
        Remark((f"what a step costs in {unit.title}, and how much of each other size costs the same:",)),
        Remark(("a row is one step of a size, a column counts single units of a size",)),
        Table(columns, rows),
    )


def _row(marginal: Marginal, marginals: tuple[Marginal, ...], unit: Unit) -> tuple[Inline, ...]:
    rates = tuple("" if m is marginal else Decimal(marginal.buys[m.symbol], 2) for m in marginals)
    costs = (Count(marginal.step, unit=STEPS), Count(marginal.cost, unit=unit))
    return (BY_SYMBOL[marginal.symbol].meaning, *costs, *rates)


def marginal_record(marginal: Marginal) -> Record:
    """Return a step for programs, with exact rates."""
    rates = {str(symbol): rate for symbol, rate in marginal.buys.items()}
    return {"size": str(marginal.symbol), "step": marginal.step, "cost": marginal.cost, "buys": rates}
