"""The values of each option and argument that a shell completes, without sympy, whose import would take long.

The choices are written out here because the modules that own them need sympy; `tests/cli/test_completion.py` compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from bertsym.values import value

Values = Mapping[str, str]
"""Values with a word about each, which may be empty."""


@value
class Line:
    """The command and its words before the one to complete; `options` has the values of each option by its name."""

    command: str
    arguments: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]]

    def last(self, option: str) -> str:
        """Return the last value of an option, or an empty text."""
        return self.options.get(option, ("",))[-1]


@value
class Choice:
    """Values to complete.

    - `divided`: a word has several, with commas between them.
    - `setting`: a value ends in `=`.
    - `expression`: values are names in an expression.
    - `any_case`: a value is read in any case, so it goes on as the word begins.
    """

    values: Callable[[Line], Values]
    divided: bool = False
    setting: bool = False
    expression: bool = False
    any_case: bool = False

    def complete(self, line: Line, word: str) -> dict[str, str]:
        """Return the whole words that begin with a word, each with its help."""
        before = ""
        if self.expression:
            before = word[: len(word) - len(re.findall(r"(?:[A-Za-z_][\w.]*)?$", word)[0])]
        elif self.divided:
            before = re.findall(r"^(?:.*,)?\s*", word)[0]
        beginning = word[len(before) :]
        if self.setting and "=" in beginning:
            name = beginning.partition("=")[0]
            switches = ("yes", "no") if name in SWITCHES else ()
            return {f"{before}{name}={value}": "" for value in switches if f"{name}={value}".startswith(beginning)}
        end = "=" if self.setting else ""
        folded = beginning.casefold()
        named = {name: said for name, said in self.values(line).items() if name.casefold().startswith(folded)}
        if self.any_case:
            named = {beginning + name[len(beginning) :]: said for name, said in named.items()}
        else:
            named = {name: said for name, said in named.items() if name.startswith(beginning)} or named
        return {f"{before}{name}{end}": said for name, said in named.items()}


def _fixed(*names: str) -> Callable[[Line], Values]:
    return lambda _: dict.fromkeys(names, "")


def models(_: Line) -> Values:
    """Return the model types with their classes, and the published models with their counts."""
    from bertsym import atlas
    from bertsym.names.catalogue import published
    from bertsym.quantities import rounded

    types = {name: listed.cls for name, listed in atlas.index().items()}
    return types | {model.name: rounded(model.count) for model in published()}


def model_types(_: Line) -> Values:
    """Return the model types, each with its class."""
    from bertsym import atlas

    return {name: listed.cls for name, listed in atlas.index().items()}


def derivable(line: Line) -> Values:
    """Return the model types and the classes that `derive` takes."""
    from bertsym import atlas

    return {**model_types(line), **{cls: place.model_type for cls, place in atlas.classes().items()}}


def _types_of(line: Line) -> list[str]:
    """Return the model types that the line names, so far as a name is whole."""
    from bertsym import atlas
    from bertsym.names.reading import spelled

    named = [*line.arguments, line.last("--model")]
    read = (spelled(name, tuple(atlas.index())) for name in named if name)
    types = [found.architecture or found.models[0].family.type for found in read if found is not None]
    return [name for name in (line.last("--model-type"), *types) if name in atlas.index()]


def heads(line: Line) -> Values:
    """Return the heads of the model that the line names, with their classes, else every name of a head."""
    from bertsym import atlas
    from bertsym.names.heads import ALIASES

    found: dict[str, str] = {}
    for name in _types_of(line):
        found |= atlas.index()[name].heads
    if found:
        return found
    return {name: ", ".join(aliases) for name, aliases in ALIASES.items()}


@cache
def _entry_sizes(model_type: str) -> Values:
    """Return the sizes of an entry of the atlas by symbol and by field; none if it cannot be read.

    A model of the zoo has the registered sizes of its entry only.
    """
    from bertsym import atlas

    file = atlas.path(model_type)
    if file is None:
        return {}
    content = json.loads(file.read_bytes())
    registered = _fields()
    sizes: dict[str, str] = {}
    for name, size in content.get("sizes", {}).items():
        if name in registered or model_type not in ZOO:
            field = str(size.get("field", name))
            sizes[name] = field
            sizes.setdefault(field, name)
    for name, definition in content.get("definitions", {}).items():
        adjusted = definition.get("inverse", {}) if isinstance(definition, dict) else {}
        sizes = {**dict.fromkeys((name, *adjusted), ""), **sizes}
    return sizes


def sizes(line: Line) -> Values:
    """Return the names of sizes: those of the model that the line names, else the registered ones and their fields."""
    own: dict[str, str] = {}
    for name in _types_of(line):
        own |= _entry_sizes(name)
    registered = {name: fields[0] if fields else "" for name, fields in _fields().items()}
    spelled = {field: name for name, fields in _fields().items() for field in fields}
    run = RUN if line.last("--of") not in ("", "parameters") or line.command == "roofline" else {}
    return {**own, **run} if own else {**registered, **run, **spelled}


@cache
def _fields() -> Mapping[str, tuple[str, ...]]:
    from bertsym.spellings import SPELLINGS, fields

    names = dict.fromkeys((*COMMON, *SPELLINGS))
    return {name: fields(name) if name in SPELLINGS else () for name in names}


def conventions(line: Line) -> Values:
    """Return the conventions of the quantity that the line names."""
    return dict.fromkeys(CONVENTIONS.get(line.last("--of") or "parameters", ()), "")


def budgets(line: Line) -> Values:
    """Return the names that a budget may have: quantities, and the conventions of the target's."""
    return {**conventions(line), **dict.fromkeys(QUANTITIES, "")}


def commands(_: Line) -> Values:
    """Return the commands."""
    from bertsym.cli.sections import COMMANDS

    return dict.fromkeys(COMMANDS, "")


ZOO = frozenset(
    (
        *("bert", "roberta", "xlm-roberta", "camembert", "distilbert", "albert", "electra", "deberta-v2"),
        *("modernbert", "gpt2", "gpt_neox", "llama", "mistral", "mixtral", "t5"),
    )
)
"""The model types that are written from their papers."""

COMMON = ("V", "N", "H", "L", "heads", "kv_heads", "F", "d", "ffn_ratio", "T", "labels", "tied")
"""The sizes of nearly every model, in the order of the registry."""

RUN = {"B": "batch size", "S": "sequence length", "S_source": "sequence length of the encoder", "r": "rank"}

SWITCHES = frozenset(
    (
        *("tied", "cross_attention", "biases", "attention_bias", "mlp_bias", "norm_bias", "classifier_bias"),
        *("decoder_bias", "gated", "absolute", "relative", "c2p", "p2c", "shared_keys", "relative_norm", "legacy"),
        *("summary", "summary_to_labels", "tie_word_embeddings", "add_cross_attention"),
    )
)

CONVENTIONS: Mapping[str, tuple[str, ...]] = {
    "parameters": ("exact", "non-embedding", "matrices", "layers-only", "active", "state-dict"),
    "flops": (
        *("flops", "macs", "causal", "masked", "train", "recompute", "narayanan", "fused"),
        *("6nd", "6nd-non-embedding", "6nd-active", "2nd", "2nd-active", "2nd-non-embedding"),
        *("kaplan", "chinchilla", "palm", "electra", "electra-train", "torchtitan", "hf-trainer"),
    ),
    "cache": ("elements", "bytes"),
    "states": ("pure", "mixed", "megatron"),
    "memory": ("pure", "mixed", "megatron"),
    "lora": ("lora",),
}
QUANTITIES = tuple(CONVENTIONS)
FORMS = ("expanded", "collected", "factored", "nested", "dominant")
NOTATIONS = ("bert", "vaswani", "kaplan", "megatron")
LAYOUTS = ("bare", "inline", "equation", "equation*", "split", "align", "booktabs")
WAYS = ("component", "role", "layer", "module")
ROLES = ("embedding", "matrix", "bias", "norm", "scale", "other", "product")
COMPONENTS = (
    *("embeddings", "attention", "cross-attention", "feed-forward", "experts", "shared-experts", "router"),
    *("convolution", "relative-positions", "final-norm", "pooler", "lm-head", "classifier"),
    *("nsp-head", "sop-head", "discriminator-head"),
)
DTYPES = (
    *("float64", "float32", "float16", "bfloat16", "float8", "int8"),
    *("fp64", "fp32", "fp16", "bf16", "fp8"),
)
OPTIMIZERS = ("adamw", "amsgrad", "adamw8bit", "sgd", "momentum", "adagrad", "adafactor")
KERNELS = ("eager", "flash", "checkpointed", "paper")
LAWS = ("kaplan", "chinchilla-1", "chinchilla-2", "chinchilla-3", "besiroglu")
DEVICES = ("a100-sxm-40gb", "a100-sxm-80gb", "h100-pcie", "h100-sxm", "h200-sxm")
PROPERTIES = ("id", "class", "sharing")
SHOWN = ("formula", "count", "share", "difference", "difference-share", "ratio")
ORDERS = ("shape", "error", "depth", "width", "aspect")

_SETTING = Choice(sizes, divided=True, setting=True)
_EXPRESSION = Choice(sizes, expression=True)
_PARTS = Choice(_fixed(*COMPONENTS, *ROLES), divided=True)

CHOICES: Mapping[str, Choice] = {
    "MODEL": Choice(models, any_case=True),
    "NAME": Choice(models, any_case=True),
    "SYMBOL": Choice(sizes),
    "COMMAND": Choice(commands),
    "KIND": Choice(_fixed("parts", "total", "iso", "elasticities")),
    "derive TARGET": Choice(derivable),
    "verify PATH": Choice(_fixed()),
    "--model": Choice(models, any_case=True),
    "--base": Choice(models, any_case=True),
    "--mark": Choice(models, divided=True, any_case=True),
    "--model-type": Choice(model_types),
    "--head": Choice(heads),
    "compare --head": Choice(heads, divided=True),
    "--at": _SETTING,
    "--range": _SETTING,
    "--rename": _SETTING,
    "--multiple-of": _SETTING,
    "--for": Choice(sizes, divided=True),
    "sweep --for": _SETTING,
    "tradeoff --for": Choice(sizes),
    "--against": Choice(sizes),
    "--like": Choice(models, any_case=True),
    "--keep": Choice(sizes, divided=True),
    "--sizes": Choice(sizes, divided=True),
    "diff --by": Choice(sizes),
    "--where": _EXPRESSION,
    "--tie": _EXPRESSION,
    "--of": Choice(_fixed(*QUANTITIES)),
    "audit --of": Choice(_fixed(*COMPONENTS, *QUANTITIES)),
    "--convention": Choice(conventions),
    "--at-most": Choice(budgets, setting=True),
    "--at-least": Choice(budgets, setting=True),
    "--only": _PARTS,
    "--without": _PARTS,
    "--component": Choice(_fixed(*COMPONENTS)),
    "--form": Choice(_fixed(*FORMS)),
    "total --form": Choice(_fixed(*FORMS, "components")),
    "--by": Choice(_fixed(*WAYS)),
    "--notation": Choice(_fixed(*NOTATIONS)),
    "audit --notation": Choice(_fixed("auto", *NOTATIONS)),
    "--layout": Choice(_fixed(*LAYOUTS)),
    "plot --layout": Choice(_fixed("pgfplots", "tikz")),
    "--flavor": Choice(_fixed("github", "hf", "jupyter")),
    "--float": Choice(_fixed("table", "table*", "none")),
    "--width": Choice(_fixed("acl", "ieee", "neurips")),
    "--math-font": Choice(_fixed("cm", "times")),
    "--tex-encoding": Choice(_fixed("ascii", "utf8")),
    "--unit": Choice(_fixed("K", "M", "B", "T", "none")),
    "--punct": Choice(_fixed(".", ",", ";", ":")),
    "--dtype": Choice(_fixed(*DTYPES)),
    "--optimizer": Choice(_fixed(*OPTIMIZERS)),
    "--kernel": Choice(_fixed(*KERNELS)),
    "--zero": Choice(_fixed("0", "1", "2", "3")),
    "--device": Choice(_fixed(*DEVICES)),
    "--law": Choice(_fixed(*LAWS)),
    "--order": Choice(_fixed(*ORDERS)),
    "diff --order": Choice(_fixed()),
    "--values": Choice(_fixed(*SHOWN), divided=True),
    "--table": Choice(
        lambda line: {**sizes(line), **dict.fromkeys((*CONVENTIONS["parameters"], *PROPERTIES), "")}, divided=True
    ),
}
"""The choice of each option, and of each argument by its name in the help; a command may come first."""


def choice(command: str, name: str) -> Choice | None:
    """Return the choice of an option such as `--at`, or of an argument by the name in its help."""
    plain = name.strip("[]. ").removesuffix("]...").rstrip(".")
    return CHOICES.get(f"{command} {plain}") or CHOICES.get(plain)


def names(options: Iterable[str]) -> list[str]:
    """Return the long names of an option before the short ones."""
    return sorted(options, key=lambda name: (not name.startswith("--"), name))
