"""Say which tensors an adapter adds to its base, and what they add up to in the rank and the sizes of the base.

LoRA adds A (r x inputs) and B (outputs x r) to a linear layer (Hu et al. 2021, https://arxiv.org/abs/2106.09685), DoRA
a magnitude for each output (Liu et al. 2024, https://arxiv.org/abs/2402.09353), IA3 a scale for each output or input
(Liu et al. 2022, https://arxiv.org/abs/2205.05638).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import prod

from sympy import Expr, Integer, Symbol

from bertsym.checking.verify import Expected, Slot, declared
from bertsym.checkpoints.adapter import Adapter, ends_with
from bertsym.checkpoints.tensor_types import Array
from bertsym.layers import Role
from bertsym.model import Model
from bertsym.values import replace, value

PREFIX = "base_model.model."
RANK = Symbol("r", integer=True, positive=True)
OUTPUTS = ("lm_head", "embed_out", "score", "classifier", "cls.predictions.decoder", "qa_outputs")
"""The modules that `all-linear` leaves out, as peft does: the output layer of the class."""

_PARTS = ("lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B", "lora_magnitude_vector", "ia3_l")


@value
class AdaptedModule:
    """A module of the base with the shape of its weight as (outputs, inputs), and the rank of its adapter.

    `added` is the number of parameters that the adapter has at the module.
    """

    name: str
    outputs: int
    inputs: tuple[int, ...]
    rank: int
    embedding: bool = False
    added: int = 0


@value
class AdapterInventory:
    """The tensors that an adapter has on a base: `expected` by the names of the file, and the adapted modules.

    `formula` is the sum over the adapted modules in the rank r and the sizes of the base, or None if the modules or
    ranks differ between layers. It is given only if its number is the sum of the tensors. `saved` is the number of
    parameters of whole modules of the base that are saved.
    """

    expected: Expected
    modules: tuple[AdaptedModule, ...]
    formula: Expr | None
    saved: int

    @property
    def added(self) -> int:
        """The number of parameters that the adapter adds, without whole modules of the base."""
        return self.expected.count - self.saved


def adapted_in(names: Collection[str]) -> frozenset[str]:
    """Return the modules that have tensors of an adapter in a file, named as in the base.

    >>> sorted(adapted_in(["base_model.model.h.0.attn.lora_A.weight", "base_model.model.score.weight"]))
    ['h.0.attn']
    """
    found = set()
    for name in names:
        for part in _PARTS:
            stem, dot, _ = name.partition(f".{part}")
            if dot:
                found.add(stem.removeprefix(PREFIX))
    return frozenset(found)


def adapter_inventory(adapter: Adapter, base: Model, arrays: Mapping[str, Array]) -> AdapterInventory:
    """Return the tensors that the adapter has on a base; raise MissingSize or TooLarge.

    The header decides only what the configuration leaves open: the modules and ranks that a regular expression chooses,
    and the spelling of whole modules.
    """
    whole = declared(base)
    roles = {tensor.name: tensor.role for tensor in base.tensors}
    seen = adapted_in(arrays)
    modules = []
    slots: dict[str, Slot] = {}
    for module in _modules(adapter, whole, roles, seen, arrays):
        tensors = dict(_tensors(adapter, module, arrays))
        modules.append(replace(module, added=sum(map(prod, tensors.values()))))
        slots |= {PREFIX + name: Slot(shape) for name, shape in tensors.items()}
    saved = dict(_saved(adapter, whole, {module.name for module in modules}, arrays))
    slots |= saved
    expected = Expected(f"{_title(adapter)} on {base.cls}", slots)
    formula = _formula(adapter, base, {module.name for module in modules}) if adapter.kind == "LORA" else None
    number = None if formula is None else base.number(formula.xreplace({RANK: Integer(adapter.rank)}))
    agreed = formula if number == sum(module.added for module in modules) else None
    return AdapterInventory(expected, tuple(modules), agreed, sum(prod(slot.shape) for slot in saved.values()))


def _title(adapter: Adapter) -> str:
    return "IA3" if adapter.kind == "IA3" else "DoRA" if adapter.magnitudes else "LoRA"


def _modules(
    adapter: Adapter, whole: Expected, roles: Mapping[str, Role], seen: Collection[str], arrays: Mapping[str, Array]
) -> Iterator[AdaptedModule]:
    """Yield the modules that the configuration chooses, with the sides of their weights.

    The header gives a rank only if `rank_pattern` has a regular expression.
    """
    for name, slot in whole.slots.items():
        module, _, last = name.rpartition(".")
        if last != "weight" or len(slot.shape) < 2:
            continue
        embedding = _is_embedding(name, roles)
        if not _is_chosen(adapter, module, seen, embedding=embedding):
            continue
        bias = whole.slots.get(f"{module}.bias")
        turned = len(slot.shape) == 2 and bias is not None and bias.shape == slot.shape[1:] != slot.shape[:1]
        shape = slot.shape[::-1] if turned else slot.shape
        first = arrays.get(f"{PREFIX}{module}.lora_A.weight") if adapter.ranks_unknown else None
        rank = first.shape[0] if first is not None and first.shape else adapter.rank_of(module)
        yield AdaptedModule(module, shape[0], shape[1:], rank, embedding)


def _is_embedding(name: str, roles: Mapping[str, Role]) -> bool:
    """Return True for an embedding; an output layer, which has its role, is a linear layer."""
    return roles.get(name) is Role.EMBEDDING and not any(ends_with(name, f"{output}.weight") for output in OUTPUTS)


def _is_chosen(adapter: Adapter, module: str, seen: Collection[str], *, embedding: bool) -> bool:
    if not adapter.adapts(module):
        return False
    if adapter.all_linear:
        return not embedding and not any(ends_with(module, output) for output in OUTPUTS)
    return adapter.targets is not None or module in seen


def _tensors(
    adapter: Adapter, module: AdaptedModule, arrays: Mapping[str, Array]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    name, rank = module.name, module.rank
    if adapter.kind == "IA3":
        inputs = any(ends_with(name, ending) for ending in adapter.feedforward)
        yield f"{name}.ia3_l", (1, module.inputs[0]) if inputs else (module.outputs, 1)
        return
    if module.embedding:
        yield f"{name}.lora_embedding_A", (rank, module.outputs)
        yield f"{name}.lora_embedding_B", (module.inputs[0], rank)
    else:
        ones = (1,) * (len(module.inputs) - 1)
        yield f"{name}.lora_A.weight", (rank, *module.inputs)
        yield f"{name}.lora_B.weight", (module.outputs, rank, *ones)
        if adapter.own_bias:
            yield f"{name}.lora_B.bias", (module.outputs,)
    if adapter.magnitudes:
        plain = f"{name}.lora_magnitude_vector"
        sides = (module.inputs[0],) if module.embedding else (module.outputs,)
        yield (f"{plain}.weight" if f"{PREFIX}{plain}.weight" in arrays else plain), sides


def _saved(
    adapter: Adapter, whole: Expected, adapted: Collection[str], arrays: Mapping[str, Array]
) -> Iterator[tuple[str, Slot]]:
    """Yield the tensors of the base that the file repeats: saved modules, trained biases, adapted embeddings."""
    for name, slot in whole.slots.items():
        module, _, last = name.rpartition(".")
        spellings = [PREFIX + name, f"{PREFIX}{module}.base_layer.{last}", f"{PREFIX}{module}.modules_to_save.{last}"]
        found = next((spelling for spelling in spellings if spelling in arrays), None)
        bias = last == "bias" and (adapter.biases == "all" or (adapter.biases == "lora_only" and module in adapted))
        if adapter.saves(module) or bias:
            yield found or PREFIX + name, Slot(slot.shape)
        elif found is not None and module in adapted and last == "weight" and "embed" in module:
            yield found, Slot(slot.shape)


def _formula(adapter: Adapter, base: Model, adapted: Collection[str]) -> Expr | None:
    """Return the sum over the adapted modules in r and the sizes; None if ranks or layers differ."""
    if adapter.ranks or adapter.ranks_unknown or adapter.layers is not None or adapter.targets is None:
        return None
    total: Expr = Integer(0)
    biases = {tensor.name: tensor.shape for tensor in base.tensors}
    for tensor in base.tensors:
        module, _, last = tensor.name.rpartition(".")
        if last != "weight" or len(tensor.shape) != 2 or not any(_is_of(one, module) for one in adapted):
            continue
        outputs, inputs = tensor.shape
        bias = biases.get(f"{module}.bias")
        if bias == (inputs,) != (outputs,):
            outputs, inputs = inputs, outputs
        each = RANK * (outputs + inputs)
        if adapter.magnitudes:
            each += outputs
        if adapter.own_bias:
            each += outputs
        total += tensor.times * each
    return total


def _is_of(module: str, template: str) -> bool:
    """Return True if a module's name is one of those that a template with `{}` for its numbers stands for.

    >>> _is_of("layers.3.q_proj", "layers.{}.q_proj"), _is_of("layers.x.q_proj", "layers.{}.q_proj")
    (True, False)
    """
    words, wanted = module.split("."), template.split(".")
    return len(words) == len(wanted) and all(
        word == want or (want == "{}" and word.isdecimal()) for word, want in zip(words, wanted, strict=True)
    )
