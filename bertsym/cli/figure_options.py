"""The options that decide how a figure is printed or drawn, for a command with a parameter of type `FigureOptions`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli import options
from bertsym.cli.page import Page

if TYPE_CHECKING:
    from bertsym.render.figures.source import Environment, Layout

SOURCE = "tex"
PICTURES = ("pdf", "svg", "png")
# The syntaxes of the numbers of a figure.
PRINTED = ("text", "markdown", "json", "csv")
# The syntaxes that an option has an effect in, if not in all.
_USED_BY = {
    "font": PICTURES,
    "width": (SOURCE, *PICTURES),
    **dict.fromkeys(("caption", "label", "float", "standalone", "tex_encoding"), (SOURCE,)),
}
# The options that a figure shares with an answer in text.
_OF_PAGE = ("markdown", "json", "csv", "notation", "rename", "width", "caption", "label", "standalone", "tex_encoding")


@dataclass(frozen=True)
class FigureOptions:
    """The file, the syntax, the measures and the words of a figure, as typed."""

    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the figure to FILE: .tex, .pdf, .svg or .png."),
    ] = None
    latex: Annotated[bool, typer.Option("--latex", help="Print the figure as source for pgfplots.")] = False
    layout: Annotated[
        str | None,
        typer.Option("--layout", metavar="NAME", help="Print source for this package: pgfplots, as --latex, or tikz."),
    ] = None
    markdown: options.Markdown = False
    json: options.AsJson = False
    csv: options.AsCsv = False
    notation: options.Notation = None
    rename: options.Rename = None
    width: Annotated[
        str | None,
        typer.Option(
            "--width",
            metavar="COLUMN",
            help="Width of the figure with its labels: acl, ieee, neurips, or a length as in 219pt@11 or 8cm.",
        ),
    ] = None
    font: Annotated[
        str | None,
        typer.Option(
            "--font", metavar="NAME", help="Set a picture in times, cm or sans. Source takes the fonts of the paper."
        ),
    ] = None
    caption: Annotated[
        str, typer.Option("--caption", metavar="TEXT", help="LaTeX: make the figure a float with this caption.")
    ] = ""
    label: Annotated[
        str,
        typer.Option("--label", metavar="KEY", help="LaTeX: make the figure a float with this label, as in fig:parts."),
    ] = ""
    float: Annotated[
        str,
        typer.Option(
            "--float", metavar="NAME", help="LaTeX: put the figure into this float, figure or figure*, or into none."
        ),
    ] = ""
    standalone: options.Standalone = False
    tex_encoding: options.TexEncoding = "ascii"

    @property
    def syntax(self) -> str:
        """Return text, markdown, json, csv, tex, pdf, svg or png; raises `Conflict`, `UnknownName` or `Unreadable`."""
        from bertsym.errors import Conflict

        typed = {
            f"--layout {self.layout}": SOURCE if self.layout else "",
            "--latex": SOURCE if self.latex else "",
            "--markdown": "markdown" if self.markdown else "",
            "--json": "json" if self.json else "",
            "--csv": "csv" if self.csv else "",
            f"-o {self.output}": self._suffix if self.output is not None else "",
        }
        chosen = {option: syntax for option, syntax in typed.items() if syntax}
        if len(set(chosen.values())) > 1:
            first, *others = chosen
            second = next(option for option in others if chosen[option] != chosen[first])
            raise Conflict(first, second, "an answer is printed in one syntax")
        syntax = next(iter(chosen.values()), "text")
        self._check_uses(syntax)
        return syntax

    @property
    def _suffix(self) -> str:
        from pathlib import PurePath

        from bertsym.errors import Unreadable

        suffix = PurePath(self.output or "").suffix.removeprefix(".").casefold()
        if suffix not in (SOURCE, *PICTURES):
            raise Unreadable("--output", self.output or "", "a file whose name ends in .tex, .pdf, .svg or .png")
        return suffix

    def _check_uses(self, syntax: str) -> None:
        """Raise `Conflict` for an option without use in the syntax."""
        from bertsym.errors import Conflict

        for field in fields(self):
            users = _USED_BY.get(field.name, (syntax,))
            if getattr(self, field.name) != field.default and syntax not in users:
                needed = "--latex or -o FILE.tex" if SOURCE in users else "-o FILE.pdf"
                raise Conflict(f"--{field.name.replace('_', '-')}", f"{syntax} output", f"pass {needed} with it")

    @property
    def page(self) -> Page:
        """Return the options that a figure shares with an answer in text."""
        return Page(**{name: getattr(self, name) for name in _OF_PAGE})

    @property
    def environment(self) -> Environment | None:
        """Return the float that was asked for; raises `UnknownName`."""
        from bertsym.render.figures.source import Environment

        return Environment.named(self.float) if self.float else None

    @property
    def drawn_by(self) -> Layout:
        """Return the package that draws the source; raises `UnknownName`."""
        from bertsym.render.figures.source import Layout

        return Layout.named(self.layout) if self.layout else Layout.PGFPLOTS
