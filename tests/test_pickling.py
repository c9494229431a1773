"""Values of the library outlive a process: pickle, copy, process pools and threads."""

from __future__ import annotations

import copy
import importlib
import json
import pickle
import pkgutil
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import sympy

import bertsym
from bertsym import atlas
from bertsym.algebra import Value
from bertsym.derive.derivation import SynthesisInput
from bertsym.derive.synthesis.observations import NO_LISTS
from bertsym.derive.types import Candidate, Failure, Observation
from bertsym.errors import BertsymError, MissingSize, Unreadable
from bertsym.layers import Role
from bertsym.saved_model.derived import ConfigField, Derived
from bertsym.saved_model.encode import text
from bertsym.symbols import BY_SYMBOL, SIZES, H, Kind, L, Own
from bertsym.tree import Loop, Tensor
from bertsym.values import replace, value

SEED = 20261128
NAMES = ("bert", "bert-base-uncased", "Mixtral-8x7B-v0.1", "deepseek_v3", "deepseek_v3-default", "llama4_text-default")


def pickled(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))  # noqa: S301  # its own


def pickled_long_ago(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing, 2))  # noqa: S301  # its own


WAYS: tuple[Callable[[Any], Any], ...] = (pickled, pickled_long_ago, copy.copy, copy.deepcopy)


@pytest.fixture(params=WAYS)
def again(request: pytest.FixtureRequest) -> Any:
    return request.param


def answers(model: bertsym.Model) -> Iterator[bertsym.Answer]:
    """Every kind of answer about a model."""
    yield from (model.total(form=form) for form in ("collected", "components", "nested"))
    yield from (model.breakdown(by) for by in ("component", "role", "layer"))
    yield from (model.tensors(), model.explain(), model.derivative("H"), model.compare(bertsym.load("bert-tiny")))
    if model.spec.architecture.name == "bert":
        yield model.solve("110M")
        yield model.solve("340M", ["H", "L"], top=3)


@pytest.mark.parametrize("name", NAMES)
def test_models_and_answers(name: str, again: Callable[[Any], Any]) -> None:
    model = bertsym.load(name)
    same = again(model)
    assert same == model
    assert hash(same) == hash(model)
    assert (repr(same), same.sizes, same.heads) == (repr(model), model.sizes, model.heads)
    assert same.total().json() == model.total().json()
    assert same.breakdown("layer").json() == model.breakdown("layer").json()


def test_an_architecture_is_there_once(again: Callable[[Any], Any]) -> None:
    """Caches that know the architecture find it by identity; one of equal fields they would compare each time."""
    for name in NAMES:
        model = bertsym.load(name).spec
        assert again(model).architecture is model.architecture
        other = replace(model, architecture=replace(model.architecture, title="another"))
        assert again(other) == other
        assert again(other).architecture is again(other).architecture


@pytest.mark.parametrize("name", ["bert-base-uncased", "deepseek_v3-default"])
def test_answers(name: str) -> None:
    for answer in answers(bertsym.load(name)):
        for way in WAYS:
            same = way(answer)
            assert same == answer
            assert (str(same), same.json()) == (str(answer), answer.json())
        assert (same.latex(), same.markdown()) == (answer.latex(), answer.markdown())


def test_symbols_and_formulas(again: Callable[[Any], Any]) -> None:
    own = [Own("every", kind, least, "how often", "3") for kind in Kind for least in (0, 1)]
    for symbol in [*own, *(size.symbol for size in SIZES)]:
        same = again(symbol)
        assert same == symbol
        assert hash(same) == hash(symbol)
        assert same.assumptions0 == symbol.assumptions0
        assert str(BY_SYMBOL[same]) == str(BY_SYMBOL[symbol])
    expression = bertsym.load("deepseek_v3").total().expression
    assert again(expression) == expression
    assert again(expression - expression) == 0


def error_classes() -> list[type[BertsymError]]:
    for module in pkgutil.walk_packages(bertsym.__path__, "bertsym."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, new = [], [BertsymError]
    while new:
        found += new
        new = [child for parent in new for child in parent.__subclasses__()]
    return sorted(set(found) - {BertsymError}, key=lambda cls: (cls.__module__, cls.__name__))


def drawn(kind: str, draw: random.Random) -> Any:
    """A value that an error may hold, hostile text included."""
    words = "".join(draw.choice("ab \n\x1b\x00é→\ud800{}%'\"") for _ in range(draw.randint(0, 80)))
    kinds: dict[str, Any] = {
        "str": words,
        "int": draw.choice([0, 7, 10**40]),
        "object": draw.choice([words, 5, Fraction(8, 3), True, None, sympy.Integer(3), 10**5000]),
        "Iterable[str]": draw.choice([(words,), [words, "x"], {words: 1}.keys(), iter([words]), {"b": 1, "a": 2}]),
        "str | None": draw.choice([None, words]),
        "Sequence[tuple[str, int]]": [(words, 3)],
        "tuple[str, ...]": (words, "x"),
        "Candidate": Candidate((), (Failure(words, "dimension 0", words, frozenset({H})),)),
        "SynthesisInput": SynthesisInput([Observation({H: 3}, {})], [H], [], NO_LISTS),
    }
    return kinds[kind]


def test_every_error_keeps_its_operands_and_its_sentence(again: Callable[[Any], Any]) -> None:
    """6 draws of each class."""
    draw = random.Random(SEED)
    classes = error_classes()
    assert len(classes) >= 30
    for cls in classes:
        fields: tuple[str, ...] = getattr(cls, "__match_args__", ())
        for _ in range(6):
            error = cls(*(drawn(cls.__annotations__[name], draw) for name in fields)) if fields else cls([H, L])
            error.add_note("a note")
            same = again(error)
            assert type(same) is cls
            assert (str(same), str(same)) == (str(error), str(error)), f"{cls.__name__}, seed {SEED}"
            for name in fields:
                assert getattr(same, name) == getattr(error, name)
            assert same.__notes__ == ["a note"]


def test_refusals_as_they_are_raised(again: Callable[[Any], Any]) -> None:
    base, open_sizes = bertsym.load("bert-base-uncased"), bertsym.load("bert")
    questions: list[Callable[[], object]] = [
        lambda: bertsym.load("brt"), lambda: bertsym.load("bert", "masked"), lambda: bertsym.load("/nowhere"),
        open_sizes.count, lambda: base.at(H=770), lambda: base.at(H=0), lambda: base.at(H="1j"), lambda: base.at(x=1),
        lambda: base.at(H=-(10**5000)), lambda: base.count("exakt"), lambda: base.count(only=["\ud800"]),
        lambda: base.solve("110M", where=["H >"]), lambda: base.solve(3), lambda: base.breakdown("words"),
        lambda: base.at({"H": 768, "hidden_size": 512}), lambda: base.explain("nothing"),
    ]  # fmt: skip
    for question in questions:
        with pytest.raises(BertsymError) as refused:
            question()
        same = again(refused.value)
        assert type(same) is type(refused.value)
        assert str(same) == str(refused.value)


def test_a_value_stays_one(again: Callable[[Any], Any]) -> None:
    thing = Thing(5, MappingProxyType({"a": 1}))
    same = again(thing)
    assert same == thing
    assert isinstance(same.names, MappingProxyType)
    with pytest.raises(AttributeError):
        same.number = 6
    assert replace(Unreadable("a", "b", "c"), what="d") == Unreadable("d", "b", "c")


@value
class Thing:
    number: int
    names: MappingProxyType[str, int]


def test_a_process_pool() -> None:
    """Models go to a process that has loaded nothing, answers and refusals come back."""
    models = [bertsym.load(name) for name in NAMES]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        totals = [pool.submit(bertsym.Model.total, model) for model in models]
        layers = [pool.submit(bertsym.Model.breakdown, model, "layer") for model in models]
        numbers = [pool.submit(bertsym.Model.count, model) for model in models]
        wrong = pool.submit(bertsym.load, "bert", "masked")
        for model, total, rows, number in zip(models, totals, layers, numbers, strict=True):
            assert total.result().json() == model.total().json()
            assert rows.result() == model.breakdown("layer")
            if number.exception() is None:
                assert number.result() == model.count()
            else:
                assert isinstance(number.exception(), MissingSize)
                assert str(number.exception()).startswith("no value for V")
        assert str(wrong.exception()).startswith("unknown head of bert 'masked': did you mean masked-lm?; its heads: ")


def test_threads() -> None:
    """Eight threads ask 40 models at once; each gets the count that the model's own code has."""
    listed = [line for name, line in sorted(atlas.index().items()) if line.entry == name and "model" in line.heads]
    lines = random.Random(SEED).sample(listed, 40)
    with ThreadPoolExecutor(8) as pool:
        counts = list(
            pool.map(lambda line: bertsym.load(f"{line.name}-default", head="model").count(), [*lines, *lines])
        )
    assert counts == [line.count for line in (*lines, *lines)]


def test_no_model_speaks_of_the_sizes_of_another() -> None:
    """Many models name a size alike; what each says of it is what its own file says, whichever were asked before."""
    asked = 0
    for name in ("blip_2_qformer", "canary", "moonshine", "clvp", "aimv2", "t5gemma", "dac", "siglip_vision_model"):
        file = atlas.path(name)
        assert file is not None
        sizes = json.loads(file.read_bytes())["sizes"]
        model = bertsym.load(f"{name}-default")
        saved_as = {symbol: saved for saved, symbol in model.spec.architecture.schema.synonyms.items()}
        for symbol in model.spec.symbols:
            if not isinstance(symbol, Own):
                continue
            saved = saved_as.get(symbol, symbol.name)
            size = sizes[saved]
            meaning = model.spec.architecture.size(symbol).meaning
            assert size.get("field", saved) in meaning
            with pytest.raises(BertsymError, match=re.escape(f"size {symbol.name} ({meaning}): expected")):
                model.at({symbol.name: "nothing"})
            if symbol.kind is Kind.SWITCH or any(symbol == one.symbol for one in model.spec.architecture.definitions):
                continue
            given = {s: number for s, number in model.spec.given.items() if s != symbol}
            with pytest.raises(MissingSize) as missing:
                replace(model.spec, given=given).number(symbol)
            assert (missing.value.meaning, missing.value.example) == (meaning, str(size["default"])[:12])
            asked += 1
    assert asked >= 60


def own(rows: int) -> Derived:
    every, offset = Own("every", Kind.DEPTH), Own("offset", Kind.DEPTH, 0)
    layers = (Loop(offset, L, every), Loop(offset, L, every, others=True))
    names = ("experts", "dense")
    tensors = tuple(
        Tensor(f"layers.{{}}.{name}.weight", (H, sympy.Integer(rows + place)), Role.MATRIX, "", name, (loop,))
        for place, (name, loop) in enumerate(zip(names, layers, strict=True))
    )
    base: dict[sympy.Symbol, Value] = {H: 8, L: 6, every: 2, offset: 1}
    fields = {symbol: ConfigField(str(symbol)) for symbol in base}
    return Derived("own", "Own", "by hand", base, (), tensors, fields=MappingProxyType(fields))


def saved(folder: Path, rows: int) -> bertsym.Model:
    file = folder / f"own{rows}.json"
    file.write_text(text(own(rows)), encoding="utf-8")
    return bertsym.load(file)


def test_sizes_of_a_saved_model(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """60 draws of its own sizes, through the library and the command line, against the layers counted one by one."""
    model = saved(tmp_path, 3)
    draw = random.Random(SEED)
    for turn in range(60):
        every, offset, layers, hidden = (draw.randint(1, 4), draw.randint(0, 3), draw.randint(4, 9), draw.randint(1, 9))
        sizes: dict[str, Value | str] = {"every": every, "offset": str(offset), "L": layers, "H": hidden}
        experts = len(range(offset, layers, every))
        expected = hidden * (3 * experts + 4 * (layers - experts))
        assert model.at(sizes).count() == expected, f"seed {SEED}, draw {turn}: {sizes}"
        if turn < 5:
            at = ",".join(f"{name}={number}" for name, number in sizes.items())
            assert bertsym("total", str(tmp_path / "own3.json"), "--count", "--at", at).out == f"{expected}\n"


def test_models_of_one_name_are_not_one_model(tmp_path: Path, again: Callable[[Any], Any]) -> None:
    one, other = saved(tmp_path, 3), saved(tmp_path, 5)
    sizes: dict[str, Value | str] = {"every": 2, "offset": 1, "L": 6, "H": 8}
    assert repr(one) == repr(other)
    assert one != other
    assert len({one, other, saved(tmp_path, 3), again(one)}) == 2
    assert again(other.at(sizes)).count() == other.at(sizes).count() != one.at(sizes).count()
    assert again(one.spec) == one.spec


def test_the_same_file_read_twice_is_one_model() -> None:
    one, other = bertsym.load("deepseek_v3-default"), bertsym.load("atlas:deepseek_v3-default")
    assert one == other
    assert json.loads(one.total().json())["count"] == other.count()
