"""Budgets in several quantities: the complete search against brute force, and the winner against the real class."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from bertsym import load
from bertsym.convention import EXACT
from bertsym.costs import Settings, quantity
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.solving.budgets import measured, with_inventory
from bertsym.solving.configurations import find
from bertsym.solving.request import Request
from bertsym.solving.requirements import Limit, NothingFits
from bertsym.symbols import B, H, L, N, S, T, V, ffn_ratio, heads, kv_heads, tied
from bertsym.zoo import ARCHITECTURES, named
from tests.costs.saved_tensors import saved_bytes

NAMES = ("states", "flops", "flops:train", "memory", "cache")


def drawn(draw: random.Random) -> tuple[Model, list[str], dict[Any, tuple[int, int]]]:
    """Return a model at random sizes, the quantities of its budgets, and the ranges of its unknowns."""
    architecture = draw.choice(["bert", "gpt2", "llama"])
    sizes: dict[Any, Any] = {V: draw.randint(50, 3000), ffn_ratio: draw.randint(1, 4)}
    sizes |= {N: 64} if architecture != "llama" else {kv_heads: 2, tied: draw.random() < 0.5}
    sizes |= {T: 2} if architecture == "bert" else {}
    known = [name for name in NAMES if name != "cache" or architecture != "bert"]
    ranges = {H: (8, 8 * draw.randint(3, 9)), L: (1, draw.randint(3, 12)), heads: (2, draw.randint(2, 6))}
    return Model(ARCHITECTURES[architecture]).with_sizes(sizes, pin=True), draw.sample(known, 2), ranges


@pytest.mark.parametrize("seed", range(30))
def test_the_search_finds_what_brute_force_finds(seed: int) -> None:
    draw = random.Random(seed)
    loaded, names, ranges = drawn(draw)
    budgets = [measured(loaded, name) for name in names]
    model = loaded
    for budget in budgets:
        model = with_inventory(model, budget)
    run = {
        symbol: number
        for symbol, number in ((B, draw.randint(1, 4)), (S, draw.randint(1, 60)))
        if symbol in model.symbols
    }
    model = model.with_sizes(run, pin=True)
    axes = [range(8, ranges[H][1] + 1, 8), range(1, ranges[L][1] + 1), range(2, ranges[heads][1] + 1)]
    every = []
    for values in product(*axes):
        sizes = dict(zip((H, L, heads), values, strict=True))
        if values[2] % loaded.given.get(kv_heads, 1):  # groups of heads share keys
            continue
        try:
            counted = [count(loaded.with_sizes(sizes), EXACT)]
            counted += [
                count(
                    budget.model.with_sizes({**{s: n for s, n in run.items() if s in budget.model.symbols}, **sizes}),
                    budget.convention,
                )
                for budget in budgets
            ]
        except BertsymError:
            continue
        every.append((values, counted))
    bounds = [
        sorted(counted[place + 1] for _, counted in every)[len(every) * draw.randint(1, 9) // 10] for place in range(2)
    ]
    least = sorted(counted[0] for _, counted in every)[len(every) // 10]
    limits = [Limit(budget.convention, most, None, budget.name) for budget, most in zip(budgets, bounds, strict=True)]
    limits.append(Limit(EXACT, None, least))
    fitting = [
        (values, counted)
        for values, counted in every
        if counted[1] <= bounds[0] and counted[2] <= bounds[1] and counted[0] >= least
    ]
    request = Request((H, L, heads), None, ranges=ranges, multiples={H: 8, L: 1, heads: 1}, limits=tuple(limits), top=5)
    if not fitting:
        with pytest.raises(NothingFits):
            find(model, request)
        return
    found = find(model, request)
    assert found.outcome.complete
    best = sorted(fitting, key=lambda entry: (-entry[1][0], entry[0]))[:5]
    assert [(answer.values, answer.count, answer.spent[:2]) for answer in found.answers] == [
        (values, counted[0], tuple(counted[1:])) for values, counted in best
    ], seed


@pytest.mark.filterwarnings("ignore")
def test_the_largest_model_that_fits_measures_as_many_bytes(torch: Any, transformers: Any, bertsym: Any) -> None:
    """The question of issue 20: the winner, built on the meta device, trained for a step and hooked."""
    command = "solve bert --for H,L,heads --at B=32,S=512 --at-most memory=24GiB --target max --top 1 --json --where"
    ran = bertsym(*command.split(), "H/heads == 64")
    assert ran.code == 0
    answer = json.loads(ran.out)
    assert answer["complete"]
    (winner,) = answer["candidates"]
    at = winner["at"]
    config = transformers.BertConfig(
        hidden_size=at["H"], num_hidden_layers=at["L"], num_attention_heads=at["heads"], intermediate_size=4 * at["H"]
    )
    config._attn_implementation = "eager"
    with torch.device("meta"):
        module = transformers.BertModel(config).train()
    parameters = list(module.parameters())
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    optimizer = torch.optim.AdamW(parameters)
    optimizer.step()
    arrays = [*parameters, *(parameter.grad for parameter in parameters)]
    arrays += [array for state in optimizer.state.values() for array in state.values()]
    states = sum(array.numel() * array.element_size() for array in arrays)
    kept = saved_bytes(torch, module, {"input_ids": torch.zeros(32, 512, dtype=torch.long, device="meta")})
    assert winner["spent"]["memory"] == states + kept <= 24 * 2**30
    assert winner["count"] == sum(parameter.numel() for parameter in parameters)


@pytest.mark.parametrize("budget", ["cache=24GiB --dtype bf16", "cache=24GiB", "cache=12884901888"])
def test_the_longest_context_that_a_cache_holds(budget: str, bertsym: Callable[..., Any]) -> None:
    """An amount in bytes means the bytes of a cache, and a number alone its elements."""
    context = f"solve Llama-2-7b-hf --for S --at B=1 --at-most {budget} --target max --top 1 --json"
    answer = json.loads(bertsym(*context.split()).out)
    assert answer["candidates"][0]["at"] == {"S": 49152}
    assert answer["complete"]
    words = bertsym(
        *["solve", "llama-7b", "--for", "S", "--at", "B=1", "--at-most", "cache=1e9", "--target", "max"]
    ).out
    assert "every S from 1 on" in words


def test_the_library_searches_within_budgets() -> None:
    base = load("gpt2-small")
    budgets = {"memory": "24GiB", "flops:train": "1e15"}
    answer: Any = base.solve("max", ["L"], at_most=budgets, at={"B": 8, "S": 1024})
    best = answer.report.found.answers[0]
    memory = base.of("memory").at(B=8, S=1024, L=best.at[L])
    assert best.spent[0] == memory.count() <= 24 * 2**30
    assert base.of("memory").at(B=8, S=1024, L=best.at[L] + 1).count() > 24 * 2**30
    assert best.spent[1] == base.of("flops", "train").at(B=8, S=1024, L=best.at[L]).count()


def test_a_budget_in_the_target_is_no_second_quantity(bertsym: Callable[..., Any]) -> None:
    command = "solve bert-base-uncased --of states --for L --target max --at-most states=24GiB --top 1"
    ran = bertsym(*command.split())
    assert "states (bytes)" not in ran.out
    assert "223 " in ran.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("solve bert --for L --target max", "no budget for --target max"),
        ("solve bert --for L --target max --at-least parameters=5M", "no budget for --target max"),
        ("solve bert --for L --target max --at-most memory=24XiB --at B=1,S=1", "24XiB"),
        ("solve bert --for L --target max --at-most memory=24GiB", "no value for B"),
        ("solve bert --for L --target max --at-most memroy=24GiB", "did you mean memory?"),
        ("solve deepseek_v3 --for L --target max --at-most memory=24GiB", "its memory in training is not known"),
        (
            "solve bert --for L --target max --at-most memory=1MiB --at B=1,S=1",
            "no L satisfies memory at most 1,048,576",
        ),
        ("solve bert --for L --target max --at-most states=1GiB --rank 8", "--rank contradicts"),
        (
            "solve bert --for L,H --target max --at-most states=1GiB --order depth",
            "--order depth contradicts --target max",
        ),
        (
            "solve bert --for L,H --target max --at-most states=1GiB --tolerance 1%",
            "--tolerance contradicts --target max",
        ),
        ("solve bert-base-uncased --for B --target max --at S=600 --at-most memory=80GiB", "S=600 contradicts N=512"),
        ("solve mistral --for S --target max --at B=1 --at-most cache=1e9", "do not bound it"),
    ],
)
def test_budgets_that_are_refused(words: str, expected: str, bertsym: Callable[..., Any]) -> None:
    ran = bertsym(*words.split())
    assert (ran.code, ran.out) == (2, "")
    assert expected in ran.err


def test_a_budget_that_rounds_up_is_searched(bertsym: Callable[..., Any]) -> None:
    """Stage 3 of ZeRO shares each tensor over the devices, and pads it: the states are no polynomial in the sizes."""
    budget = "--at-most states=1GiB --zero 3 --devices 8 --target max --top 1 --json"
    (winner,) = json.loads(bertsym(*f"solve bert-base-uncased --for L {budget}".split()).out)["candidates"]
    shared = "total bert-base-uncased --of states --zero 3 --devices 8 --count --at"
    spent, more = (int(bertsym(*shared.split(), f"L={winner['at']['L'] + by}").out.replace(",", "")) for by in (0, 1))
    assert winner["spent"]["states"] == spent <= 2**30 < more


def test_settings_belong_to_the_quantity_that_reads_them() -> None:
    """--dtype decides the memory of a budget, and not the parameters that are searched."""
    loaded = named("gpt2-small")
    half, single = (measured(loaded, "memory", Settings(dtype=dtype)) for dtype in ("bf16", "float32"))
    sizes = {B: 1, S: 64}
    assert count(half.model.with_sizes(sizes), half.convention) < count(
        single.model.with_sizes(sizes), single.convention
    )
    assert quantity("memory").account().convention.unit == half.convention.unit
