"""Claims in Chinese prose: the words for parts, calculations behind the word, and commas of full width."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from unicodedata import east_asian_width

import pytest

V, N, H, L, F = 30522, 512, 768, 12, 3072
PARTS = {
    "词嵌入": V * H,
    "词向量": V * H,
    "位置嵌入": N * H,
    "嵌入层": (V + N + 2 + 2) * H,
    "每层的前馈层": 2 * H * F + F + H,
    "每层的层归一化": 4 * H,
    "自注意力": 4 * (H * H + H),
    "池化层": H * H + H,
}
"""The parts of BERT-base and their parameters, from the shapes in the paper."""

TRADITIONAL = str.maketrans("词层归馈参数为", "詞層歸饋參數為")


@pytest.mark.parametrize("script", [{}, TRADITIONAL], ids=["simplified", "traditional"])
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "form", ["BERT-base 的{part}参数量为 {number}。", "BERT-base 的{part}的参数量是 {number}，共 12 层。"]
)
def test_a_part_has_its_number_and_no_other(
    bertsym: Callable[..., Any], part: str, form: str, script: dict[int, int]
) -> None:
    number = PARTS[part]
    part, form = part.translate(script), form.translate(script)
    text = form.format(part=part, number=number)
    right = bertsym("audit", text)
    assert (right.code, right.out.splitlines()[0][:6]) == (0, "stands"), right.out
    assert "1 claim judged" in right.out
    wrong = bertsym("audit", form.format(part=part, number=number + 2))
    assert (wrong.code, wrong.out.splitlines()[0][:7]) == (1, "finding"), wrong.out


@pytest.mark.parametrize(
    ("calculation", "result"),
    [("30522*768", V * H), ("30522 × 768", V * H), ("(30522+512+2)*768", (V + N + 2) * H), ("768*3072*2", 2 * H * F)],
)
@pytest.mark.parametrize("words", ["BERT-base 的参数量为 {}。", "The number of parameters in BERT-base is {}."])
def test_the_result_of_a_calculation_is_the_claim(
    bertsym: Callable[..., Any], calculation: str, result: int, words: str
) -> None:
    right = bertsym("audit", words.format(f"{calculation} = {result}"))
    assert (right.code, "1 claim judged, 0 findings, 0 not read" in right.out) == (0, True), right.out
    wrong = bertsym("audit", words.format(f"{calculation} = {result + 2}"))
    assert wrong.code == 1, wrong.out


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("BERT-base 的参数量为 109482240 + 1。", "109482240"),
        ("The number of parameters in BERT-base is 110M + 24M in the embeddings.", "110M"),
    ],
)
def test_a_term_of_a_calculation_without_a_result_is_not_read(
    bertsym: Callable[..., Any], text: str, number: str
) -> None:
    audited = bertsym("audit", text)
    assert "0 claims judged" in audited.out
    assert re.search(rf"^ +1  {number} +not read +it is a factor or a term of a calculation", audited.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("BERT-base 的参数量是 109482240，12 层。", 0),
        ("BERT-base 總參數量約為 1.1 億。", 0),
        ("BERT-base 總參數量約為 1.5 億。", 1),
        ("BERT-base 的参数量是 109482242，12 层。", 1),
        ("BERT-base 总参数量为 109，482，240。", 0),
        ("BERT-base 有 1.1 亿参数，BERT-large 有 3.4 亿参数。", 0),
        ("BERT-base 有 10948 万参数。", 0),
        ("BERT-base 有 1.5 亿参数。", 1),
    ],
)
def test_a_full_width_comma_ends_a_clause_or_groups_digits(bertsym: Callable[..., Any], text: str, code: int) -> None:
    assert bertsym("audit", text).code == code


@pytest.mark.parametrize(("label", "number"), [("Token embeddings", V * H), ("position embeddings", N * H)])
def test_a_labelled_table_counts_itself(bertsym: Callable[..., Any], label: str, number: int) -> None:
    assert bertsym("audit", f"{label}: {number}").code == 0
    assert bertsym("audit", f"{label}: {number + 1}").code == 1


def test_columns_align_on_a_terminal_whose_wide_characters_take_two_cells(bertsym: Callable[..., Any]) -> None:
    out = bertsym("audit", "BERT-base 有 1.1 亿参数，BERT-large 有 3.4 亿个参数。").out
    starts = [
        sum(2 if east_asian_width(character) in "WF" else 1 for character in line.partition("stands")[0])
        for line in out.splitlines()[3:]
        if "stands" in line
    ]
    assert len(starts) == 2
    assert len(set(starts)) == 1
