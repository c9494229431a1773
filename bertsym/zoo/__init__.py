"""The models bertsym knows, one paper per file."""

from bertsym.errors import UnknownName
from bertsym.model import Architecture, Model
from bertsym.zoo.albert import albert
from bertsym.zoo.bert import bert
from bertsym.zoo.camembert import camembert
from bertsym.zoo.distilbert import distilbert
from bertsym.zoo.electra import electra
from bertsym.zoo.roberta import roberta
from bertsym.zoo.xlm_roberta import xlm_roberta

ARCHITECTURES: dict[str, Architecture] = {
    "bert": bert,
    "roberta": roberta,
    "xlm-roberta": xlm_roberta,
    "camembert": camembert,
    "distilbert": distilbert,
    "albert": albert,
    "electra": electra,
}


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
