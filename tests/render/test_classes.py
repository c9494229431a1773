"""Every kind of output in the classes of journals and conferences: it compiles, fits, and takes the class's fonts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.render.classes import SETTINGS, Words, commands, document
from tests.typesetting import Typeset


@pytest.mark.parametrize("name", SETTINGS)
def test_a_paper_in_the_class(name: str, bertsym: Callable[..., Any], typeset: Callable[..., Typeset]) -> None:
    def printed(words: Words) -> str:
        ran = bertsym(*words)
        assert ran.code == 0, (words, ran.err)
        return str(ran.out)

    setting = SETTINGS[name]
    paper = typeset(document(setting, printed), engine=setting.engine)
    assert paper.overfull() == []
    frames = re.findall(r"^SUBTITLE .*", paper.log, re.MULTILINE)
    assert set(frames) <= {"SUBTITLE []"}  # no fragment was read as an argument of the frame that it begins
    assert len(frames) == (len(list(commands(setting))) + 2 if setting.framed else 0)
    # The last page has numbers alone, in bold sans: no number is in another font.
    assert len(paper.fonts(paper.pages())) == 1, paper.fonts(paper.pages())
    assert "109,482,240 (109.48 M), 25.9%, 30,522" in paper.text(paper.pages())
