"""The letters of formulas of costs, paper by paper: N is a number of parameters for Kaplan, of layers for Vaswani.

Each notation says what its letters mean. A formula is read in every notation that knows all of its names. The answer
names the notation in which the formula holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sympy import Symbol

from bertsym.claims.parsed_formula import Reading
from bertsym.claims.parser import read
from bertsym.errors import UnreadableFormula
from bertsym.model import Model
from bertsym.symbols import B, Kind, Own, S, S_source, r
from bertsym.values import replace, value

PARAMETERS = Own("parameters", Kind.RUN, meaning="number of parameters", example="110000000")
TOKENS = Own("tokens", Kind.RUN, meaning="tokens of a batch or of a training run", example="512")
ITEM = Own("item", Kind.RUN, meaning="bytes of a number", example="2")
SPECIAL = (PARAMETERS, TOKENS, ITEM)


@value
class CostNotation:
    """The letters of a paper or a tool, and the authors who use them."""

    title: str
    letters: Mapping[str, str]
    used_by: str


_SPELLINGS = {
    "S": "n_ctx seq_len seqlen sequence_length seq_length max_seq_len s_len n_seq context_length",
    "B": "batch batch_size bsz bs global_batch_size micro_batch_size",
    "tokens": "tokens n_tokens num_tokens",
    "parameters": "params n_params num_params parameters num_parameters n_parameters",
    "item": "precision itemsize bytes_per_param bytes_per_element dtype_size dtype_bytes sizeof_dtype sizeof_fp16 "
    "bytes_per_value p_a precision_bytes n_bytes",
    "kv_heads": "kv n_kv kv_heads n_kv_heads num_kv_heads num_key_value_heads n_heads_kv",
    "r": "rank lora_rank lora_r",
    "H": "d_attn d_k d_v",
}
_WORDS: Mapping[str, str] = MappingProxyType(
    {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings.split()}
)

NOTATIONS = (
    CostNotation(
        "bertsym",
        {letter: letter for letter in "BSHLVFdNTEr"} | {"A": "heads", "a": "heads"},
        "this tool, whose N is the number of positions",
    ),
    CostNotation(
        "Kaplan",
        {letter: letter for letter in "BSHLVFd"}
        | {"A": "heads", "a": "heads", "N": "parameters", "P": "parameters", "D": "tokens", "r": "r"},
        "Kaplan et al. 2020, arXiv:2001.08361; Hoffmann et al. 2022, arXiv:2203.15556",
    ),
    CostNotation(
        "Megatron",
        {"B": "B", "b": "B", "S": "S", "s": "S", "H": "H", "h": "H", "L": "L", "l": "L", "V": "V", "v": "V"}
        | {"a": "heads", "A": "heads", "d": "d", "N": "parameters", "D": "tokens", "f": "F", "g": "kv_heads"},
        "Narayanan et al. 2021, arXiv:2104.04473; Korthikanti et al. 2022, arXiv:2205.05198",
    ),
    CostNotation(
        "PaLM",
        {"N": "parameters", "L": "L", "H": "heads", "Q": "d", "T": "S", "D": "tokens", "B": "B", "V": "V"},
        "Chowdhery et al. 2022, arXiv:2204.02311, appendix B; nanoGPT",
    ),
    CostNotation(
        "scaling book",
        {"B": "B", "T": "S", "D": "H", "F": "F", "N": "heads", "H": "d", "L": "L", "V": "V", "K": "kv_heads", "S": "S"},
        "Austin et al. 2025, How to Scale Your Model",
    ),
    CostNotation(
        "width d",
        {"d": "H", "D": "H", "n": "S", "T": "S", "S": "S", "s": "S", "t": "S", "L": "L", "l": "L", "V": "V", "B": "B"}
        | {"b": "B", "h": "heads", "N": "L", "r": "r", "k": "kv_heads"},
        "Vaswani et al. 2017, arXiv:1706.03762; Hu et al. 2021, arXiv:2106.09685",
    ),
)


@value
class CostReading:
    """A formula as one notation reads it."""

    reading: Reading
    notation: CostNotation


def speaking(model: Model) -> Model:
    """Return the model with the sizes of a run, and the numbers of parameters, tokens and bytes, among its sizes."""
    further = {B, S, S_source, r, *SPECIAL} - {symbol for symbol in model.symbols if str(symbol) in ("B", "S", "r")}
    architecture = model.architecture
    return replace(model, architecture=replace(architecture, accepted=architecture.accepted | frozenset(further)))


def readings(text: str, model: Model, where: Mapping[str, str]) -> Iterator[CostReading]:
    """Yield the formula in each notation that knows all of its names; raises `UnreadableFormula` if none does.

    `where` says what names stand for, before any notation. Notations that read the names alike are one.
    """
    asked = speaking(model)
    seen: set[tuple[tuple[str, Symbol], ...]] = set()
    problems: list[UnreadableFormula] = []
    for notation in NOTATIONS:
        names = {**_WORDS, **notation.letters, **where}
        try:
            found = read(text, "kaplan", names, asked)
        except UnreadableFormula as problem:
            problems.append(problem)
            continue
        key = tuple(sorted(found.names.items(), key=str))
        if key not in seen:
            seen.add(key)
            yield CostReading(found, notation)
    if len(problems) == len(NOTATIONS):
        raise max(problems, key=lambda problem: problem.column)
