"""The best size by a scaling law for an amount of compute, and the sizes of a model that meet it."""

from __future__ import annotations

from bertsym.document import Count, Document, Remark
from bertsym.quantities import PARAMETERS, Unit, parse_amount
from bertsym.report import Record, Report
from bertsym.solving.scaling_laws import Optimum, ScalingLaw, named_law
from bertsym.values import value

FLOPS = Unit("FLOPs", "FLOPs")
TOKENS = Unit("tokens")


@value
class Allocation:
    """The best size by a law for an amount of compute."""

    law: ScalingLaw
    compute: int
    optimum: Optimum


def allocated(law: str, compute: int | str) -> Allocation:
    """Return the best size by the law of that name; raises `UnknownName`, `Unreadable` or `OutOfRange`."""
    chosen = named_law(law)
    flops = parse_amount(compute, FLOPS, "compute") if isinstance(compute, str) else compute
    return Allocation(chosen, flops, chosen.optimum(flops))


@value
class ComputeOptimal:
    """The best size by a law, and the sizes of a model that meet it."""

    allocation: Allocation
    sizes: Report

    def document(self) -> Document:
        """Return what the law says, its source, and the sizes."""
        law, optimum = self.allocation.law, self.allocation.optimum
        best = (
            f"the law {law.name}, which is not ours: at C = ",
            Count(self.allocation.compute, short=True, unit=FLOPS),
            ", N = ",
            Count(optimum.parameters, short=True, unit=PARAMETERS),
            " and D = ",
            Count(optimum.tokens, short=True, unit=TOKENS),
            " tokens",
        )
        source = f"{law.source}: {law.formula}; N as our convention {law.convention}, {law.flops}"
        return (Remark(best), Remark((source,)), *self.sizes.document())

    def record(self) -> Record:
        """Return the law and its optimum for programs, with the sizes."""
        chosen, optimum = self.allocation.law, self.allocation.optimum
        law: Record = {
            "name": chosen.name,
            "source": chosen.source,
            "formula": chosen.formula,
            "compute": self.allocation.compute,
            "parameters": optimum.parameters,
            "tokens": optimum.tokens,
        }
        record = self.sizes.record()
        return {**record, "law": law} if isinstance(record, dict) else {"law": law}
