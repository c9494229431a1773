"""Set the page of tests/paper whose parts are commands, and the page typed by hand, and draw both in docs/images."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAPERS = ROOT / "tests" / "paper"
IMAGES = ROOT / "docs" / "images"
# The text of the page in pixels, at 80 for an inch: left, top, width, height.
PART = ("75", "130", "545", "640")


def main() -> None:
    """Write page.png and ideal.png."""
    for name in ("page", "ideal"):
        with tempfile.TemporaryDirectory() as folder:
            command = ["pdflatex", "-no-shell-escape", "-interaction=batchmode", "-output-directory", folder]
            for _ in range(2):
                subprocess.run([*command, f"{name}.tex"], cwd=PAPERS, check=True, capture_output=True)
            x, y, width, height = PART
            crop = ["-x", x, "-y", y, "-W", width, "-H", height]
            pdf = str(Path(folder) / f"{name}.pdf")
            subprocess.run(["pdftoppm", "-r", "80", *crop, "-png", "-singlefile", pdf, str(IMAGES / name)], check=True)


if __name__ == "__main__":
    main()
