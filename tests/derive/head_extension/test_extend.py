"""Heads over a derived body: inherited tensors, tensors of their own, and fields that only they read."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from bertsym.derive.export import recorded
from bertsym.derive.head_extension.extend import HeadExtension, extend_head
from bertsym.derive.head_extension.joint_domain import joint_domain, list_lengths
from bertsym.derive.merge_heads import add_head
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.pipeline import derive_in
from bertsym.derive.types import CannotDerive
from bertsym.derive.verification.recheck import recheck
from bertsym.saved_model.derived import Derived
from bertsym.values import replace
from tests.derive.fake_oracle import FakeOracle, Shapes
from tests.derive.headed import FIELDS

pytestmark = pytest.mark.torch
HEADS = ("classifier", "language_model", "wider", "same")


@pytest.fixture(scope="module")
def base(running: Worker) -> Derived:
    """The derived body."""
    return recorded(derive_in(running, "tests.derive.headed:body", FIELDS))


def extended(base: Derived, worker: Worker, head: str, seed: int = 0) -> Derived:
    """Return the body with one head."""
    target = f"tests.derive.headed:{head}"
    return add_head(base, head.replace("_", "-"), extend_head(base, worker, target, FIELDS, seed=seed))


@pytest.mark.parametrize("head", HEADS)
def test_a_head_agrees_with_its_code_at_fresh_samples(base: Derived, running: Worker, head: str) -> None:
    """The recheck draws its samples with another seed and other strategies."""
    found = extended(base, running, head)
    oracle = BuildOracle(running, f"tests.derive.headed:{head}", FIELDS)
    assert recheck(found, head.replace("_", "-"), oracle, Random(11), 12) is None


def test_a_head_takes_the_formulas_of_its_base(base: Derived, running: Worker) -> None:
    """The pooler is dropped, the rest stands under `body.`, and only the classifier is new."""
    head = extended(base, running, "classifier").heads["classifier"]
    names = [tensor.name for tensor in head.tensors]
    inherited = [f"body.{tensor.name}" for tensor in base.tensors if not tensor.name.startswith("pooler")]
    assert names == [*inherited, "classifier.weight", "classifier.bias"]


def test_a_head_that_needs_the_depth_of_the_defaults(running: Worker) -> None:
    """The body is sampled with few layers, and the head names the last one of the defaults."""
    fields = {**FIELDS, "layers": 20, "seed": 19}
    body = recorded(derive_in(running, "tests.derive.headed:body", fields))
    head = extend_head(body, running, "tests.derive.headed:indexing", fields)
    assert [tensor.name for tensor in head.tensors][-2:] == ["output.weight", "output.bias"]


def test_a_field_that_only_the_head_reads_becomes_a_size(base: Derived, running: Worker) -> None:
    """The body's own count does not change with it."""
    found = extended(base, running, "language_model")
    paths = {field.path for field in found.fields.values()}
    assert paths - {field.path for field in base.fields.values()} == {"inner", "tied"}
    assert found.model().cls == base.model().cls
    assert found.tensors == base.tensors


def test_a_tensor_that_the_head_has_at_another_size_is_searched_for_again(base: Derived, running: Worker) -> None:
    """Its embedding has two rows more."""
    head = extended(base, running, "wider").heads["wider"]
    shapes = {tensor.name: tensor.shape for tensor in head.tensors}
    inherited = {tensor.name: tensor.shape for tensor in base.tensors}
    assert shapes["embedding.weight"][0] == inherited["embedding.weight"][0] + 2


def test_a_class_without_a_tensor_of_the_base_is_refused(base: Derived, running: Worker) -> None:
    """A full derivation may cover it."""
    with pytest.raises(CannotDerive, match="no tensor of"):
        extend_head(base, running, "tests.derive.headed:stranger", FIELDS)


def test_a_wrong_base_is_found_out(base: Derived, running: Worker) -> None:
    """A formula that a build of the head refutes is not inherited: it is searched for again."""
    wrong = replace(base, tensors=tuple(_wider(tensor) for tensor in base.tensors))
    found = extended(wrong, running, "classifier")
    oracle = BuildOracle(running, "tests.derive.headed:classifier", FIELDS)
    assert recheck(found, "classifier", oracle, Random(3), 8) is None


def _wider(tensor: Any) -> Any:
    return replace(tensor, shape=(tensor.shape[0] + 1, *tensor.shape[1:])) if "layers" in tensor.name else tensor


def test_a_head_needs_fewer_builds_than_a_derivation(base: Derived, running: Worker) -> None:
    """A base of a few layers is cheap, so that the difference is larger for real models."""
    oracle = BuildOracle(running, "tests.derive.headed:language_model", FIELDS)
    HeadExtension(base, oracle, Random(0), 16, 0).derive()
    alone = derive_in(running, "tests.derive.headed:language_model", FIELDS)
    assert len(oracle.cache) < alone.builds


def test_the_joint_domain_keeps_the_rules_of_the_base(base: Derived, running: Worker) -> None:
    """The symbols of the base stay, and a field without effect in either stays without effect."""
    oracle = BuildOracle(running, "tests.derive.headed:classifier", FIELDS)
    domain = joint_domain(base, oracle, Random(0))
    assert domain.own == ("classes",)
    known = {field.path: symbol for symbol, field in base.fields.items()}
    assert {path: domain.symbols[path] for path in known} == known
    effects = {axis.name: not axis.no_effect for axis in domain.space.axes}
    assert effects["seed"] is False
    assert effects["width"] is True


def test_a_number_of_stages_is_as_long_as_the_list_of_their_depths() -> None:
    """Swin's configuration class takes another number, which no file has."""

    def stages(num_layers: int, num_blocks: int, **depths: int) -> Shapes:
        return {f"stage.{stage}": (num_layers, num_blocks) for stage, _ in enumerate(depths)}

    fields = {"num_layers": 4, "num_blocks": 7, **{f"depths[{stage}]": 2 for stage in range(4)}}
    oracle: Any = FakeOracle(stages, **fields)
    assert list_lengths(oracle, ["num_layers", "num_blocks", "depths[0]"]) == ["num_layers"]
