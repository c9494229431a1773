"""The scores that masks keep, against the masks that transformers builds."""

from __future__ import annotations

import random
from typing import Any

import pytest

from bertsym.costs import measured, quantity
from bertsym.count import count
from bertsym.model import Model
from bertsym.symbols import B, F, H, L, S, V, every, heads, kv_heads, window
from bertsym.zoo import ARCHITECTURES, named

WORK = quantity("flops")


def kept_scores(torch: Any, mask: Any, tokens: int) -> int:
    """Return the pairs of a query and a key that a mask keeps."""
    place = torch.arange(tokens)
    return int(mask(0, 0, place[:, None], place[None, :]).expand(tokens, tokens).sum())


def work(name: str, sizes: dict[Any, Any], convention: str) -> int:
    """Return the FLOPs of the bare model under a convention."""
    account = WORK.account(convention)
    model = measured(Model(ARCHITECTURES[name]), WORK, account)
    return count(model.with_sizes({s: n for s, n in sizes.items() if s in model.symbols}), account.convention)


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("name", ["llama", "mistral", "mixtral"])
def test_causal_windows(name: str, seed: int, torch: Any, transformers: Any) -> None:
    draw = random.Random(f"{name} {seed}")
    tokens, width, layers = draw.randint(1, 90), draw.choice([0, draw.randint(1, 60)]), draw.randint(1, 5)
    width = 0 if name == "llama" else width
    base = ARCHITECTURES[name].sizes[ARCHITECTURES[name].base].values
    sizes = {**base, L: layers, H: 24, F: 10, V: 11, heads: 4, kv_heads: 2, B: 3, S: tokens, window: width}
    mask = transformers.masking_utils.causal_mask_function
    mask = transformers.masking_utils.sliding_window_causal_mask_function(width) if width else mask
    left_out = tokens**2 - kept_scores(torch, mask, tokens)
    # Scores and mixture: two products of 2 FLOPs for each feature of all heads.
    assert work(name, sizes, "flops") - work(name, sizes, "masked") == 3 * layers * left_out * 4 * 24


@pytest.mark.parametrize("seed", range(15))
def test_local_layers(seed: int, torch: Any, transformers: Any) -> None:
    draw = random.Random(seed)
    tokens, layers, local, step = draw.randint(1, 90), draw.randint(1, 9), draw.randint(1, 70), draw.randint(1, 4)
    config = transformers.ModernBertConfig(
        num_hidden_layers=layers, local_attention=local, global_attn_every_n_layers=step
    )
    mask = transformers.masking_utils.sliding_window_bidirectional_mask_function(config.sliding_window)
    left_out = config.layer_types.count("sliding_attention") * (tokens**2 - kept_scores(torch, mask, tokens))
    sizes = {V: 11, H: 24, L: layers, heads: 4, F: 10, B: 2, S: tokens, window: local, every: step}
    assert work("modernbert", sizes, "flops") - work("modernbert", sizes, "masked") == 2 * left_out * 4 * 24


def test_a_window_changes_no_other_convention() -> None:
    """The full square is what torch's kernels compute, whatever the mask."""
    for convention in ("flops", "train", "macs"):
        account = WORK.account(convention)
        model = measured(named("Mistral-7B-v0.1"), WORK, account).with_sizes({B: 1, S: 8192})
        assert count(model, account.convention) == count(model.with_sizes({window: 0}), account.convention)
