"""Plain text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain, zip_longest

from bertsym.document import (
    Alignment,
    Code,
    Column,
    Document,
    Element,
    Equation,
    Heading,
    Inline,
    Line,
    Paragraph,
    Remark,
    Result,
    Scaled,
    Shape,
    Table,
    Title,
    dashed,
    groups,
    is_rounded,
)
from bertsym.errors import printable
from bertsym.formulas.tree import Form, Name, Named, Sum
from bertsym.render import words
from bertsym.wording import PRETTY

WIDTH = 100
"""The width for which lines are broken."""

WIDEST = 120
"""The most columns of a terminal that a table may need, if its cells can be broken."""

_PHASES = (
    ("formula", 40, WIDTH),
    ("number", 0, WIDEST),
    ("words", 24, WIDEST),
    ("formula", 24, WIDEST),
    ("shape", 16, WIDEST),
    ("name", 30, WIDEST),
)
"""The kinds of columns that are narrowed, one after another: each to its least width, until the table has the last.

A column of numbers never gets narrower than its numbers and the words of its title.
"""

LEAST_BESIDE = 45
"""The room for the sums of an alignment, without which they stand below the products."""

Spell = Callable[[str], str]


def document(parts: Document, spell: Spell = str) -> str:
    """Return the answer for a terminal, ending in a newline; `spell` writes out characters that the terminal lacks."""
    lines: list[str] = []
    before: Element | None = None
    for part in parts:
        block = _element(part, spell)
        if lines and (isinstance(part, Heading | Table) or isinstance(before, Table)):
            lines.append("")
        before = part
        lines.extend(block)
    return "\n".join(lines) + "\n"


def _element(element: Element, spell: Spell) -> list[str]:
    rule = spell("─")
    match element:
        case Title():
            return []
        case Heading():
            title = _wrap(_run(element.line, spell))
            return [*title, rule * max(map(len, title))]
        case Paragraph(parts) | Remark(parts):
            return _wrap(_run(parts, spell))
        case Alignment(lines):
            return _alignment(lines, spell)
        case Equation((Sum((Named(), *_) as terms),)):
            return [f"    {line}" for line in _parts(terms, spell, WIDTH - 4)]
        case Equation((left, Sum((Named(), *_) as terms), *others)):
            head = f"    {_inline(left, spell)} = "
            first, *rest = _parts(terms, spell, WIDTH - len(head))
            further = _broken(_steps_below(others, len(head) - 2, spell))
            return [head + first, *(" " * len(head) + line for line in rest), *further]
        case Equation((Name() as name, first, *others)):
            head = f"    {_inline(name, spell)} "
            return _broken([f"{head}= {_inline(first, spell)}", *(_steps_below(others, len(head), spell))])
        case Equation(steps):
            return _broken(_steps(steps, spell, indent=4))
        case Result((Sum(terms), *others)) if isinstance(terms[0], Named):
            return [*_parts(terms, spell, WIDTH), *_steps_below(others, 0, spell)]
        case Result(steps):  # one line a step, so that programs find the formula whole
            return _steps(steps, spell, indent=0)
        case Table():
            return _table(element, spell)


def _inline(part: Inline, spell: Spell) -> str:
    return spell(words.inline(part))


def _run(parts: tuple[Inline, ...], spell: Spell) -> str:
    return spell("".join(map(words.inline, parts)))


def _wrap(text: str, width: int = WIDTH, indent: str = "") -> list[str]:
    """Break a text at its blanks; a piece longer than a line is broken after a dot, a product sign or a slash."""
    import textwrap  # noqa: PLC0415  # only answers with running text pay for it

    pieces = [part for piece in text.split(" ") for part in _pieces(piece, width - len(indent))]
    glued = " ".join(pieces)
    lines = textwrap.wrap(glued, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_SPLIT + " ", "").replace(_SPLIT, "") for line in lines]


_SPLIT = "\u2060"
"""A mark behind a part of a piece that goes on; it takes no room and is removed."""


def _pieces(piece: str, width: int) -> list[str]:
    """Return a piece without a blank in parts that fit the width, each with the mark but for the last."""
    if len(piece) <= width:
        return [piece]
    parts = [""]
    for part in re.findall(r"[^.·/]*[.·/]?", piece):
        if parts[-1] and len(parts[-1]) + len(part) >= width:
            parts.append("")
        parts[-1] += part
    return [*(part + _SPLIT for part in parts[:-1]), parts[-1]]


def _broken(lines: list[str], width: int = WIDTH) -> list[str]:
    """Return the lines of an equation, each in as many as the width needs; the further ones stand further in."""
    broken = []
    for line in lines:
        start = len(line) - len(line.lstrip())
        first, *rest = _wrap(line.lstrip(), width - start, "      ")
        broken += [" " * start + first, *(" " * start + more for more in rest)]
    return broken


def _steps(steps: tuple[Inline, ...], spell: Spell, indent: int) -> list[str]:
    """Return a line for each step."""
    first, *rest = steps
    return [" " * indent + _inline(first, spell), *_steps_below(rest, indent, spell)]


def _alignment(lines: Sequence[Line], spell: Spell) -> list[str]:
    """Return the lines of an alignment; one that is too long has its further steps below each other."""
    labels = [_run(line.label, spell) for line in lines]
    starts = [_start(line, spell) for line in lines]
    steps = [[_inline(step, spell) for step in line.steps] for line in lines]
    margin = 4 + max(map(len, labels)) + 2
    left = max(map(len, starts))
    beside = margin + left + LEAST_BESIDE <= WIDTH or all(not start for start in starts)
    shown = []
    for label, start, each in zip(labels, starts, steps, strict=True):
        if beside:
            gap = start.ljust(left) + (" = " if start else "   ") if left else ""
            parts = [gap + each[0], *(" " * max(len(gap) - 2, 0) + f"= {step}" for step in each[1:])]
            chain = gap + " = ".join(each)
            parts = [chain] if len(chain) <= WIDTH - margin else parts
            written = [line for part in parts for line in _hanging(part, WIDTH - margin, len(gap))]
        else:
            first, *rest = [start, *each] if start else each
            below = [first, *(f"= {step}" for step in rest)]
            written = [line for step in below for line in _wrap(step, WIDTH - margin, "      ")]
        heads = [f"    {label}".ljust(margin), *[" " * margin] * (len(written) - 1)]
        shown += [(head + line).rstrip() for head, line in zip(heads, written, strict=True)]
    return shown


def _hanging(text: str, width: int, indent: int) -> list[str]:
    """Return a text in lines of that width; the further ones stand a little further in than the indent."""
    first, *more = _wrap(text[indent:], width - indent, "    ")
    return [text[:indent] + first, *(" " * indent + line for line in more)]


def _start(line: Line, spell: Spell) -> str:
    """Return the product that a line starts with, unless it has just the factors of the step, which it has in TeX."""
    start = "" if line.start is None else _inline(line.start, spell)
    return "" if sorted(start.split("·")) == sorted(_inline(line.steps[0], spell).split("·")) else start


def _parts(parts: Sequence[Form], spell: Spell, room: int) -> list[str]:
    """Return the named parts of a sum below each other, each with its name at the right."""
    named = [part for part in parts if isinstance(part, Named)]
    room -= 2 + max(len(spell(printable(part.name))) for part in named)
    folded = []
    for index, part in enumerate(named):
        written = words.inline(part.part)
        minus = written.startswith(PRETTY.minus) and index > 0
        sign = f"{PRETTY.minus} " if minus else "+ " if index else ""
        folded.append(_wrap(spell(sign + written.removeprefix(PRETTY.minus if minus else "")), room, "    "))
    width = max(len(line) for lines in folded for line in lines)
    return [
        line if number else f"{line.ljust(width)}  {spell(printable(part.name))}"
        for lines, part in zip(folded, named, strict=True)
        for number, line in enumerate(lines)
    ]


def _steps_below(steps: Sequence[Inline], indent: int, spell: Spell) -> list[str]:
    """Return a line for each step, with the sign that stands before it: an equals sign only if nothing is rounded."""
    signs = (spell("≈") if is_rounded(step) else "=" for step in steps)
    return [f"{' ' * indent}{sign} {_inline(step, spell)}" for sign, step in zip(signs, steps, strict=True)]


def _table(table: Table, spell: Spell) -> list[str]:
    table = dashed(table)
    rows = [[_inline(column.title, spell) for column in table.columns]]
    cells = [row for row in (*table.rows, table.footer) if row]
    aligned = [_aligned([row[index] for row in cells], spell) for index in range(len(table.columns))]
    rows += [list(row) for row in zip(*aligned, strict=True)]
    kinds = [_kind(column, [row[index] for row in table.rows]) for index, column in enumerate(table.columns)]
    widths = _widths(rows, kinds)
    over = _grouped(table, widths, spell)

    def lines(cells: list[str]) -> list[str]:
        folded = [_folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
        return [_line(pieces, widths, table.columns) for pieces in zip_longest(*folded, fillvalue="")]

    rule = spell("─") * (sum(widths) + 2 * (len(widths) - 1))
    head, *body = map(lines, rows)
    below = {0, *table.rules, *((len(table.rows),) if table.footer else ())}
    ruled = ([rule, *row] if index in below else row for index, row in enumerate(body))
    return [*over, *head, *([] if body else [rule]), *chain.from_iterable(ruled)]


def _aligned(cells: Sequence[Inline], spell: Spell) -> list[str]:
    """Return the cells of a column; blanks stand for missing decimals, so that decimal points align."""
    places = [max(0, cell.places) if isinstance(cell, Scaled) else None for cell in cells]
    most = max((own for own in places if own is not None), default=0)
    missing = (0 if own is None or own == most else most - own + (own == 0) for own in places)
    return [_inline(cell, spell) + " " * blanks for cell, blanks in zip(cells, missing, strict=True)]


def _grouped(table: Table, widths: list[int], spell: Spell) -> list[str]:
    """Return the line of the headings over several columns, and widen the last column of a group that is narrower."""
    over = groups(table.columns)
    cells = []
    start = 0
    for name, count in over:
        title = spell(printable(name))
        stop = start + count
        widths[stop - 1] += max(0, len(title) - sum(widths[start:stop]) - 2 * (count - 1))
        cells.append(title.center(sum(widths[start:stop]) + 2 * (count - 1)))
        start = stop
    return ["  ".join(cells).rstrip()] if over else []


def _kind(column: Column, cells: Sequence[Inline]) -> str:
    """Return the kind of a column; one whose cells stay whole is never narrowed, and of numbers only the title is."""
    if column.right or column.whole:
        return "number" if column.right and not column.whole else ""
    for kind, of in (("formula", Form), ("shape", Shape), ("name", Code)):
        if any(isinstance(cell, of) for cell in cells):
            return kind
    return "words"


def _widths(rows: list[list[str]], kinds: list[str]) -> list[int]:
    """Return the column widths; a table wider than a terminal narrows its widest columns, those of names last."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(screen_width, column)) for column in columns]
    floors = [_floor(column) if kind == "number" else 0 for column, kind in zip(columns, kinds, strict=True)]
    gaps = 2 * (len(widths) - 1)
    for kind, least, most in _PHASES:
        while (excess := sum(widths) + gaps - most) > 0:
            free = [i for i in range(len(widths)) if kinds[i] == kind and widths[i] > max(least, floors[i])]
            if not free:
                break
            widest = max(free, key=widths.__getitem__)
            second = max((widths[index] for index in free if index != widest), default=0)
            widths[widest] = max(least, floors[widest], widths[widest] - excess, min(second, widths[widest] - 1))
    return widths


def _floor(column: Sequence[str]) -> int:
    """Return the width of a column of numbers whose title is broken between all its words."""
    title, *cells = column
    return max(map(screen_width, (*title.split(), *cells)), default=0)


def _folded(cell: str, width: int) -> list[str]:
    """Return a cell in lines of that width."""
    needed = screen_width(cell)
    return _wrap(cell, width * len(cell) // needed) if needed > width else [cell]


def _line(pieces: Sequence[str], widths: list[int], columns: tuple[Column, ...]) -> str:
    padded = (
        blanks + piece if column.right else piece + blanks
        for piece, width, column in zip(pieces, widths, columns, strict=True)
        for blanks in (" " * (width - screen_width(piece)),)
    )
    return "  ".join(padded).rstrip()


def screen_width(text: str) -> int:
    """Return the columns of a terminal that a text takes: two for a wide character, as Chinese has, none for a mark.

    >>> screen_width("12·L"), screen_width("1.1 亿参数")
    (4, 10)
    """
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  # most texts are narrow

    return sum(2 if east_asian_width(c) in "WF" else 0 if combining(c) else 1 for c in text)
