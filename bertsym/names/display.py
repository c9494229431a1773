"""The names of models as papers print them: `bert-base-uncased` is BERT base, `pythia-1.4b` is Pythia 1.4B.

The beginning of a name is the name of a family, which papers spell in their own way. The words behind it keep their
spelling, except for numbers with a unit. Words that say how a checkpoint was trained or stored are left out.
"""

from __future__ import annotations

import re

_FAMILIES_TEXT = """
    bert=BERT roberta=RoBERTa distilroberta=DistilRoBERTa xlm-roberta=XLM-R xlm-roberta-xl=XLM-R_XL
    camembert=CamemBERT distilbert=DistilBERT albert=ALBERT electra=ELECTRA deberta=DeBERTa deberta-v2=DeBERTa-v2
    deberta-v3=DeBERTa-v3 mdeberta-v3=mDeBERTa-v3 modernbert=ModernBERT mpnet=MPNet all-mpnet=all-MPNet xlnet=XLNet
    xlm=XLM mobilebert=MobileBERT squeezebert=SqueezeBERT flaubert=FlauBERT bge=BGE e5=E5
    multilingual-e5=multilingual_E5 labse=LaBSE nomic-embed-text=Nomic_Embed bart=BART mbart=mBART pegasus=PEGASUS
    t5=T5 t5-v1.1=T5_v1.1 flan-t5=Flan-T5 mt5=mT5 umt5=umT5 byt5=ByT5 openai-gpt=GPT gpt2=GPT-2 distilgpt2=DistilGPT2
    nanogpt=nanoGPT gpt-neox=GPT-NeoX gpt-neo=GPT-Neo gpt-j=GPT-J gptj=GPT-J gpt-oss=gpt-oss pythia=Pythia opt=OPT
    bloom=BLOOM falcon=Falcon falcon3=Falcon3 llama=LLaMA llama-2=Llama_2 llama-3=Llama_3 meta-llama-3=Llama_3
    llama-3.1=Llama_3.1 llama-3.2=Llama_3.2 llama-3.3=Llama_3.3 codellama=Code_Llama open-llama=OpenLLaMA
    tinyllama=TinyLlama smollm=SmolLM smollm2=SmolLM2 smollm3=SmolLM3 mistral=Mistral ministral=Ministral
    mixtral=Mixtral mixtral-8x22b-instruct=Mixtral_8x22B_Instruct qwen2=Qwen2 qwen2.5=Qwen2.5 qwen3=Qwen3
    qwen2-moe=Qwen2-MoE qwen3-moe=Qwen3-MoE gemma=Gemma gemma-2=Gemma_2 gemma-3=Gemma_3 gemma2=Gemma_2 gemma3=Gemma_3
    phi=Phi phi-1.5=Phi-1.5 phi-2=Phi-2 phi-3=Phi-3 phi3=Phi-3 phi-3.5=Phi-3.5 phi-4=Phi-4 olmo=OLMo olmo-2=OLMo_2
    olmo2=OLMo_2 deepseek-v2=DeepSeek-V2 deepseek-v3=DeepSeek-V3 deepseek-r1=DeepSeek-R1 starcoder2=StarCoder2 yi=Yi
    glm=GLM granite=Granite granite-3.3=Granite_3.3 stablelm=StableLM stablelm-2=StableLM_2 mamba=Mamba mamba2=Mamba-2
    rwkv=RWKV ctrl=CTRL jamba=Jamba dbrx=DBRX whisper=Whisper wav2vec2=wav2vec_2.0 hubert=HuBERT wavlm=WavLM vit=ViT
    deit=DeiT beit=BEiT dinov2=DINOv2 swin=Swin clip=CLIP clip-vit=CLIP_ViT siglip=SigLIP convnext=ConvNeXt
    funnel=Funnel longformer=Longformer big-bird=BigBird reformer=Reformer canine=CANINE fnet=FNet ernie=ERNIE
    convbert=ConvBERT layoutlm=LayoutLM esm=ESM biogpt=BioGPT nezha=NEZHA
"""
_FAMILIES = {
    tuple(name.split("-")): shown.replace("_", " ")
    for name, shown in (pair.split("=") for pair in _FAMILIES_TEXT.split())
}
"""The spellings of papers; an underscore stands for a blank."""

_SILENT_TEXT = "uncased discriminator hf instruct chat it pt sft dpo v0.1 v0.2 v1.0 in21k"
_SILENT = frozenset(_SILENT_TEXT.split())
_AMOUNT = re.compile(r"(?:\d+x)?\d+(?:\.\d+)?[kmbt]\d*|a\d+b", re.IGNORECASE)
_PATCH = re.compile(r"patch(\d+)")
_SIZES = re.compile(r"(?:^|[-_])([LHA])-(\d+)(?=_|$)")
"""The sizes in the names of Turc's miniatures: `bert_uncased_L-4_H-256_A-4`."""

_POINT = re.compile(r"(?<=\d)_(?=\d)")
"""An underscore for a decimal point, as in `phi-1_5`."""


def display_name(name: str) -> str:
    """Return the name of a published model or a model type as papers print it; an unknown family keeps its name.

    >>> [display_name(name) for name in ("bert-base-uncased", "bert_uncased_L-2_H-128_A-2", "gpt2-xl", "pythia-1.4b")]
    ['BERT base', 'BERT L=2 H=128 A=2', 'GPT-2 XL', 'Pythia 1.4B']
    >>> [display_name(name) for name in ("Mixtral-8x7B-v0.1", "vit-base-patch16-224", "t5-v1_1-small", "acme-7b")]
    ['Mixtral 8x7B', 'ViT base/16 224', 'T5 v1.1 small', 'acme-7b']
    """
    bare = name.rpartition("/")[2]
    text = _POINT.sub(".", _SIZES.sub(r"-\1=\2", bare))
    words = re.split(r"[-_]", text)
    folded = tuple(word.casefold() for word in words)
    length = next((size for size in range(len(words), 0, -1) if folded[:size] in _FAMILIES), 0)
    if not length:
        return bare
    rest = [_word(word) for word in words[length:] if word.casefold() not in _SILENT]
    return " ".join((_FAMILIES[folded[:length]], *filter(None, rest))).replace(" /", "/")


def _word(word: str) -> str:
    patch = _PATCH.fullmatch(word)
    if patch:
        return f"/{patch[1]}"
    if word in ("xl", "xxl"):
        return word.upper()
    return word.upper().replace("X", "x") if _AMOUNT.fullmatch(word) and word[-1] not in "kK" else word
