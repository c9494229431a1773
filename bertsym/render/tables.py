"""Tables on paper: a whole tabular in one piece, laid out to fit its column, in a float with its caption on top."""

from __future__ import annotations

from collections.abc import Sequence

from bertsym.document import NONE, Count, Decimal, Inline, Scaled, Table, dashed, groups
from bertsym.errors import Conflict, TooNarrow
from bertsym.quantities import decimal
from bertsym.render.cells import Cell, cell, figure_width, inline, is_formula
from bertsym.render.fragment import BOOKTABS, SIUNITX, Fragment
from bertsym.render.metrics import POINT, Face
from bertsym.render.sheet import Column, Float, Layout, Sheet
from bertsym.render.table_layout import FRAMES, INDENT, Plan, plan
from bertsym.render.tex_prose import prose
from bertsym.values import value

Cells = tuple[Inline, ...]


@value
class Rules:
    """The commands of the rules: above, below the heading and between rows, at the foot, and under a heading."""

    top: str
    middle: str
    bottom: str
    partial: str
    space: str


STIFF = "\\medmuskip=1\\medmuskip\\thickmuskip=1\\thickmuskip\n"
"""The spaces of mathematics without shrinking: TeX would squeeze a formula rather than break it."""

HLINES = Rules("", r"\hline", "", r"\cline", "")
BOOK = Rules(r"\toprule", r"\midrule", r"\bottomrule", r"\cmidrule(lr)", r"\addlinespace[2pt]")


def tabular(table: Table, sheet: Sheet) -> Fragment:
    """Return the table, ruled by hlines or by booktabs; it floats if it has a caption or a label."""
    table = dashed(table)
    rules = BOOK if sheet.layout is Layout.BOOKTABS else HLINES
    column = sheet.column.smaller(sheet.size) if sheet.column else None
    titles = tuple(c.title for c in table.columns)
    lines = [titles, *table.rows, *((table.footer,) if table.footer else ())]
    numeric = {i: digits for i in range(len(titles)) if sheet.siunitx and (digits := _digits(table, i))}
    grid = [
        [_cell(part, sheet, column, numeric.get(i), heading=not index) for i, part in enumerate(line)]
        for index, line in enumerate(lines)
    ]
    for i in range(len(titles)):
        if i not in numeric:
            _align_decimals(grid, [line[i] for line in lines], i, column)
    formulas = frozenset(
        i for i, c in enumerate(table.columns) if not c.right and any(is_formula(line[i]) for line in lines[1:])
    )
    right = [c.right for c in table.columns]
    layout = plan(grid, right, formulas, column, _spans(table, sheet, column))
    body = _body(table, lines, grid, layout, sheet, column, rules)
    spec = "".join(
        numeric[i].spec if i in numeric else _kind(layout, i, right[i])
        for i in range(len(titles))
        if i not in layout.below
    )
    edges = "" if layout.frame.outer else "@{}"
    frame = f"\\begin{{tabular}}{{{edges}{spec}{edges}}}\n{body}\n\\end{{tabular}}"
    gap = layout.frame.gap
    tight = "" if gap == FRAMES[0].gap else f"\\setlength{{\\tabcolsep}}{{{_points(gap)}}}%\n"
    if any(layout.widths[i] for i in formulas):
        tight += STIFF
    requires = frozenset({*((BOOKTABS,) if rules is BOOK else ()), *((SIUNITX,) if numeric else ())})
    return Fragment(_placed(frame, tight, sheet), requires)


def _placed(frame: str, tight: str, sheet: Sheet) -> str:
    """Return the tabular in a float if it has a caption or a label, else as part of the text."""
    floating = sheet.float or (Float.TABLE if sheet.caption or sheet.label else Float.NONE)
    size = f"{sheet.size.command}\n" if sheet.size.command else ""
    if floating is Float.NONE:
        return _in_text(frame, size + tight, sheet)
    caption = f"\\caption{{{prose(sheet.caption, sheet.encoding)}}}\n" if sheet.caption or sheet.label else ""
    label = f"\\label{{{sheet.label}}}\n" if sheet.label else ""
    name = floating.value
    return f"\\begin{{{name}}}[t]\n\\centering\n{caption}{label}{size}{tight}{frame}\n\\end{{{name}}}"


def _in_text(frame: str, settings: str, sheet: Sheet) -> str:
    """Return the table as a paragraph of its own, without an indent: it never runs into the text before it."""
    if sheet.caption or sheet.label:
        option = "--caption" if sheet.caption else "--label"
        raise Conflict(option, "--float none", "only a float has a caption")
    paragraph = f"\\par\\medskip\\noindent\n{frame}\\par\\medskip"
    # A fragment that begins with a brace would be the subtitle of a frame in beamer.
    return f"\\begingroup\n{settings}{paragraph}\\endgroup" if settings else paragraph


def _points(width: int) -> str:
    return f"{width // POINT}.{width % POINT * 100 // POINT:02d}pt"


def _kind(layout: Plan, index: int, right: bool) -> str:  # noqa: FBT001  # a field of the column
    width = layout.widths[index]
    return f"p{{{_points(width)}}}" if width else "lr"[right]


@value
class Digits:
    """The digits of a column of siunitx, which keeps the room of them all for each number."""

    whole: int
    places: int
    negative: bool

    @property
    def spec(self) -> str:
        """Return the column for the preamble of a tabular; siunitx would group decimals too."""
        whole_only = ",group-digits=integer" if self.places > 3 else ""
        return f"S[table-format={'-' * self.negative}{self.whole}.{self.places}{whole_only}]"

    def width(self, face: Face) -> int:
        """Return the room that the column keeps, for digits of text or of mathematics."""
        from bertsym.render.mathwidth import formula  # noqa: PLC0415  # only a column pays for measuring

        decimals = f".{'0' * self.places}" if self.places else ""
        widest = f"{'−' * self.negative}{10**self.whole - 1:,}{decimals}"
        math = widest.replace("−", "-").replace(",", "{,}")
        return max(figure_width(widest, face), formula(math, face, display=False))


def _cell(part: Inline, sheet: Sheet, column: Column | None, digits: Digits | None, *, heading: bool) -> Cell:
    """Return a cell; a column of siunitx takes bare digits, and anything else in braces."""
    face = column.face if column else None
    plain = cell(part, sheet, face)
    if digits is None or part == "":
        return plain
    if heading or part == NONE:
        return Cell(f"{{{plain.tex}}}", "", plain.natural, plain.pieces)
    width = digits.width(face) if face else 0
    return Cell(_plain_digits(part), "", width, (width,))


def _plain_digits(part: Inline) -> str:
    match part:
        case Count(number):
            return str(number)
        case Scaled():
            return part.number.replace(",", "")
        case Decimal(number, places):
            return decimal(number, places)
        case _:
            raise AssertionError(f"{part!r} is no number of a column of siunitx")


def _digits(table: Table, index: int) -> Digits | None:
    """Return the digits of a column of numbers; None for a column that has other things too."""
    cells = [row[index] for row in (*table.rows, table.footer) if row]
    numbers = [part for part in cells if part not in ("", NONE)]
    if not table.columns[index].right or not numbers or not all(map(_is_bare, numbers)):
        return None
    written = [_plain_digits(part) for part in numbers]
    whole = max(len(text.partition(".")[0].lstrip("-")) for text in written)
    places = max(len(text.partition(".")[2]) for text in written)
    return Digits(whole, places, any(text.startswith("-") for text in written))


def _is_bare(part: Inline) -> bool:
    return (
        (isinstance(part, Count) and not part.short)
        or (isinstance(part, Scaled) and not part.symbol)
        or isinstance(part, Decimal)
    )


def _align_decimals(grid: list[list[Cell]], parts: list[Inline], index: int, column: Column | None) -> None:
    r"""Add the room of missing decimals, `\phantom{.00}`, to the numbers of a column, so that their points align."""
    places = {row: max(0, part.places) for row, part in enumerate(parts) if isinstance(part, Scaled)}
    most = max(places.values(), default=0)
    for row, own in places.items():
        if own == most:
            continue
        missing = ("" if own else ".") + "0" * (most - own)
        before = grid[row][index]
        width = before.natural + figure_width(missing, column.face) if column else 0
        tex = rf"{before.tex}\phantom{{{missing}}}"
        grid[row][index] = Cell(tex, tex, width, (width,))


def _spans(table: Table, sheet: Sheet, column: Column | None) -> list[tuple[int, int, int]]:
    """Return the headings over several columns: the first column, the one after the last, and the width."""
    found = []
    start = 0
    for name, count in groups(table.columns):
        width = cell(name, sheet, column.face).natural if column else 0
        if name:
            found.append((start, start + count, width))
        start += count
    return found


def _body(
    table: Table,
    lines: Sequence[Cells],
    grid: Sequence[Sequence[Cell]],
    layout: Plan,
    sheet: Sheet,
    column: Column | None,
    rules: Rules,
) -> str:
    """Return the rows and the rules between them."""
    end = r" \tabularnewline" if any(layout.widths) else r" \\"
    columns = [i for i in range(len(table.columns)) if i not in layout.below]
    ruled = {*table.rules, *((len(table.rows),) if table.footer else ())}
    written = [*([rules.top] if rules.top else []), *_over(table, layout, sheet, rules, end)]
    for index, row in enumerate(grid):
        if index == 1 or index - 1 in ruled:
            written.append(rules.middle)
        elif index > 1 and layout.below and rules.space:
            written.append(rules.space)
        shown = (row[i].wrapped if layout.widths[i] else row[i].tex for i in columns)
        written.append(" & ".join(shown) + end)
        for i in sorted(layout.below):
            below = _below(lines[index][i], row[i], layout, sheet, column)
            written += [f"{_across(len(columns), layout)}{{{INDENT}{line}}}{end}" for line in below]
    written += [rules.middle] if len(grid) == 1 else []
    return "\n".join(line for line in (*written, rules.bottom) if line)


def _across(count: int, layout: Plan) -> str:
    edges = "" if layout.frame.outer else "@{}"
    return f"\\multicolumn{{{count}}}{{{edges}l{edges}}}"


def _below(part: Inline, shown: Cell, layout: Plan, sheet: Sheet, column: Column | None) -> list[str]:
    """Return the lines of a formula that stands below its row; raise `TooNarrow`."""
    if not shown.tex:
        return []
    if column is None or not is_formula(part):
        return [shown.tex]
    from bertsym.render.breaking import Setting, lines  # noqa: PLC0415  # only a column pays for measuring
    from bertsym.render.mathwidth import formula  # noqa: PLC0415

    margin = formula(INDENT, column.face) + (2 * layout.frame.gap if layout.frame.outer else 0)
    for whole in (True, False):
        try:
            broken = lines((part,), sheet.notation, column, margin=margin, setting=Setting(r"\quad {} ", whole))
        except TooNarrow:
            if not whole:
                raise
            continue
        return [rf"$\displaystyle {line}$" if r"\frac" in line else f"${line}$" for line in broken]
    raise AssertionError("unreachable")


def _over(table: Table, layout: Plan, sheet: Sheet, rules: Rules, end: str) -> list[str]:
    """Return the line of headings over several columns, with the rules below them."""
    cells, partial = [], []
    first = 1
    columns = tuple(c for i, c in enumerate(table.columns) if i not in layout.below)
    for name, count in groups(columns):
        last = first + count - 1
        left = "" if layout.frame.outer or first > 1 else "@{}"
        right = "" if layout.frame.outer or last < len(columns) else "@{}"
        cells.append(f"\\multicolumn{{{count}}}{{{left}c{right}}}{{{inline(name, sheet)}}}" if name else "")
        partial += [f"{rules.partial}{{{first}-{last}}}"] if name else []
        first = last + 1
    return [" & ".join(cells) + end, " ".join(partial)] if cells else []
