"""The width of a line of mathematics: the TeX of this package read as atoms, and TeX's spacing put between them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from bertsym.render.metrics import POINT, Face, Font, words

SCRIPT_SPACE = POINT // 2
NULL_DELIMITER = 12 * POINT // 10
LARGE_PARENTHESIS = 736_113
BRACE = 889_000
RADICAL = 1_000_000
EXTENSION = 1000
"""The least size of large delimiters: LaTeX without amsmath has them at 10 pt alone."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\S", re.DOTALL)
_SYMBOLS = {
    "\\cdot": "cdot",
    "\\times": "times",
    "\\land": "wedge",
    "\\lor": "vee",
    "\\leq": "leq",
    "\\geq": "geq",
    "\\approx": "approx",
}
_OPERATOR_NAMES = {"\\max": "max", "\\min": "min"}
_QUADS = {"\\quad": 1, "\\qquad": 2}
_FONTS = frozenset({"\\mathrm", "\\mathit", "\\mathbf", "\\mathsf", "\\mathtt", "\\mathcal"})


class Class(Enum):
    """Class of an atom (The TeXbook, chapter 17), which decides the space beside it."""

    ORD = "ord"
    OP = "op"
    BIN = "bin"
    REL = "rel"
    OPEN = "open"
    CLOSE = "close"
    PUNCT = "punct"
    INNER = "inner"
    SPACE = "space"


_CLASSES = {
    **dict.fromkeys(("+", "-", "\\cdot", "\\times", "\\land", "\\lor"), Class.BIN),
    **dict.fromkeys(("=", ":", "<", ">", "\\leq", "\\geq", "\\neq", "\\approx"), Class.REL),
    **dict.fromkeys(("(", "["), Class.OPEN),
    **dict.fromkeys((")", "]"), Class.CLOSE),
    **dict.fromkeys((",", ";"), Class.PUNCT),
}
_THIN_IN_SCRIPTS = frozenset(
    {
        (Class.OP, Class.ORD),
        (Class.OP, Class.OP),
        *((left, Class.OP) for left in (Class.ORD, Class.CLOSE, Class.INNER)),
    }
)
_NO_OPERAND_BEFORE = (None, Class.OP, Class.BIN, Class.REL, Class.OPEN, Class.PUNCT)
_NO_OPERAND_AFTER = (None, Class.REL, Class.CLOSE, Class.PUNCT)


@dataclass
class Atom:
    """A piece of a formula: its class, its width without scripts, and its glyph if it is a single one."""

    kind: Class
    width: int
    glyph: str = ""
    of: Font | None = None
    italic: int = 0
    above: int = 0
    below: int = 0
    scripted: bool = False


@dataclass
class _Reader:
    """A cursor over the marks of one formula."""

    marks: list[str]
    face: Face
    place: int = 0
    atoms: list[Atom] = field(default_factory=list)

    def peek(self) -> str:
        return self.marks[self.place] if self.place < len(self.marks) else ""

    def take(self) -> str:
        mark = self.peek()
        self.place += 1
        return mark


@lru_cache(maxsize=4096)
def formula(tex: str, face: Face, *, display: bool = True) -> int:
    r"""Return the natural width of a formula on one line.

    >>> from bertsym.render.metrics import TEN
    >>> formula("12LH^2", TEN) / POINT
    30.416736
    """
    return _run(_Reader(_TOKEN.findall(tex), face), 0, display=display)


def _run(reader: _Reader, level: int, *, display: bool = False, until: str = "") -> int:
    atoms: list[Atom] = []
    while reader.peek() and reader.peek() != until:
        mark = reader.take()
        if mark in ("^", "_"):
            width = _argument(reader, level + 1)
            target = atoms[-1]
            target.scripted = True
            target.above, target.below = (width, target.below) if mark == "^" else (target.above, width)
        else:
            atoms.append(_atom(reader, mark, level, display=display))
    if until:
        reader.take()
    return _set(atoms, reader.face, level)


def _argument(reader: _Reader, level: int, *, display: bool = False) -> int:
    """Return the width of a braced group, or of the one mark that follows."""
    mark = reader.take()
    if mark == "{":
        return _run(reader, level, display=display, until="}")
    return _set([_atom(reader, mark, level, display=display)], reader.face, level)


def _atom(reader: _Reader, mark: str, level: int, *, display: bool) -> Atom:
    face = reader.face
    if mark == "{":
        return Atom(Class.ORD, _run(reader, level, display=display, until="}"))
    if mark == "\\,":
        symbols, size = face.symbols(level)
        return Atom(Class.SPACE, face.skips[0] * symbols.quad * size // 36)
    if mark in _QUADS or mark == "\\ ":
        text, size = face.text()
        return Atom(Class.SPACE, (_QUADS[mark] * text.quad if mark in _QUADS else text.space) * size)
    if mark in _FONTS:
        return Atom(Class.ORD, _word(_group(reader), mark, face, level))
    if mark in _OPERATOR_NAMES:
        return Atom(Class.OP, _word(_OPERATOR_NAMES[mark], "\\mathrm", face, level))
    if mark == "\\textrm":
        return Atom(Class.ORD, words(_group(reader), face))
    if mark == "\\frac":
        inner = level if display else level + 1
        return Atom(Class.ORD, max(_argument(reader, inner), _argument(reader, inner)) + 2 * NULL_DELIMITER)
    if mark == "\\sqrt":
        return Atom(
            Class.ORD, _argument(reader, level, display=display) + RADICAL * max(face.sizes[min(level, 2)], EXTENSION)
        )
    if mark == "\\underbrace":
        return _underbrace(reader, level, display=display)
    if mark in ("\\left", "\\Bigl", "\\biggl", "\\Bigr", "\\biggr"):
        return _delimited(reader, mark, level, display=display)
    return _glyph(mark, face, level)


def _group(reader: _Reader) -> str:
    """Return the raw text of a braced group."""
    depth, parts = 0, []
    while mark := reader.take():
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if depth == 0:
            break
        parts.append(mark)
    return "".join(parts[1:])


def _word(text: str, command: str, face: Face, level: int) -> int:
    """Return the width of letters in a text font, with kerns and ligatures."""
    plain = re.sub(r"\\textrm\{(.*?)\}|\\(.)", r"\1\2", text)
    metrics, size = face.roman(level)
    if command == "\\mathtt":
        return 524_996 * size * len(plain)
    wide = {"\\mathrm": 100, "\\mathit": 110, "\\mathcal": 150}.get(command, 125)
    glyphs = re.findall(r"ffi|ffl|ff|fi|fl|.", plain)
    kerned = sum(
        metrics.widths.get(here, metrics.quad) + metrics.kerns.get(f"{here} {after}", 0)
        for here, after in zip(glyphs, [*glyphs[1:], ""], strict=True)
    )
    return (kerned + metrics.italics.get(glyphs[-1] if glyphs else "", 0)) * size * wide // 100


def _underbrace(reader: _Reader, level: int, *, display: bool) -> Atom:
    width = _argument(reader, level, display=display)
    if reader.peek() == "_":
        reader.take()
        width = max(width, _argument(reader, level + 1))
    return Atom(Class.ORD, max(width, 2 * BRACE * max(reader.face.sizes[0], EXTENSION)))


def _delimited(reader: _Reader, mark: str, level: int, *, display: bool) -> Atom:
    reader.take()
    delimiter = LARGE_PARENTHESIS * max(reader.face.sizes[0], EXTENSION)
    if mark == "\\left":
        inside = _run(reader, level, display=display, until="\\right")
        reader.take()
        return Atom(Class.INNER, inside + 2 * delimiter)
    return Atom(Class.OPEN if mark.endswith("l") else Class.CLOSE, delimiter)


def _glyph(mark: str, face: Face, level: int) -> Atom:
    kind = _CLASSES.get(mark, Class.ORD)
    name = mark.lstrip("\\") if len(mark) > 1 else mark
    if mark in _SYMBOLS or mark in ("-", "\\lnot"):
        metrics, size = face.symbols(level)
        name = {"\\lnot": "neg", "-": "-"}.get(mark, _SYMBOLS.get(mark, ""))
    elif mark == "\\neq":
        metrics, size = face.roman(level)
        name = "="
    elif (mark.isalpha() and mark.isascii()) or name in face.italic(level)[0].widths:
        metrics, size = face.italic(level)
    else:
        metrics, size = face.roman(level)
        name = {"\\_": "-"}.get(mark, name)
    width = metrics.widths.get(name, metrics.quad)
    return Atom(kind, width * size, name, metrics, metrics.italics.get(name, 0) * size)


def _set(atoms: list[Atom], face: Face, level: int) -> int:
    """Return the width of atoms side by side, with their scripts and the spaces between them."""
    symbols, size = face.symbols(level)
    unit = symbols.quad * size
    _demote(atoms)
    total = 0
    before: Atom | None = None
    for index, atom in enumerate(atoms):
        after = atoms[index + 1] if index + 1 < len(atoms) else None
        total += _own(atom, after, face, level)
        if atom.kind is Class.SPACE:
            continue
        if before is not None:
            total += _between(before.kind, atom.kind, face.skips, script=level > 0) * unit // 36
        before = atom
    return total


def _own(atom: Atom, after: Atom | None, face: Face, level: int) -> int:
    width = atom.width
    joined = after is not None and after.of is atom.of and atom.of is not None and not atom.scripted
    if joined and atom.of is not None and after is not None:
        width += atom.of.kerns.get(f"{atom.glyph} {after.glyph}", 0) * face.sizes[min(level, 2)]
    slanted = atom.of is not None and atom.of.space == 0
    if atom.below == 0 and (slanted or not joined):
        width += atom.italic
    if atom.above and atom.below:
        return width + max(atom.below, atom.above + atom.italic) + SCRIPT_SPACE
    return width + (max(atom.above, atom.below) + SCRIPT_SPACE if atom.scripted else 0)


def _demote(atoms: list[Atom]) -> None:
    """Make a sign without an operand on both sides an ordinary atom: -H has no space after its minus."""
    solid = [atom for atom in atoms if atom.kind is not Class.SPACE]
    before: Class | None = None
    for index, atom in enumerate(solid):
        after = solid[index + 1].kind if index + 1 < len(solid) else None
        if atom.kind is Class.BIN and (before in _NO_OPERAND_BEFORE or after in _NO_OPERAND_AFTER):
            atom.kind = Class.ORD
        before = atom.kind


def _between(left: Class, right: Class, skips: tuple[int, int, int], *, script: bool) -> int:
    """Return the space between two atoms in half mathematical units (The TeXbook, page 170)."""
    thin, medium, thick = skips
    pair = {left, right}
    if (left, right) in _THIN_IN_SCRIPTS:
        return thin
    if script:
        return 0
    if Class.BIN in pair:
        return medium
    if Class.REL in pair:
        tight = left is right or left is Class.OPEN or (left is Class.REL and right in (Class.CLOSE, Class.PUNCT))
        return 0 if tight else thick
    if left is Class.PUNCT:
        return thin
    return thin if Class.INNER in pair and left is not Class.OPEN and right is not Class.CLOSE else 0
