"""sweep: a table of counts and costs over a lattice of sizes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli import options
from bertsym.cli.interrupts import interruptible
from bertsym.cli.page import paged
from bertsym.cli.run_options import RunOptions
from bertsym.cli.stepped_values import stepped_values
from bertsym.cli.streams import note, progress

if TYPE_CHECKING:
    from bertsym.algebra import Value
    from bertsym.answers.sweep import Sweep

AT_ONCE = 500  # lines of a table that are written together
WIDTH = len("counting: 99%")


@paged
def sweep(
    target: options.Target = "bert",
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--for", metavar="H=512..2048:64", help="Sweep a size from a value to another, by a step; repeatable."
        ),
    ] = None,
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    of: Annotated[
        list[str] | None,
        typer.Option(
            "--of",
            metavar="QUANTITY[:NAME]",
            help="Count this, under a convention, as in flops:train; repeatable. [default: all that are known]",
        ),
    ] = None,
    tie: Annotated[
        list[str] | None,
        typer.Option(
            "--tie", metavar="'H = 64*L'", help="Let one size follow from another by this equation; repeatable."
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where", metavar="'H/heads = 64'", help="Keep only rows for which this condition holds; repeatable."
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the table to FILE, .csv or .parquet."),
    ] = None,
    *,
    run: RunOptions,
) -> None:
    """Print a table of counts and costs over ranges of sizes.

    Each row is a model: its sizes, its parameters and, at sizes of a run such as B and S, its costs. All numbers
    are exact. The table is CSV, on standard output without -o. Heads stay as wide as they are.
    """
    from bertsym.answers.sweep import Axis, with_quantities
    from bertsym.answers.sweep import sweep as swept
    from bertsym.costs import Settings
    from bertsym.solving.constraints import parse_constraint, parse_ties

    write = _writer(output)
    loaded = options.load(target, head, model_type)
    names = options.split(of)
    settings = Settings(**run.given)  # type: ignore[arg-type]  # typer has checked each
    joined, quantities, left_out = with_quantities(loaded, names, settings)
    given = options.sizes(at, joined) if at else {}
    model = joined.with_sizes(given, pin=True) if given else joined
    axes = [Axis(*stepped_values(part, model)) for text in over or () for part in options.assignments(text)]
    table = swept(
        loaded,
        model,
        axes,
        quantities,
        ties=parse_ties(tie or (), model.size),
        conditions=tuple(parse_constraint(text, model.size) for text in where or ()),
        left_out=left_out,
        named=bool(names),
    )
    for line in table.left_out:
        note(f"note: {line}")
    if table.assumed:
        note(f"note: assumed, as in {model.architecture.base}: {', '.join(map(str, table.assumed))}")
    with interruptible():
        write(table)


def _writer(output: str | None) -> Callable[[Sweep], None]:
    """Return the function that writes a table to standard output or to the file; raises `Unreadable`."""
    from bertsym.errors import Unreadable

    if output is None:
        return _print
    if output.casefold().endswith(".parquet"):
        return lambda table: _write_parquet(table, Path(output))
    if output.casefold().endswith(".csv"):
        return lambda table: _write_csv(table, Path(output))
    raise Unreadable("--output", output, "a file whose name ends in .csv or .parquet")


def _print(table: Sweep) -> None:
    """Print the table as CSV, some lines at a time."""
    for lines in _pieces(table, _progress() if not sys.stdout.isatty() else None):
        sys.stdout.write(lines)
    sys.stdout.flush()


def _write_csv(table: Sweep, path: Path) -> None:
    """Write the table into a file as CSV, whole or not at all."""
    from bertsym.files.atomic_write import write_file

    done = _done(path)
    write_file(path, (lines.encode() for lines in _pieces(table, _progress())))
    note(f"{done} {path}")


def _write_parquet(table: Sweep, path: Path) -> None:
    """Write the table into a file as Parquet; a note says which columns are text."""
    from bertsym.files.atomic_write import write_file
    from bertsym.render.parquet import parquet

    done = _done(path)
    data, texts = parquet(table.columns, _rows(table, _progress()), "--output FILE.parquet")
    write_file(path, data)
    if texts:
        note(f"note: as text, because a 64-bit integer does not hold the numbers: {', '.join(texts)}")
    note(f"{done} {path}")


def _done(path: Path) -> str:
    from bertsym.files.reading import status

    return "wrote" if status(path) is None else "replaced"


def _pieces(table: Sweep, listener: Callable[[Fraction], None] | None) -> Iterator[str]:
    """Yield the table as CSV in pieces of some lines, the first after a row is known to exist."""
    from bertsym.render.csvtext import lines

    rows = _rows(table, listener)
    first = next(rows)
    listed = lines(table.columns, chain((first,), rows))
    while piece := "".join(islice(listed, AT_ONCE)):
        yield piece


def _rows(table: Sweep, listener: Callable[[Fraction], None] | None) -> Iterator[tuple[Value, ...]]:
    """Yield the rows; a note says how many combinations have none."""
    number = 0
    for row in table.rows(listener):
        number += 1
        yield row
    if number < table.combinations:
        left = table.combinations - number
        note(f"note: {left:,} of {table.combinations:,} combinations of sizes are no model, or fail a condition")


def _progress() -> Callable[[Fraction], None] | None:
    """Return a listener that says on standard error how far a long table is, if somebody watches."""
    if not sys.stderr.isatty():
        return None
    started = time.monotonic()

    def report(done: Fraction) -> None:
        if time.monotonic() - started <= 1:
            return
        progress(f"counting: {int(done * 100)}%" if done < 1 else " " * WIDTH)
        if done == 1:
            progress("")

    return report
