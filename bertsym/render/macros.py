"""Numbers and formulas as TeX commands, for titles, captions, mathematics and tables."""

from __future__ import annotations

import re

from bertsym.answers.paper_macros import Figures
from bertsym.errors import Unreadable
from bertsym.render import mathtex
from bertsym.render.notation import BERT, Notation
from bertsym.render.tex_prose import comment

_PREFIX = re.compile(r"[A-Za-z]{2,40}", re.ASCII)


def definitions(figures: Figures, prefix: str, notation: Notation = BERT, *, provide: bool = False) -> str:
    r"""Return one `\newcommand*` a line, or `\providecommand*`, which keeps a command that is defined already.

    LaTeX refuses a name that is taken, and every name that begins with `end`. Raises `Unreadable`.
    """
    if not _PREFIX.fullmatch(prefix) or prefix.startswith("end"):
        raise Unreadable("--prefix", prefix, "2 to 40 letters, not beginning with end, as in Bert")
    command = r"\providecommand*" if provide else r"\newcommand*"
    subject = figures.subject
    lines = [f"% {comment(f'{subject.cls}, {subject.convention.title}: {subject.convention.meaning}')}"]
    for figure in figures.figures:
        value = mathtex.inline(figure.value, notation)
        lines.append(f"{command}{{\\{prefix}{figure.name}}}{{\\ensuremath{{{value}}}}}")
    return "\n".join(lines) + "\n"
