"""Names of symbols on paper: N is positions here, parameters in Kaplan et al., layers in Vaswani et al."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sympy import Symbol

from bertsym.errors import Conflict, UnknownName, Unreadable, choice
from bertsym.symbols import BY_NAME, Own, lookup
from bertsym.values import value

MAX_NAME = 80

_GREEK_WORDS = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell"
)
GREEK = dict(zip(_GREEK_WORDS.split(), "αβγδϵεζηθϑικλμνξπρστυϕφχψωΓΔΘΛΞΠΣΥΦΨΩℓ", strict=True))
"""The letters that have a command in TeX, by the name of the command."""

_GREEK = "|".join(GREEK)
_WORD = r"\\(?:mathrm|mathit|mathbf|mathsf|mathtt)\{[A-Za-z][A-Za-z0-9]{0,29}\}|\\mathcal\{[A-Z]\}"
_LETTER = rf"[A-Za-z]|\\(?:{_GREEK})(?![A-Za-z])"
_LOWERED = rf"[A-Za-z0-9]|\{{(?:{_LETTER}|[0-9]|,|{_WORD})(?:\s?(?:{_LETTER}|[0-9]|,|{_WORD})){{0,15}}\}}"
_NAME = re.compile(rf"(?:{_LETTER}|{_WORD})(?:\s?_(?:{_LOWERED}|\\(?:{_GREEK})(?![A-Za-z])))?", re.ASCII)


@value
class Notation:
    """The TeX of each symbol that is not written as it is named; no two symbols may look alike."""

    title: str
    source: str
    names: Mapping[str, str]

    def __post_init__(self) -> None:
        owners: dict[str, str] = {}
        for symbol in (*self.names, *(name for name in BY_NAME if name not in self.names)):
            other = owners.setdefault(self.name(symbol), symbol)
            if other != symbol:
                raise _alike(symbol, other, self.name(symbol))

    def name(self, symbol: Symbol | str) -> str:
        r"""Return the TeX of a symbol; a word that no table knows is set upright.

        An own size of model code never looks like a registered one: `A` beside the heads, which are A, is upright.

        >>> print(VASWANI.name("H"), BERT.name("heads"), BERT.name("no_such_size"))
        d_{\mathrm{model}} A \mathrm{no\_such\_size}
        >>> print(BERT.name("A"), BERT.name("cross"))
        \mathrm{A} \mathtt{cross}
        >>> print(BERT.name("H_v"), BERT.name("heads_enc"), VASWANI.name("H_v"), BERT.name("L_0"))
        H_v A_{\mathrm{enc}} d_{\mathrm{model},v} L_0
        """
        plain = str(symbol)
        if plain in self.names or plain in BY_NAME:
            return self._registered(plain)
        taken = {self._registered(name) for name in BY_NAME}
        subscripted = self._subscripted(plain)
        if subscripted and subscripted not in taken:
            return subscripted
        spelled = (rf"\{face}{{{plain}}}".replace("_", r"\_") for face in ("mathrm", "mathtt"))
        letter = (plain,) if len(plain) == 1 else ()
        return next((name for name in (*letter, *spelled) if name not in taken), rf"\mathrm{{{plain}\_}}")

    def _subscripted(self, plain: str) -> str:
        r"""Return the TeX of a letter with words below it, `H_v` or `L_enc_0`; nothing for any other name."""
        base, *words = plain.split("_")
        if not words or not all(words) or not (len(base) == 1 or base in _BASES):
            return _BASES.get(plain, "")
        below = [word if word.isdecimal() or len(word) == 1 else rf"\mathrm{{{word}}}" for word in words]
        tex = _BASES.get(base) or (self._registered(base) if base in BY_NAME else base)
        stem, lowered, first = tex.partition("_")
        inside = [first[1:-1] if first.startswith("{") else first] if lowered else []
        subscript = ",".join([*inside, *below])
        return f"{stem}_{subscript}" if len(subscript) == 1 else f"{stem}_{{{subscript}}}"

    def _registered(self, plain: str) -> str:
        if plain in self.names:
            return self.names[plain]
        return plain if len(plain) == 1 else rf"\mathrm{{{plain}}}".replace("_", r"\_")

    def renamed(self, names: Mapping[str, str], own: Iterable[Symbol] = ()) -> Notation:
        """Return the notation with these names over its own, each checked; `own` are the symbols of a model's code.

        Raises `UnknownName`, `AmbiguousName`, `Unreadable` or `Conflict`.
        """
        if not names:
            return self
        brought = sorted(own, key=str)
        fields = {_field(symbol): str(symbol) for symbol in brought if isinstance(symbol, Own)}
        checked: dict[str, str] = {}
        for typed, tex in names.items():
            name = fields[typed] if typed in fields and typed not in BY_NAME else _looked_up(typed, brought, fields)
            if checked.setdefault(name, checked_name(typed, tex)) != tex:
                raise Conflict(f"{name} as {checked[name]}", f"{name} as {tex}", "--rename gives it two names")
        notation = Notation(self.title, self.source, MappingProxyType({**self.names, **checked}))
        owners = {tex: name for name, tex in notation.names.items()}
        for symbol in map(str, brought):
            tex = notation.name(symbol)
            other = owners.setdefault(tex, symbol)
            if other != symbol:
                raise _alike(symbol, other, tex)
        return notation


def _looked_up(typed: str, own: Iterable[Symbol], fields: Iterable[str]) -> str:
    """Return the name of a size; the error for a name that is none offers the fields of a model's code too."""
    try:
        return lookup(typed, own).name
    except UnknownName as error:
        raise UnknownName(error.kind, typed, [*error.known, *fields], error.hint) from None


def _field(symbol: Own) -> str:
    """Return the field of a model's code that a symbol stands for."""
    return str(symbol.meaning).removesuffix(" of the code")


def _alike(symbol: str, other: str, tex: str) -> Conflict:
    why = "a reader could not tell them apart; --rename one of them to something else"
    return Conflict(f"{symbol} as {tex}", f"{other} as {tex}", why)


def checked_name(symbol: str, tex: str) -> str:
    r"""Return the TeX if it only names a symbol: a letter or a word in a font, with a subscript or without.

    >>> print(checked_name("H", r"d_{\mathrm{model}}"))
    d_{\mathrm{model}}
    >>> checked_name("H", r"\input{x}")
    Traceback (most recent call last):
    bertsym.errors.Unreadable: --rename H: expected a letter or \mathrm{word} such as \ell or d_k, got '\input{x}'
    """
    if not is_name(tex):
        meant = _as_name(tex)
        mended = f" (did you mean {meant}?)" if meant is not None else ""
        raise Unreadable(f"--rename {symbol}", tex, rf"a letter or \mathrm{{word}} such as \ell or d_k{mended}")
    return tex


def _as_name(tex: str) -> str | None:
    r"""Return the name in TeX that a word stands for, or None.

    >>> print(_as_name("d_model"), _as_name("n_{heads}"), _as_name("hidden"))
    d_{\mathrm{model}} n_{\mathrm{heads}} \mathrm{hidden}
    """
    match = re.fullmatch(r"(?:([A-Za-z])_)?\{?([A-Za-z]{2,20})\}?", tex)
    if match is None:
        return None
    letter, word = match.groups()
    name = rf"{letter}_{{\mathrm{{{word}}}}}" if letter else rf"\mathrm{{{word}}}"
    return name if is_name(name) else None


def is_name(tex: str) -> bool:
    """Return True if TeX only names a symbol."""
    return len(tex) <= MAX_NAME and _NAME.fullmatch(tex) is not None


# Words that stand for a letter in the symbols of a model's own sizes.
_BASES = {"rho": r"\rho", "heads": "", "experts": ""}

# The numbers of routed experts and of those active per token are N_r and K_r in DeepSeek-AI 2024, arXiv:2405.04434.
_COMMON = {
    "ffn_ratio": "r",
    "labels": "C",
    "experts": r"N_{\mathrm{r}}",
    "experts_per_token": r"K_{\mathrm{r}}",
    "groups": "G",
    "inner_groups": r"G_{\mathrm{in}}",
    "buckets": "B",
    "span": "k",
    "kernel": r"k_{\mathrm{conv}}",
    "cross_attention": r"\mathrm{cross}",
    "tied": r"\mathrm{tied}",
    "biases": r"\mathrm{biases}",
    "attention_bias": r"\mathrm{bias}_{\mathrm{attn}}",
    "mlp_bias": r"\mathrm{bias}_{\mathrm{mlp}}",
    "norm_bias": r"\mathrm{bias}_{\mathrm{norm}}",
    "classifier_bias": r"\mathrm{bias}_{\mathrm{head}}",
    "decoder_bias": r"\mathrm{bias}_{\mathrm{dec}}",
    "gated": r"\mathrm{gated}",
    "absolute": r"\mathrm{abs}",
    "relative": r"\mathrm{rel}",
    "c2p": r"\mathrm{c2p}",
    "p2c": r"\mathrm{p2c}",
    "shared_keys": r"\mathrm{shared}",
    "relative_norm": r"\mathrm{norm}_{\mathrm{rel}}",
    "legacy": r"\mathrm{legacy}",
    "summary": r"\mathrm{summary}",
    "summary_to_labels": r"\mathrm{summary}_{\mathrm{labels}}",
}

BERT = Notation(
    "bert",
    "Devlin et al. 2018, arXiv:1810.04805: L layers, hidden size H, A heads",
    {**_COMMON, "heads": "A", "kv_heads": r"A_{\mathrm{kv}}", "decoder_layers": r"L_{\mathrm{dec}}"},
)
VASWANI = Notation(
    "vaswani",
    "Vaswani et al. 2017, arXiv:1706.03762: N layers, d_model, d_ff, h heads of size d_k; n is the sequence length",
    {
        **_COMMON,
        "L": "N",
        "H": r"d_{\mathrm{model}}",
        "F": r"d_{\mathrm{ff}}",
        "heads": "h",
        "kv_heads": r"h_{\mathrm{kv}}",
        "decoder_layers": r"N_{\mathrm{dec}}",
        "d": "d_k",
        "N": r"n_{\mathrm{max}}",
        "E": r"d_{\mathrm{emb}}",
    },
)
KAPLAN = Notation(
    "kaplan",
    "Kaplan et al. 2020, arXiv:2001.08361: n_layer, d_model, d_ff, n_heads, n_ctx, n_vocab",
    {
        **_COMMON,
        "V": r"n_{\mathrm{vocab}}",
        "N": r"n_{\mathrm{ctx}}",
        "H": r"d_{\mathrm{model}}",
        "L": r"n_{\mathrm{layer}}",
        "heads": r"n_{\mathrm{heads}}",
        "kv_heads": r"n_{\mathrm{kv}}",
        "decoder_layers": r"n_{\mathrm{dec}}",
        "experts": r"n_{\mathrm{experts}}",
        "experts_per_token": r"n_{\mathrm{active}}",
        "F": r"d_{\mathrm{ff}}",
        "d": r"d_{\mathrm{head}}",
        "E": r"d_{\mathrm{emb}}",
        "T": r"n_{\mathrm{seg}}",
        "labels": r"n_{\mathrm{labels}}",
    },
)
MEGATRON = Notation(
    "megatron",
    "Narayanan et al. 2021, arXiv:2104.04473: l layers, hidden size h, a heads, vocabulary V, sequence length s",
    {
        **_COMMON,
        "L": "l",
        "H": "h",
        "heads": "a",
        "kv_heads": r"a_{\mathrm{kv}}",
        "decoder_layers": r"l_{\mathrm{dec}}",
        "N": "s",
    },
)

NOTATIONS = {notation.title: notation for notation in (BERT, VASWANI, KAPLAN, MEGATRON)}


def named_notation(name: str) -> Notation:
    """Return the notation of that name; raise `UnknownName`."""
    chosen = choice(name, NOTATIONS)
    if chosen is None:
        raise UnknownName("notation", name, NOTATIONS)
    return NOTATIONS[chosen]


def parse_renames(texts: Iterable[str]) -> dict[str, str]:
    r"""Read `H=d_{\mathrm{model}}` as {"H": "d_{\\mathrm{model}}"}; raise `Unreadable` without an equals sign."""
    names: dict[str, str] = {}
    for text in texts:
        symbol, equals, tex = text.partition("=")
        if not equals:
            raise Unreadable("--rename", text, r"SIZE=TEX, as in H=d_{\mathrm{model}}")
        names[symbol.strip()] = tex.strip()
    return names
