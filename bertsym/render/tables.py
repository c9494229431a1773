"""Tables on paper: a whole tabular in one piece, laid out to fit its column, in a float with its caption on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from bertsym.document import NONE, Count, Decimal, Inline, Scaled, Table, dashed, groups
from bertsym.errors import Conflict, TooNarrow, TooTall
from bertsym.quantities import decimal
from bertsym.render import breaking, captions
from bertsym.render.cells import Cell, cell, figure_width, inline, is_formula
from bertsym.render.fragment import BOOKTABS, SIUNITX, Fragment
from bertsym.render.mathwidth import formula
from bertsym.render.metrics import POINT, Face, tex_length
from bertsym.render.sheet import Column, Float, Layout, Sheet, TypeSize, first_fitting
from bertsym.render.table_layout import FRAMES, HINT, INDENT, SLACK, Plan, plan, stacked
from bertsym.render.table_ways import Cells, Way, arranged, body, lowered, ways
from bertsym.values import replace, value


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

MOST_LINES = 1_000
"""The lines of the longest table: TeX has no box higher than 16,383 pt, and lines with fractions are the highest."""

HLINES = Rules("", r"\hline", "", r"\cline", "")
BOOK = Rules(r"\toprule", r"\midrule", r"\bottomrule", r"\cmidrule(lr)", r"\addlinespace[2pt]")


@value
class Grid:
    """The lines of a table, headings first, as pieces of the document and as cells."""

    heads: int
    lines: tuple[Cells, ...]
    cells: list[list[Cell]]


def tabular(table: Table, sheet: Sheet) -> Fragment:
    """Return the table, ruled by hlines or by booktabs; it floats if it has a caption or a label.

    A table that is wider than the column is set in another way or smaller. Raises `TooNarrow` and `TooTall`.
    """
    table = dashed(table)
    problems: list[TooNarrow] = []
    for way in ways(table, sheet):
        try:
            shown = _set(table, replace(sheet, size=way.size), way)
        except TooNarrow as problem:
            problems.append(problem)
        else:
            return shown if way.size is sheet.size else replace(shown, tex=_said(way.size, sheet) + shown.tex)
    raise min(problems, key=lambda problem: problem.needed - problem.available)


def _said(size: TypeSize, sheet: Sheet) -> str:
    """Return the comment that says why the type is smaller than the author asked for."""
    return f"% set in {size.command} to fit {sheet.column.width // POINT} pt\n" if sheet.column else ""


def _set(table: Table, sheet: Sheet, way: Way) -> Fragment:
    """Return the table in the size of the sheet; raise `TooNarrow` and `TooTall`."""
    table, heads = arranged(table, way)
    if sheet.column is None:
        heads = heads[:1]
    rules = BOOK if sheet.layout is Layout.BOOKTABS else HLINES
    column = sheet.column.smaller(sheet.size) if sheet.column else None
    count = len(table.columns)
    numeric = {i: digits for i in range(count) if sheet.siunitx and (digits := _digits(table, i))}
    lines = body(table)
    formulas = frozenset(
        i for i, c in enumerate(table.columns) if not c.right and any(is_formula(line[i]) for line in lines)
    )
    below = lowered(table, formulas) if way.is_stacked else ()
    grid, layout = _laid_out(table, heads, sheet, column, numeric, formulas, below)
    if (height := max(layout.height, len(grid.lines))) > MOST_LINES:
        raise TooTall(height, MOST_LINES)
    if way.fold and column and any(layout.widths):
        # A cell of words that wraps would stand between the numbers of its row.
        needed = column.width + max(
            0, *(row[i].natural - w for row in grid.cells for i, w in enumerate(layout.widths) if w)
        )
        raise column.too_narrow("the table", needed, HINT)
    spec = "".join(numeric[i].spec if i in numeric else _kind(layout, i, table.columns[i].right) for i in layout.beside)
    left = rf"@{{{INDENT.strip()}}}" if layout.stacked else "" if layout.frame.outer else "@{}"
    inner = _body(table, grid, layout, sheet, column, rules, way.fold)
    frame = f"\\begin{{tabular}}{{{left}{spec}{'' if layout.frame.outer else '@{}'}}}\n{inner}\n\\end{{tabular}}"
    gap = layout.frame.gap
    tight = "" if gap == FRAMES[0].gap else f"\\setlength{{\\tabcolsep}}{{{tex_length(gap)}}}%\n"
    if any(layout.widths[i] for i in formulas):
        tight += STIFF
    requires = frozenset({*((BOOKTABS,) if rules is BOOK else ()), *((SIUNITX,) if numeric else ())})
    return Fragment(_placed(frame, tight, sheet), requires | captions.caption(sheet).requires)


def _laid_out(
    table: Table,
    heads: Sequence[tuple[Cells, ...]],
    sheet: Sheet,
    column: Column | None,
    numeric: Mapping[int, Digits],
    formulas: frozenset[int],
    below: tuple[frozenset[int], ...],
) -> tuple[Grid, Plan]:
    """Return the cells and the layout with the fewest lines, with one of the headings.

    The columns that may stand below the rows of a stack are `below`, which is empty for any other table.
    """
    right = [c.right for c in table.columns]
    spans = _spans(table, sheet, column)
    options: list[tuple[Grid, Plan]] = []
    problem: TooNarrow | None = None
    for lines in heads:
        grid = _grid(lines, body(table), sheet, column, numeric)
        try:
            layout = (
                stacked(grid.cells, right, formulas, below, column, spans)
                if below and column
                else plan(grid.cells, right, formulas, column, spans)
            )
        except TooNarrow as error:
            problem = error
        else:
            options.append((grid, layout))
    if problem is not None and not options:
        raise problem
    return min(options, key=lambda option: option[1].height)


def _grid(
    heads: tuple[Cells, ...],
    body: tuple[Cells, ...],
    sheet: Sheet,
    column: Column | None,
    numeric: Mapping[int, Digits],
) -> Grid:
    lines = (*heads, *body)
    cells = [
        [_cell(part, sheet, column, numeric.get(i), heading=index < len(heads)) for i, part in enumerate(line)]
        for index, line in enumerate(lines)
    ]
    for i in range(len(lines[0])):
        if i not in numeric:
            _align_decimals(cells, [line[i] for line in lines], i, column)
    return Grid(len(heads), lines, cells)


def _placed(frame: str, tight: str, sheet: Sheet) -> str:
    """Return the tabular in a float if it has a caption or a label, else as part of the text."""
    floating = sheet.float or (Float.TABLE if sheet.caption or sheet.label else Float.NONE)
    size = f"{sheet.size.command}\n" if sheet.size.command else ""
    if floating is Float.NONE:
        return _in_text(frame, size + tight, sheet)
    caption = f"\\caption{{{captions.caption(sheet).tex}}}\n" if sheet.caption or sheet.label else ""
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


def _kind(layout: Plan, index: int, right: bool) -> str:  # noqa: FBT001  # a field of the column
    width = layout.widths[index]
    return f"p{{{tex_length(width)}}}" if width else "lr"[right]


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


def _body(table: Table, grid: Grid, layout: Plan, sheet: Sheet, column: Column | None, rules: Rules, fold: int) -> str:
    """Return the rows and the rules between them."""
    end = r" \tabularnewline" if any(layout.widths) else r" \\"
    columns = layout.beside
    ruled = {0, *table.rules, *((len(table.rows),) if table.footer else ())}
    written = [*([rules.top] if rules.top else []), *_over(table, layout, sheet, rules, end)]
    for index, (line, row) in enumerate(zip(grid.lines, grid.cells, strict=True), start=-grid.heads):
        if index in ruled:
            written.append(rules.middle)
        elif index > 0 and rules.space and (index % 2 == 0 if fold else layout.below or layout.stacked):
            written.append(rules.space)
        if layout.stacked and column:
            # Headings on two lines stand below the heading of the first column, whichever line that is on.
            first = [row] if index >= 0 else grid.cells[: grid.heads] if index == -grid.heads else []
            written += [_alone(each[0], 0, len(columns), column) + end for each in first if each[0].tex]
        shown = (row[i].wrapped if layout.widths[i] else row[i].tex for i in columns)
        written.append(" & ".join(shown) + end)
        for i in sorted(layout.below):
            written += [part + end for part in _below(line[i], row[i], layout, sheet, column)]
    written += [rules.middle] if len(grid.lines) == grid.heads else []
    return "\n".join(line for line in (*written, rules.bottom) if line)


def _alone(shown: Cell, indent: int, count: int, column: Column) -> str:
    """Return a cell across the table, as a paragraph if it is wider than the column; raise `TooNarrow`."""
    left = rf"@{{{INDENT.strip()}}}" if indent else "@{}"
    room = column.width - indent
    if shown.natural + SLACK <= room:
        return f"\\multicolumn{{{count}}}{{{left}l@{{}}}}{{{shown.tex}}}"
    if shown.least + SLACK > room:
        raise column.too_narrow("the table", shown.least + SLACK + indent, HINT)
    return f"\\multicolumn{{{count}}}{{{left}p{{{tex_length(room)}}}@{{}}}}{{{shown.wrapped}}}"


def _below(part: Inline, shown: Cell, layout: Plan, sheet: Sheet, column: Column | None) -> list[str]:
    """Return the lines of a cell that stands below its row; raise `TooNarrow`."""
    if column is None or not shown.tex:
        return []
    count = len(layout.beside)
    indent = _indent(column)
    margin = indent + (2 * layout.frame.gap if layout.frame.outer else 0)
    edges = "" if layout.frame.outer else "@{}"
    across = f"\\multicolumn{{{count}}}{{{edges}l{edges}}}"
    if is_formula(part):
        return [f"{across}{{{INDENT}{line}}}" for line in _lines(part, margin, sheet, column)]
    if layout.stacked or shown.natural + margin + SLACK > column.width:
        return [_alone(shown, indent, count, column)]
    return [f"{across}{{{INDENT}{shown.tex}}}"]


def _lines(part: Inline, margin: int, sheet: Sheet, column: Column) -> list[str]:
    """Return the lines of a formula that leaves a margin; raise `TooNarrow`."""
    settings = (breaking.Setting(whole_factors=True), breaking.Setting(), breaking.Setting(anywhere=True))
    broken = first_fitting(
        partial(breaking.lines, (part,), sheet.notation, column, margin=margin, setting=setting) for setting in settings
    )
    return [rf"$\displaystyle {line}$" if r"\frac" in line else f"${line}$" for line in broken]


def _indent(column: Column) -> int:
    return formula(INDENT, column.face)


def _over(table: Table, layout: Plan, sheet: Sheet, rules: Rules, end: str) -> list[str]:
    """Return the line of headings over several columns, with the rules below them."""
    cells, partial = [], []
    first = 1
    columns = tuple(table.columns[i] for i in layout.beside)
    for name, count in groups(columns):
        last = first + count - 1
        left = "" if layout.frame.outer or first > 1 else "@{}"
        right = "" if layout.frame.outer or last < len(columns) else "@{}"
        cells.append(f"\\multicolumn{{{count}}}{{{left}c{right}}}{{{inline(name, sheet)}}}" if name else "")
        partial += [f"{rules.partial}{{{first}-{last}}}"] if name else []
        first = last + 1
    return [" & ".join(cells) + end, " ".join(partial)] if cells else []
