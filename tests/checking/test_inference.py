"""Names and shapes alone: every class of the zoo is found again, at random sizes, with what the shapes cannot show."""

from __future__ import annotations

import random
from fractions import Fraction
from math import prod

import pytest

from bertsym.algebra import Value
from bertsym.checking.inference import infer
from bertsym.checking.verify import declared
from bertsym.checkpoints.tensor_types import Array
from bertsym.errors import BertsymError, NothingFits
from bertsym.model import Model
from bertsym.symbols import SIZES, Kind, V
from bertsym.zoo import ARCHITECTURES, named

pytestmark = pytest.mark.slow

CLASSES = [(name, head) for name, architecture in ARCHITECTURES.items() for head in architecture.heads]


def stored(model: Model) -> dict[str, Array]:
    """The checkpoint of a model, ties stored once."""
    slots = declared(model).slots
    return {name: Array("F16", slot.shape) for name, slot in slots.items() if slot.tied_to is None}


def varied(model: Model, seed: int) -> Model:
    """The model with each of its sizes changed, where that still makes a model."""
    chance = random.Random(seed)
    for size in SIZES:
        value = model.given.get(size.symbol)
        if value is None or isinstance(value, bool) or size.kind in (Kind.HEADS, Kind.RATIO):
            continue
        factor = chance.choice((Fraction(1, 2), Fraction(1), Fraction(2), Fraction(3)))
        changed: Value = max(size.minimum, int(value * factor)) + (size.kind is Kind.ROWS) * chance.randrange(5)
        try:
            declared(model.with_sizes({size.symbol: min(changed, 60) if size.kind is Kind.DEPTH else changed}))
        except BertsymError:
            continue
        model = model.with_sizes({size.symbol: min(changed, 60) if size.kind is Kind.DEPTH else changed})
    return model


@pytest.mark.parametrize(("name", "head"), CLASSES)
def test_every_class_is_found_again(name: str, head: str) -> None:
    base = named(ARCHITECTURES[name].base).with_head(head)
    for model in (base, varied(base, seed=1)):
        fits = infer("a file", stored(model))
        assert all(fit.outcome.ok for fit in fits), [(fit.model.cls, fit.outcome.missing) for fit in fits]
        own = [fit for fit in fits if fit.model.architecture.name == name and fit.model.head == head]
        assert own, [fit.model.cls for fit in fits]
        assert own[0].outcome.count == sum(prod(array.shape) for array in stored(model).values())
        shown = [s for s in own[0].model.given if s in model.given and s not in own[0].assumed]
        assert {s: own[0].model.given[s] for s in shown} == {s: model.given[s] for s in shown}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_published_size_is_recognised(name: str) -> None:
    model = named(ARCHITECTURES[name].base)
    first = infer("a file", stored(model))[0]
    assert first.names, first.model.cls


def test_most_tensors_decide() -> None:
    """Three tensors of other shapes and one too few do not change what the rest say."""
    arrays = stored(named("bert-base-uncased"))
    for layer in range(3):
        arrays[f"encoder.layer.{layer}.output.dense.weight"] = Array("F32", (3072, 768))
    del arrays["embeddings.word_embeddings.weight"]
    (fit,) = infer("a file", arrays)
    assert fit.model.cls == "BertModel"
    assert len(fit.outcome.mismatched) == 3
    assert fit.outcome.missing == ("embeddings.word_embeddings.weight",)
    assert fit.assumed == (V,)


def test_nothing_fits() -> None:
    with pytest.raises(NothingFits, match="no model fits its 12 tensors"):
        infer("a file", {f"layer{place}.kernel": Array("F32", (3, 3)) for place in range(12)})
    few = dict(list(stored(named("bert-tiny")).items())[:4])
    with pytest.raises(NothingFits, match=r"the nearest, .*, has 4 of their names"):
        infer("a file", few | {f"layer{place}.kernel": Array("F32", (3, 3)) for place in range(12)})
