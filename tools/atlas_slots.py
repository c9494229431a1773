"""Record which parts of configurations may be of another model type: `bertsym/atlas/slots.json`.

    python tools/atlas_slots.py [--only llava,paligemma] [--seed 0] [--log build/slots.jsonl]

Many classes hold a part by `AutoModel.from_config(config.text_config)`, so that the part may be of any type. A slot is
recorded if builds of the library with several types have the names and shapes of the formula with that part, and none
has others. A type is recorded if it was right in some slots of a kind, and wrong in none. The log keeps every outcome,
so that an interrupted run continues.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from slot_trials import Candidate, Library, Trials, candidates

from bertsym import atlas
from bertsym.atlas.slots import group_of, kind_of
from bertsym.saved_model.atlas_models import entry_of
from bertsym.values import value

OUTPUT = Path(__file__).resolve().parent.parent / "bertsym" / "atlas" / "slots.json"
FEWEST_ACCEPTED = 4
"""Types after which a slot of which the library took none is given up."""
TRIED: Mapping[str, tuple[str, ...]] = {
    "text_config": ("llama", "mistral", "qwen3_moe", "gpt2", "opt", "bert", "t5"),
    "vision_config": ("clip_vision_model", "siglip_vision_model", "pixtral", "vit", "dinov2", "swin"),
    "audio_config": ("whisper", "audioflamingo3_encoder", "wav2vec2", "voxtral_encoder", "parakeet_encoder"),
    "backbone_config": ("resnet", "swin", "dinov2", "convnext", "hgnet_v2"),
}
"""The types that every slot of a kind is tried with."""
FURTHER: Mapping[str, tuple[str, ...]] = {"text_config": ("gemma2", "gemma3_text", "qwen2", "granite")}
"""Types for slots that took too few: PaliGemma reads a field that Gemma's classes alone have."""
OTHERS = ("llama", "bert", "clip_vision_model", "siglip_vision_model", "whisper", "parakeet_encoder")
"""The types that every other slot is tried with."""
FEWEST_RIGHT = 2
"""Other types that a slot must be right with."""
MOST_SLOTS_A_GROUP = 1
"""Slots of a group in which all likely types of the atlas are tried."""
LIKELY: Mapping[str, str] = {
    "text_config": r"language|causal-lm|masked-lm|conditional-generation|text",
    "vision_config": r"vision|visual|vit|image-classification|backbone",
    "audio_config": r"audio|speech|whisper|wav|ctc|hubert",
    "backbone_config": r"backbone",
}
"""The types that a part may have, by the names of their entries and heads."""


@value
class Record:
    """The outcomes of one run, as the content of the file."""

    trials: Trials
    candidates: Sequence[Candidate]

    def content(self) -> dict[str, Any]:
        """Return the verified slots by entry and path, and the verified types by the group of slots."""
        verified = self.verified()
        slots: dict[str, dict[str, Any]] = {}
        for one in verified:
            holders = {name: None if at is None else [at.prefix, at.head] for name, at in one.holders.items()}
            slots.setdefault(one.entry, {})[one.path] = {"type": one.model_type, "holders": holders}
        groups = {
            group: self._group(group, verified)
            for group in sorted({group_of(one.path, own) for one in verified for own in one.held})
        }
        return {"source": _library(), "slots": dict(sorted(slots.items())), "groups": groups}

    def verified(self) -> list[Candidate]:
        """Return the slots at which enough types are right, and no type is wrong except one that is wrong in most."""
        tried = [one for one in self.candidates if self.outcome(one, one.model_type)[0] == "right"]
        tally = Counter(
            (kind, self.outcome(one, kind)[0]) for one in tried for kind in types_of(one.path) if kind != one.model_type
        )
        unfit = {
            kind for kind, said in tally if said == "wrong" and tally[kind, "wrong"] > max(1, tally[kind, "right"])
        }
        return [one for one in tried if self._is_verified(one, unfit)]

    def outcome(self, candidate: Candidate, kind: str) -> list[str]:
        """Return the outcome of a trial of this run, `untried` if there was none."""
        return self.trials.known.get((candidate.entry, candidate.path, kind), ["untried", "", ""])

    def _is_verified(self, candidate: Candidate, unfit: set[str]) -> bool:
        said = {kind: self.outcome(candidate, kind)[0] for kind in types_of(candidate.path)}
        right = [kind for kind, outcome in said.items() if outcome == "right" and kind != candidate.model_type]
        return len(right) >= FEWEST_RIGHT and all(outcome != "wrong" or kind in unfit for kind, outcome in said.items())

    def _group(self, group: str, verified: Sequence[Candidate]) -> dict[str, list[str]]:
        """Return the heads that the library holds in a group of slots, and the types that are right in some of them."""
        own = group.partition(" ")[2]
        held: dict[str, set[str]] = {}
        wrong = set()
        for one in verified:
            for (entry, path, kind), (outcome, said, _) in self.trials.known.items():
                if (entry, path) != (one.entry, one.path) or own not in one.held or group_of(path, own) != group:
                    continue
                if outcome == "right":
                    held.setdefault(kind, set()).add(_held(said, own))
                elif outcome == "wrong":
                    wrong.add(kind)
        heads = list(dict.fromkeys((own, *sorted(set().union(*held.values())))))
        types = sorted(kind for kind in held.keys() - wrong if held[kind] == {_preferred(kind, heads)})
        return {"heads": heads, "types": types}


def _held(said: str, own: str) -> str:
    """Return the head that the library holds in place of a head: `causal-lm=conditional-generation` in an outcome."""
    pairs = dict(pair.split("=") for pair in said.split(",") if "=" in pair)
    return pairs.get(own, said)


def _preferred(kind: str, heads: Sequence[str]) -> str | None:
    """Return the first of the heads that a type has, as the reader chooses it."""
    entry = entry_of(kind)
    return next((head for head in heads if entry is not None and head in entry.classes), None)


def _may_fill(name: str, candidate: Candidate) -> bool:
    """Return True if a type is worth a trial: by the names of its entry and its heads."""
    likely = LIKELY.get(kind_of(candidate.path), kind_of(candidate.path).removesuffix("_config"))
    return any(re.search(likely, word) for word in (name, *atlas.index()[name].heads))


def types_of(path: str) -> Sequence[str]:
    """Return the types that slots at such a path are tried with."""
    return (*TRIED.get(kind_of(path), OTHERS), *FURTHER.get(kind_of(path), ()))


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
            for number, kind in enumerate(TRIED.get(kind_of(candidate.path), OTHERS)):
                if number == FEWEST_ACCEPTED and not {"right", "wrong"} & tally.keys():
                    break
                if kind != candidate.model_type:
                    tally[trials.outcome(candidate, kind)[0]] += 1
            for kind in FURTHER.get(kind_of(candidate.path), ()):
                if tally["right"] < FEWEST_RIGHT and kind != candidate.model_type:
                    tally[trials.outcome(candidate, kind)[0]] += 1
            print(candidate.entry, candidate.path, dict(tally), flush=True)


def try_all_types(record: Record, names: Sequence[str]) -> None:
    """Try every likely type of the atlas in the slots of each group that took most types."""
    groups: dict[str, list[Candidate]] = {}
    for one in record.verified():
        if len(one.held) == 1:
            groups.setdefault(group_of(one.path, one.held[0]), []).append(one)
    for group, members in groups.items():
        members.sort(key=lambda one: -sum(record.outcome(one, kind)[0] == "right" for kind in types_of(one.path)))
        for candidate in members[:MOST_SLOTS_A_GROUP]:
            print(group, candidate.entry, flush=True)
            for name in names:
                if _may_fill(name, candidate):
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
