"""Paths that no file system has: a name that is too long, a null character, a folder in place of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.derive.trace_file import TraceFile
from bertsym.errors import BadFile
from bertsym.files.reading import is_file, is_folder, status

LONG = "a" * 300


def test_a_path_that_cannot_be_asked_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert is_file(tmp_path / "file")
    assert is_folder(tmp_path)
    assert not is_file(tmp_path)
    assert not is_folder(tmp_path / "file")
    for path in (tmp_path / LONG, tmp_path / "file" / "below", Path("a\0b")):
        assert status(path) is None
        assert not is_file(path)
        assert not is_folder(path)


@pytest.mark.parametrize(
    "words",
    [
        ["config", "bert", "-o", LONG],
        ["sweep", "bert-base-uncased", "--for", "L=1..2", "-o", f"{LONG}.csv"],
        ["page", "bert", "-o", f"{LONG}.html"],
        ["plot", "parts", "bert-base-uncased", "-o", f"{LONG}.tex"],
        ["embed", f"{LONG}.tex"],
        ["verify", LONG],
        ["audit", f"{LONG}.md"],
        ["audit", "H" * 10_000],
        ["total", f"{LONG}.json"],
        ["total", f"./{LONG}/{LONG}"],
    ],
)
def test_a_name_that_is_too_long_is_refused(
    words: list[str], bertsym: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = bertsym(*words)
    assert (ran.code, ran.out, list(tmp_path.iterdir())) == (2, "", [])
    assert all(len(line) < 400 for line in ran.err.splitlines())


def test_a_trace_with_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be written"):
        TraceFile(tmp_path / LONG)
