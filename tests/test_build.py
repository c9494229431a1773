"""Models of one's own, built of parts: counted by hand, and refused with a sentence that names the part."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import sympy
from sympy import Symbol

import bertsym
from bertsym import parts
from bertsym.errors import BertsymError, DivisionByZero, InvalidModel, MissingSize, NoShape
from bertsym.parts import (
    Attend,
    B,
    Block,
    Component,
    Embedding,
    F,
    H,
    L,
    LayerNorm,
    Linear,
    N,
    Over,
    Parameter,
    Repeat,
    Reuse,
    Role,
    Routed,
    Stack,
    Tied,
    V,
    When,
    d,
    experts,
    experts_per_token,
    ffn_ratio,
    heads,
    size,
    tied,
)


def layer() -> Block:
    return Block(
        attention=Block(
            "attention",
            q=Linear(H, heads * d),
            kv=Linear(H, 2 * heads * d),
            heads=Attend(heads, d),
            o=Linear(heads * d, H),
        ),
        mlp=Block("feed-forward", up=Linear(H, F), down=Linear(F, H)),
        norm=Component("attention", LayerNorm(H)),
    )


def small(**options: Any) -> bertsym.Model:
    tokens = Component("embeddings", Embedding(V, H))
    output = Tied(Linear(H, V, bias=False), when=tied, weight="model.tokens.weight")
    model = Block(tokens=tokens, layers=Repeat(L, layer()), low=Component("adapter", Linear(H, size("rank"))))
    trees = {"causal-lm": Block("lm-head", model=model, out=output)}
    return bertsym.build("small", model, heads=trees, definitions={d: H / heads, F: ffn_ratio * H}, **options)


def by_hand(v: int, h: int, n: int, f: int, rank: int) -> int:
    attention = 3 * (h * h + h) + (h * h + h) + 2 * h
    return v * h + n * (attention + (h * f + f) + (f * h + h)) + h * rank + rank


def test_a_count_by_hand() -> None:
    draw = Random(20261129)
    model, compiled = small(), small().compile("V", "H", "L", "F", "rank", "heads")
    for _ in range(20):
        h = 4 * draw.randint(1, 200)
        v, n, f, rank = draw.randint(1, 10**6), draw.randint(1, 99), draw.randint(1, 5000), draw.randint(1, 64)
        sized = model.at(V=v, H=h, L=n, F=f, rank=rank, heads=4)
        assert sized.count() == compiled(v, h, n, f, rank, 4) == by_hand(v, h, n, f, rank)
        assert sized.with_head("causal-lm").count() == by_hand(v, h, n, f, rank)
        assert sized.with_head("causal-lm").at(tied=False).count() == by_hand(v, h, n, f, rank) + v * h
        assert sum(row.count for row in sized.breakdown().rows) == sized.count()


def test_everything_works_with_it() -> None:
    model = small().at(V=1000, ffn_ratio=4, rank=7, heads=1)
    assert model.solve("1M", ["H", "L"], top=2).rows[0].count == by_hand(1000, 64, 19, 256, 7)
    assert model.at(L=2).solve("1M", "H").rows[0]["H"] == 192
    assert "H·rank" in str(small().explain())
    assert r"VH" in small().total().latex()
    assert bertsym.audit("V*H", small()).stands
    assert not bertsym.audit("2*V*H", small()).stands
    assert small().total().expression.diff("rank") == Symbol("H") + 1
    assert model.at(H=64, L=2).of("flops").at(B=1, S=16).count() > 0
    again = pickle.loads(pickle.dumps(model))  # noqa: S301  # its own
    assert again == model
    assert again.at(H=4, L=1).count() == by_hand(1000, 4, 1, 16, 7)
    assert small() == small()
    with pytest.raises(MissingSize, match="no value for V"):
        small().count()
    with pytest.raises(MissingSize):
        small().at(V=5).solve("1M", "H")


def test_work_by_hand() -> None:
    """A matrix takes 2 FLOPs an element and token; attention looks over S tokens twice."""
    model = bertsym.build("one", Block(q=Linear(8, 8, bias=False), heads=Attend(2, 4), once=Reuse(3, Linear(8, 5))))
    work = model.of("flops").at(B=2, S=16).count()
    assert work == 2 * 2 * 16 * (8 * 8 + 3 * 8 * 5) + 2 * 2 * 2 * 16 * 16 * 8
    over = bertsym.build("two", Block(a=Over(1, Linear(8, 8)), b=Over(B, Linear(8, 8)))).of("flops")
    assert over.at(B=5).count() == 2 * (1 + 5) * 64


def test_experts_stacks_and_conditions() -> None:
    expert = Block(up=Linear(H, F, bias=False))
    tree = Block(
        moe=Repeat(
            L, Block(router=Linear(H, experts, bias=False), experts=Routed(2, experts, Repeat(experts, expert)))
        ),
        rest=Repeat(L, Stack(Block(a=Parameter((H,), Role.SCALE, "a scale")), When(H > 4, Block(b=Linear(H, 1))))),
    )
    model = bertsym.build("mixed", tree)
    for h in (4, 6):
        rest = h + (h + 1 if h > 4 else 0)
        sized = model.at(H=h, F=10, L=3, experts=8)
        assert sized.count() == 3 * (8 * h + 8 * h * 10 + rest)
        assert sized.count("active") == 3 * (8 * h + 2 * h * 10 + rest)
    compiled = model.at(F=10).compile("H", "L", "experts", convention="active")
    assert [compiled(h, 3, 8) for h in (4, 6)] == [model.at(H=h, F=10, L=3, experts=8).count("active") for h in (4, 6)]
    chosen = bertsym.build("c", Block(a=Routed(experts_per_token, experts, Repeat(experts, Linear(H, H, bias=False)))))
    assert chosen.at(H=2, experts=6, experts_per_token=3).count("active") == 12


def deep() -> Any:
    tree: Any = Linear(H, H)
    for _ in range(3000):
        tree = Block(a=tree)
    return tree


hidden = Symbol("hidden")
any_tree: Any = Linear
any_block: Any = Block
any_repeat: Any = Repeat
build: Any = bertsym.build

WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "name": (lambda: build("a b", Linear(H, H)), "a name has letters"),
    "no tree": (lambda: build("m", 3), "expected a part such as Linear or Block, got a int"),
    "no part": (lambda: build("m", Block(a=Block(b=any_block(c=3)))), r"model\.a\.b\.c: expected a part"),
    "name of a part": (lambda: build("m", Block(**{"a.{}": Linear(H, H)})), "is no name of a part"),
    "unknown symbol": (lambda: build("m", Linear(hidden, H)), r"make it with bertsym\.parts\.size\('hidden'\)"),
    "plain symbol": (lambda: build("m", Linear(Symbol("H"), H)), r"import H from bertsym\.parts"),
    "float": (lambda: build("m", Linear(H * 1.5, H)), r"inputs of Linear: 1\.5\*H is no exact number"),
    "float alone": (lambda: build("m", any_tree(64.0, H)), r"64\.0 is no exact number"),
    "text": (lambda: build("m", any_tree("H", H)), "inputs of Linear: expected a size, got a str"),
    "text in a loop": (lambda: build("m", any_repeat("L", Linear(H, H))), "loop of Repeat: expected a size"),
    "function": (lambda: build("m", Linear(sympy.sqrt(H), H)), r"sqrt\(H\) is no sum"),
    "switch": (lambda: build("m", Linear(tied, H)), "tied is a switch and no number"),
    "no condition": (lambda: build("m", When(H, Linear(H, H))), "H is no condition"),
    "bias": (lambda: build("m", Linear(H, H, bias=H)), "bias of Linear: H is no condition"),
    "role": (lambda: build("m", Parameter((H,), any_tree, "x")), "role of Parameter: expected a Role"),
    "huge": (lambda: build("m", any_tree(10**5000, H)), "a number of more than 60 digits"),
    "tie": (lambda: build("m", Block(a=Tied(Linear(H, H), weight="b.weight"))), "b.weight, which does not exist"),
    "tie of nothing": (lambda: build("m", Tied(Linear(H, H), nope="x")), "no tensor named nope"),
    "deep": (lambda: build("m", deep()), "deeper than 100 nodes"),
    "head": (lambda: build("m", Block(), heads={"x y": Block()}), "is no name of a head"),
    "heads": (lambda: build("m", Block(), heads=3), "heads: expected a mapping"),
    "definition": (lambda: build("m", Linear(H, F), definitions={hidden: H}), "a definition of hidden"),
    "definition of itself": (lambda: build("m", Linear(H, F), definitions={F: F + 1}), "F contains F"),
    "circle": (lambda: build("m", Linear(H, F), definitions={F: d, d: F}), "F contains F"),
    "definitions": (lambda: build("m", Linear(H, F), definitions=3), "definitions: expected a mapping"),
    "default of what follows": (
        lambda: build("m", Linear(H, F), defaults={F: 5}, definitions={F: 4 * H}),
        "the default of F contradicts the definition of F",
    ),
    "default": (lambda: build("m", Linear(H, F), defaults={F: "wide"}), "size F"),
    "same name": (lambda: build("m", Linear(size("a"), size("a", "layers"))), "two sizes are named a"),
    "size": (lambda: size("H"), r"import H from bertsym\.parts"),
    "name of a size": (lambda: size("a-b"), "the name of a size: expected a letter"),
    "kind of a size": (lambda: size("a", "width"), "unknown kind of size 'width'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_part_is_a_sentence(name: str) -> None:
    make, said = WRONG[name]
    with pytest.raises(BertsymError, match=said) as refused:
        make()
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) <= 240


def test_a_shape_that_does_not_exist() -> None:
    halves = bertsym.build("halves", Linear(H / 2, H))
    assert halves.at(H=4).count() == halves.compile("H")(4) == 12
    with pytest.raises(NoShape):
        halves.at(H=3).count()
    with pytest.raises(NoShape):
        halves.compile("H")(3)
    longest = bertsym.build("positions", Embedding(N, H, "positions", N))
    assert longest.at(N=3, H=2).count() == 6
    assert isinstance(InvalidModel("m", "x"), BertsymError)


def test_a_division_by_zero_is_no_size() -> None:
    side = bertsym.build("m", Linear(H, H / (H - L), bias=False))
    assert side.at(H=8, L=4).count() == 16
    defined = bertsym.build("m", Linear(H, V), definitions={V: H / (H - L)})
    for ask in (
        lambda: side.at(H=4, L=4).count(),
        lambda: side.compile("H", "L")(4, 4),
        lambda: defined.at(H=4, L=4),
    ):
        with pytest.raises(DivisionByZero, match=r"1/\(H - L\) divides by 0 at H=4, L=4"):
            ask()
    assert [row["H"] for row in side.sweep({"H": [4, 5, 6], "L": [4]}, "parameters")] == [5, 6]


def test_what_parts_hands_out() -> None:
    for name in parts.__all__:
        assert getattr(parts, name) is not None
    assert parts.Node is not None


def test_a_size_that_would_follow_as_a_negative_number_is_refused() -> None:
    model = bertsym.build("rest", parts.Repeat(L, Linear(H, 3)), definitions={L: H - 10})
    assert model.at(H=12).count() == 2 * (12 * 3 + 3)
    with pytest.raises(BertsymError, match=r"L \(layers\) = H - 10 = -7 is negative"):
        model.at(H=3)


def test_a_part_of_a_block_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidModel, match="a part of a Block has a name"):
        bertsym.build("m", Block(Linear(H, 3)))  # type: ignore[arg-type]  # the mistake of a user
