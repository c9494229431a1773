"""The sentences that say how an answer counts, which a reviewer can check; and ways to cite."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym import atlas
from bertsym.version import __version__
from tests.conftest import need_module, need_program

Run = Callable[..., Any]
ROOT = Path(__file__).parents[2]


def sentence(bertsym: Run, *words: str) -> str:
    ran = bertsym(*words, "--markdown", "--method")
    assert ran.code == 0, ran.err
    return str(ran.out.strip().split("\n\n")[-1])


def test_it_names_convention_class_version_and_sizes(bertsym: Run) -> None:
    library = atlas.source()
    assert sentence(bertsym, "total", "bert-base-uncased") == (
        f"Counts of parameters are exact; bertsym {__version__} sums them over the tensors of `BertModel`, the model "
        f"of Devlin et al. 2018, arXiv:1810.04805, tested against {library}. Convention exact: every parameter, "
        "tied weights once. No two tensors share their values. The sizes are $V = 30{,}522,\\ N = 512,\\ H = 768,\\ "
        "L = 12,\\ A = 12,\\ r = 4,\\ T = 2$."
    )


def test_ties_are_named_with_what_they_count(bertsym: Run) -> None:
    once = sentence(bertsym, "show", "bert-base-uncased", "--head", "masked-lm")
    assert "`cls.predictions.decoder.weight` has the values of `bert.embeddings.word_embeddings.weight`;" in once
    assert "Shared values count once." in once
    twice = sentence(bertsym, "show", "bert-base-uncased", "--head", "masked-lm", "--convention", "state-dict")
    assert "Shared values count at each name." in twice
    three = sentence(bertsym, "total", "t5")
    assert "weight` and `lm\\_head.weight` have" not in three
    assert "`decoder.embed_tokens.weight` and `lm_head.weight` have the values of `shared.weight`" in three
    untied = sentence(bertsym, "total", "gpt2", "--at", "tied=no")
    assert "No two tensors share their values." in untied


def test_a_derived_model_says_what_was_run(bertsym: Run) -> None:
    assert f"`ConvNextModel`, as {atlas.source()} builds it." in sentence(bertsym, "total", "convnext")


def test_costs_say_their_convention(bertsym: Run) -> None:
    said = sentence(bertsym, "total", "bert-base-uncased", "--of", "flops", "--at", "B=1,S=512")
    assert said.startswith("Counts of FLOPs are exact")
    assert "2 for each multiply-add" in said
    assert "share their values" not in said


def test_a_table_says_the_conventions_of_its_counts(bertsym: Run) -> None:
    said = sentence(bertsym, "models", "gpt2", "--table", "non-embedding,state-dict")
    assert "Conventions non-embedding: " in said
    assert "; and state-dict: " in said
    assert "Convention exact" not in said
    assert "Shared values count once, but at each name under state-dict." in said
    every = sentence(bertsym, "compare", "bert-base-uncased", "--conventions", "--of", "parameters")
    assert all(f"{name}: " in every for name in ("exact", "non-embedding", "matrices", "state-dict"))
    assert bertsym("models", "gpt2", "--table", "L,H", "--method").code == 2


def test_latex_cites_and_says_which_entry(bertsym: Run, pdflatex: Callable[[str], str]) -> None:
    out = bertsym("show", "bert-base-uncased", "--latex", "--method", "--layout", "booktabs").out
    assert rf"bertsym {__version__}~\cite{{bertsym}} sums them" in out
    assert "% requires: the entry that `bertsym --citation` prints, in the bibliography" in out
    entry = r"\begin{thebibliography}{9}\bibitem{bertsym} x\end{thebibliography}"
    pdflatex(rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{out}{entry}\end{{document}}")


def test_typst_cites_from_the_entry(bertsym: Run, tmp_path: Path) -> None:
    typst = need_module("typst")
    (tmp_path / "x.bib").write_text(bertsym("--citation").out, encoding="utf-8")
    out = bertsym("total", "bert", "--typst", "--method").out
    assert out.startswith("// requires: #bibliography")
    (tmp_path / "x.typ").write_text(f'{out}\n#bibliography("x.bib")\n', encoding="utf-8")
    assert typst.compile(str(tmp_path / "x.typ"))


@pytest.mark.parametrize("words", [("symbols",), ("models",)])
def test_an_answer_without_a_model_has_no_method(words: tuple[str, ...], bertsym: Run) -> None:
    ran = bertsym(*words, "--method")
    assert (ran.code, "--method" in ran.err) == (2, True)
    assert bertsym("total", "bert", "--method", "--json").code == 2


def test_every_way_to_cite_says_the_same(bertsym: Run) -> None:
    entry = bertsym("--citation").out
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert entry in readme
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    fields = dict(re.findall(r"^([a-z-]+): (.+)$", cff, re.MULTILINE))
    assert fields["version"] == __version__
    assert f"version = {{{__version__}}}" in entry
    assert fields["date-released"].startswith(re.findall(r"year = \{(\d+)\}", entry)[0])
    title = re.findall(r"title = \{(.*)\},", entry)[0].replace("{", "").replace("}", "")
    assert fields["title"].strip('"') == title
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {__version__} ({fields['date-released']})" in changelog
    # What the format asks of every file, https://citation-file-format.github.io
    assert {"cff-version", "message", "title", "authors"} <= {line.partition(":")[0] for line in cff.splitlines()}
    assert 'name: "The bertsym authors"' in cff or "name: The bertsym authors" in cff


def test_bibtex_reads_the_entry(bertsym: Run, tmp_path: Path) -> None:
    bibtex = need_program("bibtex")
    (tmp_path / "x.bib").write_text(bertsym("--citation").out, encoding="utf-8")
    (tmp_path / "x.aux").write_text("\\citation{bertsym}\n\\bibdata{x}\n\\bibstyle{plain}\n", encoding="utf-8")
    done = subprocess.run([bibtex, "x"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "Warning" in done.stdout) == (0, False), done.stdout
    assert "{The bertsym authors}" in (tmp_path / "x.bbl").read_text(encoding="utf-8")
