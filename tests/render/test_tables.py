"""Tables of papers: columns, units and headings by choice, set by pdfLaTeX so that they fit and read as they should."""

from __future__ import annotations

import contextlib
import random
import re
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bertsym.document import Code, Column, Count, Decimal, Inline, Remark, Result, Scaled, Share, Table
from bertsym.errors import BertsymError, TooNarrow
from bertsym.formulas.styles import form
from bertsym.formulas.tree import Name
from bertsym.quantities import PARAMETERS, Unit, rounded_to, significant
from bertsym.render import latex, markdown, text
from bertsym.render.columns import with_columns
from bertsym.render.metrics import POINT
from bertsym.render.notation import BERT, NOTATIONS
from bertsym.render.precision import Precision, at_precision
from bertsym.render.sheet import Layout, Sheet, TypeSize, column
from bertsym.symbols import H, Kind, L, N, Own, V, ffn_ratio, heads
from tests.conftest import need_program
from tests.render.papers import overfull

BOOK = ("--latex", "--layout", "booktabs", "--caption", "Where they are", "--label", "tab:x")
SHOW = ("show", "bert-base-uncased", *BOOK)


def article(body: str, size: int, width: str, height: str = "500pt") -> str:
    """Return a document whose text is so wide, and which reports every line that is wider."""
    return (
        rf"\documentclass[{size}pt]{{{'extarticle' if size < 10 else 'article'}}}"
        "\n\\usepackage{amsmath,booktabs,siunitx}\\sisetup{group-separator={,},group-minimum-digits=4}\n"
        rf"\setlength{{\textwidth}}{{{width}}}\setlength{{\columnwidth}}{{{width}}}\setlength{{\textheight}}{{{height}}}"
        f"\n\\hfuzz=0.1pt\\pagestyle{{empty}}\\begin{{document}}\n{body}\n\\end{{document}}\n"
    )


def page(source: str, folder: Path) -> str:
    """Return the words of the page as they stand on it."""
    (folder / "x.tex").write_text(source, encoding="utf-8")
    command = [need_program("pdflatex"), "-interaction=nonstopmode", "-halt-on-error", "x.tex"]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    reading = [need_program("pdftotext"), "-layout", "x.pdf", "-"]
    shown = subprocess.run(reading, cwd=folder, capture_output=True, check=True)
    return shown.stdout.decode()


# Columns and headings.


def test_columns_are_chosen_and_ordered_by_their_headings(bertsym: Callable[..., Any]) -> None:
    ran = bertsym("show", "bert-base-uncased", "--columns", "Share,component", "--markdown")
    lines = [line for line in ran.out.splitlines() if line.startswith("|")]
    assert lines == [
        "| share | component |",
        "| ---: | --- |",
        "| 21.8% | embeddings |",
        "| 25.9% | attention |",
        "| 51.8% | feed\\-forward |".replace("\\-", "-"),
        "| 0.5% | pooler |",
        "| **100.0%** | **total** |",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("show", "bert", "--columns", "size"),
            "--columns: no table has the column 'size'; the columns are component, parameters",
        ),
        (("show", "bert", "--columns", "component,component"), "it is named twice"),
        (("total", "bert", "--columns", "formula"), "it has no table"),
        (("show", "bert", "--heading", "size=Size"), "--heading: no table has the column 'size'"),
        (("show", "bert", "--heading", "parameters"), "HEADING=TEXT"),
        (("show", "bert", "--json", "--columns", "component"), "json output"),
        (("show", "bert-base-uncased", "--unit", "GB"), "parameters are in K, M, B, T or none"),
        (("show", "bert", "--unit", "M"), "it has no number to round"),
        (("show", "bert-base-uncased", "--digits", "3", "--places", "1"), "rounded in one way"),
        (("show", "bert-base-uncased", "--digits", "0"), "a whole number from 1 to 30"),
        (("show", "bert-base-uncased", "--latex", "--small", "--footnotesize"), "one size of type"),
        (("show", "bert-base-uncased", "--latex", "--float", "figure"), "unknown float 'figure'"),
        (("show", "bert-base-uncased", "--latex", "--float", "none", "--caption", "x"), "only a float has a caption"),
        (("total", "bert", "--latex", "--siunitx"), "it has no table"),
        (("total", "bert", "--latex", "--small"), "--small contradicts the answer: it has no table"),
        (("show", "bert", "--siunitx"), "text output"),
    ],
)
def test_a_wrong_choice_is_an_error(words: tuple[str, ...], message: str, bertsym: Callable[..., Any]) -> None:
    ran = bertsym(*words)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_a_heading_is_text_and_no_command(bertsym: Callable[..., Any], pdflatex: Callable[[str], str]) -> None:
    hostile = r"parameters=\input{/etc/passwd} & $x$ \end{tabular}"
    ran = bertsym(*SHOW, "--heading", hostile, "--heading", "component=Part\x1b[31m")
    assert r"\textbackslash{}input\{/etc/passwd\} \& \$x\$" in ran.out
    assert "\x1b" not in ran.out
    assert "(/etc/passwd" not in pdflatex(article(ran.out, 10, "9000pt"))


def test_a_heading_has_the_unit_of_its_numbers_once() -> None:
    table = Table((Column("part"), Column("parameters", right=True)), (("a", Count(1_500_000)),))
    shown = at_precision((table,), Precision("M"))
    for typed, title in (("Params", "Params (M)"), ("Params (M)", "Params (M)"), ("in M", "in M")):
        (renamed,) = with_columns((table,), shown, ["parameters"], [f"parameters={typed}"])
        assert isinstance(renamed, Table)
        assert (renamed.columns[0].title, text.document((renamed,)).splitlines()[0]) == (title, title)


def test_a_heading_with_commas_or_equals_signs_is_found() -> None:
    table = Table((Column("a, b"), Column("= H", right=True)), (("x", Count(1)),))
    (chosen,) = with_columns((table,), (table,), ["= H", "a, b"], ["= H=in H"])
    assert isinstance(chosen, Table)
    assert [column.title for column in chosen.columns] == ["in H", "a, b"]


def test_the_head_of_a_size_is_mathematics_in_the_notation(bertsym: Callable[..., Any]) -> None:
    asked = ("solve", "bert-base-uncased", "--target", "110M", "--for", "H,L", "--multiple-of", "64", "--top", "2")
    ran = bertsym(*asked, "--latex", "--notation", "kaplan")
    sizes = r"$d_{\mathrm{model}}$ & $n_{\mathrm{layer}}$ & $d_{\mathrm{head}}$ & $d_{\mathrm{ff}}$"
    assert f"{sizes} & parameters" in ran.out
    ran = bertsym(*asked, "--markdown", "--rename", r"L=\ell")
    assert r"| $H$ | $\ell$ | $d$ | $F$ | parameters |" in ran.out


# Units and digits. The expectations are from long division, not from floats.


@pytest.mark.parametrize(
    ("value", "digits", "places", "written"),
    [
        (Fraction(109482240, 10**6), 4, 1, "109.5"),
        (Fraction(109482240, 10**9), 3, 3, "0.109"),
        (Fraction(99949, 100), 3, 0, "999"),
        (Fraction(99950, 100), 3, -1, "1,000"),  # rounded up to a power of ten: still three digits
        (Fraction(999999, 10**6), 3, 2, "1.00"),
        (109482240, 4, -5, "109,500,000"),
        (-1536, 2, -2, "-1,500"),
        (0, 4, 0, "0"),
        (Fraction(1, 3), 5, 5, "0.33333"),
        (10**30 + 1, 30, -1, f"{10**30:,}"),
    ],
)
def test_significant_digits_are_exact(value: Fraction, digits: int, places: int, written: str) -> None:
    assert significant(value, digits) == places
    assert rounded_to(value, places) == written


def test_a_rounded_number_has_no_equals_sign_before_it(bertsym: Callable[..., Any]) -> None:
    total = ("total", "bert-base-uncased", "--unit", "M", "--digits", "4")
    assert bertsym(*total).out.splitlines()[-1] == "≈ 109.5 M"
    assert "\n\\approx 109.5\\,\\textnormal{M}\n" in bertsym(*total, "--markdown").out
    assert r"\approx{}& 109.5\,\textnormal{M}" in bertsym(*total, "--latex", "--layout", "equation").out
    whole = (Result((form(H), Count(3_000_000))),)
    assert text.document(at_precision(whole, Precision("M", digits=1))) == "H\n= 3 M\n"


def test_each_quantity_has_its_own_units(bertsym: Callable[..., Any]) -> None:
    flops = bertsym("total", "bert-base-uncased", "--of", "flops", "--at", "B=1,S=512", "--unit", "G", "--places", "1")
    assert flops.out.splitlines()[-2] == "≈ 96.6 GFLOPs"  # 96,637,943,808 and the pooler's 1,179,648
    memory = bertsym("show", "bert-base-uncased", "--of", "states", "--unit", "GiB", "--columns", "component,bytes")
    assert "component  bytes (GiB)" in memory.out
    assert Precision("GB").symbol(PARAMETERS, 1) is None
    assert Precision("none").symbol(Unit("FLOPs", "FLOPs"), 10**12) == "FLOPs"
    assert Precision(digits=2).symbol(Unit("FLOPs", "FLOPs"), 10**15) == "PFLOPs"


def test_sizes_are_not_rounded() -> None:
    by_row = Table((Column("size"), Column("BERT", right=True)), ((Name(H), Count(768)), ("total", Count(109482240))))
    by_column = Table(
        (Column(Name(H), right=True), Column("parameters", right=True)), ((Count(768), Count(109482240)),)
    )
    for table, cells in ((by_row, ["768", "109.5"]), (by_column, ["768", "109.5"])):
        shown = text.document(at_precision((table,), Precision("M", digits=4)))
        assert [re.findall(r"768|109\.5", shown), "0.0008" in shown] == [cells, False]


def test_decimal_points_align() -> None:
    table = Table((Column("part"), Column("n", right=True)), (("a", Count(23837184)), ("b", Count(590592))))
    (shown,) = at_precision((table,), Precision("M", digits=4))
    assert text.document((shown,)).splitlines()[2:] == ["a     23.84", "b      0.5906"]
    assert r"a & 23.84\phantom{00} \\" in latex.document((shown,))


# Signs and dashes.


def test_a_negative_number_has_a_minus_sign() -> None:
    cells = (Count(-1536), Share(Fraction(-1, 10000), 2), Decimal(Fraction(-1, 2), 1), Scaled(-5, 10, 1, "M"))
    table = Table(tuple(Column(str(i), right=True) for i in range(4)), (cells,))
    assert text.document((table,)).splitlines()[-1].split() == ["−1,536", "−0.01%", "−0.5", "−0.5", "M"]
    assert r"$-$1,536 & $-$0.01\% & $-$0.5 & $-$0.5\,M \\" in latex.document((table,))
    assert "| −1,536 | −0.01% | −0.5 | −0.5 M |" in markdown.document((table,))


def test_a_minus_sign_is_a_hyphen_where_the_stream_has_no_other(
    bertsym: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bertsym.cli import streams

    monkeypatch.setattr(streams, "encoding", lambda _: "ascii")
    out = bertsym("solve", "bert-base-uncased", "--target", "110M", "--for", "H").out
    assert "-9,350   -0.01%" in out
    assert out.isascii()


DASHED = Table(
    (
        Column(""),
        Column("formula", group="BERT"),
        Column("count", right=True, group="BERT"),
        Column("ALBERT", right=True),
    ),
    (("size", "", Count(1), Count(2)), ("pooler", form(H**2 + H), Count(590592), Count(0)), ("x", "", "", Count(7))),
    ("total", "", Count(3), Count(4)),
    rules=(1,),
    dashes=True,
)


def test_a_dash_stands_for_nothing_and_rules_between_rows() -> None:
    lines = text.document((DASHED,)).splitlines()
    assert lines[0].split() == ["BERT"]
    assert lines[5].split() == ["pooler", "H²", "+", "H", "590,592", "—"]
    assert [index for index, line in enumerate(lines) if set(line) == {"─"}] == [2, 4, 7]
    shown = markdown.document((DASHED,))
    assert "| BERT formula | BERT count | ALBERT |" in shown
    assert "| pooler | $H^2 + H$ | 590,592 | — |" in shown


@pytest.mark.tex
def test_groups_rules_and_dashes_are_set(pdflatex: Callable[[str], str]) -> None:
    shown = latex.document((DASHED,), Sheet(layout=Layout.BOOKTABS, siunitx=True))
    assert r" & \multicolumn{2}{c}{BERT} &  \\" in shown
    assert r"\cmidrule(lr){2-3}" in shown
    assert r"pooler & $H^2 + H$ & 590592 & {{---}} \\" in shown
    assert shown.count(r"\midrule") == 3
    pdflatex(article(shown, 10, "300pt"))


# Layouts.


@pytest.mark.tex
@pytest.mark.parametrize(("size", "width"), [(8, "219pt"), (9, "219pt"), (10, "219pt"), (11, "219pt"), (12, "506pt")])
def test_every_size_of_type_fits(
    size: int, width: str, bertsym: Callable[..., Any], pdflatex: Callable[[str], str]
) -> None:
    choices: list[tuple[str, ...]] = [
        (),
        ("--small",),
        ("--footnotesize", "--siunitx", "--columns", "component,parameters,share"),
        ("--unit", "M", "--digits", "4", "--float", "table*", "--notation", "kaplan"),
        ("--by", "module", "--footnotesize"),
    ]
    fragments = [bertsym(*SHOW, "--width", f"{width}@{size}", *choice).out for choice in choices]
    fragments += [bertsym("show", "bert", *BOOK, "--width", f"{width}@{size}", "--notation", "kaplan").out]
    assert all(fragments)
    body = "\n".join(f"\\typeout{{FRAGMENT {i}}}\n{part}\\clearpage" for i, part in enumerate(fragments))
    assert not overfull(pdflatex(article(body, size, width, "9000pt")))


@pytest.mark.tex
def test_a_narrow_table_has_its_formulas_below_the_rows(bertsym: Callable[..., Any], tmp_path: Path) -> None:
    fragment = bertsym(*SHOW, "--width", "acl").out
    assert "p{" not in fragment
    lines = [line.split() for line in page(article(fragment, 11, "219.08pt"), tmp_path).splitlines() if line.split()]
    assert lines[0] == ["Table", "1:", "Where", "they", "are"]
    assert lines[1:3] == [["component", "parameters", "share"], ["formula"]]
    rows = [line[0] for line in lines if line[-1].endswith("%")]
    assert rows == ["embeddings", "attention", "feed-forward", "pooler", "total"]
    total = lines[[line[0] for line in lines].index("total") + 1 :]
    assert sum("LH" in "".join(line) or "(V" in "".join(line) for line in total) == 2  # broken between terms, once


def test_no_line_of_a_table_ends_within_parentheses(bertsym: Callable[..., Any]) -> None:
    for width in ("acl", "ieee", "150pt", "300pt", "350pt", "neurips"):
        for line in bertsym(*SHOW, "--width", width).out.splitlines():
            for math in re.findall(r"\$([^$]+)\$", line):
                assert math.count("(") == math.count(")"), line


def test_a_column_that_wraps_has_two_lines_at_most(bertsym: Callable[..., Any]) -> None:
    from bertsym.render.mathwidth import formula

    fragment = bertsym(*SHOW, "--width", "350pt").out
    match = re.search(r"p\{([\d.]+)pt\}", fragment)
    assert match is not None
    total = formula("(2r + 4)LH^2 + (r + 9)LH + (V + N + 5)H + H^2", column("350pt").face, display=False)
    assert total <= 2 * Fraction(match[1]) * POINT
    assert r"${(2r + 4)}LH^2 + {(r + 9)}LH + {(V + N + 5)}H + H^2$" in fragment


def test_a_heading_of_numbers_takes_two_lines_if_that_makes_the_table_fit() -> None:
    table = Table(
        (Column("part"), Column("DistilBERT (M)", right=True), Column("BERT large (M)", right=True)),
        (("embeddings", Count(12), Count(34)),),
    )
    narrow = latex.document((table,), Sheet(column=column("160pt")))
    assert " & DistilBERT & BERT \\\\\npart & (M) & large (M) \\\\\n\\hline\nembeddings & 12 & 34" in narrow
    wide = latex.document((table,), Sheet(column=column("300pt")))
    assert r"part & DistilBERT (M) & BERT large (M) \\" in wide


def test_a_table_that_cannot_fit_says_what_would_help() -> None:
    table = Table((Column("a" * 30), Column("b", right=True)), (("x", Count(10**12)),))
    with pytest.raises(TooNarrow, match="a larger --width or fewer --columns"):
        latex.document((table,), Sheet(column=column("100pt")))
    wide = Table((Column("part"), Column("formula")), (("a", form(2 * H * (L + N + V + heads + ffn_ratio))),))
    with pytest.raises(TooNarrow):
        latex.document((wide,), Sheet(column=column("30pt")))


def test_the_caption_stands_on_top_and_the_float_is_a_choice(bertsym: Callable[..., Any]) -> None:
    fragment = bertsym(*SHOW, "--float", "table*", "--small").out
    begin = fragment.index(r"\begin{table*}[t]")
    order = [
        fragment.index(part, begin)
        for part in (r"\caption{", r"\label{", r"\small", r"\begin{tabular}", r"\end{table*}")
    ]
    assert order == sorted(order)
    plain = bertsym("show", "bert-base-uncased", "--latex", "--float", "table").out
    assert r"\begin{table}[t]" in plain
    assert r"\caption" not in plain


@pytest.mark.tex
def test_a_table_without_a_float_is_a_paragraph_of_its_own(bertsym: Callable[..., Any], tmp_path: Path) -> None:
    fragment = bertsym("show", "bert-base-uncased", "--latex").out
    lines = page(article(f"Words before it\n{fragment}words behind it", 10, "400pt"), tmp_path).splitlines()
    assert lines[0].split() == ["Words", "before", "it"]
    assert [line for line in lines if line.split()][-1].split() == ["words", "behind", "it"]


@pytest.mark.tex
def test_columns_of_siunitx_show_the_numbers(bertsym: Callable[..., Any], tmp_path: Path) -> None:
    choice = ("--siunitx", "--columns", "component,parameters")
    fragment = bertsym(*SHOW, *choice).out
    assert "% requires: \\usepackage{siunitx}" in fragment
    assert r"\begin{tabular}{lS[table-format=9.0]}" in fragment
    assert "embeddings & 23837184" in fragment
    shown = page(article(fragment, 10, "300pt"), tmp_path)
    assert re.search(r"embeddings\s+23,837,184\n", shown)
    rounded = bertsym(*SHOW, *choice, "--unit", "M", "--digits", "4").out
    assert "{lS[table-format=3.4,group-digits=integer]}" in rounded
    assert re.search(r"pooler\s+0\.5906\n", page(article(rounded, 10, "300pt"), tmp_path))


SYMBOLS = (V, N, H, L, heads, ffn_ratio)
CODES = ("encoder.layer.*.attention.self.query.weight", "x", "a_name.with_underscores_only_and.none", "pooler.bias")
WORDS = ("embeddings", "feed-forward", "a.long.name_of.some_module", "pooler", "two words", "BERT-large", "x")


def random_cell(kind: str, draw: random.Random) -> Inline:
    """Return a cell of a kind of columns."""
    match kind:
        case "count":
            return Count(draw.choice([0, -1, 1]) * draw.randint(0, 10 ** draw.randint(1, 12)))
        case "share":
            return Share(Fraction(draw.randint(-999, 9999), 1000), draw.randint(0, 2))
        case "decimal":
            return Decimal(Fraction(draw.randint(-(10**6), 10**6), 7), draw.randint(0, 4))
        case "formula":
            a, b, c = draw.choices(SYMBOLS, k=3)
            return form(
                draw.randint(1, 9) * a * b ** draw.randint(1, 3) * (c + draw.randint(1, 9)) - draw.randint(1, 9) * a
            )
        case "code":
            return Code(draw.choice(CODES)) if draw.random() < 0.8 else ""
        case _:
            return draw.choice(WORDS)


def random_table(draw: random.Random) -> Table:
    """Return a table of random columns, some under one heading."""
    others = ("count", "share", "decimal", "formula", "text", "code")
    kinds = [draw.choice(("text", "code")), *draw.choices(others, k=draw.randint(1, 4))]
    group = draw.choice(["", "BERT", "A long heading over columns"])
    columns = tuple(
        Column(
            draw.choice(WORDS) if draw.random() < 0.5 else Name(draw.choice(SYMBOLS)),
            right=kind in ("count", "share", "decimal"),
            group=group if index in (1, 2) else "",
        )
        for index, kind in enumerate(kinds)
    )
    rows = tuple(tuple(random_cell(kind, draw) for kind in kinds) for _ in range(draw.randint(2, 5)))
    return Table(columns, rows[1:], draw.choice([(), rows[0]]), dashes=draw.choice([True, False]))


@pytest.mark.tex
@pytest.mark.parametrize(("size", "width"), [(8, "241pt"), (9, "150pt"), (10, "219pt"), (11, "300pt"), (12, "506pt")])
def test_random_tables_fit(size: int, width: str, pdflatex: Callable[[str], str]) -> None:
    draw = random.Random(f"tables {size}")
    fragments = []
    for _ in range(60):
        sheet = Sheet(
            notation=draw.choice(list(NOTATIONS.values())),
            layout=draw.choice([None, Layout.BOOKTABS]),
            column=column(f"{width}@{size}"),
            caption=draw.choice(["", "A caption"]),
            size=draw.choice(list(TypeSize)),
            siunitx=draw.choice([True, False]),
        )
        with contextlib.suppress(TooNarrow):
            fragments.append(latex.document((random_table(draw),), sheet))
    assert len(fragments) > 30
    body = "\n".join(f"\\typeout{{FRAGMENT {i}}}\n{part}\\clearpage" for i, part in enumerate(fragments))
    wide = overfull(pdflatex(article(body, size, width, "9000pt")))
    assert not {fragments[i]: line for i, line in wide.items()}


def test_smaller_type_is_measured() -> None:
    table = Table((Column("x", right=True),), ((Count(10**27),),))
    with pytest.raises(TooNarrow):
        latex.document((table,), Sheet(column=column("150pt@10"), size=TypeSize.SMALL))
    small = latex.document((table,), Sheet(column=column("150pt@10"), size=TypeSize.FOOTNOTE))
    assert small.startswith("\\begingroup\n\\footnotesize\n")


# Names of a model's own symbols.


def test_a_symbol_of_the_models_code_is_renamed_by_name_or_field(bertsym: Callable[..., Any]) -> None:
    assert bertsym("total", "deepseek-v3", "--latex").out.count("d_v(") == 1
    for name in ("v_head_dim", "d_v"):
        ran = bertsym("total", "deepseek-v3", "--latex", "--rename", f"{name}=d_o")
        assert (ran.code, ran.out.count("d_o("), ran.out.count("d_v(")) == (0, 1, 0)
    assert "d_o(" in bertsym("macros", "deepseek-v3", "--rename", "v_head_dim=d_o").out
    assert "d_o(" in bertsym("total", "deepseek-v3", "--json", "--rename", "v_head_dim=d_o").out


@pytest.mark.parametrize(
    ("rename", "message"),
    [
        ("v_headdim=d_v", "did you mean v_head_dim"),
        ("v_head_dim=H", "a reader could not tell them apart"),
        (r"v_head_dim=r_{\mathrm{kv}}", "a reader could not tell them apart"),
        (r"v_head_dim=\input{x}", "a letter or"),
    ],
)
def test_a_wrong_name_is_an_error(rename: str, message: str, bertsym: Callable[..., Any]) -> None:
    ran = bertsym("total", "deepseek-v3", "--latex", "--rename", rename)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_one_size_has_one_name() -> None:
    depth = Own("v", Kind.WIDTH, meaning="v_head_dim")
    assert BERT.renamed({"v_head_dim": "d_v"}, [depth]).name(depth) == "d_v"
    with pytest.raises(BertsymError, match="two names"):
        NOTATIONS["bert"].renamed({"v": "d_v", "v_head_dim": "d_w"}, [depth])


def test_a_remark_is_no_number_to_round() -> None:
    with pytest.raises(BertsymError, match="no number to round"):
        at_precision((Remark(("target ", Count(110_000_000))),), Precision("M"))


def test_a_marker_of_a_paper_takes_every_choice(bertsym: Callable[..., Any], tmp_path: Path) -> None:
    paper = tmp_path / "paper.tex"
    choices = '--columns component,parameters --heading "parameters=Size" --unit M --digits 4 --small --float table*'
    paper.write_text(
        "% bertsym: let ours = bert-base-uncased --at L=10\n"
        f"% bertsym: show ours --layout booktabs {choices}\n% bertsym: end\n",
        encoding="utf-8",
    )
    assert bertsym("embed", str(paper)).code == 0
    text = paper.read_text(encoding="utf-8")
    assert r"component & Size (M) \\" in text
    # 12*10*768^2 + 13*10*768 + (30522 + 512 + 5)*768 + 768^2 = 95,306,496
    assert "total & 95.31\\phantom{00} \\\\" in text
    assert bertsym("embed", str(paper), "--check").code == 0


def test_a_unit_is_short() -> None:
    with pytest.raises(BertsymError, match="--unit: expected a unit"):
        Precision("M" * 10_000)
