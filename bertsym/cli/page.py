"""The options that decide how an answer is printed. A command with a parameter of type `Page` has them all."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache, wraps
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from bertsym.render.sheet import Sheet


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
    html: Annotated[
        bool, typer.Option("--html", help="Print HTML instead of text, with MathML that needs no script.")
    ] = False
    typst: Annotated[bool, typer.Option("--typst", help="Print Typst instead of text; it needs no package.")] = False
    flavor: Annotated[
        str,
        typer.Option(
            "--flavor",
            metavar="HOST",
            help="Markdown: write mathematics as this host renders it: github, hf (model cards) or jupyter.",
        ),
    ] = "jupyter"
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
            help="LaTeX: break formulas to fit a column: acl, ieee, neurips, or points as in 219pt@11.",
        ),
    ] = None
    math_font: Annotated[
        str,
        typer.Option(
            "--math-font", metavar="FONT", help="LaTeX: the math font that --width measures, cm or times (mathptmx)."
        ),
    ] = "cm"
    caption: Annotated[str, typer.Option("--caption", metavar="TEXT", help="Put this caption on the table.")] = ""
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
        """Return a syntax or text; raises `Conflict` for two, or for an option without use in it."""
        from bertsym.errors import Conflict

        chosen = [name for name in SYNTAXES if getattr(self, name)]
        if len(chosen) > 1:
            raise Conflict(f"--{chosen[0]}", f"--{chosen[1]}", "an answer is printed in one syntax")
        syntax = chosen[0] if chosen else "text"
        for field in fields(self):
            users = (field.name,) if field.name in SYNTAXES else _USED_BY.get(field.name, ("latex",))
            if getattr(self, field.name) != field.default and syntax not in users:
                needed = " or ".join(f"--{name}" for name in users)
                option = f"--{field.name.replace('_', '-')}"
                raise Conflict(option, f"{syntax} output", f"pass {needed.replace('--text', 'no syntax')} with it")
        return syntax

    def sheet(self) -> Sheet:
        """Return the checked options for the renderers; raises `UnknownName`, `Unreadable` or `Conflict`."""
        from bertsym.errors import Conflict, UnknownName
        from bertsym.render.captions import checked_tex_caption
        from bertsym.render.notation import named_notation, parse_renames
        from bertsym.render.sheet import (
            Layout,
            Sheet,
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
        if self.caption and self.tex_caption:
            raise Conflict("--caption", "--tex-caption", "a table has one caption")
        return Sheet(
            notation=named_notation(self.notation or "bert").renamed(parse_renames(self.rename or ())),
            encoding=encodings[self.tex_encoding],
            layout=Layout.named(self.layout) if self.layout else None,
            column=column(self.width, times=self.math_font == "times") if self.width else None,
            caption=checked_tex_caption(self.tex_caption) or checked_caption(self.caption),
            caption_is_tex=bool(self.tex_caption),
            label=checked_label(self.label) if self.label else "",
            standalone=self.standalone,
            left=checked_left(self.lhs),
            punct=checked_punctuation(self.punct),
        )


SYNTAXES = ("latex", "markdown", "html", "typst", "json")
_USED_BY = {
    **dict.fromkeys(("notation", "rename"), SYNTAXES),
    **dict.fromkeys(("legend", "method"), ("latex", "markdown", "html", "typst", "text")),
    "flavor": ("markdown",),
    **dict.fromkeys(("lhs", "punct", "caption"), ("latex", "html", "typst")),
    "label": ("latex", "typst"),
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
