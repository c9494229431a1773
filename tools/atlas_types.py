"""List the model types of the installed transformers with their classes and the classes of their task heads."""

from __future__ import annotations

from typing import Any, NamedTuple

# The tables of classes in transformers for each head of the zoo; the first table that has the model type counts.
HEADS = {
    "masked-lm": ("MASKED_LM",),
    "causal-lm": ("CAUSAL_LM",),
    "conditional-generation": ("SEQ_TO_SEQ_CAUSAL_LM", "SPEECH_SEQ_2_SEQ", "IMAGE_TEXT_TO_TEXT"),
    "sequence-classification": ("SEQUENCE_CLASSIFICATION",),
}

# The families whose task heads are derived as well.
COMMON = frozenset({
    "albert", "bart", "bert", "big_bird", "bloom", "camembert", "codegen", "cohere", "convbert", "deberta",
    "deberta-v2", "deepseek_v3", "distilbert", "electra", "ernie", "falcon", "funnel", "gemma", "gemma2",
    "gemma3_text", "glm", "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "gpt_oss", "gptj", "granite", "ibert",
    "led", "llama", "longformer", "longt5", "m2m_100", "mamba", "mamba2", "marian", "mbart", "mistral",
    "mixtral", "mobilebert", "modernbert", "mpnet", "mpt", "mt5", "mvp", "nystromformer", "olmo", "olmo2",
    "olmoe", "opt", "pegasus", "phi", "phi3", "phimoe", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "rembert",
    "roberta", "roformer", "smollm3", "squeezebert", "stablelm", "starcoder2", "t5", "umt5", "whisper", "xlm",
    "xlm-roberta", "xlm-roberta-xl", "xlnet", "xmod",
})  # fmt: skip


class Kind(NamedTuple):
    """A model type with its class and heads; `same` names an earlier type with the same class and configuration."""

    name: str
    cls: str
    heads: tuple[tuple[str, str], ...]
    config: str
    same: str = ""


def library() -> str:
    """Return the name and version of the library, as entries name their source."""
    from importlib.metadata import version  # noqa: PLC0415

    return f"transformers {version('transformers')}"


def kinds() -> list[Kind]:
    """Return every model type that has a model class, sorted by name."""
    from transformers.models.auto import configuration_auto  # noqa: PLC0415
    from transformers.models.auto import modeling_auto as auto  # noqa: PLC0415  # torch is not imported by it

    configs = configuration_auto.CONFIG_MAPPING_NAMES
    found: list[Kind] = []
    first: dict[tuple[str, str], str] = {}
    # The shortest name comes first, because a configuration class is named after the shortest of its types.
    for name, classes in sorted(auto.MODEL_MAPPING_NAMES.items(), key=lambda item: (len(item[0]), item[0])):
        if name in configs:
            cls = classes if isinstance(classes, str) else classes[0]
            same = first.setdefault((cls, configs[name]), name)
            found.append(
                Kind(
                    name,
                    cls,
                    () if same != name else tuple(_heads(auto, name, cls)),
                    configs[name],
                    "" if same == name else same,
                )
            )
    return sorted(found)


def _heads(auto: Any, name: str, cls: str) -> list[tuple[str, str]]:
    there: list[tuple[str, str]] = []
    if name not in COMMON:
        return there
    for head, tables in HEADS.items():
        classes = (getattr(auto, f"MODEL_FOR_{table}_MAPPING_NAMES", {}).get(name) for table in tables)
        found = next((one for one in classes if isinstance(one, str) and one != cls), None)
        if found is not None:
            there.append((head, found))
    return there
