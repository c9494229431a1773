"""embed: papers in step with the formulas, and nobody's work lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
MOST_CALLS = 25_000  # for a marker

PAPER = r"""\documentclass{article}
\usepackage{amsmath}
\begin{document}
% bertsym: total bert-base-uncased --layout equation --rename 'H=d_{\mathrm{model}}'
% bertsym: end
% bertsym: show bert-base-uncased
% bertsym: end
% bertsym: macros bert-base-uncased --prefix Bert --provide
% bertsym: end
\end{document}
"""


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "paper.tex"
    path.write_text(PAPER, encoding="utf-8")
    return path


def test_a_paper_is_kept_in_step(paper: Path, bertsym: Run, pdflatex: Callable[[str], str]) -> None:
    assert bertsym("embed", str(paper), "--check").code == 1
    assert paper.read_text(encoding="utf-8") == PAPER
    assert bertsym("embed", str(paper)).code == 0
    assert bertsym("embed", str(paper), "--check").code == 0
    base = paper.read_text(encoding="utf-8")
    assert base.replace("{,}", ",").count("109,482,240") == 3
    assert r"d_{\mathrm{model}}^2" in base
    pdflatex(base)
    paper.write_text(base.replace("bert-base-uncased", "bert-base-uncased --at H=1024,heads=16"), encoding="utf-8")
    stale = bertsym("embed", str(paper), "--check", "--diff")
    assert (stale.code, stale.err.count(": stale: ")) == (1, 3)
    assert "-parameters" not in stale.out
    assert "+total & $(2r + 4)LH^2" in stale.out
    assert bertsym("embed", str(paper)).code == 0
    changed = paper.read_text(encoding="utf-8")
    plain = changed.replace("{,}", ",")
    assert "109,482,240" not in plain
    assert plain.count("183,987,200") == 3  # 12*12*1024^2 + 13*12*1024 + (30522 + 512 + 5)*1024 + 1024^2
    pdflatex(changed)


def test_what_was_edited_by_hand_is_not_lost(paper: Path, bertsym: Run) -> None:
    bertsym("embed", str(paper))
    edited = paper.read_text(encoding="utf-8").replace("pooler", "the pooler")
    paper.write_text(edited, encoding="utf-8")
    ran = bertsym("embed", str(paper))
    assert ran.code == 2
    assert "edited by hand" in ran.err
    assert f"{paper}:" in ran.err
    assert paper.read_text(encoding="utf-8") == edited
    assert bertsym("embed", str(paper), "--check").code == 1
    assert bertsym("embed", str(paper), "--force").code == 0
    assert "the pooler" not in paper.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("embed x.tex", "unknown command for a marker"),
        ("rm -rf /", "unknown command for a marker"),
        ("total; ls", "unknown command for a marker"),
        ("total nonsense", "unknown model"),
        ("total --frobnicate", "--frobnicate"),
        ("total --help", "not its help"),
        ("total 'unclosed", "quotes closed"),
        ("total --at H=$(ls)", "expected"),
        ("total --outpu x", "total: no option '--outpu'"),
        ("plot parts bert-base-uncased -o x.pdf", "got 'plot parts bert-base-uncased -o x.pdf'"),
        ("verify config.json", "unknown command for a marker"),
        ("show --latex --width 30pt bert-base-uncased", "needs at least"),
    ],
)
def test_one_bad_marker_leaves_every_file(command: str, problem: str, paper: Path, bertsym: Run) -> None:
    bad = paper.with_name("bad.md")
    bad.write_text(f"text\n\n<!-- bertsym: {command} -->\n<!-- bertsym: end -->\n", encoding="utf-8")
    before = bad.read_bytes()
    ran = bertsym("embed", str(paper), str(bad))
    assert ran.code == 2
    assert f"{bad}:3: " in ran.err
    assert problem in ran.err
    assert paper.read_text(encoding="utf-8") == PAPER
    assert bad.read_bytes() == before


def test_markdown_gets_markdown(tmp_path: Path, bertsym: Run) -> None:
    path = tmp_path / "README.md"
    path.write_text("# x\n\n<!-- bertsym: show bert-base-uncased -->\n<!-- bertsym: end -->\n", encoding="utf-8")
    assert bertsym("embed", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    assert "| attention | $4LH^2 + 6LH$ |" in text
    assert bertsym("embed", str(path), "--check").code == 0


def test_nothing_to_do_writes_nothing(paper: Path, bertsym: Run) -> None:
    bertsym("embed", str(paper))
    before = paper.stat()
    bertsym("embed", str(paper))
    after = paper.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_a_failing_disk_leaves_the_file(paper: Path, bertsym: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ran = bertsym("embed", str(paper))
    assert ran.code == 2
    assert "No space left on device" in ran.err
    assert paper.read_text(encoding="utf-8") == PAPER
    assert list(paper.parent.iterdir()) == [paper]


KILLED = """
import os, sys, time
real = os.fsync
def slow(handle):
    print("writing", flush=True)
    time.sleep(60)
os.fsync = slow
sys.argv = ["bertsym", "embed", sys.argv[1]]
from bertsym.cli import main
main()
"""


def test_a_kill_in_the_middle_of_a_write_loses_nothing(paper: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(paper)], stdout=subprocess.PIPE, cwd=Path.cwd())
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert paper.read_text(encoding="utf-8") == PAPER


def calls_of(work: Callable[[], object]) -> int:
    """Count the calls that the work makes, of Python's own functions and others."""
    made = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return made


def test_a_thousand_markers_in_one_process(tmp_path: Path, bertsym: Run) -> None:
    """Each is as little work as the one before: no start-up, nothing that grows with their number."""

    def papers(number: int) -> Path:
        path = tmp_path / f"{number}.tex"
        commands = (f"total bert-base-uncased --at H={12 * n} --layout equation" for n in range(1, number + 1))
        path.write_text("".join(f"% bertsym: {c}\n% bertsym: end\n" for c in commands), encoding="utf-8")
        return path

    def embedded(path: Path) -> None:
        assert bertsym("embed", str(path)).code == 0

    embedded(papers(1000))
    assert (tmp_path / "1000.tex").read_text(encoding="utf-8").count("\\begin{equation}") == 1000
    few, many = (calls_of(partial(embedded, papers(number))) for number in (20, 80))
    assert (many - few) / 60 < MOST_CALLS
    assert many < 4 * few + MOST_CALLS


def test_one_that_is_read_only_leaves_all(paper: Path, bertsym: Run) -> None:
    second = paper.with_name("second.tex")
    second.write_text(PAPER, encoding="utf-8")
    second.chmod(0o444)
    ran = bertsym("embed", str(paper), str(second))
    assert ran.code == 2
    assert "read-only" in ran.err
    assert [path.read_text(encoding="utf-8") for path in (paper, second)] == [PAPER, PAPER]
    assert bertsym("embed", "--check", str(second)).code == 1
    second.chmod(0o644)
    assert bertsym("embed", str(second)).code == 0
    second.chmod(0o444)
    assert bertsym("embed", str(second)).code == 0  # there is nothing to write


def test_a_file_named_twice_is_embedded_once(paper: Path, bertsym: Run) -> None:
    link = paper.with_name("link.tex")
    link.symlink_to(paper)
    assert bertsym("embed", str(paper), f"{paper.parent}/./paper.tex", str(link)).code == 0
    assert link.is_symlink()
    assert bertsym("embed", str(paper), "--check").code == 0


def test_names_reach_the_command_as_words(tmp_path: Path, bertsym: Run) -> None:
    path = tmp_path / "paper.tex"
    marker = '% bertsym: show ours --layout booktabs --caption "What is ours" --label ours:1'
    path.write_text(f"% bertsym: let ours = bert-base-uncased\n{marker}\n% bertsym: end\n", encoding="utf-8")
    assert bertsym("embed", str(path)).code == 0
    assert r"\caption{What is ours}" in path.read_text(encoding="utf-8")


def test_only_files_are_read(tmp_path: Path, bertsym: Run) -> None:
    path = tmp_path / "x.tex"
    os.mkfifo(path)
    ran = bertsym("embed", str(path))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "not a file" in ran.err


def test_markers_of_costs(tmp_path: Path, bertsym: Run) -> None:
    """A name that `let` gives carries the sizes of a run, and each fragment says its convention."""
    page = tmp_path / "costs.md"
    lines = [
        "<!-- bertsym: let ours = bert-base-uncased --at B=1,S=512 -->",
        "<!-- bertsym: total ours --of flops -->",
        "<!-- bertsym: end -->",
        "<!-- bertsym: show Llama-2-7b-hf --of cache --dtype bf16 --at B=1,S=4096 -->",
        "<!-- bertsym: end -->",
    ]
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert bertsym("embed", str(page)).code == 0
    text = page.read_text(encoding="utf-8")
    assert "96,637,943,808" in text.replace("{,}", ",")
    assert "2,147,483,648" in text.replace("{,}", ",")
    assert bertsym("embed", "--check", str(page)).code == 0


def test_an_edit_is_accepted_on_request(paper: Path, bertsym: Run) -> None:
    bertsym("embed", str(paper))
    edited = paper.read_text(encoding="utf-8").replace("pooler", "the pooler", 1)
    paper.write_text(edited, encoding="utf-8")
    assert "--accept it" in bertsym("embed", str(paper)).err
    for other in ("--force", "--check"):
        assert bertsym("embed", str(paper), "--accept", other).code == 2
    assert paper.read_text(encoding="utf-8") == edited
    ran = bertsym("embed", str(paper), "--accept")
    assert (ran.code, ran.err) == (0, f"bertsym: {paper}: 1 edited by hand, accepted\n")
    assert "the pooler" in paper.read_text(encoding="utf-8")
    assert bertsym("embed", str(paper), "--check").code == 0
    assert bertsym("embed", str(paper)).err == ""
    paper.write_text(paper.read_text(encoding="utf-8").replace("bert-base", "bert-large"), encoding="utf-8")
    assert bertsym("embed", str(paper)).code == 2
    assert bertsym("embed", str(paper), "--force").code == 0
    assert "the pooler" not in paper.read_text(encoding="utf-8")


def test_a_refresh_says_what_it_did_and_not_what_was(paper: Path, bertsym: Run) -> None:
    ran = bertsym("embed", str(paper))
    assert (ran.code, ran.out, ran.err) == (0, "", f"bertsym: {paper}: 3 of 3 fragments refreshed\n")
    assert bertsym("embed", str(paper)).err == ""


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("a.md", "It has <!-- bertsym: {} -->{}<!-- bertsym: end{} --> parameters.\n", "109,482,240"),
        ("a.html", "<p>It has <!-- bertsym: {} -->{}<!-- bertsym: end{} --> parameters.</p>\n", "109,482,240"),
        ("a.typ", "It has /* bertsym: {} */{}/* bertsym: end{} */ parameters.\n", "109,482,240"),
    ],
)
@pytest.mark.parametrize("command", ["total bert-base-uncased --count", "macros bert-base-uncased --value Total"])
def test_a_number_stands_within_a_line(
    name: str, text: str, shown: str, command: str, tmp_path: Path, bertsym: Run
) -> None:
    path = tmp_path / name
    path.write_text(text.format(command, "", ""), encoding="utf-8")
    assert bertsym("embed", str(path)).code == 0
    assert path.read_text(encoding="utf-8").startswith(text.format(command, shown, "\0").partition("\0")[0])
    assert bertsym("embed", "--check", str(path)).code == 0


def test_commands_of_tex_are_for_tex(tmp_path: Path, bertsym: Run) -> None:
    path = tmp_path / "a.md"
    path.write_text("<!-- bertsym: macros bert -->\n<!-- bertsym: end -->\n", encoding="utf-8")
    ran = bertsym("embed", str(path))
    assert (ran.code, "--value NAME" in ran.err) == (2, True)
    assert bertsym("macros", "bert", "--value", "Nothing", "--markdown").code == 2
    assert bertsym("macros", "bert-base-uncased", "--value", "Total").code == 2
    assert bertsym("macros", "bert-base-uncased", "--value", "TotalShort", "--html").out == "109.48M\n"


def test_html_gets_html(tmp_path: Path, bertsym: Run) -> None:
    path = tmp_path / "page.html"
    path.write_text("<!-- bertsym: show bert-base-uncased -->\n<!-- bertsym: end -->\n", encoding="utf-8")
    assert bertsym("embed", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    assert '<td style="text-align:right">28,366,848</td>' in text
    assert "| ---" not in text


def test_a_command_without_the_syntax_of_the_file_is_refused(tmp_path: Path, bertsym: Run) -> None:
    path = tmp_path / "page.html"
    path.write_text("<!-- bertsym: plot parts bert-base-uncased -->\n<!-- bertsym: end -->\n", encoding="utf-8")
    ran = bertsym("embed", str(path))
    assert (ran.code, "page.html:1: plot contradicts the file, which needs --html" in ran.err) == (2, True)
