"""The files of a paper: folders and what a main file loads, and nothing outside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.embed import papers as rooms
from bertsym.embed.papers import papers
from bertsym.errors import BadFile

MARKER = "% bertsym: total bert-base-uncased\n% bertsym: end\n"
Run = Callable[..., Any]


def names(path: Path) -> list[str]:
    """The names of the files that are read, relative to the folder of the path."""
    root = path if path.is_dir() else path.parent
    return [source.path.relative_to(root).as_posix() for source in papers([path]).sources]


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_main_file_is_read_with_what_it_loads(tmp_path: Path) -> None:
    main = "\\input{sections/a}\n\\include{b.tex} \\subimport{deep/}{c}\n%\\input{d}\n\\verb|\\input{e}| \\input none\n"
    files = dict.fromkeys(["sections/a.tex", "b.tex", "deep/c.tex", "d.tex", "e.tex", "f.tex"], MARKER)
    files["sections/a.tex"] += "\\input{f} \\input{sections/a}\n"
    written(tmp_path, {**files, "main.tex": main})
    assert names(tmp_path / "main.tex") == ["main.tex", "sections/a.tex", "b.tex", "deep/c.tex", "f.tex"]


def test_a_loaded_file_without_a_marker_is_left_alone_but_followed(tmp_path: Path) -> None:
    written(tmp_path, {"main.tex": "\\input{a}\n", "a.tex": "\\input b\n", "b.tex": MARKER})
    assert names(tmp_path / "main.tex") == ["main.tex", "b.tex"]


def test_files_of_typst_are_followed_too(tmp_path: Path) -> None:
    text = "// bertsym: total bert\n// bertsym: end\n"
    main = '#include "parts/a.typ"\n#import "/b.typ": x\n// #include "c.typ"\n'
    written(tmp_path, {"main.typ": main, "parts/a.typ": text, "b.typ": text, "c.typ": text})
    assert names(tmp_path / "main.typ") == ["main.typ", "parts/a.typ", "b.typ"]


@pytest.mark.parametrize("way", ["a parent", "an absolute path", "a link to a file", "a link to a folder"])
def test_nothing_outside_the_folder_is_touched(way: str, tmp_path: Path, bertsym: Run) -> None:
    written(tmp_path, {"other/x.tex": MARKER, "paper/main.tex": ""})
    outside, main = tmp_path / "other" / "x.tex", tmp_path / "paper" / "main.tex"
    if way == "a link to a file":
        (main.parent / "y.tex").symlink_to(outside)
    elif way == "a link to a folder":
        (main.parent / "sub").symlink_to(outside.parent)
    name = {"a parent": "../other/x", "an absolute path": str(outside), "a link to a file": "y"}.get(way, "sub/x")
    main.write_text(f"\n\\input{{{name}}}\n{MARKER}", encoding="utf-8")
    ran = bertsym("embed", str(main))
    assert ran.code == 0
    assert f"{main}:2: {name} is outside the folder of the paper and was left alone" in ran.err
    assert outside.read_text(encoding="utf-8") == MARKER
    assert bertsym("embed", str(main.parent)).code == 0
    assert outside.read_text(encoding="utf-8") == MARKER


def test_a_folder_is_read_whole_without_hidden_ones(tmp_path: Path) -> None:
    markdown = "<!-- bertsym: total bert -->\n<!-- bertsym: end -->\n"
    files = {
        "a.tex": MARKER,
        "sub/b.md": markdown,
        "plain.tex": "x",
        ".git/c.tex": MARKER,
        "node_modules/d.md": markdown,
    }
    written(tmp_path, {**files, "data.csv": MARKER})
    assert names(tmp_path) == ["a.tex", "sub/b.md"]


def test_pipes_and_links_of_a_folder_are_left_alone(tmp_path: Path) -> None:
    written(tmp_path, {"a.tex": MARKER})
    os.mkfifo(tmp_path / "b.tex")
    (tmp_path / "c.tex").symlink_to("a.tex")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert names(tmp_path) == ["a.tex"]


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, {**{f"{n}.tex": MARKER for n in range(4)}, "main.tex": "\\input 0 \\input 1 \\input 2 \\input 3"})
    monkeypatch.setattr(rooms, "MOST_FILES", 3)
    for path in (tmp_path, tmp_path / "main.tex"):
        with pytest.raises(BadFile, match="more than 3 files"):
            papers([path])
    monkeypatch.setattr(rooms, "MOST_ENTRIES", 3)
    with pytest.raises(BadFile, match="more than 3 files in it"):
        papers([tmp_path])


def test_too_many_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, {"a.tex": MARKER, "b.tex": MARKER})
    monkeypatch.setattr(rooms, "MOST_BYTES", len(MARKER) + 1)
    with pytest.raises(BadFile, match="bytes in its files"):
        papers([tmp_path])


def test_one_note_for_a_file_that_is_loaded_twice(tmp_path: Path) -> None:
    written(tmp_path, {"x.tex": MARKER, "paper/main.tex": "\\input{../x}\n" * 3})
    assert [found.line for found in papers([tmp_path / "paper" / "main.tex"]).outside] == [1]


def test_a_tree_is_refreshed_whole_or_not_at_all(tmp_path: Path, bertsym: Run) -> None:
    bad = "% bertsym: total nonsense\n% bertsym: end\n"
    main = written(tmp_path, {"main.tex": f"\\input{{a}}\n{MARKER}", "a.tex": bad}) / "main.tex"
    ran = bertsym("embed", str(main))
    assert (ran.code, f"{tmp_path / 'a.tex'}:1: " in ran.err) == (2, True)
    assert "109" not in main.read_text(encoding="utf-8")
    written(tmp_path, {"a.tex": MARKER})
    assert bertsym("embed", str(main)).code == 0
    assert "109{,}482{,}240" in (tmp_path / "a.tex").read_text(encoding="utf-8")
    assert bertsym("embed", "--check", str(main)).code == 0


def test_a_path_in_a_marker_is_relative_to_its_file(
    tmp_path: Path, bertsym: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = '{"model_type": "bert", "num_hidden_layers": 2}'
    marker = "% bertsym: total model --count\n% bertsym: end\n".replace("model", "../model")
    written(tmp_path, {"model/config.json": config, "paper/main.tex": marker, "elsewhere/x": ""})
    for folder, path in ((".", "paper/main.tex"), ("paper", "main.tex"), ("elsewhere", "../paper/main.tex")):
        monkeypatch.chdir(tmp_path / folder)
        assert bertsym("embed", path).code == 0, folder
        assert Path.cwd() == tmp_path / folder
        assert bertsym("embed", "--check", path).code == 0
    assert "38{,}603{,}520" in (tmp_path / "paper" / "main.tex").read_text(encoding="utf-8")
