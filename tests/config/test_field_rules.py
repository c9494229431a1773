"""Rules of an atlas entry about the fields of a file: aliases, refused kinds of values, fixed fields, notes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bertsym.config.configfile import read_config
from bertsym.config.field_rules import check_rules, contradicted, renamed, unread_fields
from bertsym.config.flatten import flattened
from bertsym.count import count
from bertsym.errors import BadField, BertsymError
from bertsym.files.jsonfile import Json
from bertsym.model import Model
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.encode import text
from bertsym.saved_model.field_rules import NOT_RECORDED, FieldRules, ValueKind
from bertsym.saved_model.presentation import PresentedEntry
from bertsym.values import replace

FILE = Path("config.json")


def entry(name: str, **rules: Any) -> Derived:
    """Return an entry of the atlas with these rules in place of its own."""
    stored = entry_of(name)
    assert stored is not None
    return replace(stored, rules=FieldRules(**rules))


def read(name: str, config: dict[str, Any], **rules: Any) -> Model:
    return read_config({"model_type": name, **config}, FILE, entry=PresentedEntry(entry(name, **rules)))


def test_an_alias_sets_the_field_that_it_stands_for() -> None:
    aliases = {"n_embed": "hidden_size"}
    assert count(read("bloom", {"n_embed": 1024}, aliases=aliases)) == count(read("bloom", {"hidden_size": 1024}))


def test_an_alias_may_not_contradict_its_field() -> None:
    with pytest.raises(BadField, match=r"n_embed.*1024.*hidden_size says '64'"):
        renamed({"n_embed": 1024, "hidden_size": 64}, FieldRules({"n_embed": "hidden_size"}), FILE)


def test_a_flat_file_is_read_as_the_file_of_a_part() -> None:
    rules = FieldRules({"width": "text.width", "layers": "text.layers"})
    assert renamed({"width": 8, "layers": 2, "vision": {}}, rules, FILE) == {
        "vision": {},
        "text": {"width": 8, "layers": 2},
    }
    assert renamed({"width": 8, "text": {"width": 8}}, rules, FILE) == {"text": {"width": 8}}
    with pytest.raises(BadField, match=r"width.*text\.width is missing beside it"):
        renamed({"width": 8, "text": {"layers": 2}}, rules, FILE)
    with pytest.raises(BadField, match=r"width.*text\.width says '9'"):
        renamed({"width": 8, "text": {"width": 9}}, rules, FILE)


def test_a_prevailing_name_overwrites_its_field() -> None:
    rules = FieldRules({"vision.layers": "vision.depth"}, prevailing={"vision.layers": "vision.depth"})
    both: dict[str, Json] = {"vision": {"layers": 4, "depth": 3}}
    assert renamed(both, rules, FILE) == {"vision": {"depth": 4}}
    assert contradicted(both, rules) == (
        "'vision.depth' is overwritten with 'vision.layers', as the configuration class does",
    )
    assert renamed({"vision": {"layers": 4}}, rules, FILE) == {"vision": {"depth": 4}}
    assert contradicted({"vision": {"layers": 3, "depth": 3}}, rules) == ()
    copied = FieldRules(prevailing={"encoder.layers": "encoder_layers"})
    assert renamed({"encoder": {"layers": 4}, "encoder_layers": 2}, copied, FILE) == {
        "encoder": {},
        "encoder_layers": 4,
    }


def test_prevailing_names_may_follow_each_other_in_any_order() -> None:
    pairs = {"part_dict": "part", "part.layers": "part.depth"}
    both: dict[str, Json] = {"part": {"layers": 4, "depth": 3}, "part_dict": {"width": 8}}
    for names in (list(pairs), list(pairs)[::-1]):
        rules = FieldRules(prevailing={name: pairs[name] for name in names})
        assert renamed(both, rules, FILE) == {"part": {"width": 8}}


def test_a_part_may_be_overwritten_as_a_whole() -> None:
    rules = FieldRules(prevailing={"text_config_dict": "text_config"})
    part: dict[str, Json] = {"text_config": {"width": 8, "layers": 2}}
    assert renamed({**part, "text_config_dict": {"width": 16}}, rules, FILE) == {"text_config": {"width": 16}}
    assert renamed({**part, "text_config_dict": None}, rules, FILE) == {**part, "text_config_dict": None}
    clip = {"hidden_size": 512, "intermediate_size": 1024}
    both = {"text_config": {"hidden_size": 64}, "text_config_dict": clip}
    assert count(read("clip", both, prevailing=rules.prevailing)) == count(read("clip", {"text_config": clip}))


def test_an_alias_within_a_part_is_renamed_there() -> None:
    rules = FieldRules({"text.num_local_experts": "text.num_experts"})
    assert renamed({"text": {"num_local_experts": 4}}, rules, FILE) == {"text": {"num_experts": 4}}


@pytest.mark.parametrize(
    ("kind", "refused", "accepted"),
    [
        (ValueKind.NULL, None, 3),
        (ValueKind.ZERO, 0, 3),
        (ValueKind.TRUE, True, False),
        (ValueKind.FALSE, False, True),
        (ValueKind.NUMBER, 3, "gelu"),
        (ValueKind.TEXT, "gelu", 3),
        (ValueKind.LIST, [1, 2], 3),
        (ValueKind.EMPTY, {}, {"a": 1}),
        (ValueKind.OBJECT, {"a": 1}, {}),
        (ValueKind.ANY, 3, None),
        (ValueKind.ANY, [1], False),
        (ValueKind.ANY, "x", 0),
    ],
    ids=str,
)
def test_a_kind_of_value_is_refused_by_the_name_of_its_field(kind: ValueKind, refused: Any, accepted: Any) -> None:
    derived = entry("bloom", refused={"odd": frozenset({kind})})
    check_rules(flattened({"odd": accepted}), derived, FILE)
    with pytest.raises(BadField, match=r"'odd'.*the model code reads it"):
        check_rules(flattened({"odd": refused}), derived, FILE)


def test_a_size_is_refused_on_one_side_of_its_default() -> None:
    derived = entry("bloom", refused={"hidden_size": frozenset({ValueKind.SMALLER})})
    default = next(derived.defaults[s] for s, field in derived.fields.items() if field.path == "hidden_size")
    for size in (int(default), 2 * int(default)):
        check_rules({"hidden_size": size}, derived, FILE)
    with pytest.raises(BadField, match="hidden_size"):
        check_rules({"hidden_size": int(default) // 2}, derived, FILE)


def test_a_missing_field_is_refused_where_its_part_is_there() -> None:
    derived = entry("bloom", refused={"text.width": frozenset({ValueKind.ABSENT})})
    check_rules(flattened({}), derived, FILE)
    check_rules(flattened({"text": {"width": 3}}), derived, FILE)
    with pytest.raises(BadField, match=r"text\.width.*missing.*add it"):
        check_rules(flattened({"text": {}}), derived, FILE)


def test_a_field_that_another_makes_idle_is_refused_without_it() -> None:
    derived = entry("bloom", refused={"every": frozenset({ValueKind.ANY})}, unless={"every": "kinds"})
    check_rules(flattened({"every": 4, "kinds": ["full"]}), derived, FILE)
    for fields in ({"every": 4}, {"every": 4, "kinds": None}):
        with pytest.raises(BadField, match="every"):
            check_rules(flattened(fields), derived, FILE)


def test_a_size_without_a_tensor_may_be_null() -> None:
    """Wav2Vec2-BERT has no vocabulary before it has a CTC head."""
    assert count(read("wav2vec2-bert", {"vocab_size": None})) == count(read("wav2vec2-bert", {}))
    with pytest.raises(BadField, match="vocab_size"):
        read("bloom", {"vocab_size": None})


PRODUCTS = {"mlp_dim": ("hidden_size", "mlp_ratio")}


@pytest.mark.parametrize(
    ("config", "width"),
    [
        ({"mlp_ratio": 2.0}, 1536),
        ({"mlp_ratio": 8}, 6144),
        ({"mlp_ratio": 0.5, "hidden_size": 96}, 48),
        ({"mlp_ratio": 2.0, "mlp_dim": None}, 1536),
        ({"mlp_ratio": 2.0, "mlp_dim": 100}, 100),
    ],
    ids=str,
)
def test_a_size_that_the_file_omits_is_a_product(config: dict[str, Any], width: int) -> None:
    found = read("sam_vision_model", config, products=PRODUCTS)
    sized = {"hidden_size": config.get("hidden_size", 768), "mlp_dim": width}
    assert count(found) == count(read("sam_vision_model", sized))


@pytest.mark.parametrize("ratio", [0.3, -1, True, "2", None, [2.0], 1e308], ids=str)
def test_a_product_that_is_not_whole_is_refused(ratio: Json) -> None:
    with pytest.raises(BadField, match="mlp_ratio"):
        read("sam_vision_model", {"mlp_ratio": ratio}, products=PRODUCTS)


def test_rules_are_read_as_they_are_written() -> None:
    derived = entry(
        "bloom",
        aliases={"n_embed": "hidden_size"},
        fixed={"odd": [1]},
        refused={"a": frozenset({ValueKind.ANY, ValueKind.NULL}), "b.c": frozenset({ValueKind.ABSENT})},
        unless={"a": "b"},
        labels=3,
        equal={"odd": (None, "x")},
        products={"n_layer": ("hidden_size", "ratio")},
    )
    assert parsed(json.loads(text(derived)), FILE).rules == derived.rules


@pytest.mark.parametrize("rules", [FieldRules(), NOT_RECORDED], ids=["recorded", "not-recorded"])
def test_a_file_says_if_rules_were_recorded(rules: FieldRules) -> None:
    derived = replace(entry("bloom"), rules=rules)
    assert parsed(json.loads(text(derived)), FILE).rules.recorded is rules.recorded


def test_a_value_that_the_class_builds_alike_is_counted() -> None:
    layers = {"n_layer": 2}
    fixed = {"fixed": {"odd": None}}
    plain = count(read("bloom", layers, **fixed))
    with pytest.raises(BadField, match="odd"):
        read("bloom", {**layers, "odd": False}, **fixed)
    assert count(read("bloom", {**layers, "odd": False}, **fixed, equal={"odd": (False,)})) == plain


def test_a_value_of_a_field_that_the_code_fixes_is_counted_if_the_class_builds_it_alike() -> None:
    """ESM's layer norm before the stack is absent at null, as in the class, and at false, as in every file."""
    stored = entry("bloom", equal={"early_norm": (False,)})
    derived = replace(stored, fixed_by_code={**stored.fixed_by_code, "early_norm": None})
    config: dict[str, Any] = {"model_type": "bloom", "n_layer": 2}
    plain = count(read_config(config, FILE, entry=PresentedEntry(derived)))
    assert count(read_config({**config, "early_norm": False}, FILE, entry=PresentedEntry(derived))) == plain
    with pytest.raises(BadField, match="early_norm"):
        read_config({**config, "early_norm": True}, FILE, entry=PresentedEntry(derived))


def test_a_table_is_fixed_by_its_rows() -> None:
    derived = parsed(json.loads(text(entry("bloom", fixed={"odd": {"05": {"width": 2}, "11": {}}}))), FILE)
    check_rules(flattened({"odd": {"11": {}, "5": {"width": 2}}}), derived, FILE)
    wrong: tuple[dict[str, Json], ...]
    wrong = ({"5": {"width": 3}, "11": {}}, {"5": {"width": 2}}, {"5": {"width": True}, "11": {}}, {"9" * 5000: 1})
    for rows in wrong:
        with pytest.raises(BadField, match="odd"):
            check_rules(flattened({"odd": rows}), derived, FILE)


def test_a_fixed_field_is_counted_at_its_value_only() -> None:
    derived = entry("bloom", fixed={"odd": [1, 2]})
    check_rules(flattened({"odd": [1, 2]}), derived, FILE)
    check_rules(flattened({}), derived, FILE)
    with pytest.raises(BadField, match=r"odd.*only"):
        check_rules(flattened({"odd": [1, 3]}), derived, FILE)


def test_sizes_for_single_layers_are_refused_in_every_part() -> None:
    derived = entry("bloom")
    check_rules(flattened({"text": {"per_layer_config": {}}}), derived, FILE)
    with pytest.raises(BadField, match="per_layer_config"):
        check_rules(flattened({"text": {"per_layer_config": {"3": {"head_dim": 8}}}}), derived, FILE)


def test_a_size_that_nothing_reads_is_noted() -> None:
    derived = entry("bloom")
    assert unread_fields(flattened({"num_odd_layers": 3}), derived) == (
        "no parameter depends on 'num_odd_layers': the count leaves it out",
    )
    assert unread_fields(flattened({"hidden_size": 3, "comment": 3, "odd_size": "x"}), derived) == ()
    assert read("bloom", {"odd_size": 3}).notes == ("no parameter depends on 'odd_size': the count leaves it out",)


def test_a_file_without_labels_has_those_of_the_class() -> None:
    """BartConfig has three labels, where the base class has two."""
    three, four = (count(read("bart", {"architectures": ["BartForSequenceClassification"]}, labels=n)) for n in (3, 4))
    assert four - three == 1024 + 1


def test_a_size_that_follows_from_others_may_not_contradict_them() -> None:
    """Ernie's text part builds at a width of 128 a head only, and its formula is in the heads."""
    name = "ernie4_5_vl_moe"
    at_default = count(read(name, {"text_config": {"hidden_size": 2560}}))
    assert at_default == count(read(name, {"text_config": {}}))
    assert count(read(name, {"text_config": {"hidden_size": 2688, "num_attention_heads": 21}})) > at_default
    with pytest.raises(BertsymError, match=r"H=2688 contradicts heads=20.*2560"):
        read(name, {"text_config": {"hidden_size": 2688}})


def test_a_list_of_layers_without_the_table_of_their_sizes() -> None:
    """Dots 3's class makes a pyramid of 4 to 64 experts only if a file has neither; a list alone means 64 in each."""
    derived = entry_of("dots3_note")
    assert derived is not None
    path = "vision_config.mlp_layer_types"
    words, table = derived.fixed_by_code[path], derived.rules.fixed["vision_config.per_layer_config"]
    part = {"model_type": "dots3_note_vision_encoder"}
    legal: list[dict[str, Any]] = [{}, {"mlp_layer_types": None}, {"mlp_layer_types": words, "per_layer_config": table}]
    for given in legal:
        check_rules(flattened({"vision_config": {**part, **given}}), derived, FILE)
    with pytest.raises(BadField, match="per_layer_config is missing beside it"):
        check_rules(flattened({"vision_config": {**part, "mlp_layer_types": words}}), derived, FILE)
