"""Build entries of the atlas with a part of another type, beside the library's own classes at random sizes."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from class_builds import BuildError, Timeout, limited

from bertsym import atlas
from bertsym.atlas.configurations import fixed_parts
from bertsym.config.configfile import read_config
from bertsym.count import count, written_out
from bertsym.derive.domain.stored_space import stored_space
from bertsym.derive.oracle.config_codec import is_config
from bertsym.derive.oracle.targets import disable_init_and_network
from bertsym.derive.verification.recheck import strategy_sample
from bertsym.errors import BertsymError, InvalidModel, PartialFormula
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import FIRST, Derived, unresolved
from bertsym.saved_model.presentation import PresentedEntry
from bertsym.saved_model.replace_part import Holder, Replacement, with_part
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

STRATEGIES = ("uniform", "small", "near")
OF_DEPTHS = (
    *("out_features", "out_indices", "stage_names", "layer_types", "mlp_layer_types", "indexer_types", "moe_layers"),
    *("num_attention_heads_per_layer", "per_layer_config"),
)
"""Lists of a type's own configuration that fit its own depth only; the class makes them for another depth."""
COMPARED = 3
"""Samples that are compared, of all classes in turn; every second one omits fields of the part."""
ATTEMPTS = 10
"""Samples, most of which the library or the reader may refuse."""
HEADS = ("conditional-generation", "causal-lm", FIRST, "backbone")
"""The heads that a part of another type may have in place of its own."""
LEFT_OUT = ("transformers_version", "architectures", "id2label", "label2id", "dtype", "_name_or_path")
LONGEST_SAID = 200


@value
class Candidate:
    """A part of an entry's configuration, its own type, and the module that holds it in each class."""

    entry: str
    path: str
    model_type: str
    holders: Mapping[str, Holder | None]

    @property
    def held(self) -> tuple[str, ...]:
        """Return the heads of the own part that the classes hold."""
        return tuple(dict.fromkeys(holder.head for holder in self.holders.values() if holder is not None))

    def own_head(self, name: str) -> str:
        """Return the head of the own part that a class holds."""
        holder = self.holders[name]
        return FIRST if holder is None else holder.head


class Library:
    """The installed transformers: configuration files of its types, and its classes on torch's meta device."""

    def __init__(self) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        import torch  # noqa: PLC0415  # takes seconds
        import transformers  # noqa: PLC0415

        disable_init_and_network()
        transformers.logging.set_verbosity(transformers.logging.CRITICAL)
        transformers.PreTrainedConfig.__repr__ = lambda config: type(config).__name__
        torch.set_num_threads(1)
        self.torch, self.transformers = torch, transformers
        self.folder = tempfile.TemporaryDirectory(prefix="bertsym-")
        self.defaults: dict[str, dict[str, Any]] = {}

    def default(self, kind: str) -> dict[str, Any]:
        """Return the file of a type's own configuration, with all its fields; raise BuildError if it has none."""
        if kind not in self.defaults:
            try:
                text = self.transformers.CONFIG_MAPPING[kind]().to_json_string(use_diff=False)
            except Exception as error:  # noqa: BLE001  # whatever a configuration class raises
                raise BuildError(str(error)) from None
            fields = {name: at for name, at in json.loads(text).items() if name not in LEFT_OUT}
            self.defaults[kind] = {**fields, "model_type": kind}
        return json.loads(json.dumps(self.defaults[kind]))

    def parts(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield the path and the type of each part of a type's own configuration."""
        with contextlib.suppress(Exception):  # a type without a configuration of its own has no parts
            yield from list(_parts("", self.transformers.CONFIG_MAPPING[kind]()))

    def built(self, file: Mapping[str, Any], cls: str) -> Any:
        """Return the module of a class; raise BuildError if the library refuses the file."""
        Path(self.folder.name, "config.json").write_text(json.dumps(file), encoding="utf-8")
        try:
            with limited():
                config = self.transformers.AutoConfig.from_pretrained(self.folder.name)
                with self.torch.device("meta"):
                    return getattr(self.transformers, cls)(config)
        except (Exception, Timeout) as error:  # noqa: BLE001  # whatever model code raises
            raise BuildError(f"{type(error).__name__}: {error}"[:200]) from None


def _parts(path: str, config: Any) -> Iterator[tuple[str, str]]:
    for name, found in vars(config).items():
        if is_config(found):
            below = f"{path}.{name}" if path else name
            yield below, found.model_type
            yield from _parts(below, found)


def sampled(library: Library, entry: str, derived: Derived, head: str, random: Random, strategy: str) -> dict[str, Any]:
    """Return a file of an entry with the parts that it has, at random sizes of its domains."""
    space = stored_space(derived, head)
    numbers = space.fields(strategy_sample(space, random, strategy))
    file = library.default(entry)
    for path, part in derived.parts.items():
        _put(file, path, library.default(part.model_type))
    lists: set[str] = set()
    for one in derived.layer_lists:
        lists |= {one.path, *one.aliases, *one.letters, *one.index_fields}
    for path in lists:
        _drop(file, path)
    file = _without_lists_of_depths(file)
    paths = {field.path: symbol for symbol, field in derived.fields.items()}
    for path, number in numbers.items():
        if path in lists:
            continue
        kind = BY_SYMBOL[paths[path]].kind if path in paths else None
        known = (
            float(number) if isinstance(number, Fraction) and (kind is Kind.RATIO or number.denominator > 1) else number
        )
        _put(file, path, int(known) if isinstance(known, Fraction) else known)
    return file


def with_omissions(file: dict[str, Any], path: str, derived: Derived, random: Random) -> dict[str, Any]:
    """Return the file without some fields of a part, whose own defaults count then; its depths stay.

    CohereAsr's configuration class gives the omitted fields of any part the defaults of its own part.
    """
    below = f"{path}."
    depths = {
        field.path.removeprefix(below).partition(".")[0].partition("[")[0]
        for symbol, field in derived.fields.items()
        if BY_SYMBOL[symbol].kind is Kind.DEPTH and field.path.startswith(below)
    }
    share = random.choice((0.2, 0.5, 1.0))
    result: dict[str, Any] = json.loads(json.dumps(file))
    part: Any = result
    for step in path.split("."):
        part = part[step]
    for name in [name for name in part if name not in {*depths, "model_type"}]:
        if random.random() < share:
            del part[name]
    return result


def _put(file: Any, path: str, found: Any) -> None:
    """Write a value at a path such as `text_config.depths[0]`; a path that the file does not have stays out."""
    steps = [int(step) if step.isdecimal() else step for step in path.replace("[", ".").replace("]", "").split(".")]
    for step in steps[:-1]:
        try:
            file = file[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(file, dict) or (isinstance(file, list) and isinstance(steps[-1], int) and steps[-1] < len(file)):
        file[steps[-1]] = found


def _without_lists_of_depths(part: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_lists_of_depths(at) if isinstance(at, dict) else at
        for name, at in part.items()
        if name not in OF_DEPTHS
    }


def _drop(file: Any, path: str) -> None:
    *steps, last = path.split(".")
    for step in steps:
        file = file.get(step) if isinstance(file, dict) else None
    if isinstance(file, dict):
        file.pop(last, None)


def candidates(library: Library, entry: str, seed: int) -> Iterator[Candidate]:
    """Yield the parts of an entry that one module of each class holds, found in builds of the library."""
    derived = entry_of(entry)
    if derived is None or unresolved(derived.classes[FIRST]):
        return
    fixed = fixed_parts(entry)
    parts = {path: kind for path, kind in library.parts(entry) if path not in fixed and atlas.path(kind) is not None}
    modules: dict[str, dict[str, Holder | None]] = {path: {} for path in parts}
    for head, cls in derived.classes.items() if parts else ():
        module = _some_build(library, entry, derived, head, cls.cls, Random(f"{seed} {entry} {head}"))
        for path, kind in parts.items() if module is not None else ():
            found = _holder(module, path, kind)
            if found is not None or head not in modules[path]:
                modules[path][head] = found
    for path, kind in parts.items():
        if modules[path].get(FIRST) is not None:
            yield Candidate(entry, path, kind, modules[path])


def _some_build(library: Library, entry: str, derived: Derived, head: str, cls: str, random: Random) -> Any:
    for attempt in range(ATTEMPTS):
        try:
            strategy = STRATEGIES[attempt % len(STRATEGIES)]
            return library.built(sampled(library, entry, derived, head, random, strategy), cls)
        except BuildError:
            continue
    return None


def _holder(module: Any, path: str, kind: str) -> Holder | None:
    """Return the outermost module that holds a part; None if none or several do."""
    entry = entry_of(kind)
    heads = {} if entry is None else {head.cls: name for name, head in entry.classes.items()}
    config: Any = module.config
    for step in path.split("."):
        config = getattr(config, step, None)
    holders = [
        (name, type(inner).__name__)
        for name, inner in module.named_modules()
        if name and type(inner).__name__ in heads and type(getattr(inner, "config", None)) is type(config)
    ]
    outermost = [one for one in holders if not any(one[0].startswith(f"{other}.") for other, _ in holders)]
    if len(outermost) != 1:
        return None
    return Holder(f"{outermost[0][0]}.", heads[outermost[0][1]])


class Trials:
    """The outcomes of builds with another part, each once; the log keeps them.

    An outcome is `right`, `wrong`, `rejected` by the library or by the reader, or `unfit`; then the head that the
    library holds for each head of the own part, as `model=model`; then the reason.
    """

    def __init__(self, library: Library, log: Path, seed: int) -> None:
        self.library, self.log, self.seed = library, log, seed
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        self.known: dict[tuple[str, str, str], list[str]] = {}
        for line in lines:
            entry, path, kind, *outcome = json.loads(line)
            self.known[entry, path, kind] = outcome

    def outcome(self, candidate: Candidate, kind: str) -> list[str]:
        """Return the outcome of a type in a slot."""
        key = candidate.entry, candidate.path, kind
        if key not in self.known:
            began = time.monotonic()
            self.known[key] = list(self._tried(candidate, kind))
            with self.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps([*key, *self.known[key]]) + "\n")
            print(
                *key,
                *(word[:LONGEST_SAID] for word in self.known[key]),
                f"{time.monotonic() - began:.1f} s",
                flush=True,
            )
        return self.known[key]

    def _tried(self, candidate: Candidate, kind: str) -> tuple[str, str, str]:
        entry, default, whole = entry_of(kind), entry_of(candidate.model_type), entry_of(candidate.entry)
        if entry is None or default is None or whole is None:
            return "unfit", "", "no entry"
        spellings = {field.path: field.aliases for field in default.fields.values()}
        guesses = {
            own: [head for head in dict.fromkeys((own, *HEADS)) if head in entry.classes] for own in candidate.held
        }
        reason = "no head"
        while all(guesses.values()):
            heads = {own: left[0] for own, left in guesses.items()}
            holders = {
                name: None if found is None else Holder(found.prefix, heads[found.head])
                for name, found in candidate.holders.items()
            }
            said = ",".join(f"{own}={head}" for own, head in heads.items())
            try:
                derived = with_part(whole, Replacement(candidate.path, entry, holders, spellings))
                outcome, reason = self._compared(candidate, derived, entry, holders, kind)
            except AnotherHeadError as error:
                guesses[candidate.own_head(error.name)].pop(0)
                reason = str(error)
                continue
            except (InvalidModel, PartialFormula) as problem:
                return "unfit", said, str(problem)
            return outcome, said, reason
        return "unfit", "", reason

    def _compared(
        self, candidate: Candidate, derived: Derived, entry: Derived, holders: Mapping[str, Holder | None], kind: str
    ) -> tuple[str, str]:
        """Return the outcome of samples of all classes with the part in turn, with their number or the reason."""
        presented = PresentedEntry(derived)
        random = Random(f"{self.seed} {candidate.entry} {candidate.path} {kind}")
        names = [name for name, head in derived.classes.items() if holders[name] is not None and not unresolved(head)]
        compared, reason = 0, "no class with a whole formula"
        for attempt in range(ATTEMPTS if names else 0):
            if compared >= max(COMPARED, len(names)) or (attempt > ATTEMPTS // 2 and not compared):
                break
            name = names[-1 - attempt % len(names)]
            strategy = STRATEGIES[attempt // len(names) % len(STRATEGIES)]
            try:
                file = sampled(self.library, candidate.entry, derived, name, random, strategy)
                if compared % 2:
                    file = with_omissions(file, candidate.path, derived, random)
                module = self.library.built(file, derived.classes[name].cls)
                _check_class(module, holders[name], entry, name)
                wrong = difference(module, presented, file, name)
            except (BuildError, BertsymError) as error:
                reason = f"{type(error).__name__}: {error}"
                continue
            if wrong is not None:
                return "wrong", f"{derived.classes[name].cls}: {wrong} at {json.dumps(file)}"
            compared += 1
        return ("right", str(compared)) if compared > 1 else ("rejected", reason)


class AnotherHeadError(Exception):
    """A class `name` of the whole that holds another class of the part than the formula has."""

    def __init__(self, name: str, held: str) -> None:
        super().__init__(f"{name} holds {held}")
        self.name = name


def _check_class(module: Any, holder: Holder | None, entry: Derived, name: str) -> None:
    """Raise `AnotherHeadError` if the module holds another class than the one of the holder's head."""
    if holder is not None:
        held = type(module.get_submodule(holder.prefix.rstrip("."))).__name__
        if held != entry.classes[holder.head].cls:
            raise AnotherHeadError(name, held)


def difference(module: Any, presented: PresentedEntry, file: Mapping[str, Any], head: str) -> str | None:
    """Return how a build differs from the formula, None if it does not; raise `BertsymError` for a refused file."""
    model = read_config(file, Path("config.json"), head, entry=presented)
    ours = {name: shape for name, shape, _ in written_out(model)}
    real = {name: tuple(one.shape) for name, one in module.named_parameters(remove_duplicate=False)}
    if ours != real:
        names = sorted(ours.items() ^ real.items())
        return f"{len(names)} tensors, {names[:2]}"
    number, built = count(model), sum({id(one): one.numel() for one in module.parameters()}.values())
    return None if built == number else f"{number:,} instead of {built:,}"
