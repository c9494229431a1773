"""A piece of LaTeX, with the lines that the preamble of its document needs."""

from __future__ import annotations

from collections.abc import Iterable

from bertsym.values import value

AMSMATH = r"\usepackage{amsmath}"
BOOKTABS = r"\usepackage{booktabs}"
SIUNITX = r"\usepackage{siunitx}"
T1 = r"\usepackage[T1]{fontenc}"
LABELS = r"LaTeX or MathJax: KaTeX has no \label"


@value
class Fragment:
    """TeX for the body of a document; `requires` are lines of its preamble, or words if no package helps."""

    tex: str
    requires: frozenset[str] = frozenset()


def needing(tex: str, *requires: str) -> Fragment:
    """Return a fragment that requires these lines."""
    return Fragment(tex, frozenset(requires))


def joined(fragments: Iterable[Fragment]) -> Fragment:
    """Return the fragments one below the other."""
    parts = list(fragments)
    return Fragment("\n".join(part.tex for part in parts), frozenset().union(*(part.requires for part in parts)))
