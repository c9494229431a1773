"""Pages of models, opened in a headless Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Browser, chromium
from tests.conftest import missing


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a running Chromium, one for the tests of a module; a skip without it."""
    program = chromium()
    if program is None:
        missing("the program chromium")
        raise AssertionError("unreachable")
    with Browser(program, tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def opened(browser: Browser, bertsym: Callable[..., Any], tmp_path: Path) -> Callable[..., Browser]:
    """Open the page that `bertsym page` writes for these words, at a width."""

    def open_page(*words: str, width: int = 1280) -> Browser:
        file = tmp_path / "model.html"
        ran = bertsym("page", *words, "-o", str(file))
        assert ran.code == 0, ran.err
        assert file.stat().st_size < 1_000_000
        browser.requests.clear()
        browser.complaints.clear()
        browser.open(file, width)
        return browser

    return open_page
