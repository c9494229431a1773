"""Markers in Markdown that are comments: an HTML comment inside code is an example.

The blocks are found as CommonMark 0.31 finds them: block quotes and list items are containers, whose prefixes are taken
off a line before it is read; code is fenced, indented, or a span between backticks; raw HTML may hold `<pre>`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ITEM = re.compile(r"([-+*]|(\d{1,9})[.)])( +|$)")
_RULE = re.compile(r"(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$")
_UNDERLINE = re.compile(r"(?:=+|-+) *$")
_HEADING = re.compile(r"#{1,6}(?: |$)")
_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
_RAW = re.compile(r"<(script|pre|style|textarea)(?=[\s>]|$)", re.IGNORECASE)
_RAW_END = re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE)
_OTHERS = ((re.compile(r"<\?"), re.compile(r"\?>")), (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")))
_DECLARATION = (re.compile(r"<![A-Za-z]"), re.compile(r">"))
_BLOCK_TAG = re.compile(
    r"</?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl"
    r"|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main"
    r"|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title"
    r"|tr|track|ul)(?=[\s>]|/>|$)",
    re.IGNORECASE,
)
_WHOLE_TAG = re.compile(
    r"(?:<[A-Za-z][A-Za-z0-9-]*(?:\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s\"'=<>`]+|'[^']*'|\"[^\"]*\"))?)*\s*/?>"
    r"|</[A-Za-z][A-Za-z0-9-]*\s*>)\s*$"
)
_SHOWN = re.compile(
    r"<!--|<(pre|code|samp|kbd|script|style|textarea|xmp|plaintext|title)(?=[\s>/])[^>]*>", re.IGNORECASE
)
_INLINE = re.compile(r"\\.|`+|<!--|<(code|samp|kbd|pre)(?=[\s>])[^>]*>", re.IGNORECASE | re.DOTALL)
_TICKS = re.compile(r"`+")
_COMMENT_END = "-->"

Place = tuple[int, int]
"""The index of a line, and the index of a marker among those that are written on the line."""

_CODE = 4  # columns of an indent


def live(lines: Sequence[str], marker: re.Pattern[str]) -> set[Place]:
    """Return the markers of Markdown that are comments: the index of the line, and the index within the line.

    >>> mark = re.compile("<!-- bertsym:")
    >>> lines = ["<!-- bertsym: a -->", "", "    <!-- bertsym: b -->", "`<!-- bertsym: c -->` <!-- bertsym: d -->"]
    >>> sorted(live(lines, mark))
    [(0, 0), (3, 1)]
    """
    reader = _Blocks(marker)
    for index, line in enumerate(lines):
        reader.read(index, line.expandtabs(_CODE))
    reader.end_paragraph()
    return reader.live


def live_in_html(lines: Sequence[str], marker: re.Pattern[str]) -> set[Place]:
    """Return the markers of HTML that are comments, outside `<pre>` and the like."""
    reader = _Html(marker)
    for index, line in enumerate(lines):
        reader.read(index, line)
    return reader.live


class _Html:
    """A reader of lines of raw HTML: what a comment or an element that shows its text began may end lines later."""

    def __init__(self, marker: re.Pattern[str]) -> None:
        self.marker = marker
        self.live: set[Place] = set()
        self.closing: re.Pattern[str] | None = None

    def read(self, index: int, line: str) -> None:
        """Read a line."""
        place = 0
        while True:
            if self.closing is not None:
                end = self.closing.search(line, place)
                if end is None:
                    return
                self.closing, place = None, end.end()
            found = _SHOWN.search(line, place)
            if found is None:
                return
            if found[1] is None and self.marker.match(line, found.start()):
                self.live.add((index, _index_on_line(line, found.start(), self.marker)))
            place = found.end()
            closing = re.escape(_COMMENT_END) if found[1] is None else rf"</{found[1]}\s*>"
            self.closing = re.compile(closing, re.IGNORECASE)


class _Blocks:
    """A reader of lines of Markdown: the containers that are open, and the block in the innermost."""

    def __init__(self, marker: re.Pattern[str]) -> None:
        self.marker = marker
        self.live: set[Place] = set()
        # A list item by the columns that its content is indented, a block quote by none.
        self.containers: list[int | None] = []
        self.bare = False  # the innermost is an item of which nothing but its marker has been read
        self.fence = ""
        self.raw: re.Pattern[str] | None = None
        self.html: _Html | None = None  # up to a blank line
        self.paragraph: list[tuple[int, str]] = []

    def read(self, index: int, line: str) -> None:
        """Read a line whose tabs are spaces."""
        if self.bare and not line.strip():
            del self.containers[-1]  # an item begins with at most one empty line
        self.bare = False
        kept, rest = self._kept(line)
        if kept < len(self.containers) and (self.fence or self.raw or self.html):
            self._close_leaf()
        if self.fence or self.raw or self.html:
            self._in_leaf(index, rest)
            return
        opened, rest = self._opened(rest, lazy=kept == len(self.containers))
        if kept < len(self.containers) and not opened and self.paragraph and self._is_text(rest):
            self.paragraph.append((index, rest))  # a lazy continuation
            return
        if kept < len(self.containers) or opened:
            self.end_paragraph()
            self.containers[kept:] = opened
        self.bare = bool(opened) and opened[-1] is not None and not rest.strip()
        self._begin_leaf(index, rest)

    def end_paragraph(self) -> None:
        """Look for markers between the code spans of the paragraph that ends."""
        text = "\n".join(line for _, line in self.paragraph)
        last_ticks = {run.group(): run.start() for run in _TICKS.finditer(text)}
        unclosed: set[str] = set()  # no search is repeated in vain, or a hostile paragraph would take quadratic time
        place = 0
        while found := _INLINE.search(text, place):
            piece, place = found.group(), found.end()
            if piece.startswith("`"):
                closing = rf"(?<!`){piece}(?!`)"
                if last_ticks.get(piece, 0) < place:
                    continue
            elif piece == "<!--":
                if self.marker.match(text, found.start()):
                    index, line = self.paragraph[text.count("\n", 0, found.start())]
                    column = found.start() - (text.rfind("\n", 0, found.start()) + 1)
                    self.live.add((index, _index_on_line(line, column, self.marker)))
                closing = _COMMENT_END
            elif found[1]:
                closing = rf"</{found[1].casefold()}\s*>"
            else:
                continue
            end = None if closing in unclosed else re.compile(closing, re.IGNORECASE).search(text, place)
            if end is None:
                unclosed.add(closing)
            else:
                place = end.end()
        self.paragraph = []

    def _close_leaf(self) -> None:
        self.fence, self.raw, self.html = "", None, None

    def _kept(self, line: str) -> tuple[int, str]:
        """Return the number of open containers that the line continues, and the rest of the line."""
        for number, width in enumerate(self.containers):
            indent = _indent(line)
            if width is None:
                if indent >= _CODE or line[indent : indent + 1] != ">":
                    return number, line
                line = line[indent + 1 :].removeprefix(" ")
            elif line.strip():
                if indent < width:
                    return number, line
                line = line[width:]
        return len(self.containers), line

    def _opened(self, rest: str, *, lazy: bool) -> tuple[list[int | None], str]:
        """Open the containers that begin on the line; return its rest. Some lists do not end a paragraph."""
        opened: list[int | None] = []
        while rest.strip():
            indent = _indent(rest)
            text = rest[indent:]
            if indent >= _CODE:
                break
            if text.startswith(">"):
                opened.append(None)
                rest = text[1:].removeprefix(" ")
                continue
            item = _ITEM.match(text)
            if item is None or _RULE.match(text):
                break
            after = text[item.end() :]
            within = bool(self.paragraph) and not opened and lazy
            if within and (not after.strip() or item[2] not in (None, "1")):
                break
            blanks = len(item[3]) if after.strip() and len(item[3]) <= _CODE else 1
            width = indent + len(item[1]) + blanks
            opened.append(width)
            rest = rest[width:]
        return opened, rest

    def _is_text(self, rest: str) -> bool:
        """Return True if the rest of a line is text of a paragraph, whatever its indent."""
        indent = _indent(rest)
        text = rest[indent:]
        if not text:
            return False
        if indent >= _CODE:
            return True
        begins = _FENCE.match(text) or _RAW.match(text) or _BLOCK_TAG.match(text) or _RULE.match(text)
        return not (begins or text.startswith(("<!", "<?")) or _HEADING.match(text))

    def _in_leaf(self, index: int, rest: str) -> None:
        """Read a line of a block that goes on whatever the line says, up to its end."""
        if self.fence:
            shut = re.fullmatch(rf" {{0,3}}{re.escape(self.fence)}{re.escape(self.fence[0])}* *", rest)
            self.fence = "" if shut else self.fence
        elif self.raw is not None:
            self.raw = None if self.raw.search(rest) else self.raw
        elif self.html is not None:
            if rest.strip():
                self.html.read(index, rest)
                self.live |= self.html.live
            else:
                self.html = None

    def _begin_leaf(self, index: int, rest: str) -> None:
        """Read a line that begins a block, or goes on with a paragraph."""
        indent = _indent(rest)
        text = rest[indent:]
        if not text:
            self.end_paragraph()
        elif indent >= _CODE:
            if self.paragraph:
                self.paragraph.append((index, rest))
        elif fence := _FENCE.match(text):
            self.end_paragraph()
            self.fence = fence[1] or fence[2]
        elif text.startswith("<") and self._begins_html(index, text):
            pass
        elif _RULE.match(text) or (self.paragraph and _UNDERLINE.match(text)):
            self.end_paragraph()
        elif _HEADING.match(text):
            self.end_paragraph()
            self.paragraph = [(index, rest)]
            self.end_paragraph()
        else:
            self.paragraph.append((index, rest))

    def _begins_html(self, index: int, text: str) -> bool:
        """Read a line that begins a block of HTML; return False if it does not."""
        if text.startswith("<!--"):
            self.end_paragraph()
            first = _Html(self.marker)
            first.read(index, text)
            self.live |= first.live
            self.raw = None if _COMMENT_END in text[4:] else re.compile(_COMMENT_END)
            return True
        for start, end in ((_RAW, _RAW_END), *_OTHERS, _DECLARATION):
            if begun := start.match(text):
                self.end_paragraph()
                self.raw = None if end.search(text, begun.end()) else end
                return True
        if _BLOCK_TAG.match(text) or (not self.paragraph and _WHOLE_TAG.match(text)):
            self.end_paragraph()
            self.html = _Html(self.marker)
            self.html.read(index, text)
            self.live |= self.html.live
            return True
        return False


def _index_on_line(line: str, column: int, marker: re.Pattern[str]) -> int:
    """Return the number of markers that are written on the line before the column."""
    return sum(match.start() < column for match in marker.finditer(line))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
