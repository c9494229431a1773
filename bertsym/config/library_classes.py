"""Classes of transformers by their name, and heads that only the atlas has of a type in the zoo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from bertsym import atlas
from bertsym.atlas.variants import variant_with
from bertsym.config.model_types import without_framework
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.files.jsonfile import Json
from bertsym.model import Model
from bertsym.names.heads import head_named
from bertsym.saved_model.atlas_models import stored
from bertsym.saved_model.composites import of_class
from bertsym.schema import Field
from bertsym.symbols import labels
from bertsym.values import replace
from bertsym.zoo import ARCHITECTURES, named


def may_name_a_class(text: str) -> bool:
    """Return True if the text looks like the name of a class.

    >>> may_name_a_class("xLSTMForCausalLM"), may_name_a_class("bert_base"), may_name_a_class("OPT-125m")
    (True, False, False)
    """
    return not text.islower() and text.isascii() and text.isidentifier()


def model_of_class(name: str, head: str | None = None) -> Model | None:
    """Return the model of a class of transformers, with all sizes open; None for a class without a formula.

    The name may be that of a renamed class, or of its counterpart for TensorFlow or JAX.
    """
    composite = of_class(name)
    if composite is not None:
        return stored(composite[0], composite[1] if head is None else head)
    found = class_in_atlas(name)
    if found is None:
        # Perceiver's own defaults do not build its heads; those of its published checkpoint do.
        variant = variant_with(name)
        return None if variant is None else stored(variant.name, name if head is None else head)
    cls, kind = found
    if kind in ARCHITECTURES and head_named(cls, _zoo_heads(kind)) is not None:
        return named(kind).with_head(cls if head is None else head)
    return stored(f"{atlas.PREFIX}{kind}", cls if head is None else head)


def class_in_atlas(name: str) -> tuple[str, str] | None:
    """Return the present name of a class and its model type; None if the atlas has no formula for it.

    >>> class_in_atlas("LLaMAForCausalLM"), class_in_atlas("TFBertModel"), class_in_atlas("NoSuchModel")
    (('LlamaForCausalLM', 'llama'), ('BertModel', 'bert'), None)
    """
    for cls in (name, without_framework(name)):
        present = present_name(cls)
        if present in atlas.classes():
            return present, atlas.classes()[present].model_type
    return None


def present_name(cls: str) -> str:
    """Return the name that a renamed class has now; of any other class its own name.

    Most renamings changed capitals or underscores only, so that a name which differs in these alone is a former name.

    >>> present_name("LLaMAForCausalLM"), present_name("BertModel"), present_name("GPT_NeoX_ForCausalLM")
    ('LlamaForCausalLM', 'BertModel', 'GPTNeoXForCausalLM')
    """
    if cls in atlas.classes():
        return cls
    return renamed_classes().get(cls, {}).get("now") or _folded_classes().get(_folded(cls), cls)


def _folded(cls: str) -> str:
    return cls.replace("_", "").casefold()


@cache
def _folded_classes() -> Mapping[str, str]:
    """Return the classes by their folded names; a folded name that two classes share is left out."""
    found: dict[str, list[str]] = {}
    for cls in atlas.classes():
        found.setdefault(_folded(cls), []).append(cls)
    return {folded: classes[0] for folded, classes in found.items() if len(classes) == 1}


@cache
def renamed_classes() -> Mapping[str, Mapping[str, str]]:
    """Return the former names of classes, each with its present name (`now`) and the `source` of the renaming."""
    found: dict[str, dict[str, str]] = json.loads((atlas.FOLDER / "renamed_classes.json").read_bytes())
    return found


def in_atlas_alone(kind: str, wanted: tuple[str, ...]) -> bool:
    """Return True if the zoo has the type but none of the heads or classes that are wanted, and the atlas has one."""
    if not wanted or any(head_named(name, _zoo_heads(kind)) is not None for name in wanted):
        return False
    listed = atlas.index().get(kind)
    return listed is not None and any(head_named(present_name(name), listed.heads) is not None for name in wanted)


def beyond_zoo(model: Model, kind: str, head: str) -> Model | None:
    """Return a model of the zoo at its sizes under a head that only the atlas has; None if the atlas has it not.

    The sizes are read as a configuration of that type, and the bare classes of both must have the same count.
    """
    if not in_atlas_alone(kind, (head,)):
        return None
    derived = stored(f"{atlas.PREFIX}{kind}", present_name(head))
    if derived is None or not model.given:
        return None if derived is None else replace(derived, label=model.label)
    from bertsym.config.configfile import read_config  # noqa: PLC0415  # it imports this module

    config = _configuration(model)
    if config is None:
        return None
    try:
        bare = read_config({**config, "model_type": kind}, Path(model.label), "model", atlas_only=True)
        found = read_config({**config, "model_type": kind}, Path(model.label), present_name(head), atlas_only=True)
        if count(bare) != count(model.with_head("model")):
            return None
    except BertsymError:
        return None
    sizes = {symbol: size for symbol, size in found.given.items() if symbol is not labels}
    return replace(found, given=sizes, label=model.label)


def _configuration(model: Model) -> dict[str, Json] | None:
    """Return the sizes of a model as the fields of a configuration; None if they say less than the model."""
    config: dict[str, Json] = {}
    for field in model.architecture.schema.fields:
        if not isinstance(field, Field):
            return None
        if field.symbol == labels:
            continue
        try:
            value = model.given[field.symbol] if field.symbol in model.given else model.number(field.symbol)
        except BertsymError:
            continue
        config[field.key] = value if isinstance(value, bool) else int(value) if value == int(value) else float(value)
    return config


def _zoo_heads(kind: str) -> dict[str, str]:
    return {name: found.cls for name, found in ARCHITECTURES[kind].heads.items()}
