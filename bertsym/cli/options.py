"""The options that commands share, and their texts as values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from sympy import Symbol

    from bertsym.algebra import Value
    from bertsym.answers.run_verification import RunVerification
    from bertsym.convention import Convention
    from bertsym.model import Model
    from bertsym.symbols import Size


NO_SETTINGS: Mapping[str, str | int | tuple[str, ...]] = MappingProxyType({})


Target = Annotated[
    str,
    typer.Argument(
        metavar="[MODEL]",
        help="A model type (bert), a published model (bert-base-uncased, 'Llama 3.1 8B'), or a path of a config.json.",
        show_default=True,
    ),
]
At = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        metavar="H=1024,L=24",
        help="Set sizes under any of their names: H=1024, hidden_size=1024; repeatable. `bertsym symbols` lists them.",
    ),
]
HeadName = Annotated[
    str | None,
    typer.Option(
        "--head",
        metavar="NAME",
        help="Count the model with this task head, such as masked-lm or mlm; `--head model` has none.",
    ),
]
ModelType = Annotated[
    str | None,
    typer.Option(
        "--model-type",
        metavar="TYPE",
        help="Read a config.json as this type of transformers, such as gpt2; for files that name none.",
    ),
]
ConventionName = Annotated[
    str,
    typer.Option(
        "--convention",
        metavar="NAME",
        help="Which parameters count: exact (all), non-embedding, matrices, layers-only, active or state-dict.",
    ),
]
Of = Annotated[
    str,
    typer.Option(
        "--of",
        metavar="QUANTITY",
        help="Count parameters, flops, cache, states, memory or lora; a run has sizes too, as in --at B=1,S=512.",
    ),
]
ConventionOf = Annotated[
    str | None,
    typer.Option(
        "--convention",
        metavar="NAME",
        help="What counts, and how often: exact, active, ... for parameters; `bertsym symbols` lists all.",
    ),
]
Dtype = Annotated[
    str | None,
    typer.Option(
        "--dtype", metavar="TYPE", help="cache, states, memory: the type of numbers, such as bf16 or float32."
    ),
]
Optimizer = Annotated[
    str | None,
    typer.Option(
        "--optimizer", metavar="NAME", help="states: adamw, adamw8bit, amsgrad, sgd, momentum, adagrad or adafactor."
    ),
]
Rank = Annotated[int | None, typer.Option("--rank", metavar="R", help="lora: the rank of the adapter.")]
Targets = Annotated[
    list[str] | None,
    typer.Option("--targets", metavar="NAME,NAME", help="lora: the modules that it adapts, such as q_proj,v_proj."),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="PART",
        help="Count only this component, role or module, such as attention or bias; repeatable.",
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="PART", help="Leave out this component, role or module; repeatable."),
]
FormName = Annotated[
    str,
    typer.Option(
        "--form",
        metavar="FORM",
        help="How to write a formula: expanded into terms, collected by depth and width, factored, nested in brackets, "
        "or dominant, which has its largest terms only; for `total` also components, a line for each part.",
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--name",
        metavar="[MODEL=]NAME",
        help="Print this name for a model: for MODEL, or for the models in their order; repeatable.",
    ),
]
Notation = Annotated[
    str | None,
    typer.Option(
        "--notation", metavar="NAME", help="Name the sizes as this paper does: bert, vaswani, kaplan or megatron."
    ),
]
Rename = Annotated[
    list[str] | None,
    typer.Option(
        "--rename", metavar="H=TEX", help=r"Give a size another name, as in H=d_{\mathrm{model}}; repeatable."
    ),
]
Flavor = Annotated[
    str,
    typer.Option(
        "--flavor",
        metavar="HOST",
        help="Markdown: write mathematics as this host renders it: github, hf (model cards) or jupyter.",
    ),
]
Standalone = Annotated[bool, typer.Option("--standalone", help="LaTeX: print a whole document, not a fragment.")]
TexEncoding = Annotated[
    str,
    typer.Option(
        "--tex-encoding",
        metavar="NAME",
        help="LaTeX: write accented letters as commands (ascii) or as they are (utf8).",
    ),
]
Latex = Annotated[bool, typer.Option("--latex", help="Print LaTeX instead of text; it needs no package.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown instead of text, with $...$ mathematics.")]
Html = Annotated[bool, typer.Option("--html", help="Print HTML instead of LaTeX, with MathML that needs no script.")]
Typst = Annotated[bool, typer.Option("--typst", help="Print Typst instead of LaTeX.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text, for programs.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print the tables as CSV instead of text, for spreadsheets.")]


def split(texts: Iterable[str] | None) -> list[str]:
    """Return comma-separated and repeated values as one list."""
    return [part.strip() for text in texts or () for part in text.split(",") if part.strip()]


_ASCII = str.maketrans("＝，；：　", "=,;: ")  # a keyboard for Chinese types these
LONGEST_NAME = 200
"""The characters among which the name of a setting is looked for; the longest path of a field has 80."""
_NAME_AT_THE_END = re.compile(r"[^\W\d][\w.]*(?:[ \t-]+[^\W\d][\w.]*)*\s*$")


def assignments(text: str) -> list[str]:
    """Divide settings at commas, semicolons and blanks; a comma between digits groups them.

    >>> assignments("V=30,522, hidden size = 768 L=12")
    ['V=30,522', 'hidden size=768', 'L=12']
    """
    *parts, last = re.split("=+", text.translate(_ASCII))
    if not parts:
        return [text]
    name, *between = parts
    result = []
    for part in between:
        value, following = _divided(part)
        result.append(f"{name.strip()}={value}")
        name = following
    return [*result, f"{name.strip()}={last.strip().rstrip(',;').rstrip()}"]


def _divided(text: str) -> tuple[str, str]:
    """Divide the text between two equals signs into a value and the name behind it, which may have blanks."""
    value, mark, name = (part.strip() for part in _rpartition(text.strip()))
    if mark:
        return value, name
    words = text.split()
    name = found[0] if (found := _NAME_AT_THE_END.search(text[-LONGEST_NAME:])) else ""
    name = " ".join(words[1:]) if len(name.split()) == len(words) else name.strip()
    return text.strip()[: len(text.strip()) - len(name)].strip(), name


def _rpartition(text: str) -> tuple[str, str, str]:
    """Divide a text at the last comma, semicolon or line's end before a name."""
    found = list(re.finditer(r"(?<![,;\n])[,;\n]+(?=\s{0,80}[^\W\d])", text))
    return (text[: found[-1].start()], found[-1][0], text[found[-1].end() :]) if found else ("", "", text)


def pairs(texts: Iterable[str] | None, option: str, expected: str) -> dict[str, str]:
    """Return `d=H,h=heads` as a mapping; raises `Unreadable` with what the option expects."""
    from bertsym.errors import Unreadable

    result: dict[str, str] = {}
    for pair in split(texts):
        name, equals, text = pair.partition("=")
        if not equals:
            raise Unreadable(option, pair, expected)
        result[name.strip()] = text.strip()
    return result


def sizes(texts: Iterable[str] | None, of: Model | None = None) -> dict[Symbol, Value]:
    """Read `H=1024,hidden_size=1024` as sizes: `of` a model if there is one, else the registered ones.

    Raises `UnknownName`, `AmbiguousName`, `Unreadable` or `Conflict`.
    """
    from bertsym.errors import Conflict, Unreadable
    from bertsym.symbols import lookup

    given: dict[Symbol, Value] = {}
    typed: dict[Symbol, str] = {}
    for text in texts or ():
        for pair in assignments(text):
            name, equals, value = (part.strip() for part in pair.partition("="))
            if not equals:
                raise Unreadable("--at", pair, "SIZE=NUMBER, as in H=1024")
            size = lookup(name) if of is None else of.setting(name)
            exact = _value(size, value.removeprefix("=").strip())
            if given.setdefault(size.symbol, exact) != exact:
                before = f"{typed[size.symbol]}={given[size.symbol]}"
                raise Conflict(before, f"{name}={exact}", f"{size.name} was given twice by --at")
            typed.setdefault(size.symbol, name)
    return given


def run_sizes(texts: Iterable[str] | None, loaded: Model) -> dict[Symbol, Value]:
    """Read the sizes of a model and of a run, such as B and S."""
    from bertsym.symbols import beside
    from bertsym.values import replace

    return sizes(texts, replace(loaded, architecture=replace(loaded.architecture, accepted=beside(loaded.symbols))))


def _value(size: Size, text: str) -> Value:
    from bertsym.arguments import size_value
    from bertsym.errors import Unreadable
    from bertsym.model import check_value

    try:
        return check_value(size, size_value(size, text))
    except Unreadable as error:
        raise Unreadable(size.title, text, error.expected) from None


def positive(text: str, option: str) -> int:
    """Read a whole number of at least 1; raises `Unreadable`, which names the option."""
    from bertsym.errors import Unreadable
    from bertsym.quantities import parse_size

    number = parse_size(text, option, "a whole number of at least 1")
    if number.denominator != 1 or number < 1:
        raise Unreadable(option, text, "a whole number of at least 1")
    return number.numerator


def size_range(text: str, model: Model, option: str) -> tuple[Symbol, tuple[int, int]]:
    """Read `L=2..96` as a size of a model and two ends; raises `Unreadable`, which names the option."""
    from bertsym.errors import Unreadable
    from bertsym.model import check_value
    from bertsym.quantities import parse_size

    name, equals, bounds = text.partition("=")
    low, dots, high = bounds.partition("..")
    if not equals or not dots:
        raise Unreadable(option, text, "SIZE=LOW..HIGH, as in L=2..96")
    size = model.setting(name.strip())
    if ":" in high:
        raise Unreadable(option, text, f"SIZE=LOW..HIGH, and a step in an option of its own: --multiple-of {name}=4")
    ends = []
    for end in (low.strip(), high.strip()):
        number = check_value(size, parse_size(end, size.title, size.expected))
        if number != int(number):
            raise Unreadable(size.title, end, "a whole number to search from")
        ends.append(int(number))
    return size.symbol, (ends[0], ends[1])


def load(target: str, head: str | None, model_type: str | None = None) -> Model:
    """Return the model that MODEL, --head and --model-type name; print its notes on standard error."""
    from bertsym.cli.streams import note
    from bertsym.resolve import load as resolved

    loaded = resolved(target, head, model_type)
    for line in loaded.notes:
        note(f"note: {line}")
    return loaded


def model(target: str, head: str | None, at: Iterable[str] | None, model_type: str | None = None) -> Model:
    """Return the model that MODEL, --head, --model-type and --at name together."""
    loaded = load(target, head, model_type)
    given = sizes(at, loaded) if at else {}
    return loaded.with_sizes(given, pin=True) if given else loaded


def sizes_apart(loaded: Model, at: Iterable[str] | None) -> tuple[Model, dict[Symbol, int]]:
    """Return the model at the sizes of --at, and the sizes of a run in it, which the model itself does not have."""
    from bertsym.symbols import B, S, S_source, r

    run = {str(symbol): symbol for symbol in (B, S, S_source, r) if str(symbol) not in map(str, loaded.symbols)}
    texts = [pair for text in at or () for pair in assignments(text)]
    of_run = [pair for pair in texts if pair.partition("=")[0].strip() in run]
    given = sizes([pair for pair in texts if pair not in of_run], loaded)
    values = {
        run[name.strip()]: int(_value(run[name.strip()].size, number.strip()))
        for name, _, number in (pair.partition("=") for pair in of_run)
    }
    return (loaded.with_sizes(given, pin=True) if given else loaded), values


def convention(
    name: str, chosen: Model, only: Iterable[str] | None = None, without: Iterable[str] | None = None
) -> Convention:
    """Return the convention that --convention, --only and --without name together."""
    from bertsym.convention import named_convention, select

    return select(named_convention(name), chosen.tensors, split(only), split(without))


def settings(
    dtype: str | None,
    optimizer: str | None,
    rank: int | None,
    targets: Iterable[str] | None,
    zero: int | None = None,
    devices: int | None = None,
    kernel: str | None = None,
) -> dict[str, str | int | tuple[str, ...]]:
    """Return the settings of a run that the user gave, by name."""
    adapter = {"rank": rank, "targets": tuple(split(targets)) or None}
    named = {"dtype": dtype, "optimizer": optimizer, **adapter, "zero": zero, "devices": devices, "kernel": kernel}
    return {name: value for name, value in named.items() if value is not None}


def measured(
    loaded: Model, of: str, name: str | None, given: Mapping[str, str | int | tuple[str, ...]]
) -> tuple[Model, Callable[[str | None], Convention]]:
    """Return the model that --of counts, and the conventions under which it is counted, by name.

    The model of another quantity than parameters has the entries of that quantity, under the convention of that name,
    in place of its tensors. Raises `UnknownName`, `Conflict` or `NotKnownOf`.
    """
    from bertsym.convention import named_convention
    from bertsym.errors import Conflict

    if of == "parameters":
        if given:
            raise Conflict(f"--{next(iter(given))}", "--of parameters", "parameters do not depend on it")
        return loaded, lambda title: named_convention(title or "exact")
    from bertsym import costs

    quantity = costs.quantity(of, costs.Settings(**given))  # type: ignore[arg-type]  # typer has checked each
    account = quantity.account(name)
    return costs.measured(loaded, quantity, account), lambda title: quantity.beside(account, title).convention


def counted(
    target: str,
    head: str | None,
    at: Iterable[str] | None,
    model_type: str | None,
    of: str,
    name: str | None,
    only: Iterable[str] | None = None,
    without: Iterable[str] | None = None,
    given: Mapping[str, str | int | tuple[str, ...]] = NO_SETTINGS,
) -> tuple[Model, Convention]:
    """Return the model and the convention that MODEL, --head, --at, --of and --convention name together."""
    from bertsym.convention import select

    loaded = load(target, head, model_type)
    chosen, conventions = measured(loaded, of, name, given)
    values = sizes(at, chosen) if at else {}
    chosen = within_positions(chosen.with_sizes(values, pin=True) if values else chosen, loaded)
    return chosen, select(conventions(name), chosen.tensors, split(only), split(without))


def verified_run(
    target: str,
    head: str | None,
    at: Iterable[str] | None,
    model_type: str | None,
    of: str,
    name: str | None,
    given: Mapping[str, str | int | tuple[str, ...]],
) -> RunVerification:
    """Return the comparison of --of with a run of the class that MODEL, --head and --at name."""
    from bertsym import costs
    from bertsym.answers.run_verification import run_verification

    settings = costs.Settings(**given)  # type: ignore[arg-type]  # typer has checked each
    loaded = load(target, head, model_type)
    quantity = costs.quantity(of, settings)
    measure = costs.Measure(quantity, quantity.account(name), loaded, settings)
    values = sizes(at, measure.measured) if at else {}
    return run_verification(measure, measure.measured.with_sizes(values, pin=True))


def every_convention(
    target: str,
    head: str | None,
    at: Iterable[str] | None,
    model_type: str | None,
    of: str,
    given: Mapping[str, str | int | tuple[str, ...]],
) -> dict[Convention, Model]:
    """Return each convention of --of that the model has, with the model that has the entries which it sums.

    A convention that needs what is not known of a derived model is left out, unless it is the only one.
    """
    from bertsym.convention import CONVENTIONS
    from bertsym.errors import NotKnownOf

    loaded = load(target, head, model_type)
    names: Iterable[str] = CONVENTIONS
    if of != "parameters":
        from bertsym import costs

        quantity = costs.quantity(of, costs.Settings(**given))  # type: ignore[arg-type]  # typer has checked each
        names = [account.convention.name for account in quantity.accounts]
    models: dict[Convention, Model] = {}
    unknown: NotKnownOf | None = None
    for name in names:
        try:
            chosen, conventions = measured(loaded, of, name, given)
        except NotKnownOf as error:
            unknown = unknown or error
            continue
        values = sizes(at, chosen) if at else {}
        models[conventions(name)] = within_positions(chosen.with_sizes(values, pin=True) if values else chosen, loaded)
    if unknown is not None and not models:
        raise unknown
    return models


def within_positions(measured: Model, loaded: Model) -> Model:
    """Return the model that --of counts, with sequences that its learned positions serve; raises `Conflict`."""
    if measured.architecture is loaded.architecture:
        return measured
    from bertsym.costs import within_positions

    return within_positions(measured, loaded)


def tolerance(text: str | None) -> Fraction | None:
    """Return the share that --tolerance names as a percentage, exactly; None without it."""
    from bertsym.errors import Unreadable
    from bertsym.quantities import parse_size

    if text is None:
        return None
    expected = "a percentage such as 1% or 0.5%"
    if not text.endswith("%"):
        raise Unreadable("--tolerance", text, expected)
    try:
        return parse_size(text[:-1].strip(), "--tolerance", expected) / 100
    except Unreadable:
        raise Unreadable("--tolerance", text, expected) from None
