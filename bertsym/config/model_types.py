"""Decide as which model type a configuration is read: by its own word, by the user's, or by inference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from bertsym import atlas
from bertsym.atlas.configurations import declaring
from bertsym.errors import BadField, UnknownName, echo, listed, suggestion
from bertsym.files.jsonfile import Json
from bertsym.values import value
from bertsym.zoo import ARCHITECTURES

DERIVE = "`bertsym derive` finds the formula of model code"
MAX_REASON = 110
"""The characters of a reason in a message, which has 200 in all."""
FRAMEWORKS = ("TF", "Flax")
"""The prefixes of classes that transformers up to version 4 had for TensorFlow and JAX."""

FEWEST_OWN_FIELDS = 2
"""One field proves little: GPT-2's old files have `n_ctx`, which only CodeGen declares today."""
MOST_LISTED = 80
"""The characters of a list of likely types in an error."""

_FILE_NAME = re.compile(r"(?P<type>[a-z0-9_-]+?)_config(?:[_-][a-z0-9_-]+)?\.json", re.IGNORECASE)


@value
class Reading:
    """The model type as which a file is read, and notes on how it was chosen."""

    model_type: str
    notes: tuple[str, ...] = ()


def reading(config: Mapping[str, Json], file: Path, chosen: str | None = None) -> Reading:
    """Return the model type that the file names, `chosen` in its place, or else the one that evidence implies.

    Evidence is the class in `architectures`, then the name of the file, then fields that one type alone declares.
    Raises `BadField` if there is none, and `UnknownName` for a `chosen` type without a formula.
    """
    named = config.get("model_type")
    if chosen is not None:
        return _chosen(named, chosen)
    if isinstance(named, str) and is_covered(named):
        return Reading(named)
    if named is not None and not isinstance(named, str):
        raise BadField(str(file), "model_type", f"expected a text, got {echo(named)}")
    if named not in atlas.missing():
        for cls, kind in type_of_class(class_names(config)).items():
            problem = "missing" if named is None else f"{echo(named)} is not covered"
            return Reading(kind, (f"field 'model_type': {problem}; read as {kind}, the type of {cls}",))
    if named is not None:
        near = suggestion(str(named), [*ARCHITECTURES, *atlas.index()]) or DERIVE
        raise BadField(str(file), "model_type", f"{echo(named)} is not covered; {why_missing(str(named), near)}")
    if (by_name := _type_in_name(file.name)) is not None:
        return Reading(by_name, (f"field 'model_type': missing; read as {by_name}, as the file is called {file.name}",))
    return _reading_by_fields(config, file)


def _reading_by_fields(config: Mapping[str, Json], file: Path) -> Reading:
    """Return the one model type that declares all fields and alone declares some of them; raises `BadField`."""
    types = {field: declaring()[field] for field in config if field in declaring()}
    candidates = frozenset[str]().union(*types.values()).intersection(*types.values())
    own = [field for field, names in types.items() if names <= candidates]
    if len(candidates) == 1 and len(own) >= FEWEST_OWN_FIELDS:
        (kind,) = candidates
        if is_covered(kind):
            return Reading(kind, (f"field 'model_type': missing; read as {kind}, which alone declares {own[0]}",))
    likely = [kind for kind in (*ARCHITECTURES, *sorted(candidates - set(ARCHITECTURES))) if kind in candidates]
    among = listed(likely, MOST_LISTED, "; its fields are those of ") if likely else ""
    raise BadField(str(file), "model_type", f"missing{among}; pass --model-type TYPE")


def is_covered(kind: str) -> bool:
    """Return True if the zoo or the atlas has the model type."""
    return kind in ARCHITECTURES or kind in atlas.COMPOSITES or atlas.path(kind) is not None


def why_missing(target: str, usual: str) -> str:
    """Return why the atlas has no formula for a model type or class of transformers, else the `usual` advice."""
    bare = target.removeprefix(atlas.PREFIX)
    why = atlas.missing().get(bare) or atlas.missing_classes().get(bare)
    return usual if why is None else f"transformers has it, but no formula was found: {why[:MAX_REASON]}"


def class_names(config: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the class names in `architectures`, each without the prefix of another framework."""
    classes = config.get("architectures")
    if not isinstance(classes, list):
        return ()
    return tuple(without_framework(name) for name in classes if isinstance(name, str))


def own_classes(config: Mapping[str, Json]) -> frozenset[str]:
    """Return the classes of the checkpoint's own code that `auto_map` names.

    >>> own_classes({"auto_map": {"AutoModel": "modeling_mine.MyBert", "AutoTokenizer": ["mine.Slow", None]}})
    frozenset({'MyBert'})
    """
    named = config.get("auto_map")
    values = named.values() if isinstance(named, dict) else ()
    return frozenset(value.rpartition(".")[2] for value in values if isinstance(value, str))


def without_framework(cls: str) -> str:
    """Return the name of the PyTorch class that corresponds to a class for TensorFlow or JAX.

    >>> without_framework("TFBertModel"), without_framework("FlaxT5Model"), without_framework("BertModel")
    ('BertModel', 'T5Model', 'BertModel')
    """
    for prefix in FRAMEWORKS:
        rest = cls.removeprefix(prefix)
        if rest != cls and rest[:1].isupper():
            return rest
    return cls


def type_of_class(names: Iterable[str]) -> dict[str, str]:
    """Return the first of the class names that belongs to one model type, with the type; else nothing."""
    for name in names:
        types = [
            kind for kind, entry in atlas.index().items() if name in (*entry.heads.values(), *entry.partly.values())
        ]
        types += [
            kind for kind in ARCHITECTURES if any(head.cls == name for head in ARCHITECTURES[kind].heads.values())
        ]
        if len({_entry(kind) for kind in types}) > 1:  # internlm3 has no class of its own and builds LlamaModel
            types = [kind for kind in types if name.casefold().startswith(re.sub("[-_]", "", kind))]
        if len({_entry(kind) for kind in types}) == 1:
            return {name: types[0]}
    return {}


def _entry(kind: str) -> str:
    """Return the name of the file that a type shares with types of the same class and configuration."""
    return atlas.index()[kind].entry if kind in atlas.index() else kind


def _chosen(named: Json, chosen: str) -> Reading:
    if not is_covered(chosen):
        raise UnknownName("model type", chosen, [*ARCHITECTURES, *atlas.index()], why_missing(chosen, ""))
    if named in (None, chosen):
        return Reading(chosen)
    return Reading(chosen, (f"field 'model_type': {echo(named)}; read as {chosen}, as --model-type says",))


def _type_in_name(name: str) -> str | None:
    """Return the model type in the name of a file such as `bert_config.json`, if it is covered."""
    match = _FILE_NAME.fullmatch(name)
    if match is None:
        return None
    word = match["type"].lower()
    return next((kind for kind in (word, word.replace("_", "-")) if is_covered(kind)), None)


def names_a_type(name: str) -> bool:
    """Return True for the name of a configuration that says the model type, such as `albert_config.json`."""
    return _type_in_name(name) is not None
