"""A lower bound on the time of a run: its work at a device's peak, or its traffic at the memory's bandwidth.

Williams, Waterman and Patterson 2009, "Roofline: an insightful visual performance model for multicore architectures".
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.answers.answer_context import Subject, subject
from bertsym.convention import Convention
from bertsym.costs import measured, within_positions
from bertsym.costs.cache import entries as cached
from bertsym.costs.devices import Device, named_device
from bertsym.costs.flops import FLOPS
from bertsym.costs.phases import Phase, phases
from bertsym.costs.quantity import Quantity
from bertsym.count import count
from bertsym.document import Column, Count, Document, Inline, Remark, Table
from bertsym.errors import Missing
from bertsym.model import Model
from bertsym.quantities import BYTES, decimal
from bertsym.report import Record
from bertsym.tree import Listed
from bertsym.values import value

SECONDS = ((Fraction(1), "s"), (Fraction(1, 10**3), "ms"), (Fraction(1, 10**6), "us"), (Fraction(1, 10**9), "ns"))


@value
class Bound:
    """A phase with its work and traffic, and the seconds that each takes at least."""

    phase: str
    work: int
    traffic: int
    computing: Fraction
    moving: Fraction

    @property
    def seconds(self) -> Fraction:
        """Return the larger of the two."""
        return max(self.computing, self.moving)

    @property
    def limit(self) -> str:
        """Return the side of the device that bounds the phase."""
        return "FLOPs" if self.computing >= self.moving else "bandwidth"


@value
class Roofline:
    """The bounds of a model's phases on a device."""

    subject: Subject
    device: Device
    dtype: str
    bounds: tuple[Bound, ...]

    def document(self) -> Document:
        """Return a table with a row for each phase."""
        device = self.device
        peak, bandwidth = (
            decimal(Fraction(device.peak(self.dtype), 10**12), 1),
            decimal(Fraction(device.bandwidth, 10**9), 0),
        )
        remarks = (
            *self.subject.remarks(),
            Remark((f"{device.title}: {peak} TFLOPS in {self.dtype}, {bandwidth} GB/s ({device.source})",)),
            Remark(("a lower bound: no run is quicker; the bound does not say how much slower a run is",)),
        )
        titles = ("FLOPs", "bytes", "FLOPs / peak", "bytes / bandwidth", "at least")
        columns = (Column("phase"), *(Column(title, right=True) for title in titles), Column("bound by"))
        rows: tuple[tuple[Inline, ...], ...] = tuple(
            (
                bound.phase,
                Count(bound.work, unit=FLOPS),
                Count(bound.traffic, unit=BYTES),
                *(written(time) for time in (bound.computing, bound.moving, bound.seconds)),
                bound.limit,
            )
            for bound in self.bounds
        )
        return (*remarks, Table(columns, rows))

    def record(self) -> Record:
        """Return the bounds for programs; seconds are exact fractions."""
        return {
            "model": self.subject.model,
            "class": self.subject.cls,
            "at": self.subject.sizes(),
            "device": self.device.name,
            "source": self.device.source,
            "dtype": self.dtype,
            "peak": self.device.peak(self.dtype),
            "bandwidth": self.device.bandwidth,
            "phases": [
                {
                    "phase": bound.phase,
                    "flops": bound.work,
                    "bytes": bound.traffic,
                    "seconds": bound.seconds,
                    "bound_by": bound.limit,
                }
                for bound in self.bounds
            ],
        }


def written(seconds: Fraction) -> str:
    """Write a time in the largest unit that leaves a digit before the point, to three places, rounded down.

    A bound must not be rounded up.

    >>> written(Fraction(1, 3)), written(Fraction(29999, 10**7))
    ('333.333 ms', '2.999 ms')
    """
    unit, name = next(((unit, name) for unit, name in SECONDS if seconds >= unit), SECONDS[-1])
    thousandths = seconds / unit * 1000
    return f"{decimal(Fraction(thousandths.numerator // thousandths.denominator, 1000), 3)} {name}"


def roofline(loaded: Model, sizes: Mapping[Symbol, Value], device: str, dtype: str) -> Roofline:
    """Return the bounds of a model at sizes of its configuration and of a run.

    Raises `UnknownName`, `NotKnownOf` for a model whose work is not known, `MissingSize` or `Conflict`.
    """
    chosen = named_device(device)
    chosen.peak(dtype)
    head = loaded.architecture.heads[loaded.head]
    decodes = not isinstance(head.tree, Listed) and bool(cached(loaded.architecture, head))
    run = phases(dtype, decodes=decodes)
    _check_sizes(loaded, run, sizes)
    whole, convention = _measured(loaded, run[0].work, sizes)
    return Roofline(
        subject(within_positions(whole, loaded), convention),
        chosen,
        dtype,
        tuple(_bound(loaded, phase, sizes, chosen, dtype) for phase in run),
    )


def _bound(loaded: Model, phase: Phase, sizes: Mapping[Symbol, Value], device: Device, dtype: str) -> Bound:
    work = count(*_measured(loaded, phase.work, sizes))
    traffic = sum(times * count(*_measured(loaded, part, sizes)) for times, part in phase.traffic)
    computing, moving = Fraction(work, device.peak(dtype)), Fraction(traffic, device.bandwidth)
    return Bound(phase.name, work, traffic, computing, moving)


def _measured(loaded: Model, quantity: Quantity, sizes: Mapping[Symbol, Value]) -> tuple[Model, Convention]:
    """Return a quantity of a model at the sizes that the quantity depends on, and its convention."""
    account = quantity.account()
    model = measured(loaded, quantity, account)
    return model.with_sizes({s: n for s, n in sizes.items() if s in model.symbols}, pin=True), account.convention


def _check_sizes(loaded: Model, run: tuple[Phase, ...], sizes: Mapping[Symbol, Value]) -> None:
    """Raise `UnknownName` for a size on which no phase depends."""
    parts = (part for phase in run for part in (phase.work, *(part for _, part in phase.traffic)))
    known = {symbol for part in parts for symbol in measured(loaded, part, part.account()).symbols}
    loaded.check_known(symbol for symbol in sizes if symbol not in known)


def required_device(name: str | None) -> str:
    """Return the name of a device; raises `Missing`."""
    if name is None:
        raise Missing("device", "--device h100-sxm")
    return name
