"""Find the fields of a configuration that are not numbers and that the tensors may depend on, with their values.

A formula holds only at these values. An activation or an empty field is built at other values here, in this process: a
field without effect on the tensors restricts nothing.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import inspect
import os
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from bertsym.config.flatten import flattened
from bertsym.derive.oracle.config_codec import ConfigCodec
from bertsym.derive.oracle.legal_configurations import legal_fields
from bertsym.saved_model.derived import Derived
from bertsym.symbols import BY_SYMBOL, Kind

# Fields that no model class builds its tensors from.
HARMLESS = re.compile(
    r"(^|[._])(rope|dtype|name_or_path|tokenizer|transformers_version|architectures|id2label|label2id|problem_type|"
    r"attn_implementation|experts_implementation|quantization|return_dict|use_return_dict|cache|output_|token|tokens|"
    r"loss|dropout|init|initializer|prefix|task_specific_params|finetuning_task|generation)",
)
ACTIVATION = re.compile(r"(^|_)(act|activation)")
ACTIVATIONS = ("relu", "gelu", "silu")
MOST_SWITCHES, MOST_TEXTS = 8, 12
INSTEAD_OF_NOTHING: tuple[Any, ...] = (1, 8, True, "a", 0.5)


class Configured(NamedTuple):
    """A model class with the settings of a variant, none for the main entry of a type."""

    cls: Any
    settings: Mapping[str, Any]

    @property
    def config_class(self) -> Any:
        """The class of its configuration."""
        return self.cls.config_class

    def fields(self) -> dict[str, Any]:
        """Return the arguments of the default configuration."""
        return legal_fields(self.config_class.model_type, self.settings)

    def default(self) -> Any:
        """Return the default configuration."""
        return self.config_class(**self.fields())


def held(
    cls: str, derived: Derived, numbers: dict[str, Any] | None = None, settings: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the fields that are not numbers and may have an effect, with their defaults or the `settings`.

    Texts are tried at `numbers`, small sizes that build quickly, else at the defaults. Lists are tried at the defaults,
    because a list may have an entry a layer.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"
    import transformers  # noqa: PLC0415  # the workers' alone

    transformers.logging.set_verbosity_error()
    model = Configured(getattr(transformers, cls), settings or {})
    own = model.default().to_dict()
    known = {field.path for field in derived.fields.values()}
    known |= {path for one in derived.layer_lists for path in (one.path, *one.aliases)}
    known |= derived.no_effect.keys() | derived.fixed_by_derivation.keys() | derived.fixed_by_code.keys()
    found: dict[str, Any] = {}
    beside = list(backgrounds(model, own, derived))
    for path, there in flattened(own).items():
        if path in known or path == "model_type" or "[" in path or HARMLESS.search(path):
            continue
        others = instead(path, there)
        if others is None:
            continue
        words = texts_compared_with(sys.modules[model.cls.__module__], path.rpartition(".")[2])
        if there is None or isinstance(there, str):
            others = (*others, *(("|".join(words), *words) if words else ()))
        at = None if isinstance(there, list) else numbers
        is_same = _same(model, own, path, others) if at is None else _alike(model, path, others, at)
        if not is_same or any(_differs(model, around, path, others) for around in beside):
            found[path] = there
    return found


def backgrounds(model: Configured, own: dict[str, Any], derived: Derived) -> Iterator[dict[str, Any]]:
    """Yield the defaults with each switch turned that changes tensors, and with all of them turned.

    DeBERTa reads `pos_att_type` only if `relative_attention` is on.
    """
    paths = [field.path for symbol, field in derived.fields.items() if BY_SYMBOL[symbol].kind is Kind.SWITCH]
    switches = [path for path in paths if path in own and isinstance(own[path], bool)][:MOST_SWITCHES]
    for group in dict.fromkeys([*((path,) for path in switches), tuple(switches)]):
        turned = {path: not own[path] for path in group}
        if turned and _shapes(model, turned) is not None:
            yield turned


def texts_compared_with(module: Any, name: str) -> list[str]:
    """Return the texts that a module compares with a field: `"c2p" in config.pos_att_type`."""
    texts: list[str] = []
    for node in ast.walk(_parsed(module)):
        if isinstance(node, ast.Compare):
            inside = list(ast.walk(node))
            names = {part.attr for part in inside if isinstance(part, ast.Attribute)}
            names |= {part.id for part in inside if isinstance(part, ast.Name)}
            if name in names:
                texts += [
                    part.value for part in inside if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
    return list(dict.fromkeys(texts))[:MOST_TEXTS]


@cache
def _parsed(module: Any) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def instead(path: str, there: Any) -> tuple[Any, ...] | None:
    """Return other values for a field; none for a free text, and None for numbers and sub-configurations."""
    if there is None:
        return INSTEAD_OF_NOTHING
    if isinstance(there, str):
        return ACTIVATIONS if ACTIVATION.search(path) else ()
    if not isinstance(there, list) or (there and all(isinstance(one, int | float) for one in there)):
        return None
    if there and isinstance(there[0], str) and len(set(there)) == 1:
        return tuple([*there[:-1], word] for word in kinds_of_layers() if word != there[0])
    return (there[::-1], [there[0]] * len(there), [there[-1]] * len(there)) if there else ([0], [1], ["a"])


def kinds_of_layers() -> tuple[str, ...]:
    """Return the words of lists with an entry a layer; a list that repeats one word does not show the others."""
    from transformers import configuration_utils as common  # noqa: PLC0415  # the workers' alone

    return (*getattr(common, "ALLOWED_LAYER_TYPES", ()), "mamba", "attention", "shared", "full", "avg")


def _differs(model: Configured, around: dict[str, Any], path: str, others: tuple[Any, ...]) -> bool:
    """Return True if a value of a field of the configuration itself changes the tensors beside these values."""
    if "." in path:
        return False
    base = _shapes(model, around)
    built = (_shapes(model, {**around, path: other}) for other in others)
    return any(shapes is not None and shapes != base for shapes in built)


def _alike(model: Configured, path: str, others: tuple[Any, ...], numbers: dict[str, Any]) -> bool:
    """Return True if one of the other values builds at these sizes, and all that build give the same tensors."""
    codec = ConfigCodec(model.default())
    base = _built(model, codec, numbers)
    *parts, name = path.split(".")
    inner = codec
    for part in parts:
        if part not in inner.nested:
            return False
        inner = inner.nested[part]
    built = []
    for other in others:
        inner.texts = {**inner.texts, name: other}
        built.append(_built(model, codec, numbers))
    return base is not None and any(one is not None for one in built) and all(one in (base, None) for one in built)


def _built(model: Configured, codec: ConfigCodec, numbers: dict[str, Any]) -> dict[str, tuple[int, ...]] | None:
    import torch  # noqa: PLC0415

    with contextlib.suppress(Exception), torch.device("meta"):
        return _tensors(model.cls(codec.to_config(numbers)))
    return None


def _tensors(built: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(one.shape) for name, one in built.named_parameters(remove_duplicate=False)}


def _same(model: Configured, own: dict[str, Any], path: str, others: tuple[Any, ...]) -> bool:
    """Return True if at least one of the other values builds, and all that build give the same tensors."""
    top, *below = path.split(".")
    base = _shapes(model, {})
    built = []
    for other in others:
        given: Any = other
        if below:
            given = copy.deepcopy(own[top])
            inner = given
            for name in below[:-1]:
                inner = inner[name]
            inner[below[-1]] = other
        shapes = _shapes(model, {top: given})
        if shapes is not None and shapes != base:
            return False
        built += [shapes] if shapes is not None else []
    return bool(built) and base is not None


def _shapes(model: Configured, given: dict[str, Any]) -> dict[str, tuple[int, ...]] | None:
    import torch  # noqa: PLC0415

    with contextlib.suppress(Exception), torch.device("meta"):
        return _tensors(model.cls(model.config_class(**{**model.fields(), **given})))
    return None


def names(cls: str) -> Iterator[tuple[str, str]]:
    """Yield further spellings of fields as pairs: the name in the class, the common name in the library."""
    import transformers  # noqa: PLC0415

    yield from ((own, common) for common, own in getattr(transformers, cls).config_class.attribute_map.items())
