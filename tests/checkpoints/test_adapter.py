"""Adapters of peft: what they add to their base, held against the header."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bertsym.checkpoints.adapter import read_adapter
from bertsym.errors import BadField, BertsymError
from tests.checkpoints.files import header_of, write

LAYERS, WIDTH, SMALL, FFN, WORDS = 3, 64, 32, 96, 100
BASE = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": WIDTH,
    "intermediate_size": FFN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": WORDS,
}
SIDES = {"q_proj": (WIDTH, WIDTH), "k_proj": (SMALL, WIDTH), "v_proj": (SMALL, WIDTH), "down_proj": (WIDTH, FFN)}
Run = Callable[..., tuple[int, dict[str, Any]]]


def module(name: str, layer: int) -> str:
    home = "mlp" if name.startswith(("up", "down", "gate")) else "self_attn"
    return f"base_model.model.model.layers.{layer}.{home}.{name}"


def lora(rank: int, *names: str, layers: range = range(LAYERS)) -> dict[str, tuple[int, ...]]:
    """The tensors of LoRA, by its paper: A is (r, inputs), B is (outputs, r)."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in layers:
        for name in names:
            outputs, inputs = SIDES[name]
            shapes[f"{module(name, layer)}.lora_A.weight"] = (rank, inputs)
            shapes[f"{module(name, layer)}.lora_B.weight"] = (outputs, rank)
    return shapes


@pytest.fixture
def verify(tmp_path: Path, bertsym: Callable[..., Any]) -> Run:
    def run(shapes: dict[str, tuple[int, ...]], **fields: object) -> tuple[int, Any]:
        base, folder = tmp_path / "base", tmp_path / "adapter"
        for path in (base, folder):
            path.mkdir(exist_ok=True)
        (base / "config.json").write_text(json.dumps(BASE), encoding="utf-8")
        config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": str(base), "r": 8}
        (folder / "adapter_config.json").write_text(json.dumps({**config, **fields}), encoding="utf-8")
        write(folder / "adapter_model.safetensors", header_of(shapes))
        ran = bertsym("verify", str(folder), "--json")
        assert ran.code == bertsym("verify", str(folder / "adapter_model.safetensors")).code
        return ran.code, json.loads(ran.out) if ran.out else ran.err

    return run


def test_lora_of_two_projections(verify: Run) -> None:
    code, found = verify(lora(8, "q_proj", "v_proj"), target_modules=["q_proj", "v_proj"])
    added = LAYERS * 8 * (WIDTH + WIDTH + SMALL + WIDTH)
    assert (code, found["adds"], found["count"], found["saved"]) == (0, added, added, 0)
    assert found["formula"] == "r*L*heads*d + r*L*kv_heads*d + 2*r*L*H"


def test_another_rank_is_a_finding(verify: Run) -> None:
    code, found = verify(lora(4, "q_proj"), target_modules=["q_proj"])
    assert (code, len(found["mismatched"])) == (1, 2 * LAYERS)


def test_a_module_less_and_a_module_more(verify: Run) -> None:
    code, found = verify(lora(8, "q_proj"), target_modules=["q_proj", "v_proj"])
    assert (code, len(found["missing"]), found["extra"]) == (1, 2 * LAYERS, [])
    code, found = verify(lora(8, "q_proj", "v_proj"), target_modules=["q_proj"])
    assert (code, found["missing"], len(found["extra"])) == (1, [], 2 * LAYERS)


def test_layers_to_transform(verify: Run) -> None:
    shapes = lora(8, "q_proj", layers=range(1, 3))
    assert verify(shapes, target_modules=["q_proj"], layers_to_transform=[1, 2])[0] == 0
    assert verify(shapes, target_modules=["q_proj"], layers_to_transform=[1, 2], layers_pattern="layers")[0] == 0
    assert verify(shapes, target_modules=["q_proj"], layers_to_transform=[0, 2])[0] == 1


def test_rank_pattern(verify: Run) -> None:
    shapes = {**lora(8, "q_proj"), **lora(2, "q_proj", layers=range(1)), **lora(6, "v_proj")}
    ranks = {"model.layers.0.self_attn.q_proj": 2, "v_proj": 6}
    code, found = verify(shapes, target_modules=["q_proj", "v_proj"], rank_pattern=ranks)
    assert (code, found["formula"]) == (0, None)
    assert [one["rank"] for one in found["adapted"]] == [2, 6, 8]


def test_a_regular_expression_is_not_run(verify: Run) -> None:
    """One that would run for years is answered at once: the header says which modules it chose."""
    code, found = verify(lora(8, "q_proj"), target_modules="(a+)+$|" + "(.*)*" * 30 + "q_proj")
    assert (code, found["adds"]) == (0, LAYERS * 8 * 2 * WIDTH)
    assert "a regular expression, which is not run" in found["notes"][0]


def test_dora(verify: Run) -> None:
    shapes = lora(8, "q_proj")
    shapes |= {f"{module('q_proj', layer)}.lora_magnitude_vector": (WIDTH,) for layer in range(LAYERS)}
    code, found = verify(shapes, target_modules=["q_proj"], use_dora=True)
    assert (code, found["adds"]) == (0, LAYERS * (8 * 2 * WIDTH + WIDTH))
    assert verify(lora(8, "q_proj"), target_modules=["q_proj"], use_dora=True)[0] == 1


def test_ia3(verify: Run) -> None:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(LAYERS):
        shapes[f"{module('k_proj', layer)}.ia3_l"] = (SMALL, 1)
        shapes[f"{module('down_proj', layer)}.ia3_l"] = (1, FFN)
    names = ["k_proj", "down_proj"]
    code, found = verify(shapes, peft_type="IA3", target_modules=names, feedforward_modules=["down_proj"])
    assert (code, found["adds"]) == (0, LAYERS * (SMALL + FFN))


def test_modules_to_save(verify: Run) -> None:
    saved = {"base_model.model.lm_head.weight": (WORDS, WIDTH)}
    code, found = verify({**lora(8, "q_proj"), **saved}, target_modules=["q_proj"], modules_to_save=["lm_head"])
    assert (code, found["saved"], found["adds"]) == (0, WORDS * WIDTH, LAYERS * 8 * 2 * WIDTH)
    assert verify(lora(8, "q_proj"), target_modules=["q_proj"], modules_to_save=["lm_head"])[0] == 1
    assert verify({**lora(8, "q_proj"), **saved}, target_modules=["q_proj"])[0] == 1


def test_the_base_by_its_name(verify: Run, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    shapes = lora(8, "q_proj")
    code, message = verify(shapes, target_modules=["q_proj"], base_model_name_or_path="nobody/knows-it")
    assert (code, "or pass the base as --model" in str(message)) == (2, True)
    base = str(tmp_path / "base")
    assert bertsym("verify", str(tmp_path / "adapter"), "--model", base).code == 0
    tiny: dict[str, tuple[int, ...]] = {}
    for layer in range(2):
        for name in ("query", "value"):
            stem = f"base_model.model.encoder.layer.{layer}.attention.self.{name}"
            tiny |= {f"{stem}.lora_A.weight": (8, 128), f"{stem}.lora_B.weight": (128, 8)}
    fields = {"target_modules": ["query", "value"], "base_model_name_or_path": "bert-tiny"}
    code, found = verify(tiny, task_type="FEATURE_EXTRACTION", **fields)
    assert (code, found["base"], found["adds"]) == (0, "BertModel", 2 * 2 * 8 * 256)


def test_a_pickled_adapter(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "target_modules": ["q"]}', encoding="utf-8")
    (tmp_path / "adapter_model.bin").write_bytes(b"never opened")
    ran = bertsym("verify", str(tmp_path), "--model", "llama-7b")
    assert (ran.code, "'adapter_model.bin' is a pickle, which can run code" in ran.err) == (2, True)


REFUSED: dict[str, list[object]] = {
    "peft_type": ["LOHA", None, 3, ["LORA"]],
    "r": [0, -1, "8", True, 2.0, 10**9],
    "target_modules": [None, 3, [3], {"q_proj": 1}],
    "rank_pattern": [[1], {"q_proj": "8"}, {"q_proj": 0}],
    "exclude_modules": [".*", 3],
    "layers_to_transform": ["all", [None], {}],
    "layers_pattern": ["(a+)+", ["la.ers"], 3],
    "bias": ["some", 1],
    "base_model_name_or_path": [3, [], None],
    "task_type": [3],
    "use_qalora": [True],
    "layer_replication": [[[0, 2]]],
    "target_parameters": [["experts.gate_up_proj"]],
    "trainable_token_indices": [[1, 2]],
}


@pytest.mark.parametrize(("field", "content"), [(field, one) for field, every in REFUSED.items() for one in every])
def test_refused(verify: Run, field: str, content: object) -> None:
    fields: dict[str, object] = {"target_modules": ["q_proj"], field: content}
    if field == "layers_pattern":
        fields["layers_to_transform"] = [0]
    code, message = verify(lora(8, "q_proj"), **fields)
    assert code == 2
    assert f"field '{field}'" in str(message)


def test_hostile_configurations(tmp_path: Path) -> None:
    file = tmp_path / "adapter_config.json"
    for text in ("", "[]", "{", '{"peft_type": "LORA", "r": 1, "r": 2}', "[" * 10_000, '{"r": ' + "9" * 5_000 + "}"):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(BertsymError):
            read_adapter(file)
    file.write_text(json.dumps({"peft_type": "\x1b[31mLORA"}), encoding="utf-8")
    with pytest.raises(BadField) as caught:
        read_adapter(file)
    assert str(caught.value).isprintable()


def test_any_configuration(tmp_path: Path) -> None:
    """Fields of any kind are read or refused, never a traceback."""
    source = random.Random(18)
    contents: list[object] = [
        None,
        True,
        0,
        8,
        -1,
        2.5,
        "",
        "q_proj",
        ".*",
        [],
        ["q_proj"],
        [1],
        [[0, 2]],
        {},
        {"a": 1},
    ]
    fields = [*REFUSED, "use_dora", "lora_bias", "modules_to_save", "feedforward_modules", "layers_pattern"]
    file = tmp_path / "adapter_config.json"
    for _ in range(1_500):
        config: dict[str, object] = {"peft_type": source.choice(["LORA", "IA3"]), "target_modules": ["q_proj"]}
        config |= {field: source.choice(contents) for field in source.sample(fields, 4)}
        file.write_text(json.dumps(config), encoding="utf-8")
        with suppress(BertsymError):
            adapter = read_adapter(file)
            assert adapter.rank_of("model.layers.0.self_attn.q_proj") >= 0
            assert adapter.adapts("model.layers.0.self_attn.q_proj") in (True, False)


@pytest.mark.filterwarnings("ignore")  # those of peft
@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("case", ["lora", "dora", "all", "saved", "bias", "embed", "ia3"])
def test_what_peft_saves(case: str, transformers: Any, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """The library's own files and its own count, where it is installed."""
    peft = pytest.importorskip("peft", reason="peft is not installed")
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**{**BASE, "attention_bias": case == "bias"}))
    common = {"task_type": "CAUSAL_LM", "r": 4}
    config = {
        "lora": lambda: peft.LoraConfig(**common, target_modules=["q_proj", "down_proj"]),
        "dora": lambda: peft.LoraConfig(**common, target_modules=["q_proj", "down_proj"], use_dora=True),
        "all": lambda: peft.LoraConfig(**common, target_modules="all-linear"),
        "saved": lambda: peft.LoraConfig(**common, target_modules=["q_proj"], modules_to_save=["lm_head"]),
        "bias": lambda: peft.LoraConfig(**common, target_modules=["q_proj"], bias="all"),
        "embed": lambda: peft.LoraConfig(**common, target_modules=["q_proj", "embed_tokens"]),
        "ia3": lambda: peft.IA3Config(
            task_type="CAUSAL_LM", target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"]
        ),
    }[case]()
    base = tmp_path / "base"
    model.config.architectures = ["LlamaForCausalLM"]
    model.config.save_pretrained(base)
    adapted = peft.get_peft_model(model, config)
    adapted.save_pretrained(tmp_path / "adapter")
    trained = sum(one.numel() for one in adapted.parameters() if one.requires_grad)
    ran = bertsym("verify", str(tmp_path / "adapter"), "--model", str(base), "--json")
    found = json.loads(ran.out)
    repeated = WORDS * WIDTH if case == "embed" else 0  # peft saves the embedding that it adapts
    assert (ran.code, found["count"] - repeated) == (0, trained)
