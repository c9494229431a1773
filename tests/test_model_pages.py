"""The site's pages about models: their numbers are those of sources outside the pages, and no name adds markup."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym.model import Head
from bertsym.resolve import load
from bertsym.values import replace
from bertsym.zoo import ARCHITECTURES

ROOT = Path(__file__).parents[1]
ATLAS = ROOT / "bertsym" / "atlas"
INDEX = json.loads((ATLAS / "index.json").read_bytes())["models"]
TAGS = {"div", "p", "a", "em", "code", "table", "thead", "tbody", "tfoot", "tr", "th", "td"}
MATHEMATICS = {"math", "mi", "mn", "mo", "mtext", "mrow", "mfrac", "msqrt", "msup", "msub", "msubsup", "mspace"}
HOSTILE = "<script>alert(1)</script>`*a*`[b](javascript:c)&lt;"


@pytest.fixture(scope="module")
def pages() -> Any:
    """The module that writes the pages, which stands among the tools."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return import_module("model_pages")
    finally:
        sys.path.remove(str(ROOT / "tools"))


ATTRIBUTES = {"class", "style", "width", "separator", "mathvariant", "display", "form", "href"}


class Rows(HTMLParser):
    """The rows of the tables of a page, as the texts of their cells, and every tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.feed(re.sub(r"^(`{3,})\w+\n.*?^\1$", "", page, flags=re.DOTALL | re.MULTILINE))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= ATTRIBUTES
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def section(page: str, heading: str) -> str:
    """The text of a section."""
    return re.split(r"^## ", page.partition(f"\n## {heading}")[2], maxsplit=1, flags=re.MULTILINE)[0]


def numbers(page: str, heading: str, column: str) -> dict[str, int]:
    """The numbers of a column of the first table of a section, by the first cell of their row."""
    head, *rows = Rows(section(page, heading)).rows
    return {row[0]: int(row[head.index(column)].replace(",", "")) for row in rows}


def published(model_type: str) -> dict[str, int]:
    """The counts of the published models of a type, from the data as they are written."""
    text = (ROOT / "bertsym" / "names" / "published.txt").read_text(encoding="utf-8")
    families = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    lines = [
        line
        for part in families
        if re.search(rf"^type +{model_type}$", part, re.MULTILINE)
        for line in part.splitlines()
    ]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if line.count("|") >= 3]
    return {cell[0].rpartition("/")[2]: int(cell[2]) for cell in cells}


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "t5", "deepseek_v3", "qwen3_moe", "whisper"])
def test_published_models_have_their_published_counts(pages: Any, name: str) -> None:
    shown = numbers(pages.page(name), "Published models", "parameters")
    expected = published(name)
    assert len(expected) >= 1
    assert {hub.rpartition("/")[2]: number for hub, number in shown.items()} == expected


@pytest.mark.parametrize("name", ["deepseek_v3", "qwen3_moe", "mamba", "vit", "clip", "whisper"])
def test_every_class_of_an_entry_has_the_count_of_the_code_itself(pages: Any, name: str) -> None:
    record = json.loads((ATLAS / "models" / f"{name}.json").read_bytes())["heads"]
    counted = {head: entry["evidence"]["parameters"] for head, entry in record.items()}
    assert numbers(pages.page(name), "Heads", "parameters") == counted


def test_the_classes_of_bert_have_their_known_counts(pages: Any) -> None:
    # transformers 5.23 at the sizes of bert-base-uncased: sum(p.numel() for p in model.parameters()).
    known = {"model": 109_482_240, "pretraining": 110_106_428, "masked-lm": 109_514_298, "multiple-choice": 109_483_009}
    shown = numbers(pages.page("bert"), "Heads", "parameters")
    assert {head: shown[head] for head in known} == known


@pytest.mark.parametrize("name", ["bert", "t5", "deepseek_v3", "resnet", "encoder-decoder", "clip"])
def test_parts_sum_to_the_total(pages: Any, name: str) -> None:
    parts = numbers(pages.page(name), "Parts", "parameters")
    assert parts.pop("total") == sum(parts.values()) > 0


@pytest.mark.parametrize("name", ["bert", "t5", "deepseek_v3"])
def test_the_commands_of_a_page_print_what_it_shows(
    pages: Any, bertsym: Callable[..., Any], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = pages.page(name)
    first, *others = re.findall(r"^bertsym (.*)$", section(page, "Commands"), re.MULTILINE)
    assert f"```latex\n{bertsym(*first.split()).out}```" in section(page, "LaTeX")
    assert [bertsym(*command.split()).code for command in others] == [0, 0, 0, 0]
    assert (tmp_path / f"{name}.html").stat().st_size > 10**5


@pytest.mark.parametrize("name", ["bert", "deepseek_v3"])
def test_a_type_with_published_models_has_a_page_with_sliders(pages: Any, name: str) -> None:
    assert f'<a href="{name}-sliders.html">' in pages.page(name)
    assert name in pages.with_sliders()
    assert f"bertsym total {pages.sized(name).name}" in pages.sliders(name).replace('", "', " ").replace('","', " ")


def test_every_model_type_has_a_page(pages: Any) -> None:
    names = set(pages.names())
    assert names >= {*INDEX, *ARCHITECTURES, "encoder-decoder", "rag"}
    drawn = Random(22).sample(sorted(names - {"bit"}), 12)
    partial = next(name for name, line in INDEX.items() if "model" not in line["heads"])
    for name in [*drawn, partial]:
        page = pages.page(name)
        assert re.search(rf"^# .*{re.escape(pages._words(name))}$", page, re.MULTILINE)
        assert ("## No whole formula" in page) == (name == partial)
        assert Rows(page).tags <= TAGS | MATHEMATICS


def test_no_name_adds_markup(pages: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bert = load("bert-base-uncased")
    heads = {f"{HOSTILE}{name}": Head(HOSTILE, head.tree) for name, head in bert.architecture.heads.items()}
    model = replace(
        bert,
        architecture=replace(bert.architecture, title=HOSTILE, paper=HOSTILE, heads=heads),
        head=f"{HOSTILE}model",
        label=HOSTILE,
        head_reason=HOSTILE,
    )
    for function in ("load", "sized"):
        monkeypatch.setattr(pages, function, lambda _name: model)
    monkeypatch.setattr(pages, "title", lambda _name: HOSTILE)
    page = pages.page("bert")
    assert Rows(page).tags <= TAGS | MATHEMATICS
    title = next(line for line in page.splitlines() if line.startswith("# "))
    assert not re.search(r"(?<!\\)[][`*()]|<", title.removeprefix("# "))
    fences = [line for line in page.splitlines() if line.startswith("```")]
    assert [fence.rstrip("abcdefghijklmnopqrstuvwxyz") == fence for fence in fences] == [False, True] * 3


def test_a_fence_is_longer_than_the_backticks_in_it(pages: Any) -> None:
    fence = pages._fenced("latex", "a ```` b\n```\n").splitlines()
    assert (fence[0], fence[-1]) == ("`````latex", "`````")
