"""Command lines that people type by mistake: one sentence that says what to type, exit code 2, no output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bertsym.cli.app import app
from bertsym.cli.mistakes import EXAMPLES, OPTIONS
from bertsym.cli.sections import COMMANDS

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("total bert base", "a name with blanks stands in quotes: `bertsym total 'bert base'`"),
        ("total bert H=768 L=12", "write `--at H=768,L=12`"),
        ("total bert H = 768", "write `--at H=768`"),
        ("total bert mlm", "did you mean --head mlm?"),
        ("total bert latex", "did you mean --latex?"),
        ("total bert gpt2", "`bertsym compare bert ...` takes several"),
        ("total bert frobnicate", "`bertsym help total` lists the options"),
        ("show bert layer", "did you mean --by layer?"),
        ("explain bert attention", "did you mean --only attention?"),
        ("solve bert 110M", "`bertsym solve bert --target 110M`"),
        ("solve bert 110m", "`bertsym solve bert --target 110M`"),
        ("solve 3B llama", "`bertsym solve llama --target 3B`"),
        ("solve llama --target 3B --for H L heads", "in one list, with commas and no blanks, as in `--for H,L,heads`"),
        ("solve llama --target 3B --tolerance 5 %", "a value with blanks stands in quotes"),
        ("solve --target 110 M", "a unit: write it behind its number without a blank"),
        ("diff bert hidden_size", "did you mean --by hidden_size?"),
        ("compare bert-base-uncased vs gpt2", "models stand one after another"),
    ],
)
def test_a_word_too_many(line: str, said: str, bertsym: Run) -> None:
    refused(bertsym, line, said)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("total bert --hidden_size 768", "a size: write `--at hidden_size=768`"),
        ("total bert --hidden-size=768", "a size: write `--at hidden_size=768`"),
        ("total bert -H 768", "a size: write `--at H=768`"),
        ("total bert --batch-size 8", "a size: write `--at batch_size=8`"),
        ("total bert --tex", "did you mean --latex?"),
        ("total bert -latex", "did you mean --latex?"),
        ("total bert --latx", "did you mean --latex"),
        ("total bert -o f.tex", "`> FILE` after the command writes the answer to a file"),
        ("total bert --tp 8", "`bertsym solve` has it"),
        ("total bert --target 1M", "`bertsym solve` and `bertsym plot` have it"),
        ("compare bert gpt2 --by role", "`bertsym show`, `bertsym diff` and `bertsym plot` have it"),
        ("total bert --convention", "--convention has no value: `bertsym help total` lists the options"),
        ("version", "an option: `bertsym --version`"),
        ("cite", "an option: `bertsym --citation`"),
        ("total bert --citation", "it stands before a command: `bertsym --citation`"),
        ("total bert --frobnicate", "`bertsym help total` lists the options"),
        ("roofline bert --gpu a100", "did you mean --device?"),
        ("--latex total bert", "options stand after the command, as in `bertsym total --latex`"),
        ("--bibtex", "did you mean --citation?"),
        ("total bert --at", "--at has no value: pass one, as in `--at H=1024,L=24`"),
        ("total bert --latex=yes", "--latex takes no value"),
        ("solve bert --tp eight", "--tp: expected a whole number of at least 1, got 'eight'"),
        ("plot", "no KIND: as in `bertsym plot parts bert-base-uncased`"),
        ("page bert", "no FILE: as in `bertsym page bert -o bert.html`"),
        ("embed", "no PATH: as in `bertsym embed paper.tex`"),
    ],
)
def test_an_option_that_is_none(line: str, said: str, bertsym: Run) -> None:
    refused(bertsym, line, said)


def refused(bertsym: Run, line: str, said: str) -> None:
    ran = bertsym(*line.split())
    assert (ran.code, ran.out) == (2, ""), line
    assert ran.err.startswith("bertsym: ")
    assert ran.err.count("\n") == 1
    assert said in ran.err


@pytest.mark.parametrize("word", ["\x1b[31mred", "a\nb", "9" * 5000, "=" * 3000, "--" + "x" * 5000, "--\x9b\x07"])
@pytest.mark.parametrize("command", ["total", "solve", "embed"])
def test_hostile_words_are_shown_safely(word: str, command: str, bertsym: Run) -> None:
    ran = bertsym(command, "bert", word, word)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err) < 400
    assert ran.err.rstrip("\n").isprintable()


def test_the_advice_names_commands_and_options_that_exist(bertsym: Run) -> None:
    known = {info.name for info in app.registered_commands}
    assert set(EXAMPLES) <= known == set(COMMANDS)
    pages = "".join(bertsym("help", name).out for name in COMMANDS) + bertsym("--help").out
    assert [option for option in OPTIONS.values() if f" {option} " not in pages] == []
