"""`bertsym` alone, its help, and a first word that is no command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.cli.app import app
from bertsym.cli.sections import COMMANDS, HEADINGS, LATEX, OUTPUT, RUN, SYNONYMS
from bertsym.version import __version__

Run = Callable[..., Any]
ROOT = Path(__file__).parents[2]


def test_bertsym_alone_prints_a_short_help(bertsym: Run) -> None:
    ran = bertsym()
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert len(lines) < 20
    assert all(len(line) <= 80 for line in lines)
    assert "bertsym --help" in ran.out
    shown = [line.split("  ")[1] for line in lines if line.startswith("  bertsym ")]
    assert len(shown) >= 5


@pytest.mark.parametrize("words", [["-V"], ["--version"]])
def test_the_version(words: list[str], bertsym: Run) -> None:
    assert bertsym(*words).out == f"bertsym {__version__}\n"


@pytest.mark.parametrize("name", ["total", "solve", "embed", "help"])
def test_help_of_a_command(name: str, bertsym: Run) -> None:
    ran = bertsym("help", name)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == bertsym(name, "--help").out == bertsym(name, "-h").out
    assert ran.out.startswith(f"Usage: bertsym {name} ")


def test_help_lists_every_command_under_a_heading(bertsym: Run) -> None:
    ran = bertsym("help")
    assert ran.out == bertsym("--help").out == bertsym("-h").out
    assert [name for name in COMMANDS if f"\n  {name} " not in ran.out] == []
    assert {info.name for info in app.registered_commands} == set(COMMANDS)
    starts = {line.find(line.split()[1]) for line in ran.out.splitlines() if line[2:].split(" ")[0] in COMMANDS}
    assert len(starts) == 1, "the summaries stand in one column"


def test_options_of_output_stand_apart(bertsym: Run) -> None:
    page = bertsym("help", "total").out
    page = page.replace("  -h, --help  ", "  --help  ")
    plain, _, rest = page.partition(f"\n{RUN}:\n")
    run, _, rest = rest.partition(f"\n{OUTPUT}:\n")
    output, _, latex = rest.partition(f"\n{LATEX}:\n")
    places = {"--at": plain, "--help": plain, "--dtype": run, "--json": output, "--caption": output, "--width": latex}
    for option, place in {**places, "--latex": output, "--standalone": latex}.items():
        assert f"\n  {option} " in f"\n{place}", option
        assert page.count(f"\n  {option} ") == 1
    assert "LaTeX: " not in latex
    assert set(HEADINGS.values()) == {RUN, OUTPUT, LATEX}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("totl", "did you mean total?"),
        ("Total", "did you mean total?"),
        ("mod", "did you mean models?"),
        ("count", "did you mean total?"),
        ("list", "did you mean models?"),
        ("zzzz", "`bertsym --help` lists the commands"),
        ("bert-base-uncased", "it is a model: `bertsym total bert-base-uncased` counts it"),
        ("BERT", "it is a model: `bertsym total BERT` counts it"),
        ("Llama 3.1 8B", "it is a model: `bertsym total MODEL` counts it"),
        ("./config.json", "it is a model: `bertsym total ./config.json` counts it"),
        ("110M", "a number of parameters: `bertsym solve --target 110M` finds sizes, `bertsym audit 110M` checks it"),
        ("H=768", "a size: write `--at H=768`"),
    ],
)
def test_a_word_that_is_no_command(word: str, said: str, bertsym: Run) -> None:
    for words in ([word], ["help", word]):
        ran = bertsym(*words)
        assert (ran.code, ran.out, ran.err) == (2, "", f"bertsym: no command '{word}': {said}\n")


def test_synonyms_are_no_commands_and_mean_some() -> None:
    assert not SYNONYMS.keys() & COMMANDS.keys()
    assert set(SYNONYMS.values()) <= COMMANDS.keys()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("110M", "`bertsym solve --target 110M` finds sizes"),
        ("110m", "`bertsym solve --target 110M` finds sizes"),
        ("1.3 B", "`bertsym solve --target 1.3B` finds sizes"),
        ("109,482,240", "`bertsym solve --target 109,482,240` finds sizes"),
        ("H=768", "write `--at H=768`"),
        ("H = 768, L=12", "write `--at H=768,L=12`"),
        ("hidden_size=768", "write `--at hidden_size=768`"),
        ("768", "`--at H=768` sets a size"),
    ],
)
@pytest.mark.parametrize("command", ["total", "solve", "show", "explain"])
def test_a_number_or_a_size_in_the_place_of_a_model(command: str, word: str, said: str, bertsym: Run) -> None:
    ran = bertsym(command, word)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("H", ["H: hidden size", "hidden_size", "megatron h", "an integer of at least 1"]),
        ("n_embd", ["H: hidden size"]),
        ("Hidden Dim", ["H: hidden size", "F: feed-forward width"]),
        ("A", ["heads: attention heads"]),
        ("r", ["r: rank of an adapter", "ffn_ratio: feed-forward width over hidden size"]),
        ("tied", ["true unless it is given"]),
        ("narayanan", ["narayanan: a convention of flops", "--of flops --convention narayanan"]),
        ("mixed", ["a convention of states", "a convention of memory"]),
        ("non-embedding", ["a convention of parameters", "total bert-base-uncased --convention non-embedding"]),
        ("cache", ["elements: a convention of cache", "bytes: a convention of cache"]),
    ],
)
def test_symbols_explains_a_name(name: str, said: list[str], bertsym: Run) -> None:
    ran = bertsym("symbols", name)
    assert (ran.code, ran.err) == (0, "")
    assert [text for text in said if text not in ran.out] == []
    assert bertsym("symbols", name, "--json").code == bertsym("symbols", name, "--latex").code == 0


def test_symbols_refuses_a_name_that_is_none(bertsym: Run) -> None:
    ran = bertsym("symbols", "hiden_size")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean hidden_size" in ran.err


def test_symbols_has_no_column_twice(bertsym: Run) -> None:
    title = bertsym("symbols").out.splitlines()[0].split()
    assert title == ["symbol", "meaning", "unit", "default"]
    assert "d_{\\mathrm{model}}" in bertsym("symbols", "--latex", "--notation", "vaswani").out


def test_no_option_is_read_by_pydantic() -> None:
    """Since typer 0.29 imports it for the first option, which takes as long as half of sympy."""
    code = "import sys; from bertsym.cli import run; code = run(); sys.exit(code or 7 * ('pydantic' in sys.modules))"
    for words in (["total", "bert-base-uncased", "--at", "L=12", "--count"], ["diff", "--order", "1"], ["help"]):
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, check=False, cwd=ROOT)
        assert (done.returncode, done.stderr) == (0, b""), words


def test_numbers_of_options_are_read_within_their_bounds(bertsym: Run) -> None:
    for words, said in (
        (["diff", "bert", "--order", "x"], "--order: expected a whole number, got 'x'"),
        (["diff", "bert", "--order", "1.5"], "--order: expected a whole number, got '1.5'"),
        (["derive", "bert", "--trials", "3"], "--trials: expected a whole number from 12 to 1000, got '3'"),
        (["derive", "bert", "--timeout", "soon"], "--timeout: expected a number of at least 1, got 'soon'"),
    ):
        ran = bertsym(*words)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err


@pytest.mark.parametrize(
    "head", ["masked-lm", "mlm", "MLM", "Masked-LM", "masked_lm", "Masked LM", "MaskedLM", "ForMaskedLM", "fill mask"]
)
def test_a_head_in_any_spelling(head: str, bertsym: Run) -> None:
    ran = bertsym("total", "bert-base-uncased", "--head", head, "--count")
    assert (ran.code, ran.out) == (0, "109514298\n")  # BertForMaskedLM(BertConfig())


def test_a_wrong_head_names_those_that_there_are(bertsym: Run) -> None:
    ran = bertsym("total", "gpt2", "--head", "mlm")
    assert (ran.code, ran.out) == (2, "")
    assert "unknown head of gpt2 'mlm' (masked-lm): its heads: model, causal-lm" in ran.err
