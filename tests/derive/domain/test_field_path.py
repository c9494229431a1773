"""Paths of fields: the configuration, the name, the list and the index in it, and which lists may be layer indices."""

from __future__ import annotations

import pytest

from bertsym.derive.domain.field_path import ascending_lists, field_name, list_index, list_path, parent_config


@pytest.mark.parametrize(
    ("path", "config", "name", "in_list"),
    [
        ("hidden_size", "", "hidden_size", ""),
        ("text_config.hidden_size", "text_config", "hidden_size", ""),
        ("a.b.depths[3]", "a.b", "depths[3]", "a.b.depths"),
        ("pools[1][0]", "", "pools[1][0]", "pools[1]"),
    ],
)
def test_a_path_and_its_parts(path: str, config: str, name: str, in_list: str) -> None:
    assert (parent_config(path), field_name(path), list_path(path)) == (config, name, in_list)


def test_the_index_is_that_of_the_innermost_list() -> None:
    assert (list_index("depths[3]"), list_index("pools[1][12]")) == (3, 12)


def test_lists_of_layer_indices_ascend() -> None:
    fields = {
        **{f"full[{index}]": number for index, number in enumerate([2, 5, 11])},
        **{f"depths[{index}]": number for index, number in enumerate([2, 2, 6])},
        **{f"flags[{index}]": flag for index, flag in enumerate([False, True])},
        "single[0]": 7,
        "hidden": 8,
    }
    assert ascending_lists(fields) == {"full": ["full[0]", "full[1]", "full[2]"]}


def test_entries_are_in_the_order_of_their_indices() -> None:
    fields = {f"full[{index}]": index for index in (10, 2, 0, 1, 11, 3, 4, 5, 6, 7, 8, 9)}
    assert ascending_lists(fields)["full"] == [f"full[{index}]" for index in range(12)]
