"""Record which parts of configurations may be of another model type: `bertsym/atlas/slots.json`.

    python tools/atlas_slots.py [--only llava,paligemma] [--seed 0] [--log build/slots.jsonl]

Many classes hold a part by `AutoModel.from_config(config.text_config)`, so that the part may be of any type. A slot is
recorded if builds of the library with several types have the names and shapes of the formula with that part, and none
has others. A type is recorded if it was right in some slots of a kind, and wrong in none. The log keeps every outcome,
so that an interrupted run continues.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from class_builds import BuildError, Timeout, limited

from bertsym import atlas
from bertsym.atlas.configurations import fixed_parts
from bertsym.atlas.slots import group_of, kind_of
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
from bertsym.saved_model.replace_part import Replacement, with_part
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

OUTPUT = Path(__file__).resolve().parent.parent / "bertsym" / "atlas" / "slots.json"
STRATEGIES = ("uniform", "small", "near")
OF_DEPTHS = ("out_features", "out_indices", "stage_names", "layer_types")
"""Lists of a type's own configuration that fit its own depth only; the class makes them for another depth."""
COMPARED = 2
"""Samples of each class that are compared."""
ATTEMPTS = 12
"""Samples of each class, most of which the library or the reader may refuse."""
FEWEST_ACCEPTED = 6
"""Types after which a slot of which the library took none is given up."""
LEFT_OUT = ("transformers_version", "architectures", "id2label", "label2id", "dtype", "_name_or_path")

TRIED: Mapping[str, tuple[str, ...]] = {
    "text_config": ("llama", "mistral", "qwen2", "qwen3_moe", "gemma2", "gpt2", "opt", "bert", "t5", "deepseek_v3"),
    "vision_config": (
        *("clip_vision_model", "siglip_vision_model", "siglip2_vision_model", "pixtral", "vit", "dinov2", "swin"),
        *("internvl_vision", "dinov3_vit"),
    ),
    "audio_config": (
        *("whisper", "qwen2_audio_encoder", "audioflamingo3_encoder", "wav2vec2", "voxtral_encoder", "hubert"),
        *("qwen3_asr_encoder", "parakeet_encoder"),
    ),
    "backbone_config": ("resnet", "swin", "dinov2", "convnext", "vitdet", "hgnet_v2", "swinv2", "beit"),
}
"""The types that every slot of a kind is tried with."""
OTHERS = (
    *TRIED["text_config"][:4],
    "bert",
    *TRIED["vision_config"][:3],
    *TRIED["audio_config"][:3],
    "parakeet_encoder",
)
OTHERS_AND_TRIED = frozenset(OTHERS).union(*TRIED.values())
FEWEST_RIGHT = 2
"""Other types that a slot must be right with."""
MOST_SLOTS_A_GROUP = 2
"""Slots of a group in which all types of the atlas are tried."""


@value
class Candidate:
    """A part of an entry's configuration, its own type, and the module that holds it in each class."""

    entry: str
    path: str
    model_type: str
    heads: tuple[str, ...]
    prefixes: Mapping[str, str | None]

    @property
    def group(self) -> str:
        """Return the group of slots that take the same types: the field of the part, and the head that it has."""
        return group_of(self.path, self.heads[0])


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
        own = library.default(part.model_type)
        _put(file, path, {name: at for name, at in own.items() if name not in OF_DEPTHS})
    for layer_list in derived.layer_lists:
        for path in (layer_list.path, *layer_list.aliases, *layer_list.letters, *layer_list.index_fields):
            _drop(file, path)
    paths = {field.path: symbol for symbol, field in derived.fields.items()}
    for path, number in numbers.items():
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
    share = random.choice((0.5, 1.0))
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
    modules: dict[str, dict[str, tuple[str, str] | None]] = {path: {} for path in parts}
    for head, cls in derived.classes.items() if parts else ():
        module = _some_build(library, entry, derived, head, cls.cls, Random(f"{seed} {entry} {head}"))
        for path, kind in parts.items() if module is not None else ():
            found = _holder(module, path, kind)
            if found is not None or head not in modules[path]:
                modules[path][head] = found
    for path, kind in parts.items():
        held = {found[1] for found in modules[path].values() if found is not None}
        if len(held) == 1 and modules[path].get(FIRST) is not None:
            prefixes = {head: None if found is None else found[0] for head, found in modules[path].items()}
            yield Candidate(entry, path, kind, (held.pop(),), prefixes)


def _some_build(library: Library, entry: str, derived: Derived, head: str, cls: str, random: Random) -> Any:
    for attempt in range(ATTEMPTS):
        try:
            strategy = STRATEGIES[attempt % len(STRATEGIES)]
            return library.built(sampled(library, entry, derived, head, random, strategy), cls)
        except BuildError:
            continue
    return None


def _holder(module: Any, path: str, kind: str) -> tuple[str, str] | None:
    """Return the prefix and the head of the outermost module that holds a part; None if none or several do."""
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
    return f"{outermost[0][0]}.", heads[outermost[0][1]]


class Trials:
    """The outcomes of builds with another part, each once; the log keeps them."""

    def __init__(self, library: Library, log: Path, seed: int) -> None:
        self.library, self.log, self.seed = library, log, seed
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        self.known: dict[tuple[str, str, str], list[str]] = {}
        for line in lines:
            entry, path, kind, *outcome = json.loads(line)
            if outcome[0] in ("right", "wrong"):
                self.known[entry, path, kind] = outcome

    def outcome(self, candidate: Candidate, kind: str) -> list[str]:
        """Return `right`, `wrong`, `rejected` by the library or `unfit`, the head of the part, and the reason."""
        key = candidate.entry, candidate.path, kind
        if key not in self.known:
            began = time.monotonic()
            self.known[key] = list(self._tried(candidate, kind))
            with self.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps([*key, *self.known[key]]) + "\n")
            print(*key, *self.known[key], f"{time.monotonic() - began:.1f} s", flush=True)
        return self.known[key]

    def _tried(self, candidate: Candidate, kind: str) -> tuple[str, str, str]:
        entry, default, whole = entry_of(kind), entry_of(candidate.model_type), entry_of(candidate.entry)
        if entry is None or default is None or whole is None:
            return "unfit", "", "no entry"
        spellings = {field.path: field.aliases for field in default.fields.values()}
        reason = "no head"
        for head in dict.fromkeys((*candidate.heads, "conditional-generation", "causal-lm", FIRST, "backbone")):
            if head not in entry.classes:
                continue
            try:
                derived = with_part(whole, Replacement(candidate.path, entry, head, candidate.prefixes, spellings))
                presented = PresentedEntry(derived)
            except (InvalidModel, PartialFormula) as problem:
                reason = str(problem)
                continue
            outcome, reason = self._compared(candidate, derived, presented, kind, entry.classes[head].cls)
            if outcome != "another head":
                return outcome, head, reason
        return "unfit", "", reason

    def _compared(
        self, candidate: Candidate, derived: Derived, presented: PresentedEntry, kind: str, cls: str
    ) -> tuple[str, str]:
        random = Random(f"{self.seed} {candidate.entry} {candidate.path} {kind}")
        accepted, reason = 0, ""
        for name, head in derived.classes.items():
            compared = 0
            for attempt in range(0 if unresolved(head) else ATTEMPTS):
                strategy = STRATEGIES[attempt % len(STRATEGIES)]
                if compared == COMPARED or (attempt == ATTEMPTS // 2 and not accepted):
                    break
                try:
                    file = sampled(self.library, candidate.entry, derived, name, random, strategy)
                    if compared % 2:
                        file = with_omissions(file, candidate.path, derived, random)
                    module = self.library.built(file, head.cls)
                    prefix = candidate.prefixes[name]
                    held = None if prefix is None else type(module.get_submodule(prefix.rstrip("."))).__name__
                    if held is not None and held != cls:
                        return "another head", f"{held} is held, not {cls}"
                    wrong = difference(module, presented, file, name)
                except (BuildError, BertsymError) as error:
                    reason = f"{type(error).__name__}: {error}"
                    continue
                if wrong is not None:
                    return "wrong", f"{head.cls}: {wrong} at {file}"[:3000]
                compared += 1
            accepted += compared
        return ("right", str(accepted)) if accepted else ("rejected", reason)


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


@value
class Record:
    """The outcomes of one run, as the content of the file."""

    trials: Trials
    candidates: Sequence[Candidate]

    def content(self) -> dict[str, Any]:
        """Return the verified slots by entry and path, and the verified types by the kind of slot."""
        tried = [one for one in self.candidates if self.outcome(one, one.model_type)[0] == "right"]
        unfit = {kind for kind in OTHERS_AND_TRIED if self._is_wrong_in_most(kind, tried)}
        verified = [one for one in tried if self._is_verified(one, unfit)]
        types: dict[str, set[str]] = {}
        refuted: dict[str, set[str]] = {}
        heads: dict[str, dict[str, None]] = {}
        for one in verified:
            for kind, (outcome, head, _) in self._outcomes(one).items():
                if outcome == "right":
                    types.setdefault(one.group, set()).add(kind)
                    heads.setdefault(one.group, dict.fromkeys(one.heads))[head] = None
                elif outcome == "wrong":
                    refuted.setdefault(one.group, set()).add(kind)
        for group, names in types.items():
            others = {kind for kind in names if not self._has_preferred_head(kind, group, list(heads[group]))}
            names.difference_update(refuted.get(group, ()), others)
        slots: dict[str, dict[str, Any]] = {}
        for one in verified:
            slots.setdefault(one.entry, {})[one.path] = {
                "type": one.model_type,
                "heads": list(heads[one.group]),
                "prefixes": dict(one.prefixes),
            }
        listed = {group: sorted(names) for group, names in sorted(types.items())}
        return {"source": _library(), "slots": dict(sorted(slots.items())), "types": listed}

    def outcome(self, candidate: Candidate, kind: str) -> list[str]:
        """Return the outcome of a trial of this run, `untried` if there was none."""
        return self.trials.known.get((candidate.entry, candidate.path, kind), ["untried", "", ""])

    def _outcomes(self, candidate: Candidate) -> dict[str, list[str]]:
        return {
            kind: outcome
            for (entry, path, kind), outcome in self.trials.known.items()
            if (entry, path) == (candidate.entry, candidate.path)
        }

    def _is_wrong_in_most(self, kind: str, tried: Sequence[Candidate]) -> bool:
        """Return True if a type differs from the formula in most slots, so that the type is at fault."""
        tally = Counter(self.outcome(one, kind)[0] for one in tried)
        return tally["wrong"] > 1 and tally["wrong"] > tally["right"]

    def _is_verified(self, candidate: Candidate, unfit: set[str]) -> bool:
        """Return True if enough other types are right, and none of the types that every slot is tried with is wrong."""
        outcomes = {kind: self.outcome(candidate, kind)[0] for kind in types_of(candidate.path)}
        right = [kind for kind, outcome in outcomes.items() if outcome == "right" and kind != candidate.model_type]
        return len(right) >= FEWEST_RIGHT and all(
            outcome != "wrong" for kind, outcome in outcomes.items() if kind not in unfit
        )

    def _has_preferred_head(self, kind: str, group: str, heads: Sequence[str]) -> bool:
        """Return True if the head that the library builds of a type is the first one that its entry has."""
        entry = entry_of(kind)
        first = next((head for head in heads if entry is not None and head in entry.classes), None)
        built = {self.outcome(one, kind)[1] for one in self.candidates if one.group == group}
        return built <= {first, ""}


def types_of(path: str) -> Sequence[str]:
    """Return the types that every slot at such a path is tried with."""
    return TRIED.get(kind_of(path), OTHERS)


def _library() -> str:
    import transformers  # noqa: PLC0415  # takes seconds

    return f"transformers {transformers.__version__}"


def tried_slots(library: Library, trials: Trials, names: Sequence[str], seed: int) -> Iterator[Candidate]:
    """Yield the parts of entries that were tried with some types of their kind."""
    for name in names:
        for candidate in candidates(library, name, seed):
            yield candidate
            if trials.outcome(candidate, candidate.model_type)[0] != "right":
                continue
            tally: Counter[str] = Counter()
            for number, kind in enumerate(types_of(candidate.path)):
                if number == FEWEST_ACCEPTED and not {"right", "wrong"} & tally.keys():
                    break
                if kind != candidate.model_type:
                    tally[trials.outcome(candidate, kind)[0]] += 1
            print(candidate.entry, candidate.path, dict(tally), flush=True)


def try_all_types(record: Record, names: Sequence[str]) -> None:
    """Try every type of the atlas in the slots of each group that took most types."""
    groups: dict[str, list[Candidate]] = {}
    slots = record.content()["slots"]
    for one in record.candidates:
        if one.path in slots.get(one.entry, {}):
            groups.setdefault(one.group, []).append(one)
    for group, members in groups.items():
        members.sort(key=lambda one: -sum(record.outcome(one, kind)[0] == "right" for kind in types_of(one.path)))
        for candidate in members[:MOST_SLOTS_A_GROUP]:
            print(group, candidate.entry, flush=True)
            for name in names:
                record.trials.outcome(candidate, name)


def main() -> None:
    """Run the trials and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="llava,paligemma", help="only these entries; writes no file")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    parser.add_argument(
        "--log", type=Path, default=Path("build/slots.jsonl"), help="the outcomes, by which a run continues"
    )
    options = parser.parse_args()
    options.log.parent.mkdir(parents=True, exist_ok=True)
    library = Library()
    trials = Trials(library, options.log, options.seed)
    entries = sorted(name for name, line in atlas.index().items() if line.entry == name)
    chosen = [name for name in options.only.split(",") if name]
    record = Record(trials, tuple(tried_slots(library, trials, chosen or entries, options.seed)))
    if not chosen:
        try_all_types(record, entries)
        OUTPUT.write_text(json.dumps(record.content(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
