"""The entries of variants: they are of a listed checkpoint's settings, and count what the class builds."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym import atlas, load
from bertsym.atlas import variants as shelf
from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.saved_model import decode
from bertsym.saved_model.atlas_models import variant_entry
from bertsym.saved_model.derived import Derived, unresolved
from bertsym.saved_model.encode import text
from bertsym.saved_model.field_rules import ValueKind
from bertsym.symbols import BY_SYMBOL, Kind

LISTED: Mapping[str, Any] = json.loads((atlas.FOLDER / "variants.json").read_bytes())["variants"]
DERIVED = sorted(name for name, entry in LISTED.items() if "model" in entry.get("heads", {}))
SEED = int(os.environ.get("BERTSYM_ATLAS_SEED") or secrets.randbelow(10**9))
SAMPLE, FILES = 5, 12


def test_each_entry_is_listed() -> None:
    assert {file.stem for file in shelf.ENTRIES.glob("*.json")} == {name for name in LISTED if "engine" in LISTED[name]}
    for name, entry in LISTED.items():
        assert entry["type"] in atlas.index(), name
        # No published checkpoint of these types has 0 experts; their code builds dense layers then.
        assert "/" in entry["checkpoint"] or 0 in entry["settings"].values(), name
        assert name.partition("+")[0] == entry["type"], name


def test_a_variant_is_no_model_type() -> None:
    assert not LISTED.keys() & atlas.index().keys()
    assert all(atlas.path(name) is None for name in LISTED)


@pytest.mark.parametrize("name", DERIVED)
def test_an_entry_of_a_variant(name: str) -> None:
    derived, entry = variant_entry(name), LISTED[name]
    assert text(derived) == shelf.path(name).read_text(encoding="utf-8")
    assert derived.name == entry["type"]
    assert entry["heads"] == {head: found.cls for head, found in derived.classes.items() if not unresolved(found)}
    main = atlas.index()[entry["type"]].heads
    assert derived.cls == main["model"]
    for head in entry["heads"]:
        found = derived.classes[head]
        assert found.evidence is not None
        model = decode.model(derived, name, head)
        assert count(model.with_sizes(model.architecture.sizes[model.architecture.base].values)) == (
            found.evidence.parameters
        )


def varies(name: str, path: str) -> bool:
    """Return True if a file of the variant may have another value than the setting."""
    setting, default = LISTED[name]["settings"][path], LISTED[name]["defaults"][path]
    return type(setting) in (int, bool) and bool(setting) and type(default) is not type(setting)


def random_file(name: str, derived: Derived, random: Random, number: int) -> dict[str, Any]:
    """Return a file with the settings of a variant and other values for a few of its sizes, for none in the first.

    Every third file has the depths of the defaults: the lists of Beit and Reformer fit no other. What a file may not
    omit, as ESM's vocabulary, is in each.
    """
    file: dict[str, Any] = {"model_type": derived.name}
    settings: dict[str, Any] = LISTED[name]["settings"]
    changes = {path: setting for path, setting in settings.items() if type(setting) is int}
    for symbol, field in derived.fields.items():
        if BY_SYMBOL[symbol].kind in (Kind.DEPTH, Kind.EXPERTS):
            changes |= {field.path: random.randint(1, 4)} if number % 3 else {}
        elif (number and random.random() < 0.3) or derived.rules.refuses(field.path, ValueKind.ABSENT):
            default = derived.defaults[symbol]
            changes[field.path] = (
                random.random() < 0.5
                if isinstance(default, bool)
                else max(1, int(default * random.choice([1, 2, 3])) // 2)
            )
    chosen = {path: setting for path, setting in settings.items() if path not in changes or not varies(name, path)}
    for path, value in {**changes, **chosen}.items():
        *parts, last = path.split(".")
        if "[" not in path:
            part = file
            for step in parts:
                part = part.setdefault(step, {})
            part[last] = value
    return file


@pytest.mark.parametrize("place", range(SAMPLE))
def test_random_files_of_a_variant_have_the_counts_of_the_class(
    place: int, torch: Any, transformers: Any, tmp_path: Path
) -> None:
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    random = Random(SEED)
    name = random.sample(DERIVED, SAMPLE)[place]
    sys.stdout.write(f"BERTSYM_ATLAS_SEED={SEED} {name}\n")
    derived, agreed = variant_entry(name), 0
    for number in range(FILES):
        file, head = random_file(name, derived, random, number), random.choice(sorted(LISTED[name]["heads"]))
        try:
            counted = count(read_config(file, Path("config.json"), head))
        except BertsymError:
            continue
        (tmp_path / "config.json").write_text(json.dumps(file), encoding="utf-8")
        try:
            config = transformers.AutoConfig.from_pretrained(tmp_path)
            with torch.device("meta"):
                module = getattr(transformers, derived.classes[head].cls)(config)
        except Exception:  # noqa: BLE001, S112  # the class refuses some sizes
            continue
        assert module.num_parameters() == counted, (name, head, file)
        agreed += 1
    assert agreed, name


def test_a_class_that_only_a_variant_has_is_a_model_by_its_name(torch: Any, transformers: Any) -> None:
    """The settings of the variant are a published checkpoint's; the class does not build at its own defaults."""
    alone = {
        cls: name
        for name in DERIVED
        for cls in LISTED[name]["heads"].values()
        if cls not in atlas.classes() and all("." not in path for path in LISTED[name]["settings"])
    }
    assert "PerceiverForMaskedLM" in alone
    for cls, name in alone.items():
        model = load(cls).spec
        sizes = model.architecture.sizes[model.architecture.base].values
        built = getattr(transformers, cls)
        with torch.device("meta"):
            real = built(built.config_class(**LISTED[name]["settings"])).num_parameters()
        assert count(model.with_sizes(sizes)) == real, cls
