"""Group testing, groups that are accepted together, and the scope of a rejection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from bertsym.derive.search import accepted_groups, find_scope, isolate_effective, isolate_failing

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("effective", ["", "a", "z", "dq", "xyz", "aejmz"])
def test_the_effective_items_are_isolated_in_order(effective: str) -> None:
    asked: list[str] = []

    def has_effect(group: Sequence[str]) -> bool:
        asked.append("".join(group))
        return bool(set(group) & set(effective))

    assert "".join(isolate_effective(LETTERS, has_effect)) == effective
    assert asked[0] == LETTERS
    assert len(asked) <= 1 + 10 * len(effective)  # both halves on each of five levels


@pytest.mark.parametrize("failing", ["", "a", "z", "dq", "aejmz"])
def test_the_failing_items_are_isolated(failing: str) -> None:
    assert sorted(isolate_failing(LETTERS, lambda group: not set(group) & set(failing))) == list(failing)


@pytest.mark.parametrize("together", ["az", "bc", "ahz"])
def test_of_items_that_fail_together_one_is_isolated(together: str) -> None:
    isolated = isolate_failing(LETTERS, lambda group: not set(together) <= set(group))
    assert len(isolated) == 1
    assert isolated[0] in together


def test_a_search_that_is_over_returns_the_rest_of_the_group() -> None:
    assert isolate_failing(LETTERS, lambda group: "q" not in group, lambda: True) == list(LETTERS)


def test_no_items_are_no_question() -> None:
    def never(group: Sequence[str]) -> bool:
        raise AssertionError(group)

    assert list(isolate_effective([], never)) == []
    assert list(accepted_groups([], never)) == []


def test_the_next_groups_are_prefetched_before_they_are_asked_about() -> None:
    ahead: set[str] = set()

    def has_effect(group: Sequence[str]) -> bool:
        assert group in ahead or group == "abcd"
        return "c" in group

    def prefetch(groups: Iterable[Sequence[str]]) -> None:
        ahead.update(map(str, groups))

    assert list(isolate_effective("abcd", has_effect, prefetch)) == ["c"]
    assert ahead == {"ab", "cd", "c", "d"}


def test_groups_are_halved_until_they_are_accepted() -> None:
    """Two items that exclude one another end in different groups, and an item that is rejected alone stays alone."""

    def trial(group: Sequence[str]) -> int | None:
        return None if "d" in group or {"a", "b"} <= set(group) else len(group)

    assert list(accepted_groups("abcdefgh", trial)) == [("a", 1), ("b", 1), ("c", 1), ("d", None), ("efgh", 4)]


@pytest.mark.parametrize("scope", ["a", "z", "ab", "kz", "bmy", "aghz"])
def test_the_scope_of_a_rejection_is_found(scope: str) -> None:
    asked = 0

    def is_accepted(group: Sequence[str]) -> bool:
        nonlocal asked
        asked += 1
        return not set(scope) <= set(group)

    assert set(find_scope(LETTERS, is_accepted, 4)) == set(scope)
    assert asked <= 8 * len(scope)


def test_an_accepted_group_has_no_scope() -> None:
    assert find_scope(LETTERS, lambda _: True, 4) == []


def test_the_scope_is_no_larger_than_asked_for() -> None:
    assert len(find_scope(LETTERS, lambda group: not set("abcdef") <= set(group), 3)) == 3
