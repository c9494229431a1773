"""The recorded facts about configuration classes against the library, and the reader that uses them."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym import atlas
from bertsym.atlas.configurations import declaring, default_labels, fixed_parts, has_class
from bertsym.count import count
from bertsym.errors import BadField, BertsymError
from bertsym.resolve import load
from bertsym.saved_model.atlas_models import entry_of

SEED = 20261128
WORDS = ("nobody's type", "gpt2", "vit", "")


def nested(file: dict[str, Any], path: str) -> dict[str, Any]:
    for name in path.split("."):
        file = file.setdefault(name, {})
    return file


def outcome(file: dict[str, Any], folder: Path) -> int | str:
    """Return the count of a file, or the refusal: a part that the file gives may lack a field that its class needs."""
    (folder / "config.json").write_text(json.dumps(file))
    try:
        return count(load(str(folder)))
    except BertsymError as error:
        return str(error)


def test_a_part_may_have_any_type_if_its_class_does_not_read_it(tmp_path: Path) -> None:
    draw = Random(SEED)
    kinds = [kind for kind in atlas.index() if fixed_parts(kind)]
    # Without recorded rules a partial part is refused.
    kinds = [kind for kind in draw.sample(kinds, len(kinds)) if (entry := entry_of(kind)) and entry.rules.recorded]
    for kind in kinds[:12]:
        for part in fixed_parts(kind):
            plain: dict[str, Any] = {"model_type": kind}
            nested(plain, part)
            file = deepcopy(plain)
            nested(file, part)["model_type"] = draw.choice((kind, *WORDS))
            assert outcome(file, tmp_path) == outcome(plain, tmp_path), (SEED, file)


def test_a_part_whose_class_follows_its_type_may_not(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "llava", "text_config": {"model_type": "timm_backbone"}})
    )
    with pytest.raises(BadField, match=r"field 'text_config\.model_type'"):
        load(str(tmp_path))


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_the_library_reads_such_a_part_in_the_same_way(transformers: Any, tmp_path: Path) -> None:
    draw = Random(SEED)
    mapping = transformers.CONFIG_MAPPING
    kinds = [kind for kind in mapping if fixed_parts(kind)]
    assert len(kinds) > 100
    for kind in draw.sample(kinds, 20):
        for part in fixed_parts(kind):
            file = {**json.loads(mapping[kind]().to_json_string(use_diff=False)), "model_type": kind}
            read = []
            for word in (nested(file, part)["model_type"], *draw.sample(WORDS, 2)):
                nested(file, part)["model_type"] = word
                (tmp_path / "config.json").write_text(json.dumps(file))
                config: Any = transformers.AutoConfig.from_pretrained(str(tmp_path))
                for name in part.split("."):
                    config = getattr(config, name)
                saved = json.loads(config.to_json_string(use_diff=False))
                read.append((type(config), {name: value for name, value in saved.items() if name != "model_type"}))
            assert read[0] == read[1] == read[2], (SEED, kind, part)


@pytest.mark.torch
def test_the_library_declares_what_is_recorded(transformers: Any) -> None:
    draw = Random(SEED)
    for kind in draw.sample(list(atlas.index()), 40):
        cls = transformers.CONFIG_MAPPING[kind]
        names = {field.name for field in fields(cls)} | set(cls.attribute_map)
        recorded = {field for field, kinds in declaring().items() if kind in kinds}
        assert recorded <= names, (SEED, kind)
        assert names - recorded <= {field.name for field in fields(transformers.PreTrainedConfig)}, (SEED, kind)
    for kind in (*draw.sample(list(atlas.index()), 20), "bart", "pvt"):
        assert default_labels(kind) == transformers.CONFIG_MAPPING[kind]().num_labels, (SEED, kind)
    for name in ("DPRContextEncoder", "CLIPTextModelWithProjection", "BertLMHeadModel"):
        assert has_class(name)
        assert hasattr(transformers, name)
