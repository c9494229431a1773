"""Spellings of names: each means the model that it should, or several, or none; none means another model in silence."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from bertsym.errors import AmbiguousModel, UnknownHead, UnknownModel
from bertsym.names.catalogue import counted, published
from bertsym.names.heads import ALIASES, head_named
from bertsym.names.reading import read
from bertsym.names.spelling import without_size, words
from bertsym.resolve import load

SEED = random.SystemRandom().randrange(2**32)
Run = Callable[..., Any]

SPELLED = {
    "bert-base": "bert-base-uncased",
    "BERT-Base": "bert-base-uncased",
    "BERT Base, Uncased": "bert-base-uncased",
    "BERT-Base, Multilingual Cased": "bert-base-multilingual-cased",
    "google-bert/bert-base-uncased": "bert-base-uncased",
    "Llama-3.1-8B": "Llama-3.1-8B",
    "llama 3.1 8b": "Llama-3.1-8B",
    "llama3.1-8b": "Llama-3.1-8B",
    "llama-3-1-8b-instruct": "Llama-3.1-8B",
    "meta-llama/Llama-3.1-8B-Instruct": "Llama-3.1-8B",
    "LLaMA-7B": "llama-7b",
    "Llama 2 70B chat": "Llama-2-70b-hf",
    "mistral-7b": "Mistral-7B-v0.1",
    "mistralai/Mistral-7B-Instruct-v0.3": "Mistral-7B-v0.3",
    "Mixtral 8x7B": "Mixtral-8x7B-v0.1",
    "gpt2-xl": "gpt2-xl",
    "GPT-2 XL": "gpt2-xl",
    "openai-community/gpt2": "gpt2",
    "Qwen/Qwen2.5-7B": "Qwen2.5-7B",
    "qwen2.5-7b-instruct-awq": "Qwen2.5-7B",
    "deepseek-r1": "DeepSeek-V3",
    "DeepSeek-R1-Distill-Qwen-7B": "Qwen2.5-7B",
    "phi-1.5": "phi-1_5",
    "t5-v1.1-xl": "t5-v1_1-xl",
    "gpt-oss 20b": "gpt-oss-20b",
    "whisper large v3 turbo": "whisper-large-v3-turbo",
    "all-MiniLM-L6-v2": "all-MiniLM-L6-v2",
    "gemma 2 9b it": "gemma-2-9b",
}


@pytest.mark.parametrize("text", SPELLED)
def test_a_spelling(text: str) -> None:
    model = read(text).model
    assert model is not None
    assert model.name == SPELLED[text]


def respelled(name: str, draw: random.Random) -> str:
    """The name in other letters and with other separators."""
    spaced = "".join(draw.choice("-_ .") if letter in "-_ " else letter for letter in name)
    return "".join(draw.choice((letter.upper(), letter.lower())) for letter in spaced)


def test_any_spelling_of_any_name_means_its_model() -> None:
    draw = random.Random(SEED)
    for model in published():
        for name in model.names:
            for text in (name, respelled(name, draw), f"{model.owner}/{name}" if model.owner else name):
                found = read(text)
                assert [m.count for m in found.models] == [model.count], f"{text!r} of {model.name}, seed {SEED}"


def test_words_that_change_a_size_are_not_dropped() -> None:
    """Random names, and every pair of published names that differ in one word, stay apart."""
    for model in published():
        assert without_size(words(model.name))[0] == words(model.name)[0]
    assert without_size(words("Mistral-7B-v0.3")) != without_size(words("Mistral-7B-v0.1"))
    assert without_size(words("phi-4-mini-instruct")) != without_size(words("phi-4"))
    assert without_size(words("chat")) == ("chat",)


@pytest.mark.parametrize(
    "text", ["", "-", "/", "a" * 10**5, "\x1b[31m", "llama-7b-turbo-max", "bert-base-uncased-x", "٣"]
)
def test_what_is_no_name(text: str) -> None:
    found = read(text)
    assert found.models == ()
    assert found.architecture is None


def test_a_beginning_is_ambiguous_and_lists_sizes(bertsym: Run) -> None:
    with pytest.raises(AmbiguousModel, match=r"Llama-2-7b-hf \(6\.74B\), Llama-2-13b-hf \(13\.02B\)"):
        load("llama-2")
    for text in ("qwen2.5", "bert-base-multilingual", "whisper-large-v", "clip-vit"):
        ran = bertsym("total", text)
        assert ran.code == 2
        assert "is several models: " in ran.err or "unknown model" in ran.err
        assert len(ran.err.rstrip("\n").removeprefix("bertsym: ")) <= 200


def test_a_name_of_nothing_has_near_names() -> None:
    with pytest.raises(UnknownModel, match=r"did you mean Qwen3-8B or"):
        load("qwen3-9b")
    with pytest.raises(UnknownModel):
        load("nobody/nothing")


@pytest.mark.parametrize(
    "command", [["total"], ["show"], ["diff", "--by", "L"], ["explain", "--component", "attention"]]
)
def test_an_answer_says_as_what_a_name_was_read(command: list[str], bertsym: Run) -> None:
    ran = bertsym(command[0], "GPT-2 XL", *command[1:])
    assert ran.code == 0, ran.err
    assert ran.out.startswith("GPT-2 XL is counted as gpt2-xl\n")
    assert "is counted as" not in bertsym(command[0], "gpt2-xl", *command[1:]).out


def test_compare_says_as_what_both_names_were_read(bertsym: Run) -> None:
    out = bertsym("compare", "llama 3.1 8b", "qwen/qwen3-8b").out
    assert "llama 3.1 8b is counted as Llama-3.1-8B\n" in out
    assert "qwen/qwen3-8b is counted as Qwen3-8B\n" in out
    assert "8,030,261,248" in out
    assert "8,190,735,360" in out


DECODERS = {"llama-7b": 6738415616, "Mistral-7B-v0.1": 7241732096, "pythia-70m": 70426624, "Qwen2.5-7B": 7615616512}


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoders_name_is_the_language_model(name: str, bertsym: Run) -> None:
    """6.7B in Table 2 of arXiv:2302.13971; 70,426,624 on the card of pythia-70m."""
    assert bertsym("total", name, "--count").out == f"{DECODERS[name]}\n"
    shown = bertsym("total", name).out
    assert "; --head model is " in shown
    bare = bertsym("total", name, "--head", "model")
    assert (
        bare.out.splitlines()[0]
        == shown.split("--head model is ")[1].split()[0] + bare.out.splitlines()[0][bare.out.index(",") :]
    )
    assert "--head model is" not in bare.out


def test_an_encoders_name_is_the_bare_model(bertsym: Run) -> None:
    for name in ("bert-base-uncased", "roberta-base", "ModernBERT-base", "bert", "all-MiniLM-L6-v2"):
        assert load(name).head == "model"
        assert "--head model" not in bertsym("total", name).out


def test_a_model_type_means_what_its_sizes_mean() -> None:
    for model in published():
        loaded = load(model.family.type)
        if model.family.head in loaded.architecture.heads:
            assert loaded.head == model.family.head, model.family.type
    assert counted("nothing", ("model", "causal-lm")).head == "causal-lm"
    assert counted("nothing", ("model", "masked-lm", "causal-lm")).head == "model"
    assert counted("nothing", ("model", "causal-lm", "conditional-generation")).head == "conditional-generation"


HEADS = {"model": "M", "masked-lm": "ForMaskedLM", "causal-lm": "LMHead", "question-answering": "ForQA"}


def test_aliases_of_heads() -> None:
    assert [head_named(text, HEADS) for text in ("mlm", "CLM", "lm", "qa", "LMHead", "cls")] == [
        "masked-lm", "causal-lm", "causal-lm", "question-answering", "causal-lm", None,
    ]  # fmt: skip
    assert head_named("lm", {"model": "M", "masked-lm": "A"}) == "masked-lm"
    assert head_named("lm", {"model": "M", "causal-lm": "A", "conditional-generation": "B"}) == "conditional-generation"
    assert not any(name in aliases for name, aliases in ALIASES.items())


@pytest.mark.parametrize("name", ["bert-base-uncased", "llama-7b", "qwen3-8b", "mamba", "t5"])
def test_a_wrong_head_names_the_heads(name: str) -> None:
    model = load(name)
    for wrong in ("masked", "next", "ctc", "x" * 300, "\x1b"):
        with pytest.raises(UnknownHead) as refused:
            load(name, wrong)
        said = str(refused.value)
        assert said.startswith(f"unknown head of {model.architecture.name} ")
        assert "its heads: " in said
        assert len(said) <= 200
        assert said.isprintable()


def test_heads_by_alias_on_the_command_line(bertsym: Run) -> None:
    assert bertsym("total", "bert-base-uncased", "--head", "mlm", "--count").out == "109514298\n"
    assert bertsym("total", "qwen3-8b", "--head", "clm", "--count").out == "8190735360\n"
    assert bertsym("total", "atlas:bert-default", "--head", "BertForMaskedLM", "--count").out == "109514298\n"
    assert "MambaForCausalLM" in bertsym("compare", "bert", "mamba", "--head", "mlm,lm").out


def test_models_by_family(bertsym: Run) -> None:
    everything = bertsym("models").out
    assert max(len(line) for line in everything.splitlines()) <= 80
    assert all(f"\n{model.name} " in everything for model in published())
    some = bertsym("models", "qwen3 moe").out
    assert "Qwen3-30B-A3B" in some
    assert "Qwen3-8B" not in some
    assert "https://huggingface.co/api/models/Qwen/Qwen3-30B-A3B" in some
    assert bertsym("models", "nothing like it").code == 2
