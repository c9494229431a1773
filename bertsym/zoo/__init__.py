"""The architectures written from their papers, one paper a file; a file is imported when its model is first used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from bertsym.errors import UnknownName
from bertsym.model import Architecture, Model

# The public name of an architecture, and the file that declares it under the same name with underscores.
NAMES = (
    "bert",
    "roberta",
    "xlm-roberta",
    "camembert",
    "distilbert",
    "albert",
    "electra",
    "deberta-v2",
    "modernbert",
    "gpt2",
    "gpt_neox",
    "llama",
    "mistral",
    "mixtral",
    "t5",
)


class Zoo(Mapping[str, Architecture]):
    """The architectures by name, each imported at its first use; importing all would slow every start."""

    def __getitem__(self, name: str) -> Architecture:
        if name not in NAMES:
            raise KeyError(name)
        attribute = name.replace("-", "_")
        architecture: Architecture = getattr(import_module(f"bertsym.zoo.{attribute}"), attribute)
        return architecture

    def __contains__(self, name: object) -> bool:
        return name in NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


ARCHITECTURES = Zoo()


def named(name: str) -> Model:
    """Return the architecture of that name with open sizes, or a published size; `google/...` prefixes are accepted.

    >>> named("bert-base-uncased").cls
    'BertModel'
    """
    bare = name.rsplit("/", maxsplit=1)[-1]
    if name in ARCHITECTURES:
        return Model(ARCHITECTURES[name], label=name)
    for label in dict.fromkeys((name, bare)):
        for architecture in ARCHITECTURES.values():
            if label in architecture.sizes:
                return Model(architecture, label=label).with_sizes(architecture.sizes[label].values)
    known = [*ARCHITECTURES, *(size for a in ARCHITECTURES.values() for size in a.sizes)]
    raise UnknownName("model", name, known, "`bertsym models` lists them; a path names a config.json or its folder")
