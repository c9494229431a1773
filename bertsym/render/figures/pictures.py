"""Figures as PDF, SVG and PNG, drawn by matplotlib, which the extra `plot` installs.

The same chart gives the same bytes: no date, no random names. Words of a user are never read as mathematics.
"""

from __future__ import annotations

import io
import logging
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from bertsym.charts import Chart, Curves, Exact, Ranking, StackedBars
from bertsym.errors import MissingExtra, Unreadable, printable
from bertsym.errors import member as named_member
from bertsym.formulas.tree import Name
from bertsym.render import mathtex
from bertsym.render.figures import drawing, placing
from bertsym.render.figures.axes import Axis, Title
from bertsym.render.figures.drawing import ASPECT, BAR, HIGHEST, PITCH, SHADE, Dot
from bertsym.render.metrics import POINT
from bertsym.render.sheet import Sheet
from bertsym.values import value

# Points of TeX over an inch, and points of matplotlib.
TEX_POINTS = 72.27
POINTS = 72
DOTS = 300
DEFAULT_WIDTH = 252
_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


class Font(Enum):
    """A face of type, all of whose fonts come with matplotlib: a picture looks alike on every machine."""

    TIMES = "times"
    CM = "cm"
    SANS = "sans"

    @classmethod
    def named(cls, name: str) -> Font:
        """Return the member of that name; raise `UnknownName`."""
        return named_member(cls, "font", name)


# The families, of which matplotlib takes the first that has a character, and the fonts of mathematics.
_FAMILIES = {
    Font.TIMES: (["STIXGeneral", "DejaVu Serif"], "stix"),
    Font.CM: (["cmr10", "STIXGeneral", "DejaVu Serif"], "cm"),
    Font.SANS: (["DejaVu Sans"], "dejavusans"),
}


@value
class Picture:
    """The bytes of a file, and the characters that the font lacks."""

    data: bytes
    missing: str


def picture(chart: Chart, suffix: str, sheet: Sheet, font: Font = Font.TIMES) -> Picture:
    """Return a picture that is as wide as the column with all its labels; raises `MissingExtra`, `Unreadable`."""
    try:
        with _quiet_logs():
            import matplotlib as mpl  # noqa: PLC0415  # an extra, and half a second
    except ImportError:
        raise MissingExtra(f"a .{suffix} file", "matplotlib", "plot") from None
    except ValueError:  # matplotlib reads the variable when it is imported
        backend = os.environ.get("MPLBACKEND", "")
        raise Unreadable("MPLBACKEND", backend, "a backend that matplotlib knows, or no such variable") from None
    width = sheet.column.width / POINT if sheet.column else float(DEFAULT_WIDTH)
    size = drawing.footnotesize(sheet).sizes[0] // 100
    with mpl.rc_context(), _quiet_logs(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mpl.rcdefaults()
        mpl.rcParams.update(_settings(font, size))
        figure = _Canvas(width, size, sheet).drawn(chart)
        out = io.BytesIO()
        figure.savefig(out, format=suffix, dpi=DOTS, metadata=_METADATA[suffix])
    return Picture(out.getvalue(), _missing(str(warning.message) for warning in caught))


def _settings(font: Font, size: int) -> dict[str, Any]:
    family, mathematics = _FAMILIES[font]
    return {
        "font.family": family,
        "mathtext.fontset": mathematics,
        "font.size": size,
        "axes.linewidth": 0.4,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.labelpad": 2,
        "xtick.major.size": 3,
        "ytick.major.size": 3,
        "xtick.major.width": 0.4,
        "ytick.major.width": 0.4,
        "xtick.major.pad": 2,
        "ytick.major.pad": 2,
        "xtick.labelsize": size,
        "ytick.labelsize": size,
        "pdf.fonttype": 42,  # conferences refuse fonts of type 3
        "svg.fonttype": "path",
        "svg.hashsalt": "bertsym",
    }


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """Silence the logs of matplotlib and fontTools, which complain about matplotlib's own fonts."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _missing(messages: Iterable[str]) -> str:
    """Return the characters without a glyph that matplotlib warns of."""
    numbers = (re.search(r"Glyph (\d+)", message) for message in messages)
    return "".join(dict.fromkeys(chr(int(number[1])) for number in numbers if number))


class _Canvas:
    """A figure in the making: its width is given, and its height follows from the plane and the legend."""

    def __init__(self, width: float, size: int, sheet: Sheet) -> None:
        from matplotlib.figure import Figure  # noqa: PLC0415

        self.width = width
        self.size = size
        self.sheet = sheet
        self.figure: Any = Figure(figsize=(width / TEX_POINTS, 2), layout="constrained")
        engine: Any = self.figure.get_layout_engine()
        engine.set(w_pad=0.5 / POINTS, h_pad=2 / POINTS)
        self.plane: Any = self.figure.add_subplot()

    def drawn(self, chart: Chart) -> Any:
        """Draw the chart and return the figure."""
        drawing.check_width((), (), self.sheet)
        match chart:
            case StackedBars():
                self._bars(drawing.bars(chart))
            case Curves():
                self._plane(drawing.plane(chart, int(self.width)))
            case Ranking():
                self._ranking(drawing.ranked(chart))
        return self.figure

    def _bars(self, bars: drawing.Bars) -> None:
        drawing.check_width(bars.rows, bars.labels, self.sheet)
        before: list[Exact] = [0] * len(bars.rows)
        handles = []
        for segment in bars.segments:
            handles.append(self._row_bars(segment.lengths, f"#{segment.fill}", before))
            before = [start + length for start, length in zip(before, segment.lengths, strict=True)]
        self._below(bars.axis)
        self._rows([printable(name) for name in bars.rows], mathematics=False)
        self._beside(bars.ends(), bars.labels)
        self._legend(handles, [segment.title for segment in bars.segments], 1.0)
        self._height(len(bars.rows) * PITCH)

    def _ranking(self, shown: drawing.Ranked) -> None:
        self._row_bars(shown.lengths, str(1 - SHADE / 100), [0] * len(shown.lengths))
        self._below(shown.axis)
        names = [f"${mathtex.math(Name(symbol), self.sheet.notation)}$" for symbol in shown.symbols]
        plain = map(str, shown.symbols)
        names = [name if _readable(name) else _escaped(text) for name, text in zip(names, plain, strict=True)]
        self._rows(names, mathematics=True)
        self._beside(shown.lengths, shown.labels)
        self.plane.axvline(0, color="black", linewidth=0.4)
        self.plane.spines["left"].set_visible(False)
        self.plane.tick_params(axis="y", length=0)
        self._height(len(names) * PITCH)

    def _plane(self, plane: drawing.Plane) -> None:
        handles = {}
        for line in plane.lines:
            style = (0, line.stroke.dashes) if line.stroke.dashes else "solid"
            xs, ys = ([float(point[i]) for point in line.points] for i in (0, 1))
            colour = f"#{line.stroke.colour}"
            (handles[line],) = self.plane.plot(xs, ys, color=colour, linestyle=style, linewidth=line.stroke.width)
        for dot in plane.dots:
            self._dot(dot)
        self._below(plane.x)
        self.plane.set_ylim(float(plane.y.low), float(plane.y.high))
        labels = [tick.label for tick in plane.y.ticks]
        self.plane.set_yticks([float(tick.at) for tick in plane.y.ticks], labels, parse_math=False)
        self._title(self.plane.set_ylabel, plane.y.title)
        self._legend([handles[line] for line in plane.legend], [line.title for line in plane.legend], 2.5)
        self._height(None)

    def _beside(self, ends: Iterable[Exact], labels: Iterable[str]) -> None:
        """Put labels at the ends of bars; one that ends below 0 has its label above 0."""
        for row, (end, label) in enumerate(zip(ends, labels, strict=False), 1):
            at = (float(max(end, 0)), row)
            self.plane.annotate(label, at, (2, 0), textcoords="offset points", va="center", parse_math=False)

    def _row_bars(self, lengths: Iterable[Exact], colour: str, before: list[Exact]) -> Any:
        rows = range(1, len(before) + 1)
        widths = [float(length) for length in lengths]
        style = {"height": BAR / PITCH, "color": colour, "edgecolor": "black", "linewidth": 0.3, "clip_on": False}
        return self.plane.barh(rows, widths, left=[float(start) for start in before], **style)

    def _rows(self, names: list[str], *, mathematics: bool) -> None:
        self.plane.set_yticks(range(1, len(names) + 1), names, parse_math=mathematics)
        self.plane.set_ylim(len(names) + 0.5, 0.5)

    def _below(self, axis: Axis) -> None:
        self.plane.set_xlim(float(axis.low), float(axis.high))
        labels = [tick.label for tick in axis.ticks]
        self.plane.set_xticks([float(tick.at) for tick in axis.ticks], labels, parse_math=False)
        self._title(self.plane.set_xlabel, axis.title)

    def _title(self, put: Any, title: Title) -> None:
        """Set the title of an axis; a name of a symbol that matplotlib cannot read is set as plain characters."""
        words = printable(title.words)
        if title.symbol is None:
            put(words, parse_math=False, wrap=True)
            return
        tex = f"${mathtex.math(Name(title.symbol), self.sheet.notation)}$"
        name = tex if _readable(tex) else _escaped(str(title.symbol))
        put(f"{_escaped(words)} {name}".strip(), parse_math=True)

    def _dot(self, dot: Dot) -> None:
        x, y = float(dot.x), float(dot.y)
        self.plane.plot([x], [y], marker="o", markersize=3.2, color="black", zorder=3, clip_on=False)
        if not dot.title:
            return
        right, up = placing.ANCHORS[dot.anchor]
        self.plane.annotate(
            printable(dot.title),
            (x, y),
            (3 * right, 3 * up),
            textcoords="offset points",
            ha=("right", "center", "left")[right + 1],
            va=("top", "center", "bottom")[up + 1],
            fontsize=self.size - 1,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
            parse_math=False,
        )

    def _legend(self, handles: list[Any], titles: list[str], length: float) -> None:
        """Put the legend above the plane, in as many columns as fit the width."""
        for columns in range(len(handles), 0, -1):
            # matplotlib fills a legend column by column, and people read it row by row
            order = [i for column in range(columns) for i in range(column, len(handles), columns)]
            legend = self.figure.legend(
                [handles[i] for i in order],
                [printable(titles[i]) for i in order],
                loc="outside upper center",
                ncols=columns,
                frameon=False,
                handlelength=length,
                handleheight=0.7,
                handletextpad=0.4,
                columnspacing=1.0,
                borderpad=0,
                borderaxespad=0.3,
                fontsize=self.size,
            )
            for text in legend.get_texts():
                text.set_parse_math(False)
            self.figure.draw_without_rendering()
            if legend.get_window_extent().width <= self.figure.bbox.width or columns == 1:
                return
            legend.remove()

    def _height(self, points: int | None) -> None:
        """Give the plane its height, or the height that its width asks for, whatever stands above and below it."""
        for _ in range(2):
            self.figure.draw_without_rendering()
            box = self.plane.get_window_extent()
            most = min(box.width * float(ASPECT), HIGHEST / POINTS * self.figure.dpi)
            wanted = most if points is None else points / POINTS * self.figure.dpi
            inches = self.figure.get_figheight() + (wanted - box.height) / self.figure.dpi
            self.figure.set_figheight(inches)


def _escaped(words: str) -> str:
    return words.replace("\\", r"\backslash").replace("$", r"\$")


def _readable(tex: str) -> bool:
    """Return True if matplotlib can read the mathematics."""
    from matplotlib.mathtext import MathTextParser  # noqa: PLC0415

    try:
        MathTextParser("path").parse(tex)
    except ValueError:
        return False
    return True
