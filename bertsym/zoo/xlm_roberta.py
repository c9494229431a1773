"""XLM-R: Conneau et al. 2019, "Unsupervised Cross-lingual Representation Learning at Scale", arXiv:1911.02116.

RoBERTa in a hundred languages: the same layers over a vocabulary of a quarter of a million.
"""

from bertsym.model import Architecture, Head
from bertsym.symbols import T
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE, renamed
from bertsym.zoo.roberta import HEADS, output_first, published, schema

FAIRSEQ = "fairseq examples/xlmr"

xlm_roberta = Architecture(
    name="xlm-roberta",
    title="XLM-R",
    paper="Conneau et al. 2019, arXiv:1911.02116",
    heads={
        **renamed(HEADS, "Roberta", "XLMRoberta"),
        "masked-lm": Head("XLMRobertaForMaskedLM", output_first),
        "causal-lm": Head("XLMRobertaForCausalLM", output_first),
    },
    definitions=(HEAD_SIZE, FEED_FORWARD),
    defaults={T: 1},
    sizes={
        "xlm-roberta-base": published(250002, 12, 768, FAIRSEQ),
        "xlm-roberta-large": published(250002, 24, 1024, FAIRSEQ),
    },
    base="xlm-roberta-base",
    schema=schema("xlm-roberta", 30522),
)
