"""HTML that a browser takes as it stands: well formed, with mathematics, and with words that stay words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from bertsym.document import Equal, Matrix
from bertsym.formulas.styles import form
from bertsym.render import html, mathml, typst
from bertsym.render.boxes import Letters, Mark, Row
from bertsym.symbols import H, L, V, d, heads
from tests.render.test_typst import RUNS

Run = Callable[..., Any]
ARITY = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "munder": 2}
VOID = {"mspace"}


class Tree(HTMLParser):
    """Elements with their children; raises AssertionError for tags that do not pair."""

    def __init__(self) -> None:
        super().__init__()
        self.root: dict[str, Any] = {"tag": "", "children": [], "text": ""}
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in VOID, "MathML elements are closed"
        node = {"tag": tag, "children": [], "text": "", "attrs": dict(attrs)}
        self.open[-1]["children"].append(node)
        self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1]["children"].append({"tag": tag, "children": [], "text": "", "attrs": dict(attrs)})

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data: str) -> None:
        self.open[-1]["text"] += data


def parsed(page: str) -> dict[str, Any]:
    """The tree of a page."""
    tree = Tree()
    tree.feed(page)
    tree.close()
    assert tree.open == [tree.root]
    return tree.root


def every(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node["children"]:
        yield from every(child)


def text(node: dict[str, Any]) -> str:
    """The text of an element that has no text beside elements."""
    return str(node["text"]) + "".join(map(text, node["children"]))


@pytest.mark.parametrize("words", [run for run in RUNS if "--label" not in run], ids=" ".join)
def test_everything_is_well_formed(words: tuple[str, ...], bertsym: Run) -> None:
    ran = bertsym(*words, "--html")
    assert ran.code == 0, ran.err
    for node in every(parsed(ran.out)):
        if node["tag"] in ARITY:
            assert len(node["children"]) == ARITY[node["tag"]], node
        if node["tag"] in ("mi", "mn", "mo", "mtext"):
            assert text(node).strip()
        if node["tag"] == "tr":
            assert {child["tag"] for child in node["children"]} <= {"td", "th"}


def test_a_table_and_a_formula(bertsym: Run) -> None:
    page = parsed(bertsym("show", "bert-base-uncased", "--html").out)
    rows = [[text(cell) for cell in node["children"]] for node in every(page) if node["tag"] == "tr"]
    times = "\u2062"
    assert rows[0] == ["component", "formula", "parameters", "share"]
    assert rows[2] == ["attention", f"4{times}L{times}H2+6{times}L{times}H", "28,366,848", "25.9%"]
    assert rows[-1][2:] == ["109,482,240", "100.0%"]


def test_words_stay_words(bertsym: Run) -> None:
    caption = "<script>alert('x')</script> & \x1b[31m"
    page = bertsym("show", "bert-base-uncased", "--html", "--caption", caption).out
    assert "<script" not in page
    assert "\x1b" not in page
    (shown,) = [text(node) for node in every(parsed(page)) if node["tag"] == "caption"]
    assert shown.startswith("<script>alert('x')</script> & ")


def test_a_negative_number_has_a_minus_sign(bertsym: Run) -> None:
    page = bertsym("solve", "bert-base-uncased", "--target", "110M", "--html").out
    assert "<td" in page
    assert ">-" not in page


def test_a_derivation_is_aligned(bertsym: Run) -> None:
    page = parsed(bertsym("explain", "bert-base-uncased", "--component", "attention", "--html").out)
    lines = [[text(cell) for cell in node["children"]] for node in every(page) if node["tag"] == "mtr"]
    assert {len(line) for line in lines} == {3}
    assert [line[0] for line in lines][:2] == ["WQ,WK,WV:", "WO:"]
    assert lines[1][2] == "=H2"


def test_the_minus_of_a_numerator_stands_before_its_fraction() -> None:
    less = form(V - H / (2 * L))
    assert html.inline(less).startswith("<math><mi>V</mi><mo>−</mo><mfrac><mi>H</mi>")
    assert typst.inline(less) == "$V - frac(H, 2 L)$"
    assert typst.inline(form(-H / (V + L))) == "$- frac(H, L + V)$"


def test_a_fraction_in_running_text_has_a_slash() -> None:
    head_size = Equal(form(d), form(H / heads))
    assert html.inline(head_size) == "<math><mi>d</mi><mo>=</mo><mi>H</mi><mo>/</mo><mi>A</mi></math>"
    assert typst.inline(head_size) == "$d = H slash A$"


def test_the_letters_below_a_matrix_are_variables_and_its_words_are_not() -> None:
    shown = [typst.inline(Matrix(below)) for below in ("Q", "QKV", "gate,up", "")]
    assert shown == ["$W_Q$", "$W_(Q K V)$", '$W_("gate" , "up")$', "$W$"]


def test_a_sum_that_goes_on_and_a_function_behind_a_factor_have_their_spaces(bertsym: Run) -> None:
    """The default form of an operator at the start of a row is the prefix, which has none."""
    shown = bertsym("total", "deepseek_v3", "--html").out
    assert '<mo>&#8290;</mo><mspace width="0.167em"/><mi>min</mi>' in shown
    assert "<mo>+</mo><mi>max</mi>" in shown
    goes_on = Row((Mark("+"), Letters("H", "it")))
    assert mathml.math(goes_on) == '<math><mo form="infix">+</mo><mi>H</mi></math>'
    assert '<mtd style="text-align:left"><mo form="infix">+</mo>' in mathml.table([[(goes_on, "left")]])
