"""A saved model is data: whatever the file says, it is read or refused, and nothing runs."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bertsym.convention import ACTIVE
from bertsym.count import count, total
from bertsym.errors import BadField, BadFile, BertsymError, NotKnown, PartialFormula, UnknownName
from bertsym.files.jsonfile import parse_object
from bertsym.layers import Role
from bertsym.model import Model
from bertsym.resolve import load
from bertsym.saved_model.allowed_values import Free
from bertsym.saved_model.decode import parse, parsed
from bertsym.saved_model.derived import (
    ConfigField,
    Constraint,
    Derived,
    Domain,
)
from bertsym.saved_model.encode import text
from bertsym.symbols import E, F, H, L, V, heads, tied
from bertsym.tree import Routing, Tensor
from bertsym.values import replace
from tests.saved_model.saved_models import BRANCHES, RICH, SMALL


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
    assert '{"head": "model", "prefix": "body.", "without": ["a.{}.v"]}' in written


def test_a_head_without_all_its_tensors_is_refused_and_the_others_are_not(tmp_path: Path) -> None:
    file = saved(tmp_path, text(RICH))
    assert load(file).architecture.heads.keys() == {"model", "causal-lm"}
    with pytest.raises(PartialFormula, match=r"RichForMaskedLM has no formula, odd\.\{\}\.weight \(dimension 1: no"):
        load(file, "masked-lm")
    with pytest.raises(UnknownName, match="unknown head of rich 'sequence'"):
        load(file, "sequence")


ROWS = ("heads", "model", "tensors")
TENSOR = (*ROWS, 0, "tensors", 0)
FIRST_TENSOR = "heads.model.tensors[0].tensors[0]"
CHANGES: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("format",), 1, "format"),
    (("format",), "3", "format"),
    (("engine",), True, "engine"),
    (("name",), "\x1b[31m", "name"),
    (("later",), 1, "format"),
    (("sizes",), [], "sizes"),
    (("sizes", "H"), {"default": -1}, "sizes.H.default"),
    (("sizes", "H"), {"default": 1.0}, "sizes.H.default"),
    (("sizes", "H"), {"default": 10**30}, "sizes.H.default"),
    (("sizes", "H"), {}, "sizes.H"),
    (("sizes", "H", "unit"), 1, "sizes.H"),
    (("sizes", "H", "aliases"), ["a b"], "sizes.H.aliases[0]"),
    (("sizes", "H", "aliases"), ["a"] * 9, "sizes.H.aliases"),
    (("sizes", "H", "if_omitted"), "H*(", "sizes.H.if_omitted"),
    (("sizes", "branches", "kind"), "anything", "sizes.branches.kind"),
    (("sizes", "branches", "kind"), "parameters", "sizes.branches.kind"),
    (("sizes", "branches", "minimum"), True, "sizes.branches.minimum"),
    (("sizes", "branches", "field"), "a[b]", "sizes.branches.field"),
    (("sizes", "branches", "domain"), [2, 1], "sizes.branches.domain[1]"),
    (("sizes", "branches", "domain"), [2], "sizes.branches.domain"),
    (("sizes", "branches", "domain"), [0, 10**9 + 1], "sizes.branches.domain[1]"),
    (("sizes", "branches", "domain"), {}, "sizes.branches.domain"),
    (("sizes", "branches", "domain"), {"steps": [1, 2], "of": ["a"]}, "sizes.branches.domain"),
    (
        ("sizes", "branches", "domain"),
        {"steps": [1, 2], "multiple_of": ["a b"]},
        "sizes.branches.domain.multiple_of[0]",
    ),
    (("sizes", "branches", "domain"), {"steps": [1, 2], "multiple_of": []}, "sizes.branches.domain.multiple_of"),
    (("sizes", "branches", "domain"), {"steps": [1, 2], "stride": None}, "sizes.branches.domain.stride"),
    (("sizes", "branches", "domain"), {"steps": [1, 2], "stride": 0}, "sizes.branches.domain.stride"),
    (("sizes", "branches", "domain"), {"steps": [1, 2], "at_most": 7}, "sizes.branches.domain.at_most"),
    (("sizes", "branches", "domain"), {"steps": [1, 2], "only_if": {"a b": 1}}, "sizes.branches.domain.only_if"),
    (("sizes", "branches", "domain"), {"choices": []}, "sizes.branches.domain.choices"),
    (("sizes", "branches", "domain"), {"choices": [1] * 65}, "sizes.branches.domain.choices"),
    (("sizes", "branches", "domain"), {"choices": ["a"]}, "sizes.branches.domain.choices[0]"),
    (("sizes", "branches", "domain"), {"determined_by": []}, "sizes.branches.domain.determined_by"),
    (("sizes", "branches", "domain"), {"determined_by": ["a"], "steps": [1, 1]}, "sizes.branches.domain"),
    (("sizes", "a b"), {"default": 1, "kind": "rows"}, "sizes"),
    (("definitions",), ["N"], "definitions"),
    (("definitions",), {"tied": "H"}, "definitions.tied"),
    (("definitions",), {"F": {"value": "ffn_ratio*H", "inverse": {"ffn_ratio": "F*H"}}}, "heads"),
    (("definitions",), {"F": {"value": "ffn_ratio*H", "inverse": {}}}, "definitions.F.inverse"),
    (("definitions",), {"F": {"value": "ffn_ratio*H", "inverse": {"other": "F"}}}, "definitions.F.inverse.other"),
    (("definitions",), {"F": "H/branches"}, "definitions.F"),
    (("constraints",), ["H/heads"], "constraints"),
    (("constraints",), {"law": ["H/E"]}, "constraints"),
    (("constraints",), {"code": ["H/"]}, "constraints.code[0]"),
    (("fixed_by_derivation",), {"a": 1}, "fixed_by_derivation.a"),
    (("fixed_by_derivation",), {"a": {"value": 1, "reason": "two\nlines"}}, "fixed_by_derivation.a.reason"),
    (("no_effect",), [7], "no_effect"),
    (("no_effect",), {"a": None}, "no_effect.a"),
    (("no_effect",), {"a": {"default": 1, "domain": "all"}}, "no_effect.a.domain"),
    (("fixed_by_code",), {"a b": 1}, "fixed_by_code"),
    (("heads",), {}, "heads"),
    (("heads", "a head"), {}, "heads"),
    (("heads", "other"), {"class": "Other", "tensors": [], "evidence": {}}, "heads.other.evidence"),
    ((*ROWS,), [], "heads.model"),
    ((*ROWS,), "none", "heads.model.tensors"),
    ((*TENSOR, 0), "a..b", f"{FIRST_TENSOR}[0]"),
    ((*TENSOR, 0), "{0.__class__}", f"{FIRST_TENSOR}[0]"),
    ((*TENSOR, 0), "words.{}.weight", f"{FIRST_TENSOR}[0]"),
    (TENSOR, ["w", "embedding", *["V"] * 9], FIRST_TENSOR),
    (TENSOR, ["w"], FIRST_TENSOR),
    ((*TENSOR, 1), "weight", f"{FIRST_TENSOR}[1]"),
    ((*TENSOR, 2), "H/2", f"{FIRST_TENSOR}[2]"),
    ((*TENSOR, 2), "H" + "(" * 40, f"{FIRST_TENSOR}[2]"),
    ((*ROWS, 0, "component"), 7, "heads.model.tensors[0].component"),
    ((*ROWS, 0, "only_if"), "H", "heads.model.tensors[0].only_if"),
    ((*ROWS, 0, "only_if"), "not true", "heads.model.tensors[0].only_if"),
    ((*ROWS, 0, "because"), "tied", "heads.model.tensors[0]"),
    ((*ROWS, 2, "loops"), [[0]], "heads.model.tensors[2].loops[0]"),
    ((*ROWS, 2, "loops"), [[0, "L", []], "L"], "heads.model.tensors[2].loops[0][2]"),
    ((*ROWS, 2, "loops"), [[0, "L", ["H"] * 33], "L"], "heads.model.tensors[2].loops[0][2]"),
    ((*ROWS, 2, "loops"), [[0, "L", ["H"], "these"], "L"], "heads.model.tensors[2].loops[0]"),
    ((*ROWS, 2, "loops"), [[0, "L", 0], "L"], "heads.model.tensors[2].loops[0][2]"),
    ((*ROWS, 3, "tensors", 0, 4), {"tied_to": "nowhere"}, "heads"),
    ((*ROWS, 3, "tensors", 0, 4), {"tied_to": "up.weight"}, "heads"),
    ((*ROWS, 3, "tensors", 0, 4), {"tied_if": "tied"}, "heads.model.tensors[3].tensors[0][4].tied_if"),
    (
        (*ROWS, 3, "tensors", 0, 4),
        {"tied_to": "words.weight", "tied_if": "or"},
        "heads.model.tensors[3].tensors[0][4].tied_if",
    ),
    (("heads", "other"), {"class": "Other", "tensors": [{"head": "missing"}]}, "heads.other.tensors[0].head"),
    (
        ("heads", "other"),
        {"class": "Other", "tensors": [{"head": "model", "first": "nowhere"}]},
        "heads.other.tensors[0].first",
    ),
    (
        ("heads", "other"),
        {"class": "Other", "tensors": [{"head": "model", "prefix": "{}."}]},
        "heads.other.tensors[0].prefix",
    ),
    (
        ("heads", "other"),
        {"class": "Other", "evidence": {"trials": -1}, "tensors": [{"head": "model"}]},
        "heads.other.evidence.trials",
    ),
]


def changed(content: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return the JSON with another value at the path; a list grows by one if the path ends after it."""
    parent = content
    for step in path[:-1]:
        parent = parent[step]
    if isinstance(parent, list) and path[-1] == len(parent):
        parent.append(new)
    else:
        parent[path[-1]] = new
    return content


@pytest.mark.parametrize(("path", "new", "field"), CHANGES, ids=str)
def test_a_wrong_field_is_named_by_its_path(path: tuple[Any, ...], new: Any, field: str, tmp_path: Path) -> None:
    file = saved(tmp_path, changed(json.loads(text(SMALL)), path, new))
    with pytest.raises(BadField) as raised:
        load(file)
    assert raised.value.field == field
    assert "\n" not in str(raised.value)


def test_a_wrong_file_ends_the_command_line_with_2(bertsym: Any, tmp_path: Path) -> None:
    content = changed(json.loads(text(SMALL)), ("sizes", "branches", "domain"), {"steps": [1, 2], "stride": -1})
    ran = bertsym("total", saved(tmp_path, content))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "field 'sizes.branches.domain.stride': expected a number above 0, got -1" in ran.err


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    twice = text(SMALL).replace('"name": "small"', '"name": "small", "name": "large"')
    with pytest.raises(BadFile, match="'name' is given twice"):
        load(saved(tmp_path, twice))


WORDS = [
    "H",
    "V",
    "tied",
    "H*V//2",
    "d = H/heads",
    "[tied]",
    "{}",
    "a.{}.b",
    "",
    "default",
    "tensors",
    "loops",
    "model",
]
WORDS += ["only_if", "tied_to", "head", "prefix", "first", "without", "1..3*H", "depths[0]", "domain", "field", "3/2"]
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
        (Constraint(F / heads),),
        {
            H: ConfigField("hidden", Domain(Free(8), 1, 500)),
            L: ConfigField("layers", Domain(Free(2), 1, 6)),
        },
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
