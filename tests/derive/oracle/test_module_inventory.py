"""The inventory of a module, read from objects that answer as torch modules do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bertsym.derive.oracle import module_inventory
from bertsym.derive.oracle.module_inventory import NoParameters, UnusableTarget, inventory
from bertsym.derive.oracle.roles import role_of


class Parameter:
    def __init__(self, *shape: int) -> None:
        self.shape = shape


class Module:
    """A module of parameters and modules by name."""

    def __init__(self, **members: Any) -> None:
        self.members = members

    def named_parameters(self, *, recurse: bool) -> Iterator[tuple[str, Parameter]]:
        assert not recurse
        return ((name, member) for name, member in self.members.items() if isinstance(member, Parameter))

    def named_modules(self, *, remove_duplicate: bool, path: str = "") -> Iterator[tuple[str, Module]]:
        assert not remove_duplicate
        yield path, self
        for name, member in self.members.items():
            if isinstance(member, Module):
                yield from member.named_modules(remove_duplicate=False, path=f"{path}.{name}" if path else name)


class LayerNorm(Module):
    """A module with "Norm" in its name."""


class Embedding(Module):
    """A module with "Embedding" in its name."""


class LanguageModel(Module):
    def get_output_embeddings(self) -> Any:
        return type("Linear", (), {"weight": self.members["output"].members["weight"]})


def test_names_shapes_ties_and_roles() -> None:
    table = Parameter(30, 4)
    module = LanguageModel(
        words=Embedding(weight=table, scale=Parameter(4)),
        norm=LayerNorm(weight=Parameter(4), bias=Parameter(4)),
        dense=Module(weight=Parameter(4, 4), in_proj_bias=Parameter(4), gain=Parameter(4)),
        output=Module(weight=Parameter(30, 4)),
        tied=Module(weight=table),
    )
    assert inventory(module) == [
        ["words.weight", [30, 4], "words.weight", "embedding"],
        ["words.scale", [4], "words.scale", "scale"],
        ["norm.weight", [4], "norm.weight", "norm"],
        ["norm.bias", [4], "norm.bias", "norm"],
        ["dense.weight", [4, 4], "dense.weight", "matrix"],
        ["dense.in_proj_bias", [4], "dense.in_proj_bias", "bias"],
        ["dense.gain", [4], "dense.gain", "scale"],
        ["output.weight", [30, 4], "output.weight", "embedding"],
        ["tied.weight", [30, 4], "words.weight", "matrix"],
    ]
    assert inventory(Module(weight=Parameter()))[0][:2] == ["weight", []]


def test_a_class_without_output_embeddings_has_none() -> None:
    class Broken(Module):
        def get_output_embeddings(self) -> Any:
            raise NotImplementedError

    assert inventory(Broken(weight=Parameter(3, 4))) == [["weight", [3, 4], "weight", "matrix"]]


def test_unusable_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoParameters, match="has no parameters"):
        inventory(Module(inner=Module()))
    with pytest.raises(UnusableTarget, match="has braces"):
        inventory(Module(**{"w{}": Parameter(1)}))
    monkeypatch.setattr(module_inventory, "MAX_TENSORS", 2)
    with pytest.raises(UnusableTarget, match="more than 2 tensors"):
        inventory(Module(a=Parameter(1), b=Parameter(1), c=Parameter(1)))


def test_the_output_of_a_nested_model_is_an_embedding() -> None:
    inner = LanguageModel(output=Module(weight=Parameter(30, 4)), dense=Module(weight=Parameter(4, 4)))
    module = Module(decoder=inner, audio_lm_head=Module(weight=Parameter(20, 4), bias=Parameter(20)))
    roles = {name: role for name, _, _, role in inventory(module)}
    assert roles == {
        "decoder.output.weight": "embedding",
        "decoder.dense.weight": "matrix",
        "audio_lm_head.weight": "embedding",
        "audio_lm_head.bias": "bias",
    }


def named(*names: str) -> Any:
    """Return a module whose classes have these names, its own first."""
    kind: type = Module
    for name in reversed(names):
        kind = type(name, (kind,), {})
    return kind()


@pytest.mark.parametrize(
    ("classes", "name", "shape", "role"),
    [
        # By the class of the owner.
        (["Embedding"], "weight", (30, 4), "embedding"),
        (["ScaledWords", "Embedding"], "weight", (30, 4), "embedding"),
        (["ScaledEmbedding"], "eoi_embedding", (4,), "embedding"),
        (["T5LayerNorm"], "weight", (4,), "norm"),
        (["ConvNextV2GRN"], "weight", (1, 1, 1, 4), "norm"),
        (["Planar", "LayerNorm"], "bias", (4,), "norm"),
        (["LayerNorm"], "gamma", (4,), "norm"),
        (["NormalizedLinear"], "weight", (4, 4), "matrix"),
        (["PReLU"], "weight", (1,), "other"),
        (["Snake1d"], "alpha", (1, 4, 1), "other"),
        (["Linear"], "weight", (1, 4), "matrix"),
        (["Conv2d"], "weight", (4, 1, 1, 1), "matrix"),
        # By the name of a parameter that a module of other code holds itself.
        (["Block"], "gamma", (4,), "scale"),
        (["Block"], "layer_scale_1", (4, 1, 1), "scale"),
        (["CLIPModel"], "logit_scale", (), "scale"),
        (["QKNorm"], "temp", (2,), "scale"),
        (["Mixer"], "D", (8,), "scale"),
        (["Mixer"], "dt_bias", (8,), "bias"),
        (["Mixer"], "A_log", (8,), "other"),
        (["Mixer"], "A_log", (8, 16), "other"),
        (["Attention"], "sinks", (8,), "other"),
        (["ViTEmbeddings"], "cls_token", (1, 1, 4), "embedding"),
        (["ViTEmbeddings"], "position_embeddings", (1, 9, 4), "embedding"),
        (["QFormer"], "query_tokens", (1, 32, 4), "embedding"),
        (["Attention"], "relative_position_bias_table", (9, 2), "embedding"),
        (["Attention"], "r_w_bias", (2, 4), "bias"),
        (["Experts"], "gate_up_proj", (8, 6, 4), "matrix"),
        (["Experts"], "gate_up_proj_bias", (8, 6), "bias"),
        (["Projection"], "prompts_visual_projection", (4, 6), "matrix"),
        (["SamPositionalEmbedding"], "positional_embedding", (2, 6), "matrix"),
        # Unknown kinds.
        (["Block"], "theta", (4,), "other"),
        (["Block"], "theta", (4, 4), "matrix"),
        (["Gain"], "weight", (4,), "scale"),
    ],
)
def test_roles_by_class_and_name(classes: list[str], name: str, shape: tuple[int, ...], role: str) -> None:
    assert role_of(named(*classes), name, shape) == role
