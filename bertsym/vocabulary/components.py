"""The component of each tensor of a derived model, from the names of its modules.

A name is read from the outside in. Words such as `vision_tower` name a stack, words such as `self_attn` a component.
The outermost word that means a component decides. A norm belongs to what it is beside, as in the papers. A stack stands
before the component only if the model has several beside each other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from bertsym.layers import Role
from bertsym.tree import Tensor
from bertsym.values import replace, value
from bertsym.vocabulary.words import (
    ATTENTION,
    BLOCKS,
    CLASSIFIER,
    CROSS_ATTENTION,
    EMBEDDINGS,
    EXPERTS,
    FEED_FORWARD,
    FINAL_NORM,
    INNER,
    KINDS,
    LM_HEAD,
    NORM,
    NORMS,
    POOLER,
    PROJECTION,
    PROJECTOR,
    RECURRENCE,
    RELATIVE,
    ROUTER,
    SHARED_EXPERTS,
    STACKS,
    STATE_SPACE,
    TRANSPARENT,
    WITHOUT_MEANING,
    Patterns,
)

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NUMBER = re.compile(r"(?<=\.)[0-9]+(?=\.|$)")
_PLAIN = frozenset({"weight", "bias"})
_UNDECIDED = "norm"
_SHARED_BY_STACKS = frozenset({PROJECTOR, LM_HEAD, CLASSIFIER})
"""Components that need no stack before them if only one stack has them."""

_OF_TRANSFORMERS = frozenset({ATTENTION, CROSS_ATTENTION, "linear-attention", STATE_SPACE, RECURRENCE})
"""Components by which a part of the model is a stack of layers."""

_STACK_WORDS = frozenset({"encoder", "decoder"})
_IN_STACKS = frozenset({"encoder", "decoder", "embeddings", "embedder", "layers", "layer", "stages", "blocks"})
"""Words in a part that make it a stack, as `resnet` of a classifier is."""

_MIXING = ("attention", "linear-attention", "state-space", "recurrence", "convolution", "cross-attention")
_PER_TOKEN = (FEED_FORWARD, EXPERTS, SHARED_EXPERTS)


@value
class Place:
    """The place of a tensor: its stacks from the outside in, its component, the prefix of its layer, its own word."""

    stacks: tuple[str, ...]
    kind: str
    layer: str | None
    word: str = ""


def named(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the tensors with the papers' names of their components."""
    reader = _Reader(tensors)
    places = reader.settled([_with_stack_of_kind(reader.place(tensor)) for tensor in tensors])
    stacks = _distinguishing(places)
    components = [" ".join((*before, place.kind)) for place, before in zip(places, stacks, strict=True)]
    tables = {
        tensor.name: component
        for tensor, place, component in zip(tensors, places, components, strict=True)
        if place.kind == EMBEDDINGS
    }
    result = []
    for tensor, place, component in zip(tensors, places, components, strict=True):
        # The table that both stacks of an encoder-decoder share is one table.
        target = tables.get(tensor.tied_to or "", "") if place.kind == EMBEDDINGS else ""
        result.append(replace(tensor, component=target or component))
    return tuple(result)


def _with_stack_of_kind(place: Place) -> Place:
    """Return the place with the stack that its component names, as `text projection` does, among its stacks."""
    label, _, kind = place.kind.rpartition(" ")
    if not label:
        return place
    return replace(place, kind=kind, stacks=place.stacks if label in place.stacks else (*place.stacks, label))


class _Reader:
    """The names of one inventory, and what stands beside what in them."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.beside: dict[str, set[str]] = defaultdict(set)
        self.transformers: set[str] = set()
        self.outputs: set[str] = set()
        for tensor in tensors:
            words = tensor.name.split(".")
            for depth, raw in enumerate(words):
                prefix = ".".join(words[:depth])
                self.beside[prefix].add(word_of(raw))
                if _first(KINDS, word_of(raw)) in _OF_TRANSFORMERS:
                    self.transformers.update(".".join(words[:end]) for end in range(1, depth + 1))
            if tensor.role is Role.EMBEDDING and words[-1] == "weight":
                self.outputs.add(".".join(words[:-1]))

    def place(self, tensor: Tensor) -> Place:
        """Return the place of a tensor as its own name gives it; the component of a norm is still open."""
        words = tensor.name.split(".")
        stacks: list[str] = []
        layer: str | None = None
        unknown = ""
        for depth, raw in enumerate(words):
            prefix, word = ".".join(words[:depth]), word_of(raw)
            is_owner = all(map(_is_index, words[depth + 1 : -1]))
            if _is_index(raw) or (word and word[-1].isdecimal() and TRANSPARENT.fullmatch(word.rstrip("_0123456789"))):
                layer = ".".join(words[: depth + 1])
            if (
                not word
                or TRANSPARENT.fullmatch(word.rstrip("_0123456789"))
                or (depth == len(words) - 1 and word in _PLAIN)
            ):
                continue
            if is_owner and NORM.fullmatch(word):
                # DeBERTa's norm of the positions stands where other models have the last norm.
                of_positions = layer is None and "rel_embeddings" in self.beside[prefix]
                return Place(tuple(stacks), RELATIVE if of_positions else _UNDECIDED, layer, word)
            kind = self._kind(word, prefix, words[depth + 1 :], tensor)
            if kind:
                return Place(tuple(stacks), kind, layer, word)
            label = _first(STACKS, word)
            if label is not None and not is_owner:
                stacks += [label] if label and label not in stacks else []
            elif (
                layer is None
                and not is_owner
                and not PROJECTION.fullmatch(word)
                and self._is_stack(word, f"{prefix}.{raw}".lstrip("."))
            ):
                stacks.append(WITHOUT_MEANING.sub("", word).replace("_", " "))
            elif layer is None and not is_owner:
                return Place(tuple(stacks), self._fallback(word, tensor), layer, word)
            else:
                unknown = unknown or word
        return Place(tuple(stacks), self._fallback(unknown, tensor), layer, unknown)

    def _is_stack(self, word: str, path: str) -> bool:
        """Return True if a part has layers of its own kinds; other parts are components by themselves."""
        return word in _STACK_WORDS or path in self.transformers or bool(self.beside[path] & _IN_STACKS)

    def _kind(self, word: str, prefix: str, rest: Sequence[str], tensor: Tensor) -> str:
        """Return the component that a word means here, or nothing."""
        inner = [word_of(raw) for raw in rest]
        if word in BLOCKS:
            return self._mixed(f"{prefix}.{word}", inner, tensor) or BLOCKS[word]
        if word == "head":
            return self._head(prefix)
        if word.endswith("_head"):
            return _first(KINDS, word) or _kebab(word)
        if word == "output" and "intermediate" in self.beside[prefix]:
            return FEED_FORWARD
        if word in ("lin1", "lin2", "linear1", "linear2") and self.beside[prefix] & {"self_attn", "attention"}:
            return FEED_FORWARD
        kind = _first(KINDS, word) or ""
        if kind == FEED_FORWARD:
            return self._routed(inner, tensor) or kind
        if kind == ATTENTION and any(_first(KINDS, each) == RELATIVE for each in inner):
            return RELATIVE
        return kind

    def _head(self, prefix: str) -> str:
        """Return the component of a part that is called `head` only, or nothing."""
        if self.beside[f"{prefix}.head".lstrip(".")] & {"attention", "probe", "cls_token", "k_proj"}:
            return POOLER  # SigLIP's head is a pooling by attention
        if prefix:
            return ""
        return LM_HEAD if self.beside[""] & {"decoder", "lm_head"} else CLASSIFIER

    def _mixed(self, path: str, inner: Sequence[str], tensor: Tensor) -> str:
        """Return the component of a tensor in a block that may be of several kinds, or nothing."""
        known = self._routed(inner, tensor) or next((k for w in inner if (k := _first(INNER, w))), "")
        is_attention = "q_proj" in self.beside[path] and not self.beside[path] & {"a_log", "conv1d", "conv_1d"}
        return known or (ATTENTION if is_attention else "")

    def _routed(self, inner: Sequence[str], tensor: Tensor) -> str:
        """Return the component of a tensor in a feed-forward net of experts, or nothing."""
        for word in inner:
            kind = _first(KINDS, word)
            if kind in (SHARED_EXPERTS, EXPERTS, ROUTER):
                return kind
        if inner and inner[0] == "gate" and len(inner) == 2 and tensor.role is not Role.SCALE:
            return ROUTER
        return EXPERTS if tensor.routing is not None else ""

    def _fallback(self, word: str, tensor: Tensor) -> str:
        """Return the code's own name for a part that no rule knows."""
        if tensor.name.rpartition(".")[0] in self.outputs:
            return LM_HEAD if word in ("decoder", "proj", "output_projection", "proj_out", "output") else EMBEDDINGS
        if tensor.role is Role.EMBEDDING:
            return EMBEDDINGS
        if PROJECTION.fullmatch(word):
            return "projection"
        return _kebab(word) or ("convolution" if len(tensor.shape) > 2 else "parameters")

    def settled(self, places: Sequence[Place]) -> list[Place]:
        """Return the places with a component for each norm, from what stands in the same layer."""
        kinds: dict[str | None, dict[str, None]] = {}
        norms: dict[str | None, set[str]] = {}
        for place in places:
            if place.kind == _UNDECIDED:
                norms.setdefault(place.layer, set()).add(place.word)
            else:
                kinds.setdefault(place.layer, {}).setdefault(place.kind)
        return [
            place
            if place.kind != _UNDECIDED
            else replace(place, kind=self._norm(place, _in_layer(kinds, place.layer), norms[place.layer]))
            for place in places
        ]

    def _norm(self, place: Place, kinds: Sequence[str], norms: set[str]) -> str:
        """Return the component that a norm belongs to, among those of its layer."""
        meant = _first(NORMS, place.word)
        if place.layer is None:
            return EMBEDDINGS if meant == EMBEDDINGS or "input" in place.word else FINAL_NORM
        if not kinds:
            return meant or "norms"
        if re.match(r"post_attention", place.word) and any(re.search(r"(pre|post)_(feed|mlp|ff)", n) for n in norms):
            meant = ATTENTION
        if re.fullmatch(r"\w*2", place.word) and CROSS_ATTENTION in kinds and any(n.endswith("3") for n in norms):
            meant = CROSS_ATTENTION
        if meant is not None and meant in kinds:
            return meant
        wanted = _PER_TOKEN if meant == FEED_FORWARD else _MIXING
        return next((kind for kind in kinds if kind in wanted), kinds[0])


@lru_cache(maxsize=4096)
def word_of(raw: str) -> str:
    """Return a word of a tensor's name in lower case, without its index.

    >>> word_of("SelfAttention"), word_of("layer{}"), word_of("{}"), word_of("12")
    ('self_attention', 'layer', '', '')
    """
    word = _CAMEL.sub("_", raw.replace("{}", "")).lower().strip("_")
    return "" if word.isdecimal() else word


def _in_layer(kinds: Mapping[str | None, Iterable[str]], layer: str | None) -> list[str]:
    """Return the components in a layer; if it has none of its own, those in all layers of its stack.

    Nemotron-H has one norm for `layers.{}`, and a template of its own for some of the layers.
    """
    if layer is None or layer in kinds:
        return list(kinds.get(layer, ()))
    pattern = _NUMBER.sub("{}", layer)
    alike = (
        kind for other, inside in kinds.items() if other and _NUMBER.sub("{}", other) == pattern for kind in inside
    )
    return list(dict.fromkeys(alike))


def _is_index(raw: str) -> bool:
    return "{}" in raw or raw.isdecimal()


@lru_cache(maxsize=4096)
def _first(patterns: Patterns, word: str) -> str | None:
    """Return what the first pattern that fits the word stands for."""
    return next((name for pattern, name in patterns if pattern.fullmatch(word)), None)


def _kebab(word: str) -> str:
    return word.replace("_", "-")


def _distinguishing(places: Sequence[Place]) -> list[tuple[str, ...]]:
    """Return the stacks of each place without those that all places beside it share."""
    kept: list[list[str]] = [[] for _ in places]
    _prune(places, list(range(len(places))), 0, kept)
    for kind in _SHARED_BY_STACKS:
        of_kind = [index for index, place in enumerate(places) if place.kind == kind]
        if len({tuple(kept[index]) for index in of_kind}) == 1:
            for index in of_kind:
                kept[index] = []
    return [tuple(stacks) for stacks in kept]


def _prune(places: Sequence[Place], members: Iterable[int], depth: int, kept: list[list[str]]) -> None:
    groups: dict[str, list[int]] = {}
    for index in members:
        if len(places[index].stacks) > depth:
            groups.setdefault(places[index].stacks[depth], []).append(index)
    for label, inside in groups.items():
        if len(groups) > 1:
            for index in inside:
                kept[index].append(label)
        _prune(places, inside, depth + 1, kept)
