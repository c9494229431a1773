"""Short symbols: unique in a model, never a registered one, and understood beside the fields."""

from __future__ import annotations

import random

import pytest

from bertsym import atlas
from bertsym.errors import BertsymError
from bertsym.render.notation import NOTATIONS
from bertsym.resolve import load
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.code_names import shortened, with_short_names
from bertsym.symbols import BY_NAME, Own
from bertsym.vocabulary.short_symbols import short_names

WHOLE = [name for name, line in sorted(atlas.index().items()) if not line.unresolved]
SAMPLE = sorted(random.Random(20261128).sample(WHOLE, 40))


@pytest.mark.parametrize(
    ("path", "symbol"),
    [
        ("vision_config.hidden_size", "H_v"),
        ("vision_config.num_hidden_layers", "L_v"),
        ("decoder_ffn_dim", "F_dec"),
        ("moe_intermediate_size", "F_moe"),
        ("q_lora_rank", "r_q"),
        ("num_mel_bins", "M"),
        ("depths[2]", "L_2"),
        ("vision_config.depths[0]", "L_0"),
        ("mlp_ratio", "rho"),
        ("patch_size", "p"),
        ("expand", "expand"),
    ],
)
def test_letters_say_what_a_size_is(path: str, symbol: str) -> None:
    name = path.replace(".", "_").replace("[", "_").rstrip("]").replace("_config", "")
    assert short_names({name: path}, ()) == {name: symbol}


def test_two_stacks_are_told_apart() -> None:
    paths = {"vision_patch_size": "vision_config.patch_size", "audio_patch_size": "audio_config.patch_size"}
    assert short_names(paths, ()) == {"vision_patch_size": "p_v", "audio_patch_size": "p_a"}
    assert short_names({"patch_size": "patch_size"}, ("p",)) == {"patch_size": "p_patch"}


@pytest.mark.parametrize("name", SAMPLE)
def test_symbols_of_an_entry_are_unique_and_short(name: str) -> None:
    entry = entry_of(name)
    assert entry is not None
    table = shortened(entry)
    names = [str(symbol) for symbol in with_short_names(entry).defaults]
    assert len(set(names)) == len(names)
    assert all(isinstance(new, Own) and str(new) not in BY_NAME for new in table.values())
    assert all(len(str(new)) <= len(str(old)) for old, new in table.items())
    for notation in NOTATIONS.values():
        printed = [notation.name(symbol) for symbol in names]
        assert len(set(printed)) == len(printed), (notation.title, printed)


@pytest.mark.parametrize("name", SAMPLE[::4])
def test_a_size_goes_by_symbol_field_and_saved_name(name: str) -> None:
    model, entry = load(f"atlas:{name}-default"), entry_of(name)
    assert entry is not None
    for old, new in shortened(entry).items():
        if new not in model.symbols:
            continue
        words = [str(new), entry.fields[old].path, str(old)]
        assert {model.size(word).symbol for word in words} == {new}


def test_the_numbers_do_not_depend_on_the_names() -> None:
    model = load("clip")
    sizes = {"H_v": 8, "vision_config.patch_size": 2, "vision_image_size": 9}
    given = model.with_sizes({model.size(word).symbol: value for word, value in sizes.items()})
    assert {str(symbol): value for symbol, value in given.given.items()} == {"H_v": 8, "p": 2, "I": 9}
    with pytest.raises(BertsymError, match="vision_hidden"):
        model.size("vision_hidden")
