"""An entry with another part in the place of its own, without the library."""

from __future__ import annotations

from random import Random

import pytest

from bertsym import atlas
from bertsym.atlas.slots import RecordedSlot, slots
from bertsym.count import count, written_out
from bertsym.errors import InvalidModel
from bertsym.model import Model
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import FIRST, Derived
from bertsym.saved_model.replace_part import Holder, Replacement, with_part
from bertsym.symbols import BY_SYMBOL, Kind

SEED = 9417
ENTRIES = sorted(name for name in atlas.index() if slots(name))


def entry(name: str) -> Derived:
    derived = entry_of(name)
    assert derived is not None
    return derived


def replaced(name: str, slot: RecordedSlot, kind: str) -> Derived:
    """Return an entry with a type in a slot."""
    spellings = {field.path: field.aliases for field in entry(slot.model_type).fields.values()}
    return with_part(entry(name), Replacement(slot.path, entry(kind), holders(slot, entry(kind)), spellings))


def holders(slot: RecordedSlot, part: Derived) -> dict[str, Holder | None]:
    """Return the modules that hold a part, each with the head that the slot prefers."""
    return {
        name: None if prefix is None else Holder(prefix, next(h for h in slot.heads[name] if h in part.classes))
        for name, prefix in slot.prefixes.items()
    }


def at_fields(derived: Derived, head: str, fields: dict[str, int | bool]) -> Model:
    """Return the model at the values of fields, by their paths, and at its defaults elsewhere."""
    model = derived.model(head=head)
    sizes = {symbol: fields.get(field.path, derived.defaults[symbol]) for symbol, field in derived.fields.items()}
    return model.with_sizes({symbol: size for symbol, size in sizes.items() if symbol in model.symbols})


def drawn(derived: Derived, random: Random) -> dict[str, int | bool]:
    """Return small sizes of every field; heads divide widths."""
    fields: dict[str, int | bool] = {}
    for symbol, field in derived.fields.items():
        size = BY_SYMBOL[symbol]
        if size.kind is Kind.SWITCH:
            fields[field.path] = random.random() < 0.5
        elif "head" in field.path.rpartition(".")[2] and size.kind is not Kind.RATIO:
            fields[field.path] = 2
        elif size.kind in (Kind.WIDTH, Kind.DEPTH, Kind.COUNT):
            fields[field.path] = random.randint(1, 2) if size.kind is Kind.DEPTH else 48 * random.randint(1, 4)
    return fields


@pytest.mark.parametrize("name", ["llava", "paligemma", "blip-2"])
def test_the_own_part_in_its_place_changes_nothing(name: str) -> None:
    """The entry of the default type, moved into the slot, has the tensors that the whole was derived with."""
    random = Random(f"{SEED} {name}")
    for slot in slots(name):
        same = replaced(name, slot, slot.model_type)
        fields = drawn(entry(name), random)
        for head in entry(name).classes:
            ours, theirs = (at_fields(derived, head, fields) for derived in (same, entry(name)))
            shapes, expected = ({n: shape for n, shape, _ in written_out(model)} for model in (ours, theirs))
            assert shapes == expected
            assert count(ours) == count(theirs)


def test_two_parts_have_sizes_of_their_own() -> None:
    """The vision part has fields of the same names as the text part, as `hidden_size`."""
    (text,) = (slot for slot in slots("llava") if slot.path == "text_config")
    derived = replaced("llava", text, "granite")
    names = [str(symbol) for symbol in derived.fields]
    assert len(set(names)) == len(names)
    widths = {field.path for field in derived.fields.values() if field.path.endswith(".hidden_size")}
    assert widths == {"text_config.hidden_size", "vision_config.hidden_size"}


def test_fields_of_the_old_part_are_gone() -> None:
    """GPT-NeoX has no `num_key_value_heads`, and its biases are always there."""
    (text,) = (slot for slot in slots("llava") if slot.path == "text_config")
    derived = replaced("llava", text, "gpt_neox")
    paths = {field.path for field in derived.fields.values()} | derived.no_effect.keys() | derived.fixed_by_code.keys()
    assert "text_config.num_key_value_heads" not in paths
    assert "text_config.model_type" not in derived.fixed_by_code
    assert derived.fixed_by_code["vision_config.model_type"] == "clip_vision_model"


def test_a_class_whose_tie_has_no_target_is_left_out() -> None:
    """GPT-2 calls its table `wte`, so that LLaVA's `lm_head` cannot be tied to `embed_tokens`."""
    (text,) = (slot for slot in slots("llava") if slot.path == "text_config")
    assert list(replaced("llava", text, "gpt2").classes) == [FIRST]


def test_a_part_without_a_size_that_the_whole_takes_is_refused() -> None:
    """A ResNet has widths by stage and no `hidden_size`, which the projector takes."""
    (vision,) = (slot for slot in slots("llava") if slot.path == "vision_config")
    with pytest.raises(InvalidModel, match=r"vision_config\.hidden_size"):
        replaced("llava", vision, "resnet")


def test_a_class_that_no_slot_names_is_left_out() -> None:
    (text,) = (slot for slot in slots("llava") if slot.path == "text_config")
    part = entry("mistral")
    first = {FIRST: holders(text, part)[FIRST]}
    assert list(with_part(entry("llava"), Replacement("text_config", part, first)).classes) == [FIRST]
    with pytest.raises(InvalidModel, match="no part of another type"):
        with_part(entry("llava"), Replacement("text_config", part, {}))


def test_the_slots_fit_the_entries() -> None:
    """Every slot names a part, a type and classes that the atlas has."""
    for name in ENTRIES:
        heads = entry(name).classes
        for slot in slots(name):
            assert slot.prefixes.keys() <= heads.keys(), name
            assert atlas.path(slot.model_type) is not None
            for head, prefix in slot.prefixes.items():
                within = [one for one in heads[head].tensors if prefix is not None and one.name.startswith(prefix)]
                assert bool(within) == (prefix is not None), f"{name} {slot.path} {head}"
