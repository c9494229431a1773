"""Markers in material that is shown as it stands are examples: what TeX typesets, and what Markdown shows as code.

Random documents are drawn, each marker with a number of its own. For TeX the judge is pdfLaTeX: a marker that is seen
on the page is an example. For Markdown each document is put together of pieces that are known to be code or not.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from random import Random

import pytest

from bertsym.embed.markers import Syntax, fragments, split_lines
from bertsym.errors import BadMarker
from tests.conftest import need_program

PREAMBLE = r"""\documentclass{article}
\usepackage{fancyvrb,listings,alltt,comment,verbatim,url,shortvrb}
\DefineVerbatimEnvironment{Code}{Verbatim}{fontsize=\small}
\lstnewenvironment{pseudo}[1][]{\lstset{basicstyle=\ttfamily,#1}}{}
\newenvironment{sample}{\verbatim}{\endverbatim}
\MakeShortVerb{\|}
\begin{document}
"""
AROUND = [
    ("\\begin{{verbatim}}\n{}\n\\end{{verbatim}}\n", False),
    ("some words\\begin{{verbatim}}\n{}\n\\end{{verbatim}} and more\n", False),
    ("\\begin{{verbatim*}}\n{}\n\\end{{verbatim*}}\n", False),
    ("  \\begin {{Verbatim}}[frame=single]\n{}\n\\end{{Verbatim}}\n", False),
    ("\\begin{{BVerbatim}}\n{}\n\\end{{BVerbatim}}\n", False),
    ("\\begin{{LVerbatim}}\n{}\n\\end{{LVerbatim}}\n", False),
    ("\\begin{{alltt}}\n{}\n\\end{{alltt}}\n", False),
    ("\\begin{{lstlisting}}[basicstyle=\\ttfamily]\n{}\n\\end{{lstlisting}}\n", False),
    ("\\begin{{Code}}\n{}\n\\end{{Code}}\n", False),
    ("\\begin{{pseudo}}\n{}\n\\end{{pseudo}}\n", False),
    ("\\begin{{sample}}\n{}\n\\end{{sample}}\n", False),
    ("\\begin{{verbatim}}\n\\end{{verb}}\n{}\n\\end{{verbatim}}\n", False),
    ("\\verb+{}+ and \\verb*!{}!\n", False),
    ("\\lstinline[basicstyle=\\ttfamily]|{}|\n", False),
    ("a short |{}| one\n", False),
    ("\\Verb+{}+\n", False),
    ("a per cent sign, \\{}\n", False),
    ("plain\n{}\nplain\n", True),
    ("% \\begin{{verbatim}}\n{}\n", True),
    ("\\begin{{quote}}\n{}\nx\n\\end{{quote}}\n", True),
    ("\\verb+x+ \\verb|%|\n{}\n", True),
    ("\\begin{{verbatim}}x\\end{{verbatim}}\n{}\n", True),
    ("\\texttt{{\\string\\begin\\{{verbatim\\}}}}\n{}\n", True),
    ("a line \\\\\n{}\nof two\n", True),
]
DRAWS = 160


def found(text: str, syntax: Syntax) -> set[str]:
    """The markers that embed takes for its own, one at a time so that a misplaced one hides no other."""
    lines = split_lines(text)
    live = syntax.value.live([line.rstrip("\r\n") for line in lines], syntax.value.anywhere)
    return {line.partition("bertsym:")[2].split()[0] for line in (lines[index] for index, _ in live)}


@pytest.mark.tex
def test_what_pdflatex_shows_is_an_example(tmp_path: Path) -> None:
    pdflatex, pdftotext = need_program("pdflatex"), need_program("pdftotext")
    random = Random(20)
    pieces, live = [], set()
    for number in range(DRAWS):
        pattern, comment = AROUND[number] if number < len(AROUND) else random.choice(AROUND)
        name = f"m{number}z"
        indent = "" if "+" in pattern or "|" in pattern or "\\{}" in pattern else " " * random.randrange(3)
        space = " " * random.randrange(3)
        live |= {name} if comment else set()
        pieces.append(pattern.format(*[f"{indent}%{space}bertsym: {name}"] * 2) + "\n")
    text = PREAMBLE + "".join(pieces) + "\\end{document}\n"
    (tmp_path / "paper.tex").write_text(text, encoding="utf-8")
    command = [pdflatex, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    shown = subprocess.run([pdftotext, "paper.pdf", "-"], cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    names = {f"m{number}z" for number in range(DRAWS)}
    hidden = {name for name in names if name not in shown.replace("\n", " ").split() and f"{name}" not in shown}
    assert hidden == live, "what was drawn is not what pdfLaTeX made of it"
    assert found(text, Syntax.TEX) == live


MARK = "<!-- bertsym: {} -->"
CODE = ["```\n{}\n```", "~~~~ md\n~~~\n{}\n~~~~", "````\n```\n{}\n````", "   ```tex\n{}\n```", "<pre>\n{}\n</pre>"]
CODE += [
    "<pre><code>\n{}\n\n</code></pre>",
    "<!-- a note\n{}",
    "    {}",
    "\t{}",
    "a span `{}` here",
    "two `` ` {} `` here",
]
CODE += [
    "two `` ` {} `` here",
    "# `{}`",
    "a\\{} b",
    "<code>{}</code>",
    "<script>\n{}\n</script>",
    "<div>\n<pre>\n{}\n</pre>\n</div>",
]
COMMENTS = [
    "{}",
    "  {}",
    "<div>\n{}\n</div>",
    "words\n{}",
    "words\n      {}",
    "a `span` and\n{}",
    "``` not a `fence\n{}",
]
COMMENTS += [
    "``` not a `fence\n{}",
    "# title\n{}",
    "| a | b |\n| - | - |\n{}",
    "* * *\n{}",
    "\\```\n{}",
    "`unpaired\n{}",
]


def inside(random: Random, block: str) -> str:
    """The block in a list item or, where its lines are markers of nothing, a block quote."""
    kind = random.randrange(4)
    lines = block.expandtabs(4).split("\n")
    if kind == 0:
        return block
    bullet = random.choice(["- ", "*   ", "1. ", "12) "])
    if kind == 1:
        rest = [" " * len(bullet) + line if line else "" for line in lines]
        return f"{bullet}an item\n\n" + "\n".join(rest)
    if kind == 2:
        plain = not lines[0].startswith((" ", "*"))  # "* * * *" is a rule
        first = f"{bullet}{lines[0]}" if plain else f"{bullet}x\n\n{' ' * len(bullet)}{lines[0]}"
        return "\n".join([first, *(" " * len(bullet) + line if line else "" for line in lines[1:])])
    return "\n".join(f"> {line}".rstrip() for line in lines)


@pytest.mark.parametrize("seed", range(6))
def test_code_in_markdown_is_an_example(seed: int) -> None:
    random = Random(seed)
    blocks, live = [], set()
    for number in range(100):
        pattern, comment = random.choice([(code, False) for code in CODE] + [(text, True) for text in COMMENTS])
        block = pattern.format(MARK.format(f"m{number}"))
        for _ in range(random.randrange(3)):
            block = inside(random, block)
        live |= {f"m{number}"} if comment else set()
        blocks.append(block + "\n\nwords between\n\n")
    text = "".join(blocks)
    names = found(text, Syntax.MARKDOWN)
    assert names == live, f"seed {seed}: {sorted(names ^ live)}\n{text}"


@pytest.mark.parametrize("seed", range(3))
def test_what_html_shows_is_an_example(seed: int) -> None:
    random = Random(seed)
    blocks, live = [], set()
    shown = ["<pre>\n{}\n</pre>", "<p>a <code class='x'>{}</code></p>", "<textarea>{}</textarea>", "<!-- old\n{}"]
    plain = ["{}", "        {}", "<p>\n\t{}\n</p>", "<predicate>{}</predicate>", "```\n{}\n```"]
    for number in range(100):
        pattern, comment = random.choice([(text, False) for text in shown] + [(text, True) for text in plain])
        live |= {f"m{number}"} if comment else set()
        blocks.append(pattern.format(MARK.format(f"m{number}")) + "\n")
    assert found("".join(blocks), Syntax.HTML) == live


QUOTES = ["{}", '"{}"', "'{}'", '--caption="{}"', "x'{}'y", '"{} and {}"', "'it {} \"{}\"'"]


@pytest.mark.parametrize("seed", range(5))
def test_names_are_words_and_never_within_quotes(seed: int) -> None:
    import shlex

    random = Random(seed)
    for _ in range(60):
        name, value = random.choice(["ours", "a", "big-one"]), random.choice(["bert --at L=10", "gpt2", "'x y' z"])
        words = [random.choice(QUOTES).format(name, name) for _ in range(5)]
        text = f"% bertsym: let {name} = {value}\n% bertsym: {name} {' '.join(words)}\n% bertsym: end\n"
        (fragment,) = fragments(text, Syntax.TEX, "x")
        expected = [name]  # the command itself is none
        for word in words:
            expected += shlex.split(value) if word == name else shlex.split(word)
        assert shlex.split(fragment.command) == expected, f"seed {seed}: {text}"


def test_a_name_may_stand_in_a_later_one() -> None:
    text = "% bertsym: let a = bert\n% bertsym: let b = a --at L=2\n% bertsym: total b 'a'\n% bertsym: end\n"
    (fragment,) = fragments(text, Syntax.TEX, "x")
    assert fragment.command == "total bert --at L=2 'a'"


def test_a_comment_after_a_line_break_is_one() -> None:
    with pytest.raises(BadMarker, match="line of its own"):
        list(fragments("a \\\\% bertsym: total\n", Syntax.TEX, "x"))
