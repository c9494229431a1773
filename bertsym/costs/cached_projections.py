"""The derived models whose cache is known: the projections whose outputs their layers keep.

A derived model says nothing of what its code keeps. For these types a test runs the class and compares the rule with
its DynamicCache. Types with sliding windows, layers of several kinds or cross-attention are left out.
"""

from collections.abc import Mapping

_KEYS_AND_VALUES = frozenset({"k_proj", "v_proj"})
_LATENT = frozenset({"kv_a_proj_with_mqa"})
"""Multi-head latent attention keeps what keys and values are computed from, and the rotated part of the keys."""

DERIVED: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            "apertus",
            "arcee",
            "aria_text",
            "biogpt",
            "bitnet",
            "cohere",
            "diffllama",
            "ernie4_5",
            "flex_olmo",
            "gemma",
            "glm",
            "glm4",
            "glm4_moe",
            "gptj",
            "granite",
            "granitemoe",
            "granitemoeshared",
            "helium",
            "hy_v3",
            "hyperclovax",
            "jais2",
            "minimax_m2",
            "nanochat",
            "olmo",
            "olmo2",
            "olmoe",
            "opt",
            "phi",
            "seed_oss",
            "solar_open",
            "stablelm",
        ),
        _KEYS_AND_VALUES,
    ),
    **dict.fromkeys(("axk1", "deepseek_v3", "glm4_moe_lite", "minicpm3", "youtu"), _LATENT),
}
