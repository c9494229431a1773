"""Configurations at which classes of transformers build that do not build at their defaults, by model type.

Each is the default configuration with a few fields set, to values of a published checkpoint or of the library's own
examples. The source is named beside it. Everything else about such a class is derived as usual.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

_RESNET: Mapping[str, Any] = {"model_type": "resnet", "out_features": ["stage4"]}
_RESNET_STAGES: Mapping[str, Any] = {"model_type": "resnet", "out_features": ["stage2", "stage3", "stage4"]}
_SIGLIP: Mapping[str, Any] = {
    "model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304, "num_attention_heads": 16,
    "num_hidden_layers": 27, "image_size": 364, "patch_size": 14,
}  # fmt: skip


def _detr(backbone: Mapping[str, Any]) -> dict[str, Any]:
    """Return DETR's backbone as the library's tests have it, which needs no further package."""
    return {"use_timm_backbone": False, "backbone": None, "backbone_config": dict(backbone)}


LEGAL: Mapping[str, Mapping[str, Any]] = {
    # The backbone adds a list to the widths, which are a tuple by default and a list in every file.
    "convnext": {"hidden_sizes": [96, 192, 384, 768]},
    "convnextv2": {"hidden_sizes": [96, 192, 384, 768]},
    "focalnet": {"hidden_sizes": [192, 384, 768, 768]},
    # facebook/wav2vec2-conformer-rel-pos-large-960h-ft; the bare classes need no vocabulary
    "wav2vec2-conformer": {"vocab_size": 32},
    "wav2vec2-bert": {"vocab_size": 32},
    # The class asks for it; the examples of its documentation have 24 hours.
    "autoformer": {"prediction_length": 24},
    "informer": {"prediction_length": 24},
    "time_series_transformer": {"prediction_length": 24},
    # facebook/esm2_t6_8M_UR50D
    "esm": {"vocab_size": 33, "mask_token_id": 32, "pad_token_id": 1},
    # tencent/Hunyuan-7B-Instruct, tencent/Hunyuan-A13B-Instruct
    "hunyuan_v1_dense": {"head_dim": 128},
    "hunyuan_v1_moe": {"head_dim": 128},
    "hunyuan_vl_text": {"head_dim": 128},
    "hunyuan_vl": {"text_config": {"head_dim": 128}},
    # mistralai/Ministral-8B-Instruct-2410
    "ministral": {"head_dim": 128},
    # nvidia/nemotron-3-8b-base-4k-hf: as many heads for keys as for queries
    "nemotron": {"num_key_value_heads": 48, "head_dim": 128},
    # tests/models/detr/test_modeling_detr.py and its kin
    "detr": _detr(_RESNET),
    "conditional_detr": _detr(_RESNET),
    "dab-detr": _detr(_RESNET),
    "table-transformer": _detr(_RESNET),
    "deformable_detr": _detr(_RESNET_STAGES),
    # tests/models/omdet_turbo/test_modeling_omdet_turbo.py
    "omdet-turbo": {
        "use_timm_backbone": False,
        "backbone": None,
        "backbone_config": {"model_type": "swin", "out_features": ["stage2", "stage3", "stage4"]},
    },
    # CohereForAI/aya-vision-8b
    "aya_vision": {"vision_config": _SIGLIP},
    # facebook/chameleon-7b
    "chameleon": {"vocabulary_map": {"<image>": 8711}},
    # BAAI/Emu3-Chat-hf
    "emu3": {"vocabulary_map": {"<image>": 151646}},
    # databricks/dbrx-base
    "dbrx": {"attn_config": {"rope_theta": 500000.0}},
}


def legal_fields(model_type: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a configuration class at which its model builds, with `settings` by path over them.

    >>> legal_fields("hunyuan_vl", {"text_config.q_lora_rank": None, "moe": True})
    {'text_config': {'head_dim': 128, 'q_lora_rank': None}, 'moe': True}
    """
    result: dict[str, Any] = deepcopy(dict(LEGAL.get(model_type, {})))
    for path, value in settings.items():
        *parts, name = path.split(".")
        part = result
        for outer in parts:
            inner = part.get(outer)
            part[outer] = part = inner if isinstance(inner, dict) else {}
        part[name] = deepcopy(value)
    return result
