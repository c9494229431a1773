"""The options with which an answer prints in a syntax: those of the command line, under the same names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from bertsym import arguments
from bertsym.errors import UnknownName, Unreadable
from bertsym.printing import Choices


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
    - `width`: acl, ieee, neurips, or points with the size of type, as in "219pt@11"; `math_font`: cm or times.
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


_PAIRS = {"rename": r"{'H': 'h'}", "heading": "{'share': 'Percent'}"}
_LISTS = ("columns",)
_NUMBERS = ("digits", "places")
_SWITCHES = ("legend", "method", "small", "footnotesize", "siunitx", "standalone")


def choices(syntax: str, kind: type[Any], options: Mapping[str, Any]) -> Choices:
    """Return the choices for a syntax; raise `UnknownName` or `Unreadable` for a wrong option."""
    known = kind.__annotations__
    checked: dict[str, Any] = {}
    for name, given in options.items():
        if name not in known:
            raise UnknownName(f"option of {syntax}", name, known)
        if given is not None:
            checked[name] = _checked(name, given)
    return Choices(syntax, **checked)


def _checked(name: str, given: Any) -> Any:
    """Return the option as the command line has it."""
    if name in _PAIRS:
        pairs = arguments.mapping(given, name, _PAIRS[name])
        return [f"{arguments.text(old, name)}={arguments.text(new, name)}" for old, new in pairs.items()]
    if name in _LISTS:
        return arguments.texts(given, name)
    if name in _NUMBERS:
        return arguments.whole(given, name, 1 if name == "digits" else 0)
    if name in _SWITCHES:
        if not isinstance(given, bool):
            raise Unreadable(name, given, "True or False")
        return given
    return arguments.text(given, name)
