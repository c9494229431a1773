"""The options that decide how an answer is printed. A command with a parameter of type `Page` has them all."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache, wraps
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from bertsym.document import Document
    from bertsym.render.sheet import Sheet


SYNTAXES = ("latex", "markdown", "json", "csv")


@dataclass(frozen=True)
class Page:
    """The options that decide how an answer is printed, as typed."""

    latex: Annotated[
        bool, typer.Option("--latex", help="Print LaTeX instead of text; a comment names the packages that it needs.")
    ] = False
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown instead of text, with $...$ mathematics.")
    ] = False
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text, for programs.")] = False
    csv: Annotated[bool, typer.Option("--csv", help="Print the tables as CSV instead of text, for spreadsheets.")] = (
        False
    )
    notation: Annotated[
        str | None,
        typer.Option(
            "--notation", metavar="NAME", help="Name the sizes as this paper does: bert, vaswani, kaplan or megatron."
        ),
    ] = None
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename", metavar="H=TEX", help=r"Give a size another name, as in H=d_{\mathrm{model}}; repeatable."
        ),
    ] = None
    legend: Annotated[bool, typer.Option("--legend", help="Add a sentence that says what the symbols stand for.")] = (
        False
    )
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
        typer.Option("--lhs", metavar="NAME", help="LaTeX: set this name left of the formula, as in P = ..., or none."),
    ] = ""
    punct: Annotated[
        str, typer.Option("--punct", metavar="MARK", help="LaTeX: end the formula with this mark: . , ; or :")
    ] = ""
    width: Annotated[
        str | None,
        typer.Option(
            "--width",
            metavar="COLUMN",
            help="LaTeX: fit a column: acl, ieee, neurips, or points and size of type (8 to 12), as in 219pt@11.",
        ),
    ] = None
    math_font: Annotated[
        str,
        typer.Option(
            "--math-font", metavar="FONT", help="LaTeX: the math font that --width measures, cm or times (mathptmx)."
        ),
    ] = "cm"
    caption: Annotated[str, typer.Option("--caption", metavar="TEXT", help="LaTeX: put this caption on the table.")] = (
        ""
    )
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
    label: Annotated[
        str,
        typer.Option(
            "--label", metavar="KEY", help="LaTeX: label the formula or table with this key, as in tab:sizes."
        ),
    ] = ""
    standalone: Annotated[bool, typer.Option("--standalone", help="LaTeX: print a whole document, not a fragment.")] = (
        False
    )
    tex_encoding: Annotated[
        str,
        typer.Option(
            "--tex-encoding",
            metavar="NAME",
            help="LaTeX: write accented letters as commands (ascii) or as they are (utf8).",
        ),
    ] = "ascii"

    @property
    def syntax(self) -> str:
        """Return latex, markdown, json, csv or text; raises `Conflict` for two, or for an option without use in it."""
        from bertsym.errors import Conflict

        chosen = [name for name in SYNTAXES if getattr(self, name)]
        if len(chosen) > 1:
            raise Conflict(f"--{chosen[0]}", f"--{chosen[1]}", "an answer is printed in one syntax")
        syntax = chosen[0] if chosen else "text"
        for field in fields(self)[len(SYNTAXES) :]:
            if getattr(self, field.name) != field.default and syntax not in _USED_BY.get(field.name, ("latex",)):
                needed = " or ".join(f"--{name}" for name in _USED_BY.get(field.name, ("latex",)))
                option = f"--{field.name.replace('_', '-')}"
                raise Conflict(option, f"{syntax} output", f"pass {needed.replace('--text', 'no syntax')} with it")
        return syntax

    def sheet(self, document: Document = ()) -> Sheet:
        """Return the checked options for the renderers; --rename knows the symbols of the document.

        Raises `UnknownName`, `AmbiguousName`, `Unreadable` or `Conflict`.
        """
        from bertsym.errors import Conflict, UnknownName
        from bertsym.legend import symbols_of
        from bertsym.render.notation import named_notation, parse_renames
        from bertsym.render.sheet import (
            Float,
            Layout,
            Sheet,
            TypeSize,
            checked_caption,
            checked_label,
            checked_left,
            checked_punctuation,
            column,
        )
        from bertsym.render.tex_prose import Encoding

        if self.math_font not in ("cm", "times"):
            raise UnknownName("math font", self.math_font, ("cm", "times"))
        encodings = {encoding.value: encoding for encoding in Encoding}
        if self.tex_encoding not in encodings:
            raise UnknownName("TeX encoding", self.tex_encoding, encodings)
        names = parse_renames(self.rename or ())
        if self.small and self.footnotesize:
            raise Conflict("--small", "--footnotesize", "a table has one size of type")
        size = TypeSize.FOOTNOTE if self.footnotesize else TypeSize.SMALL if self.small else TypeSize.NORMAL
        return Sheet(
            notation=named_notation(self.notation or "bert").renamed(names, symbols_of(document) if names else ()),
            encoding=encodings[self.tex_encoding],
            layout=Layout.named(self.layout) if self.layout else None,
            column=column(self.width, times=self.math_font == "times") if self.width else None,
            caption=checked_caption(self.caption),
            label=checked_label(self.label) if self.label else "",
            standalone=self.standalone,
            left=checked_left(self.lhs),
            punct=checked_punctuation(self.punct),
            float=Float.named(self.float) if self.float else None,
            size=size,
            siunitx=self.siunitx,
        )

    def arranged(self, document: Document) -> Document:
        """Return the document with the columns, headings, unit and digits that were chosen; raises `BertsymError`."""
        shown = document
        if (self.unit, self.digits, self.places) != ("", None, None):
            from bertsym.render.precision import Precision, at_precision

            shown = at_precision(document, Precision(self.unit, self.digits, self.places))
        if self.columns or self.heading:
            from bertsym.render.columns import with_columns

            shown = with_columns(document, shown, self.columns or (), self.heading or ())
        return shown


_USED_BY = {
    **dict.fromkeys(("notation", "rename"), ("latex", "markdown", "json")),
    **dict.fromkeys(("columns", "heading", "unit", "digits", "places"), ("latex", "markdown", "csv", "text")),
    "legend": ("latex", "markdown", "text"),
}


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
