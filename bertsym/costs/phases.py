"""The phases of a run with the least work and the least traffic of each: the two sides of a roofline.

Work is that of the `masked` convention, which multiplies no more than the masks keep. Traffic is what moves between
memory and a device whose caches hold nothing from one use to the next:

- a forward pass reads each matrix that multiplies once, but only as many experts as work on a token;
- decoding a token also reads the keys and values of all tokens before it;
- a training step writes the weights, the gradients and the optimizer's arrays once, and reads them once.

Tables are looked up, so few of their rows move. Activations may stay in caches. A lower bound may leave out both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sympy import Integer

from bertsym.convention import Convention
from bertsym.costs import cache, states
from bertsym.costs.flops import FLOPS, MULTIPLY_ADD, PASSES, UNUSED
from bertsym.costs.quantity import Account, Quantity, of_tree
from bertsym.costs.settings import Settings
from bertsym.costs.work import looked_up_per_token, masked_work, single_token_work
from bertsym.layers import Role
from bertsym.quantities import BYTES
from bertsym.tree import Node, Tensor
from bertsym.values import replace, value

WITNESS = "none: a bound"


@value
class Phase:
    """A phase of a run: its name in words, the work, and how often each part of the traffic moves."""

    name: str
    work: Quantity
    traffic: tuple[tuple[int, Quantity], ...]


def _quantity(noun: str, account: Account) -> Quantity:
    return Quantity("roofline", noun, WITNESS, (account,))


def _work(name: str, account: Account) -> Quantity:
    return _quantity(f"work of {name}", account)


def _products(name: str, factor: int, unused: int, entries: Callable[[Node], tuple[Tensor, ...]]) -> Account:
    convention = Convention(
        name,
        "the least products of matrices",
        ties_once=False,
        active=True,
        reused=True,
        factor=factor,
        factors=((UNUSED, unused),),
        unit=FLOPS,
    )
    return Account(convention, of_tree(entries))


def _matrices(size: int, tree: Node) -> tuple[Tensor, ...]:
    """Return the matrices that multiply, a tied output among them, in bytes."""
    return tuple(replace(entry, shape=(Integer(size), *entry.shape[2:])) for entry in looked_up_per_token(tree))


def _matrices_of_tokens(size: int, tree: Node) -> tuple[Tensor, ...]:
    """Return the matrices that multiply a token of the decoder, in bytes."""
    return tuple(entry for entry in _matrices(size, tree) if entry.rows is None)


def phases(dtype: str, *, decodes: bool) -> tuple[Phase, ...]:
    """Return the phases of a model in a type of numbers; a model with a cache decodes too."""
    settings = Settings(dtype=dtype)
    size = settings.itemsize()
    weights = Convention(
        "matrices",
        "the matrices that multiply",
        roles=frozenset({Role.MATRIX}),
        ties_once=False,
        active=True,
        unit=BYTES,
    )
    read = _quantity("matrices", Account(weights, of_tree(partial(_matrices, size))))
    read_by_token = _quantity("matrices", Account(weights, of_tree(partial(_matrices_of_tokens, size))))
    forward = _work("a forward pass", _products("forward", MULTIPLY_ADD, MULTIPLY_ADD, masked_work))
    step = _work("a training step", _products("train", MULTIPLY_ADD * PASSES, MULTIPLY_ADD, masked_work))
    token = _work("a token", _products("decode", MULTIPLY_ADD, MULTIPLY_ADD, single_token_work))
    run = [Phase("prefill" if decodes else "forward pass", forward, ((1, read),))]
    if decodes:
        run.append(Phase("decode a token", token, ((1, read_by_token), (1, cache.quantity(settings)))))
    run.append(Phase("training step", step, ((2, states.quantity(settings)),)))
    return tuple(run)
