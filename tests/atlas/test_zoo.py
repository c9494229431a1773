"""Zoo and atlas, where both know a model: the same tensors, ties and number at random sizes, for every head of both."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym import atlas
from bertsym.config.configfile import read_config
from bertsym.derive.domain.stored_space import stored_space
from bertsym.errors import BertsymError
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import unresolved
from bertsym.zoo import ARCHITECTURES
from tests.zoo.real import our_inventory

DRAWS = 6
# Of these the zoo covers no value but that of the other, which draws seldom hit.
EQUAL = {"deberta-v2": {"pooler_hidden_size": "hidden_size"}}
BOTH = [
    (name, head)
    for name in ARCHITECTURES
    if name in atlas.index()
    for head in ARCHITECTURES[name].heads
    if head in atlas.index()[name].heads
]


@pytest.mark.parametrize(("name", "head"), BOTH, ids=str)
def test_zoo_and_atlas_agree(name: str, head: str) -> None:
    derived = entry_of(name)
    assert derived is not None
    assert not unresolved(derived.classes[head])
    architecture = ARCHITECTURES[name]
    assert architecture.heads[head].cls == derived.classes[head].cls
    model = derived.model(head=head)
    there, random = stored_space(derived), Random(f"{name} {head}")
    compared = 0
    for _ in range(100 * DRAWS):
        fields: dict[str, Any] = there.fields(there.sample(random))
        fields |= {one: fields[other] for one, other in EQUAL.get(name, {}).items()}
        try:
            zoo = read_config({"model_type": name, **fields}, Path("config.json"), head)
        except BertsymError:
            continue  # the zoo covers fewer values of some fields, and says so
        sizes = {s: fields[field.path] for s, field in derived.fields.items() if s in model.symbols}
        ours, theirs = our_inventory(model.with_sizes(sizes)), our_inventory(zoo)
        assert ours.shapes == theirs.shapes, fields
        assert ours.groups == theirs.groups, fields
        assert ours.count == theirs.count, fields
        compared += 1
        if compared == DRAWS:
            break
    assert compared == DRAWS
