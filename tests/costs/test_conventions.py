"""The conventions of FLOPs against numbers that other people computed with other code."""

from __future__ import annotations

from typing import Any

import pytest

from bertsym.costs import quantity, sized
from bertsym.count import count
from bertsym.errors import Conflict, NotKnownOf, UnknownName, Unreadable
from bertsym.resolve import load
from bertsym.symbols import B, L, N, S
from bertsym.zoo import named

WORK = quantity("flops")


def number(name: str, head: str, convention: str, sequences: int, tokens: int) -> int:
    account = WORK.account(convention)
    model = sized(named(name).with_head(head), WORK, account, {B: sequences, S: tokens})
    return count(model, account.convention)


@pytest.mark.parametrize(
    ("name", "head", "convention", "sequences", "tokens", "expected"),
    [
        # torch FlopCounterMode on the meta device.
        ("bert-base-uncased", "model", "flops", 1, 512, 96_637_943_808),
        ("Llama-2-7b-hf", "causal-lm", "flops", 1, 4096, 62_921_270_886_400),
        ("Llama-2-7b-hf", "causal-lm", "train", 1, 4096, 188_763_812_659_200),
        # karpathy/nanoGPT transformer_sizing.ipynb: forward, both passes, and PaLM's rule for them, without biases.
        ("nanogpt", "causal-lm", "flops", 1, 1024, 291_648_307_200),
        ("nanogpt", "causal-lm", "train", 1, 1024, 874_944_921_600),
        # Kaplan et al. 2020, table 1: 2N + 2 n_layer n_ctx d_attn, N = 12 L H^2.
        ("bert-base-uncased", "model", "kaplan", 1, 512, 512 * (2 * 12 * 12 * 768**2 + 2 * 12 * 512 * 768)),
        # transformers: model.floating_point_ops of a Trainer, 6 for each token and parameter outside tables.
        ("Llama-2-7b-hf", "causal-lm", "hf-trainer", 1, 4096, 6 * 4096 * (6_738_415_616 - 32_000 * 4096)),
        # PaLM, appendix B: 6N + 12LHQT for each token.
        ("Llama-2-7b-hf", "causal-lm", "palm", 1, 4096, 4096 * (6 * 6_738_415_616 + 12 * 32 * 4096 * 4096)),
        # Hoffmann et al. 2022, appendix F: one-hot words, layers, 3 for each score's softmax; a pooler besides.
        (
            "bert-base-uncased",
            "model",
            "chinchilla",
            1,
            512,
            2 * 512 * 30_522 * 768 + 96_637_943_808 + 12 * 3 * 12 * 512 * 512,
        ),
        ("t5-small", "encoder", "chinchilla", 1, 2, 2 * 2 * 32_128 * 512 + 75_546_624 + 6 * 3 * 8 * 2 * 2),
        # One of a causal mask's two halves, and the diagonal.
        (
            "gpt2-small",
            "causal-lm",
            "causal",
            3,
            7,
            3 * (2 * 7 * (12 * 12 * 768**2 + 50257 * 768) + 2 * 2 * 12 * 768 * 28),
        ),
        ("bert-base-uncased", "model", "causal", 1, 512, 96_637_943_808),
        # google-research/electra flops_computation.py, run: TransformerHparams(768, 12).get_infer_flops().
        ("bert-base-uncased", "model", "electra", 1, 512, 122_298_857_472),
        ("bert-base-uncased", "model", "macs", 1, 512, 48_318_971_904),
        ("bert-base-uncased", "model", "recompute", 1, 512, 4 * 96_637_943_808),
        # A fused kernel's backward pass of attention is 2.5 times its forward pass.
        ("bert-base-uncased", "model", "fused", 1, 512, 3 * 96_637_943_808 + 4 * 12 * 512**2 * 768 // 2),
        ("bert-base-uncased", "model", "6nd", 1, 512, 6 * 512 * 109_482_240),
        ("bert-base-uncased", "model", "2nd-non-embedding", 1, 512, 87_702_110_208),
        # Two of eight experts work on a token: 12.9 billion of 46.7 billion parameters.
        ("Mixtral-8x7B-v0.1", "causal-lm", "6nd-active", 1, 1, 6 * 12_879_925_248),
    ],
)
def test_published_and_measured_numbers(
    name: str, head: str, convention: str, sequences: int, tokens: int, expected: int
) -> None:
    assert number(name, head, convention, sequences, tokens) == expected


@pytest.mark.parametrize(
    ("name", "teraflops"),
    [
        ("Llama-2-7b-hf", "1053.4"),
        ("Mistral-7B-v0.1", "1127.6"),
        ("Llama-2-70b-hf", "10528.0"),
    ],
)
def test_maxtext_counts_the_full_square(name: str, teraflops: str) -> None:
    """AI-Hypercomputer/maxtext pull request 644: training steps of 12 sequences of 2,048 tokens."""
    exact = number(name, "causal-lm", "train", 12, 2048)
    assert f"{round(exact / 10**11) / 10:.1f}" == teraflops


def test_the_work_of_layers_that_share_parameters() -> None:
    """ALBERT applies its one layer L times: twice the layers are twice their work, and no more parameters."""
    account = WORK.account()
    model = named("albert-base-v2")
    twelve, more = (
        count(sized(model, WORK, account, {B: 1, S: 8, L: layers}), account.convention) for layers in (12, 24)
    )
    projection_and_pooler = 2 * (8 * 128 * 768 + 768**2)
    assert more - projection_and_pooler == 2 * (twelve - projection_and_pooler)


@pytest.mark.parametrize(
    ("name", "tokens", "error", "words"),
    [
        ("bert-base-uncased", 513, Conflict, "N=512"),
        ("roberta-base", 513, Conflict, "N - 2=512"),
        ("gpt2", 1025, Conflict, "N=1024"),
        ("bert-base-uncased", 0, Unreadable, "at least 1"),
    ],
)
def test_runs_that_cannot_be(name: str, tokens: int, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        sized(named(name), WORK, WORK.account(), {B: 1, S: tokens})


def test_more_positions_serve_longer_sequences() -> None:
    model = sized(named("bert-base-uncased"), WORK, WORK.account(), {B: 1, S: 4096, N: 4096})
    assert model.given[S] == 4096


def test_the_work_of_a_derived_model_is_refused() -> None:
    """Rules of thumb need its parameters only."""
    model = load("deepseek_v3", "causal-lm")
    with pytest.raises(NotKnownOf, match="its work is not known"):
        sized(model, WORK, WORK.account(), {B: 1, S: 1})
    base = model.with_sizes(model.architecture.sizes[model.architecture.base].values)
    account = WORK.account("2nd")
    assert count(sized(base, WORK, account, {B: 1, S: 1}), account.convention) == 2 * count(base)


def test_an_unknown_convention() -> None:
    with pytest.raises(UnknownName, match="convention of flops 'flop'"):
        WORK.account("flop")


@pytest.mark.parametrize(
    ("name", "head", "steps", "batch", "tokens", "published"),
    [
        # Clark et al. 2020, arXiv:2003.10555, Tables 1 and 2: training FLOPs of BERT, at the batches and steps of the
        # script. BERT-Small embeds tokens in 128 features, as ELECTRA-Small does.
        ("electra-small-discriminator", "model", 1_450_000, 128, 128, "1.4e18"),
        ("bert-base-uncased", "masked-lm", 1_000_000, 256, 512, "6.4e19"),
        ("bert-large-uncased", "masked-lm", 1_000_000, 256, 512, "1.9e20"),
    ],
)
def test_pretraining_as_electra_counts(
    name: str, head: str, steps: int, batch: int, tokens: int, published: str
) -> None:
    assert f"{steps * number(name, head, 'electra-train', batch, tokens):.1e}" == published.replace("e", "e+")


def test_electra_counts_encoders_of_bert_alone() -> None:
    with pytest.raises(NotKnownOf, match="such are bert, electra, roberta, albert"):
        number("gpt2-small", "causal-lm", "electra", 1, 1)


def test_a_convention_without_a_number_is_left_out_of_the_table(bertsym: Any) -> None:
    """5/32 of 7 tokens is no whole number."""
    ran = bertsym("compare", "bert-base-uncased", "--conventions", "--at", "B=1,S=7")
    assert ran.code == 0
    assert "electra-train is left out: 'top.words' does not exist at these sizes" in " ".join(ran.out.split())
    assert "hf-trainer" in ran.out
