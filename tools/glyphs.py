"""Write bertsym/render/glyphs.json: widths and kerns of glyphs from TeX's own metric files (kpsewhich, tftopl)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "bertsym" / "render" / "glyphs.json"

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
GREEK = (
    "Gamma",
    "Delta",
    "Theta",
    "Lambda",
    "Xi",
    "Pi",
    "Sigma",
    "Upsilon",
    "Phi",
    "Psi",
    "Omega",
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
    "varepsilon",
    "vartheta",
)
TEXT = {chr(code): code for code in range(0x20, 0x7F) if chr(code) not in ' "<>\\^_`{|}~'}
LIGATURES = {"ff": 0x0B, "fi": 0x0C, "fl": 0x0D, "ffi": 0x0E, "ffl": 0x0F}
UPRIGHT = TEXT | LIGATURES
ITALIC = (
    {letter: ord(letter) for letter in LETTERS}
    | {name: code for code, name in enumerate(GREEK)}
    | {"varphi": 0x27, "partial": 0x40, "ell": 0x60, ".": 0x3A, ",": 0x3B, "<": 0x3C, "/": 0x3D, ">": 0x3E}
)
SYMBOLS = {
    "-": 0,
    "cdot": 1,
    "times": 2,
    "leq": 0x14,
    "geq": 0x15,
    "approx": 0x19,
    "neg": 0x3A,
    "wedge": 0x5E,
    "vee": 0x5F,
}

FONTS = {
    **{f"cmr{size}": UPRIGHT for size in (5, 6, 7, 8, 9, 10, 12)},
    **{f"cmmi{size}": ITALIC for size in (5, 6, 7, 8, 9, 10, 12)},
    **{f"cmsy{size}": SYMBOLS for size in (5, 6, 7, 8, 9, 10)},
    **{f"cmtt{size}": {chr(code): code for code in range(0x20, 0x7F)} for size in (8, 9, 10, 12)},
    "cmbx10": UPRIGHT,
    "ptmr7t": UPRIGHT,
    "zptmcm7t": UPRIGHT,
    "zptmcm7m": ITALIC,
    "zptmcm7y": SYMBOLS,
}

_CODE = r"(?:C (.)|O ([0-7]+))"
_NUMBER = r"R (-?[\d.]+)"


def millionths(text: str) -> int:
    """Return a TFM number, a fraction of the font's size, in millionths."""
    return round(float(text) * 10**6)


def code(match: re.Match[str], first: int = 1) -> int:
    """Return the code of a character, which tftopl writes as a letter or in octal."""
    letter, octal = match.group(first), match.group(first + 1)
    return ord(letter) if letter else int(octal, 8)


def metrics(name: str, wanted: dict[str, int]) -> dict[str, Any]:
    """Return widths and italic corrections of the wanted glyphs, kerns between them, space and quad of the font."""
    path = subprocess.run(["kpsewhich", f"{name}.tfm"], capture_output=True, text=True, check=True).stdout.strip()
    listing = subprocess.run(["tftopl", path], capture_output=True, text=True, check=True).stdout
    names = {number: glyph for glyph, number in wanted.items()}
    widths, italics = {}, {}
    for entry in re.split(r"\n(?=\(CHARACTER )", listing)[1:]:
        number = code(re.match(rf"\(CHARACTER {_CODE}", entry))
        if number in names:
            widths[names[number]] = millionths(re.search(rf"\(CHARWD {_NUMBER}", entry).group(1))
            italic = re.search(rf"\(CHARIC {_NUMBER}", entry)
            if italic:
                italics[names[number]] = millionths(italic.group(1))
    found: dict[str, Any] = {"widths": widths, "italics": italics, "kerns": kerns(listing, names)}
    for parameter in ("SPACE", "QUAD"):
        match = re.search(rf"\({parameter} {_NUMBER}", listing)
        found[parameter.lower()] = millionths(match.group(1)) if match else 0
    return found


def kerns(listing: str, names: dict[int, str]) -> dict[str, int]:
    """Return the kern between each two glyphs, under a key such as "A V"."""
    found: dict[str, int] = {}
    labels: list[int] = []
    table = listing[listing.find("(LIGTABLE") :].split("\n(CHARACTER", maxsplit=1)[0]
    seen: set[tuple[int, int]] = set()
    for line in table.splitlines():
        if label := re.search(rf"\(LABEL {_CODE}", line):
            labels.append(code(label))
        elif kern := re.search(rf"\((KRN|LIG) {_CODE}(?: {_NUMBER})?", line):
            other = code(kern, 2)
            for left in labels:
                if kern.group(1) == "KRN" and (left, other) not in seen and {left, other} <= set(names):
                    found[f"{names[left]} {names[other]}"] = millionths(kern.group(4))
                seen.add((left, other))
        elif "(STOP)" in line:
            labels = []
    return found


def main() -> int:
    """Write the table; return 2 if a program of TeX Live is missing."""
    for program in ("kpsewhich", "tftopl"):
        if shutil.which(program) is None:
            print(f"glyphs: needs {program}, from TeX Live", file=sys.stderr)
            return 2
    data = {
        "source": "Computer Modern (AMS) and Times/mathptmx (psnfss) TFM files of TeX Live, by tools/glyphs.py; "
        "millionths of the font's size",
        "fonts": {name: metrics(name, wanted) for name, wanted in FONTS.items()},
    }
    TARGET.write_text(json.dumps(data, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
