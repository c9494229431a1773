"""The entry of bertsym in a bibliography, for BibTeX and biber."""

from __future__ import annotations

import re

from bertsym.answers.citation import AUTHORS, KEY, TITLE, YEAR
from bertsym.version import __version__

_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")
"""Words that a style would set in small letters if they stood without braces."""


def entry() -> str:
    """Return the entry, which every style of BibTeX and biber sets."""
    fields = {
        "author": f"{{{AUTHORS}}}",
        "title": _CAPITALS.sub(lambda word: f"{{{word.group()}}}", TITLE),
        "year": str(YEAR),
        "version": __version__,
        "howpublished": "Software",
        "note": f"Version {__version__}",
    }
    lines = [f"  {name} = {{{text}}}," for name, text in fields.items()]
    return "\n".join((f"@misc{{{KEY},", *lines, "}")) + "\n"
