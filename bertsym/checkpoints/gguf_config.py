"""Read the metadata of a GGUF file as the fields of a `config.json`.

The keys are those of llama.cpp (`Keys` in gguf-py's constants.py). It writes no field for a bias or a tied output: the
file has the tensor or lacks it, as in `modeling_gguf_pytorch_utils.py` of transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from bertsym.checkpoints.gguf import Content, Length
from bertsym.checkpoints.tensor_types import Array
from bertsym.errors import BadField, BadFile, echo
from bertsym.files.jsonfile import Json
from bertsym.values import value

Arrays = Mapping[str, Array]
Fields = dict[str, Json]

_USUAL = {
    "embedding_length": "hidden_size",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "context_length": "max_position_embeddings",
}
_WITH_HEAD_SIZE = {**_USUAL, "attention.key_length": "head_dim"}
_EXPERTS = {"expert_count": "num_experts", "expert_used_count": "num_experts_per_tok"}
_LOCAL_EXPERTS = {"expert_count": "num_local_experts", "expert_used_count": "num_experts_per_tok"}
_EXPERT_WIDTH = {"expert_feed_forward_length": "moe_intermediate_size"}
_BERT = {key: field for key, field in _USUAL.items() if not key.endswith(("_kv", "context_length"))}
_LATENT = {
    "attention.kv_lora_rank": "kv_lora_rank",
    "attention.q_lora_rank": "q_lora_rank",
    "leading_dense_block_count": "first_k_dense_replace",
    "expert_count": "n_routed_experts",
    "expert_used_count": "num_experts_per_tok",
    "expert_shared_count": "n_shared_experts",
    "rope.dimension_count": "qk_rope_head_dim",
}
_GPT2 = {
    "embedding_length": "n_embd",
    "block_count": "n_layer",
    "attention.head_count": "n_head",
    "context_length": "n_positions",
}
_T5 = {
    "embedding_length": "d_model",
    "block_count": "num_layers",
    "decoder_block_count": "num_decoder_layers",
    "feed_forward_length": "d_ff",
    "attention.head_count": "num_heads",
    "attention.key_length": "d_kv",
    "attention.relative_buckets_count": "relative_attention_num_buckets",
}


@value
class GGUFArchitecture:
    """A model type for one architecture of llama.cpp, its head, and the field for each key of the metadata.

    `finish` completes the fields from the tensors, where the metadata have no key.
    """

    model_type: str
    fields: Mapping[str, str]
    head: str = "causal-lm"
    finish: Callable[[Fields, Mapping[str, Content], Arrays], None] | None = None


@value
class GGUFDescription:
    """The fields of a `config.json` that a GGUF file describes, and the task head of its class."""

    architecture: str
    fields: Mapping[str, Json]
    head: str


def description(metadata: Mapping[str, Content], arrays: Arrays, path: Path) -> GGUFDescription:
    """Return the configuration that the metadata and tensors describe; raise BadField or BadFile."""
    name = metadata.get("general.architecture")
    if not isinstance(name, str):
        raise BadField(str(path), "general.architecture", "missing: pass --model")
    if metadata.get("general.type") in ("adapter", "mmproj", "imatrix") or name == "clip":
        raise BadFile(str(path), f"a GGUF file of an {echo(metadata.get('general.type', name))}, not of a whole model")
    found = _architecture(name, metadata, arrays)
    if found is None:
        raise BadField(str(path), "general.architecture", f"{echo(name)} is not covered; pass --model or --infer")
    fields: Fields = {"model_type": found.model_type}
    for key, field in found.fields.items():
        size = _size(metadata.get(f"{name}.{key}"), f"{name}.{key}", path)
        if size is not None:
            fields[field] = size
    fields["vocab_size"] = _vocabulary(metadata, arrays, name, path)
    if found.head == "causal-lm":
        fields["tie_word_embeddings"] = "output.weight" not in arrays
    if found.finish is not None:
        found.finish(fields, {key.removeprefix(f"{name}."): one for key, one in metadata.items()}, arrays)
    return GGUFDescription(name, fields, found.head)


def _architecture(name: str, metadata: Mapping[str, Content], arrays: Arrays) -> GGUFArchitecture | None:
    if name == "llama" and metadata.get("llama.expert_count"):
        return GGUFArchitecture("mixtral", {**_WITH_HEAD_SIZE, **_LOCAL_EXPERTS})
    if name == "bert" and "token_types.weight" not in arrays:
        keys = ("embedding_length", "block_count", "feed_forward_length", "attention.head_count")
        fields = dict(zip(keys, ("dim", "n_layers", "hidden_dim", "n_heads"), strict=True))
        return GGUFArchitecture("distilbert", fields, "model", _finish_bert)
    if name == "deepseek2" and any(key.endswith(".exp_probs_b.bias") for key in arrays):
        return GGUFArchitecture("deepseek_v3", {**_BERT, **_LATENT, **_EXPERT_WIDTH}, finish=_finish_latent)
    return ARCHITECTURES.get(name)


def _size(found: Content | None, key: str, path: Path) -> Json:
    """Return a size of the metadata; a list with one value for each layer gives the value if all are equal."""
    if isinstance(found, tuple) and len(set(found)) == 1:
        found = found[0]
    if isinstance(found, tuple | Length):
        raise BadField(str(path), key, f"{echo(found)}: a value for each layer is not covered; pass --model")
    if found is None or (isinstance(found, int) and not isinstance(found, bool)):
        return found
    raise BadField(str(path), key, f"expected an integer, got {echo(found)}")


def _vocabulary(metadata: Mapping[str, Content], arrays: Arrays, name: str, path: Path) -> Json:
    """Return the number of tokens, by which llama.cpp makes the embedding; `vocab_size` is for files without tokens."""
    tokens = metadata.get("tokenizer.ggml.tokens")
    embedding = arrays.get("token_embd.weight")
    if isinstance(tokens, Length) and tokens.entries:
        return tokens.entries
    given = _size(metadata.get(f"{name}.vocab_size"), f"{name}.vocab_size", path)
    if given is not None:
        return given
    if embedding is None or len(embedding.shape) != 2:
        raise BadField(str(path), f"{name}.vocab_size", "missing, and so are the tokens; pass --model")
    return embedding.shape[0]


def _rows(arrays: Arrays, name: str) -> int | None:
    array = arrays.get(name)
    return array.shape[0] if array is not None and len(array.shape) == 2 else None


def _bias(tensor: str, field: str) -> Callable[[Fields, Mapping[str, Content], Arrays], None]:
    """Return a function that sets a switch of the configuration if the first layer has a tensor."""

    def finish(fields: Fields, _: Mapping[str, Content], arrays: Arrays) -> None:
        fields[field] = f"blk.0.{tensor}" in arrays

    return finish


def _finish_llama(fields: Fields, _: Mapping[str, Content], arrays: Arrays) -> None:
    fields["attention_bias"] = "blk.0.attn_q.bias" in arrays
    fields["mlp_bias"] = "blk.0.ffn_up.bias" in arrays


def _finish_bert(fields: Fields, _: Mapping[str, Content], arrays: Arrays) -> None:
    positions, types = _rows(arrays, "position_embd.weight"), _rows(arrays, "token_types.weight")
    if positions is not None:
        fields["max_position_embeddings"] = positions
    if types is not None:
        fields["type_vocab_size"] = types


def _finish_latent(fields: Fields, metadata: Mapping[str, Content], _: Arrays) -> None:
    """Set the head sizes of DeepSeek's latent attention; newer files give them under `_mla`."""
    key = metadata.get("attention.key_length_mla", metadata.get("attention.key_length"))
    rope = fields.get("qk_rope_head_dim")
    fields.setdefault("q_lora_rank", None)
    if isinstance(key, int) and isinstance(rope, int):
        fields["qk_nope_head_dim"] = key - rope
    width = metadata.get("attention.value_length_mla", metadata.get("attention.value_length"))
    if isinstance(width, int):
        fields["v_head_dim"] = width


def _finish_falcon(fields: Fields, metadata: Mapping[str, Content], arrays: Arrays) -> None:
    groups = metadata.get("attention.head_count_kv")
    fields["new_decoder_architecture"] = "blk.0.attn_norm_2.weight" in arrays
    fields["multi_query"] = groups == 1
    fields["bias"] = "blk.0.attn_qkv.bias" in arrays
    if fields["new_decoder_architecture"] and isinstance(groups, int):
        fields["num_kv_heads"] = groups


def _finish_stablelm(fields: Fields, _: Mapping[str, Content], arrays: Arrays) -> None:
    fields["use_qkv_bias"] = "blk.0.attn_q.bias" in arrays
    fields["use_parallel_residual"] = "blk.0.ffn_norm.weight" not in arrays
    fields["qk_layernorm"] = "blk.0.attn_q_norm.weight" in arrays


def _finish_gpt2(fields: Fields, metadata: Mapping[str, Content], _: Arrays) -> None:
    width, inner = fields.get("n_embd"), metadata.get("feed_forward_length")
    if isinstance(width, int) and isinstance(inner, int):
        fields["n_inner"] = inner


def _finish_starcoder(fields: Fields, metadata: Mapping[str, Content], _: Arrays) -> None:
    fields["multi_query"] = metadata.get("attention.head_count_kv") == 1


def _finish_t5(fields: Fields, _: Mapping[str, Content], arrays: Arrays) -> None:
    fields["feed_forward_proj"] = "gated-gelu" if "enc.blk.0.ffn_gate.weight" in arrays else "relu"
    fields["tie_word_embeddings"] = "output.weight" not in arrays
    fields.setdefault("num_decoder_layers", fields.get("num_layers"))


def _finish_mamba(fields: Fields, metadata: Mapping[str, Content], _: Arrays) -> None:
    inner, width = metadata.get("ssm.inner_size"), fields.get("hidden_size")
    if isinstance(inner, int) and isinstance(width, int) and width and inner % width == 0:
        fields["expand"] = inner // width
        fields["intermediate_size"] = inner


_ATTENTION_BIAS = _bias("attn_q.bias", "attention_bias")

ARCHITECTURES: Mapping[str, GGUFArchitecture] = {
    "llama": GGUFArchitecture("llama", _WITH_HEAD_SIZE, finish=_finish_llama),
    "granite": GGUFArchitecture("granite", _USUAL, finish=_finish_llama),
    "smollm3": GGUFArchitecture("smollm3", _USUAL, finish=_finish_llama),
    "arcee": GGUFArchitecture("arcee", _WITH_HEAD_SIZE, finish=_finish_llama),
    "seed_oss": GGUFArchitecture("seed_oss", _WITH_HEAD_SIZE),
    "olmo": GGUFArchitecture("olmo", _USUAL, finish=_ATTENTION_BIAS),
    "olmo2": GGUFArchitecture("olmo2", _USUAL, finish=_ATTENTION_BIAS),
    "olmoe": GGUFArchitecture("olmoe", {**_USUAL, **_EXPERTS}, finish=_ATTENTION_BIAS),
    "qwen2": GGUFArchitecture("qwen2", _USUAL),
    "qwen3": GGUFArchitecture("qwen3", _WITH_HEAD_SIZE, finish=_ATTENTION_BIAS),
    "qwen2moe": GGUFArchitecture(
        "qwen2_moe",
        {
            **_USUAL,
            **_EXPERTS,
            **_EXPERT_WIDTH,
            "expert_shared_feed_forward_length": "shared_expert_intermediate_size",
        },
    ),
    "qwen3moe": GGUFArchitecture("qwen3_moe", {**_WITH_HEAD_SIZE, **_EXPERTS, **_EXPERT_WIDTH}, finish=_ATTENTION_BIAS),
    "phimoe": GGUFArchitecture("phimoe", {**_USUAL, **_LOCAL_EXPERTS}, finish=_ATTENTION_BIAS),
    "gpt-oss": GGUFArchitecture(
        "gpt_oss",
        {**_WITH_HEAD_SIZE, **_LOCAL_EXPERTS, "expert_feed_forward_length": "intermediate_size"},
        finish=_ATTENTION_BIAS,
    ),
    "granitemoe": GGUFArchitecture("granitemoe", {**_USUAL, **_LOCAL_EXPERTS}, finish=_ATTENTION_BIAS),
    "deepseek2": GGUFArchitecture("deepseek_v2", {**_BERT, **_LATENT, **_EXPERT_WIDTH}, finish=_finish_latent),
    "phi2": GGUFArchitecture("phi", _USUAL),
    "phi3": GGUFArchitecture("phi3", _USUAL),
    "gemma": GGUFArchitecture("gemma", _WITH_HEAD_SIZE, finish=_ATTENTION_BIAS),
    "gemma2": GGUFArchitecture("gemma2", _WITH_HEAD_SIZE, finish=_ATTENTION_BIAS),
    "gemma3": GGUFArchitecture("gemma3_text", _WITH_HEAD_SIZE, finish=_ATTENTION_BIAS),
    "command-r": GGUFArchitecture("cohere", _USUAL, finish=_bias("attn_q_norm.weight", "use_qk_norm")),
    "cohere2": GGUFArchitecture("cohere2", _WITH_HEAD_SIZE),
    "glm4": GGUFArchitecture("glm4", _WITH_HEAD_SIZE, finish=_ATTENTION_BIAS),
    "bitnet": GGUFArchitecture("bitnet", _USUAL, finish=_ATTENTION_BIAS),
    "exaone4": GGUFArchitecture("exaone4", _USUAL),
    "ernie4_5": GGUFArchitecture("ernie4_5", _WITH_HEAD_SIZE),
    "eurobert": GGUFArchitecture("eurobert", _USUAL, "model"),
    "stablelm": GGUFArchitecture("stablelm", _USUAL, finish=_finish_stablelm),
    "starcoder2": GGUFArchitecture("starcoder2", _USUAL, finish=_bias("attn_q.bias", "use_bias")),
    "starcoder": GGUFArchitecture("gpt_bigcode", _GPT2, finish=_finish_starcoder),
    "falcon": GGUFArchitecture(
        "falcon",
        {
            "embedding_length": "hidden_size",
            "block_count": "num_hidden_layers",
            "attention.head_count": "num_attention_heads",
            "feed_forward_length": "ffn_hidden_size",
        },
        finish=_finish_falcon,
    ),
    "gpt2": GGUFArchitecture("gpt2", _GPT2, finish=_finish_gpt2),
    "gptj": GGUFArchitecture("gptj", _GPT2),
    "gptneox": GGUFArchitecture(
        "gpt_neox",
        {key: field for key, field in _USUAL.items() if not key.endswith("_kv")},
        finish=_bias("attn_qkv.bias", "attention_bias"),
    ),
    "bloom": GGUFArchitecture(
        "bloom",
        {"embedding_length": "hidden_size", "block_count": "n_layer", "attention.head_count": "n_head"},
    ),
    "mpt": GGUFArchitecture(
        "mpt", {"embedding_length": "d_model", "block_count": "n_layers", "attention.head_count": "n_heads"}
    ),
    "bert": GGUFArchitecture("bert", _BERT, "model", _finish_bert),
    "modern-bert": GGUFArchitecture("modernbert", _BERT, "model"),
    "t5": GGUFArchitecture("t5", _T5, "conditional-generation", _finish_t5),
    "t5encoder": GGUFArchitecture("t5", _T5, "encoder", _finish_t5),
    "mamba": GGUFArchitecture(
        "mamba",
        {
            "embedding_length": "hidden_size",
            "block_count": "num_hidden_layers",
            "ssm.state_size": "state_size",
            "ssm.conv_kernel": "conv_kernel",
            "ssm.time_step_rank": "time_step_rank",
        },
        finish=_finish_mamba,
    ),
}
"""The architectures of llama.cpp that a class of transformers covers whole, by `general.architecture`."""
