"""Compare an inventory with a checkpoint, tensor by tensor: missing, extra, of another shape or type, or packed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import cached_property
from math import prod
from types import MappingProxyType

from bertsym.checkpoints.quantised import LOADED, Fit, Weight
from bertsym.checkpoints.renaming import Renaming, common_renaming
from bertsym.checkpoints.schemes import ROLES, STAND_INS, read
from bertsym.checkpoints.storage import is_buffer, spellings
from bertsym.checkpoints.stored_inventory import stored_shapes
from bertsym.checkpoints.tensor_types import Array
from bertsym.count import written_out
from bertsym.model import Model
from bertsym.values import value

Dimensions = tuple[int, ...]
EMPTY: Mapping[str, Slot] = MappingProxyType({})
MOST_GUESSES = 64
LEAST_ALIKE = 0.7


@value
class Slot:
    """A declared tensor; `tied_to` names the tensor whose values it shares."""

    shape: Dimensions
    tied_to: str | None = None


@value
class Expected:
    """The declared tensors of a class by name, and the buffers that it is known to save.

    `unstored` are declared tensors that the format of the file drops, as GGUF drops BERT's pooler.
    """

    cls: str
    slots: Mapping[str, Slot]
    buffers: frozenset[str] = frozenset()
    unstored: Mapping[str, Slot] = EMPTY

    @property
    def count(self) -> int:
        """The number of parameters; tied tensors count once."""
        return sum(prod(slot.shape) for slot in self.slots.values() if slot.tied_to is None)

    @property
    def tensors(self) -> int:
        """The number of tensors; tied tensors count once."""
        return sum(slot.tied_to is None for slot in self.slots.values())


@value
class Mismatch:
    """A stored tensor of another shape than declared, or of a type that no framework loads."""

    name: str
    expected: Dimensions
    found: Dimensions
    dtype: str
    reason: str = ""

    @property
    def transposed(self) -> bool:
        """True if the stored shape is the declared one reversed."""
        return self.found == self.expected[::-1]


@value
class Packed:
    """A weight that a scheme stores with `width` bits an entry; it counts by its declared shape."""

    name: str
    shape: Dimensions
    stored: Array
    width: int
    scheme: str


@value
class Outcome:
    """The result of a comparison.

    `count` is the number of parameters in the checkpoint: tied and packed tensors count as declared, buffers do not.
    """

    expected: Expected
    count: int
    matched: int
    missing: tuple[str, ...]
    extra: tuple[tuple[str, Array], ...]
    mismatched: tuple[Mismatch, ...]
    mistyped: tuple[Mismatch, ...]
    renamed: Mapping[str, str]
    copies: tuple[str, ...]
    buffers: tuple[tuple[str, Array], ...]
    packed: tuple[Packed, ...]
    companions: tuple[str, ...]
    dtypes: Mapping[str, int]
    schemes: Mapping[str, int]
    renaming: Renaming

    @property
    def ok(self) -> bool:
        """Return True if every declared tensor is stored with its shape and a type that is loaded, and no other is."""
        return not self.findings

    @property
    def findings(self) -> int:
        """Return the number of tensors that are missing, extra, of another shape or of another type."""
        return len(self.missing) + len(self.extra) + len(self.mismatched) + len(self.mistyped)


def declared(model: Model) -> Expected:
    """Return the inventory that the formulas predict; raise MissingSize or TooLarge.

    >>> from bertsym.zoo import named
    >>> declared(named("bert-base-uncased")).count
    109482240
    """
    slots = {}
    for name, shape, tensor in written_out(model):
        shared = tensor.tied_to is not None and model.number(tensor.own) == 0
        slots[name] = Slot(shape, tensor.tied_to if shared else None)
    return Expected(model.cls, slots)


def compare(expected: Expected, arrays: Mapping[str, Array]) -> Outcome:
    """Compare the tensors of a checkpoint with the expected ones.

    >>> from bertsym.zoo import named
    >>> whole = declared(named("bert-base-uncased"))
    >>> stored = {name: Array("F16", slot.shape) for name, slot in whole.slots.items()}
    >>> del stored["pooler.dense.bias"]
    >>> compare(whole, stored).missing
    ('pooler.dense.bias',)
    """
    return _Comparison(stored_as(expected, arrays), arrays).outcome()


def stored_as(expected: Expected, arrays: Mapping[str, Array]) -> Expected:
    """Return the declared tensors as the checkpoint stores them; it may store joined experts one by one."""
    placed = stored_shapes({name: slot.shape for name, slot in expected.slots.items()}, arrays)
    slots: dict[str, Slot] = {}
    for name, slot in expected.slots.items():
        targets = placed.get(slot.tied_to or "", [(slot.tied_to or "", ())])
        target = targets[0][0] if targets else None
        for stored, shape in placed[name]:
            # T5 declares its embedding in each stack, and GGUF has one name for all of them.
            if slot.tied_to and stored == target:
                continue
            slots[name if stored in slots else stored] = Slot(shape, target or None)
    unstored = {name: slot for name, slot in expected.slots.items() if not placed[name]}
    return Expected(expected.cls, slots, expected.buffers, unstored)


class _Comparison:
    """The state of one comparison: first every declared tensor is looked up, then the unused stored ones are sorted."""

    def __init__(self, expected: Expected, arrays: Mapping[str, Array]) -> None:
        self.expected = expected
        self.renaming = common_renaming(arrays.keys(), expected.slots.keys())
        self.spelling = self.renaming.names
        self.stored = {spelled: name for name, spelled in self.spelling.items()}
        self.arrays = arrays
        self.used: set[str] = set()
        self.held: dict[str, Array] = {}
        self.wrong: dict[str, Mismatch] = {}
        self.packed: list[Packed] = []
        self.beside: set[str] = set()
        self.schemes: Counter[str] = Counter()

    def outcome(self) -> Outcome:
        """Return the result of the whole comparison."""
        for name, slot in self.expected.slots.items():
            self._look_for(name, slot)
        missing = tuple(self._missing())
        buffers, companions, extra = self._left_over()
        copies = tuple(name for name in self.held if self._is_copy(name))
        own = [name for name in self.held if name not in copies]
        sizes = [self.wrong[name].found if name in self.wrong else self.expected.slots[name].shape for name in own]
        return Outcome(
            self.expected,
            sum(map(prod, sizes)) + sum(array.numel for _, array in extra),
            sum(name not in self.wrong for name in own),
            missing,
            tuple(extra),
            tuple(one for one in self.wrong.values() if one.found != one.expected),
            tuple(one for one in self.wrong.values() if one.found == one.expected),
            _renamed({name: self.expected.slots[name].shape for name in missing}, dict(extra)),
            copies,
            tuple(buffers),
            tuple(self.packed),
            tuple(companions),
            Counter(self.held[name].dtype for name in own),
            self.schemes,
            self.renaming,
        )

    def _look_for(self, name: str, slot: Slot) -> None:
        for form, spelled in (("", name), *spellings(name, STAND_INS)):
            stored = self.stored.get(spelled)
            if stored is None:
                continue
            array = self.arrays[stored]
            self.used.add(stored)
            self.held[name] = array
            if form or array.dtype not in LOADED or array.shape != slot.shape:
                self._read(name, slot, stored, form)
            return

    def _read(self, name: str, slot: Slot, stored: str, form: str) -> None:
        """Read a weight of another type or shape than declared, with its companions, such as scales."""
        array = self.arrays[stored]
        near = {
            role: self.stored[spelled]
            for role, spelled in spellings(name, ROLES)
            if spelled in self.stored and spelled not in self.expected.slots
        }
        beside = {role: self.arrays[other] for role, other in near.items()}
        found = read(Weight(slot.shape, array, form, beside, self._transposed(name, slot)))
        if isinstance(found, Fit):
            self.beside.update(near[role] for role in found.roles)
            if found.scheme:
                self.schemes[found.scheme] += 1
            if form or array.shape != slot.shape:
                self.packed.append(Packed(stored, slot.shape, array, found.bits, found.scheme))
            return
        if array.dtype not in LOADED:
            self.beside.update(near.values())
        elif not form:
            found = ""
        self.wrong[name] = Mismatch(stored, slot.shape, array.shape, array.dtype, found)

    def _transposed(self, name: str, slot: Slot) -> bool:
        """Return True if a weight is declared as (inputs, outputs), as GPT-2's are: its bias has the second side."""
        bias = self.expected.slots.get(f"{name.rpartition('.')[0]}.bias")
        return bias is not None and len(slot.shape) == 2 and bias.shape == slot.shape[1:] != slot.shape[:1]

    def _home(self, name: str) -> str:
        """Return the tensor whose values this one shares, through any number of ties."""
        seen = {name}
        while (target := self.expected.slots[name].tied_to) in self.expected.slots and target not in seen:
            name = str(target)
            seen.add(name)
        return name

    def _is_copy(self, name: str) -> bool:
        home = self._home(name)
        return name != home and (home in self.held or self.first_alias[home] != name)

    @cached_property
    def first_alias(self) -> Mapping[str, str]:
        """The first stored name of each group of tied tensors, by the owner of the group."""
        found: dict[str, str] = {}
        for name in self.held:
            found.setdefault(self._home(name), name)
        return found

    def _missing(self) -> Iterator[str]:
        """Return the declared tensors whose values are stored under none of their names."""
        there = {self._home(name) for name in self.held}
        return (name for name, slot in self.expected.slots.items() if slot.tied_to is None and name not in there)

    def _left_over(self) -> tuple[list[tuple[str, Array]], list[str], list[tuple[str, Array]]]:
        """Return the tensors that no declaration names: buffers, companions of quantised weights, extra ones."""
        buffers, companions, extra = [], [], []
        for name, array in self.arrays.items():
            if name in self.used:
                continue
            spelled = self.spelling[name]
            if name in self.beside:
                companions.append(name)
            elif spelled in self.expected.buffers or is_buffer(spelled, array.shape):
                buffers.append((name, array))
            else:
                extra.append((name, array))
        return buffers, companions, extra


def _renamed(missing: Mapping[str, Dimensions], extra: Mapping[str, Array]) -> dict[str, str]:
    """Return the extra name that each missing one probably became: of the same shape and the most similar spelling."""
    if not 0 < len(missing) <= MOST_GUESSES or not 0 < len(extra) <= MOST_GUESSES:
        return {}
    pairs = [
        (SequenceMatcher(None, name[-200:], other[-200:], autojunk=False).ratio(), name, other)
        for name, shape in missing.items()
        for other, array in extra.items()
        if array.shape == shape
    ]
    found: dict[str, str] = {}
    for alike, name, other in sorted(pairs, key=lambda pair: -pair[0]):
        if len(pairs) > 1 and alike < LEAST_ALIKE:
            break
        if name not in found and other not in found.values():
            found[name] = other
    return found
