"""FLOPs: the floating-point operations of a pass over a batch, under the conventions that people use.

Tools disagree by a factor of 2 on one forward pass, and by half on one training step. Each convention here says what it
counts and what it leaves out. `flops` is the truth of the code: what a recorder sees when the class runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bertsym.convention import Convention
from bertsym.costs import electra
from bertsym.costs.quantity import Account, Quantity, of_tree
from bertsym.costs.quantity import Entries as EntriesOfHead
from bertsym.costs.settings import Settings
from bertsym.costs.work import (
    attention_work,
    causal_work,
    chinchilla_work,
    looked_up_per_token,
    masked_work,
    parameters_per_token,
    work,
)
from bertsym.layers import Role
from bertsym.quantities import Unit
from bertsym.tree import Node, Tensor

READS: frozenset[str] = frozenset()
FLOPS = Unit("FLOPs", "FLOPs")
MACS = Unit("MACs", "MACs")
MULTIPLY_ADD = 2
PASSES = 3
"""Forward, and a backward pass of twice the work: the gradients of the inputs and those of the weights."""

Entries = Callable[[Node], tuple[Tensor, ...]]
UNUSED = Role.OTHER
"""The role of a product whose result nobody uses: no gradient flows back through it."""

NO_FACTORS: Mapping[Role, int] = MappingProxyType({})
EVERYTHING = frozenset(Role)
WITHOUT_TABLES = EVERYTHING - {Role.EMBEDDING}


def _of_work(
    name: str,
    meaning: str,
    used_by: str,
    factor: int,
    *,
    factors: Mapping[Role, int] = NO_FACTORS,
    roles: frozenset[Role] = EVERYTHING,
    layers_only: bool = False,
    entries: Entries = work,
    unit: Unit = FLOPS,
) -> Account:
    """Return a convention that sums products of matrices, those of some roles by factors of their own."""
    convention = Convention(
        name,
        meaning,
        used_by,
        roles=roles,
        layers_only=layers_only,
        ties_once=False,
        active=True,
        reused=True,
        factor=factor,
        factors=tuple(factors.items()),
        unit=unit,
    )
    return Account(convention, of_tree(entries))


def _of_parameters(
    name: str,
    meaning: str,
    used_by: str,
    factor: int,
    *,
    roles: frozenset[Role] = EVERYTHING,
    active: bool = False,
    entries: Entries = parameters_per_token,
) -> Account:
    """Return a convention that multiplies parameters with tokens."""
    return Account(
        Convention(name, meaning, used_by, roles=roles, active=active, factor=factor, unit=FLOPS), of_tree(entries)
    )


def _of_script(name: str, meaning: str, used_by: str, factor: int, entries: EntriesOfHead) -> Account:
    """Return a convention that sums the entries of a script."""
    return Account(Convention(name, meaning, used_by, ties_once=False, factor=factor, unit=FLOPS), entries)


def _parameters_and_attention(tree: Node) -> tuple[Tensor, ...]:
    return (*parameters_per_token(tree), *attention_work(tree))


def _matrices_and_attention(tree: Node) -> tuple[Tensor, ...]:
    return (*looked_up_per_token(tree), *attention_work(tree))


FORWARD = _of_work(
    "flops",
    "a forward pass, 2 for each multiply-add, attention over the full square; look-ups, norms and softmax are free",
    "torch FlopCounterMode; Megatron-LM, whose training step is three of them",
    MULTIPLY_ADD,
)
ACCOUNTS = (
    FORWARD,
    _of_work(
        "macs",
        "a forward pass in multiply-adds, which many tools call FLOPs",
        "fvcore, thop, ptflops, torchinfo, torchvision's tables",
        1,
        unit=MACS,
    ),
    _of_work(
        "causal",
        "a forward pass that skips the half of attention which a causal mask leaves out",
        "MaxText and verl; kernels such as FlashAttention",
        MULTIPLY_ADD,
        entries=causal_work,
    ),
    _of_work(
        "masked",
        "a forward pass that multiplies only the scores which causal masks and sliding windows keep",
        "FlashAttention with a window; torch and transformers' eager attention compute the full square and mask it",
        MULTIPLY_ADD,
        entries=masked_work,
    ),
    _of_work(
        "train",
        "a training step: forward, and backward of twice the work",
        "Megatron-LM; torch FlopCounterMode without a fused kernel of attention",
        MULTIPLY_ADD * PASSES,
        factors={UNUSED: MULTIPLY_ADD},
    ),
    _of_work(
        "recompute",
        "a training step that runs the forward pass twice, to save memory",
        "Narayanan et al. 2021, arXiv:2104.04473, for layers; the EleutherAI cookbook's default",
        MULTIPLY_ADD * (PASSES + 1),
        factors={UNUSED: MULTIPLY_ADD * 2},
    ),
    _of_work(
        "narayanan",
        "a training step that runs the forward pass of the layers twice, and that of the output embedding once",
        "Narayanan et al. 2021, arXiv:2104.04473, equation 3: 96BSLh²(1 + S/6h + V/16Lh)",
        MULTIPLY_ADD * (PASSES + 1),
        factors={UNUSED: MULTIPLY_ADD * 2, Role.EMBEDDING: MULTIPLY_ADD * PASSES},
    ),
    _of_work(
        "fused",
        "a training step whose fused kernel of attention computes scores again: its backward is 2.5 times forward",
        "torch FlopCounterMode with FlashAttention",
        MULTIPLY_ADD * PASSES,
        factors={UNUSED: MULTIPLY_ADD, Role.PRODUCT: MULTIPLY_ADD + 5},
    ),
    _of_parameters(
        "6nd",
        "a training step as 6 for each parameter and token; attention is left out, tables count",
        "Kaplan et al. 2020, arXiv:2001.08361, and model cards, with N of all parameters",
        6,
    ),
    _of_parameters(
        "6nd-non-embedding",
        "a training step as 6 for each parameter and token, without tables and an untied output",
        "Kaplan et al. 2020, arXiv:2001.08361, with N as they define it, but for biases and norms",
        6,
        roles=WITHOUT_TABLES,
    ),
    _of_parameters(
        "6nd-active",
        "a training step as 6 for each parameter that works on a token; attention is left out, tables count",
        "model cards of mixtures of experts",
        6,
        active=True,
    ),
    _of_parameters(
        "2nd",
        "a forward pass as 2 for each parameter and token; attention is left out, tables count",
        "estimates of inference",
        2,
    ),
    _of_parameters(
        "2nd-active",
        "a forward pass as 2 for each parameter that works on a token; attention is left out, tables count",
        "model cards of mixtures of experts",
        2,
        active=True,
    ),
    _of_parameters(
        "2nd-non-embedding",
        "a forward pass as 2 for each parameter and token, without tables and an untied output",
        "estimates of inference with Kaplan's N",
        2,
        roles=WITHOUT_TABLES,
    ),
    _of_work(
        "kaplan",
        "a forward pass of the layers alone, attention once for each multiply-add; no output embedding",
        "Kaplan et al. 2020, arXiv:2001.08361: 2N + 2 n_layer n_ctx d_attn for each token",
        MULTIPLY_ADD,
        factors={Role.PRODUCT: 1},
        roles=frozenset({Role.MATRIX, Role.PRODUCT}),
        layers_only=True,
    ),
    _of_work(
        "chinchilla",
        "a forward pass with look-ups of words as products with one-hot rows, and 3 for the softmax of each score",
        "Hoffmann et al. 2022, arXiv:2203.15556, appendix F, whose training step is three of them",
        MULTIPLY_ADD,
        factors={Role.NORM: 3},
        entries=chinchilla_work,
    ),
    _of_parameters(
        "palm",
        "a training step as 6 for each parameter and token, and attention over the full square; tables count",
        "PaLM, arXiv:2204.02311, appendix B: 6N + 12LHQT; nanoGPT, litgpt",
        6,
        entries=_parameters_and_attention,
    ),
    _of_script(
        "electra",
        "a forward pass with look-ups as products, and constants for softmax, norms, activations, dropout and sums; a "
        "classifier over each token, whatever the head",
        "Clark et al. 2020, arXiv:2003.10555: get_infer_flops of flops_computation.py",
        1,
        electra.inference,
    ),
    _of_script(
        "electra-train",
        "a step of masked-LM pre-training as electra counts, backward as much as forward; 5/32 of the tokens are "
        "predicted",
        "Clark et al. 2020, arXiv:2003.10555, Table 1: get_train_flops of flops_computation.py",
        2,
        electra.pretraining,
    ),
    _of_parameters(
        "torchtitan",
        "a training step as 6 for each parameter outside tables and token, norms included, and full attention",
        "torchtitan: models/utils.py",
        6,
        roles=WITHOUT_TABLES,
        active=True,
        entries=_matrices_and_attention,
    ),
    _of_parameters(
        "hf-trainer",
        "a training step as 6 for each parameter outside tables and token; attention is left out",
        "transformers Trainer: floating_point_ops",
        6,
        roles=WITHOUT_TABLES,
        entries=looked_up_per_token,
    ),
)

FORWARD_PASS = frozenset(
    {"flops", "macs", "causal", "masked", "2nd", "2nd-active", "2nd-non-embedding", "kaplan", "chinchilla", "electra"}
)
"""The conventions of a forward pass; the others count a training step."""

WORK = Quantity(
    "flops",
    "work",
    "a recorder of the products that the class runs on the meta device, and torch's FlopCounterMode",
    ACCOUNTS,
)


def quantity(_settings: Settings) -> Quantity:
    """Return the quantity, which reads no settings."""
    return WORK
