"""Name the classes of each model type by the head that they are: from the auto mappings, then from the model code.

A mapping such as `MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES` gives its classes the head `image-classification`. The
second class of a mapping, and a class that no mapping names, gets the words of its own name:
`DeiTForImageClassificationWithTeacher` is `image-classification-with-teacher`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

FIRST = "model"

# The heads that have names of the zoo, with the mappings of which the first counts.
NAMED = {
    "MASKED_LM": "masked-lm",
    "CAUSAL_LM": "causal-lm",
    "SEQ_TO_SEQ_CAUSAL_LM": "conditional-generation",
    "SPEECH_SEQ_2_SEQ": "conditional-generation",
    "IMAGE_TEXT_TO_TEXT": "conditional-generation",
    "SEQUENCE_CLASSIFICATION": "sequence-classification",
}
# The mappings list some classes under a type whose configuration they do not take: they take that of a part.
# By type and part: the heads of the part, with the names that the mappings give them.
OF_PARTS: dict[str, dict[str, dict[str, str]]] = {
    "emu3": {"emu3_text_model": {FIRST: "text-encoding", "causal-lm": "causal-lm"}},
    "llama4": {"llama4_vision_model": {FIRST: "image"}},
    "mllama": {
        "mllama_text_model": {FIRST: "text-encoding", "causal-lm": "causal-lm"},
        "mllama_vision_model": {FIRST: "image"},
    },
    "musicgen": {"musicgen_decoder": {FIRST: FIRST, "causal-lm": "causal-lm"}},
    "musicgen_melody": {"musicgen_melody_decoder": {FIRST: FIRST, "causal-lm": "causal-lm"}},
}

# A class of several mappings has the name of the mapping that says most, so that these come last.
LAST = ("RETRIEVAL", "MULTIMODAL_LM", "IMAGE", "TEXT_ENCODING", "PRETRAINING", "BACKBONE")

_MAPPING = re.compile(r"MODEL_FOR_(\w+)_MAPPING_NAMES")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
MAX_NAME = 40


def mappings() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the classes of each model type in each auto mapping, the mapping of the bare models first."""
    from transformers.models.auto import modeling_auto as auto  # noqa: PLC0415  # torch is not imported by it

    tables = {name: table for name, table in vars(auto).items() if _MAPPING.fullmatch(name)}
    heads = {match[1]: tables[match[0]] for match in map(_MAPPING.fullmatch, tables) if match}
    order = [*NAMED, *(name for name in heads if name not in (*NAMED, *LAST)), *LAST]
    found = {"": auto.MODEL_MAPPING_NAMES, **{name: heads[name] for name in order if name in heads}}
    return {
        name: {kind: (classes,) if isinstance(classes, str) else tuple(classes) for kind, classes in table.items()}
        for name, table in found.items()
    }


def auto_heads() -> dict[str, dict[str, str]]:
    """Return for each model type its classes in the auto mappings, by the name of the head; one name a class."""
    heads: dict[str, dict[str, str]] = {}
    for mapping, table in mappings().items():
        for kind, classes in table.items():
            own = heads.setdefault(kind, {})
            for cls in classes:
                if cls not in own.values():
                    own[_free_name(NAMED.get(mapping, head_name(mapping)), cls, own)] = cls
    for whole, parts in OF_PARTS.items():
        for part, names in parts.items():
            heads[part] = {head: heads[whole].pop(name) for head, name in names.items()}
    return heads


def head_name(mapping: str) -> str:
    """Return the head of a mapping; the mapping without a name is that of the bare models."""
    return mapping.lower().replace("_", "-") if mapping else FIRST


def _free_name(wanted: str, cls: str, taken: dict[str, str]) -> str:
    """Return the wanted name, else one from the name of the class, with a number if that is taken too."""
    words = [word.lower() for word in _WORDS.findall(cls.partition("For")[2] or cls)]
    own = "-".join(words)[:MAX_NAME].strip("-")
    names = (wanted, own, *(f"{own[: MAX_NAME - 3]}-{number}" for number in range(2, 100)))
    return next(name for name in names if name not in taken)


def further_classes(config: type, known: set[str]) -> Iterator[str]:
    """Yield the public model classes over a configuration class that are not `known`, in the order of the code."""
    import transformers  # noqa: PLC0415  # the workers' alone

    module: Any = inspect.getmodule(config)
    code = module.__name__.replace("configuration_", "modeling_")
    try:
        names = getattr(__import__(code, fromlist=["__all__"]), "__all__", [])
    except ImportError:
        return
    for name in names:
        cls = getattr(transformers, name, None)
        abstract = name.endswith("PreTrainedModel") or cls is None or name in known
        if not abstract and getattr(cls, "config_class", None) is config:
            yield name


def own_name(cls: str, base: str, taken: dict[str, str]) -> str:
    """Return the head of a class that no mapping names: the words that the base's class does not begin with.

    >>> own_name("CLIPTextModelWithProjection", "CLIPTextModel", {}), own_name("DPRContextEncoder", "DPRReader", {})
    ('with-projection', 'context-encoder')
    """
    ours, theirs = _WORDS.findall(cls), _WORDS.findall(base)
    shared = next((n for n, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    rest = ours[min(len(ours), len(theirs)) if shared is None else shared :] or ours
    return _free_name("-".join(rest).lower()[:MAX_NAME].strip("-"), cls, taken)
