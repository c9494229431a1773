"""The tensors of a base in builds of a head, without any model code."""

from __future__ import annotations

import pytest

from bertsym.derive.head_extension.inherited import Inherited, Unlike, UnlikeContext, find_inherited
from bertsym.derive.types import Entry, Fields, Inventory, Observation, Sizes
from bertsym.layers import Role
from bertsym.symbols import H, L, V
from bertsym.tree import Loop, Tensor
from bertsym.values import replace

FIELDS = {"v": V, "h": H, "l": L}
BASE = (
    Tensor("embed.weight", (V, H), Role.EMBEDDING, "", "embed"),
    Tensor("layers.{}.weight", (H, H), Role.MATRIX, "", "layers", (Loop(L * 0, L),)),
    Tensor("pooler.weight", (H, H), Role.MATRIX, "", "pooler"),
)


def sizes(fields: Fields) -> Sizes:
    """Return the sizes of the base at some fields."""
    return {symbol: fields[name] for name, symbol in FIELDS.items()}


def built(v: int, h: int, layers: int, **changed: Entry) -> Inventory:
    """Return the tensors of a head: the base under `body.` without its pooler, and an output."""
    shapes = {"body.embed.weight": (v, h), **{f"body.layers.{i}.weight": (h, h) for i in range(layers)}}
    inventory = {name: Entry(shape, name, "matrix") for name, shape in shapes.items()}
    return inventory | {"out.bias": Entry((v,), "out.bias", "bias")} | changed


def observed(v: int, h: int, layers: int) -> Observation:
    """Return the observation of such a head."""
    return Observation({V: v, H: h, L: layers}, built(v, h, layers))


@pytest.fixture
def inherited() -> Inherited:
    """The sorting of the templates by two observations."""
    return find_inherited(BASE, [observed(30, 4, 2), observed(7, 5, 0)], sizes)


def test_the_templates_are_sorted_by_the_observations(inherited: Inherited) -> None:
    """The pooler stands nowhere."""
    assert (inherited.prefix, inherited.kept, inherited.dropped) == ("body.", {0, 1}, {2})
    assert [tensor.name for tensor in inherited.inventory()] == ["body.embed.weight", "body.layers.{}.weight"]


def test_the_rest_of_a_build_is_what_the_base_does_not_explain(inherited: Inherited) -> None:
    """The output alone is left to a search."""
    assert list(inherited.rest({"v": 9, "h": 3, "l": 4}, built(9, 3, 4))) == ["out.bias"]


@pytest.mark.parametrize(
    ("changed", "position"),
    [
        ({"body.layers.1.weight": Entry((3, 4), "body.layers.1.weight", "matrix")}, 1),
        ({"body.embed.weight": Entry((9, 3), "out.bias", "matrix")}, 0),
        ({"body.pooler.weight": Entry((3, 3), "body.pooler.weight", "matrix")}, 2),
    ],
    ids=["another shape", "another owner", "a dropped tensor"],
)
def test_a_build_that_contradicts_the_sorting_names_the_template(
    inherited: Inherited, changed: dict[str, Entry], position: int
) -> None:
    """The search begins again, with that template among its own."""
    with pytest.raises(Unlike) as raised:
        inherited.rest({"v": 9, "h": 3, "l": 2}, built(9, 3, 2, **changed))
    assert raised.value.position == position
    inherited.search_again(raised.value)
    assert position not in inherited.kept | inherited.dropped


def test_a_tensor_tied_to_an_inherited_one_brings_it_along(inherited: Inherited) -> None:
    """A search must know the tensor that the tie is to."""
    tied = {"out.weight": Entry((9, 3), "body.embed.weight", "embedding")}
    fields, inventory = {"v": 9, "h": 3, "l": 1}, built(9, 3, 1, **tied)
    with pytest.raises(UnlikeContext) as raised:
        inherited.rest(fields, inventory)
    inherited.search_again(raised.value)
    assert list(inherited.rest(fields, inventory)) == ["body.embed.weight", "out.bias", "out.weight"]
    assert inherited.context_names() == {"body.embed.weight"}


def test_a_search_may_find_a_template_of_the_context_under_another_name(inherited: Inherited) -> None:
    """UDOP's base has a loop over one index where the search finds a literal number."""
    inherited.context = {0, 1}
    again, other = (replace(BASE[position], name=name) for position, name in (
        (0, "body.embed.weight"), (1, "body.layers.0.weight")))  # fmt: skip
    assert inherited.renamed([again]) == set()
    assert inherited.renamed([again, other]) == {1}
    assert [tensor.name for tensor in inherited.inventory(without={1})] == ["body.embed.weight"]
    assert inherited.context_names(without={1}) == {"body.embed.weight"}
