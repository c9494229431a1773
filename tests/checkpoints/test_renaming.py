"""Prefixes and wrappers of names: found as one renaming for the file, and never at the cost of a difference."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.checking.verify import declared
from bertsym.checkpoints.renaming import common_renaming
from bertsym.resolve import load
from tests.checkpoints.files import header_of, write

PREFIXES = [
    *("module.", "_orig_mod.", "0.auto_model.", "module.0.auto_model.", "_orig_mod.module.", "base_model.model."),
    *("model.", "transformer.", "_fsdp_wrapped_module.", "student."),
]


def shapes_of(name: str, head: str = "model") -> dict[str, tuple[int, ...]]:
    slots = declared(load(name, head)).slots
    return {tensor: slot.shape for tensor, slot in slots.items() if slot.tied_to is None}


@pytest.fixture
def verify(tmp_path: Path, bertsym: Callable[..., Any]) -> Callable[..., tuple[int, dict[str, Any]]]:
    def run(shapes: dict[str, tuple[int, ...]], *words: str) -> tuple[int, dict[str, Any]]:
        write(tmp_path / "model.safetensors", header_of(shapes))
        ran = bertsym("verify", str(tmp_path), *words, "--json")
        return ran.code, json.loads(ran.out)

    return run


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_of_all_names(prefix: str, verify: Any) -> None:
    shapes = shapes_of("bert-tiny")
    code, found = verify({prefix + name: shape for name, shape in shapes.items()}, "--model", "bert-tiny")
    assert (code, found["renaming"]["dropped"]) == (0, prefix)
    assert (found["renaming"]["known"], found["renaming"]["direct"]) == (len(shapes), 0)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_wrapped_base_under_its_head(prefix: str, verify: Any) -> None:
    """The body of a masked language model, wrapped, beside a head of its own: `bert.` has to be added."""
    shapes = shapes_of("bert-tiny", "masked-lm")
    stored = {prefix + name.removeprefix("bert."): shape for name, shape in shapes.items()}
    code, found = verify(stored, "--model", "bert-tiny", "--head", "masked-lm")
    if prefix == "student.":  # not a wrapper that any tool writes: two changes at once would hide a difference
        assert code == 1
    else:
        assert (code, found["renaming"]["dropped"], found["renaming"]["added"]) == (0, prefix, "bert.")


@pytest.mark.parametrize("word", ["_orig_mod", "_checkpoint_wrapped_module", "_fsdp_wrapped_module", "base_layer"])
def test_wrappers_inside_of_names(word: str, verify: Any) -> None:
    shapes = shapes_of("bert-tiny")
    inner = {name.replace(".output.dense.", f".output.dense.{word}."): shape for name, shape in shapes.items()}
    layered = {name.replace("encoder.layer.0.", f"encoder.layer.0.{word}."): shape for name, shape in shapes.items()}
    for stored in (inner, layered):
        wrapped = {f"module.{name}": shape for name, shape in stored.items()}
        code, found = verify(wrapped, "--model", "bert-tiny")
        assert (code, found["renaming"]["inner"], found["renaming"]["dropped"]) == (0, [word], "module.")


def test_another_stack_is_no_prefix() -> None:
    """Text and vision stacks have equal names behind their own, so one must not pass for the other."""
    names = [f"text_model.encoder.layers.{layer}.mlp.fc1.weight" for layer in range(4)]
    wanted = {name.replace("text", "vision") for name in names}
    assert common_renaming(names, wanted).known == 0
    both = common_renaming([*names, *wanted], wanted)
    assert (both.known, both.parts) == (4, ())


def test_encoder_and_decoder_stay_apart() -> None:
    names = [f"decoder.block.{block}.layer.0.SelfAttention.q.weight" for block in range(4)]
    assert common_renaming(names, {name.replace("decoder", "encoder") for name in names}).known == 0


@pytest.mark.parametrize("prefix", ["0.auto_model.", "module."])
def test_differences_show_through_a_prefix(prefix: str, verify: Any) -> None:
    shapes = shapes_of("bert-tiny")
    seed = random.Random(7)
    for _ in range(12):
        stored = {prefix + name: shape for name, shape in shapes.items()}
        victim = seed.choice(list(stored))
        kind = seed.choice(["missing", "shape", "extra", "unwrapped"])
        shape = stored.pop(victim)
        if kind == "shape":
            stored[victim] = (*shape[:-1], shape[-1] + 1)
        elif kind == "extra":
            stored |= {victim: shape, prefix + "adapter.weight": (3,)}
        elif kind == "unwrapped":
            stored |= {"1." + victim: shape}
        code, found = verify(stored, "--model", "bert-tiny")
        assert code == 1, (victim, kind)
        findings = {"missing": found["missing"], "shape": found["mismatched"], "extra": found["extra"]}
        assert findings[kind if kind != "unwrapped" else "extra"], (victim, kind)


def test_it_is_said(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    shapes = shapes_of("bert-tiny")
    write(tmp_path / "model.safetensors", header_of({f"0.auto_model.{name}": s for name, s in shapes.items()}))
    out = bertsym("verify", str(tmp_path), "--model", "bert-tiny").out
    assert "names: 39 of 39 are known without the prefix '0.auto_model.' (0 as they are)" in out
    assert bertsym("verify", str(tmp_path)).code == 0
