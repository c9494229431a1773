"""Numbers and formulas as TeX commands, for titles, captions, mathematics and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from bertsym.answers.paper_macros import Figure, Figures, letters
from bertsym.document import Inline
from bertsym.errors import Unreadable
from bertsym.render import mathtex, numbers
from bertsym.render.fragment import required
from bertsym.render.notation import BERT, Notation
from bertsym.render.tex_prose import comment
from bertsym.values import value

_PREFIX = re.compile(r"[A-Za-z]{2,40}", re.ASCII)
_VALUE = "Value"
"""The end of the name of a command that holds digits alone, for programs such as pgfplots."""


@value
class Command:
    """A TeX command: its name behind the prefix, and its replacement text."""

    name: str
    tex: str


def definitions(figures: Figures, prefix: str, notation: Notation = BERT, *, provide: bool = False) -> str:
    r"""Return one `\newcommand*` a line, or `\providecommand*`, which keeps a command that is defined already.

    LaTeX refuses a name that is taken, and every name that begins with `end`. Raises `Unreadable`.
    """
    if not _PREFIX.fullmatch(prefix) or prefix.startswith("end"):
        raise Unreadable("--prefix", prefix, "2 to 40 letters, not beginning with end, as in Bert")
    define = r"\providecommand*" if provide else r"\newcommand*"
    subject = figures.subject
    commands = _commands(figures.figures, notation)
    lines = [f"% requires: {line}" for line in sorted(required("".join(command.tex for command in commands)))]
    lines.append(f"% {comment(f'{subject.cls}, {subject.convention.title}: {subject.convention.meaning}')}")
    lines += [f"{define}{{\\{prefix}{command.name}}}{{{command.tex}}}" for command in commands]
    return "\n".join(lines) + "\n"


def _commands(figures: tuple[Figure, ...], notation: Notation) -> list[Command]:
    """Return the commands of each figure; one whose name is taken, as `A` takes that of `a`, has a number in it."""
    commands: dict[str, Command] = {}
    for figure in figures:
        spellings = (figure.name if again == 1 else figure.name + letters(str(again)) for again in count(1))
        written = next(
            written
            for written in (list(_written(name, figure.value, notation)) for name in spellings)
            if not any(command.name in commands for command in written)
        )
        commands |= {command.name: command for command in written}
    return list(commands.values())


def _written(name: str, figure: Inline, notation: Notation) -> Iterator[Command]:
    """Yield the command of a figure, and that of its digits if it is a number with an end."""
    text = numbers.text(figure)
    yield Command(name, rf"\ensuremath{{{mathtex.inline(figure, notation)}}}" if text is None else text)
    digits = numbers.digits(figure)
    if digits is not None:
        yield Command(name + _VALUE, digits)
