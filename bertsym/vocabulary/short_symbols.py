"""Short symbols for the sizes of a model's own code, from the paths of their fields: H_v for vision_config.hidden_size.

The last part of a path names the kind of size, which has a letter; the words beside it become the subscript. The parts
before it join the subscript if two sizes of the model would look alike otherwise, or if the letter stands alone and is
that of a registered size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from bertsym.symbols import BY_NAME

LONGEST_KEPT = 6
"""A name of at most so many characters is as short as a symbol would be."""

_LETTERS: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(rf"(?P<before>\w*?)_?(?:{words})(?:_(?P<after>\w+))?"), letter)
    for words, letter in (
        ("intermediate_sizes?|intermediate_dims?|ffn_hidden_size|ffn_dims?|mlp_dim|d_ff|dff|dim_ff|inner_dim", "F"),
        ("head_dim|head_size|dim_head|d_head|d_kv", "d"),
        ("attention_heads|attn_heads|n_heads|num_heads|heads", "heads"),
        ("hidden_sizes?|hidden_dims?|embed_dims?|embedding_dim|embedding_size|emb_size|d_model|model_dim|width", "H"),
        ("position_embeddings|positions|pos_embeddings|seq_len\\w*|sequence_length|max_length|frames", "N"),
        ("vocab_sizes?|vocab|num_embeddings", "V"),
        ("hidden_layers|encoder_layers|decoder_layers|layers|depths?|blocks|n_layer", "L"),
        ("experts?", "experts"),
        ("patch_sizes?|patch_length|tubelet_size", "p"),
        ("image_sizes?|img_size", "I"),
        ("channels?|chans|filters", "C"),
        ("kernel_sizes?|kernels?|d_conv|kernel_dim|conv_kernels?", "k"),
        ("strides?|stride_sizes?", "s"),
        ("window_sizes?|windows?", "w"),
        ("groups?", "g"),
        ("rank", "r"),
        ("mel_bins|bins", "M"),
        ("buckets", "B"),
        ("mlp_ratios?|ratios?|expansion|expansion_factor|expand|multiplier|mult|factors?", "rho"),
        ("queries|query_tokens|tokens|latents|patches|levels|points|codebooks|langs|spkrs|speakers", "n"),
        ("dims?|sizes?|units|features?|feats", "D"),
    )
)
"""The letter of each kind of size; `before` and `after` are the words beside it."""

_WHOLE_TEXT = """
    kv_lora_rank=r_kv q_lora_rank=r_q o_lora_rank=r_o qk_nope_head_dim=d_nope qk_rope_head_dim=d_rope
    num_key_value_heads=heads_kv first_k_dense_replace=L_dense num_dense_layers=L_dense num_hidden_groups=g
    spatial_merge_size=m temporal_patch_size=p_time cross_attention_frequency=f_cross moe_layer_interval=f_moe
    interleave_moe_layer_step=f_moe decoder_sparse_step=f_moe expert_layer_period=f_moe expert_layer_offset=o_moe
    attn_layer_period=f_attn attn_layer_offset=o_attn moe_layer_start_index=i_start moe_layer_end_index=i_end
"""
_WHOLE = dict(pair.split("=") for pair in _WHOLE_TEXT.split())
"""The symbols that papers have for fields of no regular name."""

_ABBREVIATED_TEXT = """
    vision=v visual=v text=t audio=a video=vid image=im speech=sp language=t encoder=enc decoder=dec qformer=q
    query=q queries=q projection=proj projector=proj source=src target=tgt shared=sh backbone=b intermediate=int
    attention=att position=pos embedding=emb embeddings=emb convolution=conv feature=feat temporal=time spatial=sp
    merge=merge downsampling=down downsample=down upsampling=up upsample=up subsampling=sub output=out input=in
    registers=reg register=reg adapter=ad global=glob residual=res resblock=res duration=dur predictor=pred
    vocoder=voc linear=lin semantic=sem acoustic=ac tokenizer=tok generator=gen diarization=dia prompt=prompt
    mamba=m hidden=hid pretrain=pre detection=det high=hi key=k value=v window=win stage=st group=gr codebook=code
    local=loc embed=emb
"""
_ABBREVIATED = dict(pair.split("=") for pair in _ABBREVIATED_TEXT.split())
"""Words of subscripts, shorter; any other word is cut."""

_SILENT = frozenset({"config", "model", "num", "n", "max", "number", "of", "per", "the", "total", "d", "size", "dim"})
_LONGEST_WORD = 5
LONGEST_WORD = 8
MAX_WORDS = 2
"""The most words that a subscript takes from the parts of a path, unless two symbols would be alike."""
_INDEX = re.compile(r"\[([0-9]+)\]")


def short_names(paths: Mapping[str, str], taken: Iterable[str]) -> dict[str, str]:
    """Return a short symbol for each size, given its name and the path of its field; `taken` are other symbols.

    No symbol is one of the registry, and no two are alike.

    >>> short_names({"vision_hidden_size": "vision_config.hidden_size", "num_channels": "num_channels"}, ())
    {'vision_hidden_size': 'H_v', 'num_channels': 'C'}
    >>> short_names({"kv_lora_rank": "kv_lora_rank", "depths_0": "depths[0]", "window": "window"}, ())
    {'kv_lora_rank': 'r_kv', 'depths_0': 'L_0', 'window': 'window'}
    """
    reserved = {*taken, *BY_NAME}
    forms = {name: [name] if len(name) <= LONGEST_KEPT else _candidates(name, path) for name, path in paths.items()}
    level = dict.fromkeys(forms, 0)
    for _ in range(sum(map(len, forms.values()))):
        chosen = {name: forms[name][level[name]] for name in forms}
        owners: dict[str, list[str]] = {}
        for name, symbol in chosen.items():
            owners.setdefault(_lowered(symbol), []).append(name)
        clashing = [
            name
            for names in owners.values()
            for name in names
            if (len(names) > 1 or chosen[name] in reserved) and level[name] < len(forms[name]) - 1
        ]
        if not clashing:
            break
        for name in clashing:
            level[name] += 1
    return _numbered({name: forms[name][level[name]] for name in forms}, reserved)


def _lowered(symbol: str) -> str:
    """Return the symbol as Megatron's notation writes it, so that h_pos does not stand beside H_pos."""
    base, below, words = symbol.partition("_")
    return base.lower() + below + words if base in ("H", "L") and below else symbol


def _candidates(name: str, path: str) -> list[str]:
    """Return the symbols that a size may have, the shortest first; its own name is the last."""
    *parts, last = path.split(".")
    indices, leaf = _INDEX.findall(last), _INDEX.sub("", last)
    letter, beside = _split(leaf)
    before = [word for part in parts for word in _words(part)]
    subscripts = [
        _abbreviated(beside)[:MAX_WORDS],
        _abbreviated([*before[:MAX_WORDS], *beside[:MAX_WORDS]]),
        _abbreviated([*before[:MAX_WORDS], *(beside or _words(leaf))]),
        _abbreviated([*before, *_words(leaf)]),
        [*before, *_words(leaf)],
    ]
    forms = ["_".join((letter, *dict.fromkeys(subscript), *indices)) for subscript in subscripts]
    return [*dict.fromkeys(form for form in forms if len(form) < max(len(name), LONGEST_KEPT)), name]


def _split(leaf: str) -> tuple[str, list[str]]:
    """Return the letter of a field's kind, and the words beside it."""
    if leaf in _WHOLE:
        letter, *beside = _WHOLE[leaf].split("_")
        return letter, beside
    for pattern, letter in _LETTERS:
        match = pattern.fullmatch(leaf)
        if match is not None:
            return letter, _words("_".join(filter(None, match.group("before", "after"))))
    words = _words(leaf) or [leaf]
    if words == [leaf] and len(leaf) <= LONGEST_WORD:
        return leaf, []  # a word that no rule knows is its own symbol
    return ("n" if leaf.startswith(("num_", "n_")) else words[-1][0].lower()), words


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[_\W]+", text) if word and word.lower() not in _SILENT]


def _abbreviated(words: Iterable[str]) -> list[str]:
    return [_ABBREVIATED.get(word.lower(), word[:_LONGEST_WORD]) for word in words]


def _numbered(symbols: Mapping[str, str], reserved: set[str]) -> dict[str, str]:
    """Return the symbols with a number behind each that is taken still."""
    result: dict[str, str] = {}
    used = set(reserved)
    for name, symbol in symbols.items():
        number, unique = 2, symbol
        while unique in used and unique != name:
            unique, number = f"{symbol}_{number}", number + 1
        used.add(unique)
        result[name] = unique
    return result
