"""A sample of what `tools/pages.py` runs: the LaTeX of every command over models of the atlas compiles and fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.render.pages import WIDTHS, Printed, models, runs, troubles
from tests.render.papers import document


@pytest.mark.parametrize("width", WIDTHS)
def test_a_model_of_the_atlas(width: str, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    def command(*words: str) -> tuple[int, str, str]:
        ran = bertsym(*words)
        return ran.code, ran.out, ran.err

    printed = Printed()
    for words in runs(models(seed=5, number=1)):
        printed.run((*words, "--width", width), command)
    assert not printed.failed
    size, points = WIDTHS[width]
    assert not troubles(pdflatex(document(list(printed.fragments), size, points)), printed.fragments)
