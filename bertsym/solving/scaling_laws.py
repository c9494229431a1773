"""Scaling laws as data: by a paper, the best size of a model and number of tokens for an amount of compute.

A law is its authors' and not ours: it was fitted to their models and data. It has their definitions of N and C. Numbers
are decimals of the papers, and results are rounded to integers, without a float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from itertools import pairwise
from types import MappingProxyType

from bertsym.errors import BertsymError, UnknownName, choice
from bertsym.values import value

DIGITS = 50
PF_DAY = Decimal("8.64e19")
"""The FLOPs of a petaflop a second in a day."""


@value
class OutOfRange(BertsymError):
    """An amount of compute for which a paper gives no numbers."""

    law: str
    compute: int
    low: str
    high: str

    def __str__(self) -> str:
        return (
            f"{self.law} has numbers from {self.low} to {self.high} FLOPs, not for {Decimal(self.compute):.2e}; "
            "choose another law or amount"
        )


@value
class Optimum:
    """The best numbers of parameters and tokens by a law."""

    parameters: int
    tokens: int


@value
class ScalingLaw:
    """A law with its source. `convention` names our convention that counts its N; `flops` says its C in words."""

    name: str
    source: str
    formula: str
    convention: str
    flops: str
    best: Callable[[Decimal], tuple[Decimal, Decimal]]

    def optimum(self, compute: int) -> Optimum:
        """Return the best size for so many FLOPs; raises `OutOfRange` beyond the numbers of a table."""
        with localcontext() as context:
            context.prec = DIGITS
            parameters, tokens = self.best(Decimal(compute))
            return Optimum(*(int(n.to_integral_value(ROUND_HALF_EVEN)) for n in (parameters, tokens)))


def _power_laws(compute: Decimal) -> tuple[Decimal, Decimal]:
    """Kaplan et al., Table 6: N_e and D_e at one PF-day, and the powers of the compute in PF-days."""
    days = compute / PF_DAY
    return Decimal("1.3e9") * days ** Decimal("0.73"), Decimal("2e10") * days ** Decimal("0.27")


# Values rather than closures, because an answer holds its law and can be pickled.
@value
class _Parametric:
    """The minimum of E + A/N^alpha + B/D^beta where C = 6ND (Hoffmann et al. 2022, equation 4)."""

    a: str
    b: str
    alpha: str
    beta: str

    def __call__(self, compute: Decimal) -> tuple[Decimal, Decimal]:
        size, data, first, second = (Decimal(number) for number in (self.a, self.b, self.alpha, self.beta))
        ratio = (first * size / (second * data)) ** (1 / (first + second))
        parameters = ratio * (compute / 6) ** (second / (first + second))
        return parameters, compute / 6 / parameters


@value
class _Interpolated:
    """A table of parameters, FLOPs and tokens; between two rows both grow as a power of the FLOPs."""

    name: str
    rows: tuple[tuple[str, str, str], ...]

    def __call__(self, compute: Decimal) -> tuple[Decimal, Decimal]:
        points = [(Decimal(flops), Decimal(parameters), Decimal(tokens)) for parameters, flops, tokens in self.rows]
        for (low, *less), (high, *more) in pairwise(points):
            if low <= compute <= high:
                share = (compute / low).ln() / (high / low).ln()
                parameters, tokens = (a * (b / a) ** share for a, b in zip(less, more, strict=True))
                return parameters, tokens
        raise OutOfRange(self.name, int(compute), self.rows[0][1], self.rows[-1][1])


CHINCHILLA = "Hoffmann et al. 2022, arXiv:2203.15556"
APPROACH_1 = (
    ("400e6", "1.92e19", "8.0e9"),
    ("1e9", "1.21e20", "20.2e9"),
    ("10e9", "1.23e22", "205.1e9"),
    ("67e9", "5.76e23", "1.5e12"),
    ("175e9", "3.85e24", "3.7e12"),
    ("280e9", "9.90e24", "5.9e12"),
    ("520e9", "3.43e25", "11.0e12"),
    ("1e12", "1.27e26", "21.2e12"),
    ("10e12", "1.30e28", "216.2e12"),
)
APPROACH_2 = (
    ("400e6", "1.84e19", "7.7e9"),
    ("1e9", "1.20e20", "20.0e9"),
    ("10e9", "1.32e22", "219.5e9"),
    ("67e9", "6.88e23", "1.7e12"),
    ("175e9", "4.54e24", "4.3e12"),
    ("280e9", "1.18e25", "7.1e12"),
    ("520e9", "4.19e25", "13.4e12"),
    ("1e12", "1.59e26", "26.5e12"),
    ("10e12", "1.75e28", "292.0e12"),
)
SIX_N_D = "C = 6ND"
LAWS: Mapping[str, ScalingLaw] = MappingProxyType(
    {
        law.name: law
        for law in (
            ScalingLaw(
                "kaplan",
                "Kaplan et al. 2020, arXiv:2001.08361, Table 6",
                "N = 1.3e9 C^0.73 and D = 2e10 C^0.27, C in PF-days",
                "non-embedding",
                "C at a batch far below the critical one, without embeddings",
                _power_laws,
            ),
            ScalingLaw(
                "chinchilla-1",
                f"{CHINCHILLA}, approach 1, Table 3",
                "minimum over training curves; the table's rows, and powers of C between them",
                "exact",
                "C as in their appendix F, close to 6ND",
                _Interpolated("chinchilla-1", APPROACH_1),
            ),
            ScalingLaw(
                "chinchilla-2",
                f"{CHINCHILLA}, approach 2, Table A3",
                "profiles of equal FLOPs; the table's rows, and powers of C between them",
                "exact",
                "C as in their appendix F, close to 6ND",
                _Interpolated("chinchilla-2", APPROACH_2),
            ),
            ScalingLaw(
                "chinchilla-3",
                f"{CHINCHILLA}, approach 3, with the digits of the TeX source as arXiv:2404.10102 quotes them",
                "minimum of E + 406.4/N^0.3392 + 410.7/D^0.2849",
                "exact",
                SIX_N_D,
                _Parametric("406.4", "410.7", "0.3392", "0.2849"),
            ),
            ScalingLaw(
                "besiroglu",
                "Besiroglu et al. 2024, arXiv:2404.10102, who fit approach 3 again",
                "minimum of E + 482.01/N^0.3478 + 2085.43/D^0.3658",
                "exact",
                SIX_N_D,
                _Parametric("482.01", "2085.43", "0.3478", "0.3658"),
            ),
        )
    }
)


def named_law(name: str) -> ScalingLaw:
    """Return the law of that name; raises `UnknownName`."""
    chosen = choice(name, LAWS)
    if chosen is None:
        raise UnknownName("scaling law", name, LAWS)
    return LAWS[chosen]
