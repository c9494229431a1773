"""The page in a browser: every control moved, and what the page shows compared with the library's counts."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bertsym.api import load
from tests.browser import Browser

Open = Callable[..., Browser]
Run = Callable[..., Any]

SHOWN = "document.getElementById('total').textContent.replaceAll(',', '')"
REFUSAL = "document.getElementById('refusal').textContent"


def total(page: Browser) -> int:
    return int(page.run(SHOWN))


SIZES = """Object.fromEntries([...document.querySelectorAll('[data-size]')].filter((row) => !row.hidden).map((row) => {
    const field = row.querySelector('input');
    return [row.dataset.size, field.type === 'checkbox' ? String(field.checked) : field.value.replaceAll(',', '')];
}))"""
TYPE = """((size, text) => {
    const field = document.querySelector(`[data-size=${size}] input`);
    field.focus();
    field.value = text;
    field.dispatchEvent(new Event('input', {bubbles: true}));
})"""
# One step of a slider, or a switch turned.
MOVE = """((size) => {
    const row = document.querySelector(`[data-size=${size}]`);
    const control = row.querySelector('[type=range]') || row.querySelector('input');
    if (control.type === 'checkbox') return control.click();
    control.stepUp();
    control.dispatchEvent(new Event('input', {bubbles: true}));
})"""
BEYOND = """[...document.querySelectorAll('body *')].filter((each) => {
    const scrolls = '.formula, .part-formula, .scroll, .derivation [data-tex], textarea, .katex-mathml, svg';
    const box = each.getBoundingClientRect();
    return !each.closest(scrolls) && box.width > 0 && box.right > innerWidth + 1;
}).map((each) => each.outerHTML.slice(0, 80))"""
OUTSIDE_THE_MAP = """(() => {
    const map = document.getElementById('map').getBoundingClientRect();
    return [...document.querySelectorAll('#map text')].filter((text) => {
        const box = text.getBoundingClientRect();
        return box.left < map.left - 1 || box.right > map.right + 1;
    }).map((text) => text.textContent);
})()"""
TORN = """[...document.querySelectorAll('#parts .number')].filter((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    return new Set([...range.getClientRects()].map((box) => box.top)).size > 1;
}).map((each) => each.textContent)"""
OVERLAPPING = """[...document.querySelectorAll('#parts .part-formula')].flatMap((cell) => {
    const end = cell.getBoundingClientRect().right;
    return [...cell.querySelectorAll('.base')].filter((base) => base.getBoundingClientRect().right > end);
}).map((each) => each.textContent)"""
COPIED = ("command", "latex")
CLIPPED = """[...document.querySelectorAll('.formula, .scroll, .part-formula, .derivation [data-tex]')]
    .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.outerHTML.slice(0, 80))"""
PRINTED = """[...document.querySelectorAll('.printed')].filter((each) => each.getBoundingClientRect().width > 0)
    .map((each) => each.textContent)"""
FOCUSED = "(({id, tagName, ariaLabel}) => id || ariaLabel || tagName)(document.activeElement)"
DRAWN = "new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
TICKS = """[...document.querySelectorAll('#map text:not([class])')].map((text) =>
    [text.textContent, ...['x', 'y', 'text-anchor'].map((name) => text.getAttribute(name))])"""
TABLE = """[...document.querySelectorAll('#comparison-parts tr')].map((row) =>
    [...row.children].map((cell) => cell.firstChild?.textContent ?? ''))"""


def sizes(page: Browser) -> dict[str, str]:
    """Return the value in each field, by the name of its size."""
    found: dict[str, str] = page.run(SIZES)
    return found


def copied(page: Browser, field: str) -> str:
    """Press a copy button, and return what was copied: the browser asks a person before a page reads the clipboard."""
    page.run("window.taken = []; navigator.clipboard.writeText = async (text) => { window.taken.push(text); }")
    page.run(f"document.querySelector('[data-copy={field}]').click()")
    (text,) = page.run("window.taken")
    return str(text)


def typed(page: Browser, name: str, text: str) -> None:
    """Type a value into the field of a size."""
    page.run(f"{TYPE}({json.dumps(name)}, {json.dumps(text)})")


def is_counted(page: Browser, bertsym: Run) -> None:
    """Compare the number on the page with the one of the command line that it offers."""
    words = shlex.split(copied(page, "command"))
    assert bertsym(*words[1:], "--count").out == f"{total(page)}\n", words


@pytest.mark.parametrize("name", ["bert-base-uncased", "llama", "mixtral", "deberta-v2", "resnet", "qwen3_next"])
def test_each_slider_and_switch_moves_the_number_exactly(name: str, opened: Open, bertsym: Run) -> None:
    page = opened(name)
    start = total(page)
    is_counted(page, bertsym)
    moved = 0
    for size in sizes(page):
        page.run(f"{MOVE}({json.dumps(size)})")
        assert page.run(REFUSAL) == ""
        is_counted(page, bertsym)
        moved += total(page) != start
        page.run("document.getElementById('reset').click()")
        assert total(page) == start
    assert moved >= 4
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.wait("document.querySelector('details .katex')")
    assert page.run("[...document.querySelectorAll('.as-text')].map((each) => each.textContent)") == []
    assert page.run("document.querySelectorAll('#map .curve').length") >= 4
    assert page.complaints == []


def test_totals_beyond_any_float(opened: Open) -> None:
    page = opened("bert-base-uncased")
    for name, value in {"H": "1234567890123", "heads": "1", "L": "987,654,321", "V": "100000000000000000003"}.items():
        typed(page, name, value)
        page.press("Tab")
    assert page.run(REFUSAL) == ""
    model = load("bert-base-uncased").at(H=1234567890123, heads=1, L=987654321, V=100000000000000000003)
    assert total(page) == model.count() > 10**33


def test_a_formula_in_numbers_beside_the_formula_in_symbols(opened: Open) -> None:
    page = opened("bert-base-uncased", "--at", "H=1024,heads=16")
    typed(page, "L", "24")
    tex = page.run("document.querySelector('#in-numbers annotation').textContent")
    tex = tex.replace("{(", "(").replace(")}", ")")  # braces keep a sum on one line
    factors = r"(2 \cdot 4 + 4) \cdot 24 \cdot 1{,}024^2 + (4 + 9) \cdot 24 \cdot 1{,}024"
    assert factors in tex
    parts = page.run(
        "[...document.querySelectorAll('#parts .number')].map((cell) => cell.textContent.replaceAll(',', ''))"
    )
    *numbers, whole = map(int, parts)
    assert sum(numbers) == whole == total(page)


def test_a_width_sets_the_ratio_and_a_head_size_the_heads(opened: Open, bertsym: Run) -> None:
    page = opened("bert-base-uncased")
    typed(page, "F", "2000")
    assert sizes(page)["ffn_ratio"] == "125/48"
    typed(page, "d", "96")
    assert sizes(page)["heads"] == "8"
    is_counted(page, bertsym)
    typed(page, "d", "100")
    assert "heads" in page.run(REFUSAL)
    assert page.run("document.activeElement.getAttribute('aria-invalid')") == "true"
    assert sizes(page)["heads"] == "8"


def test_sizes_that_no_model_has_are_said_and_stay_the_readers(opened: Open, bertsym: Run) -> None:
    page = opened("bert-base-uncased")
    typed(page, "H", "769")
    assert page.run(REFUSAL) == "There is no such model: d = H/heads would be 769/12, which is no whole number."
    assert page.run("document.body.classList.contains('refused')")
    for text in ("", "x", "1.5", "-3", "0", "1" * 80, "1/0"):
        typed(page, "L", text)
        assert page.run(REFUSAL) != ""
    typed(page, "L", "12")
    typed(page, "heads", "769")
    assert page.run(REFUSAL) == ""
    is_counted(page, bertsym)


def test_a_size_set_by_hand_follows_again(opened: Open, bertsym: Run) -> None:
    page = opened("cohere2")
    start = total(page)
    typed(page, "d", "100")
    assert total(page) != start
    assert "--at" in copied(page, "command")
    assert bertsym(*shlex.split(copied(page, "command"))[1:], "--latex").out == copied(page, "latex")
    page.run("document.querySelector('.follow').click()")
    assert total(page) == start


def test_nothing_is_asked_of_any_server(opened: Open) -> None:
    page = opened("bert-base-uncased", "llama-3-8b")
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.wait("document.querySelector('details .katex')")
    asked = [address for address in page.requests if not address.startswith("data:")]
    assert [address.rpartition("/")[2] for address in asked] == ["model.html"]
    assert page.complaints == []
    # The policy stops what a page might try.
    tried = page.run("fetch('http://127.0.0.1:9/').then(() => 'asked', (error) => 'refused')")
    assert tried == "refused"
    assert "Content Security Policy" in "".join(page.complaints)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("names", [["bert-base-uncased"], ["deepseek_v3"], ["bert-base-uncased", "llama", "resnet"]])
def test_no_width_overflows(names: list[str], width: int, opened: Open) -> None:
    page = opened(*names, width=width)
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.wait("document.querySelector('details:not([hidden]) .katex')")
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run(BEYOND) == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["bert-base-uncased", "lfm2-default"])
def test_numbers_of_many_digits_break_and_stay_on_the_page(name: str, width: int, opened: Open) -> None:
    page = opened(name, "albert-base-v2", width=width)
    deep = "L_full" if name.startswith("lfm2") else "L"
    for size, value in {"heads": "1", "V": "9" * 20, "H": "8" * 20, deep: "7" * 20, "ffn_ratio": "6"}.items():
        typed(page, size, value)
    if deep == "L_full":
        typed(page, "kv_heads", "1")
    assert page.run(REFUSAL) == ""
    assert total(page) > 10**60
    page.run(DRAWN)
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run(BEYOND) == []
    labels = page.run("[...document.querySelectorAll('#map text:not(.axis)')].map((text) => text.textContent)")
    assert {len(re.findall("·10[⁰¹²³⁴-⁹]+$", label)) for label in labels} == {1}
    assert page.run(OUTSIDE_THE_MAP) == []


@pytest.mark.parametrize("name", ["wav2vec2", "hy_v4", "lfm2"])
def test_a_usual_number_stays_on_one_line_beside_a_whole_formula(name: str, opened: Open) -> None:
    page = opened(name)
    assert page.run("document.querySelectorAll('#parts wbr').length") == 0
    assert page.run(TORN) == []
    assert page.run(OVERLAPPING) == []


def test_a_browser_complains_of_no_formula(opened: Open) -> None:
    page = opened("lfm2")  # its floors are as tall as those that KaTeX draws as paths
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.wait("document.querySelector('details .katex')")
    assert page.complaints == []


@pytest.mark.parametrize("name", ["bert-base-uncased", "lfm2", "hy_v4"])
def test_paper_has_the_whole_of_each_formula_and_command(name: str, opened: Open) -> None:
    page = opened(name)
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.wait("document.querySelector('details .katex')")
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    page.command("Emulation.setEmulatedMedia", media="print")
    page.command("Emulation.setDeviceMetricsOverride", width=718, height=1000, deviceScaleFactor=1, mobile=False)
    try:
        assert page.run(CLIPPED) == []
        assert page.run(PRINTED) == [page.run(f"document.getElementById('{field}').value") for field in COPIED]
    finally:
        page.command("Emulation.setEmulatedMedia", media="")
    page.run("window.dispatchEvent(new Event('afterprint'))")
    assert page.run("[...document.querySelectorAll('.katex')].every((each) => !each.style.fontSize)")


def test_the_map_and_the_comparison_have_the_symbols_of_the_notation(opened: Open) -> None:
    page = opened("bert-base-uncased", "albert-base-v2", "--notation", "kaplan")
    page.run(DRAWN)
    assert page.run("[...document.querySelectorAll('#map .axis')].map((each) => each.textContent)") == [
        "dmodel",
        "nlayer",
    ]
    symbols = page.run("[...document.querySelectorAll('#comparison-sizes annotation')].map((each) => each.textContent)")
    assert symbols[:2] == [r"n_{\mathrm{vocab}}", r"d_{\mathrm{emb}}"]
    assert page.run("document.querySelectorAll('#comparison-sizes tr')[1].children[1].textContent") == "–"


def test_the_keyboard_reaches_and_moves_everything(opened: Open, bertsym: Run) -> None:
    page = opened("bert-base-uncased", "roberta-base")
    reached = []
    for _ in range(60):
        page.press("Tab")
        reached.append(page.run(FOCUSED))
        style = page.run("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none" or reached[-1] == "BODY", reached[-1]
        if reached[-1] == "BODY":
            break
    assert {
        "model-0",
        "reset",
        "size-2",
        "H, hidden size: slider",
        "formula",
        "map-x",
        "map",
        "command",
        "latex",
        "SUMMARY",
    } <= {*reached}
    start = total(page)
    page.run("document.querySelector('[data-size=L] [type=range]').focus()")
    page.press("ArrowRight")
    assert sizes(page)["L"] == "13"
    page.run("document.querySelector('[data-size=L] [type=text]').focus()")
    page.press("ArrowDown")
    assert (sizes(page)["L"], total(page)) == ("12", start)
    page.run("document.getElementById('map').focus()")
    page.press("ArrowUp")
    page.press("ArrowRight")
    assert (sizes(page)["L"], sizes(page)["H"]) == ("13", "960")
    is_counted(page, bertsym)
    page.run("document.getElementById('model-0').focus()")
    page.press("ArrowRight")
    assert sizes(page)["V"] == "50265"
    assert total(page) == load("roberta-base").count()


def test_every_control_has_a_name_and_the_total_is_announced(opened: Open) -> None:
    page = opened("bert-base-uncased", "mixtral")
    nodes = page.command("Accessibility.getFullAXTree")["nodes"]
    roles = {"textbox", "slider", "checkbox", "button", "combobox", "radio", "application"}
    controls = [node for node in nodes if node.get("role", {}).get("value") in roles and not node.get("ignored")]
    assert len(controls) > 20
    assert [node["role"]["value"] for node in controls if not node["name"].get("value", "").strip()] == []
    assert page.run("document.getElementById('total').getAttribute('aria-live')") == "polite"


def test_a_click_on_the_map_sets_both_sizes(opened: Open, bertsym: Run) -> None:
    page = opened("bert-base-uncased")
    page.run("document.getElementById('map').scrollIntoView({block: 'center'})")
    box = page.run("document.getElementById('map').getBoundingClientRect().toJSON()")
    page.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25)
    now = sizes(page)
    assert int(now["H"]) > 768
    assert int(now["L"]) > 12
    is_counted(page, bertsym)
    page.run(DRAWN)
    note = page.run("document.getElementById('map-note').textContent")
    assert note == f"H = {int(now['H']):,}, L = {int(now['L']):,}: {total(page):,} parameters"


def test_the_curve_of_the_count_goes_through_the_point(opened: Open) -> None:
    """Every point of the bold curve has nearly the count that the page shows, computed here from the axes."""
    page = opened("bert-base-uncased")
    page.wait("document.querySelector('#map .current')")
    path = page.run("document.querySelector('#map .current').getAttribute('d')")
    point = [float(page.run(f"document.querySelector('#map .point').getAttribute('{axis}')")) for axis in ("cx", "cy")]
    ends = [tuple(map(float, pair)) for pair in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]
    assert len(ends) > 40
    assert min(abs(x - point[0]) + abs(y - point[1]) for x, y in ends) < 8
    labels = page.run(TICKS)
    across = [(int(text.replace(",", "")), float(x)) for text, x, _, anchor in labels if anchor == "middle"]
    up = [(int(text.replace(",", "")), float(y) - 4) for text, _, y, anchor in labels if anchor == "end"]
    for x, y in ends:
        width, layers = on_axis(across, x), on_axis(up, y)
        count = 12 * layers * width**2 + 13 * layers * width + 31039 * width + width**2
        assert abs(count / 109482240 - 1) < 0.03


def test_no_curve_runs_where_a_size_would_be_negative(opened: Open) -> None:
    """Kimi Linear has L_dense + L_sparse - L_full layers of linear attention, where L_dense is 1 here."""
    page = opened("kimi_linear-default")
    typed(page, "L_full", "20")
    for axis, name in (("map-x", "L_sparse,"), ("map-y", "L_full,")):
        page.run(f"""(() => {{
            const choice = document.getElementById({json.dumps(axis)});
            choice.value = [...choice.options].find((option) => option.text.startsWith({json.dumps(name)})).value;
            choice.dispatchEvent(new Event('change'));
        }})()""")
    page.run(DRAWN)
    labels = page.run(TICKS)
    across = [(int(text.replace(",", "")), float(x)) for text, x, _, anchor in labels if anchor == "middle"]
    up = [(int(text.replace(",", "")), float(y) - 4) for text, _, y, anchor in labels if anchor == "end"]
    path = "".join(page.run("[...document.querySelectorAll('#map .curve')].map((each) => each.getAttribute('d'))"))
    ends = [tuple(map(float, pair)) for pair in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]
    assert len(ends) > 40
    assert max(value for value, _ in up) > 30
    assert [(x, y) for x, y in ends if 1 + on_axis(across, x) < on_axis(up, y) - 0.1] == []


def on_axis(ticks: list[tuple[int, float]], place: float) -> float:
    """Return the value at a place, from the first and the last tick."""
    (low, start), *_, (high, stop) = ticks
    return low + (place - start) / (stop - start) * (high - low)


def test_models_side_by_side(opened: Open) -> None:
    page = opened("bert-base-uncased", "roberta-base", "bert-large-uncased")
    rows = page.run(TABLE)
    table = {name: cells for name, *cells in rows}
    counts = [load(name).count() for name in ("bert-base-uncased", "roberta-base", "bert-large-uncased")]
    first, second, third = counts
    assert table["total"] == [f"{first:,}", f"{second:,}", f"+{second - first:,}", f"{third:,}", f"+{third - first:,}"]
    page.run("document.getElementById('model-1').click()")
    typed(page, "V", "30522")
    changed = load("roberta-base").at(V=30522).count()
    assert page.run(TABLE)[-1][2:4] == [f"{changed:,}", f"+{changed - first:,}".replace("+-", "\u2212")]


def test_the_derivation_unfolds(opened: Open) -> None:
    page = opened("bert-base-uncased")
    assert page.run("document.querySelector('details').open") is False
    page.run("document.querySelector('summary').click()")
    page.wait("document.querySelector('details .katex')")
    text = page.run("document.querySelector('details').textContent")
    assert "28{,}366{,}848" in text
    assert page.run("document.querySelectorAll('details [data-tex]:not(.done)').length") == 0


def test_the_notation_and_the_latex(opened: Open, bertsym: Run) -> None:
    page = opened("bert-base-uncased", "--notation", "vaswani", "--head", "masked-lm", "--convention", "non-embedding")
    words = shlex.split(copied(page, "command"))
    assert {"vaswani", "masked-lm", "non-embedding"} <= set(words)
    assert bertsym(*words[1:], "--latex").out == copied(page, "latex")


HOSTILE = "</script><script>window.hurt=1</script><img src=x onerror=window.hurt=1>{{data}}"


class Elements(HTMLParser):
    """The names of the elements of a page, outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.names.append(tag)


def test_hostile_names_and_titles_are_text(browser: Browser, bertsym: Run, tmp_path: Path) -> None:
    folder = tmp_path / HOSTILE.replace("/", "-")
    folder.mkdir()
    config = {
        "model_type": "bert",
        "architectures": [HOSTILE],
        "_name_or_path": HOSTILE,
        "vocab_size": 1000,
        "hidden_size": 64,
        "num_attention_heads": 4,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    file = tmp_path / "model.html"
    ran = bertsym("page", str(folder / "config.json"), "bert-base-uncased", "--title", HOSTILE, "-o", str(file))
    assert ran.code == 0, ran.err
    text = file.read_text(encoding="utf-8")
    assert Elements(text).names.count("script") == 3
    assert Elements(text).names.count("img") == 0
    browser.complaints.clear()
    browser.open(file)
    assert browser.run("document.title") == HOSTILE
    assert browser.run("document.querySelector('h1').textContent") == HOSTILE
    assert browser.run("window.hurt === undefined && document.images.length === 0")
    assert browser.complaints == []
    words = shlex.split(copied(browser, "command"))
    assert str(folder / "config.json") in words
    assert bertsym(*words[1:], "--count").out == f"{total(browser)}\n"


def test_what_is_refused_writes_nothing(bertsym: Run, tmp_path: Path) -> None:
    file = tmp_path / "model.html"
    for words in (
        ["bert-base-uncased", "--title", "a\nb"],
        ["bert-base-uncased", "--title", "x" * 121],
        ["bert-base-uncased", "--at", "H=769"],
        ["bert", "--notation", "none"],
        ["no-such-model-at-all"],
        ["bert"] * 13,
    ):
        ran = bertsym("page", *words, "-o", str(file))
        assert (ran.code, file.exists()) == (2, False), words
    ran = bertsym("page", "bert", "-o", str(tmp_path / "config.json"))
    assert ran.code == 2
    assert "--output: expected a file whose name ends in .html" in ran.err


def test_a_wide_formula_of_html_scrolls_and_the_page_does_not(browser: Browser, bertsym: Run, tmp_path: Path) -> None:
    """Formulas of --html within a page of somebody else."""
    parts = [
        bertsym("total", "hy_v4", "--html").out,
        bertsym("explain", "lfm2", "--component", "feed-forward", "--html").out,
    ]
    ready = "<script>document.documentElement.classList.add('ready')</script>"
    file = tmp_path / "own.html"
    file.write_text(f"<!doctype html><meta charset=utf-8>{''.join(parts)}{ready}", encoding="utf-8")
    browser.open(file, 700)
    assert browser.run("document.querySelectorAll('math').length") > 10
    assert browser.run("document.documentElement.scrollWidth") <= 700
    scrolling = "[...document.querySelectorAll('p[style]')].filter((each) => each.scroll{0} > each.client{0}).length"
    assert [browser.run(scrolling.format(side)) for side in ("Width", "Height")] == [2, 0]
