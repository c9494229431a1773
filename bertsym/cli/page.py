"""The options that decide how an answer is printed. A command with a parameter of type `Page` has them all."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache, wraps
from typing import Annotated, Any, get_type_hints

import typer

from bertsym.cli import options
from bertsym.errors import Conflict
from bertsym.printing import SYNTAXES, TEXT, Choices


@dataclass(frozen=True)
class Page:
    """The options that decide how an answer is printed, as typed."""

    latex: Annotated[
        bool, typer.Option("--latex", help="Print LaTeX instead of text; a comment names the packages that it needs.")
    ] = False
    markdown: options.Markdown = False
    json: options.AsJson = False
    csv: options.AsCsv = False
    html: Annotated[
        bool, typer.Option("--html", help="Print HTML instead of text, with MathML that needs no script.")
    ] = False
    typst: Annotated[bool, typer.Option("--typst", help="Print Typst instead of text; it needs no package.")] = False
    flavor: options.Flavor = "jupyter"
    notation: options.Notation = None
    rename: options.Rename = None
    legend: Annotated[bool, typer.Option("--legend", help="Add a sentence that says what the symbols stand for.")] = (
        False
    )
    method: Annotated[
        bool, typer.Option("--method", help="Add sentences for the appendix that say how the numbers were counted.")
    ] = False
    layout: Annotated[
        str | None,
        typer.Option(
            "--layout",
            metavar="NAME",
            help="LaTeX: set formulas bare, inline, or as equation, equation*, split or align; tables by booktabs.",
        ),
    ] = None
    lhs: Annotated[
        str,
        typer.Option("--lhs", metavar="NAME", help="Set this name left of the formula, as in P = ..., or none."),
    ] = ""
    punct: Annotated[
        str, typer.Option("--punct", metavar="MARK", help="End the formula with this mark: . , ; or :")
    ] = ""
    width: Annotated[
        str | None,
        typer.Option(
            "--width",
            metavar="COLUMN",
            help="LaTeX: fit a column: acl, ieee, neurips, or a length and size of type (8 to 12): 219pt@11, 8cm.",
        ),
    ] = None
    math_font: Annotated[
        str,
        typer.Option(
            "--math-font", metavar="FONT", help="LaTeX: the math font that --width measures, cm or times (mathptmx)."
        ),
    ] = "cm"
    caption: Annotated[str, typer.Option("--caption", metavar="TEXT", help="Put this caption on the table.")] = ""
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns", metavar="NAME,NAME", help="Print only these columns of a table, by heading, in this order."
        ),
    ] = None
    heading: Annotated[
        list[str] | None,
        typer.Option(
            "--heading", metavar="OLD=NEW", help="Give a column another heading, as in share=Percent; repeatable."
        ),
    ] = None
    unit: Annotated[
        str, typer.Option("--unit", metavar="NAME", help="Round numbers to K, M, B or T, GFLOPs, GiB ..., or none.")
    ] = ""
    digits: Annotated[
        int | None, typer.Option("--digits", metavar="N", help="Round numbers to N significant digits: 109.5 M.")
    ] = None
    places: Annotated[
        int | None, typer.Option("--places", metavar="N", help="Round numbers to N decimal places of their unit.")
    ] = None
    siunitx: Annotated[
        bool, typer.Option("--siunitx", help="LaTeX: set columns of numbers as S columns of siunitx.")
    ] = False
    small: Annotated[bool, typer.Option("--small", help=r"LaTeX: set tables in \small.")] = False
    footnotesize: Annotated[bool, typer.Option("--footnotesize", help=r"LaTeX: set tables in \footnotesize.")] = False
    float: Annotated[
        str,
        typer.Option(
            "--float", metavar="NAME", help="LaTeX: put the table into this float, table or table*, or into none."
        ),
    ] = ""
    tex_caption: Annotated[
        str,
        typer.Option(
            "--tex-caption",
            metavar="TEX",
            help=r"LaTeX: put this caption on the table; it may hold \cite, \ref, \emph and mathematics.",
        ),
    ] = ""
    label: Annotated[
        str,
        typer.Option("--label", metavar="KEY", help="Label the formula or table with this key, as in tab:sizes."),
    ] = ""
    standalone: options.Standalone = False
    tex_encoding: options.TexEncoding = "ascii"

    @property
    def syntax(self) -> str:
        """Return a syntax or text; raises `Conflict` for two, or for an option without effect in it."""
        choices = self.choices()
        choices.check()
        return choices.syntax

    def choices(self) -> Choices:
        """Return the choices as the library takes them; raises `Conflict` for two syntaxes."""
        chosen = [name for name in SYNTAXES if getattr(self, name)]
        if len(chosen) > 1:
            raise Conflict(f"--{chosen[0]}", f"--{chosen[1]}", "an answer is printed in one syntax")
        others = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in SYNTAXES}
        return Choices(chosen[0] if chosen else TEXT, **others)


def paged(command: Callable[..., None]) -> Callable[..., None]:
    """Replace each parameter of a command whose type is a group of options, such as `Page`, by these options.

    A group is a dataclass whose fields are annotated as options.
    """
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, Any] = {
        name: p.annotation for name, p in signature.parameters.items() if is_dataclass(p.annotation)
    }
    parameters: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        parameters += _options_of(groups[name]) if name in groups else [parameter]

    @wraps(command)
    def run(**given: Any) -> None:
        chosen = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        command(**given, **chosen)

    kinds = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    vars(run)["__signature__"] = signature.replace(parameters=kinds)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


@cache
def _options_of(group: Any) -> list[inspect.Parameter]:
    """Return a parameter for each field of a group of options; a dozen commands share the groups."""
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
