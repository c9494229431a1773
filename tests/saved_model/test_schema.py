"""The JSON Schema of format 3 describes what the encoder writes, and refuses nothing that the decoder reads."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

import bertsym.saved_model
from bertsym import atlas
from bertsym.errors import BadField
from bertsym.layers import Role
from bertsym.saved_model import decode
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.encode import text
from bertsym.symbols import Kind
from tests.saved_model.json_schema import Validator
from tests.saved_model.random_models import ModelGenerator
from tests.saved_model.saved_models import RICH, SMALL
from tests.saved_model.test_saved import changed

pytestmark = pytest.mark.slow

SCHEMA = json.loads((Path(bertsym.saved_model.__file__).parent / "schema-3.json").read_bytes())
VALIDATOR = Validator(SCHEMA)
ENTRIES = sorted((atlas.FOLDER / "models").glob("*.json"))


def test_every_entry_of_the_atlas_is_valid() -> None:
    problems = {file.stem: VALIDATOR.problems(json.loads(file.read_bytes())) for file in ENTRIES}
    assert {name: found[:3] for name, found in problems.items() if found} == {}


@pytest.mark.parametrize("seed", range(40))
def test_what_is_written_is_valid(seed: int) -> None:
    assert VALIDATOR.problems(json.loads(text(ModelGenerator(seed).model()))) == []


@pytest.mark.parametrize("model", [SMALL, RICH], ids=["small", "rich"])
def test_models_by_hand_are_valid(model: Any) -> None:
    assert VALIDATOR.problems(json.loads(text(model))) == []


@pytest.mark.parametrize("seed", range(200))
def test_what_the_schema_refuses_the_decoder_refuses(seed: int) -> None:
    """A value of an entry is replaced; the schema must not refuse what the decoder reads."""
    random = Random(seed)
    content: Any = json.loads(text(random.choice([SMALL, RICH, ModelGenerator(seed).model()])))
    parent = content
    while True:
        key = random.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
        if not isinstance(parent[key], dict | list) or not parent[key] or random.random() < 0.2:
            parent[key] = random.choice([None, True, -1, 7, 2.5, "", "a b", "\n", [], {}, {"a": 1}, [1], ["H"]])
            break
        parent = parent[key]
    if VALIDATOR.problems(content):
        with pytest.raises(BadField):
            parsed(content, Path("model.json"))


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("format",), 2),
        (("later",), 1),
        (("sizes", "H", "unit"), 1),
        (("sizes", "H"), {}),
        (("sizes", "branches", "domain"), [1]),
        (("sizes", "branches", "domain"), {}),
        (("sizes", "branches", "domain"), {"steps": [1, 2], "of": ["a"]}),
        (("sizes", "branches", "domain"), {"determined_by": ["a"], "steps": [1, 1]}),
        (("sizes", "branches", "domain"), {"choices": []}),
        (("constraints",), {"law": ["H/E"]}),
        (("no_effect",), {"a": None}),
        (("heads", "model", "tensors"), "none"),
        (("heads", "model", "tensors", 0, "because"), "tied"),
        (("heads", "model", "tensors", 0, "tensors", 0, 1), "weight"),
        (("heads", "other"), {"class": "Other", "evidence": {"trials": -1}, "tensors": [{"head": "model"}]}),
    ],
    ids=str,
)
def test_the_schema_refuses_other_shapes(path: tuple[Any, ...], new: Any) -> None:
    assert VALIDATOR.problems(changed(json.loads(text(SMALL)), path, new))


def test_the_schema_has_the_words_and_bounds_of_the_code() -> None:
    size = SCHEMA["$defs"]["size"]["properties"]
    assert set(size["kind"]["enum"]) == {kind.value for kind in Kind if kind not in (Kind.COUNT, Kind.ORDER, Kind.RUN)}
    assert set(SCHEMA["$defs"]["tensor"]["prefixItems"][1]["enum"]) == {
        role.value for role in Role if role is not Role.PRODUCT
    }
    assert SCHEMA["properties"]["sizes"]["maxProperties"] == decode.MAX_SIZES
    assert SCHEMA["properties"]["heads"]["maxProperties"] == decode.MAX_HEADS
    assert SCHEMA["properties"]["no_effect"]["maxProperties"] == decode.MAX_FIELDS
    assert size["aliases"]["maxItems"] == decode.MAX_ALIASES
    assert size["minimum"]["maximum"] == decode.MAX_MINIMUM
