"""Run the Python that README and the pages of docs show."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/api.md"])
def test_the_python_of_a_page_runs_as_written(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "examples")  # as the console blocks of the page do
    failures, attempted = doctest.testfile(str(ROOT / page), module_relative=False)
    assert attempted
    assert not failures
