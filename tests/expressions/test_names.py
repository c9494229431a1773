"""Names of sizes: a model's own first, then the table; one that may mean two sizes is refused."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sympy import Symbol

import bertsym
from bertsym import atlas
from bertsym.algebra import Value
from bertsym.count import total
from bertsym.errors import BertsymError, Conflict, UnknownName
from bertsym.model import Model
from bertsym.resolve import load
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.code_names import renames
from bertsym.saved_model.encode import text as dumped
from bertsym.solving.constraints import BadConstraint, parse_constraint, parse_tie
from bertsym.spellings import SPELLINGS, AmbiguousName, fields, in_columns, in_texts, meanings, routing_fields, spelled
from bertsym.symbols import BY_NAME, BY_SYMBOL, F, H, Kind, L, kernel, lookup
from bertsym.zoo import ARCHITECTURES

pytestmark = pytest.mark.slow

# Models of which every tensor has a formula.
WHOLE = [name for name, line in sorted(atlas.index().items()) if name not in ARCHITECTURES and not line.unresolved]
DERIVED = sorted(random.Random(5).sample(WHOLE, 60))


def base(name: str) -> Model:
    """Return a model at its base sizes."""
    if name in ARCHITECTURES:
        model = load(name)
        return model.with_sizes(model.architecture.sizes[model.architecture.base].values)
    return load(f"{name}{atlas.SUFFIX}")


def names_of(model: Model) -> Iterator[tuple[str, Symbol]]:
    """Yield each field that the schema says to set a size of the model."""
    yield from ((name, symbol) for name, symbol in model.architecture.schema.names if symbol in model.symbols)


@pytest.mark.parametrize("name", [*ARCHITECTURES, *DERIVED])
def test_every_field_means_its_size_everywhere(name: str) -> None:
    model = base(name)
    public = bertsym.Model(model)
    for field, symbol in names_of(model):
        assert model.size(field).symbol == model.size(str(symbol)).symbol == symbol
        values = [True, False] if BY_SYMBOL[symbol].kind is Kind.SWITCH else [2 * (public.sizes.get(str(symbol)) or 1)]
        for value in values:
            assert at(public, field, value) == at(public, str(symbol), value)
        if BY_SYMBOL[symbol].kind is Kind.SWITCH:
            continue
        for condition in ("{0} >= 1", "2 < {0}/3 <= 7 or {0} % 64 = 0", "not {0}^2 > 4*{0}"):
            ours, theirs = (parse_constraint(condition.format(word), model.size).parts for word in (field, symbol))
            assert ours == theirs
        assert parse_tie(f"{field} = 64*12", model.size) == parse_tie(f"{symbol} = 64*12", model.size)


def at(model: bertsym.Model, name: str, value: Value) -> object:
    """Return the count with a size put in, or the error that stands in its way, without the name."""
    try:
        return model.at({name: value}).count()
    except BertsymError as error:
        return type(error)


@pytest.mark.parametrize("name", [*ARCHITECTURES, *DERIVED[::4]])
def test_solving_by_fields_is_solving_by_symbols(name: str) -> None:
    model = base(name)
    public = bertsym.Model(model)
    counted = total(model).free_symbols
    named = [(field, s) for field, s in names_of(model) if s in counted and BY_SYMBOL[s].kind is not Kind.SWITCH]
    for field, symbol in random.Random(name).sample(named, min(2, len(named))):
        other = next((pair for pair in named if pair[1] != symbol), None)
        where = [] if other is None else [f"{{}} <= 10^6 or {other[0]} > 1"]
        answers = [solved(public, word, [text.format(word) for text in where]) for word in (field, str(symbol))]
        assert answers[0] == answers[1]


def report(answer: bertsym.Answer) -> Any:
    """Return the parts of an answer; which ones it has depends on the question."""
    return answer.report


def solved(model: bertsym.Model, unknown: str, where: list[str]) -> object:
    """Return the best values for a target, or the kind of the refusal."""
    try:
        sizes = report(model.solve(model.count() + 1, unknown, where=where, top=2))
    except BertsymError as error:
        return type(error)
    # A size that a condition names may be searched too.
    points = sizes.solution.candidates if hasattr(sizes, "solution") else sizes.found.answers
    return [(point.at, point.count) for point in points]


WRITTEN = {"n_embd": "H", "d_model": "H", "num_hidden_layers": "L", "n_layer": "L", "d_ff": "F", "n_head": "heads"}


@pytest.mark.parametrize("model", ["bert-base-uncased", "gpt2", "qwen2-default", "opt-default"])
def test_common_spellings_work_in_any_model(model: str) -> None:
    public = bertsym.load(model)
    for word, symbol in WRITTEN.items():
        assert public.spec.size(word) == public.spec.size(symbol)
    wanted = report(public.solve("9B", "n_layer", where=["num_hidden_layers % 2 == 0"])).solution
    assert wanted == report(public.solve("9B", "L", where=["L % 2 = 0"])).solution
    ours, theirs = (public.solve("9B", ["L", word], ties=[f"d_ff = 4*{word}"], top=3) for word in ("n_embd", "H"))
    assert report(ours).found.answers == report(theirs).found.answers


def test_a_model_s_own_field_comes_before_the_table() -> None:
    assert meanings("hidden_dim") == ("H", "F")
    assert load("distilbert").size("hidden_dim").symbol == F
    with pytest.raises(AmbiguousName, match="'hidden_dim' may mean H or F"):
        load("bert").size("hidden_dim")
    with pytest.raises(AmbiguousName, match="hidden_dim"):
        lookup("hidden_dim")


def test_parts_of_a_nested_configuration_are_told_apart() -> None:
    llava = load("llava")
    assert llava.size("text_config.hidden_size").symbol == H != llava.size("vision_config.hidden_size").symbol
    with pytest.raises(AmbiguousName, match=r"text_config\.hidden_size or vision_config\.hidden_size"):
        llava.size("hidden_size")
    with pytest.raises(BadConstraint, match="column 5: 'hidden_size' may mean"):
        parse_constraint("2 < hidden_size", llava.size)


def test_a_field_that_sets_nothing_is_not_another_size() -> None:
    """A field that is fixed or idle in a model is refused by its name, whatever the table says of the name."""
    refused = 0
    for name in DERIVED:
        derived = entry_of(name)
        try:
            model = load(name)
        except BertsymError:
            continue
        assert derived is not None
        for field in {*derived.no_effect, *derived.fixed_by_derivation} & {
            word for n in SPELLINGS for word in spelled(n)
        }:
            with pytest.raises((UnknownName, AmbiguousName)):
                model.size(field)
            refused += 1
    assert refused > 20


def test_two_names_of_one_size_contradict_each_other() -> None:
    bert = bertsym.load("bert-base-uncased")
    assert bert.at(hidden_size=960, H=960) == bert.at(H=960)
    with pytest.raises(Conflict, match="hidden_size=1024 contradicts H=768"):
        bert.at(hidden_size=1024, H=768)
    with pytest.raises(Conflict, match=r"--tie H = 64\*heads contradicts --tie hidden_size = 768: H is tied once"):
        bert.solve("100M", "L", ties=["H = 64*heads", "hidden_size = 768"])


def test_a_size_called_like_a_registered_one() -> None:
    """DeBERTa's `legacy` is saved as `legacy_`: it is read and printed as the code calls it."""
    derived = entry_of("deberta-v2")
    assert derived is not None
    assert '"legacy_"' in dumped(derived)
    assert {str(old): str(new) for old, new in renames(derived).items()} == {"legacy_": "legacy"}
    model = load("atlas:deberta-v2")
    assert str(model.size("legacy").symbol) == "legacy"
    assert model.size("legacy") == model.size("legacy_")
    assert model.size("legacy").symbol != BY_NAME["legacy"].symbol


def test_the_table_is_sound() -> None:
    for name, spellings in SPELLINGS.items():
        assert name in BY_NAME
        for word in spelled(name):
            assert name in meanings(word)
        assert set(spellings.only_fields.split()) <= set(spellings.fields)
    assert all(word == word.casefold() for word in in_columns())
    assert not {word for word in in_texts() if word in BY_NAME}
    assert fields("H")[0] == "hidden_size"
    assert "top_k" in routing_fields("experts_per_token")
    assert "top_k" not in fields("experts_per_token")
    assert lookup("k_conv").symbol == kernel
    assert lookup("depth").symbol == L


def test_the_page_lists_the_fields_of_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text(encoding="utf-8")
    for name in SPELLINGS:
        listed = [f"`{field}`" for field in fields(name) if field != name]
        assert not listed or f"| {name} | {', '.join(listed)} |" in page


def test_the_zoo_agrees_with_the_table() -> None:
    """A field of a zoo model that the table knows means there what the table says, or is in the table's list."""
    for architecture in ARCHITECTURES.values():
        for field, symbol in architecture.schema.names:
            assert not meanings(field) or str(symbol) in meanings(field), (architecture.name, field)
