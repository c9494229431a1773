"""The inventory of a module, read from objects that answer as torch modules do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bertsym.derive.oracle import module_inventory
from bertsym.derive.oracle.module_inventory import NoParameters, UnusableTarget, inventory, role_of


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
        ["words.scale", [4], "words.scale", "norm"],
        ["norm.weight", [4], "norm.weight", "norm"],
        ["norm.bias", [4], "norm.bias", "norm"],
        ["dense.weight", [4, 4], "dense.weight", "matrix"],
        ["dense.in_proj_bias", [4], "dense.in_proj_bias", "bias"],
        ["dense.gain", [4], "dense.gain", "norm"],
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


def test_a_vector_in_an_embedding_is_no_table() -> None:
    assert role_of(Embedding(), "weight", 1) == "norm"
    assert role_of(Embedding(), "position_bias", 2) == "bias"
