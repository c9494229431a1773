"""Plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from bertsym.document import (
    Alignment,
    Document,
    Element,
    Equation,
    Heading,
    Inline,
    Line,
    Paragraph,
    Remark,
    Result,
    Table,
    Title,
    is_rounded,
)
from bertsym.errors import printable
from bertsym.formulas.tree import Form, Name, Named, Sum
from bertsym.render import words
from bertsym.render.screen import Screen, Spell, wrap
from bertsym.render.text_tables import table_lines
from bertsym.wording import PRETTY

LEAST_BESIDE = 45
"""The room for the sums of an alignment, without which they stand below the products."""


def document(parts: Document, spell: Spell = str, width: int | None = None) -> str:
    """Return the answer for a terminal, ending in a newline.

    `spell` writes out characters that the terminal lacks; without a `width`, lines and tables have their usual ones.
    """
    screen = Screen(spell, width)
    lines: list[str] = []
    before: Element | None = None
    for part in parts:
        block = _element(part, screen)
        if lines and (isinstance(part, Heading | Table) or isinstance(before, Table)):
            lines.append("")
        before = part
        lines.extend(block)
    return "\n".join(lines) + "\n"


def _element(element: Element, screen: Screen) -> list[str]:
    rule = screen.spell("─")
    match element:
        case Title():
            return []
        case Heading():
            title = wrap(screen.run(element.line), screen.line)
            return [*title, rule * max(map(len, title))]
        case Paragraph(parts) | Remark(parts):
            return wrap(screen.run(parts), screen.line)
        case Alignment(lines):
            return _alignment(lines, screen)
        case Equation((Sum((Named(), *_) as terms),)):
            return [f"    {line}" for line in _parts(terms, screen, screen.line - 4)]
        case Equation((left, Sum((Named(), *_) as terms), *others)):
            head = f"    {screen.inline(left)} = "
            first, *rest = _parts(terms, screen, screen.line - len(head))
            further = _broken(_steps_below(others, len(head) - 2, screen), screen.line)
            return [head + first, *(" " * len(head) + line for line in rest), *further]
        case Equation((Name() as name, first, *others)):
            head = f"    {screen.inline(name)} "
            return _broken([f"{head}= {screen.inline(first)}", *(_steps_below(others, len(head), screen))], screen.line)
        case Equation(steps):
            return _broken(_steps(steps, screen, indent=4), screen.line)
        case Result((Sum(terms), *others)) if isinstance(terms[0], Named):
            return [*_parts(terms, screen, screen.line), *_steps_below(others, 0, screen)]
        case Result(steps):  # one line a step, so that programs find the formula whole
            return _steps(steps, screen, indent=0)
        case Table():
            return table_lines(element, screen)


def _broken(lines: list[str], width: int) -> list[str]:
    """Return the lines of an equation, each in as many as the width needs; the further ones stand further in."""
    broken = []
    for line in lines:
        start = len(line) - len(line.lstrip())
        first, *rest = wrap(line.lstrip(), width - start, "      ")
        broken += [" " * start + first, *(" " * start + more for more in rest)]
    return broken


def _steps(steps: tuple[Inline, ...], screen: Screen, indent: int) -> list[str]:
    """Return a line for each step."""
    first, *rest = steps
    return [" " * indent + screen.inline(first), *_steps_below(rest, indent, screen)]


def _alignment(lines: Sequence[Line], screen: Screen) -> list[str]:
    """Return the lines of an alignment; one that is too long has its further steps below each other."""
    labels = [screen.run(line.label) for line in lines]
    starts = [_start(line, screen) for line in lines]
    steps = [[screen.inline(step) for step in line.steps] for line in lines]
    margin = 4 + max(map(len, labels)) + 2
    left = max(map(len, starts))
    beside = margin + left + LEAST_BESIDE <= screen.line or all(not start for start in starts)
    shown = []
    for label, start, each in zip(labels, starts, steps, strict=True):
        if beside:
            gap = start.ljust(left) + (" = " if start else "   ") if left else ""
            parts = [gap + each[0], *(" " * max(len(gap) - 2, 0) + f"= {step}" for step in each[1:])]
            chain = gap + " = ".join(each)
            parts = [chain] if len(chain) <= screen.line - margin else parts
            written = [line for part in parts for line in _hanging(part, screen.line - margin, len(gap))]
        else:
            first, *rest = [start, *each] if start else each
            below = [first, *(f"= {step}" for step in rest)]
            written = [line for step in below for line in wrap(step, screen.line - margin, "      ")]
        heads = [f"    {label}".ljust(margin), *[" " * margin] * (len(written) - 1)]
        shown += [(head + line).rstrip() for head, line in zip(heads, written, strict=True)]
    return shown


def _hanging(text: str, width: int, indent: int) -> list[str]:
    """Return a text in lines of that width; the further ones stand a little further in than the indent."""
    first, *more = wrap(text[indent:], width - indent, "    ")
    return [text[:indent] + first, *(" " * indent + line for line in more)]


def _start(line: Line, screen: Screen) -> str:
    """Return the product that a line starts with, unless it has just the factors of the step, which it has in TeX."""
    start = "" if line.start is None else screen.inline(line.start)
    return "" if sorted(start.split("·")) == sorted(screen.inline(line.steps[0]).split("·")) else start


def _parts(parts: Sequence[Form], screen: Screen, room: int) -> list[str]:
    """Return the named parts of a sum below each other, each with its name at the right."""
    named = [part for part in parts if isinstance(part, Named)]
    room -= 2 + max(len(screen.spell(printable(part.name))) for part in named)
    folded = []
    for index, part in enumerate(named):
        written = words.inline(part.part)
        minus = written.startswith(PRETTY.minus) and index > 0
        sign = f"{PRETTY.minus} " if minus else "+ " if index else ""
        folded.append(wrap(screen.spell(sign + written.removeprefix(PRETTY.minus if minus else "")), room, "    "))
    width = max(len(line) for lines in folded for line in lines)
    return [
        line if number else f"{line.ljust(width)}  {screen.spell(printable(part.name))}"
        for lines, part in zip(folded, named, strict=True)
        for number, line in enumerate(lines)
    ]


def _steps_below(steps: Sequence[Inline], indent: int, screen: Screen) -> list[str]:
    """Return a line for each step, with the sign that stands before it: an equals sign only if nothing is rounded."""
    signs = (screen.spell("≈") if is_rounded(step) else "=" for step in steps)
    return [f"{' ' * indent}{sign} {screen.inline(step)}" for sign, step in zip(signs, steps, strict=True)]
