"""The page as one file: a template, the data, the script, and KaTeX with its fonts; nothing is fetched."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path

from bertsym.answers.explanation import derivation
from bertsym.answers.titles import titles
from bertsym.errors import TooLarge, Unreadable, printable
from bertsym.render import katex
from bertsym.render.notation import BERT, Notation
from bertsym.version import __version__
from bertsym.web_page.model_data import PageModel, model_data

_FOLDER = Path(__file__).parent

MAX_MODELS = 12
MAX_TITLE = 120
# What a mail server or a chat takes, and a browser opens at once.
MAX_BYTES = 1_000_000
LONGEST_DERIVATION = 250_000


def web_page(models: Sequence[PageModel], title: str = "", notation: Notation = BERT) -> str:
    """Return the HTML of a page about models, which are compared if there are several.

    Raises `TooLarge` for too many, `Unreadable` for a title, and what `countable` and `explain` raise.
    """
    if len(models) > MAX_MODELS:
        raise TooLarge("the models of a page", len(models), MAX_MODELS)
    names = tuple(map(printable, titles([shown.model for shown in models])))
    data = {"models": [model_data(shown, name, notation) for shown, name in zip(models, names, strict=True)]}
    derivations = [
        f'<details data-model="{index}"{" hidden" if index else ""}>'
        f"<summary>{escape(name)}, step by step, at the sizes with which the page began</summary>\n"
        f"{_derivation(shown, notation)}\n</details>"
        for index, (name, shown) in enumerate(zip(names, models, strict=True))
    ]
    script, katex_js = _text("model.js") + _text("page.js"), _katex_js()
    css, katex_css = _text("page.css"), _katex_css()
    heading = _checked(title) if title else f"The parameters of {_listed(names)}"
    parts = {
        "title": escape(heading),
        "version": __version__,
        "licence": _text("katex/LICENSE"),
        "script_hashes": f"{_hash(katex_js)} {_hash(script)}",
        "style_hashes": f"{_hash(katex_css)} {_hash(css)}",
        "css": css,
        "katex_css": katex_css,
        "katex_js": katex_js,
        "js": script,
        "data": _embedded(data),
        "derivations": "\n".join(derivations),
    }
    page = _filled(_text("page.html"), parts)
    if len(page.encode()) > MAX_BYTES:
        raise TooLarge("the bytes of a page", len(page.encode()), MAX_BYTES)
    return page


def _derivation(shown: PageModel, notation: Notation) -> str:
    """Return the derivation, or the command that prints one that nobody would read on a page."""
    steps = katex.document(derivation(shown.model, shown.convention).document(), notation)
    if len(steps) <= LONGEST_DERIVATION:
        return steps
    command = escape(printable(" ".join(map(shlex.quote, ("bertsym", "explain", *shown.command[2:])))))
    return f"<p>It has {len(steps):,} characters: <code>{command}</code> prints it.</p>"


def _checked(title: str) -> str:
    if len(title) > MAX_TITLE or not title.isprintable() or not title.strip():
        raise Unreadable("--title", title, f"a text of 1 to {MAX_TITLE} printable characters")
    return title


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """Put the parts into their places in one pass, so that no part is read as a template."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


def _embedded(data: object) -> str:
    r"""Return JSON for a script element, in ASCII and without a character of markup.

    >>> _embedded({"name": "</script><b>&"})
    '{"name":"\\u003c/script\\u003e\\u003cb\\u003e\\u0026"}'
    """
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _hash(text: str) -> str:
    """Return the source of a Content-Security-Policy that allows this script or style alone."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _katex_js() -> str:
    """Return KaTeX's script; its path of tall floors says `MM` for `M`, of which browsers complain."""
    return _text("katex/katex.min.js").replace(r"\nMM", r"\nM")


@cache
def _katex_css() -> str:
    """Return KaTeX's style with its fonts in it; the faces that no formula of bertsym uses are left out."""

    def face(match: re.Match[str]) -> str:
        font = _FOLDER / "katex" / "fonts" / f"{match['name']}.woff2"
        if not font.is_file():
            return ""
        data = b64encode(font.read_bytes()).decode()
        return f'{match["head"]}src:url(data:font/woff2;base64,{data}) format("woff2")}}'

    return re.sub(
        r"(?P<head>@font-face\{[^}]*?)src:url\(fonts/(?P<name>[\w-]+)\.woff2\)[^}]*\}",
        face,
        _text("katex/katex.min.css"),
    )
