"""Runs of real classes: configurations with which a class runs, a batch, and the recorder over both passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from bertsym.checking.framework_run import Batch, batch
from bertsym.symbols import B, N, S, S_source
from tests.zoo.configs import FAMILIES, Family, common, some_heads, without

EVERY = {
    "bert": Family("BertConfig", "Bert", lambda draw: common(draw, some_heads(draw)), FAMILIES["roberta"].kept),
    **FAMILIES,
}
LONGEST = 40


def runnable(family: str, head: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with those changed without which the library builds a class and cannot run it."""
    runs = {**fields, "pad_token_id": 1}
    runs |= {"num_labels": 2} if head == "question-answering" else {}
    if family == "t5":
        buckets = 4 + fields.get("relative_attention_num_buckets", 32)
        return {**runs, "decoder_start_token_id": 0, "eos_token_id": 1, "relative_attention_num_buckets": buckets}
    if family == "mixtral":  # a router cannot choose more experts than there are
        runs["num_experts_per_tok"] = min(runs.get("num_experts_per_tok", 2), runs.get("num_local_experts", 8))
        return runs
    if family == "modernbert":  # rotary positions turn pairs of features
        return {**runs, "hidden_size": 2 * fields["hidden_size"]}
    if family == "deberta-v2":  # the output of attention is H features wide, and words are multiplied with H
        return without(runs, "attention_head_size", *(() if runs.get("legacy", True) else ("embedding_size",)))
    return runs


def drawn_size(draw: Random, longest: int) -> Batch:
    """Return the sizes of a batch whose sequences learned positions serve."""
    return Batch(draw.randint(1, 4), draw.randint(1, max(1, min(longest, LONGEST))), draw.randint(1, LONGEST))


def sizes_of(batch: Batch) -> dict[Any, int]:
    """Return the sizes of a batch by symbol."""
    return {B: batch.sequences, S: batch.tokens, S_source: batch.source}


def longest_of(given: Mapping[Any, Any]) -> int:
    """Return a number of tokens for which learned positions have rows; RoBERTa keeps two rows for itself."""
    return int(given.get(N, LONGEST + 2)) - 2


def built(transformers: Any, torch: Any, cls: str, config: Any, device: str) -> Any:
    """Return the class with kernels that multiply matrices openly."""
    config._attn_implementation = "eager"
    config._experts_implementation = "batched_mm"
    with torch.device(device):
        return getattr(transformers, cls)(config).eval()


@dataclass(frozen=True)
class Passes:
    """The FLOPs of both passes that the recorder saw, and those of the forward pass that torch counted."""

    forward: int
    backward: int
    torch_forward: int
    device: str


def passes(transformers: Any, torch: Any, cls: str, config: Callable[[], Any], size: Batch) -> Passes:
    """Run a class forward and backward on the meta device, or on the processor if it asks for values."""
    try:
        return _passes(transformers, torch, cls, config(), size, "meta")
    except (RuntimeError, NotImplementedError) as error:
        if "meta" not in str(error).lower():
            raise
    return _passes(transformers, torch, cls, config(), size, "cpu")


def _passes(transformers: Any, torch: Any, cls: str, config: Any, size: Batch, device: str) -> Passes:
    from torch.utils.flop_counter import FlopCounterMode

    from bertsym.costs.recorder import Recorder

    module = built(transformers, torch, cls, config, device)
    with FlopCounterMode(display=False) as counter, Recorder() as forward:
        output = module(**batch(torch, module, size))
    floats = [part for part in output.values() if torch.is_tensor(part) and part.requires_grad]
    with Recorder() as backward:
        sum(part.sum() for part in floats).backward()
    return Passes(forward.flops, backward.flops, counter.get_total_flops(), device)
