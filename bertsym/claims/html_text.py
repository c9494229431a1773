"""HTML as Markdown: rows of tables with bars, code in backquotes, mathematics in dollars, each line with its number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from bertsym.claims.merged_cells import MAX_COLUMNS, MAX_HEADING_ROWS, SpanCell, from_above


def markdown_of(text: str) -> tuple[str, tuple[int, ...]]:
    """Return HTML as Markdown, and for each of its lines the line of the file; none if the markup cannot be read.

    >>> markdown_of("<p>A <b>BERT</b> of <code>12LH^2</code></p>")[0].strip()
    'A BERT of `12LH^2`'
    """
    reader = _Html()
    try:
        reader.feed(text)
        reader.close()
    except (AssertionError, ValueError):
        return re.sub(r"<[^<>]*>", " ", text), ()
    return "".join(reader.pieces), tuple(reader.lines)


def _span(attribute: str | None) -> int:
    """Return the columns or rows that a cell says to cover, within bounds."""
    covered = int(attribute) if attribute is not None and re.fullmatch(r"\d{1,3}", attribute) else 1
    return max(1, min(covered, MAX_COLUMNS))


class _OpenTable:
    """The table of HTML that is being read: its open cell, and the cells that reach into the next rows."""

    def __init__(self) -> None:
        self.rows = 0
        self.place = 0
        self.begun = 0
        self.heads = 1
        self.cell: SpanCell | None = None
        self.pending: dict[int, tuple[int, str]] = {}

    def begin_row(self) -> None:
        """Begin the next row."""
        self.rows += 1
        self.place = 0

    def heading_ends(self) -> bool:
        """Return True before the first row below the heading."""
        return self.rows == self.heads + 1

    def end_cell(self, text: str) -> None:
        """Note what the open cell covers."""
        cell = self.cell
        self.cell = None
        if cell is None:
            return
        if self.rows == 1:
            self.heads = min(max(self.heads, cell.rows, 1 + (cell.columns > 1)), MAX_HEADING_ROWS)
        for column in range(self.place, self.place + cell.columns):
            if cell.rows > 1:
                self.pending[column] = (cell.rows - 1, text)
        self.place += cell.columns

    def covered(self) -> Iterator[str]:
        """Yield the texts of the cells above that cover the next places."""
        for text in from_above(self.place, self.pending):
            self.place += 1
            yield text


class _Html(HTMLParser):
    """A reader of HTML that keeps the text, and the line of the file on which each line of the text begins."""

    _SKIPPED = frozenset(("script", "style", "head", "svg", "noscript", "math"))
    _BLOCKS = frozenset(("p", "li", "div", "tr", "table", "ul", "ol", "blockquote", "br", "pre", "section"))
    _HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
    _MARKS = {"code": "`", "sup": "^", "sub": "_"}  # noqa: RUF012  # read only

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.lines: list[int] = [1]
        self.skipped = 0
        self.spans: list[bool] = []
        self.tables = 0
        self.in_row = self.in_tex = False
        self.table = _OpenTable()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a piece of markup; KaTeX writes a formula twice, and the words of TeX in an annotation."""
        if tag in self._SKIPPED:
            self.skipped += 1
        elif tag == "span":
            drawn = "katex-html" in (dict(attrs).get("class") or "")
            self.spans.append(drawn)
            self.skipped += drawn
        elif tag == "annotation" and "tex" in (dict(attrs).get("encoding") or ""):
            self.in_tex = True
        elif tag == "table":
            self._end_row()
            self.tables += 1
            self.table = _OpenTable()
            self._put("\n\n")
        elif tag == "tr":
            self._end_row()
            self.in_row = True
            self.table.begin_row()
            if self.table.heading_ends():
                self._put("\n|---|")
            self._put("\n|")
        elif tag in ("td", "th") and self.in_row and not self.skipped:
            self._end_cell()
            self._pass_covered()
            spans = dict(attrs)
            self.table.cell = SpanCell("", _span(spans.get("colspan")), _span(spans.get("rowspan")))
            self.table.begun = len(self.pieces)
        elif tag in self._MARKS:
            self._put(self._MARKS[tag])
        elif tag in self._HEADINGS or tag in self._BLOCKS:
            self._put(" " if self.in_row else "\n\n# " if tag in self._HEADINGS else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        """Close a piece of markup."""
        if tag in self._SKIPPED:
            self.skipped = max(self.skipped - 1, 0)
        elif tag == "span" and self.spans:
            self.skipped -= self.spans.pop()
        elif tag == "annotation":
            self.in_tex = False
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_row()
        elif tag == "table":
            self._end_row()
            self.tables = max(self.tables - 1, 0)
            self._put("\n\n")
        elif tag == "code":
            self._put("`")
        elif (tag in self._HEADINGS or tag in self._BLOCKS) and not self.in_row:
            self._put("\n\n")

    def handle_data(self, data: str) -> None:
        """Keep a text, on one line inside a row of a table."""
        if self.in_tex:
            self._put(f"${' '.join(data.split())}$", drawn=True)
        elif not self.skipped and (self.in_row or not self.tables or data.strip()):
            self._put(" ".join(data.split()) if self.in_row else data, data=True)

    def unknown_decl(self, data: str) -> None:
        """Leave a declaration out."""
        del data

    def _end_cell(self) -> None:
        """Close the open cell; its text stands in each column that it covers."""
        cell = self.table.cell
        if cell is None:
            return
        text = "".join(self.pieces[self.table.begun :]).strip()
        self._put("|" + f"{text}|" * (cell.columns - 1))
        self.table.end_cell(text)

    def _pass_covered(self) -> None:
        """Write the cells of rows above that reach into this row."""
        for text in self.table.covered():
            self._put(f"{text}|")

    def _end_row(self) -> None:
        if self.in_row:
            self._end_cell()
            self._pass_covered()
        self.in_row = False

    def _put(self, text: str, *, data: bool = False, drawn: bool = False) -> None:
        if self.skipped and not drawn:
            return
        line = self.getpos()[0]
        self.pieces.append(text)
        self.lines += [line + (number if data else 0) for number in range(1, text.count("\n") + 1)]
