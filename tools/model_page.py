"""Draw the pictures of docs/model-page.md: the page of BERT base at a desk's width and at a phone's."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bertsym.resolve import load  # noqa: E402
from bertsym.web_page import PageModel, web_page  # noqa: E402
from tests.browser import Browser, chromium  # noqa: E402

# Widths and heights of windows in pixels, so high that the pictures end below the map and below the parts.
WINDOWS = {"desk": (1060, 1215), "phone": (390, 1640)}


def main() -> int:
    """Write docs/images/model-page-desk.png and model-page-phone.png."""
    program = chromium()
    if program is None:
        print("tools/model_page.py needs chromium", file=sys.stderr)
        return 1
    model = load("bert-base-uncased")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        page = folder / "model.html"
        page.write_text(
            web_page([PageModel(model, command=("bertsym", "total", model.name), known=model.given)]), "utf-8"
        )
        with Browser(program, folder) as browser:
            for window, (width, height) in WINDOWS.items():
                browser.open(page, width, height)
                browser.run("document.fonts.ready.then(() => true)")
                browser.wait("document.querySelector('#map .point')")
                picture = browser.picture(whole=False)
                (ROOT / "docs" / "images" / f"model-page-{window}.png").write_bytes(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
