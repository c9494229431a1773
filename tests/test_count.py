from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Any

import pytest
import sympy

from bertsym.algebra import Value, evaluate
from bertsym.convention import CONVENTIONS, Convention, select
from bertsym.count import By, breakdown, count, total, written_out
from bertsym.errors import Conflict, NoShape, TooLarge, UnknownName
from bertsym.layers import Role
from bertsym.model import Model
from bertsym.saved_model.derived import Derived
from bertsym.symbols import (
    F,
    H,
    L,
    N,
    T,
    V,
    cross_attention,
    experts,
    experts_per_token,
    ffn_ratio,
    heads,
    kv_heads,
    labels,
    tied,
)
from bertsym.tree import Loop, Tensor
from bertsym.zoo import ARCHITECTURES, named


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        # google-research/bert issue 1225; TylerYep/torchinfo tests/test_output/bert.out
        ("bert-base-uncased", "model", 109482240),
        ("bert-base-multilingual-cased", "model", 177853440),
        # transformers 5.23, num_parameters() of the class on the meta device
        ("bert-base-uncased", "pretraining", 110106428),
        ("bert-base-uncased", "masked-lm", 109514298),
        ("bert-large-uncased", "model", 335141888),
        ("bert-large-uncased", "pretraining", 336226108),
    ],
)
def test_published_counts(name: str, head: str, expected: int) -> None:
    assert count(named(name).with_head(head)) == expected


@pytest.mark.parametrize(
    ("layers", "formula"),
    [
        # baidu-research/catamount, catamount/tests/full/tf_bert_language_models.py: derived from TensorFlow's own graph
        (12, 50 * H**2 + 24 * H * F + H * N + H * V + 118 * H + 12 * F + V + 2),
        (24, 98 * H**2 + 48 * H * F + H * N + H * V + 226 * H + 24 * F + V + 2),
    ],
)
def test_the_formula_of_an_independent_tool(layers: int, formula: sympy.Expr) -> None:
    model = named("bert").with_head("pretraining").with_sizes({T: 2})
    assert sympy.expand(total(model, keep=[F]).subs(L, layers) - formula) == 0


def drawn(seed: int) -> Model:
    """A small model, odd values included."""
    draw = random.Random(seed)
    number = draw.choice([1, 2, 3])
    sizes: dict[sympy.Symbol, Value] = {
        V: draw.randint(1, 50),
        N: draw.randint(1, 20),
        H: number * draw.randint(1, 9),
        L: draw.randint(1, 4),
        heads: number,
        F: draw.randint(1, 30),
        T: draw.randint(0, 3),
        labels: draw.randint(0, 5),
        tied: draw.random() < 0.5,
        cross_attention: draw.random() < 0.5,
    }
    return named("bert").with_sizes(sizes)


@pytest.mark.parametrize("head", sorted(named("bert").architecture.heads))
@pytest.mark.parametrize("seed", range(5))
def test_the_formula_equals_the_sum_over_the_written_out_tensors(head: str, seed: int) -> None:
    model = drawn(seed).with_head(head)
    for convention in CONVENTIONS.values():
        entries = [
            prod(shape)
            for _, shape, tensor in written_out(model)
            if convention.counts(tensor) and not (convention.ties_once and model.public(tensor.own) == 0)
        ]
        assert count(model, convention) == sum(entries)


@pytest.mark.parametrize("seed", range(10))
def test_what_works_on_a_token_is_the_chosen_share_of_every_expert_tensor(seed: int) -> None:
    draw = random.Random(seed)
    among, number = draw.randint(1, 9), draw.choice([1, 2, 3])
    chosen = draw.randint(1, among)
    sizes: dict[sympy.Symbol, Value] = {V: 11, H: 2 * number, L: draw.randint(1, 4), heads: number, kv_heads: 1}
    model = named("mixtral").with_sizes({**sizes, F: draw.randint(1, 30), experts: among, experts_per_token: chosen})
    for head in model.architecture.heads:
        headed = model.with_head(head)
        entries = [
            prod(shape) // among * chosen if ".experts." in name else prod(shape)
            for name, shape, tensor in written_out(headed)
            if headed.public(tensor.own) != 0
        ]
        assert count(headed, CONVENTIONS["active"]) == sum(entries)
        assert count(headed, CONVENTIONS["active"]) <= count(headed)


def test_without_experts_everything_works_on_every_token(bertsym: Callable[..., Any]) -> None:
    for name in ("bert-base-uncased", "gpt2-small", "Mistral-7B-v0.1"):
        assert count(named(name), CONVENTIONS["active"]) == count(named(name))
    said = "no experts to choose among: every parameter works on every token"
    assert said in bertsym("total", "bert-base-uncased", "--convention", "active").out
    assert said not in bertsym("total", "mixtral", "--convention", "active").out


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=lambda c: c.name)
@pytest.mark.parametrize("by", By)
def test_rows_sum_to_the_total(convention: Convention, by: By) -> None:
    for head in named("bert").architecture.heads:
        model = named("bert-base-uncased").with_head(head)
        rows = breakdown(model, convention, by)
        assert sympy.expand(sum(row.expression for row in rows) - total(model, convention)) == 0
        assert sum(row.count or 0 for row in rows) == count(model, convention)
        assert all(row.count for row in rows)


def test_what_the_conventions_leave_out() -> None:
    base = named("bert-base-uncased")
    expected = {
        "exact": 109482240,
        "non-embedding": 109482240 - (30522 + 512 + 2) * 768,
        "matrices": 12 * (4 * 768**2 + 2 * 768 * 3072) + 768**2,
        "layers-only": 12 * (12 * 768**2 + 13 * 768),
        "active": 109482240,
        "state-dict": 109482240,
    }
    assert {name: count(base, convention) for name, convention in CONVENTIONS.items()} == expected


def test_the_state_dict_convention_counts_a_tie_twice() -> None:
    model = named("bert-base-uncased").with_head("masked-lm")
    twice = count(model, CONVENTIONS["state-dict"])
    assert twice - count(model) == 30522 * 768 + 30522


def test_selectors_narrow_a_convention() -> None:
    model = named("bert-base-uncased")
    exact = CONVENTIONS["exact"]
    only = count(model, select(exact, model.tensors, only=["attention"]))
    without = count(model, select(exact, model.tensors, without=["attention"]))
    assert only + without == 109482240
    assert select(exact, model.tensors, ["bias"], ["pooler"]).title == "exact, only bias, without pooler"
    with pytest.raises(UnknownName, match="did you mean attention"):
        select(exact, model.tensors, only=["atention"])
    with pytest.raises(Conflict):
        select(exact, model.tensors, only=["bias"], without=["bias"])


def test_tensors_are_written_out_in_the_order_of_the_layers() -> None:
    names = [name for name, _, _ in written_out(named("bert-tiny"))]
    layers = [name.split(".")[2] for name in names if name.startswith("encoder.layer.")]
    assert layers == sorted(layers)
    assert names[0] == "embeddings.word_embeddings.weight"
    assert names[-1] == "pooler.dense.bias"


def test_an_inventory_without_end_is_refused() -> None:
    with pytest.raises(TooLarge):
        next(iter(written_out(named("bert-base-uncased").with_sizes({L: 10**9}))))


def test_half_a_feed_forward_unit_is_never_counted() -> None:
    assert count(named("bert-base-uncased").with_sizes({ffn_ratio: Fraction(25, 12)})) == count(
        named("bert-base-uncased").with_sizes({F: 1600})
    )


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (
            Tensor("w", (H, ffn_ratio * H), Role.MATRIX, "", "w"),
            "'w' .* at these sizes: a side of ffn_ratio\\*H = 21/2",
        ),
        (Tensor("w", (H - 9,), Role.BIAS, "", "w"), "a side of H - 9 = -2"),
        (Tensor("{}.w", (H,), Role.BIAS, "", "w", (Loop(sympy.S(3), L),)), "a repeat of L - 3 = -1"),
    ],
)
def test_a_tensor_that_cannot_be_is_not_counted(tensor: Tensor, said: str) -> None:
    bias = Tensor("b", (H,), Role.BIAS, "", "b")
    base: dict[sympy.Symbol, Value] = {H: 12, L: 4, ffn_ratio: Fraction(3, 2)}
    model = Derived("own", "Own", "by hand", base, (), (tensor, bias)).model()
    fits, breaks = ({s: v for s, v in at.items() if s in model.symbols} for at in (base, {**base, H: 7, L: 2}))
    assert count(model.with_sizes(fits)) == evaluate(total(model), fits)
    broken = model.with_sizes(breaks)
    for counted in (count, total, breakdown, lambda model: list(written_out(model))):
        with pytest.raises(NoShape, match=said):
            counted(broken)


def test_a_tensor_that_is_not_there_needs_no_shape() -> None:
    there = Tensor("b", (H,), Role.BIAS, "", "b")
    model = Derived(
        "own", "Own", "by hand", {H: 12}, (), (there, Tensor("w", (H - 9,), Role.BIAS, "", "w", when=H > 9))
    )
    assert count(model.model().with_sizes({H: 7})) == 7


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_tensor_of_the_papers_has_a_shape_at_all_sizes(name: str) -> None:
    for head in ARCHITECTURES[name].heads:
        for tensor in named(name).with_head(head).tensors:
            for part in (*tensor.shape, *(loop.times for loop in tensor.loops)):
                assert part.is_integer, tensor
                assert part.is_nonnegative, tensor
