"""GGUF files of classes as transformers builds them, named by the map of llama.cpp's own library, at random sizes.

The shapes are those of the parameters on torch's meta device. The three changes of llama.cpp's converter that are no
renaming stand here once more, as it has them: joined experts are split, GPT-2 is transposed, the pooler is dropped.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.checkpoints.gguf_writer import Typed, Value, u32, write_gguf

pytestmark = pytest.mark.torch

Shape = tuple[int, ...]
USUAL = {
    "hidden_size": "embedding_length",
    "num_hidden_layers": "block_count",
    "intermediate_size": "feed_forward_length",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "head_dim": "attention.key_length",
    "num_experts": "expert_count",
    "num_local_experts": "expert_count",
    "num_experts_per_tok": "expert_used_count",
    "moe_intermediate_size": "expert_feed_forward_length",
    "shared_expert_intermediate_size": "expert_shared_feed_forward_length",
    "n_embd": "embedding_length",
    "n_layer": "block_count",
    "n_head": "attention.head_count",
    "n_positions": "context_length",
    "d_model": "embedding_length",
    "n_layers": "block_count",
    "n_heads": "attention.head_count",
    "dim": "embedding_length",
    "hidden_dim": "feed_forward_length",
}
# The class, the architecture of llama.cpp, and the fields beside the usual ones; "heads" stands for their number.
CLASSES: dict[str, tuple[str, dict[str, object]]] = {
    "LlamaForCausalLM": ("llama", {}),
    "MistralForCausalLM": ("llama", {"head_dim": 24}),
    "MixtralForCausalLM": ("llama", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "Qwen2ForCausalLM": ("qwen2", {"tie_word_embeddings": True}),
    "Qwen2MoeForCausalLM": (
        "qwen2moe",
        {
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 40,
            "shared_expert_intermediate_size": 56,
        },
    ),
    "Qwen3ForCausalLM": ("qwen3", {"head_dim": 24}),
    "Qwen3MoeForCausalLM": ("qwen3moe", {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 40}),
    "GemmaForCausalLM": ("gemma", {"head_dim": 24}),
    "Gemma2ForCausalLM": ("gemma2", {"head_dim": 24}),
    "Gemma3ForCausalLM": ("gemma3", {"head_dim": 24}),
    "PhiForCausalLM": ("phi2", {}),
    "Phi3ForCausalLM": ("phi3", {"pad_token_id": 0}),
    "CohereForCausalLM": ("command-r", {"pad_token_id": 0}),
    "OlmoForCausalLM": ("olmo", {}),
    "Olmo2ForCausalLM": ("olmo2", {}),
    "OlmoeForCausalLM": ("olmoe", {"num_experts": 4, "num_experts_per_tok": 2}),
    "GraniteForCausalLM": ("granite", {}),
    "SmolLM3ForCausalLM": ("smollm3", {"pad_token_id": 0}),
    "StableLmForCausalLM": ("stablelm", {}),
    "Starcoder2ForCausalLM": ("starcoder2", {}),
    "GPTNeoXForCausalLM": ("gptneox", {}),
    "GPT2LMHeadModel": ("gpt2", {}),
    "GPTJForCausalLM": ("gptj", {"rotary_dim": 4}),
    "GPTBigCodeForCausalLM": ("starcoder", {}),
    "BloomForCausalLM": ("bloom", {}),
    "MptForCausalLM": ("mpt", {}),
    "ArceeForCausalLM": ("arcee", {}),
    "Ernie4_5ForCausalLM": ("ernie4_5", {"head_dim": 24}),
    "Cohere2ForCausalLM": ("cohere2", {"pad_token_id": 0}),
    "Glm4ForCausalLM": ("glm4", {"pad_token_id": 0, "head_dim": 24}),
    "Exaone4ForCausalLM": ("exaone4", {}),
    "GraniteMoeForCausalLM": ("granitemoe", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "PhimoeForCausalLM": ("phimoe", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "BitNetForCausalLM": ("bitnet", {"tie_word_embeddings": True}),
    "EuroBertModel": ("eurobert", {"pad_token_id": 0}),
    "BertModel": ("bert", {}),
    "DistilBertModel": ("bert", {}),
    "ModernBertModel": ("modern-bert", {"pad_token_id": 0}),
}
# Names that transformers 5 changed after llama.cpp's map was written.
RENAMED = {
    "block_sparse_moe.router.weight": "ffn_gate_inp.weight",
    "attn_sub_norm.weight": "attn_sub_norm.weight",
    "ffn_sub_norm.weight": "ffn_sub_norm.weight",
}


def fields(config: Any, source: random.Random) -> dict[str, object]:
    """Random sizes under the names that the configuration class has."""
    heads, size = source.choice([2, 4]), source.choice([8, 16])
    named = {
        **dict.fromkeys(("hidden_size", "n_embd", "d_model", "dim"), heads * size),
        **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers"), source.randint(1, 3)),
        **dict.fromkeys(("num_attention_heads", "n_head", "n_heads"), heads),
        **dict.fromkeys(("intermediate_size", "hidden_dim"), 8 * source.randint(3, 20)),
        **dict.fromkeys(("num_key_value_heads",), source.choice([1, heads])),
        **dict.fromkeys(("max_position_embeddings", "n_positions"), 32),
        "vocab_size": source.randint(60, 200),
    }
    if "Bloom" in type(config).__name__:
        named["hidden_size"] = heads * size
    own = config.to_dict()
    return {name: value for name, value in named.items() if name in own}


def stored(name: str, shape: Shape, cls: str) -> Iterator[tuple[str, str | None, Shape]]:
    """The tensors that the converter makes of one: its name or llama.cpp's, and the shape."""
    layer = next((word for word in name.split(".") if word.isdecimal()), "")
    if "pooler" in name:
        return
    if name.endswith("experts.gate_up_proj"):
        half = (shape[0], shape[1] // 2, shape[2])
        yield from ((name, f"blk.{layer}.ffn_{part}_exps.weight", half) for part in ("gate", "up"))
    elif renamed := next((theirs for ours, theirs in RENAMED.items() if name.endswith(ours)), None):
        yield name, f"blk.{layer}.{renamed}", shape
    elif name.endswith("experts.down_proj"):
        yield name, f"blk.{layer}.ffn_down_exps.weight", shape
    elif cls == "GPT2LMHeadModel" and len(shape) == 2 and any(part in name for part in (".c_", "_attn.")):
        yield name, None, shape[::-1]
    else:
        yield name, None, shape


@pytest.mark.parametrize("cls", CLASSES)
def test_a_class_in_gguf(cls: str, torch: Any, transformers: Any, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    library = pytest.importorskip("gguf", reason="the library of llama.cpp is not installed")
    architecture, more = CLASSES[cls]
    kind = getattr(transformers, cls).config_class
    numbers = {name: number for number, name in library.MODEL_ARCH_NAMES.items()}
    for seed in range(2):
        source = random.Random(f"{cls} {seed}")
        given = {**fields(kind(**more), source), **more}
        config = kind(**given)
        with torch.device("meta"):
            module = getattr(transformers, cls)(config)
        names = library.get_tensor_name_map(numbers[architecture], 4)
        shapes: dict[str, Shape] = {}
        parameters = {name: tuple(one.shape) for name, one in module.named_parameters()}
        for name, shape in parameters.items():
            for own, theirs, sides in stored(name, shape, cls):
                prefixes = ("", "bert.", "transformer.", "model.", "distilbert.")
                tried = (names.get_name(own.removeprefix(p), try_suffixes=(".weight", ".bias")) for p in prefixes)
                found = theirs or next((one for one in tried if one), None)
                assert found is not None, own
                shapes[found] = sides
        keys: dict[str, Value] = {"general.architecture": architecture}
        for field, key in USUAL.items():
            size = given.get(field)
            if isinstance(size, int) and not isinstance(size, bool):
                keys[f"{architecture}.{key}"] = u32(size)
        keys["tokenizer.ggml.tokens"] = ["a"] * config.vocab_size
        keys["tokenizer.ggml.scores"] = [Typed(6, "f", 0.0)] * config.vocab_size
        file = write_gguf(tmp_path / f"{seed}.gguf", keys, shapes)
        ran = bertsym("verify", str(file), "--json")
        assert ran.code == 0, (seed, given, ran.out[:600], ran.err)
        found_count = json.loads(ran.out)["count"]
        dropped = sum(one.numel() for name, one in module.named_parameters() if "pooler" in name)
        assert found_count == module.num_parameters() - dropped
