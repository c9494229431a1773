"""Every stored entry: it loads, is written as it is stored, and has at the code's own sizes what the code has."""

from __future__ import annotations

import json
import re

import pytest

from bertsym import atlas
from bertsym.count import count
from bertsym.errors import Unreadable
from bertsym.saved_model.atlas_models import stored
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.derived import Derived, unresolved
from bertsym.saved_model.encode import text
from bertsym.zoo import ARCHITECTURES

pytestmark = pytest.mark.slow

ENTRIES = sorted((atlas.FOLDER / "models").glob("*.json"))
LARGEST = 170_000  # BiT rounds each width twice, and each of its tensors has the roundings written out


def read(name: str) -> Derived:
    file = atlas.path(name)
    assert file is not None
    return parsed(json.loads(file.read_bytes()), file)


@pytest.mark.parametrize("name", [file.stem for file in ENTRIES])
def test_an_entry(name: str) -> None:
    file = atlas.path(name)
    assert file is not None
    stored_text = file.read_text(encoding="utf-8")
    derived = read(name)
    assert text(derived) == stored_text
    assert len(stored_text) < LARGEST
    assert derived.name == name
    for head, found in derived.classes.items():
        assert found.evidence is not None
        if not unresolved(found):
            assert found.evidence.trials >= 12
            model = stored(f"atlas:{name}-default", head)
            assert model is not None
            assert count(model) == found.evidence.parameters, found.cls


def test_the_index_is_of_the_entries() -> None:
    index = atlas.index()
    assert {line.entry for line in index.values()} == {file.stem for file in ENTRIES}
    assert not index.keys() & atlas.missing().keys()
    for name, line in index.items():
        heads = json.loads((atlas.FOLDER / "models" / f"{line.entry}.json").read_bytes())["heads"]
        assert line.cls == heads["model"]["class"], name
        assert line.count == heads["model"]["evidence"]["parameters"], name
        assert {**line.heads, **line.partly} == {head: found["class"] for head, found in heads.items()}, name
        assert set(line.partly) == {head for head, found in heads.items() if found["evidence"].get("unresolved")}, name


def test_the_whole_is_small() -> None:
    size = sum(file.stat().st_size for file in [*ENTRIES, atlas.FOLDER / "index.json"])
    assert size < 12 * 10**6  # a head is small, because it refers to its base


def test_a_depth_of_which_few_values_are_accepted_ends_with_the_largest() -> None:
    """ConvNeXt has a list of four widths: its code builds no fifth stage."""
    model = stored("atlas:convnext-default")
    assert model is not None
    stages = model.size("num_stages").symbol
    assert count(model.with_sizes({stages: 3})) < count(model)
    with pytest.raises(Unreadable, match="at most 4"):
        model.with_sizes({stages: 5})


def test_no_name_stands_for_two_models() -> None:
    sizes = {size for architecture in ARCHITECTURES.values() for size in architecture.sizes}
    given = {*atlas.index(), *(f"{name}{atlas.SUFFIX}" for name in atlas.index())}
    assert not given & sizes


def test_names_are_spelled_as_entries_are_found() -> None:
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", name) for name in [*atlas.index(), *atlas.missing()])
