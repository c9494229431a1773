"""List the model types of the installed transformers with their classes and the classes of their task heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from atlas_classes import FIRST, auto_heads

# The first character of a variant's settings in its name.
VARIANT = "+"

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


# Types whose configuration has two parts of any type.
COMPOSITES = frozenset(
    {"encoder-decoder", "rag", "speech-encoder-decoder", "vision-encoder-decoder", "vision-text-dual-encoder"}
)


class Kind(NamedTuple):
    """A model type with its class and heads; `same` names an earlier type with the same class and configuration.

    `shared` are the later types that share the entry of this one. `target` is what derive is given: the class of a type
    without a bare model. A variant has the `settings` of its configuration, and a name of its own.
    """

    name: str
    cls: str
    heads: tuple[tuple[str, str], ...]
    config: str
    same: str = ""
    shared: tuple[str, ...] = ()
    target: str = ""
    settings: Mapping[str, Any] = {}

    @property
    def model_type(self) -> str:
        """The model type of which this is the main entry or a variant."""
        return self.name.partition(VARIANT)[0]


def library() -> str:
    """Return the name and version of the library, as entries name their source."""
    from importlib.metadata import version  # noqa: PLC0415

    return f"transformers {version('transformers')}"


def kinds() -> list[Kind]:
    """Return every model type that has a class in an auto mapping, sorted by name.

    A type without a bare model, such as `upernet`, has its first class in its place.
    """
    from transformers.models.auto import configuration_auto  # noqa: PLC0415
    from transformers.models.auto import modeling_auto as auto  # noqa: PLC0415  # torch is not imported by it

    configs = configuration_auto.CONFIG_MAPPING_NAMES
    found: list[Kind] = []
    first: dict[tuple[str, str], str] = {}
    # The shortest name comes first, because a configuration class is named after the shortest of its types.
    heads = auto_heads()
    for name in sorted(heads, key=lambda name: (len(name), name)):
        if name in configs and name not in COMPOSITES:
            has_bare = FIRST in heads[name] and name in auto.MODEL_MAPPING_NAMES
            cls = next(iter(heads[name].values()))
            same = first.setdefault((cls, configs[name]), name)
            found.append(
                Kind(
                    name,
                    cls,
                    () if same != name else tuple(_heads(auto, name, cls)),
                    configs[name],
                    "" if same == name else same,
                    target=name if has_bare else cls,
                )
            )
    shared = {kind.name: tuple(other.name for other in found if other.same == kind.name) for kind in found}
    return sorted(kind._replace(shared=shared[kind.name]) for kind in found)


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
