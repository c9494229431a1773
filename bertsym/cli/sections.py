"""The help pages: options and commands under headings, and the short help of `bertsym` alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import typer
import typer.core

from bertsym.cli.mistakes import refused, unexpected
from bertsym.cli.page import Page
from bertsym.cli.plain_values import read_plainly
from bertsym.cli.run_options import RunOptions
from bertsym.errors import BertsymError, echo, suggestion
from bertsym.printing import syntaxes_of
from bertsym.values import value

SHORT = """\
Count the parameters of BERT and its relatives: exact formulas, exact numbers.

  bertsym total bert-base-uncased    the formula and the number
  bertsym show bert-base-uncased     the parts, with their shares
  bertsym explain bert               the formula, derived step by step
  bertsym solve --target 110M        sizes for a number of parameters
  bertsym audit "85M"                the parameters that a number counts
  bertsym page bert -o bert.html     a web page with a slider for each size

`bertsym models llama` lists models, and `bertsym symbols H` explains a symbol.
`bertsym --help` lists all commands, `bertsym help COMMAND` the options of one.
"""

RUN = "Quantities beside parameters (--of)"
OUTPUT = "Output"
LATEX = "LaTeX (with --latex)"


def _headings() -> Mapping[str, str]:
    """Return the heading of each option that does not stand under "Options", by the name of its parameter."""
    of_page = {field.name: LATEX if syntaxes_of(field.name) == ["latex"] else OUTPUT for field in fields(Page)}
    return {**of_page, **{field.name: RUN for field in fields(RunOptions)}}


HEADINGS = _headings()

COMMANDS: Mapping[str, str] = {
    **dict.fromkeys(("total", "show", "tensors", "explain", "diff", "roofline"), "Count a model"),
    **dict.fromkeys(("solve", "config", "sweep", "tradeoff", "compare", "plot", "page"), "Choose a model"),
    **dict.fromkeys(("macros", "embed", "audit", "verify", "derive"), "Write and check"),
    **dict.fromkeys(("models", "symbols", "help"), "Look up"),
}
"""The heading of each command in the list; one without stands under "Commands"."""

SYNONYMS: Mapping[str, str] = {
    **dict.fromkeys(("count", "counts", "parameters", "params", "formula"), "total"),
    **dict.fromkeys(("breakdown", "parts", "table", "summary"), "show"),
    **dict.fromkeys(("list", "search", "info"), "models"),
    **dict.fromkeys(("find", "size", "sizes"), "solve"),
    **dict.fromkeys(("check", "claim"), "audit"),
    **dict.fromkeys(("derivative", "gradient"), "diff"),
    **dict.fromkeys(("checkpoint", "load"), "verify"),
    **dict.fromkeys(("glossary", "conventions"), "symbols"),
    "figure": "plot",
    "why": "explain",
    "latency": "roofline",
}
"""Words that people try, and the command that they mean."""

OF_THE_ROOT: Mapping[str, str] = {
    "version": "--version",
    **dict.fromkeys(("citation", "cite", "bibtex"), "--citation"),
    **dict.fromkeys(("completion", "install-completion"), "--install-completion"),
}
"""Words that people try as commands, and the option that they mean."""

Row = tuple[str, str]

# The base of click's usage errors. typer 0.28 contains a copy of click, and older versions import it.
_UsageError: Any = typer.BadParameter.__mro__[1]


@value
class UnknownCommand(BertsymError):
    """A first word that is no command; `advice` says what to type, if it is something else.

    >>> print(UnknownCommand("totl", ("total", "show")))
    no command 'totl': did you mean total?
    >>> print(UnknownCommand("zzz", ("total", "show")))
    no command 'zzz': `bertsym --help` lists the commands
    """

    name: str
    known: tuple[str, ...]
    advice: str = ""

    def __str__(self) -> str:
        meant = SYNONYMS.get(self.name.casefold())
        close = f"did you mean {meant}?" if meant in self.known else suggestion(self.name, self.known)
        if not close.startswith("did"):
            close = "`bertsym --help` lists the commands"
        return f"no command {echo(self.name)}: {self.advice or close}"


def unknown_command(name: str, known: Iterable[str]) -> UnknownCommand:
    """Return the error for a first word that is no command: it may be a model, a count or a size."""
    from bertsym import atlas
    from bertsym.names.mistaken import advice
    from bertsym.names.reading import spelled
    from bertsym.resolve import is_path
    from bertsym.zoo import ARCHITECTURES

    if (option := OF_THE_ROOT.get(name.casefold())) is not None:
        return UnknownCommand(name, tuple(known), f"an option: `bertsym {option}`")
    if is_path(name) or spelled(name, (*ARCHITECTURES, *atlas.index())) is not None:
        quoted = name if re.fullmatch(r"[\w./-]+", name, re.ASCII) else "MODEL"
        return UnknownCommand(name, tuple(known), f"it is a model: `bertsym total {quoted}` counts it")
    return UnknownCommand(name, tuple(known), advice(name))


def _write(formatter: Any, rows: Iterable[tuple[str, Row]]) -> None:
    """Write rows under their headings, in the order in which the headings come first."""
    sections: dict[str, list[Row]] = {}
    for heading, row in rows:
        sections.setdefault(heading, []).append(row)
    for heading, listed in sections.items():
        with formatter.section(heading):
            formatter.write_dl(listed)


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _write_options(command: Any, context: Any, formatter: Any) -> None:
    """Write the arguments, the options, and under headings of their own those of other quantities and of output."""
    rows: list[tuple[str, Row]] = []
    order = ("Arguments", "Options", RUN, OUTPUT, LATEX)
    for parameter in command.get_params(context):
        row = parameter.get_help_record(context)
        if row is None:
            continue
        heading = "Arguments" if _is_argument(parameter) else HEADINGS.get(parameter.name, "Options")
        name = str(parameter.metavar) if _is_argument(parameter) else row[0]
        rows.append((heading, (name, _capitalised(row[1].removeprefix("LaTeX: ")) if heading == LATEX else row[1])))
    _write(formatter, sorted(rows, key=lambda pair: order.index(pair[0])))


def _commands(context: Any) -> Mapping[str, Any]:
    """Return all commands by name; none for a command that runs alone, as in a marker."""
    return getattr(context.find_root().command, "commands", {})


def _given(command: Any, context: Any) -> list[str]:
    """Return the words that the arguments of a command have taken from the command line."""
    given = []
    for parameter in command.params:
        source = context.get_parameter_source(parameter.name)
        if _is_argument(parameter) and source is not None and source.name == "COMMANDLINE":
            taken = context.params[parameter.name]
            given += [taken] if isinstance(taken, str) else list(taken)
    return given


class Command(typer.core.TyperCommand):
    """A command whose help has its options under headings, and whose errors say what to type."""

    # The parser keeps words without a place, and `parse_args` says what to type instead.
    allow_extra_args = True

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of a command line; raises `Misused`."""
        words = list(args)
        try:
            rest: list[str] = super().parse_args(ctx, args)
        except _UsageError as error:
            raise refused(ctx.info_name, error, words, self, _commands(ctx)) from None
        if rest and not ctx.resilient_parsing:
            raise unexpected(ctx.info_name, rest, _given(self, ctx), self)
        return rest

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, each with a reader that imports nothing."""
        return read_plainly(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words of the usage: the names of arguments stand as they are, with their own brackets."""
        return [str(self.options_metavar), *(str(p.metavar) for p in self.get_params(ctx) if _is_argument(p))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options."""
        _write_options(self, ctx, formatter)


class Root(typer.core.TyperGroup):
    """The group of all commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words before the command; raises `Misused`."""
        words = list(args)
        try:
            rest: list[str] = super().parse_args(ctx, args)
        except _UsageError as error:
            raise refused(ctx.info_name, error, words, self, self.commands) from None
        return rest

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, each with a reader that imports nothing."""
        return read_plainly(super().get_params(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options and the commands."""
        _write_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # the signature is the library's
        """Write the commands, each with its summary, under headings; the names stand in one column."""
        width = max(map(len, self.commands))
        _write(
            formatter,
            (
                (COMMANDS.get(name, "Commands"), (name.ljust(width), command.get_short_help_str(formatter.width)))
                for name, command in self.commands.items()
                if not command.hidden
            ),
        )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command of the first word; raises `UnknownCommand`."""
        name = args[0]
        if not name.startswith("-") and name not in self.commands and not ctx.resilient_parsing:
            raise unknown_command(name, self.commands)
        return super().resolve_command(ctx, args)
