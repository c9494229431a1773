"""The states of training against real optimizers after a step."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from bertsym.convention import select
from bertsym.costs import Settings, measured, quantity
from bertsym.costs.optimizers import OPTIMIZERS
from bertsym.count import count
from bertsym.errors import UnknownName
from bertsym.zoo import ARCHITECTURES, named
from tests.costs.runs import EVERY
from tests.zoo.test_family import drawn, read


def optimizer(torch: Any, name: str, parameters: Any) -> Any:
    """Return torch's optimizer of that name."""
    kinds = torch.optim
    return {
        "adamw": lambda: kinds.AdamW(parameters),
        "amsgrad": lambda: kinds.AdamW(parameters, amsgrad=True),
        "sgd": lambda: kinds.SGD(parameters, lr=0.1),
        "momentum": lambda: kinds.SGD(parameters, lr=0.1, momentum=0.9),
        "adagrad": lambda: kinds.Adagrad(parameters),
        "adafactor": lambda: kinds.Adafactor(parameters),
    }[name]()


def stored(state: Any, torch: Any) -> int:
    """Return the bytes of all arrays in a state_dict."""
    if torch.is_tensor(state):
        return int(state.numel()) * int(state.element_size())
    if isinstance(state, dict):
        return sum(stored(part, torch) for part in state.values())
    return 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EVERY)
def test_states_of_real_optimizers(name: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    """Weights, gradients and the optimizer's own state, each alone; every head in turn."""
    architecture, family = ARCHITECTURES[name], EVERY[name]
    draw = random.Random(name)
    for seed, head in enumerate(architecture.heads):
        cls = architecture.heads[head].cls
        fields = {**drawn(family, seed), **family.demands.get(head, {})}
        if 0 in fields.values():  # torch's Adafactor divides by the sides of a table without rows
            fields = {**fields, "type_vocab_size": 2}
        config = getattr(transformers, family.config)(**fields)
        asked = ("model_type", architecture.schema.model_type), ("architectures", [cls])
        model = read(config.to_dict(), tmp_path / "config.json", *asked)
        dtype = draw.choice(["float32", "bfloat16"])
        module = getattr(transformers, cls)(config).to(getattr(torch, dtype))
        for parameter in module.parameters():
            parameter.grad = torch.zeros_like(parameter)
        for kind in set(OPTIMIZERS) - {"adamw8bit"}:
            states = quantity("states", Settings(dtype=dtype, optimizer=kind))
            account = states.account()
            ours = measured(model, states, account)
            real = optimizer(torch, kind, module.parameters())
            real.step()
            parts = {
                "weights": sum(stored(parameter, torch) for parameter in module.parameters()),
                "gradients": sum(stored(parameter.grad, torch) for parameter in module.parameters()),
                "optimizer": stored(real.state_dict()["state"], torch),
            }
            for part, number in parts.items():
                if number or part != "optimizer":
                    assert count(ours, select(account.convention, ours.tensors, [part])) == number, (kind, part, fields)
            assert count(ours, account.convention) == sum(parts.values())


@pytest.mark.parametrize(("convention", "each"), [("mixed", 16), ("megatron", 18)])
def test_bytes_for_each_parameter(convention: str, each: int) -> None:
    """The rules of thumb, and four bytes for each tensor: torch keeps the step of each."""
    model = named("gpt2-xl")
    states = quantity("states")
    account = states.account(convention)
    ours = measured(model, states, account)
    steps = select(account.convention, ours.tensors, ["step"])
    tensors = 2 + 48 * 12 + 2
    assert count(ours, steps) == 4 * tensors
    assert count(ours, account.convention) - 4 * tensors == each * count(model)


def test_an_unknown_optimizer_is_refused() -> None:
    with pytest.raises(UnknownName, match="unknown optimizer 'lion'"):
        quantity("states", Settings(optimizer="lion"))


def test_a_recipe_of_mixed_precision_has_its_own_types() -> None:
    with pytest.raises(UnknownName, match="convention of states"):
        quantity("states", Settings(dtype="bf16")).account("mixed")
