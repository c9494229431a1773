"""Composites: classes of transformers whose configuration has parts of any type, such as an encoder and a decoder.

The formula of a composite is the sum of its parts' formulas, which the atlas has, and a little glue: a projection if
the widths differ, a scale of the logits. Its name is the composite's with the types of its parts:
`vision-encoder-decoder:vit+gpt2`. Without them the parts are those of the library's own default configuration.

The glue is written from transformers 5.23, `modeling_vision_encoder_decoder.py` and its kin.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import sympy
from sympy import Expr, Symbol

from bertsym import atlas
from bertsym.errors import BadField, InvalidModel, UnknownName, echo
from bertsym.files.jsonfile import Json
from bertsym.layers import Role
from bertsym.saved_model.code_names import with_code_names
from bertsym.saved_model.derived import FIRST, ConfigField, Derived, DerivedHead
from bertsym.saved_model.head_size_rewrite import in_head_size
from bertsym.saved_model.inventory import under_prefix
from bertsym.saved_model.join_parts import Part, joined, size_of
from bertsym.spellings import fields as spellings_of
from bertsym.symbols import Kind, Own
from bertsym.tree import Tensor
from bertsym.values import replace, value

Glue = Callable[[Derived, Mapping[str, Part]], tuple[Tensor, ...]]
Entries = Callable[[str], Derived | None]
PartEntries = Callable[[str, Mapping[str, Json]], Derived | None]
"""Functions that return the entry of a type, or the one of its variants that a part's configuration is."""

SEPARATOR, PLUS = ":", "+"

WIDTH = "hidden_size"
OUTPUT_WIDTH = "output_hidden_size"
PROJECTION = Own("projection_dim", Kind.WIDTH, 1, "projection_dim of the code", "512")
HIERARCHICAL = frozenset({"swin", "swinv2", "donut-swin", "maskformer-swin"})
"""Types whose configuration class computes `hidden_size`: the width doubles from stage to stage."""


@value
class Slot:
    """A part of a composite: its field, the module that holds it, its default type, and the heads that it may have.

    `switches` are fields that the library sets in a part which a configuration leaves out, as cross attention.
    """

    path: str
    prefix: str
    default: str
    heads: tuple[str, ...] = (FIRST,)
    switches: tuple[str, ...] = ()


@value
class Composite:
    """A class with parts; `further` are classes that hold the first one, by head, under a prefix."""

    cls: str
    slots: tuple[Slot, ...]
    glue: Glue
    further: Mapping[str, tuple[str, str]] = MappingProxyType({})


def _projection(encoder_width: str, _: Derived, parts: Mapping[str, Part]) -> tuple[Tensor, ...]:
    """Return the projection from the encoder to the decoder, which exists if their widths differ."""
    inner, outer = _width(parts["encoder"], WIDTH), _width(parts["decoder"], WIDTH)
    compared = _width(parts["encoder"], encoder_width) if _has(parts["encoder"], encoder_width) else inner
    when = sympy.Ne(compared, outer)
    if when == sympy.false:
        return ()
    weight = Tensor("enc_to_dec_proj.weight", (outer, inner), Role.MATRIX, "", "projection", when=when)
    return weight, Tensor("enc_to_dec_proj.bias", (outer,), Role.BIAS, "", "projection", when=when)


def _projections(_: Derived, parts: Mapping[str, Part]) -> tuple[Tensor, ...]:
    """Return the projections of images and texts to a common space, and the scale of their similarity."""
    image, text = (_width(parts[path], WIDTH) for path in ("vision_config", "text_config"))
    return (
        Tensor("logit_scale", (), Role.NORM, "", "logit_scale"),
        Tensor("visual_projection.weight", (PROJECTION, image), Role.MATRIX, "", "projection"),
        Tensor("text_projection.weight", (PROJECTION, text), Role.MATRIX, "", "projection"),
    )


def _none(_: Derived, __: Mapping[str, Part]) -> tuple[Tensor, ...]:
    return ()


_DECODER = Slot("decoder", "decoder.", "bert", ("causal-lm", FIRST), ("is_decoder", "add_cross_attention"))

COMPOSITES: Mapping[str, Composite] = {
    "encoder-decoder": Composite(
        "EncoderDecoderModel", (Slot("encoder", "encoder.", "bert"), _DECODER), partial(_projection, WIDTH)
    ),
    "vision-encoder-decoder": Composite(
        "VisionEncoderDecoderModel", (Slot("encoder", "encoder.", "vit"), _DECODER), partial(_projection, WIDTH)
    ),
    "speech-encoder-decoder": Composite(
        "SpeechEncoderDecoderModel",
        (Slot("encoder", "encoder.", "wav2vec2"), _DECODER),
        partial(_projection, OUTPUT_WIDTH),
    ),
    "vision-text-dual-encoder": Composite(
        "VisionTextDualEncoderModel",
        (Slot("vision_config", "vision_model.", "vit"), Slot("text_config", "text_model.", "bert")),
        _projections,
    ),
    "rag": Composite(
        "RagModel",
        (
            Slot("question_encoder", "question_encoder.", "dpr"),
            Slot("generator", "generator.", "bart", ("conditional-generation",)),
        ),
        _none,
        MappingProxyType(
            {
                "sequence-for-generation": ("RagSequenceForGeneration", "rag."),
                "token-for-generation": ("RagTokenForGeneration", "rag."),
            }
        ),
    ),
}


def of_class(cls: str) -> tuple[str, str] | None:
    """Return the composite that a class is, with its head; None for any other class.

    >>> of_class("RagTokenForGeneration"), of_class("BertModel")
    (('rag', 'token-for-generation'), None)
    """
    for name, composite in COMPOSITES.items():
        heads = {FIRST: composite.cls, **{head: found for head, (found, _) in composite.further.items()}}
        head = next((head for head, found in heads.items() if found == cls), None)
        if head is not None:
            return name, head
    return None


def is_composite(name: str) -> bool:
    """Return True for the name of a composite, with or without the types of its parts."""
    return name.partition(SEPARATOR)[0] in COMPOSITES


def types_of_parts(name: str) -> Mapping[str, str] | None:
    """Return the type of each part of a composite by the field of the part; None for any other name.

    >>> types_of_parts("encoder-decoder:bert+gpt2"), types_of_parts("bert")
    ({'encoder': 'bert', 'decoder': 'gpt2'}, None)
    """
    kind, _, listed = name.partition(SEPARATOR)
    if kind not in COMPOSITES:
        return None
    slots = COMPOSITES[kind].slots
    types = listed.split(PLUS) if listed else [slot.default for slot in slots]
    return {slot.path: named for slot, named in zip(slots, types, strict=True)} if len(types) == len(slots) else None


def named_composite(name: str, entry_of: Entries) -> Derived:
    """Return the composite of a name such as `encoder-decoder:bert+gpt2`; raise `UnknownName` for an unknown part."""
    kind, _, listed = name.partition(SEPARATOR)
    slots = COMPOSITES[kind].slots
    types = listed.split(PLUS) if listed else [slot.default for slot in slots]
    if len(types) != len(slots):
        example = f"{kind}{SEPARATOR}{PLUS.join(slot.default for slot in slots)}"
        raise UnknownName("composite", name, (), f"it has {len(slots)} parts, as in {example}")
    entries = [_entry(part, entry_of) for part in types]
    return _composite(name, kind, entries, {slot.path for slot in slots})


def configured_composite(kind: str, config: Mapping[str, Json], file: str, entry_of: PartEntries) -> Derived:
    """Return the composite that a configuration describes; raise `BadField` for a part that is not covered."""
    types: list[str] = []
    entries: list[Derived] = []
    absent = {slot.path for slot in COMPOSITES[kind].slots if config.get(slot.path) is None}
    for slot in COMPOSITES[kind].slots:
        part = config.get(slot.path)
        named = part.get("model_type", slot.default) if isinstance(part, dict) else slot.default
        if part is not None and not isinstance(part, dict):
            raise BadField(file, slot.path, f"expected an object, got {echo(part)}")
        entry = entry_of(named, part or {}) if isinstance(named, str) else None
        if entry is None or not isinstance(named, str):
            raise BadField(file, f"{slot.path}.model_type", f"{echo(named)} is not covered")
        types.append(named)
        entries.append(entry)
    return _composite(f"{kind}{SEPARATOR}{PLUS.join(types)}", kind, entries, absent)


def _entry(kind: str, entry_of: Entries) -> Derived:
    entry = entry_of(kind)
    if entry is None:
        raise UnknownName("model type", kind, list(atlas.index()))
    return entry


def _composite(name: str, kind: str, entries: Sequence[Derived], absent: Collection[str]) -> Derived:
    """Return the composite of these entries; `absent` parts have the switches that the library gives them."""
    composite = COMPOSITES[kind]
    slots = list(composite.slots)
    parts = {
        slot.path: _part(slot if slot.path in absent else replace(slot, switches=()), entry)
        for slot, entry in zip(slots, entries, strict=True)
    }
    parts[slots[-1].path] = replace(parts[slots[-1].path], is_main=True)
    source = next(iter(parts.values())).derived.source
    derived = joined(name, composite.cls, source, parts.values())
    glue = composite.glue(derived, parts)
    derived = replace(derived, tensors=(*derived.tensors, *glue), **_with_projection(derived, glue))
    heads = {
        head: DerivedHead(cls, tuple(under_prefix(tensor, prefix) for tensor in derived.tensors))
        for head, (cls, prefix) in composite.further.items()
    }
    return replace(derived, heads=MappingProxyType(heads))


def _part(slot: Slot, entry: Derived) -> Part:
    derived = in_head_size(with_code_names(entry))
    head = next((head for head in slot.heads if _fills(derived, head, slot)), None)
    if head is None:
        raise InvalidModel(f"{entry.name} as {slot.path}", f"it has no {slot.heads[0]}")
    switches = {symbol: True for symbol, field in derived.fields.items() if field.path in slot.switches}
    return Part(replace(derived, defaults={**derived.defaults, **switches}), head, slot.path, slot.prefix)


def _fills(derived: Derived, head: str, slot: Slot) -> bool:
    """Return True if a class may be the part; the bare class of a type may be its language model, as TrOCR's is."""
    found = derived.classes.get(head)
    return found is not None and (head == slot.heads[0] or found.cls.endswith("ForCausalLM"))


def _with_projection(derived: Derived, glue: Sequence[Tensor]) -> dict[str, Mapping[Symbol, object]]:
    """Return the sizes and fields with those of the glue."""
    if not any(PROJECTION in tensor.shape for tensor in glue):
        return {}
    fields = {**derived.fields, PROJECTION: ConfigField(str(PROJECTION))}
    return {"defaults": {**derived.defaults, PROJECTION: 512}, "fields": MappingProxyType(fields)}


def _has(part: Part, path: str) -> bool:
    return any(path in (field.path, *field.aliases) for field in part.derived.fields.values())


def _width(part: Part, path: str) -> Expr:
    """Return the width that the configuration of a part has under this name; raise `InvalidModel` if it has none."""
    fields = part.derived.fields
    exact = [symbol for symbol, field in fields.items() if path in (field.path, *field.aliases)]
    if exact:
        return size_of(part, exact[0])
    if part.derived.name in HIERARCHICAL:
        width = next(symbol for symbol, field in fields.items() if field.path == "embed_dim")
        stages = sum(field.path.startswith("depths[") for field in fields.values())
        return size_of(part, width) * 2 ** (stages - 1)
    usual = [symbol for symbol, field in fields.items() if field.path in spellings_of("H")]
    if not usual:
        raise InvalidModel(f"{part.derived.name} as {part.path}", f"its configuration has no {path}")
    return size_of(part, usual[0])
