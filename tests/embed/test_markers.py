"""Places of fragments, and the errors of markers that hold none."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from bertsym.embed.files import read, replace
from bertsym.embed.markers import Syntax, fragments, split_lines
from bertsym.embed.refresh import Edits, State, checksum, refresh
from bertsym.errors import BadFile, BadMarker
from tests.conftest import need_module, need_program


def echo(command: str, syntax: Syntax) -> str:
    return f"<{command}|{syntax.name}>\n"


def states(text: str, syntax: Syntax = Syntax.TEX) -> list[State]:
    return [found.state for found in refresh(text, syntax, "x", echo).findings]


BEGINS = {Syntax.TEX: "%", Syntax.TYPST: "//"}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a\n% bertsym: total\nb\n", 2, "no end follows"),
        ("% bertsym: end\n", 1, "an end without a beginning"),
        ("% bertsym: total\n% bertsym: show\n% bertsym: end\n", 2, "still open"),
        ("% bertsym:\n% bertsym: end\n", 1, "expected a command"),
        ("% bertsym: end nonsense\n", 1, "expected a command"),
        ("x % bertsym: total\n% bertsym: end\n", 1, "on a line of its own"),
    ],
)
def test_malformed(text: str, line: int, problem: str) -> None:
    for syntax in Syntax:
        shape = (
            text.replace("%", BEGINS[syntax])
            if syntax in BEGINS
            else "".join(
                part.replace("%", "<!--") + (" -->" if "%" in part else "") + "\n" for part in text.splitlines()
            )
        )
        with pytest.raises(BadMarker, match=problem) as caught:
            list(fragments(shape, syntax, "paper.tex"))
        assert str(caught.value).startswith(f"paper.tex:{line}: ")


def test_examples_are_left_alone() -> None:
    tex = "\\begin{verbatim}\n% bertsym: total\n\\end{verbatim}\n\\% bertsym: total\n"
    assert states(tex) == []
    markdown = "```tex\n<!-- bertsym: total -->\n```\n~~~~\n```\n<!-- bertsym: x -->\n~~~~\n"
    assert states(markdown, Syntax.MARKDOWN) == []


def test_stale_fresh_edited() -> None:
    made = refresh("% bertsym: total\n% bertsym: end\n", Syntax.TEX, "x", echo)
    assert made.having(State.STALE)
    assert states(made.after) == [State.FRESH]
    assert states(made.after.replace("total", "show", 1)) == [State.STALE]
    assert states(made.after.replace("<total", "<TOTAL")) == [State.EDITED]
    assert states(made.after.replace("<total", "<TOTAL").replace("total", "show", 1)) == [State.EDITED]
    assert states("% bertsym: total\nsomething\n% bertsym: end\n") == [State.EDITED]
    assert states("% bertsym: total\n\n \n% bertsym: end\n") == [State.STALE]


def test_refreshing_twice_changes_nothing() -> None:
    once = refresh("a\n  % bertsym: total\n  % bertsym: end", Syntax.TEX, "x", echo).after
    assert once.startswith("a\n  % bertsym: total\n  <total|TEX>\n  % bertsym: end ")
    assert refresh(once, Syntax.TEX, "x", echo).after == once


def test_an_answer_may_not_hold_a_marker() -> None:
    with pytest.raises(BadMarker, match="holds a marker"):
        refresh("% bertsym: x\n% bertsym: end\n", Syntax.TEX, "x", lambda *_: "% bertsym: end\n")


def test_an_answer_may_not_hide_its_end() -> None:
    with pytest.raises(BadMarker, match=r"x:4: .* hides its end"):
        refresh(
            "% bertsym: a\n% bertsym: end\n\n% bertsym: b\n% bertsym: end\n",
            Syntax.TEX,
            "x",
            lambda command, _: {"a": "fine\n", "b": "\\begin{verbatim}\n"}[command],
        )


def test_names_of_names_do_not_grow_without_bound() -> None:
    """Ten words of ten words, eleven times, are 10^11 words."""
    lines = ["% bertsym: let a = " + "x " * 10]
    lines += [f"% bertsym: let {name} = {f'{before} ' * 10}" for before, name in pairwise("abcdefghijk")]
    with pytest.raises(BadMarker, match=r"paper.tex:4: .* at most 10,000 characters"):
        list(fragments("\n".join([*lines, "% bertsym: total k", "% bertsym: end"]), Syntax.TEX, "paper.tex"))


@pytest.mark.parametrize(
    ("syntax", "text"),
    [
        (Syntax.TEX, f"% bertsym: total{' ' * 1_000_000}x\n% bertsym: end\n"),
        (Syntax.TYPST, f"// bertsym: total{' ' * 1_000_000}x\n// bertsym: end\n"),
        (Syntax.MARKDOWN, f"<!-- bertsym:{' ' * 1_000_000}x\n"),
    ],
)
def test_a_line_of_blanks_takes_linear_time(syntax: Syntax, text: str) -> None:
    """With quadratic time, this test would take an hour."""
    with pytest.raises(BadMarker):
        list(fragments(text, syntax, "x"))


@pytest.mark.parametrize("opening", ["<code>" * 200_000, "<!-- " * 200_000, " ".join("`" * n for n in range(1, 1400))])
def test_a_paragraph_without_closing_marks_takes_linear_time(opening: str) -> None:
    text = f"x {opening}\n\n<!-- bertsym: total -->\n<!-- bertsym: end -->\n"
    assert [found.command for found in fragments(text, Syntax.MARKDOWN, "x")] == ["total"]


BODY = "Gr\u00fc\u00dfe{0}% bertsym: total{0}% bertsym: end{0}{0}last"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("latin-1", b""),
    ],
)
def test_encoding_mark_and_endings_stay(encoding: str, mark: bytes, ending: str, tmp_path: Path) -> None:
    path = tmp_path / "paper.tex"
    path.write_bytes(mark + BODY.format(ending).encode(encoding))
    path.chmod(0o640)
    source = read(path)
    replace(source, refresh(source.text, source.syntax, "x", echo).after)
    raw = path.read_bytes()
    assert raw.startswith(mark)
    text = raw[len(mark) :].decode(encoding)
    assert text.startswith(f"Grüße{ending}% bertsym: total{ending}<total|TEX>{ending}% bertsym: end ")
    assert text.endswith(f"{ending}{ending}last")
    assert len(split_lines(text)) == 6
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_mixed_endings_stay_mixed(tmp_path: Path) -> None:
    path = tmp_path / "paper.md"
    path.write_bytes(b"a\r\nb\n<!-- bertsym: total -->\r\n<!-- bertsym: end -->\nc\r")
    source = read(path)
    replace(source, refresh(source.text, source.syntax, "x", echo).after)
    raw = path.read_bytes()
    assert raw.startswith(b"a\r\nb\n<!-- bertsym: total -->\r\n<total|MARKDOWN>\r\n<!-- bertsym: end ")
    assert raw.endswith(b" -->\nc\r")


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.tex").write_text(BODY.format("\n"), encoding="utf-8")
    link = tmp_path / "link.tex"
    link.symlink_to("real.tex")
    source = read(link)
    replace(source, "new\n")
    assert link.is_symlink()
    assert (tmp_path / "real.tex").read_text(encoding="utf-8") == "new\n"


def test_what_cannot_be_written_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "paper.tex"
    path.write_bytes(b"caf\xe9 % latin-1")
    with pytest.raises(BadFile, match="latin-1"):
        replace(read(path), "日本")
    source = read(path)
    path.write_bytes(b"somebody else")
    with pytest.raises(BadFile, match="changed"):
        replace(source, "new")
    assert path.read_bytes() == b"somebody else"


@pytest.mark.parametrize("name", ["paper.txt", "paper", "paper.pdf"])
def test_other_files_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("x", encoding="utf-8")
    with pytest.raises(BadFile, match="expected one of"):
        read(tmp_path / name)


def test_a_mark_that_lies(tmp_path: Path) -> None:
    (tmp_path / "x.tex").write_bytes(b"\xef\xbb\xbf\xff")
    with pytest.raises(BadFile, match="byte order mark"):
        read(tmp_path / "x.tex")


def within(command: str, _: Syntax) -> str:
    """A number for a line."""
    return f"{len(command)}\n"


ONE, TWO = "<!-- bertsym: x -->{}<!-- bertsym: end{} -->", "<!--bertsym:yy-->{}<!-- bertsym: end{} -->"


@pytest.mark.parametrize(
    ("syntax", "text"),
    [
        (Syntax.MARKDOWN, f"a {ONE} and {TWO}"),
        (Syntax.MARKDOWN, f"> - `<!-- bertsym: no -->`\t{ONE} {TWO}"),
        (Syntax.MARKDOWN, f"# T {ONE}\n\n| a | {TWO} |"),
        (Syntax.HTML, f"<p>{ONE} {TWO}</p>"),
        (
            Syntax.TYPST,
            "`/* bertsym: no */` /* bertsym: x */{}/* bertsym: end{} */ /* bertsym: yy */{}/* bertsym: end{} */",
        ),
    ],
)
def test_a_fragment_within_a_line(syntax: Syntax, text: str) -> None:
    made = refresh(text.format("", "", "9", ""), syntax, "x", within)
    one, two = (f" {checksum(figure)}" for figure in ("1", "2"))
    assert made.after == text.format("1", one, "2", two)
    assert [found.state for found in made.findings] == [State.STALE, State.EDITED]
    assert [found.state for found in refresh(made.after, syntax, "x", within).findings] == [State.FRESH] * 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a <!-- bertsym: x -->1\n<!-- bertsym: end -->", "has its end on that line"),
        ("<!-- bertsym: x -->\n1 <!-- bertsym: end -->", "the end of this fragment stands on a line of its own"),
        ("a <!-- bertsym: x --> <!-- bertsym: y -->", "still open"),
        ("a <!-- bertsym: let b = c -->", "expected a command"),
        ("a <!-- bertsym: x", "a line of its own"),
        ("a <!-- bertsym: two -->1<!-- bertsym: end -->", "its answer has 2 lines"),
    ],
)
def test_a_wrong_marker_within_a_line(text: str, problem: str) -> None:
    with pytest.raises(BadMarker, match=problem):
        refresh(text + "\n", Syntax.MARKDOWN, "x", lambda command, _: "1\n2\n" if command == "two" else "1\n")


def test_an_accepted_edit_stays_until_its_output_changes() -> None:
    made = refresh("% bertsym: total\n% bertsym: end\n", Syntax.TEX, "x", echo).after
    edited = made.replace("<total|TEX>", "twelve")
    accepted = refresh(edited, Syntax.TEX, "x", echo, edits=Edits.ACCEPTED).after
    assert "twelve\n% bertsym: end " in accepted
    assert states(accepted) == [State.ACCEPTED]
    assert refresh(accepted, Syntax.TEX, "x", echo).after == accepted
    assert states(accepted.replace("twelve", "thirteen")) == [State.EDITED]
    assert states(accepted.replace("total", "show")) == [State.EDITED]
    assert refresh(accepted, Syntax.TEX, "x", echo, edits=Edits.OVERWRITTEN).after == made
    again = refresh(accepted.replace("twelve", "thirteen"), Syntax.TEX, "x", echo, edits=Edits.ACCEPTED).after
    assert states(again) == [State.ACCEPTED]


CONFLICT = "<<<<<<< HEAD\n{}=======\n{}>>>>>>> theirs\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("% bertsym: total\n" + CONFLICT.format("a\n", "b\n") + "% bertsym: end\n", 2),
        ("% bertsym: total\n" + CONFLICT.format("a\n% bertsym: end\n", "b\n% bertsym: end\n"), 2),
        ("x\n" + CONFLICT.format("% bertsym: total bert\n", "% bertsym: total gpt2\n") + "% bertsym: end\n", 2),
        (CONFLICT.format("% bertsym: let a = bert\n", "% bertsym: let a = gpt2\n"), 1),
    ],
)
def test_a_merge_conflict_is_named(text: str, line: int) -> None:
    with pytest.raises(BadMarker, match="an unresolved merge conflict") as caught:
        list(fragments(text, Syntax.TEX, "paper.tex"))
    assert caught.value.line == line


def test_a_merge_conflict_elsewhere_is_no_matter_of_ours() -> None:
    assert states(CONFLICT.format("a\n", "b\n") + "% bertsym: total\n% bertsym: end\n") == [State.STALE]
    text = "% bertsym: total\n% bertsym: end\n" + CONFLICT.format("a\n", "b\n") + "% bertsym: total\n% bertsym: end\n"
    assert states(text) == [State.STALE] * 2


TYPST_EXAMPLES = [
    ("`// bertsym: x`", False),
    ("```\n// bertsym: x\n```", False),
    ("````typ\n```\n// bertsym: x\n```\n````", False),
    ("`` // bertsym: x", True),
    ("/* a /* b */\n// bertsym: x\n*/", False),
    ("// /* a\n// bertsym: x", True),
    ("https://bertsym: x", False),
    ("\\`a\n// bertsym: x\n", True),
    ("#text(`// bertsym: x`)", False),
    ("$ x $\n  // bertsym: x", True),
    ("/// bertsym: x", True),
]


@pytest.mark.parametrize(("text", "marker"), TYPST_EXAMPLES)
def test_examples_in_typst(text: str, marker: bool) -> None:
    grammar = Syntax.TYPST.value
    assert bool(grammar.live(text.split("\n"), grammar.anywhere)) is marker


def test_typst_agrees_about_comments(tmp_path: Path) -> None:
    """A marker is a comment if the compiler leaves it out of the page."""
    typst = need_module("typst")
    pdftotext = need_program("pdftotext")
    for text, marker in TYPST_EXAMPLES:
        (tmp_path / "x.typ").write_text(text + "\n", encoding="utf-8")
        typst.compile(str(tmp_path / "x.typ"), output=str(tmp_path / "x.pdf"))
        done = subprocess.run([pdftotext, "x.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True)
        hidden = "bertsym" not in done.stdout
        assert hidden is (marker or "/* a" in text), text
