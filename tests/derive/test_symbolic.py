"""Symbolic execution: what the code computes is what is read, what it cannot follow is left to the other builds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from random import Random
from typing import Any

import pytest
import sympy
from sympy import Expr, Max, Min, Symbol, floor

from bertsym.algebra import evaluate
from bertsym.derive import worker
from bertsym.derive.process import Builder, Worker
from bertsym.derive.proposal import Multiple, Proposal, proposal
from bertsym.symbols import H, Kind, Own, V, ffn_ratio

HERE = "tests.derive.traceable"
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

Fields = dict[str, Any]


@pytest.fixture
def code(transformers: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., worker.Target]:
    """Model code in this process, as the worker opens it; what runs with symbols runs in a child."""
    from torch.nn import init

    assert transformers
    for name in [name for name in vars(init) if name.endswith("_") and not name.startswith("_")]:
        monkeypatch.setattr(init, name, worker.untouched)

    def opened(target: str, **sizes: int) -> worker.Target:
        return worker.own(target, sizes) if sizes else worker.listed(target)

    return opened


def symbols(fields: Mapping[str, Any]) -> dict[str, Symbol]:
    """A symbol for everything that looks like a size."""
    sizes = [name for name, found in fields.items() if not isinstance(found, bool | float) and found > 1]
    return {name: Own(name, Kind.WIDTH) for name in sizes if not name.endswith(("layers", "layer", "_id", "_labels"))}


def proposed(code: worker.Target) -> Proposal:
    from bertsym.derive.symbolic import symbolic

    known = symbols(code.fields)
    return proposal(symbolic(code.build, code.fields, list(known), 20), known)


def built(code: worker.Target, fields: Fields) -> dict[str, tuple[int, ...]] | None:
    """The shapes at these fields, or None where the code refuses them."""
    try:
        module = code.build(fields)
    except (ValueError, RuntimeError, AssertionError, IndexError, ArithmeticError):
        return None
    return {name: tuple(shape) for name, shape, _, _ in worker.inventory(module)}


def followed(found: Proposal, sizes: Mapping[Symbol, int]) -> Any:
    return {name: tuple(evaluate(side, sizes) for side in shape if side) for name, shape in found.shapes.items()}


class Names:
    """Symbols by attribute, for formulas written by hand."""

    def __init__(self, code: worker.Target) -> None:
        self.known = symbols(code.fields)

    def __getattr__(self, name: str) -> Symbol:
        return self.known[name]

    def __getitem__(self, path: str) -> Symbol:
        return self.known[path]


def bert(n: Any) -> dict[str, tuple[Any, ...]]:
    return {
        "embeddings.word_embeddings.weight": (n.vocab_size, n.hidden_size),
        "embeddings.position_embeddings.weight": (n.max_position_embeddings, n.hidden_size),
        "encoder.layer.1.attention.self.query.weight": (n.hidden_size, n.hidden_size),
        "encoder.layer.1.intermediate.dense.weight": (n.intermediate_size, n.hidden_size),
        "pooler.dense.bias": (n.hidden_size,),
    }


def llama(n: Any) -> dict[str, tuple[Any, ...]]:
    return {
        "layers.0.self_attn.q_proj.weight": (n.num_attention_heads * n.head_dim, n.hidden_size),
        "layers.0.self_attn.k_proj.weight": (n.num_key_value_heads * n.head_dim, n.hidden_size),
        "layers.1.self_attn.o_proj.weight": (n.hidden_size, n.num_attention_heads * n.head_dim),
        "layers.1.mlp.down_proj.weight": (n.hidden_size, n.intermediate_size),
    }


def mamba(n: Any) -> dict[str, tuple[Any, ...]]:
    return {
        "layers.0.mixer.A_log": (n.intermediate_size, n.state_size),
        "layers.0.mixer.conv1d.weight": (n.intermediate_size, 1, n.conv_kernel),
        "layers.0.mixer.in_proj.weight": (2 * n.intermediate_size, n.hidden_size),
        "layers.0.mixer.x_proj.weight": (n.time_step_rank + 2 * n.state_size, n.intermediate_size),
    }


def swin(n: Any) -> dict[str, tuple[Any, ...]]:
    """Liu et al. 2021: the width doubles from stage to stage, the feed-forward net is four times as wide."""
    return {
        "embeddings.patch_embeddings.projection.weight": (n.embed_dim, n.num_channels, n.patch_size, n.patch_size),
        "encoder.layers.0.blocks.1.attention.relative_position_bias.relative_position_bias_table": (
            (2 * n.window_size - 1) ** 2,
            n["num_heads[0]"],
        ),
        "encoder.layers.2.blocks.3.mlp.fc1.weight": (16 * n.embed_dim, 4 * n.embed_dim),
        "encoder.layers.2.downsample.reduction.weight": (8 * n.embed_dim, 16 * n.embed_dim),
        "layernorm.weight": (8 * n.embed_dim,),
    }


def deepseek(n: Any) -> dict[str, tuple[Any, ...]]:
    """DeepSeek-V3's latent attention and its experts, of which the last layers are made."""
    return {
        "layers.0.self_attn.q_b_proj.weight": (
            n.num_attention_heads * (n.qk_nope_head_dim + n.qk_rope_head_dim),
            n.q_lora_rank,
        ),
        "layers.0.self_attn.kv_a_proj_with_mqa.weight": (n.kv_lora_rank + n.qk_rope_head_dim, n.hidden_size),
        "layers.0.self_attn.kv_b_proj.weight": (
            n.num_attention_heads * (n.qk_nope_head_dim + n.v_head_dim),
            n.kv_lora_rank,
        ),
        "layers.3.mlp.gate.weight": (n.n_routed_experts, n.hidden_size),
        "layers.3.mlp.experts.down_proj": (n.n_routed_experts, n.hidden_size, n.moe_intermediate_size),
    }


def whisper(n: Any) -> dict[str, tuple[Any, ...]]:
    return {
        "encoder.conv1.weight": (n.d_model, n.num_mel_bins, 3),
        "encoder.layers.0.fc1.weight": (n.encoder_ffn_dim, n.d_model),
        "decoder.embed_positions.weight": (n.max_target_positions, n.d_model),
    }


def clip(n: Any) -> dict[str, tuple[Any, ...]]:
    """A tower for texts and one for images, a patch a position and one for the class."""
    text, image = n["text_config.hidden_size"], n["vision_config.hidden_size"]
    patch = n["vision_config.patch_size"]
    return {
        "text_model.embeddings.token_embedding.weight": (n["text_config.vocab_size"], text),
        "vision_model.embeddings.patch_embedding.weight": (image, n["vision_config.num_channels"], patch, patch),
        "vision_model.embeddings.position_embedding.weight": (
            floor(n["vision_config.image_size"] / patch) ** 2 + 1,
            image,
        ),
        "text_projection.weight": (n.projection_dim, text),
    }


@pytest.mark.parametrize(
    ("target", "by_hand", "multiples"),
    [
        ("bert", bert, [Multiple("hidden_size", 1, "num_attention_heads")]),
        # An odd head size is warned of: the path taken is not always a condition of validity.
        ("llama", llama, [Multiple("hidden_size", 1, "num_attention_heads"), Multiple("head_dim", 2)]),
        ("mamba", mamba, []),
        ("swin", swin, []),
        (
            "clip",
            clip,
            [
                Multiple("text_config.hidden_size", 1, "text_config.num_attention_heads"),
                Multiple("vision_config.hidden_size", 1, "vision_config.num_attention_heads"),
            ],
        ),
        ("deepseek_v3", deepseek, [Multiple("head_dim", 2)]),
        (
            "whisper",
            whisper,
            [Multiple("d_model", 1, "encoder_attention_heads"), Multiple("d_model", 1, "decoder_attention_heads")],
        ),
    ],
)
def test_known_architectures(
    code: Callable[..., worker.Target],
    target: str,
    by_hand: Callable[[Any], dict[str, tuple[Expr, ...]]],
    multiples: list[Multiple],
) -> None:
    opened = code(target)
    found = proposed(opened)
    expected = by_hand(Names(opened))
    assert {name: found.shapes[name] for name in expected} == expected
    assert list(found.multiples) == multiples
    assert not {"hidden_size", "d_model", "embed_dim", "vocab_size"} & set(found.used)


def drawn(random: Random, fields: Mapping[str, Any], found: Proposal) -> Fields:
    """Fields at random, made to fit; a vocabulary holds its special tokens."""
    changed = {name: random.randint(1, 40) for name in symbols(fields) if name not in found.pinned}
    changed |= {name: fields[name] + random.randint(0, 40) for name in changed if "vocab" in name}
    drawn = {**fields, **changed}
    for _ in range(4):
        for rule in found.multiples:
            unit = rule.factor * (drawn[rule.of] if rule.of else 1)
            if drawn[rule.field] % unit:
                drawn[rule.field] = unit * random.randint(1, 4)
    return drawn


@pytest.mark.parametrize("target", ["bert", "gpt2", "vit", "qwen2_moe", "T5EncoderModel", "electra", "bart", "dpr"])
def test_what_is_read_is_what_is_built(code: Callable[..., worker.Target], target: str) -> None:
    opened = code(target)
    found, known = proposed(opened), symbols(opened.fields)
    random = Random(target)
    agreed = 0
    for _ in range(12):
        fields = drawn(random, opened.fields, found)
        sizes = {known[name]: fields[name] for name in known}
        holds = all(condition.subs(sizes) == sympy.true for condition in found.conditions)
        shapes = built(opened, fields) if holds else None
        if shapes is not None:
            assert followed(found, sizes) == shapes
            agreed += 1
    assert agreed >= 2


def test_what_is_followed(code: Callable[..., worker.Target]) -> None:
    opened = code(f"{HERE}:arithmetic", hidden=96, heads=6, ratio=5)
    found, n = proposed(opened), Names(opened)
    wide, head, ratio = n.hidden, n.heads, n.ratio
    by_hand = {
        "product": wide * ratio + 1,
        "heads": wide,
        "fraction": floor(5 * wide / 2),
        "ceiling": floor((wide + 15) / 16),
        "rounded": floor((3 * wide + 2) / 4),
        "least": Min(wide, 4 * ratio),
        "most": Max(floor(wide / 16), 1, ratio),
        "power": floor(wide**2 / ratio),
        "padded": -64 * floor(-wide / 64),
        "next": 64 * floor((wide + 63) / 64),
        "divmod": floor(wide / ratio) + wide - ratio * floor(wide / ratio),
        "sum": wide + head + ratio,
        "shape": floor(wide / head),
        "truth": wide,
    }
    assert found.shapes.keys() == by_hand.keys()
    for name, (side,) in found.shapes.items():
        assert side is not None
        assert all(
            evaluate(side - by_hand[name], {wide: 2 * a * b, head: b, ratio: c}) == 0
            for a, b, c in ((1, 1, 2), (5, 3, 9), (48, 2, 3), (7, 11, 70))
        ), name
    assert found.used == ()
    assert found.multiples == (Multiple("hidden", 1, "heads"), Multiple("hidden", 2, "heads"))
    assert found.conditions[:2] == (
        sympy.Eq(sympy.Mod(wide, head), 0),
        sympy.Eq(sympy.Mod(wide, 2 * head, evaluate=False), 0, evaluate=False),
    )


def test_a_ratio_is_a_size(torch: Any) -> None:
    from bertsym.derive.symbolic import symbolic

    assert torch
    opened = worker.own(f"{HERE}:scaled", {"hidden": 10, "ratio": 2.75, "bias": True})
    known = {"hidden": H, "ratio": ffn_ratio, "bias": V}
    found = proposal(symbolic(opened.build, opened.fields, list(known), 20), known)
    wide = floor(H * ffn_ratio)
    assert found.shapes == {
        "0.weight": (wide, H),
        "0.bias": (wide,),
        "1.weight": (-floor(-ffn_ratio), wide),
        "1.bias": (-floor(-ffn_ratio),),
    }


def test_parts_of_torch(code: Callable[..., worker.Target]) -> None:
    opened = code(f"{HERE}:layouts", hidden=24, channels=4)
    found, n = proposed(opened), Names(opened)
    for hidden, channels in ((24, 4), (40, 8), (6, 2), (7 * 9, 7)):
        shapes = built(opened, {"hidden": hidden, "channels": channels})
        assert followed(found, {n.hidden: hidden, n.channels: channels}) == shapes


def test_what_is_lost_is_a_number_and_the_rest_stays(code: Callable[..., worker.Target]) -> None:
    opened = code(f"{HERE}:by_value", hidden=16, count=3)
    found = proposed(opened)
    hidden = Names(opened).hidden
    assert found.used == ("hidden", "count")
    assert found.shapes["layers.2.weight"] == (4, hidden)
    assert found.shapes["bits.weight"] == (5, 21)
    assert found.shapes["root.weight"] == (16, 4)


def test_arrays_know_values_alone_but_products_of_lists_are_followed(code: Callable[..., worker.Target]) -> None:
    opened = code(f"{HERE}:through_arrays", hidden=16)
    hidden = Names(opened).hidden
    shapes = proposed(opened).shapes
    assert {name: shapes[f"{name}.weight"] for name in ("widths", "steps", "told", "hop")} == {
        "widths": (hidden, 512),
        "steps": (hidden, 20),
        "told": (hidden, 16),
        "hop": (2 * hidden, 12 * hidden),
    }


@pytest.fixture
def builder(torch: Any) -> Iterator[Callable[..., Builder]]:
    """The other process, ended afterwards."""
    assert torch
    with ExitStack() as stack:

        def start(target: str, seconds: float = 20, **sizes: int) -> Builder:
            return Builder(stack.enter_context(Worker(seconds)), target, sizes)

        yield start


@pytest.mark.parametrize("name", ["only_plain", "waits_for_plain", "swallows"])
def test_code_that_takes_no_symbols_gives_no_proposal_and_is_built_all_the_same(
    builder: Callable[..., Builder], name: str
) -> None:
    opened = builder(f"{HERE}:{name}", seconds=1, hidden=8)
    assert opened.propose({"hidden": 8}, {"hidden": H}) is None
    plain = opened.build({"hidden": 9})
    assert plain is not None
    assert plain["weight"].shape == (3, 9)


def test_nothing_is_left_behind(builder: Callable[..., Builder]) -> None:
    opened = builder(f"{HERE}:remembers", hidden=8)
    found = opened.propose({"hidden": 8}, {"hidden": H})
    assert found is not None
    assert found.shapes["weight"] == (3, H)
    assert opened.build({"hidden": 9}) is not None


def test_the_library_still_validates(builder: Callable[..., Builder], transformers: Any) -> None:
    assert transformers
    opened = builder("llama")
    found = opened.propose(opened.description.fields, {"hidden_size": H})
    assert found is not None
    assert found.shapes["norm.weight"] == (H,)
    wrong: Any = {**opened.description.fields, "hidden_size": "4096"}
    assert opened.build(wrong) is None
    assert "hidden_size" in opened.raised


def test_an_answer_too_deep_to_read(builder: Callable[..., Builder], monkeypatch: pytest.MonkeyPatch) -> None:
    opened = builder(f"{HERE}:only_plain", hidden=8)
    monkeypatch.setattr(Worker, "_line", lambda *_: b'{"proposal": ' + b"[" * 10**5)
    assert opened.propose({"hidden": 8}, {"hidden": H}) is None
