"""An answer in the syntax that somebody chose, with the choices of a page: the command line and the library print here.

A renderer is imported when its syntax is chosen, because importing all of them would slow every command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypedDict

from bertsym.errors import Conflict, UnknownName

if TYPE_CHECKING:
    from bertsym.document import Document
    from bertsym.render.sheet import Sheet
    from bertsym.report import Report

SYNTAXES = ("latex", "markdown", "html", "typst", "json", "csv")
TEXT = "text"


class NamesOptions(TypedDict, total=False):
    """Options of formulas: `notation` is bert, vaswani, kaplan or megatron; `rename` maps sizes to names in TeX."""

    notation: str
    rename: Mapping[str, str]


class TableOptions(TypedDict, total=False):
    """Options of tables and numbers, in every syntax but JSON.

    - `columns`: the columns to print, by heading; `heading` maps old headings to new ones.
    - `unit`: K, M, B, T, GFLOPs, GiB or none; `digits` significant digits, or decimal `places`.
    """

    columns: Iterable[str]
    heading: Mapping[str, str]
    unit: str
    digits: int
    places: int


class TextOptions(TableOptions, total=False):
    """Options of every syntax for readers.

    - `legend`: a sentence that says what the symbols stand for.
    - `method`: sentences that say how the numbers were counted.
    """

    legend: bool
    method: bool


class PlainOptions(TextOptions, total=False):
    """Options of plain text: `bars` beside the shares of a total."""

    bars: bool


class MathOptions(TextOptions, NamesOptions, total=False):
    """Options of every syntax with mathematics."""


class MarkdownOptions(MathOptions, total=False):
    """Options of Markdown; `flavor` is the host that renders it: github, hf or jupyter."""

    flavor: str


class HtmlOptions(MathOptions, total=False):
    """Options of HTML: the left side `lhs` of a formula, the mark `punct` behind it, the `caption` of a table."""

    lhs: str
    punct: str
    caption: str


class TypstOptions(HtmlOptions, total=False):
    """Options of Typst: those of HTML, and the `label` of a formula or a table."""

    label: str


class LatexOptions(TypstOptions, total=False):
    """Options of LaTeX: those of Typst, and more.

    - `layout`: bare, inline, equation, equation*, split, align or booktabs.
    - `width`: acl, ieee, neurips, or a length with the size of type, as in "219pt@11"; `math_font`: cm or times.
    - `tex_caption`: a caption that holds TeX; `float`: table, table* or none; `small`, `footnotesize`, `siunitx`.
    - `standalone`: a whole document; `tex_encoding`: ascii or utf8.
    """

    layout: str
    width: str
    math_font: str
    tex_caption: str
    float: str
    small: bool
    footnotesize: bool
    siunitx: bool
    standalone: bool
    tex_encoding: str


OPTIONS: Mapping[str, type[Any]] = {
    "latex": LatexOptions,
    "markdown": MarkdownOptions,
    "html": HtmlOptions,
    "typst": TypstOptions,
    "json": NamesOptions,
    "csv": TableOptions,
    TEXT: PlainOptions,
}
"""The options that have an effect in each syntax."""


def syntaxes_of(option: str) -> list[str]:
    """Return the syntaxes in which an option has an effect.

    >>> syntaxes_of("lhs"), syntaxes_of("siunitx")
    (['latex', 'html', 'typst'], ['latex'])
    """
    return [syntax for syntax, options in OPTIONS.items() if option in options.__annotations__]


@dataclass(frozen=True)
class Choices:
    """The syntax and the options of a page, as typed; `Page` of the command line says what each does."""

    syntax: str = TEXT
    bars: bool = False
    flavor: str = "jupyter"
    notation: str | None = None
    rename: Sequence[str] | None = None
    legend: bool = False
    method: bool = False
    layout: str | None = None
    lhs: str = ""
    punct: str = ""
    width: str | None = None
    math_font: str = "cm"
    caption: str = ""
    columns: Sequence[str] | None = None
    heading: Sequence[str] | None = None
    unit: str = ""
    digits: int | None = None
    places: int | None = None
    siunitx: bool = False
    small: bool = False
    footnotesize: bool = False
    float: str = ""
    tex_caption: str = ""
    label: str = ""
    standalone: bool = False
    tex_encoding: str = "ascii"

    def check(self) -> None:
        """Raise `Conflict` for an option without effect in the syntax."""
        for field in fields(self)[1:]:
            users = syntaxes_of(field.name)
            if getattr(self, field.name) != field.default and self.syntax not in users:
                needed = " or ".join(f"--{name}" for name in users).replace("--text", "no syntax")
                option = f"--{field.name.replace('_', '-')}"
                raise Conflict(option, f"{self.syntax} output", f"pass {needed} with it")

    def sheet(self, document: Document = ()) -> Sheet:
        """Return the checked options for the renderers; `rename` knows the symbols of the document.

        Raises `UnknownName`, `AmbiguousName`, `Unreadable` or `Conflict`.
        """
        from bertsym.legend import symbols_of  # noqa: PLC0415  # text output needs no sheet
        from bertsym.render.captions import checked_tex_caption  # noqa: PLC0415
        from bertsym.render.notation import named_notation, parse_renames  # noqa: PLC0415
        from bertsym.render.sheet import (  # noqa: PLC0415
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
        from bertsym.render.tex_prose import Encoding  # noqa: PLC0415

        math_font, tex_encoding = self.math_font.casefold(), self.tex_encoding.casefold()
        if math_font not in ("cm", "times"):
            raise UnknownName("math font", self.math_font, ("cm", "times"))
        encodings = {encoding.value: encoding for encoding in Encoding}
        if tex_encoding not in encodings:
            raise UnknownName("TeX encoding", self.tex_encoding, encodings)
        names = parse_renames(self.rename or ())
        if self.caption and self.tex_caption:
            raise Conflict("--caption", "--tex-caption", "a table has one caption")
        if self.small and self.footnotesize:
            raise Conflict("--small", "--footnotesize", "a table has one size of type")
        size = TypeSize.FOOTNOTE if self.footnotesize else TypeSize.SMALL if self.small else TypeSize.NORMAL
        return Sheet(
            notation=named_notation(self.notation or "bert").renamed(names, symbols_of(document) if names else ()),
            encoding=encodings[tex_encoding],
            layout=Layout.named(self.layout) if self.layout else None,
            column=column(self.width, times=math_font == "times") if self.width else None,
            caption=checked_tex_caption(self.tex_caption) or checked_caption(self.caption),
            caption_is_tex=bool(self.tex_caption),
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
            from bertsym.render.precision import Precision, at_precision  # noqa: PLC0415  # few answers are rounded

            shown = at_precision(document, Precision(self.unit, self.digits, self.places))
        if self.columns or self.heading:
            from bertsym.render.columns import with_columns  # noqa: PLC0415  # few tables are rearranged

            shown = with_columns(document, shown, self.columns or (), self.heading or ())
        return shown


def printed(
    report: Report, choices: Choices, spell: Callable[[str], str] | None = None, width: int | None = None
) -> str:
    """Return the report in the syntax of the choices.

    `spell` writes words for a stream that lacks characters. `width` is that of the terminal that text is written for.

    Raises `Conflict`, `UnknownName` or `Unreadable` for a wrong choice, `TooNarrow` for a piece wider than the column.
    """
    choices.check()
    if choices.syntax == "json":
        from bertsym.render import jsontext  # noqa: PLC0415  # see the module

        return jsontext.document(report, choices.sheet(report.document() if choices.rename else ()).notation)
    document = _with_sentences(report, choices)
    match choices.syntax:
        case "latex":
            from bertsym.render import latex  # noqa: PLC0415  # see the module

            return latex.document(document, choices.sheet(document))
        case "markdown":
            from bertsym.document import rewritten  # noqa: PLC0415
            from bertsym.render import markdown  # noqa: PLC0415  # see the module

            shown = document if spell is None else rewritten(document, spell)
            return markdown.document(shown, choices.sheet(document).notation, markdown.Flavor.named(choices.flavor))
        case "html":
            from bertsym.render import html  # noqa: PLC0415  # see the module

            return html.document(document, choices.sheet(document))
        case "typst":
            from bertsym.render import typst  # noqa: PLC0415  # see the module

            return typst.document(document, choices.sheet(document))
        case "csv":
            from bertsym.render import csvtext  # noqa: PLC0415  # see the module

            return csvtext.document(document, spell or str)
        case _:
            from bertsym.render import text  # noqa: PLC0415  # see the module

            if choices.bars:
                from bertsym.render.bars import with_bars  # noqa: PLC0415  # few answers have bars

                document = with_bars(document, spell or str, width)
            return text.document(document, spell or str, width)


def _with_sentences(report: Report, choices: Choices) -> Document:
    """Return the document of the report as it was chosen, with the sentences that say what it means."""
    from bertsym.legend import legend, with_own_sizes  # noqa: PLC0415  # JSON has none

    document = choices.arranged(report.document())
    document = (*document, *legend(document)) if choices.legend else with_own_sizes(document)
    if choices.method:
        from bertsym.answers.method import method  # noqa: PLC0415  # few answers have it

        document = (*document, *method(report))
    return document
