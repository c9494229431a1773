"""A saved model as answers show it: the papers' names for components, short names for sizes, the head size d."""

from __future__ import annotations

from functools import lru_cache

from bertsym import atlas
from bertsym.model import Model
from bertsym.saved_model.code_names import with_short_names
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.field_rules import FieldRules
from bertsym.saved_model.head_size_rewrite import in_head_size
from bertsym.values import replace
from bertsym.vocabulary.components import named


class PresentedEntry:
    """An entry in the words of answers, with the architecture that its configuration files are counted by.

    `stored` is the entry in the words of its file. Raises `InvalidModel`.
    """

    def __init__(self, stored: Derived) -> None:
        self.stored = stored
        self.derived = presented(stored)
        self.architecture = self.derived.architecture(f"{stored.name}{atlas.SUFFIX}")

    def model(self, head: str) -> Model:
        """Return the model with every size open; raises `InvalidModel` and `PartialFormula`."""
        return Model(self.architecture, label=self.derived.name).with_head(self.derived.resolved_head(head))

    def with_rules(self, rules: FieldRules) -> PresentedEntry:
        """Return the entry with other rules for its files; the formulas are shared."""
        result = PresentedEntry.__new__(PresentedEntry)
        result.__dict__.update(self.__dict__)
        result.stored = replace(self.stored, rules=rules)
        result.derived = replace(self.derived, rules=rules)
        return result


@lru_cache(maxsize=16)
def presented_entry(derived: Derived) -> PresentedEntry:
    """Return an entry in the words of answers, the same one for the next file of its type; raises `InvalidModel`."""
    return PresentedEntry(derived)


def presented(derived: Derived) -> Derived:
    """Return the model in the words of answers; the file, and the numbers, stay as they are."""
    return with_paper_names(in_head_size(with_short_names(derived)))


def with_paper_names(derived: Derived) -> Derived:
    """Return the same model with the papers' names of its components: `attention` for `self_attn`.

    >>> from bertsym.saved_model.atlas_models import entry_of
    >>> list(dict.fromkeys(tensor.component for tensor in with_paper_names(entry_of("qwen3")).tensors))
    ['embeddings', 'attention', 'feed-forward', 'final-norm']
    """
    heads = {name: replace(head, tensors=named(head.tensors)) for name, head in derived.heads.items()}
    return replace(derived, tensors=named(derived.tensors), heads=heads)
