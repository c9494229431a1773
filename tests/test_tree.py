from __future__ import annotations

from dataclasses import dataclass

import pytest
import sympy

from bertsym.errors import InvalidModel
from bertsym.layers import Attend, Conv1D, Embedding, LayerNorm, Leaf, Linear, Parameter, RMSNorm, Role, parameters
from bertsym.symbols import F, H, L, N, V, tied
from bertsym.ties import check_ties
from bertsym.tree import Block, Component, Repeat, Reuse, Stack, Tied, When, tensors


def names(node: Block) -> list[str]:
    return [tensor.name for tensor in tensors(node)]


def test_names_are_joined_and_components_inherited() -> None:
    tree = Block(a=Block("outer", self=Linear(H, H), b=Block("inner", c=Linear(H, H, bias=False))))
    assert [(t.name, t.component) for t in tensors(tree)] == [
        ("a.self.weight", "outer"),
        ("a.self.bias", "outer"),
        ("a.b.c.weight", "inner"),
    ]


def test_a_repeat_is_a_range() -> None:
    tree = Block(layer=Stack(Repeat(L, Block(dense=Linear(H, H, bias=False))), Repeat(1, L, Block(norm=LayerNorm(H)))))
    dense, scale, shift = tensors(tree)
    assert (dense.name, dense.times) == ("layer.{}.dense.weight", L)
    assert (scale.name, scale.times, shift.times) == ("layer.{}.norm.weight", L - 1, L - 1)


def test_repeats_nest_and_reuse_leaves_parameters_alone() -> None:
    tree = Block(group=Repeat(2, Block(layer=Repeat(3, Reuse(L, LayerNorm(H))))))
    scale = tensors(tree)[0]
    assert (scale.name, scale.times, scale.reuse) == ("group.{}.layer.{}.weight", 6, L)


def test_conditions_add_up() -> None:
    tree = Block(a=When(tied, Block(b=When(V > 3, Linear(H, V, bias=False)))))
    (weight,) = tensors(tree)
    assert weight.when == sympy.And(tied, V > 3)
    assert weight.times.subs(tied, False) == 0  # sympy's own signature
    assert weight.times.xreplace({tied: sympy.true, V: sympy.Integer(4)}) == 1


def test_a_tied_tensor_is_its_own_only_where_the_tie_is_off() -> None:
    tree = Block(word=Embedding(V, H), out=Tied(Linear(H, V), when=tied, weight="word.weight"))
    word, weight, bias = tensors(tree)
    assert (word.own, bias.own) == (1, 1)
    assert weight.tied_to == "word.weight"
    assert weight.own.xreplace({tied: sympy.true}) == 0
    assert weight.own.xreplace({tied: sympy.false}) == 1


def test_two_tensors_of_one_name_are_tied_to_by_their_conditions() -> None:
    # The encoder of fsmt has the decoder's words where the two are tied, and a vocabulary of its own elsewhere.
    both = (When(tied, Embedding(V, H)), When(sympy.Not(tied), Embedding(N, H)))
    out = Linear(H, V, bias=False)
    check_ties("test", tensors(Block(words=Stack(*both), out=Tied(out, when=tied, weight="words.weight"))))
    with pytest.raises(InvalidModel, match="whose shape is"):
        check_ties("test", tensors(Block(words=Stack(*both), out=Tied(out, weight="words.weight"))))
    with pytest.raises(InvalidModel, match="does not exist"):
        check_ties("test", tensors(Block(words=both[1], out=Tied(out, when=tied, weight="words.weight"))))


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        (Block(a=Tied(Linear(H, V), weight="nowhere")), "does not exist"),
        (Block(a=Embedding(H, V), b=Tied(Linear(H, V), weight="a.weight")), "whose shape is"),
        (Block(a=Stack(Linear(H, V), Linear(H, V))), "declared twice"),
    ],
)
def test_a_wrong_declaration_is_refused(tree: Block, problem: str) -> None:
    with pytest.raises(InvalidModel, match=problem):
        check_ties("test", tensors(tree))


def test_tying_what_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidModel, match="no tensor named wieght"):
        tensors(Block(a=Tied(Linear(H, V), wieght="b")))


def test_a_bias_that_is_a_switch_stands_under_its_condition() -> None:
    weight, bias = tensors(Block(dense=Linear(H, V, bias=tied)))
    assert (weight.when, bias.when) == (sympy.true, tied)


def test_a_component_names_what_has_no_block() -> None:
    norm, dense = tensors(
        Block("outer", norm=Component("inner", LayerNorm(H, bias=False)), dense=Linear(H, H, bias=False))
    )
    assert (norm.name, norm.component, dense.component) == ("norm.weight", "inner", "outer")


LEAVES: list[tuple[Leaf, list[tuple[str, tuple[object, ...], Role]]]] = [
    (Embedding(V, H), [("weight", (V, H), Role.EMBEDDING)]),
    (Linear(H, V), [("weight", (V, H), Role.MATRIX), ("bias", (V,), Role.BIAS)]),
    (Linear(H, V, bias=False), [("weight", (V, H), Role.MATRIX)]),
    (LayerNorm(H), [("weight", (H,), Role.NORM), ("bias", (H,), Role.NORM)]),
    (Parameter((V,), Role.BIAS, "x"), [("", (V,), Role.BIAS)]),
    (LayerNorm(H, bias=tied), [("weight", (H,), Role.NORM), ("bias", (H,), Role.NORM)]),
    (LayerNorm(H, bias=False), [("weight", (H,), Role.NORM)]),
    (RMSNorm(H), [("weight", (H,), Role.NORM)]),
    (Linear(H, V, transposed=True, bias=False), [("weight", (H, V), Role.MATRIX)]),
    (Conv1D(H, F, N), [("weight", (F, H, N), Role.MATRIX), ("bias", (F,), Role.BIAS)]),
    (Attend(L, H), []),
]


@pytest.mark.parametrize(("leaf", "expected"), LEAVES)
def test_what_a_leaf_is_made_of(leaf: Leaf, expected: list[tuple[str, tuple[object, ...], Role]]) -> None:
    assert [(w.name, w.shape, w.role) for w in parameters(leaf)] == expected


def test_an_unknown_leaf_raises_and_never_counts_zero() -> None:
    @dataclass(frozen=True)
    class Mystery:
        pass

    with pytest.raises(TypeError, match="Mystery"):
        parameters(Mystery())  # type: ignore[arg-type]


def test_a_repeat_with_a_step_and_the_indices_that_it_leaves_out() -> None:
    every, rest = Repeat(2, L, LayerNorm(H), step=4), Repeat(2, L, Linear(H, H), step=4, others=True)
    model = tensors(Block(layer=Stack(every, rest)))
    for layers in (3, 6, 7, 11, 16):
        hits, others = model[0], model[2]
        assert hits.times.xreplace({L: layers}) == len(list(hits.loops[0].indices(2, layers, 4)))
        assert list(others.loops[0].indices(2, layers, 4)) == [i for i in range(layers) if i % 4 != 2]
        assert others.times.xreplace({L: layers}) == len(list(others.loops[0].indices(2, layers, 4)))
