"""The models bertsym knows, one paper per file."""

from bertsym.errors import UnknownName
from bertsym.model import Architecture, Model
from bertsym.zoo.bert import bert

ARCHITECTURES: dict[str, Architecture] = {"bert": bert}


def named(name: str) -> Model:
    """The architecture of that name with all sizes open, or a published size; `google/...` prefixes are accepted.

    >>> named("bert-base-uncased").cls
    'BertModel'
    """
    bare = name.rsplit("/", maxsplit=1)[-1]
    if name in ARCHITECTURES:
        return Model(ARCHITECTURES[name], label=name)
    for architecture in ARCHITECTURES.values():
        if bare in architecture.sizes:
            return Model(architecture, label=bare).with_sizes(architecture.sizes[bare].values)
    known = [*ARCHITECTURES, *(size for a in ARCHITECTURES.values() for size in a.sizes)]
    raise UnknownName("model", name, known, "`bertsym models` lists them; a path names a config.json or its folder")
