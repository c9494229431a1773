"""Running text in a column: its lines end where a reader expects it, and none is wider than the column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bertsym.document import Code, Document, Heading, Inline, Paragraph, Title
from bertsym.errors import TooNarrow
from bertsym.explain import explain
from bertsym.formulas.styles import form
from bertsym.formulas.tree import Form
from bertsym.render import latex, running
from bertsym.render.sheet import Sheet, column
from bertsym.symbols import H, L, heads
from bertsym.values import replace
from bertsym.zoo import named
from tests.render.papers import document, overfull

PRODUCT: Form = form(12 * L * H**2 / heads)
TEXTS: list[tuple[Inline, ...]] = [
    ("the keypoint decoder dim (keypoint.detector/config.keypoint.decoder.dim), and so on",),
    ("FastSpeech2ConformerWithHifiGan, exact: every parameter once",),
    ("of the ", Code("encoder.layer.{}.attention.self.query.weight"), " and its bias"),
    ("channel-projection-layers of a cross-attention",),
    ("(", PRODUCT, "), and ", form(3 * H * (H + L * heads) + 17 * L * H), "."),
]


@pytest.mark.parametrize("parts", TEXTS)
def test_the_narrowest_column_is_that_of_tex(parts: tuple[Inline, ...], pdflatex: Callable[[str], str]) -> None:
    """TeX may hyphenate words too, which nobody here counts on."""
    with pytest.raises(TooNarrow) as refused:
        running.check("the text", parts, Sheet(column=column("10pt")))
    needed = refused.value.needed
    for width, fits in ((f"{needed}pt", True), (f"{needed - 4}pt", False)):
        text = running.run(parts, Sheet(column=column(f"{needed}pt")))
        log = pdflatex(document([rf"\raggedright\hyphenpenalty=10000\noindent {text}\par"], 10, width))
        assert bool(overfull(log)) is not fits


@pytest.mark.parametrize(("width", "size"), [("150pt", 10), ("acl", 11)])
def test_legends_of_long_names_fit(
    width: str, size: int, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]
) -> None:
    models = ("atlas:superglue", "atlas:sam2", "atlas:fastspeech2_conformer_with_hifigan", "atlas:omdet-turbo")
    ran = [bertsym("explain", model, "--latex", "--legend", "--width", width) for model in models]
    assert all(each.code == 0 for each in ran)
    log = pdflatex(document([each.out for each in ran], size, {"acl": "219.08pt"}.get(width, width)))
    assert not overfull(log)


@pytest.mark.parametrize("width", ["150pt", "acl"])
def test_a_handout_of_a_long_name_fits(width: str, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    ran = bertsym("explain", "atlas:fastspeech2_conformer_with_hifigan", "--latex", "--standalone", "--width", width)
    assert r"\section*{\raggedright The parameters of" in ran.out
    assert "Overfull \\hbox" not in pdflatex(ran.out)


@pytest.mark.parametrize(
    "parts",
    [
        (Title(("w" * 30,)),),
        (Heading(("w" * 30,)),),
        (Paragraph(("w" * 30,)),),
        (Heading(("pooler",), (", in each of the ", "w" * 30)),),
    ],
)
def test_a_word_wider_than_the_column_is_refused(parts: Document) -> None:
    with pytest.raises(TooNarrow):
        latex.document(parts, Sheet(column=column("150pt")))
    assert "w" * 30 in latex.document(parts)


def test_a_heading_is_measured_in_bold(pdflatex: Callable[[str], str]) -> None:
    first, *rest = explain(named("bert"), component="pooler")
    sheet = Sheet(column=column("130pt"))
    widest = latex.document((replace(first, parts=("m" * 12,)), *rest), sheet)
    assert not overfull(pdflatex(document([widest], 10, "130pt")))
    with pytest.raises(TooNarrow, match="a heading needs at least 142 pt"):
        latex.document((replace(first, parts=("m" * 14,)), *rest), sheet)
