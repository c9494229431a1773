"""A saved model is data: whatever the file says, it is read or refused, and nothing runs."""

from __future__ import annotations

import json
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bertsym.convention import ACTIVE
from bertsym.count import count, total
from bertsym.errors import BertsymError, NotKnown, PartialFormula, UnknownName
from bertsym.files.jsonfile import parse_object
from bertsym.layers import Role
from bertsym.model import Definition, Model
from bertsym.resolve import load
from bertsym.saved_model.decode import parse, parsed
from bertsym.saved_model.derived import Derived, DerivedHead, Evidence, Frozen, Idle, Place, Refused, Tried
from bertsym.saved_model.encode import text
from bertsym.symbols import E, F, H, Kind, L, Own, V, heads, tied
from bertsym.tree import Loop, Routing, Tensor
from bertsym.values import replace
from bertsym.zoo.parts import FEED_FORWARD

BRANCHES = Own("branches", Kind.DEPTH, 0, "branches of the code")
BLOCKS, RATIO = Own("blocks", Kind.DEPTH), Own("expand", Kind.RATIO)
SMALL = Derived(
    "small",
    "Small",
    "by hand",
    {V: 10, H: 4, L: 2, F: 8, E: 4, BRANCHES: 3, tied: True},
    (FEED_FORWARD,),
    (
        Tensor("words.weight", (V, H), Role.EMBEDDING, "", "words"),
        Tensor("up.weight", (H, E), Role.MATRIX, "", "up", when=sympy.Ne(E, H)),
        Tensor(
            "layers.{}.experts.{}.weight", (F, sympy.floor((H + 1) / 2)), Role.MATRIX, "", "experts",
            (Loop(sympy.S(1), L), Loop(sympy.S(0), BRANCHES)),
        ),
        Tensor("out.weight", (V, H), Role.EMBEDDING, "", "out", tied_to="words.weight", tied_when=tied),
    ),
)  # fmt: skip


BODY = (
    *SMALL.tensors[:3],
    Tensor("a.{}.w", (H, sympy.floor(RATIO * H)), Role.MATRIX, "", "a", (Loop(sympy.S(1), L, sympy.S(2)),)),
    Tensor("a.{}.v", (H,), Role.NORM, "", "a", (Loop(sympy.S(1), L, sympy.S(2), others=True),)),
    Tensor("a.{}.y", (H,), Role.NORM, "", "a", (Loop(sympy.S(0), L, listed=(V, H + 1)),)),
    Tensor("a.{}.x", (H,), Role.NORM, "", "a", (Loop(sympy.S(0), L, others=True, listed=(V, sympy.S(3))),)),
    Tensor("b.{}.w", (H, 2 * F), Role.MATRIX, "", "b", (Loop(sympy.S.Zero, BLOCKS),), when=sympy.Or(tied, H > 3)),
    Tensor(
        "b.{}.again", (H, 2 * F), Role.MATRIX, "", "b", (Loop(sympy.S.Zero, L),), tied_to="b.{}.w", tied_when=E > 2 * H
    ),
    Tensor("scale", (), Role.NORM, "", "scale"),
)
HEADED = tuple(
    replace(tensor, name=f"body.{tensor.name}", tied_to=tensor.tied_to and f"body.{tensor.tied_to}")
    for tensor in BODY
    if tensor.name != "a.{}.v"
)
RICH = Derived(
    "rich",
    "Rich",
    "transformers 5.23.0",
    {V: 10, H: 4, L: 2, heads: 2, F: 8, E: 4, BRANCHES: 3, BLOCKS: 2, RATIO: Fraction(8, 3), tied: True},
    (FEED_FORWARD, Definition(E, 2 * H), Definition(heads, H / 2)),
    BODY,
    whole=(H / heads, F / (8 * heads)),
    places={
        V: Place("vocab_size", Tried(2, 3001)),
        H: Place("text.hidden_size", Tried(1, 48, 8, ("heads",)), ("d_model", "text.dim")),
        L: Place("depths[0]", Tried(1, 6)),
        heads: Place("heads", Tried(1, 48)),
        F: Place("F", Tried(1, 48, 3)),
        E: Place("depths[1]", Tried(1, 9, within="text.hidden_size", above="heads", needs=(("heads", 2),))),
        BRANCHES: Place("num_experts", Tried(0, 5)),
        BLOCKS: Place("blocks", Tried(1, 6)),
        RATIO: Place("expand", Tried(1, 12, Fraction(1, 2))),
        tied: Place("tie_word_embeddings"),
    },
    frozen={"window": Frozen(7, "no other value was accepted")},
    held={"activation": "gelu", "more": [1, None, {"a": 2}], "nothing": None},
    idle={"dropout": Idle(), "pad_token_id": Idle(0, Tried(0, 499)), "mode": Idle(1, Tried(0, 1, values=(1, 4)))},
    evidence=Evidence(16, 3, 200, 7, 12, 4321),
    heads={
        "masked-lm": DerivedHead(
            "RichForMaskedLM",
            (*HEADED, Tensor("out", (V,), Role.BIAS, "", "out")),
            Evidence(16, 3, 200, 7, 12, None, (Refused("odd.{}.weight", "dimension 1", "no formula"),)),
        ),
        "causal-lm": DerivedHead("RichForCausalLM", (Tensor("out", (V,), Role.BIAS, "", "out"), *HEADED[2:])),
    },
    engine=3,
)


def saved(folder: Path, content: object) -> str:
    file = folder / "model.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(file)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    model = load(saved(tmp_path, text(SMALL)))
    assert total(model, keep=[tied]) == total(SMALL.model(), keep=[tied])
    sizes = {V: 10, H: 5, L: 4, F: 8, E: 4, BRANCHES: 3}
    # words 50, up 20 as 4 != 5, three layers of three experts of 8 x 3; tied by default, else 50 more
    assert count(model.with_sizes(sizes)) == 50 + 20 + 3 * 3 * 8 * 3
    assert count(model.with_sizes({**sizes, tied: False})) == 50 + 20 + 3 * 3 * 8 * 3 + 50


def test_nothing_is_lost_and_nothing_is_said_twice() -> None:
    written = text(RICH)
    assert parsed(json.loads(written), Path("rich.json")) == RICH
    assert text(parsed(json.loads(written), Path("rich.json"))) == written
    assert written.count('"branches of the code"') == written.count('"(H + 1)//2"') == 1
    assert '"H", "expand*H//1"' in written
    assert '{"head": "model", "under": "body.", "without": ["a.{}.v"]}' in written


def test_a_head_without_all_its_tensors_is_refused_and_the_others_are_not(tmp_path: Path) -> None:
    file = saved(tmp_path, text(RICH))
    assert load(file).architecture.heads.keys() == {"model", "causal-lm"}
    with pytest.raises(PartialFormula, match=r"RichForMaskedLM has no formula, odd\.\{\}\.weight \(dimension 1: no"):
        load(file, "masked-lm")
    with pytest.raises(UnknownName, match="unknown head of rich 'sequence'"):
        load(file, "sequence")


ROWS = ("heads", "model", "tensors")
CHANGES: list[tuple[tuple[str | int, ...], Any]] = [
    (("format",), 1),
    (("engine",), True),
    (("name",), "\x1b[31m"),
    (("sizes",), []),
    (("sizes", "H"), {"base": -1}),
    (("sizes", "branches", "kind"), "anything"),
    (("sizes", "branches", "kind"), "parameters"),
    (("sizes", "branches", "least"), True),
    (("sizes", "branches", "field"), "a[b]"),
    (("sizes", "branches", "tried"), [2, 1]),
    (("sizes", "branches", "tried"), {"steps": [1, 2], "of": ["a b"]}),
    (("sizes", "branches", "tried"), {"steps": [1, 2], "unit": None}),
    (("sizes", "a b"), {"base": 1, "kind": "rows"}),
    (("definitions",), ["N"]),
    (("definitions",), ["tied = H"]),
    (("definitions",), ["F = ffn_ratio*H, ffn_ratio = F*H"]),
    (("definitions",), ["F = H/branches"]),
    (("whole",), ["H/"]),
    (("frozen",), {"a": 1}),
    (("idle",), [7]),
    (("held",), {"a b": 1}),
    (("heads",), {}),
    (("heads", "a head"), {}),
    ((*ROWS,), []),
    ((*ROWS,), "none"),
    ((*ROWS, 0, "tensors", 0, 0), "a..b"),
    ((*ROWS, 0, "tensors", 0, 0), "{0.__class__}"),
    ((*ROWS, 0, "tensors", 0, 0), "words.{}.weight"),
    ((*ROWS, 0, "tensors", 0), ["w", "embedding", *["V"] * 9]),
    ((*ROWS, 0, "tensors", 0, 1), "weight"),
    ((*ROWS, 0, "tensors", 0, 2), "H/2"),
    ((*ROWS, 0, "component"), 7),
    ((*ROWS, 0, "when"), "H"),
    ((*ROWS, 0, "because"), "tied"),
    ((*ROWS, 2, "loops"), [[0]]),
    ((*ROWS, 2, "loops"), [[0, "L", []], "L"]),
    ((*ROWS, 2, "loops"), [[0, "L", ["H"] * 33], "L"]),
    ((*ROWS, 2, "loops"), [[0, "L", ["H"], "these"], "L"]),
    ((*ROWS, 2, "loops"), [[0, "L", 0], "L"]),
    ((*ROWS, 3, "tensors", 0, 4), {"tied_to": "nowhere"}),
    ((*ROWS, 3, "tensors", 0, 4), {"tied_to": "up.weight"}),
    ((*ROWS, 3, "tensors", 0, 4), {"tied_to": "words.weight", "when": "or"}),
    (("heads", "other"), {"class": "Other", "tensors": [{"head": "missing"}]}),
    (("heads", "other"), {"class": "Other", "tensors": [{"head": "model", "first": "nowhere"}]}),
    (("heads", "other"), {"class": "Other", "tensors": [{"head": "model", "under": "{}."}]}),
    (("heads", "other"), {"class": "Other", "trials": -1, "tensors": [{"head": "model"}]}),
]


@pytest.mark.parametrize(("path", "new"), CHANGES, ids=str)
def test_a_wrong_field_is_named(path: tuple[Any, ...], new: Any, tmp_path: Path) -> None:
    content = json.loads(text(SMALL))
    place = content
    for step in path[:-1]:
        place = place[step]
    if isinstance(place, list) and path[-1] == len(place):
        place.append(new)
    else:
        place[path[-1]] = new
    with pytest.raises(BertsymError, match=", field '"):
        load(saved(tmp_path, content))


WORDS = ["H", "V", "tied", "H*V//2", "d = H/heads", "[tied]", "{}", "a.{}.b", "", "base", "tensors", "loops", "model"]
WORDS += ["when", "tied_to", "head", "under", "first", "without", "1..3*H", "depths[0]", "tried", "field", "3/2"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=400, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
def test_fuzzed_files_are_read_or_refused(data: st.DataObject) -> None:
    content = json.loads(text(data.draw(st.sampled_from([SMALL, RICH]))))
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = content
        while isinstance(place, dict | list) and place:
            key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if data.draw(st.booleans()) or not isinstance(place[key], dict | list):
                place[key] = data.draw(JSON)
                break
            place = place[key]
    with suppress(BertsymError):
        model: Model = parse(content, Path("model.json"))
        total(model)
        for head in model.architecture.heads:
            total(model.with_head(head))


ROUTED = replace(
    SMALL,
    tensors=(
        *SMALL.tensors,
        Tensor("up", (BRANCHES, H, F), Role.MATRIX, "", "branches", routing=Routing(sympy.S(2), BRANCHES)),
    ),
)


def test_what_works_on_a_token_is_kept(tmp_path: Path) -> None:
    model = load(saved(tmp_path, text(ROUTED))).with_sizes({V: 10, H: 5, L: 4, F: 8, E: 4, BRANCHES: 3})
    assert count(model) - count(model, ACTIVE) == 1 * 5 * 8


@pytest.mark.parametrize(
    "routing",
    [
        *("branches", [2], [2, None], [2, 0], [2, "V"], [-2, "branches"], ["H + 1", "branches"], ["tied", "branches"]),
        *(None, {}, [True, "branches"], [2, "branches", 3], [2, "H*branches"]),
    ],
    ids=str,
)
def test_a_wrong_routing_is_refused(routing: Any, tmp_path: Path) -> None:
    content = json.loads(text(ROUTED))
    row = content["heads"]["model"]["tensors"][-1]["tensors"][-1]
    assert row[-1] == {"routing": [2, "branches"]}
    row[-1]["routing"] = routing
    with pytest.raises(BertsymError, match=", field 'heads"):
        load(saved(tmp_path, content))


@pytest.mark.parametrize("seed", range(3))
def test_a_formula_that_rounds_is_not_asked_between_the_sizes_at_which_it_was_tried(seed: int) -> None:
    """60 draws each: 12*(H//8) was tried at multiples of 8, F//heads at multiples of heads; L is not rounded."""
    draw = Random(seed)
    rounds = Derived(
        "rounds", "Rounds", "by hand", {H: 64, L: 4, F: 12, heads: 3}, (),
        (
            Tensor("up", (12 * sympy.floor(H / 8),), Role.NORM, "", "up"),
            Tensor("deep", (3 * L,), Role.NORM, "", "deep"),
            Tensor("wide", (sympy.floor(F / heads),), Role.NORM, "", "wide"),
        ),
        (F / heads,),
        {H: Place("hidden", Tried(1, 500, 8)), L: Place("layers", Tried(1, 6, 2))},
    )  # fmt: skip
    model = parsed(parse_object(text(rounds).encode(), Path("rounds")), Path("rounds")).model()
    for _ in range(60):
        at = {H: draw.randint(1, 40), L: draw.randint(1, 9), F: draw.randint(1, 20), heads: draw.randint(1, 4)}
        known = at[H] % 8 == 0 and at[F] % at[heads] == 0
        if known:
            assert count(model.with_sizes(at)) == 12 * at[H] // 8 + 3 * at[L] + at[F] // at[heads]
        else:
            with pytest.raises(NotKnown, match="is no integer"):
                count(model.with_sizes(at))
    assert count(model.with_sizes({H: 64, L: 3, F: 12, heads: 3})) == 96 + 9 + 4
    with pytest.raises(NotKnown):
        total(model.with_sizes({H: 12}))
