"""Completion as the three shells ask for it, in the words of their scripts, and in bash itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import typer

from bertsym import atlas, convention, costs, load
from bertsym.answers.comparison import Shown
from bertsym.answers.size_table import Property
from bertsym.cli import candidates, completion
from bertsym.cli.app import app
from bertsym.costs.activations.kernels import KERNELS
from bertsym.costs.devices import DEVICES
from bertsym.costs.optimizers import OPTIMIZERS
from bertsym.costs.settings import DTYPES
from bertsym.count import By
from bertsym.errors import BertsymError
from bertsym.formulas.styles import Style
from bertsym.layers import Role
from bertsym.render.notation import NOTATIONS
from bertsym.render.sheet import Float, Layout
from bertsym.solving.request import Order
from bertsym.solving.scaling_laws import LAWS
from bertsym.symbols import RUN, SIZES, Kind
from bertsym.zoo import ARCHITECTURES
from tests.conftest import need_program

ROOT = Path(__file__).parents[2]
Run = Callable[..., Any]


@pytest.fixture
def completed(bertsym: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Complete the last of some words, as the script of a shell asks."""

    def complete(*words: str, asking: str = "bash") -> list[str]:
        with monkeypatch.context() as patched:
            patched.setenv("_BERTSYM_COMPLETE", f"complete_{asking}")
            if asking == "bash":
                patched.setenv("COMP_WORDS", "\n".join(["bertsym", *words]))
                patched.setenv("COMP_CWORD", str(len(words)))
            else:
                patched.setenv("_TYPER_COMPLETE_ARGS", " ".join(["bertsym", *words]))
                patched.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
            ran = bertsym()
        assert (ran.code, ran.err) == (0, "")
        found: list[str] = ran.out.splitlines()
        return found

    return complete


@pytest.mark.parametrize(
    ("words", "expected", "unexpected"),
    [
        ((" to",), [], []),
        (("to",), ["total"], ["show"]),
        (("",), ["total", "solve", "help"], ["--help"]),
        (("--v",), ["--version"], []),
        (("total", "bert-base-u"), ["bert-base-uncased"], ["bert-base-cased"]),
        (("total", "BERT-base-u"), ["BERT-base-uncased"], []),
        (("total", "llama-3.1-8"), ["llama-3.1-8B"], []),
        (("compare", "bert", "deepseek_v"), ["deepseek_v3"], []),
        (("plot", "parts", "gpt2-x"), ["gpt2-xl"], []),
        (("plot", "pa"), ["parts"], []),
        (("total", "--fo"), ["--form"], ["--flavor"]),
        (("total", "--form", "c"), ["collected", "components"], ["expanded"]),
        (("show", "--form", "c"), ["collected"], ["components"]),
        (("total", "--form=do"), ["--form=dominant"], []),
        (("total", "--notation", ""), ["bert", "vaswani", "kaplan", "megatron"], []),
        (("total", "--layout", "eq"), ["equation", "equation*"], []),
        (("total", "--convention", "non"), ["non-embedding"], []),
        (("total", "--of", "flops", "--convention", "na"), ["narayanan"], []),
        (("total", "bert", "--head", "mas"), ["masked-lm"], []),
        (("total", "mamba", "--head", ""), ["causal-lm"], ["masked-lm"]),
        (("total", "bert-base-uncased", "--head", "nex"), ["next-sentence-prediction"], []),
        (("total", "--only", "attention,fe"), ["attention,feed-forward"], []),
        (("total", "bert", "--at", "hid"), ["hidden_size="], []),
        (("total", "gpt2", "--at", "n_"), ["n_embd=", "n_layer="], ["hidden_size="]),
        (("total", "deepseek_v3", "--at", "q"), ["q_lora_rank="], []),
        (("total", "--at", "H", "=", "768,L"), ["768,L="], []),  # bash splits a word at `=`
        (("total", "--at", "tied", "=", ""), ["yes", "no"], []),
        (("total", "bert", "--at", '"H=768,num_h'), ["H=768,num_hidden_layers="], []),
        (("solve", "--for", "H,num_hid"), ["H,num_hidden_layers"], []),
        (("solve", "--where", "'H/he"), ["H/heads"], []),
        (("solve", "--at-most", "fl"), ["flops="], []),
        (("diff", "--by", "he"), ["heads"], ["component"]),
        (("show", "--by", "co"), ["component"], []),
        (("verify", ""), [], ["bert"]),
        (("help", "so"), ["solve"], []),
        (("derive", "BertForMask"), ["BertForMaskedLM"], []),
        (("roofline", "--device", "h2"), ["h200-sxm"], []),
        (("nonsense", "b"), [], ["bert"]),
        (("total", "--", "--fo"), [], ["--form"]),
    ],
)
def test_bash(
    words: tuple[str, ...], expected: list[str], unexpected: list[str], completed: Callable[..., list[str]]
) -> None:
    found = completed(*words)
    assert set(expected) <= set(found)
    assert not set(unexpected) & set(found)
    assert len(found) == len(set(found))


def test_zsh_and_fish(completed: Callable[..., list[str]]) -> None:
    (models,) = completed("total", "bert-base-u", asking="zsh")
    assert '"bert-base-uncased"' in models
    assert models.startswith("_arguments '*: :((")
    assert completed("total", "bert", "--at", "H=768,num_h", asking="zsh") == [
        "compadd -S '' -- H=768,num_hidden_layers="
    ]
    assert completed("verify", "./x", asking="zsh") == ["_files"]
    assert "masked-lm\tBertForMaskedLM" in completed("total", "bert", "--head", "ma", asking="fish")
    assert completed("total", "bert", "--at", "H=768,num_hid", asking="fish") == ["H=768,num_hidden_layers=\tL"]


def test_fish_completes_files_if_there_is_nothing_else(bertsym: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_BERTSYM_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "is-args")
    for line, code in (("bertsym total bert-b", 0), ("bertsym total ./conf", 1), ("bertsym verify ", 1)):
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        assert bertsym().code == code


def test_a_wrong_request_is_an_error(bertsym: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_BERTSYM_COMPLETE", "complete_tcsh\x1b[31m")
    ran = bertsym()
    assert (ran.code, ran.out) == (2, "")
    assert "\x1b" not in ran.err


def test_hostile_words_end_in_an_answer(completed: Callable[..., list[str]]) -> None:
    random = Random(5)
    pieces = ["'", '"', "\\", "=", ":", ",", "--at", "-", "H", "bert", "\x1b", "$(x)", "`x`", "é", "--", " ", "(", "["]
    for _ in range(60):
        words = ["".join(random.choices(pieces, k=random.randrange(4))) for _ in range(random.randrange(1, 5))]
        for shell in ("bash", "zsh", "fish"):
            found = completed("total", *(word.replace("\n", "") for word in words), asking=shell)
            assert all(c.isprintable() or c == "\t" for line in found for c in line), words


def test_bash_itself(tmp_path: Path) -> None:
    """Source the script, and call its function as bash does."""
    bash = need_program("bash")
    program = tmp_path / "bertsym"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bertsym "$@"\n')
    program.chmod(0o755)
    script = tmp_path / "script"
    script.write_text(completion.SCRIPTS["bash"])
    asked = f"""
    source '{script}'
    COMP_WORDS=(bertsym total bert --at H = 768,num_h); COMP_CWORD=6; _bertsym_completion '{program}'
    printf '%s\\n' "${{COMPREPLY[@]}}"
    COMP_WORDS=(bertsym total --layout eq); COMP_CWORD=3; _bertsym_completion '{program}'
    printf '%s\\n' "${{COMPREPLY[@]}}"
    complete -p bertsym
    """
    (tmp_path / "equationX").touch()  # a shell that expanded `equation*` would print it
    done = subprocess.run(
        [bash, "--norc", "-c", asked],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "768,num_hidden_layers=",
        "equation",
        "equation*",
        "complete -o default -F _bertsym_completion bertsym",
    ]


def test_completion_imports_no_sympy() -> None:
    code = "import sys; from bertsym.cli import run; run(); sys.exit('sympy' in sys.modules)"
    for words in ("bertsym total bert-b", "bertsym total bert --at n", "bertsym total bert --head m", "bertsym "):
        environment = {"_BERTSYM_COMPLETE": "complete_bash", "COMP_WORDS": words}
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **environment}, cwd=ROOT, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b""), words
        assert done.stdout


CHOSEN = {
    candidates.FORMS: [style.value for style in Style],
    candidates.NOTATIONS: list(NOTATIONS),
    candidates.LAYOUTS: [layout.value for layout in Layout],
    candidates.WAYS: [way.value for way in By],
    candidates.ROLES: [role.value for role in Role],
    candidates.DTYPES: list(DTYPES),
    candidates.OPTIMIZERS: list(OPTIMIZERS),
    candidates.KERNELS: list(KERNELS),
    candidates.LAWS: list(LAWS),
    candidates.DEVICES: list(DEVICES),
    candidates.PROPERTIES: [each.value for each in Property],
    candidates.SHOWN: [each.value for each in Shown],
    candidates.ORDERS: [each.value for each in Order],
    candidates.QUANTITIES: ["parameters", *costs.QUANTITIES],
    candidates.CONVENTIONS["parameters"]: list(convention.CONVENTIONS),
    ("table", "table*", "none"): [each.value for each in Float],
    tuple(sorted(candidates.ZOO)): list(ARCHITECTURES),
    tuple(candidates.RUN): [size.name for size in RUN if size.name not in ("window", "every")],
    tuple(sorted(candidates.SWITCHES - {"tie_word_embeddings", "add_cross_attention"})): sorted(
        size.name for size in SIZES if size.kind is Kind.SWITCH
    ),
}


@pytest.mark.parametrize("listed", CHOSEN, ids=lambda listed: listed[0])
def test_the_lists_are_those_of_their_owners(listed: tuple[str, ...]) -> None:
    assert sorted(listed) == sorted(CHOSEN[listed])


@pytest.mark.parametrize("of", costs.QUANTITIES)
def test_conventions_are_those_of_the_quantity(of: str) -> None:
    accounts = [account.convention.name for account in costs.quantity(of).accounts]
    assert list(candidates.CONVENTIONS[of]) == accounts


def test_every_choice_belongs_to_an_option() -> None:
    group: Any = typer.main.get_command(app)
    known = set()
    for name, command in group.commands.items():
        for parameter in command.params:
            options = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar.strip("[].")]
            known |= {*options, *(f"{name} {option}" for option in options)}
    assert set(candidates.CHOICES) - known <= {"SYMBOL"}


NAMES = [*ARCHITECTURES, *Random(22).sample(sorted(atlas.index()), 12)]


@pytest.mark.parametrize("name", NAMES)
def test_the_completed_sizes_and_heads_are_those_of_the_model(name: str) -> None:
    line = candidates.Line("total", (name,), {})
    listed = candidates.heads(line)
    assert listed
    for head in Random(name).sample(sorted(listed), min(3, len(listed))):
        load(name, head)
    model = load(name)
    unknown = []
    for size in candidates.sizes(line):
        try:
            assert size in model.symbols
        except (BertsymError, AssertionError):
            unknown.append(size)
    assert unknown == []


@pytest.mark.parametrize(("shell", "start"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", None)])
def test_installing_twice_is_installing_once(
    shell: str, start: str | None, bertsym: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    if start is not None:
        (tmp_path / start).write_text("alias x=y", encoding="utf-8")
    for _ in range(2):
        ran = bertsym("--install-completion")
        assert (ran.code, ran.err) == (0, "")
    assert bertsym("--show-completion").out == completion.SCRIPTS[shell]
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()}
    assert completion.SCRIPTS[shell] in written.values()
    if start is not None:
        lines = written[start].splitlines()
        assert lines[0] == "alias x=y"
        assert len(lines) == 2


def test_another_shell_is_refused(bertsym: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    ran = bertsym("--show-completion")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "bertsym: no completion for the shell 'tcsh': set SHELL to bash, zsh or fish\n"
