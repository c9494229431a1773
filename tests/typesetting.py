"""A document that TeX has set: its log, and the fonts and the text of its pages."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import missing, need_program

ENGINES = ("pdflatex", "xelatex")


@dataclass(frozen=True)
class Typeset:
    """A compiled document."""

    pdf: Path
    log: str

    def fonts(self, page: int) -> set[str]:
        """Return the names of the fonts on a page, without the prefixes of subsets."""
        lines = _poppler("pdffonts", "-f", str(page), "-l", str(page), str(self.pdf)).splitlines()[2:]
        return {line.split()[0].rpartition("+")[2] for line in lines}

    def text(self, page: int) -> str:
        """Return the text of a page."""
        return _poppler("pdftotext", "-layout", "-f", str(page), "-l", str(page), str(self.pdf), "-")

    def pages(self) -> int:
        """Return the number of pages."""
        found = re.search(r"^Pages: +(\d+)$", _poppler("pdfinfo", str(self.pdf)), re.MULTILINE)
        assert found is not None
        return int(found.group(1))

    def overfull(self) -> list[str]:
        """Return what TeX says about boxes that are too wide."""
        return re.findall(r"^Overfull \\hbox.*", self.log, re.MULTILINE)


def compiled(source: str, folder: Path, engine: str = "pdflatex", runs: int = 1) -> Typeset:
    """Compile a whole document, and fail the test on an error."""
    assert engine in ENGINES
    program = need_program(engine)
    (folder / "page.tex").write_text(source, encoding="utf-8")
    command = [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    for _ in range(runs):
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)
        log = done.stdout.decode("utf-8", errors="replace")
        if absent := re.search(r"File `([\w.-]+\.(?:sty|cls))' not found", log):
            missing(f"the TeX file {absent.group(1)}")
        assert done.returncode == 0, log[-3000:]
    return Typeset(folder / "page.pdf", log)


def _poppler(*command: str) -> str:
    need_program(command[0])
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
