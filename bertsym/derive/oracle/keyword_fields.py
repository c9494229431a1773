"""Find the sizes that a configuration class takes from its keyword arguments and stores under no field.

Gemma 4 takes `global_head_dim` in this way and makes the table `per_layer_config` from it. A keyword that only sets a
declared field, as Falcon's `n_embed` does, is an alias, and no size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bertsym.derive.oracle.config_codec import ConfigCodec, settings
from bertsym.derive.oracle.layer_lists import codecs, keywords

Inventory = Sequence[Any]
Build = Callable[[Any], Inventory]


def add_keyword_fields(root: ConfigCodec, build: Build) -> None:
    """Give each codec the keywords on which a tensor depends: numbers, and nulls that may stand for a number."""
    for _, codec in codecs("", root):
        for name, default in list(keywords(codec.cls)):
            if name in codec.numeric or name in codec.texts or isinstance(default, bool):
                continue
            if isinstance(default, int) and default > 0 and _builds_otherwise(root, codec, name, default, build):
                codec.numeric[name] = default
            elif default is None and not _is_alias(codec, name):
                codec.null_keywords += (name,)


def _builds_otherwise(root: ConfigCodec, codec: ConfigCodec, name: str, default: int, build: Build) -> bool:
    """Return True if another number at the keyword builds other tensors, and the default the tensors without it."""
    plain = build(root.to_config({}))
    built = list(_with(root, codec, name, (default, 2 * default, default + 1), build))
    return built[0] == plain and any(inventory not in (plain, None) for inventory in built[1:])


def _with(
    root: ConfigCodec, codec: ConfigCodec, name: str, numbers: Sequence[int], build: Build
) -> Iterator[Inventory | None]:
    for number in numbers:
        codec.given[name] = number
        try:
            yield build(root.to_config({}))
        except Exception:  # noqa: BLE001  # whatever the model code raises at another number
            yield None
        finally:
            del codec.given[name]


def _is_alias(codec: ConfigCodec, name: str) -> bool:
    """Return True if a number at the keyword changes a declared number, or is rejected."""
    before = settings(codec.to_config({}))
    codec.given[name] = 3
    try:
        after = settings(codec.to_config({}))
    except Exception:  # noqa: BLE001  # whatever the class raises at a number
        return True
    finally:
        del codec.given[name]
    return name in after or any(before.get(field) != after.get(field) for field in codec.numeric)
