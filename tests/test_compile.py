"""Compiled counts beside the counts that the library makes one by one."""

from __future__ import annotations

import pickle
from fractions import Fraction
from random import Random
from typing import Any

import pytest

import bertsym
from bertsym.compiled import Overflow
from bertsym.errors import BertsymError, Conflict, Missing, MissingSize, NotAnInteger, UnknownName, Unreadable
from bertsym.symbols import Kind

np = pytest.importorskip("numpy")

SEED = 20261129


def hand(hidden: int, layers: int) -> int:
    """bert-base-uncased as its paper draws it: 3 tables; per layer 4 projections, 2 of a feed-forward net, 2 norms."""
    attention = 4 * (hidden * hidden + hidden)
    feed_forward = hidden * 4 * hidden + 4 * hidden + 4 * hidden * hidden + hidden
    tables = (30522 + 512 + 2) * hidden + 2 * hidden
    return tables + layers * (attention + feed_forward + 4 * hidden) + hidden * hidden + hidden


def test_a_count_by_hand() -> None:
    counted = bertsym.load("bert-base-uncased").compile("H", "L")
    for hidden, layers in ((768, 12), (12, 1), (12 * 10**30, 10**40)):
        assert counted(hidden, layers) == counted(L=layers, hidden_size=hidden) == hand(hidden, layers)
    hidden, layers = np.arange(12, 4812, 12)[:, None], np.arange(1, 101)
    counts = counted(hidden, layers)
    assert (counts.shape, counts.dtype) == ((400, 100), np.int64)
    assert [int(counts[row, column]) for row, column in ((0, 0), (63, 11), (399, 99))] == [
        hand(12, 1),
        hand(768, 12),
        hand(4800, 100),
    ]


MODELS = (
    "bert", "bert-base-uncased", "albert-base-v2", "deberta-v3-base", "ModernBERT-base", "gpt2", "Llama-2-7b-hf",
    "Mixtral-8x7B-v0.1", "t5-small", "electra-small-generator", "deepseek_v3-default", "llama4_text-default",
    "qwen3_next-default", "gemma3n_text-default", "resnet-default", "mamba2-default", "blip-2-default", "clvp-default",
    "swin-default", "convnext-default", "whisper-default", "wav2vec2-conformer-default", "zaya-default",
    "longt5-default", "vitpose-default",
)  # fmt: skip


def drawn(draw: Random, kind: Kind, default: Any) -> Any:
    """A value that a size may have, and now and then one that it cannot have."""
    if kind is Kind.SWITCH:
        return draw.random() < 0.5
    if kind is Kind.RATIO:
        return Fraction(draw.randint(0 if draw.random() < 0.1 else 1, 12), draw.choice((1, 1, 2, 3)))
    if isinstance(default, int) and draw.random() < 0.7:
        return max(0, default * draw.choice((1, 1, 2, 3)) // draw.choice((1, 1, 2)))
    return draw.randint(-1 if draw.random() < 0.05 else 0, 70)


def outcome(question: Any) -> Any:
    """The count, or the error as it is printed."""
    try:
        return question()
    except BertsymError as error:
        return (type(error), str(error))


@pytest.mark.parametrize("name", MODELS)
def test_compiled_counts_are_counts(name: str) -> None:
    """Random sizes, heads, conventions and values, refused ones too: integers and arrays say what `count` says."""
    draw = Random(f"{SEED}{name}")
    loaded = bertsym.load(name)
    names = sorted(str(symbol) for symbol in loaded.spec.symbols)
    counted = refused = 0
    for _ in range(6):
        model = loaded.with_head(draw.choice(sorted(loaded.heads)))
        convention = draw.choice(("exact", "non-embedding", "matrices", "layers-only", "active", "state-dict"))
        chosen = draw.sample(names, min(len(names), draw.randint(1, 4)))
        if "-" not in name:
            open_sizes = bertsym.load(name, model.spec.head).compile().sizes
            chosen = list(dict.fromkeys([*open_sizes, *chosen]))
        sizes = [model.spec.size(size) for size in chosen]
        function = outcome(lambda: model.compile(*chosen, convention=convention))  # noqa: B023
        rows = [[drawn(draw, size.kind, model.spec.given.get(size.symbol)) for size in sizes] for _ in range(8)]
        expected = [
            outcome(lambda: model.at(dict(zip(chosen, row, strict=True))).count(convention))  # noqa: B023
            for row in rows
        ]
        if isinstance(function, tuple):
            assert all(isinstance(said, tuple) for said in expected), (chosen, function)
            continue
        assert [outcome(lambda: function(*row)) for row in rows] == expected, (chosen, convention)  # noqa: B023
        right = [row for row, said in zip(rows, expected, strict=True) if not isinstance(said, tuple)]
        counts = [said for said in expected if not isinstance(said, tuple)]
        counted, refused = counted + len(counts), refused + len(expected) - len(counts)
        if right:
            columns = [np.array(column) for column in zip(*right, strict=True)]
            assert function(*columns).tolist() == counts
            assert pickle.loads(pickle.dumps(function))(*columns).tolist() == counts  # noqa: S301  # its own
        wrong = next((said for said in expected if isinstance(said, tuple)), None)
        if wrong is not None:
            columns = [np.array(column) for column in zip(*rows, strict=True)]
            said = outcome(lambda: function(*columns))  # noqa: B023
            assert isinstance(said, tuple)
            assert said in expected, "an element's own error"
    assert counted + refused


@pytest.mark.parametrize("quantity", ["flops", "cache", "states", "memory", "lora"])
def test_compiled_costs(quantity: str) -> None:
    model = bertsym.load("Llama-2-7b-hf")
    other: dict[str, Any] = {"rank": 8} if quantity == "lora" else {}
    measured = model.of(quantity, **other)
    given = {"B": 2, "S": 512} if quantity in ("flops", "cache", "memory") else {}
    function = measured.compile("L", "H", *given)
    for layers, hidden in ((1, 64), (32, 4096), (7, 320)):
        expected = measured.at(L=layers, H=hidden, **given).count()
        assert function(layers, hidden, *given.values()) == expected
        assert function(np.array([layers]), hidden, *given.values()).tolist() == [expected]


def test_a_quantity_by_name() -> None:
    base = bertsym.load("bert-base-uncased")
    function = base.compile("B", "S", of="flops")
    assert function(1, 512) == base.of("flops").at(B=1, S=512).count()
    with pytest.raises(Conflict, match="serve no more tokens"):
        function(1, 513)
    with pytest.raises(Conflict, match="serve no more tokens") as refused:
        function(1, np.array([511, 512, 513]))
    assert refused.value.__notes__ == ["at index 2 of the arrays"]
    masked = base.compile("L", "B", "S", of="flops", head="masked-lm", convention="macs")
    expected = base.with_head("masked-lm").of("flops", "macs").at(B=2, S=128)
    assert masked(3, 2, 128) == expected.at(L=3).count()
    with pytest.raises(MissingSize):
        base.compile("B", of="flops")


def test_selectors_heads_and_conventions() -> None:
    base = bertsym.load("bert-base-uncased")
    assert base.compile("H", only="attention")(768) == base.count(only="attention") == 12 * (4 * 768**2 + 6 * 768)
    assert base.compile("L", head="masked-lm")(12) == base.with_head("masked-lm").count() == 109514298
    assert base.compile("L", convention="matrices", without=["pooler"])(5) == 5 * 12 * 768**2
    assert base.compile("T", "labels", head="sequence-classification")(0, 3) == 109482240 - 2 * 768 + 3 * 769


def test_conditions_floors_and_ratios() -> None:
    mixture = bertsym.load("deepseek_v3-default")
    function = mixture.compile("first_k_dense_replace", "L")
    grid = [(first, layers) for first in range(0, 80, 9) for layers in (1, 10, 61, 70)]
    expected = [mixture.at(first_k_dense_replace=first, L=layers).count() for first, layers in grid]
    assert [function(*pair) for pair in grid] == expected
    assert function(*(np.array(column) for column in zip(*grid, strict=True))).tolist() == expected
    ratio = bertsym.load("bert-base-uncased").compile("ffn_ratio")
    thirds = [Fraction(8, 3), 4, Fraction(1, 768)]
    assert ratio(np.array(thirds, dtype=object)).tolist() == [ratio(third) for third in thirds]
    assert ratio("8/3") == ratio(Fraction(8, 3))


def test_a_count_of_more_than_64_bits() -> None:
    base = bertsym.load("bert-base-uncased")
    large = 12 * 10**9
    with pytest.raises(Overflow, match="index 1 is '17280000015") as refused:
        base.compile("H", "L")(np.array([12, large]), np.array([1, 10**8]))
    assert isinstance(refused.value, OverflowError)
    assert isinstance(refused.value, BertsymError)
    promoted = base.compile("H", "L", overflow="object")(np.array([12, large]), np.array([1, 10**8]))
    assert promoted.tolist() == [hand(12, 1), hand(large, 10**8)]
    # The corner of the box (large, 10^8) overflows, and no count does.
    counts = base.compile("H", "L")(np.array([12, large // 20]), np.array([10**8, 1]))
    assert (counts.dtype, counts.tolist()) == (np.int64, [hand(12, 10**8), hand(large // 20, 1)])
    exact = np.array([12 * 10**30, 768], dtype=object)
    assert base.compile("H", overflow="object")(exact).tolist() == [hand(12 * 10**30, 12), hand(768, 12)]
    assert base.compile("H")(np.array([768], dtype=np.uint64)).tolist() == [109482240]
    assert base.compile("H")(np.array([192], dtype=np.uint8)).tolist() == [hand(192, 12)]


WRONG: list[Any] = [
    0, -12, 768.0, None, "x", True, np.array([768.0]), np.array([True]), np.array(["768"]), np.array([0, 12]),
    np.array([None]), [768], np.array([12, 13]), 13, np.array([2.5], dtype=object), np.ma.masked_equal([768, 12], 12),
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_wrong_size_is_a_sentence(wrong: Any) -> None:
    function = bertsym.load("bert-base-uncased").compile("H", "L")
    with pytest.raises((Unreadable, NotAnInteger)) as refused:
        function(wrong, 12)
    assert str(refused.value)
    with pytest.raises((Unreadable, NotAnInteger)):
        function(wrong, np.array([12, 24]))


def test_a_size_has_at_most_60_digits() -> None:
    model = bertsym.load("bert-base-uncased")
    counted, least = model.compile("H", "L"), 10**60
    assert counted(768, least - 1) == hand(768, least - 1)
    for refused in (lambda: counted(768, least), lambda: counted(768, L=least), lambda: model.at(L=least)):
        with pytest.raises(Unreadable, match="at most 60 digits"):
            refused()


def test_wrong_arguments() -> None:
    base = bertsym.load("bert-base-uncased")
    function = base.compile("H", "L")
    with pytest.raises(Unreadable, match=r"sizes: expected 2 of them \(H, L\), got '1'"):
        function(768)
    with pytest.raises(Missing, match="no value for L: pass L=12"):
        function(H=768)
    with pytest.raises(Conflict, match="given twice"):
        function(768, 12, H=768)
    with pytest.raises(Conflict, match="compiled for these"):
        function(768, 12, V=5)
    with pytest.raises(UnknownName):
        function(768, 12, nothing=5)
    with pytest.raises(Conflict, match="broadcast"):
        function(np.array([12, 24]), np.array([1, 2, 3]))
    with pytest.raises(Conflict, match="one argument"):
        base.compile("H", "hidden_size")
    with pytest.raises(MissingSize):
        bertsym.load("bert").compile("H", "L")
    with pytest.raises(Missing, match="every size of the model is known"):
        base.compile()
    with pytest.raises(UnknownName):
        base.compile("H", overflow="wrap")
    assert function(np.array([], dtype=int), 12).tolist() == []


def test_the_open_sizes() -> None:
    function = bertsym.load("bert").compile()
    assert function.sizes == ("V", "N", "H", "L", "ffn_ratio")
    assert repr(function) == "<BertModel, exact: a function of V, N, H, L, ffn_ratio>"
    assert function(30522, 512, 768, 12, 4) == 109482240
