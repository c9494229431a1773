"""The work of a forward pass, written out: one entry for each product of matrices.

An entry has the rows, the inputs and the outputs of the product as its shape, so its number of elements is the number
of multiply-adds. Look-ups, norms, softmax and activations multiply no matrices and have no entry.
"""

from __future__ import annotations

from functools import cache

import sympy
from sympy import Expr

from bertsym.algebra import Iverson
from bertsym.layers import Attend, Conv1D, Embedding, Leaf, Linear, Parameter, Product, Role, Weight, parameters
from bertsym.symbols import B, S, V, every
from bertsym.tree import Entries, Loop, Node, Tensor, inventory
from bertsym.values import replace

TOKENS = B * S
"""The rows on which a layer works unless its tree says otherwise: one for each token of each sequence."""


def products(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the products of a leaf, without the rows that they have in common."""
    match leaf:
        case Linear(inputs=inputs, outputs=outputs, role=role):
            return (_product("weight", role, "inputs times outputs", inputs, outputs),)
        case Conv1D(inputs=inputs, outputs=outputs, kernel=kernel):
            what = "inputs times outputs, at each place in the kernel"
            return (_product("weight", Role.MATRIX, what, inputs, outputs, kernel),)
        case Parameter(shape=shape, role=Role.MATRIX):
            return (_product("", Role.MATRIX, "a matrix for each row", *shape),)
        case Attend(keys=keys):
            return _attention(leaf, keys)
        case Product(sides=sides, role=role):
            return (_product("", role, "a product without a weight of its own", *sides),)
    return ()


def causal_products(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the products of a leaf, of causal attention only what its mask keeps: on average (S + 1)/2 keys."""
    if isinstance(leaf, Attend) and leaf.causal:
        return _attention(leaf, (leaf.keys + 1) / 2)
    return products(leaf)


def masked_products(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the products of a leaf, of attention only what its masks keep: no later token, none beyond a window."""
    if isinstance(leaf, Attend):
        return () if leaf.mixed else _attention(leaf, _masked_keys(leaf))
    return products(leaf)


def _mixed_products(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the products of attention in a layer without a window, if other layers have one."""
    return _attention(leaf, leaf.keys) if isinstance(leaf, Attend) and leaf.mixed else ()


def _windowed_products(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the products of attention in a layer with a window, if other layers have none."""
    return _attention(leaf, _masked_keys(leaf)) if isinstance(leaf, Attend) and leaf.mixed else ()


def _masked_keys(leaf: Attend) -> Expr:
    """Return the number of keys to which a token attends, on average over tokens."""
    whole = (leaf.keys + 1) / 2 if leaf.causal else leaf.keys
    if leaf.window == 0:
        return whole
    reach = leaf.window if leaf.causal else sympy.floor(leaf.window / 2)
    sides = leaf.keys * (reach if leaf.causal else 2 * reach + 1)
    cut = reach * (reach - 1) / 2 if leaf.causal else reach * (reach + 1)
    within = (sides - cut) / leaf.keys
    return whole + (within - whole) * Iverson(sympy.And(leaf.window > 0, leaf.keys > reach))


def _attention(leaf: Attend, keys: Expr) -> tuple[Weight, ...]:
    values = leaf.size if leaf.values is None else leaf.values
    return (
        _product("scores", Role.PRODUCT, "each query with each key", keys, leaf.heads, leaf.size),
        _product("mixture", Role.PRODUCT, "each score with each value", keys, leaf.heads, values),
    )


def _product(name: str, role: Role, meaning: str, *sides: Expr | int) -> Weight:
    return Weight(name, tuple(sympy.S(side) for side in sides), role, meaning)


@cache
def work(tree: Node) -> tuple[Tensor, ...]:
    """Return the products of a forward pass."""
    return _over_rows(tree, products)


@cache
def causal_work(tree: Node) -> tuple[Tensor, ...]:
    """Return the products of a forward pass that skips what a causal mask leaves out."""
    return _over_rows(tree, causal_products)


@cache
def masked_work(tree: Node) -> tuple[Tensor, ...]:
    """Return the products of a forward pass that skips what causal masks and sliding windows leave out."""
    mixed = _in_layers(_over_rows(tree, _mixed_products), others=False)
    windowed = _in_layers(_over_rows(tree, _windowed_products), others=True)
    return (*_over_rows(tree, masked_products), *mixed, *windowed)


def _in_layers(entries: tuple[Tensor, ...], *, others: bool) -> tuple[Tensor, ...]:
    """Return the entries in the first of `every` layers of their stack, or in the others."""
    return tuple(
        replace(entry, loops=(*entry.loops[:-1], Loop(sympy.S.Zero, entry.loops[-1].stop, every, others)))
        for entry in entries
    )


def single_token_products(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the products of a leaf for a token that comes after all others."""
    if not isinstance(leaf, Attend):
        return products(leaf)
    beyond = sympy.And(leaf.window > 0, leaf.keys > leaf.window)
    return _attention(leaf, leaf.keys + (leaf.window - leaf.keys) * Iverson(beyond))


@cache
def single_token_work(tree: Node) -> tuple[Tensor, ...]:
    """Return the products for one more token of each sequence, whose keys and values are kept.

    An encoder and the keys of its states are not computed again.
    """
    entries = (entry for entry in inventory(tree, single_token_products) if entry.rows is None)
    return tuple(replace(entry, shape=(B, *entry.shape), tied_to=None, tied_when=sympy.true) for entry in entries)


@cache
def chinchilla_work(tree: Node) -> tuple[Tensor, ...]:
    """Return the products of a forward pass, the softmax of each score, and look-ups as products with one-hot rows."""
    tables = inventory(tree, _words)
    shared = {table.tied_to for table in tables}  # T5's stacks look words up, and not the table that they share
    looked_up = (_with_rows(table) for table in tables if table.name not in shared)
    return (*work(tree), *_over_rows(tree, _softmax), *looked_up)


def _words(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the product of a one-hot row with a table of words."""
    if isinstance(leaf, Embedding) and leaf.rows == V:
        return (_product("weight", Role.EMBEDDING, "a one-hot row times the table", V, leaf.width),)
    return ()


def _softmax(leaf: Leaf) -> tuple[Weight, ...]:
    """Return the scores of a leaf: their softmax takes a pass for the exponential, the sum and the quotient each."""
    if isinstance(leaf, Attend):
        return (_product("softmax", Role.NORM, "each score", leaf.keys, leaf.heads),)
    return ()


@cache
def attention_work(tree: Node) -> tuple[Tensor, ...]:
    """Return the products that have no parameters: those of attention."""
    return tuple(entry for entry in work(tree) if entry.role is Role.PRODUCT)


@cache
def parameters_per_token(tree: Node) -> tuple[Tensor, ...]:
    """Return every tensor once for each token, as the rule 6ND counts; tied tensors stay tied."""
    return tuple(replace(tensor, shape=(B, S, *tensor.shape)) for tensor in inventory(tree, parameters))


@cache
def looked_up_per_token(tree: Node) -> tuple[Tensor, ...]:
    """Return every tensor once for each token; only tables that are looked up have the role of an embedding.

    A tied output is one of them, unless it stands before its table: the library counts a tensor by its first name.
    """
    tables = {tensor.name for tensor in inventory(tree, _tables)}
    entries = []
    named: set[str] = set()
    for tensor in parameters_per_token(tree):
        named.add(tensor.name)
        first = tensor.tied_to is None or tensor.tied_to in named
        entry = tensor if first or tensor.name in tables else replace(tensor, tied_to=None)
        multiplies = tensor.role is Role.EMBEDDING and tensor.name not in tables
        entries.append(replace(entry, role=Role.MATRIX) if multiplies else entry)
    return tuple(entries)


def _tables(leaf: Leaf) -> tuple[Weight, ...]:
    return parameters(leaf) if isinstance(leaf, Embedding) else ()


def _over_rows(tree: Node, entries: Entries) -> tuple[Tensor, ...]:
    """Write the products out with the rows that each layer works on; a product belongs to no other tensor."""
    return tuple(_with_rows(entry) for entry in inventory(tree, entries))


def _with_rows(entry: Tensor) -> Tensor:
    rows = TOKENS if entry.rows is None else entry.rows
    first, *rest = entry.shape
    # Half of the keys need not be whole. The rows times it are.
    shape = (rows, *entry.shape) if first.is_integer else (rows * first, *rest)
    return replace(entry, shape=shape, tied_to=None, tied_when=sympy.true)
