"""solve: the sizes that meet a number of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli import options
from bertsym.cli.budget_options import BudgetOptions
from bertsym.cli.interrupts import interruptible
from bertsym.cli.law_options import LawOptions
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged
from bertsym.cli.run_options import RunOptions
from bertsym.cli.search_progress import SearchProgress
from bertsym.cli.shape_options import ShapeOptions

if TYPE_CHECKING:
    from sympy import Symbol

    from bertsym.answers.compute_optimal import Allocation
    from bertsym.convention import Convention
    from bertsym.model import Model
    from bertsym.report import Report
    from bertsym.solving.budgets import Measured
    from bertsym.solving.requirements import Limit

Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="COUNT",
        help="The number to meet: 110M, 340e6, 109,482,240; max finds the largest model within the budgets.",
    ),
]
For = Annotated[
    list[str] | None,
    typer.Option(
        "--for", metavar="H[,L,...]", help="The size to find, as H or n_layer, or several sizes. [default: H]"
    ),
]
Ranges = Annotated[
    list[str] | None,
    typer.Option("--range", metavar="L=2..96", help="Search a size between these two values; repeatable."),
]
Multiples = Annotated[
    list[str] | None,
    typer.Option(
        "--multiple-of",
        metavar="[H=]64",
        help="Search only multiples of this number, of one size or of all widths; repeatable.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="'H/heads = 64'",
        help="Accept only sizes for which this condition holds; a size that it names is searched, unless --at has it.",
    ),
]
Ties = Annotated[
    list[str] | None,
    typer.Option("--tie", metavar="'H = 64*L'", help="Let one size follow from another by this equation; repeatable."),
]
Of = Annotated[
    str | None,
    typer.Option(
        "--of",
        metavar="QUANTITY",
        help="Count parameters, flops, cache, states, memory or lora; a run has sizes too, as in --at B=1,S=512.",
        show_default="parameters",
    ),
]


@paged
def solve(
    target: options.Target = "bert",
    goal: Target = None,
    unknowns: For = None,
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    of: Of = None,
    convention: options.ConventionOf = None,
    only: options.Only = None,
    without: options.Without = None,
    ranges: Ranges = None,
    multiple_of: Multiples = None,
    where: Where = None,
    tie: Ties = None,
    *,
    budgets: BudgetOptions,
    compute: LawOptions,
    tolerance: Annotated[
        str | None,
        typer.Option("--tolerance", metavar="1%", help="Accept answers that miss the target by at most this share."),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option("--top", metavar="N", help="Show this many answers. [default: 5, or 20 for several sizes]"),
    ] = None,
    order: Annotated[
        str,
        typer.Option(
            "--order",
            metavar="WHAT",
            help="Show usual shapes first, or sort by error, depth, width or aspect.",
        ),
    ] = "shape",
    shape: ShapeOptions,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Add what one more layer costs, and how much of each other size costs the same."
        ),
    ] = False,
    run: RunOptions,
    page: Page,
) -> None:
    """Find the sizes that meet a number of parameters.

    With one unknown the answer is a closed form and integers near it; with several it lists configurations.
    """
    from bertsym.answers.sizes import sizes
    from bertsym.convention import select
    from bertsym.errors import Conflict
    from bertsym.solving.constraints import parse_constraint, parse_ties
    from bertsym.solving.request import Order, Request

    loaded = options.load(target, head, model_type)
    allocation = compute.allocation(goal, of, convention)
    if allocation is not None:
        goal, convention = str(allocation.optimum.parameters), allocation.law.convention
    of, convention = _counted(of, convention, goal, unknowns, budgets)
    measured, conventions, beside = _measured(loaded, of, convention, budgets, run)
    model = options.within_positions(_model(measured, at, unknowns, tie), loaded)
    chosen = select(conventions(convention), model.tensors, options.split(only), options.split(without))
    symbols = _unknowns(unknowns, model)
    limits = budgets.limits(beside, of, model, chosen, conventions)
    wanted = _target(goal, chosen, limits)
    ties = parse_ties(tie or (), model.size)
    ordering = Order.named(order)
    multiples, multiple = _multiples(multiple_of, model)
    count = _top(top, 20 if len(symbols) > 1 else 5)
    within = options.tolerance(tolerance)
    bounds: dict[Symbol, tuple[int, int]] = {}
    for text in (part for given in ranges or () for part in options.assignments(given)):
        name, ends = options.size_range(text, model, "--range")
        if name in bounds:
            low, high = bounds[name]
            raise Conflict(f"--range {name}={low}..{high}", f"--range {text}", "a range is given once")
        bounds[name] = ends
    wheres = tuple(parse_constraint(text, model.size) for text in where or ())
    request = Request(
        symbols,
        wanted,
        chosen,
        bounds,
        multiples,
        wheres,
        ties,
        limits,
        within,
        ordering,
        count,
        multiple,
        shape.diverse,
        shape.rules(model),
    )
    with interruptible(), SearchProgress() as progress:
        found = sizes(model, request, progress, explain=explain)
    show(_by_law(allocation, found), page)


def _by_law(allocation: Allocation | None, sizes: Report) -> Report:
    """Return the answer, with the law if a law chose the target."""
    if allocation is None:
        return sizes
    from bertsym.answers.compute_optimal import ComputeOptimal

    return ComputeOptimal(allocation, sizes)


def _model(loaded: Model, at: list[str] | None, unknowns: list[str] | None, tie: list[str] | None) -> Model:
    """Return the model at the given sizes, without the values that it has for sizes to be found."""
    from bertsym.errors import Conflict, NotAnInteger
    from bertsym.solving.constraints import parse_tie
    from bertsym.values import replace

    given = options.sizes(at, loaded)
    try:
        return loaded.with_sizes(given, pin=True) if given else loaded
    except (Conflict, NotAnInteger):
        aside = {*_unknowns(unknowns, loaded), *(parse_tie(text, loaded.size)[0] for text in tie or ())}
        kept = {symbol: number for symbol, number in loaded.given.items() if symbol not in aside}
        if kept == loaded.given:
            raise
        return replace(loaded, given=kept).with_sizes(given, pin=True)


def _apart(names: Iterable[str]) -> Iterator[str]:
    """Yield the names of sizes; blanks stand between some, and a name such as "hidden size" has one itself."""
    from bertsym.cli.mistakes import is_size

    for name in names:
        words = name.split()
        yield from words if len(words) > 1 and all(map(is_size, words)) else [name]


def _unknowns(texts: list[str] | None, model: Model) -> tuple[Symbol, ...]:
    from bertsym.errors import Conflict, Unreadable

    names: dict[Symbol, str] = {}
    for text in texts or ():
        if not options.split([text]):
            raise Unreadable("--for", text, "a size, as in H")
    for name in _apart(options.split(texts) or ["H"]):
        symbol = model.setting(name).symbol
        if symbol in names:
            raise Conflict(f"--for {names[symbol]}", f"--for {name}", "an unknown is named once")
        names[symbol] = name
    return tuple(names)


def _counted(
    of: str | None, convention: str | None, goal: str | None, unknowns: list[str] | None, budgets: BudgetOptions
) -> tuple[str, str | None]:
    """Return the quantity that is counted, and its convention.

    Parameters do not depend on the sizes of a run. If these are the unknowns, the first budget names the quantity.
    """
    from bertsym.solving.request import LARGEST
    from bertsym.symbols import RUN

    runs = {size.name for size in RUN}
    if of is None and goal == LARGEST and set(options.split(unknowns) or ["H"]) <= runs:
        name, _, by = budgets.first_quantity().partition(":")
        return name, convention or by or None
    return of or "parameters", convention


def _measured(
    loaded: Model, of: str, convention: str | None, budgets: BudgetOptions, run: RunOptions
) -> tuple[Model, Callable[[str | None], Convention], dict[str, Measured]]:
    """Return the model with the entries of --of and of each budget, the conventions, and the budgets by name."""
    if not any(name for _, name, _ in budgets.typed):
        return (*options.measured(loaded, of, convention, run.given), {})
    from bertsym.costs import Settings
    from bertsym.solving.budgets import settings_of_target, with_inventory

    settings = Settings(**run.given)  # type: ignore[arg-type]  # typer has checked each
    names = budgets.quantities(of)
    own = settings_of_target(settings, of, names)
    model, conventions = options.measured(loaded, of, convention, {name: getattr(own, name) for name in own.given})
    beside = budgets.measured(loaded, names, settings)
    for budget in beside.values():
        model = with_inventory(model, budget)
    return model, conventions, beside


def _target(goal: str | None, chosen: Convention, limits: tuple[Limit, ...]) -> int | None:
    """Return the target as given, else the first budget by the convention that is counted; None for the largest."""
    from bertsym.errors import Missing
    from bertsym.quantities import parse_amount
    from bertsym.solving.request import LARGEST

    if goal == LARGEST:
        return None
    if goal is not None:
        return parse_amount(goal, chosen.unit, "--target")
    for limit in limits:
        if limit.convention == chosen and not limit.quantity:
            return limit.most if limit.most is not None else limit.least or 0
    raise Missing("target", "--target 110M, --target max, or a budget such as --at-most 110M")


def _multiples(texts: list[str] | None, model: Model) -> tuple[dict[Symbol, int], int | None]:
    from bertsym.errors import Conflict

    named: dict[Symbol, int] = {}
    general: int | None = None
    for text in options.split(texts):
        name, equals, number = text.rpartition("=")
        step = options.positive(number.strip(), "--multiple-of")
        symbol = model.setting(name.strip()).symbol if equals else None
        before = general if symbol is None else named.get(symbol)
        if before is not None:
            first = before if symbol is None else f"{symbol}={before}"
            raise Conflict(f"--multiple-of {first}", f"--multiple-of {text}", "a step is given once")
        if symbol is None:
            general = step
        else:
            named[symbol] = step
    return named, general


def _top(given: int | None, usual: int) -> int:
    from bertsym.errors import Unreadable

    if given is not None and not 1 <= given <= 10_000:
        raise Unreadable("--top", given, "a whole number from 1 to 10000")
    return usual if given is None else given
