"""CamemBERT: Martin et al. 2019, "CamemBERT: a Tasty French Language Model", arXiv:1911.03894: RoBERTa in French."""

from bertsym.model import Architecture, Head
from bertsym.symbols import T
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE, renamed
from bertsym.zoo.roberta import HEADS, output_first, published, schema

CARD = "arXiv:1911.03894, almanach model cards"

camembert = Architecture(
    name="camembert",
    title="CamemBERT",
    paper="Martin et al. 2019, arXiv:1911.03894",
    heads={
        **renamed(HEADS, "Roberta", "Camembert"),
        "masked-lm": Head("CamembertForMaskedLM", output_first),
        "causal-lm": Head("CamembertForCausalLM", output_first),
    },
    definitions=(HEAD_SIZE, FEED_FORWARD),
    defaults={T: 1},
    sizes={
        "camembert-base": published(32005, 12, 768, CARD),
        "camembert-large": published(32005, 24, 1024, CARD),
    },
    base="camembert-base",
    schema=schema("camembert", 30522),
)
