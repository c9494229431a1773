"""Bound the probability that wrong formulas pass the check (Schwartz 1980, Zippel 1979).

Schwartz-Zippel: a polynomial of total degree d that is not 0 is 0 at a point drawn uniformly from a grid of n values a
variable with a probability of at most d/n. The difference between a formula and what the code computes is such a
polynomial, so k independent samples all agree with a probability of at most (d/n)^k.

The bound has a proviso: the code must compute polynomials of no higher degree than the formulas have. Conditions and
floors lie outside of it. Boundary samples, equality patterns and orthogonal arrays test those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Iverson, free
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.tree import Tensor


def error_bound(tensors: Sequence[Tensor], space: Space, symbols: Mapping[str, Symbol], samples: int) -> Fraction:
    """Return an upper bound on the probability that a wrong formula agrees with so many uniform samples.

    The bounds of all dimensions and loop ranges are added (union bound). A size that is sampled as a multiple of others
    brings their degree along.
    """
    domains = {symbols[domain.name]: domain for domain in space.axes if domain.name in symbols}
    expressions = {expression for tensor in tensors for expression in _expressions(tensor)}
    bounds = [_agreement(expression, domains, space) ** samples for expression in expressions]
    return min(Fraction(1), sum(bounds, start=Fraction(0)))


def _expressions(tensor: Tensor) -> Iterable[Expr]:
    return (*tensor.shape, *(bound for loop in tensor.loops for bound in (loop.start, loop.stop, *loop.listed)))


def _agreement(expression: Expr, domains: Mapping[Symbol, FieldDomain], space: Space) -> Fraction:
    """Return a bound on the probability that a wrong expression of this degree agrees with one sample.

    A constant counts as degree 1, because the true expression may be linear in any size.
    """
    sampled = [
        domain
        for domain in domains.values()
        if not domain.is_switch and not domain.no_effect and domain.value_count > 1
    ]
    degree = max(1, _degree(expression, domains, space))
    return min(Fraction(1), degree / min(map(_effective_values, sampled), default=Fraction(1)))


def _effective_values(domain: FieldDomain) -> Fraction:
    """Return 1 over an upper bound on the probability of the likeliest value.

    A sample bounded by another field is folded into 1 to that field's value M, so no value is likelier than 1/M + 1/n.
    The mean of that over M from 1 to n is (1 + 1/2 + ... + 1/n + 1)/n.
    """
    return Fraction(domain.value_count, 1 if domain.at_most is None else domain.value_count.bit_length() + 1)


def _degree(expression: Expr, domains: Mapping[Symbol, FieldDomain], space: Space) -> int:
    """Return the total degree in the sampled numbers; a floor has the degree of its argument, a condition has none."""
    plain = expression.replace(sympy.floor, lambda inside: inside).replace(Iverson, lambda _: sympy.Integer(1))
    numerator, _ = sympy.fraction(sympy.together(plain))
    present = [symbol for symbol in free(numerator) if symbol in domains]
    if not present:
        return 0
    weights = [space.degree(domains[symbol]) for symbol in present]
    monomials = sympy.Poly(numerator, *present).monoms()
    return max(sum(int(e) * w for e, w in zip(powers, weights, strict=True)) for powers in monomials)
