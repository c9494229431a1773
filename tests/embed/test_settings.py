"""Names and options that the files of a paper share."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bertsym.embed.settings import NO_SETTINGS, read_settings, settings_of
from bertsym.errors import BertsymError

Run = Callable[..., Any]
SETTINGS = """[let]
base = "bert-base-uncased"
ours = "base --at L=6"

[options]
notation = "kaplan"
rename = ["T=m"]
flavor = "github"
"""


def test_every_file_of_a_paper_has_the_same_names(tmp_path: Path, bertsym: Run) -> None:
    (tmp_path / "sections").mkdir()
    (tmp_path / "bertsym.toml").write_text(SETTINGS, encoding="utf-8")
    tex, markdown = tmp_path / "sections" / "a.tex", tmp_path / "README.md"
    tex.write_text("% bertsym: total ours\n% bertsym: end\n% bertsym: macros ours\n% bertsym: end\n", encoding="utf-8")
    markdown.write_text("<!-- bertsym: total ours -->\n<!-- bertsym: end -->\n", encoding="utf-8")
    assert bertsym("embed", str(tmp_path)).code == 0
    in_tex, in_markdown = tex.read_text(encoding="utf-8"), markdown.read_text(encoding="utf-8")
    assert "```math\n(2r + 4)n_{\\mathrm{layer}}d_{\\mathrm{model}}^2" in in_markdown
    assert in_tex.count("(2r + 4)n_{\\mathrm{layer}}d_{\\mathrm{model}}^2") == 2
    # 12*6*768^2 + 13*6*768 + (30522 + 512 + 5)*768 + 768^2 = 66,955,008
    for text in (in_tex, in_markdown):
        assert "66{,}955{,}008" in text


def test_a_file_and_a_marker_have_the_last_word(tmp_path: Path, bertsym: Run) -> None:
    (tmp_path / "bertsym.toml").write_text(SETTINGS, encoding="utf-8")
    path = tmp_path / "a.tex"
    path.write_text(
        "% bertsym: let ours = bert-base-uncased\n% bertsym: total ours --notation bert\n% bertsym: end\n",
        encoding="utf-8",
    )
    assert bertsym("embed", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    assert "(2r + 4)LH^2" in text
    assert "109{,}482{,}240" in text


def test_the_nearest_settings_up_to_the_repository_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "repository" / "paper" / "sections"
    folder.mkdir(parents=True)
    (tmp_path / "bertsym.toml").write_text('[let]\nfar = "bert"\n', encoding="utf-8")
    assert settings_of(folder / "a.tex").names == {"far": "bert"}
    (tmp_path / "repository" / ".git").mkdir()
    assert settings_of(folder / "a.tex") == NO_SETTINGS
    (tmp_path / "repository" / "bertsym.toml").write_text('[let]\nnear = "bert"\n', encoding="utf-8")
    assert settings_of(folder / "a.tex").names == {"near": "bert"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("let", "not TOML"),
        ("\xff", "not TOML"),
        ('[let]\nours = "a\\nb"', "on one line"),
        ("[let]\nours = 5", "on one line"),
        ('[let]\n"a b" = "bert"', "a name has letters"),
        ('let = "x"', "is no table"),
        ("[lets]", "unknown table of bertsym.toml 'lets'"),
        ('[options]\nwidth = "acl"', "unknown option of bertsym.toml 'width'"),
        ('[options]\nnotation = ["kaplan"]', "on one line"),
        (f"[let]\nx = {'[' * 5000}", "not TOML"),
        ("[let]\n" + "\n".join(f'{y} = "{f"{x} " * 30}"' for x, y in pairwise("abcdefgh")), "let d: .* at most 10,000"),
        (f'[let]\nx = "{"y" * 70_000}"', "larger than"),
    ],
)
def test_wrong_settings_are_a_sentence(text: str, problem: str, tmp_path: Path, bertsym: Run) -> None:
    path = tmp_path / "bertsym.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BertsymError, match=problem):
        read_settings(path)
    paper = tmp_path / "a.tex"
    paper.write_text("% bertsym: total bert\n% bertsym: end\n", encoding="utf-8")
    ran = bertsym("embed", str(paper))
    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_a_wrong_notation_names_the_marker(tmp_path: Path, bertsym: Run) -> None:
    (tmp_path / "bertsym.toml").write_text('[options]\nnotation = "mine"\n', encoding="utf-8")
    paper = tmp_path / "a.tex"
    paper.write_text("% bertsym: total bert\n% bertsym: end\n", encoding="utf-8")
    ran = bertsym("embed", str(paper))
    assert (ran.code, "a.tex:1: unknown notation 'mine'" in ran.err) == (2, True)
