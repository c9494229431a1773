"""The file of a page: its size, its policy, its licence, and the copy of KaTeX in it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from bertsym.errors import TooLarge, Unreadable
from bertsym.resolve import load
from bertsym.web_page import PageModel, completed, web_page
from tests.conftest import missing

ROOT = Path(__file__).parent.parent.parent
KATEX = ROOT / "bertsym" / "web_page" / "katex"


def page(*names: str, title: str = "") -> str:
    models = [load(name) for name in names]
    return web_page(
        [PageModel(completed(m), command=("bertsym", "total", m.name), known=m.given) for m in models], title
    )


def test_twelve_models_are_under_a_megabyte_and_thirteen_refused() -> None:
    small = ["bert-base-uncased", "roberta-base", "albert-base-v2", "gpt2", "t5-base", "mixtral", "modernbert-base"]
    names = [*small, "deberta-v3-base", "deepseek_v3", "resnet", "qwen3_next", "llama-3-8b"]
    assert len(page(*names).encode()) < 1_000_000
    with pytest.raises(TooLarge, match="models of a page"):
        page(*names, "bert")


def test_each_script_and_style_has_its_hash_in_the_policy() -> None:
    text = page("bert-base-uncased")
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert (rules["default-src"], rules["font-src"]) == ("'none'", "data:")
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        hashes = [f"'sha256-{b64encode(sha256(body.encode()).digest()).decode()}'" for body in bodies]
        assert hashes == rules[rule].split()
        assert len(hashes) == 2


def test_the_file_names_no_address_to_load() -> None:
    text = page("bert-base-uncased")
    assert (
        re.findall(
            r"""(?:src|href|action|poster|srcset)\s*=\s*["']?[^"'\s>]*""",
            re.sub("<script>.*?</script>", "", text, flags=re.DOTALL),
        )
        == []
    )
    assert set(re.findall(r"url\(([^)]{0,20})", text)) == {"data:font/woff2;base"}
    assert "Copyright (c) 2013-2020 Khan Academy" in text


def test_the_same_models_give_the_same_file() -> None:
    assert page("deepseek_v3", "resnet") == page("deepseek_v3", "resnet")


def test_data_is_ascii_without_markup() -> None:
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page("llama"), re.DOTALL)
    assert data.isascii()
    assert not re.search("[<>&]", data)
    assert json.loads(data)["models"][0]["start"] == "6738415616"


@pytest.mark.parametrize("title", ["\n", "a\x00b", " ", "x" * 121, "\u202eabc"])
def test_a_title_is_one_printable_line(title: str) -> None:
    with pytest.raises(Unreadable, match="--title"):
        page("bert", title=title)


def test_katex_is_the_version_that_the_tests_render_with() -> None:
    version = json.loads((ROOT / "tests" / "js" / "package.json").read_text(encoding="utf-8"))["dependencies"]["katex"]
    assert f'version:"{version}"' in (KATEX / "katex.min.js").read_text(encoding="utf-8")
    for file in (KATEX / "README.md", ROOT / "bertsym" / "web_page" / "page.html"):
        assert f"KaTeX {version} " in file.read_text(encoding="utf-8")
    installed = ROOT / "tests" / "js" / "node_modules" / "katex"
    if not installed.is_dir():
        missing("KaTeX: npm ci --prefix tests/js")
    copies = [path for path in KATEX.rglob("*") if path.is_file() and path.name != "README.md"]
    assert len(copies) > 10
    for copy in copies:
        name = copy.relative_to(KATEX)
        original = installed / name if copy.name == "LICENSE" else installed / "dist" / name
        assert copy.read_bytes() == original.read_bytes(), name
