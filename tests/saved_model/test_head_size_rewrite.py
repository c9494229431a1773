"""A head size that code rounds down is d = H/heads: the same wherever heads divide H, and refused elsewhere."""

from __future__ import annotations

import pytest
import sympy

from bertsym.count import count, total
from bertsym.errors import NotAnInteger
from bertsym.layers import Role
from bertsym.saved_model.derived import Derived, DerivedHead
from bertsym.saved_model.head_size_rewrite import in_head_size
from bertsym.symbols import H, d, heads, kv_heads
from bertsym.tree import Tensor
from bertsym.values import replace

ROUNDED = sympy.floor(H / heads)
KEYS = Tensor("keys", (kv_heads * ROUNDED, H), Role.MATRIX, "", "keys")
FOUND = Derived("some", "Some", "by hand", {H: 12, heads: 4, kv_heads: 2}, (), (KEYS,))


def test_it_is_the_same_number_and_a_polynomial() -> None:
    rounded, shown = FOUND.model(), in_head_size(FOUND).model()
    assert total(rounded).has(sympy.floor)
    assert total(shown) == kv_heads * H**2 / heads
    for width in (4, 8, 40, 400):
        sizes = {H: width, heads: 4, kv_heads: 3}
        assert count(shown.with_sizes(sizes)) == count(rounded.with_sizes(sizes)) == 3 * (width // 4) * width
    with pytest.raises(NotAnInteger):
        shown.with_sizes({H: 6, heads: 4})
    assert count(shown.with_sizes({d: 5, H: 7, kv_heads: 2})) == 70


def test_heads_have_it_too() -> None:
    both = replace(FOUND, heads={"other": DerivedHead("Other", (replace(KEYS, name="body.keys"),))})
    assert not total(in_head_size(both).model(head="other")).has(sympy.floor)


def test_a_default_that_heads_do_not_divide_is_rounded_down() -> None:
    odd = in_head_size(replace(FOUND, defaults={**FOUND.defaults, H: 13})).model()
    for width, size in ((13, 3), (6, 1), (8, 2)):
        assert count(odd.with_sizes({H: width, heads: 4, kv_heads: 5})) == 5 * size * width
    assert count(odd.with_sizes({d: 9, H: 13, heads: 4, kv_heads: 5})) == 5 * 9 * 13


def test_what_has_another_head_size_is_left_alone() -> None:
    own = replace(FOUND, defaults={**FOUND.defaults, d: 3})
    plain = replace(FOUND, tensors=(replace(KEYS, shape=(H, H)),))
    for derived in (own, plain):
        assert in_head_size(derived) is derived
