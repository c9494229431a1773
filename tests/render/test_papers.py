"""The LaTeX of the command line compiles, fits its column, and renders in KaTeX and MathJax."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bertsym.cli.app import app
from tests.conftest import missing
from tests.render.papers import COLUMNS, document, overfull, runs, runs_in, runs_with_conditions

JS = Path(__file__).parents[1] / "js"
COVERED = {
    *("audit", "compare", "solve", "tradeoff", "total", "show", "tensors", "explain", "diff", "models", "symbols"),
    "roofline",
}
# `verify` and `derive` answer about what is on disk, in tests of their own; figures are in tests/figures.
WITHOUT_LATEX = {"macros", "embed", "verify", "derive", "plot", "help", "config", "sweep", "page"}


def printed(bertsym: Callable[..., Any], words: tuple[str, ...]) -> str:
    ran = bertsym(*words, "--latex")
    assert ran.code in (0, 1), (words, ran.err)  # 1 is a finding of audit
    return str(ran.out)


def test_every_command_is_here() -> None:
    assert {command.name for command in app.registered_commands} == COVERED | WITHOUT_LATEX


def test_everything_compiles(bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    pdflatex(document([printed(bertsym, words) for words in runs()], 10, "9000pt"))


@pytest.mark.parametrize("column", COLUMNS)
def test_everything_fits(column: str, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    fragments, refused = {}, []
    for words in runs_in(column):
        ran = bertsym(*words, "--latex")
        if ran.code == 0:
            fragments[words] = ran.out
        else:
            assert "needs at least" in ran.err, (words, ran.err)
            refused.append(words)
    size, width = COLUMNS[column]
    wide = overfull(pdflatex(document(list(fragments.values()), size, width)))
    assert not {list(fragments)[i]: line for i, line in wide.items()}
    # What cannot be broken is refused by name, and that is rare: wide tables, a brace wider than the column.
    assert all(
        w[0] in ("tensors", "models", "symbols", "explain", "show", "solve", "roofline") or "components" in w
        for w in refused
    ), refused
    assert len(refused) < len(fragments) / 6


@pytest.mark.parametrize("width", ["400pt", "700pt"])
def test_long_conditions_fit(width: str, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    ran = [bertsym(*words, "--latex") for words in runs_with_conditions(f"{width}@10")]
    fragments = [one.out for one in ran if one.code == 0]
    assert all("needs at least" in one.err for one in ran if one.code)
    assert len(fragments) > len(ran) / 2
    wide = overfull(pdflatex(document(fragments, 10, width)))
    assert not {fragments[place]: line for place, line in wide.items()}


def formulas(fragment: str) -> list[dict[str, Any]]:
    """The mathematics of a fragment, as a web page would hand it to its renderer."""
    body = "\n".join(line for line in fragment.splitlines() if not line.startswith("%"))
    displays = re.findall(r"\\begin\{(equation\*?|align\*?)\}(.*?)\\end\{\1\}", body, re.DOTALL)
    found = [{"tex": f"\\begin{{{name}}}{inner}\\end{{{name}}}", "display": True} for name, inner in displays]
    found += [{"tex": inner, "display": True} for inner in re.findall(r"\\\[(.*?)\\\]", body, re.DOTALL)]
    rest = re.sub(r"\\\[.*?\\\]|\\begin\{(equation\*?|align\*?)\}.*?\\end\{\1\}", "", body, flags=re.DOTALL)
    found += [{"tex": inner, "display": False} for inner in re.findall(r"(?<!\\)\$(.*?)(?<!\\)\$", rest)]
    return found


def in_markdown(page: str) -> list[dict[str, Any]]:
    """Return the mathematics of a Markdown page, as a renderer of GitHub's kind finds it."""
    displays = re.findall(r"^\$\$\n(.*?)\n\$\$$", page, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^\$\$\n.*?\n\$\$$|`[^`\n]*`", "", page, flags=re.DOTALL | re.MULTILINE)
    spans = re.findall(r"(?<![\\$])\$([^$\n]+?)(?<!\\)\$", rest)
    return [*({"tex": tex, "display": True} for tex in displays), *({"tex": tex, "display": False} for tex in spans)]


def as_markdown(runs: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield the command lines that differ without the options of LaTeX."""
    seen = set()
    for words in runs:
        bare = tuple(word for place, word in enumerate(words) if "--layout" not in words[max(0, place - 1) : place + 1])
        if bare not in seen:
            seen.add(bare)
            yield bare


def test_markdown_renders_on_the_web(bertsym: Callable[..., Any], node: str) -> None:
    formulas: dict[str, dict[str, Any]] = {}
    for words in as_markdown(runs()):
        ran = bertsym(*words, "--markdown")
        assert ran.code in (0, 1), (words, ran.err)
        formulas.update((formula["tex"], formula) for formula in in_markdown(ran.out))
    assert len(formulas) > 300
    assert web_errors(node, formulas) == []


def web_errors(node: str, formulas: Mapping[str, Any]) -> Any:
    """Return the errors of KaTeX and MathJax, each with its formula."""
    if not (JS / "node_modules").exists():
        missing("KaTeX and MathJax: npm ci --prefix tests/js")
    done = subprocess.run(
        [node, str(JS / "render.cjs")],
        input=json.dumps(list(formulas.values())),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_everything_renders_on_the_web(bertsym: Callable[..., Any], node: str) -> None:
    unique: dict[str, dict[str, Any]] = {}
    for words in (*runs(), *runs_in("acl")):
        ran = bertsym(*words, "--latex")
        if ran.code == 0:
            unique.update((formula["tex"], formula) for formula in formulas(ran.out))
    assert len(unique) > 300
    assert web_errors(node, unique) == []
