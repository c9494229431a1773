"""The cache against the one that transformers fills in a forward pass."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from bertsym.checking.framework_run import batch
from bertsym.costs import Settings, measured, quantity, sized
from bertsym.costs.cached_projections import DERIVED
from bertsym.count import count
from bertsym.errors import HasNo, NotKnownOf
from bertsym.resolve import load
from bertsym.symbols import B, S, window
from bertsym.zoo import ARCHITECTURES, named
from tests.costs.runs import EVERY, built, drawn_size, longest_of, runnable, sizes_of
from tests.zoo.test_family import drawn, read

CONFIGS = 20
DECODERS = ("gpt2", "gpt_neox", "llama", "mistral", "mixtral", "t5")
# The classes of these heads return their cache.
RETURNING = ("model", "causal-lm", "double-heads", "conditional-generation")
CASES = [(name, head) for name in DECODERS for head in ARCHITECTURES[name].heads if head in RETURNING]
CACHE = quantity("cache")
ELEMENTS = CACHE.account()


def elements(kept: Any) -> int:
    """Return the elements of a cache of the library."""
    if hasattr(kept, "cross_attention_cache"):
        return elements(kept.self_attention_cache) + elements(kept.cross_attention_cache)
    return sum(layer.keys.numel() + layer.values.numel() for layer in kept.layers)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "head"), CASES)
def test_the_cache_of_every_decoder(name: str, head: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    """Windows of Mistral's kind are drawn on both sides of the number of tokens."""
    architecture, family = ARCHITECTURES[name], EVERY[name]
    cls = architecture.heads[head].cls
    for seed in range(CONFIGS):
        draw = random.Random(seed)
        fields = runnable(name, head, {**drawn(family, seed), **family.demands.get(head, {})})
        if name in {"mistral", "mixtral"}:
            fields["sliding_window"] = draw.choice([None, draw.randint(2, 40)])
        config = getattr(transformers, family.config)(**fields)
        asked = ("model_type", architecture.schema.model_type), ("architectures", [cls])
        model = read(config.to_dict(), tmp_path / "config.json", *asked)
        size = drawn_size(draw, longest_of(model.given))
        ours = measured(model, CACHE, ELEMENTS)
        ours = ours.with_sizes({symbol: n for symbol, n in sizes_of(size).items() if symbol in ours.symbols})
        module = built(transformers, torch, cls, config, "meta")
        kept = module(**batch(torch, module, size), use_cache=True).past_key_values
        assert count(ours, ELEMENTS.convention) == elements(kept), (seed, fields, size)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", DERIVED)
def test_the_cache_of_derived_models(name: str, transformers: Any, torch: Any) -> None:
    """The class at the library's default sizes, short of tokens and long of them; it has no sliding window."""
    config = transformers.AutoConfig.for_model(name)
    assert not {"sliding_window", "layer_types", "attention_chunk_size"} & set(config.to_dict())
    model = load(name, "causal-lm")
    base = model.architecture.sizes[model.architecture.base]
    for sequences, tokens in ((1, 1), (2, 7), (1, 6000)):
        ours = sized(model.with_sizes(base.values), CACHE, ELEMENTS, {B: sequences, S: tokens})
        module = built(transformers, torch, model.cls, config, "meta")
        ids = torch.zeros(sequences, tokens, dtype=torch.long, device="meta")
        with torch.no_grad():
            assert count(ours, ELEMENTS.convention) == elements(module(input_ids=ids, use_cache=True).past_key_values)


def test_what_deepseek_says_of_itself() -> None:
    """DeepSeek-V3 keeps 35,136 elements a token: 61 layers of 512 and 64 (arXiv:2412.19437)."""
    model = load("deepseek_v3", "causal-lm")
    model = model.with_sizes(model.architecture.sizes[model.architecture.base].values)
    assert count(sized(model, CACHE, ELEMENTS, {B: 1, S: 1}), ELEMENTS.convention) == 35_136


@pytest.mark.parametrize(
    ("name", "tokens", "gib"),
    [
        # huggingface.co/blog/llama31: bfloat16, 128k is 128 * 1000 tokens
        ("Meta-Llama-3-8B", 16_000, "1.95"),
        ("Meta-Llama-3-70B", 16_000, "4.88"),
    ],
)
def test_published_sizes_of_caches(name: str, tokens: int, gib: str) -> None:
    in_bytes = quantity("cache", Settings(dtype="bf16"))
    account = in_bytes.account()
    number = count(sized(named(name), in_bytes, account, {B: 1, S: tokens}), account.convention)
    assert account.convention.unit.rounded(number).endswith(f"{gib} GiB")


def test_a_window_bounds_the_cache() -> None:
    """A layer keeps a token less than its window."""
    model = named("Mistral-7B-v0.1")
    sizes = [count(sized(model, CACHE, ELEMENTS, {B: 1, S: n}), ELEMENTS.convention) for n in (4095, 4096, 9999)]
    assert sizes[0] == sizes[1] == sizes[2] == 2 * 32 * 8 * 128 * 4095
    free = sized(model, CACHE, ELEMENTS, {B: 1, S: 9999, window: 0})
    assert count(free, ELEMENTS.convention) == 2 * 32 * 8 * 128 * 9999


@pytest.mark.parametrize(("name", "head"), [("bert", "model"), ("t5", "encoder")])
def test_no_cache_is_refused(name: str, head: str) -> None:
    with pytest.raises(HasNo, match="has no cache"):
        measured(load(name, head), CACHE, ELEMENTS)


def test_an_unknown_cache_is_refused() -> None:
    with pytest.raises(NotKnownOf, match="its cache is not known"):
        measured(load("mamba", "causal-lm"), CACHE, ELEMENTS)
