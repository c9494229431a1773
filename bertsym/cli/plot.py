"""plot: figures of parts, totals, targets and elasticities."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli import options
from bertsym.cli.figure_options import PRINTED, SOURCE, FigureOptions
from bertsym.cli.output import emit, show, warn
from bertsym.cli.page import paged
from bertsym.cli.run_options import RunOptions
from bertsym.cli.streams import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from sympy import Symbol

    from bertsym.answers.total_curves import Sweep
    from bertsym.convention import Convention
    from bertsym.model import Model
    from bertsym.report import Drawable


KINDS = ("parts", "total", "iso", "elasticities")
_OF_ONE = ("iso", "elasticities")
# The kinds of figures that an option has an effect in, if not in all.
_USED_BY = {
    "--by": ("parts",),
    "--share": ("parts",),
    "--totals": ("parts",),
    "--for": ("total", "iso"),
    "--target": ("iso",),
    "--range": ("iso",),
    "--mark": ("iso",),
}

# The most models that fit a page, curves that a reader can tell apart in grey, and points of a curve.
MAX_MODELS = 40
MAX_CURVES = 6
MAX_VALUES = 1000


@paged
def plot(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="parts: stacked bars; total: curves over a size; iso: sizes that meet a target; elasticities: ranked.",
        ),
    ],
    typed: Annotated[
        list[str],
        typer.Argument(metavar="MODEL...", help="Models; iso and elasticities take one."),
    ],
    by: Annotated[
        str | None, typer.Option("--by", metavar="WHAT", help="parts: by component, role, layer or module.")
    ] = None,
    share: Annotated[
        bool, typer.Option("--share", help="parts: show shares of the total, in bars of equal length.")
    ] = False,
    totals: Annotated[bool, typer.Option("--totals", help="parts: write the rounded total beside each bar.")] = False,
    over: Annotated[
        str | None,
        typer.Option("--for", metavar="H=256..2048", help="total: the size and its values; iso: two sizes, as in H,L."),
    ] = None,
    goals: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="COUNT", help="iso: the counts, as in 110M or 110e6,340e6; repeatable."),
    ] = None,
    ranges: Annotated[
        list[str] | None,
        typer.Option("--range", metavar="L=2..48", help="iso: show a size between these two values; repeatable."),
    ] = None,
    marks: Annotated[
        list[str] | None,
        typer.Option(
            "--mark",
            metavar="MODEL",
            help="iso: show these models, or none. [default: published ones within 5% of a target]",
        ),
    ] = None,
    names: options.Names = None,
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    of: options.Of = "parameters",
    convention: options.ConventionOf = None,
    only: options.Only = None,
    without: options.Without = None,
    *,
    run: RunOptions,
    figure: FigureOptions,
) -> None:
    """Print or draw a figure for a paper.

    Without an output it prints the numbers of the figure. The source for pgfplots takes the fonts of the paper; files
    .pdf, .svg and .png are drawn by matplotlib. Every figure can be read without colour.
    """
    from bertsym.errors import Conflict, UnknownName

    if kind not in KINDS:
        raise UnknownName("kind of figure", kind, KINDS)
    given = {
        "--by": by,
        "--share": share,
        "--totals": totals,
        "--for": over,
        "--target": goals,
        "--range": ranges,
        "--mark": marks,
    }
    for option, value in given.items():
        if value and kind not in _USED_BY[option]:
            raise Conflict(option, f"plot {kind}", f"it belongs to plot {' and plot '.join(_USED_BY[option])}")
    syntax = figure.syntax
    if kind in _OF_ONE and len(typed) > 1:
        raise Conflict(typed[1], f"plot {kind}", f"it takes one model, and {typed[0]} is the first")
    _limit("models", len(typed), MAX_MODELS)
    counted = [
        options.counted(target, head, at, model_type, of, convention, only, without, run.given) for target in typed
    ]
    models, conventions = zip(*counted, strict=True)
    report: Drawable
    if kind == "parts":
        from bertsym.answers.stacked_parts import stacked_parts
        from bertsym.count import By

        titles, way = _titles(names, typed, models), By.named(by or "component")
        report = stacked_parts(models, titles, conventions, way, shares=share, labels=totals)
    elif kind == "total":
        from bertsym.answers.total_curves import total_curves

        _limit("curves", len(models), MAX_CURVES)
        report = total_curves(models, _titles(names, typed, models), conventions, _sweep(over, models[0]))
    elif kind == "iso":
        from bertsym.answers.iso_curves import iso_curves

        model, chosen = models[0], conventions[0]
        wanted = _counts(goals, chosen)
        _limit("curves", len(wanted), MAX_CURVES)
        marked = _marked(
            marks, names, lambda name: options.counted(name, head, at, None, of, convention, given=run.given)[0]
        )
        report = iso_curves(model, _two(over, model), wanted, chosen, _spans(ranges, model), marked)
    else:
        from bertsym.answers.elasticities import elasticities

        if names:
            raise Conflict("--name", "plot elasticities", "the figure names no model")
        report = elasticities(models[0], conventions[0])
    _print(report, syntax, figure)


def _titles(names: list[str] | None, typed: list[str], models: tuple[Model, ...]) -> tuple[str, ...]:
    """Return the title of each model: the chosen one, else its name as papers print it."""
    from bertsym.answers.titles import chosen_names, titles

    return titles(models, chosen_names(names or (), typed))


def _limit(what: str, number: int, most: int) -> None:
    from bertsym.errors import TooLarge

    if number > most:
        raise TooLarge(f"the {what} of a figure", number, most)


def _spans(texts: list[str] | None, model: Model) -> dict[Symbol, tuple[int, int]]:
    """Read the ranges of sizes, as in H=256..2048,L=2..48."""
    spans: dict[Symbol, tuple[int, int]] = {}
    for text in (part for given in texts or () for part in options.assignments(given)):
        symbol, ends = options.size_range(text, model, "--range")
        _check_ends("--range", text, *ends)
        spans[symbol] = ends
    return spans


def _check_ends(option: str, text: str, low: int, high: int) -> None:
    from bertsym.errors import Unreadable

    if low >= high:
        raise Unreadable(option, text, "a range whose second end is larger than the first")


def _sweep(typed: str | None, model: Model) -> Sweep:
    """Read a size with its values, as in H=256..2048 or H=256..2048:128."""
    from bertsym.answers.total_curves import Sweep
    from bertsym.errors import Missing, TooLarge

    if typed is None:
        raise Missing("size", "--for H=256..2048")
    bounds, colon, step = typed.partition(":")
    symbol, (low, high) = options.size_range(bounds, model, "--for")
    _check_ends("--for", typed, low, high)
    sweep = Sweep(symbol, low, high, options.positive(step.strip(), "--for") if colon else 0)
    if len(sweep.values()) > MAX_VALUES:
        raise TooLarge(f"the curve over {typed}", len(sweep.values()), MAX_VALUES)
    return sweep


def _two(typed: str | None, model: Model) -> tuple[Symbol, Symbol]:
    """Read two sizes, as in H,L."""
    from bertsym.errors import Unreadable

    named = [model.setting(name).symbol for name in options.split([typed or "H,L"])]
    if len(set(named)) != 2 or len(named) != 2:
        raise Unreadable("--for", typed or "", "two sizes, as in H,L")
    return named[0], named[1]


def _counts(typed: list[str] | None, chosen: Convention) -> tuple[int, ...]:
    """Read counts apart by commas; a comma before three digits groups the digits of one count."""
    from bertsym.errors import Missing
    from bertsym.quantities import parse_amount

    texts = [part.strip() for text in typed or () for part in re.split(r",(?!\d{3}(?:,|$))", text)]
    counts = dict.fromkeys(parse_amount(text, chosen.unit, "--target") for text in texts)
    if not counts:
        raise Missing("target", "--target 110M,340M")
    return tuple(sorted(counts))


def _marked(
    typed: list[str] | None, names: list[str] | None, read: Callable[[str], Model]
) -> tuple[tuple[str, Model], ...] | None:
    """Return the models to mark with their titles; None leaves the choice to the figure."""
    from bertsym.errors import Conflict

    if typed is None:
        if names:
            raise Conflict("--name", "plot iso", "it names the models of --mark; pass --mark MODEL with it")
        return None
    targets = [target for target in options.split(typed) if target != "none"]
    models = tuple(map(read, targets))
    return tuple(zip(_titles(names, targets, models), models, strict=True))


def _print(report: Drawable, syntax: str, figure: FigureOptions) -> None:
    """Print the report in its syntax, or write it to the file."""
    from bertsym.files.atomic_write import write_file

    if syntax in PRINTED:
        show(report, figure.page)
        return
    sheet = figure.page.choices().sheet(report.document())
    if syntax == SOURCE:
        from bertsym.render.figures import source

        text = source.document(report.chart(), report.remarks(), sheet, figure.environment, figure.drawn_by)
        warn(text)
        if figure.output is None:
            emit(text, "latex")
        else:
            write_file(Path(figure.output), text.encode("utf-8"))
        return
    from bertsym.render.figures.pictures import Font, picture

    drawn = picture(report.chart(), syntax, sheet, Font.named(figure.font or "times"))
    if drawn.missing:
        note(f"note: the font has no {drawn.missing[:20]!r}")
    write_file(Path(figure.output or ""), drawn.data)
