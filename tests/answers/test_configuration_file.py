"""A config.json at chosen sizes: it says the sizes, counts the same, and transformers builds that many parameters.

With BERTSYM_CONFIGURATIONS=50 the tests build all heads of the zoo and 50 types of the atlas, drawn by
BERTSYM_CONFIGURATIONS_SEED.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

import bertsym
from bertsym import atlas
from bertsym.answers.configuration_file import NoConfiguration, configuration_file
from bertsym.config.paths import value_at
from bertsym.config.written_fields import NotWritten
from bertsym.count import count
from bertsym.derive.domain.stored_space import stored_space
from bertsym.errors import BertsymError, NotAnInteger, UnknownName
from bertsym.model import Model
from bertsym.resolve import load
from bertsym.saved_model.atlas_models import entry_of
from bertsym.symbols import H, Kind, heads
from bertsym.zoo import ARCHITECTURES
from tests.costs.runs import EVERY, runnable
from tests.zoo.test_family import drawn, read

Run = Callable[..., Any]

ATLAS = int(os.environ.get("BERTSYM_CONFIGURATIONS") or 5)
SEED = int(os.environ.get("BERTSYM_CONFIGURATIONS_SEED") or 22)
ATTEMPTS = 12


def fields(name: str, head: str | None = None, at: dict[str, Any] | None = None, **sizes: Any) -> Any:
    """Return the fields of a model at sizes."""
    return bertsym.load(name, head).at(at, **sizes).config()


def test_the_fields_of_a_model_type() -> None:
    """Devlin et al. 2018: the base model, deeper."""
    assert fields("bert", "masked-lm", L=16, H=768) == {
        "architectures": ["BertForMaskedLM"],
        "model_type": "bert",
        "vocab_size": 30522,
        "max_position_embeddings": 512,
        "hidden_size": 768,
        "num_hidden_layers": 16,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "type_vocab_size": 2,
        "tie_word_embeddings": True,
        "add_cross_attention": False,
    }


def test_derived_sizes_and_ties() -> None:
    """A head size decides the heads, a ratio the feed-forward width, and grouped heads are written."""
    assert fields("bert", d=64, H=1024)["num_attention_heads"] == 16
    written = fields("llama", d=64, H=1024, heads=8, ffn_ratio="8/4", kv_heads=4, tied=True, V=1000, L=2)
    assert (written["num_attention_heads"], written["head_dim"], written["num_key_value_heads"]) == (8, 64, 4)
    assert (written["intermediate_size"], written["tie_word_embeddings"]) == (2048, True)


def test_cross_attention_needs_a_decoder() -> None:
    written = fields("bert", cross_attention=True)
    assert (written["add_cross_attention"], written["is_decoder"]) == (True, True)


def test_labels_are_written_if_they_differ() -> None:
    assert "num_labels" not in fields("bert", "sequence-classification")
    assert fields("bert", "sequence-classification", labels=7)["num_labels"] == 7


def test_nested_parts_and_lists_of_stages() -> None:
    """A list with an entry a stage is whole; a part says its type."""
    written = fields("swin", at={"depths[2]": 4})
    assert (written["depths"], written["num_heads"]) == ([2, 2, 4, 2], [3, 6, 12, 24])
    written = fields("llava", at={"text_config.num_hidden_layers": 3, "vision_config.hidden_size": 96, "heads_v": 4})
    assert (written["text_config"]["model_type"], written["text_config"]["num_hidden_layers"]) == ("llama", 3)
    assert (written["vision_config"]["hidden_size"], written["vision_config"]["num_attention_heads"]) == (96, 4)


def test_a_list_of_layers_is_left_to_the_class_or_spread() -> None:
    """Qwen3-Next: every fourth layer has full attention, unless somebody says otherwise."""
    model = bertsym.load("qwen3_next")
    assert "layer_types" not in model.at(L=8).config()
    words: Any = model.at(L=8, L_full=1).config()["layer_types"]
    assert words == ["linear_attention"] * 4 + ["full_attention"] + ["linear_attention"] * 3
    assert fields("lfm2_moe", L=4)["layer_types"].count("full_attention") == 1


def test_a_variant_and_the_parts_of_a_composite() -> None:
    assert fields("deepseek_v3+q_lora_rank=null", L=4)["q_lora_rank"] is None
    written = fields("encoder-decoder:bert+gpt2", at={"encoder.num_hidden_layers": 3})
    assert (written["encoder"]["model_type"], written["decoder"]["model_type"]) == ("bert", "gpt2")
    assert (written["encoder"]["num_hidden_layers"], written["decoder"]["add_cross_attention"]) == (3, True)


def test_a_file_keeps_all_that_the_sizes_leave_alone(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    own = {"model_type": "gpt2", "architectures": ["GPT2Model"], "n_embd": 96, "n_head": 4, "n_layer": 2, "bos": 7}
    file.write_text(json.dumps({**own, "resid_pdrop": 0.5}), encoding="utf-8")
    assert fields(str(file), "causal-lm", L=5) == {
        **own,
        "resid_pdrop": 0.5,
        "n_layer": 5,
        "architectures": ["GPT2LMHeadModel"],
    }


def test_a_configuration_of_the_library_keeps_its_fields() -> None:
    written: Any = bertsym.load({"model_type": "bert", "pad_token_id": 3, "hidden_dropout_prob": 0.2}).at(L=3).config()
    assert (written["pad_token_id"], written["hidden_dropout_prob"], written["num_hidden_layers"]) == (3, 0.2, 3)
    assert "vocab_size" not in written


def test_a_file_keeps_its_spellings_and_loses_the_names_of_other_labels(tmp_path: Path) -> None:
    """Marian's files say the layers twice, and Qwen2-VL's have the fields of the text beside its part."""
    file = tmp_path / "config.json"
    marian = {"model_type": "marian", "encoder_layers": 6, "num_hidden_layers": 6}
    file.write_text(json.dumps(marian), encoding="utf-8")
    written = fields(str(file), at={"encoder_layers": 4})
    assert (written["encoder_layers"], written["num_hidden_layers"]) == (4, 4)
    named = {"model_type": "vit", "architectures": ["ViTForImageClassification"], "id2label": {"0": "a", "1": "b"}}
    file.write_text(json.dumps(named), encoding="utf-8")
    assert "id2label" in fields(str(file))
    written = fields(str(file), labels=5)
    assert (written["num_labels"], "id2label" in written) == (5, False)
    flat = {"model_type": "qwen2_vl", "architectures": ["Qwen2VLForConditionalGeneration"], "hidden_size": 896}
    flat |= {"num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "intermediate_size": 4864}
    file.write_text(json.dumps(flat), encoding="utf-8")
    written = fields(str(file), at={"text_config.num_hidden_layers": 3})
    assert (written["num_hidden_layers"], "text_config" in written) == (3, False)


def test_a_list_of_layers_without_effect_is_as_long_as_the_stack() -> None:
    """GPT-OSS's layers differ in their masks alone, and transformers refuses a list of another length."""
    file: Any = {
        "model_type": "gpt_oss",
        "num_hidden_layers": 4,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    }
    for layers in (3, 4, 7):
        written: Any = bertsym.load(file).at(L=layers).config()
        assert written["layer_types"] == (file["layer_types"] * 2)[:layers]
    window: Any = {"model_type": "longformer", "num_hidden_layers": 3, "attention_window": [512, 512, 512]}
    assert len(cast("Any", bertsym.load(window).at(L=5).config())["attention_window"]) == 5


def test_a_field_without_effect_that_must_fit_is_moved() -> None:
    """XLNet refuses a `d_model` that is not heads times head size."""
    written = fields("atlas:xlnet", d_head=10, n_head=3)
    assert written["d_model"] == 30


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "sizes", "path", "found"),
    [
        # The class of its vision tower makes a pyramid of experts, unless a file has the kinds of its layers.
        ("dots3_note", {"L": 4}, "vision_config.mlp_layer_types", ...),
        ("atlas:modernbert-decoder", {"V": 1000, "L": 2}, "pad_token_id", 0),  # its class refuses null
        ("glm_image_text", {"V": 1000, "L": 2}, "pad_token_id", 0),
        ("llama", {"V": 1000, "L": 2, "H": 256, "heads": 4}, "pad_token_id", ...),
    ],
)
def test_transformers_builds_what_its_class_would_make(
    name: str, sizes: Any, path: str, found: Any, transformers: Any, torch: Any, tmp_path: Path
) -> None:
    model = bertsym.load(name).at(sizes).spec
    written = configuration_file(model)
    assert value_at(written.fields, path) == found
    assert written.count == built(transformers, torch, model.cls, written.fields, tmp_path)


def test_open_sizes_are_named() -> None:
    found = configuration_file(load("bert").with_sizes({H: 1536, heads: 16}))
    assert {str(symbol): number for symbol, number in found.assumed.items()} == {
        "V": 30522,
        "N": 512,
        "L": 12,
        "ffn_ratio": 4,
    }


def test_what_no_file_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAnInteger):
        fields("bert", H=770)
    with pytest.raises(UnknownName):
        fields("bert", nothing=1)
    with pytest.raises(NotWritten, match="of its type says"):
        fields("qwen3_vl_vision", at={"deepstack_visual_indexes[]": 5})
    with pytest.raises(NotWritten, match="tied=no"):  # transformers ties T5 whatever the file says
        fields("flan-t5-small")
    file = tmp_path / "mine.json"
    file.write_bytes((atlas.FOLDER / "models" / "bert.json").read_bytes())
    with pytest.raises(NoConfiguration, match="configuration class"):
        fields(str(file))
    with pytest.raises(BertsymError, match="config"):
        bertsym.load("bert").of("flops").config()


def test_the_command_writes_whole_files_and_says_so(bertsym: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    ran = bertsym("config", "bert", "--at", "H=128,heads=2,L=2", "-o", str(file))
    assert (ran.code, ran.out) == (0, "")
    assert "assumed, as in bert-base-uncased: V=30522, N=512, ffn_ratio=4\n" in ran.err
    assert f"wrote {file}: BertModel, 4,385,920 parameters" in ran.err  # google/bert_uncased_L-2_H-128_A-2
    assert bertsym("total", str(file), "--count").out == "4385920\n"
    again = bertsym("config", "bert-base-uncased", "-o", str(tmp_path))
    assert f"replaced {file}: BertModel, 109,482,240 parameters" in again.err
    ran = bertsym("config", "bert-base-uncased", "-o", str(tmp_path / "nowhere" / "config.json"))
    assert (ran.code, ran.out) == (2, "")
    assert bertsym("config", "bert-base-uncased", "-o", "").code == 2
    assert list(tmp_path.iterdir()) == [file]
    assert json.loads(bertsym("config", "gpt2-small").out)["n_embd"] == 768
    assert bertsym("config", "gpt2-small", "-o", "-").out == bertsym("config", "gpt2-small").out


def test_heads_that_do_not_share_evenly_are_noted(bertsym: Run) -> None:
    ran = bertsym("config", "llama-7b", "--at", "heads=12,kv_heads=5,d=128")
    assert ran.code == 0
    assert "heads/kv_heads = 12/5 is not whole" in ran.err


@pytest.mark.parametrize(
    ("model", "at", "why"),
    [
        ("bert", "T=0", "embeddings.token_type_embeddings.weight has T = 0 rows"),
        ("mixtral", "experts=4,experts_per_token=8", "experts_per_token=8 contradicts experts=4"),
        ("deberta-v2", "T=0", ""),  # its class has no embedding of segments then
        ("mixtral", "experts=4,experts_per_token=4", ""),
    ],
)
def test_a_note_says_why_the_class_does_not_run(bertsym: Run, model: str, at: str, why: str) -> None:
    ran = bertsym("config", model, "--at", at)
    assert ran.code == 0
    assert why in ran.err
    assert ("does not run" in ran.err) == bool(why)


def built(transformers: Any, torch: Any, cls: str, written: Any, folder: Path) -> int:
    """Return the number of parameters of the class that transformers builds from the file, ties once."""
    (folder / "config.json").write_text(json.dumps(written), encoding="utf-8")
    config = transformers.AutoConfig.from_pretrained(folder)
    with torch.device("meta"):
        return int(getattr(transformers, cls)(config).num_parameters())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EVERY)
def test_transformers_builds_each_model_of_the_zoo(name: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    """At random sizes of a random head, over the library's defaults."""
    seeds = Random(f"{SEED} {name}")
    listed = list(ARCHITECTURES[name].heads)
    for head in listed if ATLAS > 5 else [seeds.choice(listed)]:
        cls = ARCHITECTURES[name].heads[head].cls
        demands = EVERY[name].demands.get(head, {})
        written = runnable(name, head, {**drawn(EVERY[name], seeds.randrange(10**6)), **demands})
        asked = ("model_type", ARCHITECTURES[name].schema.model_type), ("architectures", [cls])
        sizes = read(written, tmp_path / "drawn.json", *asked).given
        model = load(name, head).with_sizes(sizes)
        found = configuration_file(model)
        assert found.count == count(model) == built(transformers, torch, cls, found.fields, tmp_path), found.fields


def sampled(name: str, head: str, random: Random) -> Model:
    """Return a type of the atlas at sizes from the domains of its entry, and a width that the heads divide."""
    derived, model = entry_of(name), load(f"{atlas.PREFIX}{name}", head)
    assert derived is not None
    space = stored_space(derived, head)
    values = space.fields(space.sample_small(random))
    sizes: dict[Any, Any] = {}
    for field in derived.fields.values():
        try:
            size = model.size(field.path)
        except UnknownName:  # no tensor of the class depends on it
            continue
        sizes[size.symbol] = bool(values[field.path]) if size.kind is Kind.SWITCH else values[field.path]
    if {H, heads} <= sizes.keys() and sizes[H] % sizes[heads]:
        sizes[H] *= sizes[heads]
    return model.with_sizes(sizes, pin=True)


@pytest.mark.filterwarnings("ignore")
def test_transformers_builds_types_of_the_atlas(transformers: Any, torch: Any, tmp_path: Path) -> None:
    """Sizes that a formula or a class refuses are drawn anew; a file that is built counts as its formula says."""
    random = Random(SEED)
    types = [name for name, listed in sorted(atlas.index().items()) if name == listed.entry and listed.heads]
    refused = []
    for name in random.sample(types, ATLAS):
        head = random.choice(list(atlas.index()[name].heads))
        why = ""
        for _ in range(ATTEMPTS):
            try:
                model = sampled(name, head, random)
                found = configuration_file(model)
            except BertsymError as error:
                why = str(error)
                continue
            try:
                number = built(transformers, torch, model.cls, found.fields, tmp_path)
            except Exception as error:  # noqa: BLE001  # model code may raise anything at sizes that it refuses
                why = f"{type(error).__name__}: {error}".splitlines()[0]
                continue
            assert number == found.count == count(load(str(tmp_path))), (name, found.fields)
            break
        else:
            refused.append(f"{name} {head}: {why}")
    sys.stdout.write("\n".join(refused))
    assert len(refused) <= ATLAS // 10, refused
