"""Active parameters: published figures of real models, and which tensors of real models are routed experts."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sympy
from sympy import Integer, Symbol

from bertsym.convention import ACTIVE, select
from bertsym.count import count, total
from bertsym.derive.pipeline import derive
from bertsym.derive.synthesis.expert_routing import AMONG, CHOSEN, FIXED, with_experts
from bertsym.errors import Conflict, UnknownRouting
from bertsym.layers import Role
from bertsym.quantities import parse_stated
from bertsym.resolve import load
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.encode import text
from bertsym.symbols import F, H, Kind, L, Own, experts, experts_per_token
from bertsym.tree import Loop, Routing, Tensor

DATA = Path(__file__).parent.parent / "data"
PAGE = (Path(__file__).parents[2] / "docs" / "experts.md").read_text(encoding="utf-8")
with (DATA / "published_active.tsv").open(encoding="utf-8", newline="") as file:
    PUBLISHED = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def built(transformers: Any, torch: Any, prefix: str, fields: Mapping[str, Any]) -> tuple[Any, Any]:
    config = getattr(transformers, f"{prefix}Config")(**fields)
    with torch.device("meta"):
        return config, getattr(transformers, f"{prefix}ForCausalLM")(config)


def as_derived(config: Any, module: Any) -> Derived:
    """The real tensors as an inventory without sizes, so that nothing but the recognition is tried."""
    shapes = {name: tuple(map(Integer, parameter.shape)) for name, parameter in module.named_parameters()}
    tensors = tuple(Tensor(name, shape, Role.MATRIX, "", "model") for name, shape in shapes.items())
    plain = Derived("model", type(module).__name__, "test", {}, (), tensors)
    numbers = {k: v for k, v in config.to_dict().items() if isinstance(v, int)}
    return with_experts(plain, numbers, {})


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row['model']}-{row['active']}")
def test_a_published_figure(row: dict[str, str], transformers: Any, torch: Any) -> None:
    config, module = built(transformers, torch, row["class"], json.loads(row["fields"]))
    derived = as_derived(config, module)
    (chosen,) = derived.base.values()
    model = derived.model().with_sizes(derived.base)
    convention = select(ACTIVE, model.tensors, without=[] if row["input"] == "yes" else ["embed_tokens"])
    exact, active = count(model), count(model, convention)

    by_hand = 0
    for name, parameter in module.named_parameters():
        number = parameter.numel()
        if ".experts." in name and "shared" not in name:
            number = number // parameter.shape[0] * config.num_experts_per_tok
        by_hand += 0 if row["input"] == "no" and "embed_tokens" in name else number
    assert chosen == config.num_experts_per_tok
    assert (exact, active) == (module.num_parameters(), by_hand)
    for claimed, number in ((row["total"], exact), (row["active"], active)):
        stated = parse_stated(claimed)
        assert stated.holds(number, stated.steps[0]), (claimed, number)
    assert f"{active:,}" in PAGE


@pytest.mark.filterwarnings("ignore")
def test_a_derived_model_counts_in_symbols(transformers: Any, bertsym: Callable[..., Any], tmp_path: Path) -> None:
    """gpt-oss-120b, arXiv:2508.10925: 116.83B parameters, of which 5.13B are active, the input embedding left out."""
    assert transformers
    found = derive("GptOssForCausalLM", {})
    assert found.whole
    file = tmp_path / "gpt-oss.json"
    file.write_text(text(found.derived), encoding="utf-8")
    model = load(str(file))
    difference = total(model) - total(model, ACTIVE)
    # of each expert three matrices, the biases of gate and up and that of the way back
    expert = 3 * F * H + 2 * F + H
    assert sympy.expand(model.public(L * (experts - experts_per_token) * expert) - difference) == 0
    assert found.derived.base[experts_per_token] == transformers.GptOssConfig().num_experts_per_tok
    at = "V=201088,H=2880,L=36,F=2880,heads=64,kv_heads=8,d=64,experts=128,experts_per_token=4"
    active = ("total", str(file), "--at", at, "--convention", "active", "--without", "embed_tokens", "--json")
    assert json.loads(bertsym(*active).out)["count"] == 5_132_849_472
    audited = json.loads(bertsym("audit", "5.13B", "--model", str(file), "--at", at, "--json").out)
    assert audited["verdict"] == "stands"
    assert audited["explanations"][0]["counting"].endswith("without input embedding, what works on a token")


def marked(
    tensors: list[tuple[str, tuple[Any, ...]]],
    fields: Mapping[str, int],
    symbols: Mapping[str, Symbol],
    cls: str = "Model",
    **loops: Any,
) -> dict[str, Routing | None]:
    inventory = tuple(
        Tensor(name, tuple(map(sympy.S, shape)), Role.MATRIX, "", "model", loops.get(name.split(".")[0], ()))
        for name, shape in tensors
    )
    derived = with_experts(Derived("model", cls, "test", {}, (), inventory), fields, symbols)
    return {tensor.name: tensor.routing for tensor in derived.tensors}


TWO = Routing(experts_per_token, experts)
FIELDS = {"num_experts": 8, "num_experts_per_tok": 2}
NAMED = {"num_experts": experts}


def test_routers_and_shared_experts_work_on_every_token() -> None:
    found = marked(
        [
            ("mlp.experts.gate_up_proj", (experts, 2 * F, H)),
            ("mlp.experts.gate_up_proj_bias", (experts, 2 * F)),
            ("mlp.gate.weight", (experts, H)),
            ("mlp.gate.e_score_correction_bias", (experts,)),
            ("mlp.experts.router.layer.weight", (experts, H)),
            ("mlp.shared_experts.up_proj.weight", (F, H)),
            ("mlp.shared_expert_gate.weight", (1, H)),
            ("block.input_linear.weight", (experts, 2 * F, H)),
            ("block.expert_scale", (experts,)),
        ],
        FIELDS,
        NAMED,
    )
    routed = {name for name, routing in found.items() if routing is not None}
    assert routed == {"mlp.experts.gate_up_proj", "mlp.experts.gate_up_proj_bias", "block.input_linear.weight"}
    assert {found[name] for name in routed} == {TWO}


def test_experts_in_a_list_are_those_of_their_loop() -> None:
    loops = (Loop(sympy.S(0), L), Loop(sympy.S(0), experts))
    found = marked([("layers.{}.experts.{}.gate.weight", (F, H))], FIELDS, NAMED, layers=loops)
    assert list(found.values()) == [TWO]


def test_two_parts_of_a_configuration_have_experts_of_their_own() -> None:
    """As in a model of text and pictures: each number of experts goes with the choice beside it."""
    pictures = Own("vision_num_experts", Kind.WIDTH)
    fields = {
        **{f"text.{name}": number for name, number in FIELDS.items()},
        "vision.num_experts": 4,
        "vision.num_experts_per_tok": 1,
    }
    found = marked(
        [("text.experts.up", (experts, F, H)), ("vision.experts.up", (pictures, F, H))],
        fields,
        {"text.num_experts": experts, "vision.num_experts": pictures},
    )
    text_routing, vision_routing = found.values()
    assert text_routing == TWO
    assert vision_routing is not None
    assert (str(vision_routing.chosen), vision_routing.among) == ("vision_num_experts_per_tok", pictures)


@pytest.mark.parametrize(
    ("tensors", "fields", "symbols"),
    [
        ([("experts.up", (experts, F, H))], {"num_experts": 8}, NAMED),
        ([("experts.0.up.weight", (F, H)), ("experts.1.up.weight", (F, H))], {}, {}),
        ([("router_gate.weight", (experts, H)), ("up_embed.weight", (experts, H))], FIELDS, NAMED),
        ([("experts.expert_3.up.weight", (F, H))], {"num_experts": 8, "top_k": 2}, {}),
    ],
)
def test_what_nobody_says_is_refused_and_not_guessed(
    tensors: list[tuple[str, tuple[Any, ...]]], fields: dict[str, int], symbols: dict[str, Symbol]
) -> None:
    inventory = tuple(Tensor(name, shape, Role.MATRIX, "", "model") for name, shape in tensors)
    derived = with_experts(Derived("model", "Model", "test", {}, (), inventory), fields, symbols)
    model = derived.model()
    assert total(model) != 0
    with pytest.raises(UnknownRouting, match="Model: no size gives the number of experts per token"):
        total(model, ACTIVE)


@pytest.mark.parametrize(("folder", "prefix"), [("switch_transformers", "SwitchTransformers"), ("nllb_moe", "NllbMoe")])
def test_a_number_that_is_in_the_code_alone(folder: str, prefix: str, transformers: Any) -> None:
    """It is in the name of the router's class."""
    assert transformers
    module = import_module(f"transformers.models.{folder}.modeling_{folder}")
    assert hasattr(module, f"{prefix}Top{FIXED[prefix]}Router")
    found = marked([("experts.up", (experts, F, H))], {"num_experts": 8}, NAMED, cls=f"{prefix}Model")
    assert found == {"experts.up": Routing(Integer(FIXED[prefix]), experts)}


def defaults(transformers: Any, model_type: str) -> list[dict[str, Any]]:
    """The fields of a configuration, and of the parts nested in it; nothing where some must be given."""
    try:
        fields = transformers.CONFIG_MAPPING[model_type]().to_dict()
    except Exception:  # noqa: BLE001  # whatever it raises
        return []
    return [fields, *(part for part in fields.values() if isinstance(part, dict))]


@pytest.mark.filterwarnings("ignore")
def test_every_field_that_says_how_many_is_known(transformers: Any) -> None:
    """No configuration of the library numbers its experts and calls the choice among them something else."""
    numbered = {
        model_type
        for model_type in transformers.CONFIG_MAPPING
        for part in defaults(transformers, model_type)
        if any(isinstance(part.get(name), int) and part[name] > 1 for name in AMONG) and not set(part) & set(CHOSEN)
    }
    assert numbered == {"switch_transformers", "nllb-moe"}


def test_no_token_goes_through_more_experts_than_there_are() -> None:
    tensors = (Tensor("experts.up", (experts, F, H), Role.MATRIX, "", "model", routing=TWO),)
    model = Derived("model", "Model", "test", {experts: 8, experts_per_token: 2, F: 3, H: 4}, (), tensors).model()
    sized = model.with_sizes({F: 3, H: 4, experts: 8, experts_per_token: 2})
    assert (count(sized), count(sized, ACTIVE)) == (8 * 12, 2 * 12)
    assert count(sized.with_sizes({experts: 1})) == 12
    with pytest.raises(Conflict, match="experts_per_token=2 contradicts experts=1: a token cannot go through more"):
        count(sized.with_sizes({experts: 1}), ACTIVE)
