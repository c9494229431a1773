"""Find the one renaming that turns the names of a checkpoint into those of a class, with the evidence for it.

Wrappers of training add words to every name: DataParallel `module.`, torch.compile `_orig_mod.`, sentence-transformers
`0.auto_model.`, peft `base_model.model.`. A base model that was saved inside or outside of its task class has a prefix
more or less. A renaming holds for a whole file, so one misplaced tensor stays a difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from bertsym.checkpoints.storage import OLD_ENDINGS, owners
from bertsym.values import value

INNER_WRAPPERS = frozenset(
    {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module", "base_layer"}
)
"""Words that torch.compile, FSDP, activation checkpointing, DeepSpeed and peft put anywhere into a name."""

OUTER_WRAPPERS = frozenset(
    {
        *("module", "model", "base_model", "auto_model", "transformer", "backbone", "network", "state_dict"),
        *INNER_WRAPPERS,
    }
)
"""Words that wrap a whole model. Such a prefix may give way to the prefix of a base model; `text_model.` may not."""

MOST_SAMPLES = 2_000
MOST_CANDIDATES = 8


@value
class Renaming:
    """A renaming of all stored names: a prefix dropped, a prefix added, and inner words dropped.

    `names` maps each stored name to its new one. Of the `total` names, `direct` are known without the renaming, and
    `known` with it. `bare` of the known names never had the prefix that is dropped.
    """

    names: Mapping[str, str]
    dropped: str
    added: str
    inner: tuple[str, ...]
    direct: int
    known: int
    bare: int

    @property
    def total(self) -> int:
        """The number of stored names."""
        return len(self.names)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the renaming as phrases, none if the names stay as they are."""
        words = " and ".join(f"'{word}.'" for word in self.inner)
        phrases = (
            f"without the prefix '{self.dropped}'" if self.dropped else "",
            f"with the prefix '{self.added}' added" if self.added else "",
            f"without {words} inside" if words else "",
        )
        return tuple(phrase for phrase in phrases if phrase)

    @property
    def sentence(self) -> str:
        """The renaming with its evidence, as one sentence."""
        bare = f"; {self.bare:,} of them never had it" if self.dropped and self.bare else ""
        known = f"{self.known:,} of {self.total:,} are known {', '.join(self.parts)}"
        return f"names: {known} ({self.direct:,} as they are){bare}"


def common_renaming(names: Collection[str], wanted: Collection[str]) -> Renaming:
    """Return the renaming under which most names are wanted; the identity unless it more than doubles their number.

    Old endings such as `LayerNorm.gamma` are replaced too. Two names that would become equal stay as they are.

    >>> found = common_renaming(["0.auto_model.pooler.weight", "0.auto_model.pooler.bias"], {"pooler.weight"})
    >>> found.parts, found.known, found.names["0.auto_model.pooler.bias"]
    (("without the prefix '0.auto_model.'",), 1, '0.auto_model.pooler.bias')
    """
    direct = _known(names, "", "", (), wanted)
    best: tuple[str, str, tuple[str, ...]] = ("", "", ())
    known = direct
    if 2 * direct < len(names):
        tried = dict.fromkeys(((), _inner(names)))
        for candidate in (one for words in tried for one in _candidates(names, wanted, words)):
            found = _known(names, *candidate, wanted)
            if found > max(2 * direct, known):
                best, known = candidate, found
    spelled = {name: _respelled(name, *best, wanted) for name in names}
    twice = {name for name, times in Counter(spelled.values()).items() if times > 1}
    renamed = {name: name if spelling in twice else spelling for name, spelling in spelled.items()}
    dropped = best[0]
    bare = sum(not name.startswith(dropped) and spelling in wanted for name, spelling in renamed.items())
    return Renaming(renamed, *best, direct, known, bare)


def _inner(names: Iterable[str]) -> tuple[str, ...]:
    """Return the inner wrapper words that occur in the names."""
    words = {word for name in names for word in INNER_WRAPPERS if f".{word}." in f".{name}"}
    return tuple(sorted(words))


def _candidates(
    names: Collection[str], wanted: Collection[str], inner: tuple[str, ...]
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return possible renamings, likeliest first, by the votes of a sample of the names.

    A name votes for the two prefixes that stand before the longest ending that it shares with one declared name only.
    """
    step = -(-len(names) // MOST_SAMPLES)
    sample = [_without(name, inner) for name in list(names)[::step]]
    owner: dict[str, str | None] = {ending: "" for name in sample for ending in _endings(name)}
    for name in wanted:
        for ending in _endings(name):
            if ending in owner:
                owner[ending] = name if owner[ending] == "" else None
    votes: Counter[tuple[str, str]] = Counter()
    for name in sample:
        shared = next((ending for ending in _endings(name) if owner[ending]), None)
        if shared is not None:
            votes[name.removesuffix(shared), str(owner[shared]).removesuffix(shared)] += 1
    pairs: dict[tuple[str, str], None] = {}
    for (dropped, added), _ in votes.most_common(MOST_CANDIDATES):
        if _wraps(dropped) or not added:
            pairs[dropped, added] = None
        if not _wraps(dropped):
            pairs[dropped, ""] = None
        pairs["", added] = None
    for prefix in _first_words(wanted):
        pairs["", prefix] = None
    for prefix in _first_words(sample):
        pairs[prefix, ""] = None
    return [(dropped, added, inner) for dropped, added in ([("", ""), *pairs] if inner else pairs)]


def _endings(name: str) -> Iterator[str]:
    """Yield the name and its endings at the dots, longest first."""
    yield name
    place = name.find(".")
    while place >= 0:
        yield name[place + 1 :]
        place = name.find(".", place + 1)


def _wraps(prefix: str) -> bool:
    """Return True if the prefix consists of the words of wrappers and of numbers.

    >>> _wraps("module.0.auto_model."), _wraps("text_model.")
    (True, False)
    """
    return all(word in OUTER_WRAPPERS or word.isdigit() for word in prefix.split(".")[:-1])


def _first_words(names: Iterable[str]) -> list[str]:
    """Return the commonest first words of the names, each with its dot."""
    counts = Counter(name.partition(".")[0] + "." for name in names if "." in name)
    return [prefix for prefix, _ in counts.most_common(MOST_CANDIDATES // 2)]


def _without(name: str, inner: tuple[str, ...]) -> str:
    return ".".join(word for word in name.split(".") if word not in inner) if inner else name


def _known(names: Iterable[str], dropped: str, added: str, inner: tuple[str, ...], wanted: Collection[str]) -> int:
    return sum(_wanted(name, dropped, added, inner, wanted) is not None for name in names)


def _spellings(name: str, dropped: str, added: str, inner: tuple[str, ...]) -> tuple[str, ...]:
    bare = _without(name, inner).removeprefix(dropped)
    return (added + bare, bare) if added else (bare,)


def _wanted(name: str, dropped: str, added: str, inner: tuple[str, ...], wanted: Collection[str]) -> str | None:
    """Return the declared tensor that is stored under the name, or None."""
    for candidate in _spellings(name, dropped, added, inner):
        if candidate in wanted:
            return candidate
        stem, _, last = candidate.rpartition(".")
        if last in OLD_ENDINGS and (modern := f"{stem}.{OLD_ENDINGS[last]}") in wanted:
            return modern
    return None


def _respelled(name: str, dropped: str, added: str, inner: tuple[str, ...], wanted: Collection[str]) -> str:
    """Return the name of the declared tensor or of its companion; return other names unchanged."""
    found = _wanted(name, dropped, added, inner, wanted)
    if found is not None:
        return found
    near = _spellings(name, dropped, added, inner)
    return next((one for one in near if any(owner in wanted for owner in owners(one))), name)
