"""Derived formulas equal those of the zoo, and those of modules that are counted by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sympy
from sympy import Expr, Symbol, floor

from bertsym.convention import ACTIVE
from bertsym.count import count, total
from bertsym.derive.derivation import Derivation
from bertsym.derive.pipeline import derive
from bertsym.resolve import load
from bertsym.saved_model.encode import text
from bertsym.symbols import BY_SYMBOL, F, H, L, N, T, V, d, experts_per_token, heads, labels, tied

EXAMPLES = Path(__file__).parents[2] / "examples"

# A target, the zoo's model and head, and the sizes that are fields of the code and definitions of the zoo.
KNOWN = {
    "bert": ("bert", "model", ()),
    "RobertaForMaskedLM": ("roberta", "masked-lm", ()),
    "gpt2": ("gpt2", "model", ()),
    "llama": ("llama", "model", ()),
    "T5EncoderModel": ("t5", "encoder", (d,)),
}


def polynomial(derivation: Derivation, *keep: Symbol) -> Expr:
    return total(derivation.derived.model(), keep=keep)


@pytest.mark.usefixtures("transformers")
@pytest.mark.parametrize("target", KNOWN)
def test_the_formulas_of_the_zoo_are_derived(target: str, tmp_path: Path) -> None:
    name, head, keep = KNOWN[target]
    derivation = derive(target, {})
    assert derivation.whole
    zoo = load(name, head)
    ours = derivation.derived.model()
    switches = {s for s in ours.symbols & zoo.symbols if BY_SYMBOL[s].kind.name == "SWITCH"}
    kept = [*keep, *switches, *({T} & ours.symbols)]
    both = total(ours, keep=[s for s in kept if s in ours.symbols]), total(zoo, keep=kept)
    frozen = {s: False for s in both[0].free_symbols if str(s) == "is_decoder"}
    four = {s: 4 for s in both[1].free_symbols - both[0].free_symbols if str(s) == "ffn_ratio"}
    assert sympy.expand(both[0].subs(frozen) - both[1].subs(four)) == 0
    file = tmp_path / "model.json"
    file.write_text(text(derivation.derived), encoding="utf-8")
    assert total(load(str(file)), keep=kept) == total(ours, keep=kept)


@pytest.fixture
def examples(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert torch
    monkeypatch.chdir(EXAMPLES)


def symbols_of(derivation: Derivation) -> dict[str, Symbol]:
    return dict(derivation.symbols)


@pytest.mark.usefixtures("examples")
def test_an_encoder() -> None:
    sizes = {"vocab": 30522, "positions": 512, "hidden": 768, "layers": 12, "heads": 12, "ffn": 3072}
    derivation = derive("derive.encoder:build", sizes)
    # torch's layer: in_proj 3H(H+1), out_proj H(H+1), two linears 2HF + F + H, two norms 4H; the output bias is V.
    layer = 4 * H * (H + 1) + 2 * H * F + F + H + 4 * H
    assert polynomial(derivation, F) == sympy.expand(V * H + N * H + L * layer + 2 * H + V)
    model = derivation.derived.model()
    assert count(model.with_sizes({V: 30522, N: 512, H: 768, L: 12, F: 3072})) == 108_920_634


@pytest.mark.usefixtures("examples")
def test_a_mixture_of_experts() -> None:
    sizes = {"vocab": 32000, "hidden": 512, "dense_layers": 2, "expert_layers": 4, "queries": 8, "experts": 4}
    derivation = derive("derive.experts:build", {**sizes, "expert_width": 256, "experts_per_token": 2})
    dense, sparse, queries, experts, width = (
        symbols_of(derivation)[name] for name in ("dense_layers", "expert_layers", "queries", "experts", "expert_width")
    )
    attention = H * (queries + 2) * 64 + queries * 64 * H + H
    whole = V * H + (dense + sparse) * attention + dense * 12 * H**2
    assert polynomial(derivation) == sympy.expand(whole + sparse * experts * (H + 3 * H * width))
    active = sparse * (experts * H + experts_per_token * 3 * H * width)
    assert total(derivation.derived.model(), ACTIVE) == sympy.expand(whole + active)
    assert derivation.derived.defaults[experts_per_token] == 2


@pytest.mark.usefixtures("examples")
def test_a_stem_with_a_floor() -> None:
    derivation = derive("derive.stem:build", {"bands": 80, "frames": 3000, "hidden": 384})
    bands, frames = symbols_of(derivation)["bands"], symbols_of(derivation)["frames"]
    assert derivation.rounded
    model = derivation.derived.model()
    for length in range(20):
        halved = (length - 1) // 2 + 1
        by_hand = 3 * 80 * 384 + 384 + 3 * 384 * 384 + 384 + ((halved - 1) // 2 + 1) * 384
        assert count(model.with_sizes({bands: 80, frames: length, H: 384})) == by_hand
    assert polynomial(derivation).has(floor)


@pytest.mark.usefixtures("torch")
def test_ties_repeats_and_a_quiet_run() -> None:
    derivation = derive("tests.derive.models_misbehaving:shared", {"hidden": 8, "layers": 2, "labels": 5})
    assert total(derivation.derived.model(), keep=[labels]) == sympy.expand(H * labels + L * (3 * H + 3))
    assert [t.tied_to for t in derivation.derived.tensors if t.tied_to] == ["model.table.weight"]
    assert polynomial(derive("tests.derive.models_misbehaving:prints", {"hidden": 8})) == 2 * H**2 + 2 * H


@pytest.mark.usefixtures("torch")
def test_what_has_no_formula_is_named_and_the_rest_is_shown(bertsym: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    ran = bertsym("derive", "tests.derive.models_misbehaving:too_clever", "--size", "hidden=8", "-o", str(file))
    assert ran.code == 1
    assert "odd.weight  dimension 1" in ran.out
    assert "2·H + 2" in ran.out
    assert "not written" in ran.err
    assert not file.exists()


def test_own_names_are_kept_when_asked(torch: Any) -> None:
    assert torch
    derivation = derive("tests.derive.models_misbehaving:prints", {"hidden": 8}, keep_names=True)
    assert str(polynomial(derivation)) == "2*hidden**2 + 2*hidden"
    assert not {H, heads, tied} & polynomial(derivation).free_symbols


def test_a_projection_that_is_there_only_where_two_sizes_differ(torch: Any) -> None:
    assert torch
    derivation = derive("tests.derive.models_misbehaving:projected", {"hidden": 16, "embedding": 8, "layers": 2})
    width = derivation.symbols["embedding"]
    model = derivation.derived.model()
    assert count(model.with_sizes({H: 7, width: 5, L: 2})) == 2 * (3 * 7 + 3) + 35
    assert count(model.with_sizes({H: 7, width: 7, L: 2})) == 2 * (3 * 7 + 3)


@pytest.mark.usefixtures("examples")
def test_what_is_rounded_down_has_no_derivative_and_is_searched(bertsym: Callable[..., Any], tmp_path: Path) -> None:
    file = str(tmp_path / "stem.json")
    sizes = ["--size", "bands=80,frames=3000,hidden=384"]
    assert bertsym("derive", "derive.stem:build", *sizes, "-o", file).code == 0
    assert bertsym("diff", file, "--by", "H").code == 0
    steps = bertsym("diff", file, "--by", "frames")
    assert (steps.code, "goes in steps" in steps.err) == (2, True)
    every = ("--multiple-of", "1")
    inverse = bertsym("solve", file, "--target", "5M", "--for", "frames", "--top", "1", *every, "--json")
    nearest = json.loads(inverse.out)["candidates"][0]
    frames = nearest["at"]["frames"]
    at = [f"bands=80,H=384,frames={number}" for number in range(frames - 3, frames + 4)]
    counts = [int(bertsym("total", file, "--count", "--at", sizes).out.replace(",", "")) for sizes in at]
    assert min(counts, key=lambda number: abs(number - 5_000_000)) == nearest["count"]
