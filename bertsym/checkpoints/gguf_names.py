"""Translate the tensor names of a class into those that llama.cpp gives them in a GGUF file.

The tables follow `tensor_mapping.py` of gguf-py. Its names differ between model types in the path to a layer, so the
tables here hold what follows the number of the layer, and what stands outside of all layers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

LAYERS = re.compile(r"(?P<path>.*?)(?:^|\.)(?P<stack>layers?|h|blocks?|transformer_encoder)\.(?P<number>\d+|\{\})\.")
"""The path to a layer, up to its number."""

_INSIDE: Mapping[str, tuple[str, ...]] = {
    "attn_norm": (
        *("input_layernorm", "ln_1", "norm_1", "ln_mlp", "ln", "norm", "attn_norm", "operator_norm", "norm1"),
        *("attention_layernorm", "attention_norm", "pre_attention_layernorm", "layer.0.layer_norm", "ln1"),
    ),
    "attn_norm_2": ("ln_attn",),
    "attn_qkv": (
        *("attention.query_key_value", "attn.c_attn", "attn.Wqkv", "norm_attn_norm.attn.Wqkv", "self_attn.qkv_proj"),
        *("self_attention.query_key_value", "self_attn.query_key_value", "attn.qkv_proj", "qkv"),
        "linear_attn.in_proj_qkv",
    ),
    "attn_q": (
        *("self_attn.q_proj", "attention.self.query", "attention.q_lin", "attn.q_proj", "attn.attention.q_proj"),
        *("attention.wq", "layer.0.SelfAttention.q", "mixer.q_proj"),
    ),
    "attn_k": (
        *("self_attn.k_proj", "attention.self.key", "attention.k_lin", "attn.k_proj", "attn.attention.k_proj"),
        *("attention.wk", "layer.0.SelfAttention.k", "mixer.k_proj"),
    ),
    "attn_v": (
        *("self_attn.v_proj", "attention.self.value", "attention.v_lin", "attn.v_proj", "attn.attention.v_proj"),
        *("attention.wv", "layer.0.SelfAttention.v", "mixer.v_proj"),
    ),
    "attn_output": (
        *("self_attn.o_proj", "attention.dense", "attn.c_proj", "attn.out_proj", "self_attention.dense", "attn.Wo"),
        *("attention.output.dense", "attention.out_lin", "self_attn.dense", "norm_attn_norm.attn.out_proj"),
        *("attn.attention.out_proj", "self_attn.out_proj", "attention.wo", "mixer.o_proj"),
    ),
    "attn_o": ("layer.0.SelfAttention.o",),
    "attn_rel_b": ("layer.0.SelfAttention.relative_attention_bias",),
    "cross_attn_norm": ("layer.1.layer_norm",),
    "cross_attn_q": ("layer.1.EncDecAttention.q",),
    "cross_attn_k": ("layer.1.EncDecAttention.k",),
    "cross_attn_v": ("layer.1.EncDecAttention.v",),
    "cross_attn_o": ("layer.1.EncDecAttention.o",),
    "attn_output_norm": ("attention.output.LayerNorm", "sa_layer_norm", "norm_attn_norm.norm_2"),
    "post_attention_norm": ("post_self_attn_layernorm",),
    "attn_sinks": ("self_attn.sinks",),
    "attn_gate": ("self_attn.gate_proj", "linear_attn.in_proj_z"),
    "attn_q_norm": (
        *("self_attn.q_norm", "self_attn.q_layernorm", "self_attn.query_layernorm", "attn.q_norm", "attn.q_ln"),
        "mixer.q_norm",
    ),
    "attn_k_norm": (
        *("self_attn.k_norm", "self_attn.k_layernorm", "self_attn.key_layernorm", "attn.k_norm", "attn.k_ln"),
        "mixer.k_norm",
    ),
    "attn_q_a": ("self_attn.q_a_proj",),
    "attn_q_b": ("self_attn.q_b_proj",),
    "attn_q_a_norm": ("self_attn.q_a_layernorm",),
    "attn_kv_a_mqa": ("self_attn.kv_a_proj_with_mqa",),
    "attn_kv_a_norm": ("self_attn.kv_a_layernorm",),
    "attn_kv_b": ("self_attn.kv_b_proj",),
    "attn_sub_norm": ("self_attn.inner_attn_ln", "self_attn.attn_sub_norm"),
    "ffn_norm": (
        *("ln_2", "norm_2", "ffn_norm", "pre_ff_layernorm", "feedforward_layernorm", "mlp_norm", "pre_mlp_layernorm"),
        *("pre_feedforward_layernorm", "layer.2.layer_norm", "ln2"),
    ),
    "pre_ffw_norm_2": ("pre_feedforward_layernorm_2",),
    "post_ffw_norm": ("post_feedforward_layernorm", "post_mlp_layernorm"),
    "post_ffw_norm_1": ("post_feedforward_layernorm_1",),
    "post_ffw_norm_2": ("post_feedforward_layernorm_2",),
    "ffn_up": (
        *("mlp.up_proj", "mlp.dense_h_to_4h", "mlp.c_fc", "ffn.up_proj", "intermediate.dense", "mlp.Wi", "ffn.lin1"),
        *("mlp.fc_in", "mlp.fc1", "mlp.gate_up_proj", "mlp.c_fc_1", "feed_forward.up_proj", "feed_forward.w3"),
        *("layer.1.DenseReluDense.wi", "layer.1.DenseReluDense.wi_1", "mixer.up_proj"),
        *("layer.2.DenseReluDense.wi", "layer.2.DenseReluDense.wi_1"),
    ),
    "ffn_gate": (
        *("mlp.gate_proj", "mlp.c_fc_0", "feed_forward.gate_proj", "feed_forward.w1", "layer.1.DenseReluDense.wi_0"),
        "layer.2.DenseReluDense.wi_0",
    ),
    "ffn_down": (
        *("mlp.down_proj", "mlp.dense_4h_to_h", "mlp.c_proj", "ffn.down_proj", "output.dense", "mlp.Wo", "ffn.lin2"),
        *("mlp.fc_out", "mlp.fc2", "feed_forward.down_proj", "feed_forward.w2", "layer.1.DenseReluDense.wo"),
        *("layer.2.DenseReluDense.wo", "mixer.down_proj"),
    ),
    "ffn_sub_norm": ("mlp.ffn_layernorm", "mlp.ffn_sub_norm"),
    "ffn_gate_inp": (
        *("mlp.gate", "block_sparse_moe.gate", "block_sparse_moe.router.layer", "ffn.router.layer", "mlp.router"),
        *(
            "block_sparse_moe.router",
            "mixer.gate",
            "feed_forward.router",
            "feed_forward.gate",
            "mlp.gate.wg",
            "mlp.router.layer",
            "router.proj",
        ),
    ),
    "ffn_gate_inp_shexp": ("mlp.shared_expert_gate",),
    "exp_probs_b": (
        *("mlp.gate.e_score_correction", "mlp.moe_statics.e_score_correction", "mlp.gate.expert_bias"),
        *("mlp.e_score_correction", "block_sparse_moe.e_score_correction", "feed_forward.expert_bias"),
        "mlp.expert_bias",
    ),
    "ffn_gate_exps": ("mlp.experts.gate_proj", "block_sparse_moe.experts.w1", "ffn.experts.mlp.w1"),
    "ffn_up_exps": (
        "mlp.experts.up_proj",
        "block_sparse_moe.experts.w3",
        "ffn.experts.mlp.v1",
        "mixer.experts.up_proj",
    ),
    "ffn_gate_up_exps": (
        *("mlp.experts.gate_up_proj", "experts.gate_up_proj", "feed_forward.experts.gate_up_proj"),
        "block_sparse_moe.experts.gate_up_proj",
    ),
    "ffn_down_exps": (
        *("mlp.experts.down_proj", "experts.down_proj", "feed_forward.experts.down_proj", "ffn.experts.mlp.w2"),
        *("block_sparse_moe.output_linear", "block_sparse_moe.experts.w2"),
        *("block_sparse_moe.experts.down_proj", "mixer.experts.down_proj"),
    ),
    "ffn_gate_shexp": (
        *("mlp.shared_expert.gate_proj", "mlp.shared_experts.gate_proj", "mlp.shared_mlp.gate_proj"),
        "feed_forward.shared_expert.gate_proj",
    ),
    "ffn_up_shexp": (
        *("mlp.shared_expert.up_proj", "mlp.shared_experts.up_proj", "mlp.shared_mlp.up_proj"),
        *("feed_forward.shared_expert.up_proj", "mixer.shared_experts.up_proj"),
    ),
    "ffn_down_shexp": (
        *("mlp.shared_expert.down_proj", "mlp.shared_experts.down_proj", "mlp.shared_mlp.down_proj"),
        *("shared_mlp.output_linear", "feed_forward.shared_expert.down_proj", "mixer.shared_experts.down_proj"),
    ),
    "layer_output_norm": ("output.LayerNorm", "output_layer_norm"),
    "layer_output_scale": ("layer_scalar",),
    "ssm_in": ("mixer.in_proj", "mamba.in_proj", "linear_attn.in_proj_qkvz"),
    "ssm_conv1d": ("mixer.conv1d", "mamba.conv1d", "linear_attn.conv1d"),
    "ssm_x": ("mixer.x_proj", "mamba.x_proj"),
    "ssm_dt": ("mixer.dt_proj", "mamba.dt_proj", "mixer.dt", "mamba.dt", "linear_attn.dt"),
    "ssm_a": ("mixer.A_log", "mamba.A_log", "linear_attn.A_log"),
    "ssm_d": ("mixer.D", "mamba.D"),
    "ssm_norm": ("mixer.norm", "mamba.norm", "linear_attn.norm"),
    "ssm_dt_norm": ("mamba.dt_layernorm",),
    "ssm_b_norm": ("mamba.b_layernorm",),
    "ssm_c_norm": ("mamba.c_layernorm",),
    "ssm_out": ("mixer.out_proj", "mamba.out_proj", "linear_attn.out_proj"),
    "ssm_alpha": ("linear_attn.in_proj_a",),
    "ssm_beta": ("linear_attn.in_proj_b",),
    "ssm_ba": ("linear_attn.in_proj_ba",),
    "shortconv.conv": ("conv.conv",),
    "shortconv.in_proj": ("conv.in_proj",),
    "shortconv.out_proj": ("conv.out_proj",),
}

_OUTSIDE: Mapping[str, tuple[str, ...]] = {
    "token_embd": (
        *("embed_tokens", "wte", "embeddings.word_embeddings", "word_embeddings", "embed_in", "shared", "embeddings"),
        *("embeddings.tok_embeddings", "tok_embeddings"),
    ),
    "token_types": ("embeddings.token_type_embeddings", "token_type_embeddings"),
    "position_embd": ("embeddings.position_embeddings", "wpe", "embed_positions"),
    "token_embd_norm": ("embeddings.LayerNorm", "word_embeddings_layernorm", "embeddings.norm", "embedding_norm"),
    "output_norm": ("norm", "ln_f", "final_layer_norm", "norm_f", "final_layernorm", "final_norm"),
    "output": ("lm_head", "embed_out"),
}

UNCONVERTED = ("pooler.", "cls.", "qa_outputs.", "lm_head.dense.", "lm_head.layer_norm.")
"""Names, or parts of names after a dot, that the converter of llama.cpp drops from encoders."""

COMPUTED = re.compile(
    r"rope_freqs\.weight|rope_factors_(long|short)\.weight|(.*\.)?attn_rot_embd(\.weight)?|blk\.\d+\.exp_probs_b\.bias",
    re.ASCII,
)
"""Tensors of a GGUF file that are parameters of no class: frequencies, and the router's corrections of DeepSeek-V3."""

_BARE = frozenset({"ssm_a", "ssm_d"})
"""Tensors that GGUF names without `.weight`."""

_ENDINGS = ("weight", "bias")


def _reversed(table: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {tail: name for name, tails in table.items() for tail in tails}


_BY_TAIL, _BY_STEM = _reversed(_INSIDE), _reversed(_OUTSIDE)


def is_gguf(names: Collection[str]) -> bool:
    """Return True if the names of a checkpoint are those of llama.cpp.

    >>> is_gguf(["token_embd.weight", "blk.0.attn_q.weight"]), is_gguf(["model.layers.0.self_attn.q_proj.weight"])
    (True, False)
    """
    return "token_embd.weight" in names or any(name.startswith(("blk.", "enc.blk.")) for name in names)


def gguf_name(name: str, *, post_norms: bool = False) -> str | None:
    """Return llama.cpp's name of a tensor of a class, or None if it has none; `{}` may stand for a number.

    `post_norms` says that the class has norms after its sublayers, as Gemma 2 and OLMo 2 have. The norm
    `post_attention_layernorm` is before the feed-forward in all other classes.

    >>> gguf_name("model.layers.3.self_attn.q_proj.bias"), gguf_name("transformer.h.{}.mlp.c_fc.weight")
    ('blk.3.attn_q.bias', 'blk.{}.ffn_up.weight')
    >>> gguf_name("decoder.block.0.layer.1.EncDecAttention.q.weight"), gguf_name("bert.pooler.dense.weight")
    ('dec.blk.0.cross_attn_q.weight', None)
    """
    found = LAYERS.match(name)
    stem, ending = _parted(name if found is None else name[found.end() :])
    if found is None:
        return _outside(stem, ending)
    side = _side(found["path"]) if found["stack"] == "block" else ""
    if stem == "post_attention_layernorm":
        inside: str | None = "post_attention_norm" if post_norms else "ffn_norm"
    elif side == "enc." and stem == "layer.1.layer_norm":
        inside = "ffn_norm"
    else:
        inside = _BY_TAIL.get(stem)
    if inside is None:
        return None
    return f"{side}blk.{found['number']}.{inside}" + ("" if inside in _BARE or not ending else f".{ending}")


def _parted(name: str) -> tuple[str, str]:
    """Return the name of a module, and `weight` or `bias`; a correction of router scores ends in `_bias`."""
    stem, _, last = name.rpartition(".")
    if last in _ENDINGS:
        return stem, last
    if last == "e_score_correction_bias":
        return f"{stem}.e_score_correction", "bias"
    if last.endswith("_bias") and ".experts." in f".{name}":
        return name.removesuffix("_bias"), "bias"
    bare = last in {"A_log", "D"}
    if last == "dt_bias":
        return f"{stem}.dt", "bias"
    return name, "" if bare else "weight"


def _side(path: str) -> str:
    """Return the prefix of the two stacks of T5."""
    last = path.rpartition(".")[2]
    return {"encoder": "enc.", "decoder": "dec."}.get(last, "")


def _outside(stem: str, ending: str) -> str | None:
    for tail in (stem, ".".join(stem.split(".")[-2:]), stem.rpartition(".")[2]):
        if tail in _BY_STEM:
            side = _side(stem.rpartition(".")[0]) if tail == "final_layer_norm" else ""
            return f"{side}{_BY_STEM[tail]}.{ending or 'weight'}"
    return None


def is_unconverted(name: str) -> bool:
    """Return True if the converter of llama.cpp drops the tensor of this name.

    >>> is_unconverted("bert.pooler.dense.weight"), is_unconverted("encoder.layer.0.output.dense.weight")
    (True, False)
    """
    return any(f".{part}" in f".{name}" for part in UNCONVERTED)
