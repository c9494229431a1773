"""Memory in training: the states, and what autograd keeps of a forward pass until the backward pass.

This is the memory at the end of the forward pass, and not the peak. The loss, temporary arrays of kernels and of the
backward pass, buffers of communication and the allocator's gaps come on top.
"""

from __future__ import annotations

from functools import cache, partial

from sympy import Integer

from bertsym.costs import states
from bertsym.costs.activations import IN_16_BITS, IN_THE_PAPER, TREES
from bertsym.costs.activations.kernels import HALF, Run, named_kernel, run_under
from bertsym.costs.quantity import Account, Entries, Quantity
from bertsym.costs.settings import Settings
from bertsym.errors import NotKnownOf
from bertsym.layers import Activation, Leaf, Role, Weight
from bertsym.model import Architecture, Head
from bertsym.symbols import cross_attention
from bertsym.tree import Listed, Tensor, Unlisted, inventory
from bertsym.values import replace

READS = frozenset({"dtype", "optimizer", "zero", "devices", "kernel"})
WITHOUT = ((cross_attention, 0),)
"""The switch at the value that the trees of activations cover: no decoder that attends to an encoder."""


def saved(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the array of a leaf."""
    if isinstance(leaf, Activation):
        return (Weight("", (Integer(leaf.size), *leaf.sides), Role.OTHER, leaf.meaning),)
    return ()


@cache
def activations(run: Run, architecture: str, head: str) -> tuple[Tensor, ...]:
    """Return the arrays that autograd saves; none for a head whose arrays are not known."""
    trees = TREES.get(architecture, {})
    if head not in trees:
        return ()
    kept = inventory(trees[head](run), saved)
    return tuple(replace(array, name=f"activations.{array.name}", component="activations") for array in kept)


def _entries(of_states: Entries, run: Run, architecture: Architecture, head: Head) -> tuple[Tensor, ...]:
    """Return the states and the activations; raises `NotKnownOf` if these are not known."""
    if isinstance(head.tree, Listed):
        raise Unlisted
    name = next(name for name, own in architecture.heads.items() if own is head)
    kept = activations(run, architecture.name, name)
    if not kept:
        known = [architecture.heads[name].cls for name in TREES.get(architecture.name, ())] or list(TREES)
        step = f"it is known of {', '.join(known[:4])}" + (" and others" if len(known) > 4 else "")
        raise NotKnownOf(head.cls, "memory in training", "no test has compared what its code keeps", step)
    if run.name == "paper" and architecture.name not in IN_THE_PAPER:
        reason, step = "the paper has no such layer", "pass another --kernel"
        raise NotKnownOf(head.cls, "memory in the account of Korthikanti et al.", reason, step)
    if architecture.name in IN_16_BITS and run.size != HALF:
        raise NotKnownOf(head.cls, "memory in 32 bits", "its experts multiply in 16 bits", "pass --dtype bf16")
    return (*of_states(architecture, head), *kept)


def quantity(settings: Settings) -> Quantity:
    """Return the quantity under a kernel, by default `eager`; raises what `states` raises, and `Conflict`."""
    kernel = named_kernel(settings.kernel or "eager")
    usual = "bfloat16" if kernel.sixteen_bits else "float32"
    of_states = states.quantity(replace(settings, kernel=None), usual)
    accounts = []
    for account in of_states.accounts:
        size = settings.itemsize(usual) if account.convention.name == "pure" else HALF
        run = run_under(kernel, size, settings.dtype or usual)
        kept = f"what autograd keeps under {kernel.name} kernels, with the default dropout and activation, not the peak"
        meaning = f"{account.convention.meaning}; and {kept}"
        entries = partial(_entries, account.entries, run)
        accounts.append(Account(replace(account.convention, meaning=meaning), entries, WITHOUT))
    return Quantity("memory", "memory in training", "torch's hooks on saved tensors", tuple(accounts))
