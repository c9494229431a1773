"""Files that do not say which stages a backbone returns: counted as transformers builds them, or refused."""

from __future__ import annotations

from typing import Any

import pytest

import bertsym
from bertsym import BertsymError

STAGES = ("out_features", "out_indices", "_out_features", "_out_indices")
# Types whose parts return stages, and types that return them themselves.
TYPES = ("rf_detr", "maskformer", "swin", "convnext", "pvt_v2")


def without_stages(fields: Any) -> Any:
    """Return fields without those that name stages, in every part."""
    if not isinstance(fields, dict):
        return fields
    return {name: without_stages(value) for name, value in fields.items() if name not in STAGES}


@pytest.mark.parametrize("model_type", TYPES)
def test_a_file_without_stages_is_counted_as_built_or_refused(model_type: str, torch: Any, transformers: Any) -> None:
    kind = transformers.CONFIG_MAPPING[model_type]
    fields = without_stages(kind().to_dict())
    with torch.device("meta"):
        built = transformers.AutoModel.from_config(kind.from_dict(fields))
    try:
        counted = bertsym.load(fields).with_head("model").count()
    except BertsymError as error:
        assert "out_features" in str(error), error  # noqa: PT017  # a count may come instead
        return
    assert counted == sum(parameter.numel() for parameter in built.parameters())
