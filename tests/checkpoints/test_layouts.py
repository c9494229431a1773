"""Experts one by one in the file, a layer's in one array in the class: what is missing is named as it is stored."""

from __future__ import annotations

import pytest

from bertsym.checking.inference import infer
from bertsym.checking.verify import compare, declared
from bertsym.checkpoints.expert_layouts import layout_of, stored_shapes, stored_tensors
from bertsym.checkpoints.tensor_types import Array
from bertsym.errors import TooLarge
from bertsym.model import Model
from bertsym.symbols import F, H, L, V, experts, experts_per_token, heads, kv_heads
from bertsym.zoo import named

SIZES = {V: 30, H: 8, L: 2, heads: 4, kv_heads: 2, F: 6, experts: 3, experts_per_token: 2}


def mixtral() -> Model:
    return named("mixtral").with_head("causal-lm").with_sizes(SIZES)


def as_on_the_hub(gate: str, up: str, down: str, block: str) -> dict[str, Array]:
    """As mistralai/Mixtral-8x7B-v0.1 is stored, or with the names of Qwen and DeepSeek."""
    arrays: dict[str, Array] = {}
    for name, slot in declared(mixtral()).slots.items():
        stored = name.replace(".mlp.", f".{block}.")
        home, _, last = stored.rpartition(".")
        if not home.endswith("experts"):
            arrays[stored] = Array("BF16", slot.shape)
        for expert in range(3):
            if last == "gate_up_proj":
                arrays[f"{home}.{expert}.{gate}.weight"] = Array("BF16", (6, 8))
                arrays[f"{home}.{expert}.{up}.weight"] = Array("BF16", (6, 8))
            elif last == "down_proj":
                arrays[f"{home}.{expert}.{down}.weight"] = Array("BF16", (8, 6))
    return arrays


LAYOUTS = [("w1", "w3", "w2", "block_sparse_moe"), ("gate_proj", "up_proj", "down_proj", "mlp")]


@pytest.mark.parametrize("names", LAYOUTS)
def test_a_checkpoint_of_the_hub(names: tuple[str, str, str, str]) -> None:
    arrays = as_on_the_hub(*names)
    outcome = compare(declared(mixtral()), arrays)
    assert outcome.ok
    assert outcome.count == declared(mixtral()).count
    assert outcome.expected.tensors == len(arrays) == 2 * (7 + 9) + 3
    damaged = dict(arrays)
    lost = f"model.layers.1.{names[3]}.experts.2.{names[1]}.weight"
    wide = f"model.layers.0.{names[3]}.experts.0.{names[2]}.weight"
    del damaged[lost]
    damaged[wide] = Array("BF16", (8, 7))
    outcome = compare(declared(mixtral()), damaged)
    assert outcome.missing == (lost,)
    assert [(m.name, m.expected, m.found) for m in outcome.mismatched] == [(wide, (8, 6), (8, 7))]
    assert not outcome.extra


@pytest.mark.parametrize("names", LAYOUTS)
def test_sizes_from_names_and_shapes_alone(names: tuple[str, str, str, str]) -> None:
    fit = next(fit for fit in infer("model", as_on_the_hub(*names)) if fit.model.head == "causal-lm")
    assert fit.outcome.ok
    assert [fit.model.number(size) for size in (experts, F)] == [3, 6]
    assert experts_per_token in fit.hidden


def test_the_names_of_the_class_are_left_alone() -> None:
    names = list(declared(mixtral()).slots)
    assert layout_of(names) is None
    assert stored_tensors(mixtral().tensors, names) == mixtral().tensors
    assert compare(declared(mixtral()), {n: Array("F32", s.shape) for n, s in declared(mixtral()).slots.items()}).ok


def test_an_absurd_number_of_experts_is_refused() -> None:
    with pytest.raises(TooLarge):
        stored_shapes({"mlp.experts.gate_up_proj": (10**9, 2, 2)}, ["mlp.experts.0.gate_proj.weight"])
