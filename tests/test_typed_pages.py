"""The Python that README and the pages of docs show, as a type checker sees it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bertsym

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/api.md", "docs/index.md")


def shown(page: str) -> str:
    """The statements of the consoles of a page, one after another."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(>>> .*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = (line for block in blocks for line in block.splitlines())
    return "\n".join(line[4:] for line in lines if line.startswith((">>> ", "... "))) + "\n"


@pytest.mark.slow
def test_mypy_is_strict_about_the_pages(tmp_path: Path) -> None:
    api = pytest.importorskip("mypy.api")
    files = []
    for page in PAGES:
        code = shown(page)
        if code.strip():
            files.append(tmp_path / f"{re.sub(r'[^a-z]', '_', page.lower())}.py")
            files[-1].write_text(code, encoding="utf-8")
    assert len(files) >= 2
    wrong = tmp_path / "wrong.py"
    wrong.write_text('import bertsym\nbertsym.load("bert").breakdown().report.rwos\n', encoding="utf-8")
    config = [
        "--strict",
        "--follow-imports",
        "silent",
        "--config-file",
        str(ROOT / "pyproject.toml"),
        "--cache-dir",
        str(ROOT / ".mypy_cache"),
    ]
    out, err, _ = api.run([*config, *map(str, files), str(wrong)])
    said = [line for line in out.splitlines() if ": error: " in line]
    assert not err, err
    assert len(said) == 1, out
    assert 'wrong.py:2: error: "Breakdown" has no attribute "rwos"' in said[0]


def test_every_public_name_is_on_the_page_and_says_what_it_is() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for name in bertsym.__all__:
        if name == "__version__":
            continue
        heading = f"heading: bertsym.{name}" if name == "derive" else f"::: bertsym.{name}\n"
        assert heading in page, name
        public = getattr(bertsym, name)
        assert (public.__doc__ or "").strip(), name
        members = vars(public).items() if isinstance(public, type) else ()
        for member, value in members:
            documented = value.fget if isinstance(value, property) else value
            if not member.startswith("_") and callable(documented) and not isinstance(value, type):
                assert (documented.__doc__ or "").strip(), f"{name}.{member}"
