"""Fields at which one class of a saved model is fixed, and which the others may vary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bertsym.derive.domain.stored_space import stored_space
from bertsym.errors import BadField
from bertsym.resolve import load
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.derived import DerivedHead
from bertsym.saved_model.encode import text
from bertsym.values import replace
from tests.derive.saved_body import BODY

STAGES = ["stem", "stage1", "stage2", "stage3", "stage4"]


def test_the_file_keeps_them() -> None:
    """The bare class has none."""
    head = DerivedHead("BodyHead", BODY.tensors, BODY.evidence, {"act": "gelu", "part.flag": True})
    derived = replace(BODY, heads={"head": head})
    read = parsed(json.loads(text(derived)), Path("body.json"))
    assert read.classes["head"].fixed == {"act": "gelu", "part.flag": True}
    assert read.classes["model"].fixed == {}


def test_samples_of_the_head_keep_them() -> None:
    """The space of the bare class varies the field."""
    size = next(field.path for field in BODY.fields.values() if field.domain is not None)
    derived = replace(BODY, heads={"head": DerivedHead("BodyHead", BODY.tensors, BODY.evidence, {size: 4})})
    assert size in {axis.name for axis in stored_space(derived).axes}
    space = stored_space(derived, "head")
    assert size not in {axis.name for axis in space.axes}


def test_a_file_is_refused_for_the_fixed_class_only(tmp_path: Path) -> None:
    """The backbone of DINOv3 ConvNeXt was derived with its own names of stages."""
    entry = entry_of("dinov3_convnext")
    assert entry is not None
    assert entry.heads["backbone"].fixed == {"stage_names": STAGES}
    config = {"model_type": "dinov3_convnext", "stage_names": [*STAGES[:-1], "last"]}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**config, "architectures": [entry.cls]}), encoding="utf-8")
    assert load(str(file)).cls == entry.cls
    file.write_text(json.dumps({**config, "architectures": [entry.heads["backbone"].cls]}), encoding="utf-8")
    with pytest.raises(BadField, match="stage_names"):
        load(str(file))
