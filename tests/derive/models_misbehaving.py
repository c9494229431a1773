"""Model code that raises, hangs, exits, prints, forks or has no formula, and small code that has one."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import torch
from torch import nn


def raises(hidden: int) -> nn.Module:
    raise ValueError(f"no module of {hidden}")


def never_returns(hidden: int) -> nn.Module:
    while hidden:
        time.sleep(0.1)
    return nn.Linear(1, 1)


def leaves(hidden: int) -> nn.Module:
    os._exit(hidden % 100)


def returns_a_number(hidden: int) -> int:
    return hidden


def no_parameters(hidden: int) -> nn.Module:
    return nn.Dropout(hidden / 10000)


def no_size_matters(hidden: int) -> nn.Module:
    return nn.Linear(3, 4 if hidden else 5 - 1)


def prints(hidden: int) -> nn.Module:
    print("noise on standard output")
    print("noise on standard error", file=sys.stderr)
    return nn.Linear(hidden, 2 * hidden)


def fetches(hidden: int) -> nn.Module:
    import socket

    socket.create_connection(("127.0.0.1", 9), timeout=1)
    return nn.Linear(hidden, hidden)


def too_clever(hidden: int) -> nn.Module:
    return nn.ModuleDict({"plain": nn.Linear(hidden, 2), "odd": nn.Linear(hidden ^ 5, 3, bias=False)})


def shared(hidden: int, layers: int, labels: int) -> nn.Module:
    table = nn.Embedding(labels, hidden)
    module: Any = nn.ModuleDict({"table": table, "stack": nn.ModuleList(nn.Linear(hidden, 3) for _ in range(layers))})
    module.output = nn.Linear(hidden, labels, bias=False)
    module.output.weight = table.weight
    return nn.ModuleDict({"model": module})


def projected(hidden: int, embedding: int, layers: int) -> nn.Module:
    parts: list[nn.Module] = [nn.Linear(hidden, 3) for _ in range(layers)]
    module = nn.ModuleDict({"stack": nn.ModuleList(parts)})
    if embedding != hidden:
        module["project"] = nn.Linear(embedding, hidden, bias=False)
    return module


not_callable = 3


def hangs_at_odd(hidden: int) -> nn.Module:
    while hidden % 2:
        time.sleep(0.1)
    return nn.Linear(hidden, 1)


def refuses_odd(hidden: int) -> nn.Module:
    if hidden % 2:
        raise ValueError(f"{hidden} is odd")
    return nn.Linear(hidden, 3)


OWN = os.getpid()


def ends_in_a_copy(hidden: int) -> nn.Module:
    if os.getpid() != OWN:
        os._exit(hidden % 100)
    return nn.Linear(hidden, 3)


def tells_its_process(hidden: int) -> nn.Module:
    module = nn.Module()
    module.register_parameter(f"process_{os.getpid()}", nn.Parameter(nn.Linear(hidden, 1).weight[0]))
    return module


def many_names(hidden: int, names: int) -> nn.Module:
    """Tensors of one module, each with a name of its own."""
    module = nn.Module()
    for number in range(names):
        word = "".join("abcdefghij"[int(digit)] for digit in f"{number * 7919 % 100_003:06d}")
        module.register_parameter(word, nn.Parameter(torch.empty(hidden, 1 + number % 7)))
    return module


def names_100(hidden: int) -> nn.Module:
    return many_names(hidden, 100)


def names_200(hidden: int) -> nn.Module:
    return many_names(hidden, 200)
