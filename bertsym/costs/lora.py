"""LoRA: Hu et al. 2021, arXiv:2106.09685. The parameters of an adapter: two thin matrices beside each one adapted.

peft decides what is adapted. By default these are all linear layers but the output embedding. Experts that lie in one
array are adapted as one matrix of all their ranks, and gate and up, which share an array, at twice the rank.
"""

from __future__ import annotations

from functools import partial

from sympy import Expr, Integer

from bertsym.convention import Convention
from bertsym.costs.quantity import Account, Quantity
from bertsym.costs.settings import Settings
from bertsym.errors import NotKnownOf, UnknownName, Unreadable
from bertsym.layers import Leaf, Linear, Parameter, Role, Weight
from bertsym.model import Architecture, Head
from bertsym.quantities import Unit
from bertsym.symbols import r
from bertsym.tree import Listed, Tensor, inventory
from bertsym.values import replace

READS = frozenset({"rank", "targets"})
TRAINED = Unit("trained parameters")
_DOWN, _UP = "features into the rank", "the rank into features"
_MARK = ".lora_"


def adapted(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the two matrices beside that of a leaf; none beside tables, vectors and the output embedding."""
    match leaf:
        case Linear(inputs=inputs, outputs=outputs, role=Role.MATRIX):
            return _pair(inputs, outputs, r)
        case Parameter(shape=(experts, outputs, inputs), role=Role.MATRIX):
            return _pair(inputs, outputs, experts * r)
    return ()


def _pair(inputs: Expr | int, outputs: Expr | int, rank: Expr) -> tuple[Weight, ...]:
    return (
        Weight("lora_A.weight", (rank, Integer(1) * inputs), Role.MATRIX, _DOWN),
        Weight("lora_B.weight", (Integer(1) * outputs, rank), Role.MATRIX, _UP),
    )


def _entries(
    rank: Expr, targets: tuple[str, ...] | None, _architecture: Architecture, head: Head
) -> tuple[Tensor, ...]:
    """Return the matrices of the adapter; raises `UnknownName` for a target that no module is named."""
    if isinstance(head.tree, Listed):
        matrices = _of_derived(head.cls, head.tree, targets)
    else:
        matrices = tuple(replace(matrix, tied_to=None) for matrix in inventory(head.tree, adapted))
    chosen = tuple(matrix for matrix in matrices if targets is None or _module(matrix) in targets)
    for target in targets or ():
        if not any(_module(matrix) == target for matrix in chosen):
            raise UnknownName(f"module of {head.cls}", target, {_module(matrix) for matrix in matrices})
    return tuple(_at_rank(matrix, rank) for matrix in chosen)


def _of_derived(cls: str, tree: Listed, targets: tuple[str, ...] | None) -> tuple[Tensor, ...]:
    """Return the pairs of a derived model, of which only tensors are known, so targets must be named.

    Raises `NotKnownOf` without targets, and for a target that is no plain matrix.
    """
    if targets is None:
        raise NotKnownOf(cls, "set of linear layers", "its formula came from its tensors alone", "pass --targets")
    aimed = [t for t in tree.tensors if t.role is Role.MATRIX and t.name.endswith(".weight")]
    pairs = []
    for tensor in aimed:
        plain = len(tensor.shape) == 2 and tensor.routing is None
        if tensor.module in targets and not plain:
            raise NotKnownOf(cls, f"adapter of {tensor.module}", "it is no plain matrix", "leave it out")
        layer = tensor.name.removesuffix("weight")
        pairs += [
            replace(tensor, name=layer + thin.name, shape=thin.shape, meaning=thin.meaning, tied_to=None)
            for thin in (_pair(tensor.shape[1], tensor.shape[0], r) if plain else ())
        ]
    return tuple(pairs)


def _module(matrix: Tensor) -> str:
    """Return the name of the module that a matrix adapts."""
    return matrix.name.partition(_MARK)[0].rpartition(".")[2]


def _at_rank(matrix: Tensor, rank: Expr) -> Tensor:
    """Put the rank in; a matrix of gate and up has twice the rank."""
    rank = 2 * rank if _module(matrix) == "gate_up_proj" else rank
    # An expert's matrices are adapted whether or not a router chooses it.
    return replace(matrix, shape=tuple(side.xreplace({r: rank}) for side in matrix.shape), routing=None)


def quantity(settings: Settings) -> Quantity:
    """Return the quantity; a rank that is not given is the symbol r. Raises `Unreadable` for a rank below 1."""
    if settings.rank is not None and settings.rank < 1:
        raise Unreadable("--rank", settings.rank, "an integer of at least 1")
    rank = r if settings.rank is None else Integer(settings.rank)
    adapted_to = "all linear layers" if settings.targets is None else ", ".join(settings.targets)
    convention = Convention(
        "lora",
        f"the trained parameters of an adapter of rank {rank} beside {adapted_to}, without biases",
        "peft: LoraConfig, print_trainable_parameters()",
        ties_once=False,
        unit=TRAINED,
    )
    account = Account(convention, partial(_entries, rank, settings.targets))
    return Quantity("lora", "adapter", "peft", (account,))
