"""Numbered lists with an entry a layer: any two sides agree on them, and all kinds and lengths occur."""

from __future__ import annotations

import json

import pytest

from bertsym.derive.layer_list_field import ListField, RandomStream, kind_letter

WORDS = ListField("layer_types", (("full", "attention"), ("conv",), ("mamba",)), (0, 0, 1, 2), "layers")
INDICES = ListField("cross_layers", ((), ()), (1, 0, 1, 0), "layers", is_indices=True)


def test_number_0_is_the_default_and_all_kinds_in_turn_at_other_lengths() -> None:
    assert WORDS.written(0, 4) == ["full", "full", "conv", "mamba"]
    assert WORDS.written(0, 5) == ["full", "conv", "mamba", "full", "conv"]
    assert INDICES.written(0, 4) == [1, 3]


@pytest.mark.parametrize("number", range(1, 40))
def test_the_words_of_a_list_are_of_its_kinds(number: int) -> None:
    for length in (0, 1, 6, 20):
        kinds = WORDS.kinds_at(number, length)
        assert len(kinds) == length
        assert WORDS.kinds_of(WORDS.written(number, length), {}) == list(kinds)
        listed = INDICES.written(number, length)
        assert INDICES.kinds_of(listed, {"layers": length}) == list(INDICES.kinds_at(number, length))


def test_some_lists_lack_a_kind_and_every_word_occurs() -> None:
    lists = [WORDS.kinds_at(number, 8) for number in range(1, 64)]
    assert len(set(lists)) > 40
    assert {frozenset(kinds) for kinds in lists} >= {frozenset({0, 1, 2}), frozenset({0, 1}), frozenset({2})}
    assert {word for number in range(1, 64) for word in WORDS.written(number, 8)} == {
        "full", "attention", "conv", "mamba",
    }  # fmt: skip


def test_an_unknown_word_has_no_kind() -> None:
    with pytest.raises(KeyError):
        WORDS.kinds_of(["full", "other"], {})


def test_the_stream_is_the_published_one() -> None:
    """The first values of SplitMix64 for the seed 1234567, from the reference implementation of Vigna."""
    stream = RandomStream(1234567)
    assert [stream.below(2**64) for _ in range(2)] == [6457827717110365317, 3203168211198807973]


def test_every_list_is_ready_for_json() -> None:
    assert [json.loads(json.dumps(field.to_json()))["path"] for field in (WORDS, INDICES)] == [
        "layer_types",
        "cross_layers",
    ]


def test_letters_are_no_indices() -> None:
    assert [kind_letter(kind) for kind in range(3)] == ["a", "b", "c"]
