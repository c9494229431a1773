"""An inventory against a checkpoint, tensor by tensor: missing, extra, of another shape, or stored in another way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from math import prod

from bertsym.count import written_out
from bertsym.model import Model
from bertsym.sources.layouts import stored_shapes
from bertsym.sources.safetensors import Array
from bertsym.sources.storage import QUANTISED, STAND_INS, aligned, is_buffer, owner_of, packed_width
from bertsym.values import value

Dimensions = tuple[int, ...]
MOST_GUESSES = 64
LEAST_ALIKE = 0.7


@value
class Slot:
    """A tensor that a class declares; `tied_to` names the one whose values it shares."""

    shape: Dimensions
    tied_to: str | None = None


@value
class Expected:
    """What a class declares: its parameters by name, and the buffers it is known to save."""

    cls: str
    slots: Mapping[str, Slot]
    buffers: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        """Its parameters, tied ones once."""
        return sum(prod(slot.shape) for slot in self.slots.values() if slot.tied_to is None)

    @property
    def tensors(self) -> int:
        """Its tensors, tied ones once."""
        return sum(slot.tied_to is None for slot in self.slots.values())


@value
class Mismatch:
    """A tensor of another shape than the class declares."""

    name: str
    expected: Dimensions
    found: Dimensions
    dtype: str

    @property
    def transposed(self) -> bool:
        """Whether rows and columns have changed places."""
        return self.found == self.expected[::-1]


@value
class Packed:
    """A weight stored at `width` bits an entry; what it counts is the declared shape, not the stored one."""

    name: str
    shape: Dimensions
    stored: Array
    width: int


@value
class Outcome:
    """The comparison. `count` is what the checkpoint holds: tied and packed tensors as declared, buffers apart."""

    expected: Expected
    count: int
    matched: int
    missing: tuple[str, ...]
    extra: tuple[tuple[str, Array], ...]
    mismatched: tuple[Mismatch, ...]
    renamed: Mapping[str, str]
    copies: tuple[str, ...]
    buffers: tuple[tuple[str, Array], ...]
    packed: tuple[Packed, ...]
    companions: tuple[str, ...]
    dtypes: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Whether every declared tensor is there with its shape, and nothing else."""
        return not self.findings

    @property
    def findings(self) -> int:
        """How many tensors are missing, extra or of another shape."""
        return len(self.missing) + len(self.extra) + len(self.mismatched)


def declared(model: Model) -> Expected:
    """What the formulas say: the inventory written out; raises `MissingSize` or `TooLarge`.

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
    """The outcome for the tensors of a checkpoint.

    >>> from bertsym.zoo import named
    >>> whole = declared(named("bert-base-uncased"))
    >>> stored = {name: Array("F16", slot.shape) for name, slot in whole.slots.items()}
    >>> del stored["pooler.dense.bias"]
    >>> compare(whole, stored).missing
    ('pooler.dense.bias',)
    """
    return _Comparison(_stored(expected, arrays), arrays).outcome()


def _stored(expected: Expected, arrays: Mapping[str, Array]) -> Expected:
    """What the class declares, as the checkpoint would store it: experts that it joins may lie there one by one."""
    placed = stored_shapes({name: slot.shape for name, slot in expected.slots.items()}, arrays)
    slots = {}
    for name, slot in expected.slots.items():
        target = placed.get(slot.tied_to or "", [(slot.tied_to or "", ())])[0][0]
        for stored, shape in placed[name]:
            slots[stored] = Slot(shape, target or None)
    return Expected(expected.cls, slots, expected.buffers)


class _Comparison:
    """The steps of one comparison: what is found fills the lists, what is left over is sorted at the end."""

    def __init__(self, expected: Expected, arrays: Mapping[str, Array]) -> None:
        self.expected = expected
        self.spelling = aligned(arrays.keys(), expected.slots.keys())
        self.stored = {spelled: name for name, spelled in self.spelling.items()}
        self.arrays = arrays
        self.used: set[str] = set()
        self.held: dict[str, Array] = {}
        self.wrong: dict[str, Mismatch] = {}
        self.packed: list[Packed] = []

    def outcome(self) -> Outcome:
        """All of it."""
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
            tuple(self.wrong.values()),
            _renamed({name: self.expected.slots[name].shape for name in missing}, dict(extra)),
            copies,
            tuple(buffers),
            tuple(self.packed),
            tuple(companions),
            Counter(self.held[name].dtype for name in own),
        )

    def _look_for(self, name: str, slot: Slot) -> None:
        for spelled in _places(name):
            stored = self.stored.get(spelled)
            if stored is None:
                continue
            array = self.arrays[stored]
            stand_in = spelled != name
            width = packed_width(array.bits, slot.shape) if stand_in or array.dtype in QUANTISED else None
            self.used.add(stored)
            self.held[name] = array
            if array.shape == slot.shape:
                return
            if width is None:
                self.wrong[name] = Mismatch(stored, slot.shape, array.shape, array.dtype)
            else:
                self.packed.append(Packed(stored, slot.shape, array, width))
            return

    def _home(self, name: str) -> str:
        """The tensor whose values this one shares, through any number of ties."""
        seen = {name}
        while (target := self.expected.slots[name].tied_to) in self.expected.slots and target not in seen:
            name = str(target)
            seen.add(name)
        return name

    def _is_copy(self, name: str) -> bool:
        home = self._home(name)
        return name != home and (home in self.held or self._first_alias(home) != name)

    def _first_alias(self, home: str) -> str:
        return next(name for name in self.held if self._home(name) == home)

    def _missing(self) -> Iterator[str]:
        """The declared tensors whose values are stored under none of their names."""
        there = {self._home(name) for name in self.held}
        return (name for name, slot in self.expected.slots.items() if slot.tied_to is None and name not in there)

    def _left_over(self) -> tuple[list[tuple[str, Array]], list[str], list[tuple[str, Array]]]:
        """What no declaration asked for: buffers, the scales of quantised weights, and what is extra."""
        buffers, companions, extra = [], [], []
        for name, array in self.arrays.items():
            if name in self.used:
                continue
            spelled = self.spelling[name]
            owner = owner_of(spelled)
            weight = self.held.get(f"{owner}.weight") if owner else None
            if weight is not None and weight.dtype in QUANTISED:
                companions.append(name)
            elif spelled in self.expected.buffers or is_buffer(spelled, array.shape):
                buffers.append((name, array))
            else:
                extra.append((name, array))
        return buffers, companions, extra


def _places(name: str) -> Iterator[str]:
    """The names under which a declared tensor may be stored."""
    yield name
    module, _, last = name.rpartition(".")
    if last == "weight":
        for stand_in in STAND_INS:
            yield f"{module}.{stand_in}"


def _renamed(missing: Mapping[str, Dimensions], extra: Mapping[str, Array]) -> dict[str, str]:
    """Missing names with the extra one that is probably meant: of the same shape, and the most alike by its letters."""
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
