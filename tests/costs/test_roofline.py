"""A lower bound on time: its work and its traffic against real classes, and its arithmetic against fractions."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from bertsym.answers.roofline import roofline, written
from bertsym.costs.devices import DEVICES, named_device
from bertsym.costs.recorder import Recorder
from bertsym.model import Model
from bertsym.symbols import B, F, H, L, S, V, heads, kv_heads, tied
from bertsym.zoo import ARCHITECTURES


def small_llama(draw: random.Random) -> tuple[dict[str, Any], dict[Any, Any]]:
    """Return the fields of a configuration and the sizes that they mean."""
    shared, groups, layers = draw.randint(1, 3), draw.randint(1, 3), draw.randint(1, 3)
    width, wide, rows = 8 * shared * groups, draw.randint(4, 60), draw.randint(9, 90)
    together = draw.random() < 0.5
    fields = {
        "vocab_size": rows,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": shared * groups,
        "num_key_value_heads": shared,
        "intermediate_size": wide,
        "tie_word_embeddings": together,
    }
    return fields, {V: rows, H: width, L: layers, heads: shared * groups, kv_heads: shared, F: wide, tied: together}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(10))
def test_a_decoded_token(seed: int, torch: Any, transformers: Any) -> None:
    """One more token after a prefill: the products that run, the matrices that they read, and the cache."""
    draw = random.Random(seed)
    fields, sizes = small_llama(draw)
    sequences, tokens = draw.randint(1, 3), draw.randint(2, 20)
    config = transformers.LlamaConfig(**fields)
    config._attn_implementation = "eager"
    with torch.device("meta"):
        module = transformers.LlamaForCausalLM(config).eval()

    def ids(length: int) -> Any:
        return torch.zeros(sequences, length, dtype=torch.long, device="meta")

    cache = module(ids(tokens - 1), use_cache=True).past_key_values
    with Recorder() as recorder:
        module(ids(1), past_key_values=cache, use_cache=True)
    kept = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    matrices = {id(part.weight): part.weight.numel() for part in module.modules() if isinstance(part, torch.nn.Linear)}
    model = Model(ARCHITECTURES["llama"], "causal-lm").with_sizes(sizes)
    bounds = {bound.phase: bound for bound in roofline(model, {B: sequences, S: tokens}, "h100-sxm", "bf16").bounds}
    decoded = bounds["decode a token"]
    # transformers turns the angles of rotary positions by a product of its own, which is no layer's.
    angles = sum(2 * size[0] * size[1] * size[2] * size[3] for size in recorder.products if size[2] == 1)
    assert decoded.work == recorder.flops - angles
    assert decoded.traffic == 2 * (sum(matrices.values()) + kept)
    assert decoded.seconds == max(Fraction(decoded.work, 9895 * 10**11), Fraction(decoded.traffic, 335 * 10**10))


def test_decoding_one_sequence_is_bound_by_bandwidth() -> None:
    """Every weight is read for one token, so decoding waits for the memory; a long prefill does not."""
    model = Model(ARCHITECTURES["llama"], "causal-lm", ARCHITECTURES["llama"].sizes["Llama-2-7b-hf"].values)
    for device in DEVICES:
        bounds = {bound.phase: bound for bound in roofline(model, {B: 1, S: 4096}, device, "bf16").bounds}
        assert bounds["training step"].work == 3 * bounds["prefill"].work
        assert bounds["decode a token"].limit == "bandwidth"
        assert bounds["prefill"].limit == "FLOPs"
        assert bounds["decode a token"].seconds < bounds["prefill"].seconds < bounds["training step"].seconds


def test_faster_devices_have_lower_bounds() -> None:
    model = Model(ARCHITECTURES["llama"], "causal-lm", ARCHITECTURES["llama"].sizes["Llama-2-7b-hf"].values)
    seconds = [
        [bound.seconds for bound in roofline(model, {B: 4, S: 1024}, device, "bf16").bounds]
        for device in ("a100-sxm-40gb", "a100-sxm-80gb", "h100-sxm", "h200-sxm")
    ]
    for slower, faster in pairwise(seconds):
        assert all(a >= b for a, b in zip(slower, faster, strict=True))


def test_a_time_is_never_rounded_up() -> None:
    draw = random.Random(0)
    for _ in range(200):
        seconds = Fraction(draw.randint(1, 10**9), draw.randint(1, 10**15))
        number, unit = written(seconds).split()
        scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
        assert Fraction(number) / scale <= seconds


def test_an_encoder_decodes_nothing(bertsym: Callable[..., Any]) -> None:
    ran = bertsym(*["roofline", "bert-base-uncased", "--device", "a100-sxm-80gb", "--at", "B=1,S=512", "--json"])
    answer = json.loads(ran.out)
    assert [phase["phase"] for phase in answer["phases"]] == ["forward pass", "training step"]
    assert answer["phases"][0]["flops"] == 96_637_943_808


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("roofline bert --at B=1,S=1", "no device: pass --device"),
        ("roofline bert-base-uncased --device h100 --at B=1,S=1", "unknown device 'h100'"),
        ("roofline bert-base-uncased --device h100-sxm --at S=1", "no value for B"),
        ("roofline bert-base-uncased --device h100-sxm --at B=0,S=1", "at least 1"),
        ("roofline bert-base-uncased --device h100-sxm --at B=1,S=513", "S=513 contradicts N=512"),
        ("roofline bert-base-uncased --device h100-sxm --at B=1,S=5,window=5", "'window'"),
        ("roofline bert-base-uncased --device a100-sxm-80gb --at B=1,S=5 --dtype fp8", "peak in fp8 is not known"),
        ("roofline bert-base-uncased --device a100-sxm-80gb --at B=1,S=5 --dtype half", "unknown type of numbers"),
        ("roofline deepseek_v3 --device h100-sxm --at B=1,S=1", "is not known"),
    ],
)
def test_bounds_that_are_refused(words: str, expected: str, bertsym: Callable[..., Any]) -> None:
    ran = bertsym(*words.split())
    assert (ran.code, ran.out) == (2, "")
    assert expected in ran.err


def test_peaks_are_dense() -> None:
    assert named_device("h100-sxm").peak("bf16") * 2 == 1979 * 10**12
