"""The example paper: up to date, built, and changed in one place."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "paper"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "paper"))


def test_it_is_up_to_date(bertsym: Callable[..., Any]) -> None:
    files = [str(EXAMPLE / name) for name in ("paper.tex", "README.md")]
    assert bertsym("embed", *files, "--check").code == 0


def test_it_builds(folder: Path, pdflatex: Callable[[str], str]) -> None:
    source = (folder / "paper.tex").read_text(encoding="utf-8")
    pdflatex(source)
    log = pdflatex(source)
    assert "Overfull" not in log
    assert "undefined" not in log


def test_one_size_changes_formula_table_and_numbers(
    folder: Path, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]
) -> None:
    path = folder / "paper.tex"
    before = path.read_text(encoding="utf-8")
    path.write_text(
        before.replace("let ours = bert-base-uncased", "let ours = bert-base-uncased --at L=6"), encoding="utf-8"
    )
    assert bertsym("embed", str(path), "--check").code == 1
    assert bertsym("embed", str(path)).code == 0
    after = path.read_text(encoding="utf-8")
    # 12*6*768^2 + 13*6*768 + (30522 + 512 + 5)*768 + 768^2, in the text's macro and at the table's foot
    assert (after.count("66{,}955{,}008"), after.count("66,955,008")) == (1, 1)
    assert "109{,}482{,}240" not in after
    assert "109,482,240" not in after
    assert re.search(r"\\BertSizeL\}\{\\ensuremath\{6\}\}", after)
    pdflatex(after)


def test_the_hooks_name_commands_that_exist() -> None:
    text = (Path(__file__).parents[1] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert re.findall(r"entry: (.*)", text) == ["bertsym audit", "bertsym embed", "bertsym embed --check --diff"]
