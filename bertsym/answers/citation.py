"""The entry of bertsym in a bibliography."""

from __future__ import annotations

from bertsym.version import __version__

KEY = "bertsym"
YEAR = 2026
AUTHORS = "The bertsym authors"
TITLE = "bertsym: symbolic derivation of the parameter counts of {BERT} and its relatives"


def bibtex() -> str:
    """Return the entry for BibTeX and biber, which every style of either sets."""
    fields = {
        "author": f"{{{AUTHORS}}}",
        "title": TITLE,
        "year": str(YEAR),
        "version": __version__,
        "howpublished": "Software",
        "note": f"Version {__version__}",
    }
    lines = [f"  {name} = {{{text}}}," for name, text in fields.items()]
    return "\n".join((f"@misc{{{KEY},", *lines, "}")) + "\n"
