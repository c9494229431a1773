"""A breakdown by layer against the model written out: every row holds the layers that its name says, and no others."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from math import floor, prod

import pytest
import sympy

from bertsym import atlas
from bertsym.algebra import Iverson, Value, atom, evaluate
from bertsym.convention import CONVENTIONS, Convention
from bertsym.count import By, Part, breakdown, count, total, written_out
from bertsym.errors import BertsymError
from bertsym.layers import Role
from bertsym.model import Model
from bertsym.saved_model.atlas_models import stored
from bertsym.saved_model.derived import Derived
from bertsym.stretches import facts, least
from bertsym.symbols import BY_SYMBOL, H, Kind, L, Own
from bertsym.tree import Loop, Tensor
from bertsym.zoo import ARCHITECTURES

pytestmark = pytest.mark.slow

SEED = 20261128
SAMPLE = 12
DRAWS = 2
# Stacks whose layers differ: dense layers before experts, depths from a list, one layer more at an end, layers by name.
UNLIKE = (
    *("afmoe", "bailing_hybrid", "beam", "blip_2_qformer", "bridgetower", "clap", "convnext", "deepseek_v2"),
    *("deepseek_v3", "deepseek_v32", "depth_pro", "donut-swin", "evolla", "fastspeech2_conformer", "flint"),
    *("fun_asr_nano_encoder", "gemma3n_text", "glm4_moe", "glm4v_moe", "gpt_neox_japanese", "hgnet_v2", "hiera"),
    *("janus", "kimi_k25", "llama4_text", "minicpm_ocr", "mobilenet_v1", "nemotron_h", "nemotron_asr_streaming"),
    *("regnet", "resnet", "sam", "sam2", "sam2_hiera_det_model", "sam3_lite_text_text_model", "swin2sr", "vits"),
)
FIRST = Own("first", Kind.DEPTH, 0)
ALWAYS = sympy.true
ROW = re.compile(r"(?P<stack>.*?) ?\b(?P<first>[0-9]+)( to (?P<last>[0-9]+))?(, (each )?applied .*)?")
OPEN_ROW = re.compile(r"(?P<stack>\S+) (?P<first>\S+)( to (?P<last>\S+))?(, (each )?applied .*)?")


def models() -> Iterator[Model]:
    """Every class of the papers, the classes with unlike layers, and a sample of the others in the atlas."""
    for architecture in ARCHITECTURES.values():
        yield from (Model(architecture, head) for head in architecture.heads)
    listed = [line for name, line in sorted(atlas.index().items()) if line.entry == name]
    others = [line.name for line in listed if line.name not in UNLIKE]
    chosen = {*UNLIKE, *random.Random(SEED).sample(others, SAMPLE)}
    for line in listed:
        for head in line.heads if line.name in chosen else ():
            model = stored(f"{atlas.PREFIX}{line.name}", head)
            assert model is not None
            yield model


def at_sizes(model: Model, draw: random.Random) -> Iterator[Model]:
    """The model at its own sizes, and at others with other numbers of layers; with another head at others alone."""
    base = dict(model.architecture.sizes[model.architecture.base].values)
    for again in range(DRAWS) if model.head == "model" else (1,):
        sizes: dict[sympy.Symbol, Value] = {}
        for symbol, number in base.items():
            counts = BY_SYMBOL[symbol].kind is Kind.DEPTH or re.search("layer|depth|replace|stage", symbol.name)
            moved = again > 0 and counts and not isinstance(number, bool)
            sizes[symbol] = draw.choice([number, draw.randint(1, 9), draw.randint(0, 3)]) if moved else number
        try:
            drawn = model.with_sizes(sizes)
            count(drawn)
        except BertsymError:
            continue  # no such model
        yield drawn


def held(model: Model, convention: Convention) -> list[tuple[str, int]]:
    """Every real tensor that counts, by name, with its number of parameters."""
    tensors = written_out(model)
    counted = [(name, prod(shape), tensor) for name, shape, tensor in tensors if convention.counts(tensor)]
    tied = convention.ties_once
    return [(name, size) for name, size, tensor in counted if not (tied and model.public(tensor.own) == 0)]


def in_layers(tensors: list[tuple[str, int]], stack: str, layers: range) -> int:
    """The parameters of the tensors that such layers have by their names."""
    index = re.compile(re.escape(stack) + r"\.?([0-9]+)(\.|$)")
    found = ((index.match(name), size) for name, size in tensors)
    return sum(size for match, size in found if match is not None and int(match.group(1)) in layers)


def check(model: Model, convention: Convention, tensors: list[tuple[str, int]]) -> int:
    """Hold the rows against the model written out; the number of rows that name their layers."""
    rows = breakdown(model, convention, By.LAYER)
    assert sum(row.count or 0 for row in rows) == sum(size for _, size in tensors) == count(model, convention)
    assert difference(rows, model, convention) == 0
    named = 0
    for row in rows:
        assert row.count is not None
        assert row.count >= 0, row.name
        match = ROW.fullmatch(row.name)
        if match is not None:
            first, last = int(match["first"]), int(match["last"] or match["first"])
            assert first <= last
            assert row.count == in_layers(tensors, match["stack"], range(first, last + 1)), row.name
            named += 1
    return named


def check_open(rows: tuple[Part, ...], drawn: Model, tensors: list[tuple[str, int]]) -> int:
    """Hold rows in symbols, their names included, against the model at sizes; the number that name their layers."""
    stacks = {tensor.name.partition("{}")[0].rstrip(".") for tensor in drawn.tensors if tensor.loops}
    numbers = {str(symbol): number for symbol, number in drawn.given.items()}
    named = 0
    for row in rows:
        amount = evaluate(row.expression, drawn.given)
        assert amount >= 0, row.name
        match = OPEN_ROW.fullmatch(row.name)
        if match is None or match["stack"] not in stacks:
            continue
        # As Python reads it: sums, products, min and max of the sizes.
        first, last = (
            int(eval(text, {"__builtins__": {}}, {**numbers, "min": min, "max": max, "floor": floor}))  # noqa: S307
            for text in (match["first"], match["last"] or match["first"])
        )
        assert amount == in_layers(tensors, match["stack"], range(first, last + 1)), row.name
        named += 1
    return named


def difference(rows: tuple[Part, ...], model: Model, convention: Convention) -> sympy.Expr:
    return sympy.expand(sympy.Add(*(row.expression for row in rows)) - total(model, convention))


def test_every_row_holds_the_layers_that_it_names() -> None:
    draw = random.Random(SEED)
    exact = CONVENTIONS["exact"]
    compared = named = in_symbols = 0
    for model in models():
        where = f"seed {SEED}: {model.architecture.name}, {model.head}"
        rows = breakdown(model, by=By.LAYER)
        assert difference(rows, model, exact) == 0, where
        usual = {symbol: rule for symbol, rule in model.rules().items() if not rule.free_symbols}
        for drawn in at_sizes(model, draw):
            tensors = held(drawn, exact)
            try:
                named += check(drawn, exact, tensors)
                # A formula has the usual value of a size that has one.
                if all(
                    atom(drawn.given[symbol]) == usual.get(symbol, atom(drawn.given[symbol])) for symbol in drawn.given
                ):
                    in_symbols += check_open(rows, drawn, tensors)
            except AssertionError as error:
                raise AssertionError(f"{where}, at {dict(drawn.given)}: {error}") from error
            compared += 1
    assert compared >= 150, "a test that compares little"
    assert named >= 400, "a test that compares little"
    assert in_symbols >= 300, "a test that compares little"


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=lambda convention: convention.name)
@pytest.mark.parametrize("name", ["deepseek_v3", "sam2", "t5", "gemma3n_text", "albert"])
def test_under_every_convention(name: str, convention: Convention) -> None:
    model = stored(f"{atlas.PREFIX}{name}-default")
    assert model is not None
    if convention.active:
        rows = breakdown(model, convention, By.LAYER)
        assert sum(row.count or 0 for row in rows) == count(model, convention)
    else:
        assert check(model, convention, held(model, convention)) > 0


def test_a_published_model() -> None:
    model = stored("deepseek_v3-default")
    assert model is not None
    rows = {row.name: row.count for row in breakdown(model, by=By.LAYER)}
    attention = 7168 * 1536 + 1536 + 1536 * 128 * 192 + 7168 * 576 + 512 + 512 * 128 * 256 + 128 * 128 * 7168
    dense, experts = 3 * 7168 * 18432, 257 * 3 * 7168 * 2048 + 256 * 7168
    assert rows["layers 0 to 2"] == 3 * (attention + 2 * 7168 + dense)
    assert rows["layers 3 to 60"] == 58 * (attention + 2 * 7168 + experts)
    open_sizes = stored("deepseek_v3")
    assert open_sizes is not None
    names = [row.name for row in breakdown(open_sizes, by=By.LAYER)]
    low = "min(L,L_dense)"
    assert names == ["embeddings", f"layers 0 to {low}-1", f"layers {low} to L-1", "final-norm"]


def stack(*loops: tuple[str, sympy.Expr | int, sympy.Expr | int, sympy.Basic]) -> Model:
    tensors = tuple(
        Tensor(name, (H + place,), Role.MATRIX, "", "w", (Loop(sympy.S(start), sympy.S(stop)),), when=when)
        for place, (name, start, stop, when) in enumerate(loops)
    )
    base: dict[sympy.Symbol, Value] = {H: 2, L: 4, FIRST: 1}
    return Derived("own", "Own", "by hand", base, (), (*tensors, Tensor("b", (FIRST,), Role.BIAS, "", "b"))).model()


@pytest.mark.parametrize(
    ("loops", "names"),
    [
        ([("l.{}.v", 0, L, ALWAYS), ("l.{}.w", 1, L, ALWAYS)], ["l 0", "l 1 to L-1"]),
        # nothing says which of the two is the larger
        ([("l.{}.v", 0, L, ALWAYS), ("l.{}.w", 0, FIRST, ALWAYS)], ["l"]),
        ([("l.{}.v", 0, L, ALWAYS), ("l.{}.w", FIRST, L, L > FIRST)], ["l"]),
        # no model has fewer than no layers
        ([("l.{}.v", 0, FIRST, ALWAYS), ("l.{}.w", FIRST, L, ALWAYS)], ["l 0 to first-1", "l first to L-1"]),
        # a stack that is there under one condition
        ([("l.{}.v", 1, FIRST, FIRST > 0), ("l.{}.w", 0, 1, FIRST > 0)], ["l 0", "l 1 to first-1"]),
        ([("{}.v", 0, L, ALWAYS)], ["0 to L-1"]),
        ([("cell_{}", 0, L, ALWAYS)], ["cell_ 0 to L-1"]),
    ],
)  # fmt: skip
def test_an_order_is_proved_or_not_claimed(loops: list[tuple[str, int, int, sympy.Basic]], names: list[str]) -> None:
    model = stack(*loops)
    assert [row.name for row in breakdown(model, by=By.LAYER)] == [*names, "b"]


def test_a_layer_with_a_name_of_its_own_is_in_its_row() -> None:
    every = Tensor("layers.{}.v", (H,), Role.MATRIX, "", "v", (Loop(sympy.S(0), sympy.S(3)),))
    alone = Tensor("layers.1.extra", (sympy.S(5),), Role.MATRIX, "", "extra")
    model = Derived("own", "Own", "by hand", {H: 2}, (), (every, alone)).model().with_sizes({H: 2})
    rows = {row.name: row.count for row in breakdown(model, by=By.LAYER)}
    assert rows == {"layers 0": 2, "layers 1": 7, "layers 2": 2}


def test_layers_that_are_alike_are_one_row() -> None:
    tensors = [Tensor("l.{}.v", (H,), Role.MATRIX, "", "v", (Loop(sympy.S(n), sympy.S(n + 1)),)) for n in range(4)]
    model = Derived("own", "Own", "by hand", {H: 2}, (), tuple(tensors)).model()
    assert [(row.name, row.expression) for row in breakdown(model, by=By.LAYER)] == [("l 0 to 3", 4 * H)]


def test_what_is_proved_holds() -> None:
    """Random expressions that are proved to be at least 0 are so wherever the facts hold: 400 draws, all sizes to 5."""
    draw = random.Random(SEED)
    proved = 0
    for _ in range(400):
        a, b = (draw.randint(-2, 2) for _ in range(2))
        condition = draw.choice([L > FIRST, L >= FIRST + 1, FIRST <= L, FIRST < L, sympy.Eq(L, FIRST), sympy.true])
        bracket = Iverson(draw.choice([L <= FIRST, FIRST <= L, L > 1, FIRST > 0]))
        expression = a * L + b * FIRST + draw.randint(-2, 2) + draw.randint(0, 1) * (L - FIRST) * bracket
        if not least(sympy.expand(expression), facts(condition)):
            continue
        proved += 1
        for layers in range(1, 6):
            for first in range(6):
                at = {L: sympy.Integer(layers), FIRST: sympy.Integer(first)}
                if condition.xreplace(at) is not sympy.false:
                    assert expression.xreplace(at) >= 0, f"seed {SEED}: {expression} where {condition} at {at}"
    assert proved >= 40
