"""Refuse fields that the configuration class may read and that an entry without recorded rules does not know.

An entry with recorded rules says itself how its class reads such fields (`field_rules`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bertsym.atlas.configurations import mentions
from bertsym.errors import BadField, echo
from bertsym.files.jsonfile import Json
from bertsym.saved_model.allowed_values import Free
from bertsym.saved_model.derived import Derived
from bertsym.schema import Schema
from bertsym.symbols import labels

# Names of values that no constructor of a tensor reads, in every configuration of the library.
_HARMLESS = re.compile(
    r"token|_ids?$|rope|rotary|theta|dropout|drop_|initializer|_std|_mean|eps(ilon)?$|cache|dtype|type$|past_key|_coef|_loss"
    r"|sliding_window$|temperature|softcap|max_position|activation|_act|^act|attn_implementation|labels?$|^label2id$|attention_mask"
)
COPY = "_dict"
"""The end of the names of parts that old files of CLIP and its relatives have twice."""
_TIE = "tie_word_embeddings"
_PATTERN = re.compile(r"pattern|layer|block")
# The kinds of layers that differ in their masks only.
_SAME_TENSORS = frozenset({"full_attention", "sliding_attention", "chunked_attention"})


def check_unmodelled(fields: Mapping[str, Json], derived: Derived, schema: Schema, file: Path) -> None:
    """Raise BadField for a field of the file that the class may read and that the entry does not know."""
    _check_copies(fields, derived, file)
    if derived.rules.recorded and all(part.has_rules for part in derived.parts.values()):
        return
    known = {name for field in derived.fields.values() for name in (field.path, *field.aliases)}
    known |= {*derived.no_effect, *schema.fixed, *derived.list_paths}
    known |= {f"{path}[]" for path in derived.list_paths}
    stems = {path[: bracket.start()] for path in known for bracket in re.finditer(r"[.\[]", path)}
    for path, found in fields.items():
        name = path.rpartition(".")[2]
        if found is None or "[" in path or path in known or path in stems or _HARMLESS.search(path):
            continue
        if name == _TIE and _TIE in fields:  # the outermost one decides
            continue
        if fields.get(path.replace("_config_dict.", "_config."), ...) == found and "_config_dict." in path:
            continue
        part = derived.part_of(path)
        owner = derived.name if part is None else part.model_type
        if not derived.has_rules(path) and _may_shape(name, found) and mentions(owner, name):
            raise BadField(str(file), path, f"{echo(found)}: the class may read it, and no formula covers it")


def _check_copies(fields: Mapping[str, Json], derived: Derived, file: Path) -> None:
    """Raise BadField for a size of which `text_config_dict` says another value than `text_config`.

    The classes of CLIP and its relatives build the part from the first, with the defaults of what it omits.
    """
    for symbol, field in derived.fields.items():
        part, dot, rest = field.path.partition(".")
        copy = f"{part}{COPY}"
        if dot and isinstance(fields.get(copy), dict):
            default = derived.defaults[symbol]
            ours, other = (fields.get(path, default) for path in (field.path, f"{copy}.{rest}"))
            if ours != other:
                raise BadField(str(file), f"{copy}.{rest}", f"{echo(other)}, but {field.path} says {echo(ours)}")


def check_untried(fields: Mapping[str, Json], derived: Derived, file: Path) -> None:
    """Raise BadField for a size of 0 and for a list, if the derivation built the class with no such value."""
    for path in _positive(derived):
        found = fields.get(path)
        if found == 0 and not isinstance(found, bool) and not derived.has_rules(path):
            raise BadField(str(file), path, "0: only larger values were tried, and the class may build otherwise")
    for path in _untried_lists(fields, derived):
        raise BadField(str(file), path, f"{echo(fields[path])}: only the default list was tried in the model code")


def check_omissions(fields: Mapping[str, Json], derived: Derived, file: Path) -> None:
    """Raise BadField for a size that a part omits, if no rules say that the class then takes the default."""
    for names in _untested_omissions(derived):
        # The defaults of the entry are those of a file without the part.
        is_partial = names[0].partition(".")[0] in fields
        if is_partial and not any(name in fields for name in names):
            problem = "missing, and the class may take another value than its default; add it"
            raise BadField(str(file), names[0], problem)


def _untested_omissions(derived: Derived) -> Iterator[tuple[str, ...]]:
    """Yield the names of each size in a part, unless the derivation knows what follows if a file omits it.

    The class of the whole may have other defaults for a part than the class of the part has.
    """
    defined = {definition.symbol for definition in derived.definitions}
    for symbol, field in derived.fields.items():
        is_known = field.if_omitted is not None or symbol in defined or derived.has_rules(field.path)
        # A part of another type has the defaults of its own class.
        is_known = is_known or symbol == labels or derived.part_of(field.path) is not None
        if "." in field.path and "[" not in field.path and not is_known:
            yield field.path, *field.aliases


def _untried_lists(fields: Mapping[str, Json], derived: Derived) -> Iterator[str]:
    """Yield the lists without effect of a single number, if the file has another list than the default.

    Another length, or an index twice, may change a tensor, as in Qwen3-VL's `deepstack_visual_indexes`. A list within
    a list has a length too: each dilation in SeamlessM4T's `resblock_dilation_sizes` is a convolution.
    """
    known = {field.path for field in derived.fields.values()}
    known |= {*derived.no_effect, *derived.fixed_by_derivation, *derived.fixed_by_code}
    idle = {path: at.default for path, at in derived.no_effect.items() if "[" in path}
    for stem in dict.fromkeys(path.partition("[")[0] for path in idle):
        if derived.has_rules(stem) or _HARMLESS.search(stem) is not None or not isinstance(fields.get(stem), list):
            continue
        entries = {path: found for path, found in fields.items() if path.startswith(f"{stem}[") and path[-2:] != "[]"}
        numbers = {path: found for path, found in entries.items() if not isinstance(found, list)}
        as_tried = all(fields.get(path) == at for path, at in idle.items() if path.startswith(f"{stem}["))
        if not as_tried or not known >= numbers.keys():
            yield stem


def _positive(derived: Derived) -> Iterator[str]:
    """Yield the fields of sizes that were above 0 in every sample; at 0 experts a class may build other layers."""
    for symbol, field in derived.fields.items():
        domain = field.domain
        if (
            domain is not None
            and isinstance(domain.allowed, Free)
            and domain.min_steps > 0
            and derived.defaults[symbol]
        ):
            yield field.path
            yield from field.aliases


def _may_shape(name: str, found: Json) -> bool:
    """Return True for a value on which a tensor may depend: a number, a switch, a list, a pattern such as `M-M*`."""
    match found:
        case bool():
            return True
        case int() | float():
            return found >= 0
        case str():
            return _PATTERN.search(name) is not None
        case list():
            return not all(isinstance(word, str) and word in _SAME_TENSORS for word in found)
    return False
