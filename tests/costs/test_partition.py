"""The states of a device under ZeRO, and those of an 8-bit optimizer, against their own procedures on real tensors."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest

from bertsym.costs import Settings, measured, quantity
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.symbols import F, H, L, N, T, V, heads, kv_heads
from bertsym.zoo import ARCHITECTURES, named


def real_tensors(torch: Any, transformers: Any, name: str, draw: random.Random) -> tuple[Model, list[Any]]:
    """Return a model at random sizes and the parameters of its class on the meta device."""
    n = draw.randint(1, 3)
    width, layers, wide, rows = (
        4 * n * draw.randint(1, 40),
        draw.randint(1, 3),
        draw.randint(1, 900),
        draw.randint(9, 999),
    )
    common = {"vocab_size": rows, "num_hidden_layers": layers}
    if name == "bert":
        config = transformers.BertConfig(
            **common, hidden_size=width, intermediate_size=wide, num_attention_heads=n, max_position_embeddings=17
        )
        sizes = {V: rows, N: 17, H: width, L: layers, heads: n, F: wide, T: 2}
        cls = "BertModel"
    else:
        config = transformers.LlamaConfig(
            **common, hidden_size=width, intermediate_size=wide, num_attention_heads=2 * n, num_key_value_heads=n
        )
        sizes = {V: rows, H: width, L: layers, heads: 2 * n, kv_heads: n, F: wide}
        cls = "LlamaModel"
    with torch.device("meta"):
        module = getattr(transformers, cls)(config)
    return Model(ARCHITECTURES[name]).with_sizes(sizes), list(module.parameters())


def flat(tensors: Iterable[Any], torch: Any) -> Any:
    """Return the tensors in one array."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])


def deepspeed(torch: Any, parameters: list[Any], stage: int, devices: int) -> int:
    """Return the bytes of the first device, as DeepSpeed lays the arrays out, with Adam."""
    if stage == 3:
        shares = []
        for parameter in parameters:
            padding = -parameter.numel() % devices
            whole = flat([parameter, torch.empty(padding, device="meta")], torch)
            shares.append(whole[: len(whole) // devices])
        share = flat(shares, torch)
        weights, gradients = len(share), len(share)
    else:
        whole = flat(parameters, torch)
        unpadded = len(whole)
        remainder = len(whole) % (2 * devices)
        if remainder:
            whole = flat([whole, torch.empty(2 * devices - remainder, device="meta")], torch)
        share = whole.chunk(devices)[0]
        weights = len(whole)
        gradients = unpadded if stage == 1 else len(share)
    master = torch.nn.Parameter(share.float())
    master.grad = torch.zeros_like(master)
    optimizer = torch.optim.AdamW([master])
    optimizer.step()
    state = sum(part.numel() * part.element_size() for part in optimizer.state[master].values())
    return int(2 * weights + 2 * gradients + 4 * len(share) + state)


@pytest.mark.parametrize("name", ["bert", "llama"])
def test_the_share_of_a_device(name: str, torch: Any, transformers: Any) -> None:
    for seed in range(12):
        draw = random.Random(f"{name} {seed}")
        model, parameters = real_tensors(torch, transformers, name, draw)
        stage, devices = draw.randint(1, 3), draw.randint(1, 70)
        states = quantity("states", Settings(zero=stage, devices=devices))
        ours = count(measured(model, states, states.account()), states.account().convention)
        assert ours == deepspeed(torch, parameters, stage, devices), (seed, stage, devices)


@pytest.mark.parametrize("name", ["bert", "llama"])
def test_an_8_bit_optimizer(name: str, torch: Any, transformers: Any) -> None:
    """The procedure of bitsandbytes for each real parameter, and the library itself where it is installed."""
    for seed in range(12):
        model, parameters = real_tensors(torch, transformers, name, random.Random(f"{name} {seed}"))
        kept, tables = 0, 0
        for parameter in parameters:
            elements = parameter.numel()
            if elements < 4096:
                kept += 2 * 4 * elements
            else:
                blocks, rest = divmod(elements, 256)
                kept += 2 * (elements + 4 * (blocks + (rest > 0)))
                tables = 2 * 256 * 4
        states = quantity("states", Settings(optimizer="adamw8bit"))
        account = states.account()
        whole = count(measured(model, states, account), account.convention)
        assert whole == 8 * sum(parameter.numel() for parameter in parameters) + kept + tables, seed


def test_an_8_bit_optimizer_of_bitsandbytes(torch: Any, transformers: Any) -> None:
    bitsandbytes = pytest.importorskip("bitsandbytes")
    model, shapes = real_tensors(torch, transformers, "bert", random.Random(7))
    parameters = [torch.nn.Parameter(torch.zeros(shape.shape)) for shape in shapes]
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    optimizer = bitsandbytes.optim.AdamW8bit(parameters)
    optimizer.step()
    arrays = {
        part.data_ptr(): part
        for state in optimizer.state.values()
        for part in state.values()
        if hasattr(part, "data_ptr")
    }
    states = quantity("states", Settings(optimizer="adamw8bit"))
    account = states.account()
    whole = count(measured(model, states, account), account.convention)
    kept = sum(part.numel() * part.element_size() for part in arrays.values())
    assert whole == 8 * sum(parameter.numel() for parameter in parameters) + kept


def test_the_rule_of_the_paper() -> None:
    """Section 3 of arXiv:1910.02054: 2 bytes for weights, 2 for gradients and 12 for Adam, each over the devices."""
    model = named("gpt2-xl")
    whole = count(model)
    for stage, gradients, weights in ((1, whole, whole), (2, whole // 64, whole), (3, whole // 64, whole // 64)):
        states = quantity("states", Settings(zero=stage, devices=64))
        ours = count(measured(model, states, states.account()), states.account().convention)
        rule = 2 * weights + 2 * gradients + 12 * whole // 64
        assert 0 <= ours - rule < 16 * 2 * 64 * 600  # the padding of some 600 tensors


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(zero=4, devices=2), "--zero: expected a stage from 0 to 3"),
        (Settings(zero=-1, devices=2), "--zero: expected a stage from 0 to 3"),
        (Settings(zero=1), "no number of devices"),
        (Settings(zero=1, devices=0), "--devices: expected an integer of at least 1"),
        (Settings(devices=8), "--devices 8 contradicts no --zero"),
        (Settings(zero=2, devices=8, dtype="bf16"), "--dtype bf16 contradicts --zero 2"),
    ],
)
def test_partitions_that_do_not_exist(settings: Settings, expected: str) -> None:
    with pytest.raises(BertsymError, match=expected):
        quantity("states", settings)


def test_stage_0_keeps_everything() -> None:
    model = named("bert-tiny")
    alone, shared = quantity("states"), quantity("states", Settings(zero=0, devices=8))
    numbers = [
        count(measured(model, states, states.account()), states.account().convention) for states in (alone, shared)
    ]
    assert numbers[0] == numbers[1]
