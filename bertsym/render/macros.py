"""Figures as TeX commands: a file to input, for titles, captions, mathematics and tables alike."""

from __future__ import annotations

import re

from bertsym.answers.paper_macros import Figures
from bertsym.errors import Unreadable
from bertsym.render import mathtex
from bertsym.render.notation import BERT, Notation
from bertsym.render.tex_prose import comment

_PREFIX = re.compile(r"[A-Za-z]{2,40}", re.ASCII)


def definitions(found: Figures, prefix: str, notation: Notation = BERT, *, provide: bool = False) -> str:
    r"""One `\newcommand*` a line, or `\providecommand*`, which leaves a command alone that is defined already.

    LaTeX itself refuses a name that is taken; names that begin with `end` it never gives away. Raises `Unreadable`.
    """
    if not _PREFIX.fullmatch(prefix) or prefix.startswith("end"):
        raise Unreadable("--prefix", prefix, "2 to 40 letters, not beginning with end, as in Bert")
    command = r"\providecommand*" if provide else r"\newcommand*"
    subject = found.subject
    lines = [f"% {comment(f'{subject.cls}, {subject.convention.title}: {subject.convention.meaning}')}"]
    for figure in found.figures:
        value = mathtex.inline(figure.value, notation)
        lines.append(f"{command}{{\\{prefix}{figure.name}}}{{\\ensuremath{{{value}}}}}")
    return "\n".join(lines) + "\n"
