"""A recheck samples the stored domain and finds formulas that are wrong."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import sympy

from bertsym.count import written_out
from bertsym.derive.domain.stored_space import stored_space
from bertsym.derive.types import CannotDerive
from bertsym.derive.verification.recheck import STRATEGIES, recheck, strategy_sample
from bertsym.saved_model.allowed_values import Free
from bertsym.saved_model.derived import ConfigField, Derived, Domain
from bertsym.symbols import H, L, V
from bertsym.tree import Loop
from bertsym.values import replace
from tests.derive.fake_oracle import FakeOracle, Shapes
from tests.derive.saved_body import BODY


def code(derived: Derived) -> Any:
    """Return an oracle that builds the formulas, and rejects a width that the heads do not divide."""
    model = derived.model()
    symbols = {symbol: field.path for symbol, field in derived.fields.items() if symbol in model.symbols}

    def build(**fields: Any) -> Shapes:
        if fields["hidden_size"] % fields["num_heads"]:
            raise ValueError("it must divide")
        sizes = {symbol: fields[name] for symbol, name in symbols.items()}
        return {name: shape for name, shape, _ in written_out(model.with_sizes(sizes))}

    return FakeOracle(build, "body")


def test_samples_of_all_strategies_are_in_the_stored_domain() -> None:
    space, random = stored_space(BODY), Random(3)
    for index in range(240):
        fields = space.fields(strategy_sample(space, random, STRATEGIES[index % len(STRATEGIES)]))
        assert fields["hidden_size"] % (2 * fields["num_heads"]) == 0
        assert 0 <= fields["specials"] <= 20
        assert fields["num_labels"] == 2


def test_a_deep_sample_is_as_deep_as_the_default() -> None:
    deep = replace(BODY, defaults={**BODY.defaults, L: 48})
    space, random = stored_space(deep), Random(3)
    assert {strategy_sample(space, random, "deep")["layers"] for _ in range(40)} == {45, 46, 47, 48}
    assert max(strategy_sample(space, random, "uniform")["layers"] for _ in range(40)) <= 5


def test_correct_formulas_agree_and_wrong_ones_are_named_with_the_sizes() -> None:
    oracle = code(BODY)
    assert recheck(BODY, "model", oracle, Random(3), 8) is None
    wrong = replace(BODY, tensors=(*BODY.tensors[:2], replace(BODY.tensors[2], loops=(Loop(sympy.S.Zero, L),))))
    assert str(recheck(wrong, "model", oracle, Random(3), 8)).startswith("layer.0.b at ")
    off = replace(BODY, tensors=(replace(BODY.tensors[0], shape=(V + 1, H)), *BODY.tensors[1:]))
    assert str(recheck(off, "model", oracle, Random(3), 8)).startswith("words at ")


def test_a_condition_that_uniform_samples_miss_is_found_at_its_boundary() -> None:
    """The formula says that the bias exists unless V is 77; the code always has it."""
    biased = replace(BODY.tensors[2], when=sympy.Ne(V, 77))
    wrong = replace(BODY, tensors=(*BODY.tensors[:2], biased))
    assert "vocab_size=77" in str(recheck(wrong, "model", code(BODY), Random(3), 4))


def test_a_rejected_sample_is_drawn_again_but_not_for_ever() -> None:
    loose = replace(BODY, fields={**BODY.fields, H: ConfigField("hidden_size", Domain(Free(), 1, 60))})
    oracle = code(BODY)
    assert recheck(loose, "model", oracle, Random(1), 8) is None
    oracle.cache.clear()

    def reject(**_fields: Any) -> Shapes:
        raise ValueError("never")

    oracle.shapes = reject
    with pytest.raises(CannotDerive, match="it rejects 40 samples in a row, the last for ValueError: never"):
        recheck(loose, "model", oracle, Random(1), 8)
