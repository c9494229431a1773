"""Read the configuration of an adapter that the library peft saved (`adapter_config.json`).

The fields are those of `LoraConfig` and `IA3Config` (https://github.com/huggingface/peft). Regular expressions of a
stranger are never run, because one may take forever: the header says which modules they chose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from bertsym.errors import BadField, echo
from bertsym.files.jsonfile import Json, parse_object, read_bytes
from bertsym.values import value

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
ALL_LINEAR = "all-linear"
LARGEST_RANK = 10**6
MOST_WORDS = 10_000

VARIANTS = (
    *("use_qalora", "use_bdlora", "velora_config", "kasa_config", "monteclora_config", "arrow_config"),
    *("trainable_token_indices", "target_parameters", "layer_replication", "megatron_config"),
)
"""Fields of variants of LoRA that add other tensors than those read here."""

_PLAIN = re.compile(r"\^?[\w.\-]+", re.ASCII)
HEADS = {
    "CAUSAL_LM": "causal-lm",
    "SEQ_CLS": "sequence-classification",
    "TOKEN_CLS": "token-classification",
    "QUESTION_ANS": "question-answering",
    "SEQ_2_SEQ_LM": "conditional-generation",
    "FEATURE_EXTRACTION": "model",
}
"""The task head of the base for each `task_type`."""


@value
class Adapter:
    """The configuration of an adapter.

    `targets` are endings of module names; None stands for a regular expression, and `all_linear` for every linear
    layer. `ranks` maps endings of module names to a rank other than `rank`. `layers` are the layers that are adapted,
    or None for all; `layer_lists` are the words before their numbers, if the configuration names them. `feedforward`
    are the targets of IA3 that scale inputs instead of outputs.
    """

    kind: str
    base: str | None
    task: str | None
    rank: int
    ranks: Mapping[str, int]
    ranks_unknown: bool
    targets: tuple[str, ...] | None
    all_linear: bool
    excluded: tuple[str, ...]
    layers: frozenset[int] | None
    layer_lists: tuple[str, ...]
    saved: tuple[str, ...]
    magnitudes: bool
    biases: str
    own_bias: bool
    feedforward: tuple[str, ...]

    def rank_of(self, module: str) -> int:
        """Return the rank at a module: the first pattern that ends its name decides, as in peft."""
        for pattern, rank in self.ranks.items():
            if module == pattern[1:] if pattern.startswith("^") else ends_with(module, pattern):
                return rank
        return self.rank

    def adapts(self, module: str) -> bool:
        """Return True if the configuration chooses a linear module by its name.

        The number of a layer follows a word of `layers_pattern`, or is the first after two words of the name.
        """
        if any(ends_with(module, ending) for ending in self.excluded) or self.saves(module):
            return False
        if self.targets is not None and not self.all_linear and not any(ends_with(module, one) for one in self.targets):
            return False
        if self.layers is None:
            return True
        words = module.split(".")
        after = [place + 1 for place, word in enumerate(words) if word in self.layer_lists]
        places = after or ([] if self.layer_lists else range(2, len(words)))
        numbers = (words[place] for place in places if place < len(words) - 1)
        number = next((int(word) for word in numbers if word.isdecimal() and word.isascii() and len(word) < 10), None)
        return number in self.layers

    def saves(self, module: str) -> bool:
        """Return True if `modules_to_save` names the module or one around it."""
        return any(f".{word}." in f".{module}." for word in self.saved)


def ends_with(module: str, ending: str) -> bool:
    """Return True if whole words at the end of a module's name are the given ones.

    >>> ends_with("layers.0.self_attn.q_proj", "q_proj"), ends_with("layers.0.xq_proj", "q_proj")
    (True, False)
    """
    return module == ending or module.endswith(f".{ending}")


def read_adapter(file: Path) -> Adapter:
    """Read an `adapter_config.json`; raise BadFile, or BadField for a kind of adapter that is not covered."""
    config = parse_object(read_bytes(file), file)
    kind = config.get("peft_type")
    if kind not in ("LORA", "IA3"):
        raise BadField(str(file), "peft_type", f"{echo(kind)} is not covered; LORA and IA3 are")
    for field in VARIANTS:
        if config.get(field):
            raise BadField(str(file), field, f"{echo(config[field])}: this variant adds tensors that are not covered")
    targets, all_linear = _targets(config.get("target_modules"), file)
    excluded = config.get("exclude_modules")
    if isinstance(excluded, str):
        raise BadField(str(file), "exclude_modules", "a regular expression is not run; give a list of names")
    ranks, unknown = _ranks(config.get("rank_pattern"), file)
    biases = config.get("bias", "none")
    if biases not in ("none", "all", "lora_only"):
        raise BadField(str(file), "bias", f"expected none, all or lora_only, got {echo(biases)}")
    return Adapter(
        str(kind),
        _text(config, "base_model_name_or_path", file),
        _text(config, "task_type", file),
        _rank(config.get("r", 8), "r", file) if kind == "LORA" else 0,
        ranks,
        unknown,
        targets,
        all_linear,
        _words(excluded, "exclude_modules", file),
        _layers(config, file),
        _layer_lists(config.get("layers_pattern"), file),
        _words(config.get("modules_to_save"), "modules_to_save", file),
        config.get("use_dora") is True,
        str(biases),
        config.get("lora_bias") is True,
        _words(config.get("feedforward_modules"), "feedforward_modules", file) if kind == "IA3" else (),
    )


def _text(config: Mapping[str, Json], field: str, file: Path) -> str | None:
    found = config.get(field)
    if found is not None and not isinstance(found, str):
        raise BadField(str(file), field, f"expected a text, got {echo(found)}")
    return found or None


def _words(found: Json, field: str, file: Path) -> tuple[str, ...]:
    """Return a list of names; a regular expression is refused."""
    if found is None:
        return ()
    if not isinstance(found, list) or len(found) > MOST_WORDS or not all(isinstance(word, str) for word in found):
        raise BadField(str(file), field, f"expected a list of names, got {echo(found)}")
    return tuple(str(word) for word in found)


def _targets(found: Json, file: Path) -> tuple[tuple[str, ...] | None, bool]:
    """Return the names of modules, None for a regular expression, and True for the word `all-linear`."""
    if isinstance(found, str):
        return None, found.casefold() == ALL_LINEAR
    if found is None:
        raise BadField(str(file), "target_modules", "missing; peft writes the modules that it adapted")
    return _words(found, "target_modules", file), False


def _rank(found: Json, field: str, file: Path) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or not 0 < found <= LARGEST_RANK:
        raise BadField(str(file), field, f"expected a rank of 1 to {LARGEST_RANK:,}, got {echo(found)}")
    return found


def _ranks(found: Json, file: Path) -> tuple[dict[str, int], bool]:
    """Return the ranks by endings of names, and True if a pattern is more than a name, so that it is not read."""
    if found is None:
        return {}, False
    if not isinstance(found, dict) or len(found) > MOST_WORDS:
        raise BadField(str(file), "rank_pattern", f"expected an object of ranks, got {echo(found)}")
    ranks = {pattern: _rank(rank, "rank_pattern", file) for pattern, rank in found.items()}
    plain = {pattern: rank for pattern, rank in ranks.items() if _PLAIN.fullmatch(pattern)}
    return plain, len(plain) < len(ranks)


def _layers(config: Mapping[str, Json], file: Path) -> frozenset[int] | None:
    found = config.get("layers_to_transform")
    if found is None or found == []:
        return None
    numbers = found if isinstance(found, list) else [found]
    layers = frozenset(number for number in numbers if isinstance(number, int) and not isinstance(number, bool))
    if not layers or len(numbers) > MOST_WORDS:
        raise BadField(str(file), "layers_to_transform", f"expected numbers of layers, got {echo(found)}")
    return layers


def _layer_lists(found: Json, file: Path) -> tuple[str, ...]:
    words = _words([found] if isinstance(found, str) else found, "layers_pattern", file)
    if not all(_PLAIN.fullmatch(word) and "." not in word for word in words):
        raise BadField(
            str(file), "layers_pattern", "a regular expression is not run; give the names of lists of layers"
        )
    return words
