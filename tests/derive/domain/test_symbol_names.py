"""The symbols of fields: registered ones by spelling and kind, own ones for all others."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from bertsym.derive.domain.field_domain import Choice, FieldDomain, Free, MultipleOf, Switch
from bertsym.derive.domain.space import Space
from bertsym.derive.domain.symbol_names import symbols
from bertsym.symbols import BY_SYMBOL, H, Kind, L, V, heads, tied


def names(*axes: FieldDomain, keep: bool = False) -> dict[str, Any]:
    return dict(symbols(Space({axis.name: axis.base for axis in axes}, axes, ()), keep=keep))


def test_fields_with_a_usual_spelling_get_the_registered_symbols() -> None:
    found = names(
        FieldDomain("d_model", 512),
        FieldDomain("vocab_size", 30522),
        FieldDomain("n_heads", 8),
        FieldDomain("num_layers", 6, is_depth=True),
        FieldDomain("tie_word_embeddings", True, Switch()),
    )
    assert found == {
        "d_model": H,
        "vocab_size": V,
        "n_heads": heads,
        "num_layers": L,
        "tie_word_embeddings": tied,
    }


def test_of_two_spellings_the_more_usual_one_gets_the_symbol() -> None:
    found = names(FieldDomain("d_model", 512), FieldDomain("hidden_size", 512))
    assert found["hidden_size"] == H
    assert str(found["d_model"]) == "d_model"


def test_the_part_that_reads_text_gets_the_symbol() -> None:
    found = names(FieldDomain("vision_config.hidden_size", 768), FieldDomain("text_config.hidden_size", 512))
    assert found["text_config.hidden_size"] == H
    assert str(found["vision_config.hidden_size"]) == "vision_hidden_size"


def test_a_field_of_another_kind_gets_a_symbol_of_its_own() -> None:
    """A depth is no width, and a value below a size's minimum is none of it."""
    found = names(
        FieldDomain("hidden_size", 3, is_depth=True),
        FieldDomain("num_attention_heads", 0),
        FieldDomain("vocab_size", 7, Switch()),
    )
    assert not {H, heads, V} & set(found.values())


def test_names_are_kept_if_asked_for() -> None:
    found = names(FieldDomain("hidden_size", 512), FieldDomain("V", 30522), keep=True)
    assert str(found["hidden_size"]) == "hidden_size"
    assert found["V"] == V


def test_an_own_symbol_has_kind_and_minimum_of_its_domain() -> None:
    found = names(
        FieldDomain("rank", 8, min_steps=2),
        FieldDomain("aligned", 64, Free(32)),
        FieldDomain("stages", 2, is_depth=True, min_steps=0),
        FieldDomain("scale", Fraction(1, 2), Choice((Fraction(1, 2), Fraction(0)))),
        FieldDomain("biased", True, Switch()),
        FieldDomain("inner", 64, MultipleOf(("rank",))),
    )
    facts = {name: (BY_SYMBOL[symbol].kind, BY_SYMBOL[symbol].minimum) for name, symbol in found.items()}
    assert facts["rank"] == (Kind.WIDTH, 2)
    assert facts["aligned"] == (Kind.WIDTH, 32)
    assert facts["stages"] == (Kind.DEPTH, 0)
    assert facts["scale"] == (Kind.RATIO, 0)
    assert facts["biased"][0] is Kind.SWITCH
    assert facts["inner"] == (Kind.WIDTH, 1)


def test_a_name_is_short_and_taken_once() -> None:
    long = "a_configuration.with_a_part.and_a_very_long_name_of_a_field_in_it"
    found = names(FieldDomain(long, 8), FieldDomain("x.rank", 8), FieldDomain("x_rank", 9), FieldDomain("1st", 3))
    spelled = [str(symbol) for symbol in found.values()]
    assert len(set(spelled)) == len(spelled)
    assert all(len(name) <= 40 and name[0].isalpha() for name in spelled)
    assert str(found["1st"]) == "size_1st"
