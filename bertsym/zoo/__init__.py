"""The models bertsym knows, one paper per file."""

from bertsym.errors import UnknownName
from bertsym.model import Architecture, Model
from bertsym.zoo.albert import albert
from bertsym.zoo.bert import bert
from bertsym.zoo.camembert import camembert
from bertsym.zoo.deberta_v2 import deberta_v2
from bertsym.zoo.distilbert import distilbert
from bertsym.zoo.electra import electra
from bertsym.zoo.gpt2 import gpt2
from bertsym.zoo.gpt_neox import gpt_neox
from bertsym.zoo.llama import llama
from bertsym.zoo.mistral import mistral
from bertsym.zoo.modernbert import modernbert
from bertsym.zoo.roberta import roberta
from bertsym.zoo.t5 import t5
from bertsym.zoo.xlm_roberta import xlm_roberta

ARCHITECTURES: dict[str, Architecture] = {
    "bert": bert,
    "roberta": roberta,
    "xlm-roberta": xlm_roberta,
    "camembert": camembert,
    "distilbert": distilbert,
    "albert": albert,
    "electra": electra,
    "deberta-v2": deberta_v2,
    "modernbert": modernbert,
    "gpt2": gpt2,
    "gpt_neox": gpt_neox,
    "llama": llama,
    "mistral": mistral,
    "t5": t5,
}


def named(name: str) -> Model:
    """The architecture of that name with all sizes open, or a published size; `google/...` prefixes are accepted.

    >>> named("bert-base-uncased").cls
    'BertModel'
    """
    bare = name.rsplit("/", maxsplit=1)[-1]
    if name in ARCHITECTURES:
        return Model(ARCHITECTURES[name], label=name)
    for label in (name, bare):
        for architecture in ARCHITECTURES.values():
            if label in architecture.sizes:
                return Model(architecture, label=label).with_sizes(architecture.sizes[label].values)
    known = [*ARCHITECTURES, *(size for a in ARCHITECTURES.values() for size in a.sizes)]
    raise UnknownName("model", name, known, "`bertsym models` lists them; a path names a config.json or its folder")
