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

# The full-attention layers of LiquidAI/LFM2-8B-A1B, of 24 layers.
_LFM2_ATTENTION = frozenset({2, 6, 10, 14, 18, 21})
# The class asks for all five or none, and its default layers do not build without them; the sizes are legal ones.
_QWEN4_INDEXER: Mapping[str, Any] = {
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000000.0, "partial_rotary_factor": 0.25},
    "indexer_n_heads": 2, "indexer_kv_heads": 1, "indexer_head_dim": 128, "indexer_budget": 2048,
    "indexer_compress_ratio": 4,
}  # fmt: skip
# tests/models/cohere_compass/test_modeling_cohere_compass.py
_COMPASS_ROPE: Mapping[str, Any] = {
    "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 10000}},
}
# tests/models/pp_ocrv5_server_det/test_modeling_pp_ocrv5_server_det.py
_OCR_NECK: Mapping[str, Any] = {
    "scale_factor_list": [1, 2, 4, 8],
    "kernel_list": [3, 2, 2],
    "intraclass_block_config": {
        "reduce_channel": [1, 1, 0],
        "return_channel": [1, 1, 0],
        "vertical_long_to_small_conv_longratio": [[7, 1], [1, 1], [3, 0]],
        "vertical_long_to_small_conv_midratio": [[5, 1], [1, 1], [2, 0]],
        "vertical_long_to_small_conv_shortratio": [[3, 1], [1, 1], [1, 0]],
        "horizontal_small_to_long_conv_longratio": [[1, 7], [1, 1], [0, 3]],
        "horizontal_small_to_long_conv_midratio": [[1, 5], [1, 1], [0, 2]],
        "horizontal_small_to_long_conv_shortratio": [[1, 3], [1, 1], [0, 1]],
        "symmetric_conv_long_longratio": [[7, 7], [1, 1], [3, 3]],
        "symmetric_conv_long_midratio": [[5, 5], [1, 1], [2, 2]],
        "symmetric_conv_long_shortratio": [[3, 3], [1, 1], [1, 1]],
    },
}


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
    "cohere_compass_text": _COMPASS_ROPE,
    "cohere_compass": {"text_config": _COMPASS_ROPE},
    "lfm2_moe": {
        "num_hidden_layers": 24,
        "layer_types": ["full_attention" if layer in _LFM2_ATTENTION else "conv" for layer in range(24)],
    },
    # The default of the encoder; the class reads the field and declares it for the encoder only.
    "moonshine_streaming": {"num_key_value_heads": 8},
    # google/gemma-4-26B-A4B-it, from which DiffusionGemma has its text model
    "diffusion_gemma": {"text_config": {"num_experts": 128, "top_k_experts": 8, "moe_intermediate_size": 704}},
    # tests/models/granite4_vision/test_modeling_granite4_vision.py
    "granite4_vision": {"downsample_rate": "1/2", "deepstack_layer_map": [[1, 0]]},
    # tests/models/perception_lm/test_modeling_perception_lm.py, at the sizes of PE-Core-L14; timm builds the encoder
    "perception_lm": {
        "vision_config": {
            "architecture": "vit_pe_core_large_patch14_336",
            "model_args": {
                "embed_dim": 1024,
                "img_size": [448, 448],
                "depth": 23,
                "global_pool": "",
                "init_values": 0.1,
                "use_post_transformer_norm": False,
                "ref_feat_shape": [32, 32],
            },
        },
    },
    "qwen4_exp_text": _QWEN4_INDEXER,
    "qwen4_exp": {"text_config": _QWEN4_INDEXER},
    # rednote-hilab/dots.llm1.inst
    "dots1": {"n_routed_experts": 128, "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1},
    # The class reads the field, which its part does not declare; google/t5gemma-2-270m-270m has it.
    "t5gemma2_encoder": {"text_config": {"dropout_rate": 0.0}},
    # The class adds a list to the widths, which are a tuple by default and a list in every file.
    "vitmatte": {"fusion_hidden_sizes": [256, 128, 64, 32]},
    # tests/models/sapiens2/test_modeling_sapiens2.py: the lists of a head, which the bare classes do not read. Version
    # 5.23 asks for two hidden sizes of the scale, and a missing switch is off.
    "sapiens2": {
        "head_config": {
            "upsample_out_channels": [32, 16, 8, 8],
            "conv_out_channels": [8, 8, 8],
            "scale_conv_out_channels": [8, 4],
            "scale_final_hidden_sizes": [8, 8],
            "use_pixel_shuffle": False,
        },
    },
    "pp_ocrv5_server_det": _OCR_NECK,
    "pp_ocrv6_medium_det": _OCR_NECK,
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
