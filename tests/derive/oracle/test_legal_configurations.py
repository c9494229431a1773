"""Types that do not build at their defaults, at the configuration that is kept for them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from bertsym.derive.oracle.legal_configurations import LEGAL
from bertsym.derive.oracle.targets import default_configuration, resolve_target

pytestmark = pytest.mark.torch
HEADS = {
    "convnext": "ConvNextBackbone",
    "convnextv2": "ConvNextV2Backbone",
    "focalnet": "FocalNetBackbone",
    "pp_ocrv5_server_det": "PPOCRV5ServerDetForObjectDetection",
    "sapiens2": "Sapiens2ForSemanticSegmentation",
    "vitmatte": "VitMatteForImageMatting",
    "wav2vec2-bert": "Wav2Vec2BertForCTC",
    "wav2vec2-conformer": "Wav2Vec2ConformerForCTC",
}
"""The classes that need the configuration, where the bare class does not."""
OF_TIMM = {"perception_lm"}
"""The types with a part that timm builds; CI installs it only if it fits the build of torch."""


@pytest.mark.parametrize("kind", LEGAL)
def test_a_type_builds_at_its_legal_configuration_only(kind: str, transformers: Any, torch: Any) -> None:
    """An entry that the library no longer needs is to be deleted."""
    if kind in OF_TIMM and find_spec("timm") is None:
        pytest.skip("needs timm")
    mapping = transformers.models.auto.modeling_auto.MODEL_MAPPING_NAMES
    cls = getattr(transformers, HEADS.get(kind) or mapping[kind])
    with torch.device("meta"):
        assert cls(default_configuration(cls.config_class)).num_parameters() > 0
        if "use_timm_backbone" in LEGAL[kind] and find_spec("timm") is not None:
            return
        with pytest.raises(Exception, match=r".*"):
            cls(cls.config_class())


def test_a_class_may_have_a_small_initial(transformers: Any) -> None:
    """`xLSTMForCausalLM` is the only one of the library."""
    del transformers
    target = resolve_target("xLSTMForCausalLM", {"num_hidden_layers": 1, "hidden_size": 128, "num_heads": 2})
    assert target.cls == "xLSTMForCausalLM"
