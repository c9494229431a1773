"""Reports on standard output, in the syntax that the user chose."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from bertsym.cli import streams
from bertsym.cli.page import Page
from bertsym.errors import BertsymError, echo
from bertsym.printing import printed
from bertsym.values import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from bertsym.document import Inline
    from bertsym.render.notation import Notation
    from bertsym.report import Report


@value
class NoSuchCharacter(BertsymError):
    """An answer in LaTeX, which has one spelling, with characters that the stream's encoding lacks.

    >>> print(NoSuchCharacter("ascii", "日本"))
    standard output is in ascii, which has no '日本', and LaTeX has no other spelling: set PYTHONIOENCODING=utf-8
    """

    encoding: str
    characters: str

    def __str__(self) -> str:
        return (
            f"standard output is in {self.encoding}, which has no {echo(self.characters)}, and LaTeX has no "
            "other spelling: set PYTHONIOENCODING=utf-8"
        )


def show(report: Report, page: Page, *, bars: bool = False) -> None:
    """Print the report as the page says, with bars beside its shares; raises `Conflict` for two syntaxes."""
    syntax = page.syntax
    text = written(report, page, bars=bars)
    if syntax == "latex":
        warn(text)
    emit(text, syntax)


def emit(text: str, syntax: str = "text") -> None:
    """Print an answer that ends in a newline, in the encoding of standard output.

    Raises `NoSuchCharacter` for LaTeX with characters that the encoding lacks.
    """
    named = streams.encoding(sys.stdout)
    if syntax == "json":
        text = _json_escaped(text, named)
    elif syntax == "latex" and named is not None:
        text = _tex_in(text, named)
    elif syntax == "html" and named is not None:
        text = text.encode(named, "xmlcharrefreplace").decode(named)
    elif syntax == "typst" and named is not None:
        text = _typst_in(text, named)
    sys.stdout.write(text)
    sys.stdout.flush()


def _json_escaped(text: str, named: str | None) -> str:
    """Escape what steers a terminal; escape all but ASCII if the encoding lacks a character."""
    if text.isascii() and "\x7f" not in text:
        return text
    from json import dumps as json_string

    whole = named is None or _holds(text, named)

    def escape(match: re.Match[str]) -> str:
        character = match.group()
        return character if whole and character.isprintable() else json_string(character)[1:-1]

    return re.sub(r"[^\x00-\x7e]", escape, text).replace("\x7f", "\\u007f")


def _tex_in(tex: str, named: str) -> str:
    """Spell the comments of TeX for the encoding; raise `NoSuchCharacter` if the rest has no such spelling."""
    from bertsym.render.spelling import holds, spelled

    if tex.isascii() or holds(tex, named):
        return tex
    lines = [spelled(line, named) if line.startswith("%") else line for line in tex.split("\n")]
    lacking = "".join(dict.fromkeys(c for line in lines for c in line if not holds(c, named)))
    if lacking:
        raise NoSuchCharacter(named, lacking)
    return "\n".join(lines)


def _typst_in(text: str, named: str) -> str:
    r"""Spell the comments of Typst for the encoding, and write other characters that it lacks as `\u{2212}`."""
    from bertsym.render.spelling import holds, spelled

    if holds(text, named):
        return text
    return "\n".join(
        spelled(line, named)
        if line.startswith("//")
        else "".join(c if holds(c, named) else f"\\u{{{ord(c):x}}}" for c in line)
        for line in text.split("\n")
    )


def written(report: Report, page: Page, *, bars: bool = False) -> str:
    """Write the report in the syntax of the page, with bars beside its shares."""
    named = streams.encoding(sys.stdout)
    choices = replace(page.choices(), bars=bars)
    return printed(report, choices, None if named is None else _speller(named), streams.width(sys.stdout))


def piece(part: Inline, syntax: str, notation: Notation | None = None, flavor: str = "jupyter") -> str:
    """Write a number for a line of text; LaTeX takes it in mathematics too. Other syntaxes take formulas besides."""
    from bertsym.render.notation import BERT

    names = notation or BERT
    if syntax == "latex":
        from bertsym.render import mathtex

        return mathtex.inline(part, names)
    if syntax == "markdown":
        from bertsym.render import markdown

        return markdown.inline(part, names, markdown.Flavor.named(flavor))
    from bertsym.render.sheet import Sheet

    if syntax == "html":
        from bertsym.render import html

        return html.inline(part, Sheet(notation=names))
    from bertsym.render import typst

    return typst.inline(part, Sheet(notation=names))


def _speller(named: str) -> Callable[[str], str]:
    """Return the writer for the encoding of the stream; a stream that knows every character costs no import."""
    from functools import partial

    from bertsym.render.spelling import spelled

    return partial(spelled, encoding=named)


def _holds(text: str, named: str) -> bool:
    from bertsym.render.spelling import holds

    return holds(text, named)


def warn(tex: str) -> None:
    """Print a note on standard error about characters that pdfLaTeX cannot set."""
    if tex.isascii():
        return
    from bertsym.render.tex_prose import beyond_pdflatex

    strange = beyond_pdflatex(tex)
    if strange:
        streams.note(f"note: {strange[:20]!r} needs XeLaTeX or LuaLaTeX and a font that has it")
