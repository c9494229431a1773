"""Compare an inventory with the index of a checkpoint, which has names and a total size, but no shapes."""

from __future__ import annotations

from collections.abc import Mapping

from bertsym.checking.verify import Expected, Outcome, compare, stored_as
from bertsym.checkpoints.contents import IndexOnly
from bertsym.checkpoints.renaming import common_renaming
from bertsym.checkpoints.schemes import STAND_INS
from bertsym.checkpoints.storage import is_buffer, owners, spellings
from bertsym.checkpoints.tensor_types import BITS, Array
from bertsym.values import value

USUAL_TYPES = ("F32", "BF16", "F64")
"""Types of each width in which whole models are saved, to look for the one that a total size shows."""

_PRESUMED = "F32"


@value
class NameOutcome:
    """The result of a comparison by name.

    `outcome` compares the names that the class declares, at the shapes that it declares. `extra` are the other names,
    `packed` those of packed weights and their companions, and `buffers` computed tensors; no shape of them is known.
    """

    outcome: Outcome
    extra: tuple[str, ...]
    packed: tuple[str, ...]
    buffers: tuple[str, ...]

    @property
    def named(self) -> bool:
        """Return True if the index names every declared tensor and no other."""
        return not self.outcome.missing and not self.extra

    @property
    def sizes_known(self) -> bool:
        """Return True if the declared shapes are those of every name in the index."""
        return self.named and not self.packed and not self.buffers

    def entries(self, *, copies: bool) -> int:
        """Return the number of entries under all names; tied tensors count once, or each time with `copies`."""
        slots = self.outcome.expected.slots
        again = sum(Array(_PRESUMED, slots[name].shape).numel for name in self.outcome.copies)
        return self.outcome.count + (again if copies else 0)

    def type_of(self, total: int, declared: str | None) -> str | None:
        """Return the type at which all names take `total` bytes, the declared one first; None if there is none."""
        types = list(USUAL_TYPES) if declared is None else [declared, *USUAL_TYPES]
        for dtype in types:
            if any(8 * total == BITS[dtype] * self.entries(copies=copies) for copies in (False, True)):
                return dtype
        return None


def compare_names(expected: Expected, index: IndexOnly) -> NameOutcome:
    """Compare the names of an index with the declared ones.

    >>> from bertsym.checking.verify import declared
    >>> from bertsym.zoo import named
    >>> whole = declared(named("bert-base-uncased"))
    >>> found = compare_names(whole, IndexOnly((*whole.slots, "adapter.weight"), 437929984, None, ""))
    >>> found.extra, found.outcome.missing, found.type_of(4 * whole.count, None)
    (('adapter.weight',), (), 'F32')
    """
    slots = stored_as(expected, dict.fromkeys(index.names, Array(_PRESUMED, ()))).slots
    spelled = common_renaming(index.names, slots.keys()).names
    by_spelling: Mapping[str, str] = {spelling: name for name, spelling in spelled.items()}
    arrays = {name: Array(_PRESUMED, slots[one].shape) for name, one in spelled.items() if one in slots}
    packed, buffers, extra = [], [], []
    for name, one in spelled.items():
        if one in slots:
            continue
        if is_buffer(one, ()) or one in expected.buffers:
            buffers.append(name)
        elif any(owner in slots for owner in owners(one)):
            packed.append(name)
        else:
            extra.append(name)
    for name, slot in slots.items():
        stand_ins = (by_spelling.get(form) for _, form in spellings(name, STAND_INS))
        if name not in by_spelling and any(stored in packed for stored in stand_ins if stored is not None):
            arrays[name] = Array(_PRESUMED, slot.shape)
    outcome = compare(expected, arrays)
    return NameOutcome(outcome, tuple(extra), tuple(packed), tuple(buffers))
