"""Memory in training, against hooks on the saved tensors of real classes on the meta device."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import sympy

from bertsym import load
from bertsym.convention import select
from bertsym.costs import Settings, measured, quantity
from bertsym.costs.activations import IN_16_BITS, TREES
from bertsym.count import count, total
from bertsym.errors import NotKnownOf
from bertsym.model import Model
from bertsym.symbols import B, F, H, L, N, S, V, d, experts, experts_per_token, ffn_ratio, heads, kv_heads, tied
from bertsym.zoo import ARCHITECTURES, named
from tests.costs.saved_tensors import saved_bytes

CONFIGURATIONS = 20
CASES = [(name, head) for name, trees in TREES.items() for head in trees]
CONFIGS = {"bert": "BertConfig", "gpt2": "GPT2Config", "llama": "LlamaConfig", "mixtral": "MixtralConfig"}


def drawn(name: str, draw: random.Random) -> tuple[dict[str, Any], dict[Any, Any]]:
    """Return the fields of a configuration and the sizes that they mean; a side may be 1."""
    number, size = draw.randint(1, 5), 2 * draw.randint(1, 12)
    layers, rows, wide = draw.randint(1, 4), draw.randint(9, 200), 8 * draw.randint(1, 40)
    if name in {"bert", "gpt2"}:
        sizes: dict[Any, Any] = {V: rows, N: 64, H: number * size, L: layers, heads: number, F: wide}
        if name == "bert":
            fields = {"hidden_size": number * size, "num_hidden_layers": layers, "num_attention_heads": number}
            return {"vocab_size": rows, "max_position_embeddings": 64, "intermediate_size": wide, **fields}, sizes
        fields = {"n_embd": number * size, "n_layer": layers, "n_head": number, "n_inner": wide, "n_positions": 64}
        return {"vocab_size": rows, "use_cache": False, **fields}, sizes
    shared = draw.randint(1, 3)
    width = 8 * number * shared * draw.randint(1, 3)
    fields = {
        "vocab_size": rows,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": number * shared,
        "num_key_value_heads": shared,
        "head_dim": size,
        "intermediate_size": wide,
        "use_cache": False,
    }
    sizes = {V: rows, H: width, L: layers, heads: number * shared, kv_heads: shared, d: size, F: wide, tied: False}
    if name == "mixtral":
        among = draw.randint(1, 9)
        chosen = draw.randint(1, among)
        return {**fields, "num_local_experts": among, "num_experts_per_tok": chosen}, {
            **sizes,
            experts: among,
            experts_per_token: chosen,
        }
    return fields, sizes


def built(torch: Any, transformers: Any, name: str, head: str, fields: dict[str, Any], kernel: str, dtype: str) -> Any:
    """Return the class in training mode."""
    config = getattr(transformers, CONFIGS[name])(**fields)
    config._attn_implementation = "eager" if kernel == "eager" else "sdpa"
    if name == "mixtral":
        config._experts_implementation = "grouped_mm"
    with torch.device("meta"):
        module = getattr(transformers, ARCHITECTURES[name].heads[head].cls)(config)
    if kernel == "checkpointed":
        module.gradient_checkpointing_enable({"use_reentrant": False})
    return module.to(getattr(torch, dtype)).train()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kernel", ["eager", "flash", "checkpointed"])
@pytest.mark.parametrize(("name", "head"), CASES)
def test_what_autograd_keeps(name: str, head: str, kernel: str, torch: Any, transformers: Any) -> None:
    for seed in range(CONFIGURATIONS):
        draw = random.Random(f"{name} {head} {kernel} {seed}")
        fields, sizes = drawn(name, draw)
        dtype = (
            "bfloat16" if kernel == "flash" or name in IN_16_BITS else draw.choice(["bfloat16", "float16", "float32"])
        )
        sequences, tokens = draw.randint(1, 4), draw.choice([1, draw.randint(2, 64)])
        module = built(torch, transformers, name, head, fields, kernel, dtype)
        choices = (1,) if head == "multiple-choice" else ()
        ids = torch.zeros(*choices, sequences, tokens, dtype=torch.long, device="meta")
        real = saved_bytes(torch, module, {"input_ids": ids})
        memory = quantity("memory", Settings(dtype=dtype, kernel=kernel))
        account = memory.account()
        ours = measured(Model(ARCHITECTURES[name], head).with_sizes(sizes), memory, account)
        ours = ours.with_sizes({B: sequences, S: tokens})
        kept = count(ours, select(account.convention, ours.tensors, ["activations"]))
        assert kept == real, (seed, dtype, fields, sequences, tokens)


def kept_of(model: Model, kernel: str, dtype: str | None = None) -> tuple[Model, Any]:
    """Return the model whose entries are the activations, and their convention."""
    memory = quantity("memory", Settings(kernel=kernel, dtype=dtype))
    account = memory.account()
    ours = measured(model, memory, account)
    return ours, select(account.convention, ours.tensors, ["activations"])


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_the_account_of_the_paper(name: str) -> None:
    """Equation 2 of arXiv:2205.05198: s*b*h*(34 + 5*a*s/h) bytes for each layer with F = 4*h."""
    ours, convention = kept_of(Model(ARCHITECTURES[name]), "paper")
    formula = total(ours, convention).xreplace({ffn_ratio: sympy.Integer(4)})
    assert sympy.expand(formula - L * B * S * (34 * H + 5 * heads * S)) == 0


def test_what_the_paper_leaves_out_of_a_layer_of_bert() -> None:
    """Two norms save a mean and a deviation of 4 bytes for each token."""
    code, paper = (total(*kept_of(Model(ARCHITECTURES["bert"]), kernel, "bf16")) for kernel in ("eager", "paper"))
    assert sympy.expand((code - paper).coeff(L)) == 16 * B * S


def test_a_layer_of_a_published_model() -> None:
    """The bytes that hooks saw in a layer of Llama 2 7B, without the angles that all layers share."""
    ours, convention = kept_of(named("Llama-2-7b-hf"), "flash")
    single, double = (count(ours.with_sizes({B: 1, S: 4096, L: layers}), convention) for layers in (1, 2))
    assert double - single == 763_920_408


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("total t5 --of memory", "its memory in training is not known"),
        ("total deepseek_v3 --of memory", "DeepseekV3ForCausalLM: its memory in training is not known"),
        ("total gpt2 --of memory --head double-heads", "it is known of GPT2Model, GPT2LMHeadModel"),
        ("total bert --of memory --kernel fast", "unknown kernel 'fast': did you mean flash?"),
        ("total bert --of memory --kernel flash --dtype float32", "--kernel flash contradicts --dtype float32"),
        ("total bert --of memory --dtype int8", "--dtype int8 contradicts --of memory"),
        ("total bert --of memory --at cross_attention=yes", "beyond it nothing is known"),
        ("total bert --of memory --at B=0,S=5", "size B (batch size): expected an integer of at least 1"),
        ("total bert-base-uncased --of memory --at B=1,S=513", "S=513 contradicts N=512"),
        ("total mixtral --of memory", "its memory in 32 bits is not known"),
        ("total llama --of memory --kernel paper", "the paper has no such layer"),
        ("total bert --of states --kernel eager", "--kernel contradicts --of states"),
        ("total bert --of memory --zero 1", "no number of devices"),
        ("total bert --of memory --optimizer lion", "unknown optimizer 'lion'"),
    ],
)
def test_memory_that_is_not_known(words: str, expected: str, bertsym: Any) -> None:
    ran = bertsym(*words.split())
    assert (ran.code, ran.out) == (2, "")
    assert expected in ran.err
    assert len(ran.err.removeprefix("bertsym: ").strip()) <= 200


def test_a_decoder_that_attends_to_an_encoder_is_refused(tmp_path: Path) -> None:
    """Its configuration says so, and its cross-attention keeps arrays that no tree has."""
    config = {"model_type": "gpt2", "n_embd": 64, "n_layer": 2, "n_head": 4, "add_cross_attention": True}
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    with pytest.raises(NotKnownOf, match="cross_attention=True is beyond"):
        load(path).of("memory")


@pytest.mark.parametrize("name", CONFIGS)
def test_a_refusal_fits_a_line(name: str) -> None:
    """Every head is known, or refused in a sentence of at most 200 characters."""
    memory = quantity("memory", Settings(dtype="bf16"))
    for head in ARCHITECTURES[name].heads:
        model = Model(ARCHITECTURES[name], head)
        if head in TREES[name]:
            assert measured(model, memory, memory.account()).tensors
            continue
        with pytest.raises(NotKnownOf) as refusal:
            measured(model, memory, memory.account())
        assert len(str(refusal.value)) <= 200
