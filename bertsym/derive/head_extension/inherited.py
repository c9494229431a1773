"""The tensors that a head inherits from its base, found in builds of the head.

A head such as `BertForTokenClassification` holds its base under an attribute (`bert.`), without some tensors (the
pooler), and adds a few of its own. `Inherited` says which templates of the base stand unchanged in the head. Every
build of a search is compared with them, so that a search for the rest tests the base's formulas too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from bertsym.derive.evaluator import Evaluator
from bertsym.derive.types import Fields, Inventory, Observation, Sizes
from bertsym.derive.verification.check import expanded
from bertsym.saved_model.inventory import under_prefix
from bertsym.tree import Tensor
from bertsym.values import value

Predicted = tuple[int, tuple[int, ...], str]  # the position of a template, the shape, and the name of the data's owner

SizesOf = Callable[[Fields], Sizes]


@value
class Unlike(Exception):
    """A build in which a template of the base, at this position, is not what the head was taken to have."""

    position: int


@value
class UnlikeContext(Exception):
    """A build in which a tensor of the head is tied to an inherited template, at this position, for the first time."""

    position: int


class Inherited:
    """The templates of a base, sorted by what a head has of them. Positions are those of the base's tensors.

    `sizes` gives the sizes of the base at the fields of a build.

    - `kept` templates stand in the head under `prefix`, unchanged in every build.
    - `dropped` templates stand in no build.
    - The others are searched for again: the head has them at other sizes, or tied to another tensor.
    - `context` are kept templates to which tensors of the head are tied; a search sees them too.
    """

    def __init__(
        self,
        tensors: Sequence[Tensor],
        prefix: str,
        kept: Collection[int],
        dropped: Collection[int],
        sizes: SizesOf,
    ) -> None:
        self.tensors = [under_prefix(tensor, prefix) for tensor in tensors]
        self.prefix, self.sizes = prefix, sizes
        self.kept, self.dropped = set(kept), set(dropped)
        self.context: set[int] = set()

    def rest(self, fields: Fields, inventory: Inventory) -> Inventory:
        """Return the tensors of a build that are not inherited, with the context.

        Raise `Unlike` or `UnlikeContext` if the build contradicts the sorting of the templates.
        """
        owners: dict[str, int] = {}
        rest = dict(inventory)
        for position, name, shape, owner in self._predicted(fields):
            entry = inventory.get(name)
            if position in self.dropped:
                if entry is not None:
                    raise Unlike(position)
                continue
            if entry is None or entry.shape != shape or entry.first != owner:
                raise Unlike(position)
            owners[name] = position
            if position not in self.context:
                rest.pop(name, None)
        for entry in rest.values():
            if entry.first not in rest:
                raise UnlikeContext(owners[entry.first])
        return rest

    def inventory(self, without: Collection[int] = ()) -> list[Tensor]:
        """Return the kept templates, in the order of the base."""
        kept = self.kept.difference(without)
        return [tensor for position, tensor in enumerate(self.tensors) if position in kept]

    def context_names(self, without: Collection[int] = ()) -> set[str]:
        """Return the names of the templates of the context."""
        return {self.tensors[position].name for position in self.context.difference(without)}

    def renamed(self, tensors: Iterable[Tensor]) -> set[int]:
        """Return the templates of the context that have other names among these tensors, which a search found.

        UDOP's base has a loop over one index of `encoder.block`. The search finds `encoder.block.0`, to which it ties.
        """
        names = {tensor.name for tensor in tensors}
        patterns = {position: self.tensors[position].name for position in self.context}
        return {position for position, pattern in patterns.items() if _parts(pattern, names) - {pattern}}

    def search_again(self, problem: Unlike | UnlikeContext) -> None:
        """Sort a template anew after a build that contradicts its sorting."""
        if isinstance(problem, UnlikeContext):
            self.context.add(problem.position)
            return
        self.kept.discard(problem.position)
        self.dropped.discard(problem.position)
        self.context.discard(problem.position)

    def _predicted(self, fields: Fields) -> Iterator[tuple[int, str, tuple[int, ...], str]]:
        evaluator = Evaluator(self.sizes(fields))
        for position in sorted(self.kept | self.dropped):
            try:
                for name, shape, owner in expanded(self.tensors[position], evaluator):
                    yield position, name, shape, owner
            except ArithmeticError:
                raise Unlike(position) from None


def _parts(pattern: str, names: Iterable[str]) -> set[str]:
    """Return the names that stand for some tensors of a pattern, a number in place of an open index."""
    part = re.compile(re.escape(pattern).replace(r"\{\}", r"(\d+|\{\})"))
    return set(filter(part.fullmatch, names))


def find_inherited(tensors: Sequence[Tensor], observations: Sequence[Observation], sizes: SizesOf) -> Inherited:
    """Return what a head inherits of a base, as far as these observations of the head say.

    The prefix is the one under which most of the base's tensors stand with their shapes. `sizes` gives the
    sizes of the base at the fields of a build.
    """
    predictions = [_by_name(tensors, observation) for observation in observations]
    prefix = _best_prefix(predictions, observations)
    alike: Counter[int] = Counter()
    absent: Counter[int] = Counter()
    expected: Counter[int] = Counter()
    for predicted, observation in zip(predictions, observations, strict=True):
        for name, (position, shape, owner) in predicted.items():
            expected[position] += 1
            entry = observation.inventory.get(prefix + name)
            absent[position] += entry is None
            alike[position] += entry is not None and entry.shape == shape and entry.first == prefix + owner
    kept = {position for position, count in expected.items() if alike[position] == count}
    dropped = {position for position, count in expected.items() if absent[position] == count}
    # A template that no observation has shows in later ones.
    kept |= set(range(len(tensors))) - set(expected)
    return Inherited(tensors, prefix, kept, dropped, sizes)


def _by_name(tensors: Sequence[Tensor], observation: Observation) -> dict[str, Predicted]:
    evaluator = Evaluator(observation.sizes)
    predicted: dict[str, Predicted] = {}
    for position, tensor in enumerate(tensors):
        try:
            predicted |= {name: (position, shape, owner) for name, shape, owner in expanded(tensor, evaluator)}
        except ArithmeticError:
            continue
    return predicted


def _best_prefix(predictions: Sequence[Mapping[str, Predicted]], observations: Sequence[Observation]) -> str:
    """Return the prefix under which most predicted tensors stand with their shapes, the shortest of equals."""
    matches: Counter[str] = Counter({"": 0})
    for predicted, observation in zip(predictions, observations, strict=True):
        for name, entry in observation.inventory.items():
            words = name.split(".")
            for start in range(len(words)):
                suffix = ".".join(words[start:])
                if suffix in predicted and predicted[suffix][1] == entry.shape:
                    matches[name.removesuffix(suffix)] += 1
    usable = (prefix for prefix in matches if not any(word.isdecimal() for word in prefix.split(".")))
    return max(usable, key=lambda prefix: (matches[prefix], -len(prefix)))
