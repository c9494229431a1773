r"""The classes and geometries of papers, and a document with every kind of output for each.

Debian has no style file of ACL and NeurIPS: their geometry and fonts are set by hand here, from acl.sty (two columns
of 7.7 cm on A4, 0.6 cm apart, 11 pt, Times) and neurips_2023.sty (5.5 in by 9 in, 10 pt, Times).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Words = tuple[str, ...]

_PACKAGES = r"\usepackage{amsmath,booktabs,siunitx}"


ONLY_WIDER: Words = ("solve", "bert-base-uncased", "--target", "110M", "--for", "H")
"""A command whose table is wider than an ACL column."""


@dataclass(frozen=True)
class Setting:
    """A class of documents: its preamble, the `--width` of its column, and the TeX engine.

    `front` and `framed` say what the class wants before the text, and whether a part of the text is a frame.
    """

    preamble: str
    width: str
    engine: str = "pdflatex"
    front: str = r"\title{Where \BertTotalShort{} are}\author{A. N. Other}\maketitle"
    framed: bool = False


SETTINGS: Mapping[str, Setting] = {
    "ieee-conference": Setting(r"\documentclass[conference]{IEEEtran}" + _PACKAGES, "ieee"),
    "ieee-journal": Setting(r"\documentclass[journal]{IEEEtran}" + _PACKAGES, "ieee"),
    "acm": Setting(
        r"\documentclass[sigconf,nonacm]{acmart}\settopmatter{printacmref=false}\usepackage{siunitx}",
        "241pt@10",
        front=r"\title{Where \BertTotalShort{} are}\author{A. N. Other}\affiliation{\country{Here}}\maketitle",
    ),
    "revtex": Setting(
        r"\documentclass[aps,prl,reprint]{revtex4-2}" + _PACKAGES,
        "246pt@10",
        front=r"\title{Where \BertTotalShort{} are}\author{A. N. Other}\affiliation{Here}\maketitle",
    ),
    "acl": Setting(
        r"\documentclass[11pt,a4paper,twocolumn]{article}\usepackage{times}"
        r"\usepackage[a4paper,margin=2.5cm]{geometry}\setlength{\columnsep}{0.6cm}" + _PACKAGES,
        "acl",
    ),
    "neurips": Setting(
        r"\documentclass{article}\usepackage[T1]{fontenc}\renewcommand{\rmdefault}{ptm}\renewcommand{\sfdefault}{phv}"
        r"\usepackage[letterpaper,textwidth=5.5in,textheight=9in]{geometry}" + _PACKAGES,
        "neurips",
    ),
    "llncs": Setting(
        r"\documentclass[runningheads]{llncs}" + _PACKAGES,
        "347pt@10",
        front=r"\title{Where \BertTotalShort{} are}\author{A. N. Other}\institute{Here}\maketitle",
    ),
    "beamer": Setting(
        r"\documentclass{beamer}\usepackage{booktabs,siunitx}\setbeamertemplate{navigation symbols}{}"
        r"\addtobeamertemplate{frametitle}{\typeout{SUBTITLE [\insertframesubtitle]}}{}",
        "307pt@11",
        front=r"\title{Where \BertTotalShort{} are}\author{A. N. Other}\frame{\maketitle}",
        framed=True,
    ),
    "unicode-math": Setting(
        r"\documentclass{article}\usepackage{amsmath,booktabs,siunitx}\usepackage{unicode-math}"
        r"\setmainfont{Latin Modern Roman}\setsansfont{Latin Modern Sans}\setmathfont{Latin Modern Math}",
        "345pt@10",
        engine="xelatex",
    ),
}

MACROS: Words = ("macros", "bert-base-uncased")
BARE: Words = ("total", "bert", "--only", "attention", "--latex")
INLINE: Words = ("total", "bert-base-uncased", "--convention", "layers-only", "--latex", "--layout", "inline")
_TABLE = ("--layout", "booktabs", "--caption", "Where the parameters of BERT are: 100% of them")
BROKEN: tuple[Words, ...] = (
    ("total", "bert", "--layout", "equation", "--label", "eq:total", "--legend"),
    ("total", "bert", "--layout", "equation*", "--punct", "."),
    ("total", "bert", "--form", "components", "--layout", "split"),
    ("total", "bert-base-uncased", "--form", "dominant", "--layout", "align"),
    ("diff", "bert-base-uncased", "--by", "H", "--layout", "equation"),
    ONLY_WIDER,
    ("show", "bert-base-uncased", *_TABLE, "--label", "tab:parts"),
    ("explain", "bert-base-uncased", "--component", "attention", "--layout", "align"),
)

TITLE = r"\BertTotal{} (\BertTotalShort), \BertAttentionShare{} of $\BertTotal$"
PROBE = r"\textsf{\textbf{\BertTotal{} (\BertTotalShort), \BertAttentionShare, \BertSizeV}}"
"""Bold sans text with numbers alone, for a page of its own: its fonts are those of the numbers."""


def commands(setting: Setting) -> Iterable[Words]:
    """Yield the command lines of the displays and tables for the column of the class."""
    return (
        (*words, "--latex", "--width", setting.width)
        for words in BROKEN
        if setting.width != "acl" or words != ONLY_WIDER
    )


def document(setting: Setting, printed: Callable[[Words], str]) -> str:
    """Return a document of the class with every kind of output; each output begins a frame if the class has frames."""
    parts = [
        *map(printed, commands(setting)),
        f"\\begin{{equation}}\\begin{{aligned}}\n{printed(BARE)}\\end{{aligned}}\\end{{equation}}",
        f"{printed(INLINE)}, as \\BertFormula{{}} and $\\BertTotal = \\num{{\\BertTotalValue}}$ say.",
    ]
    begin, end = (r"\begin{frame}{Title}", r"\end{frame}") if setting.framed else ("", r"\par")
    head = [setting.preamble, printed(MACROS), r"\hfuzz=0.1pt\begin{document}", setting.front]
    section = f"\\section{{\\textsf{{\\textbf{{{TITLE}}}}}}}"
    body = [f"{begin}\n{part}{end}" for part in parts]
    clear = r"\clearpage\pagestyle{empty}\thispagestyle{empty}"
    probe = f"\\begin{{frame}}[plain]{PROBE}{end}" if setting.framed else clear + PROBE
    return "\n".join([*head, section, *body, probe, r"\end{document}", ""])
