"""The options that let a scaling law choose the target of `solve`, as typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bertsym.answers.compute_optimal import Allocation


@dataclass(frozen=True)
class LawOptions:
    """An amount of compute, and the law that gives the best size for it."""

    compute: Annotated[
        str | None,
        typer.Option(
            "--compute", metavar="FLOPS", help="Meet the size that --law finds best for these FLOPs, as in 1e21."
        ),
    ] = None
    law: Annotated[
        str | None,
        typer.Option(
            "--law", metavar="NAME", help="A scaling law: kaplan, chinchilla-1, chinchilla-2, chinchilla-3, besiroglu."
        ),
    ] = None

    def allocation(self, goal: str | None, of: str | None, convention: str | None) -> Allocation | None:
        """Return the best size by the law, None without --compute.

        Raises `Missing`, `UnknownName`, `Unreadable`, `OutOfRange`, or `Conflict` for an option that the law decides.
        """
        from bertsym.errors import Conflict, Missing

        if self.compute is None:
            if self.law is not None:
                raise Missing("compute", f"--compute 1e21 --law {self.law}")
            return None
        from bertsym.answers.compute_optimal import allocated
        from bertsym.solving.scaling_laws import LAWS

        if self.law is None:
            raise Missing("scaling law", f"--law and one of {', '.join(LAWS)}; each is its authors', not ours")
        for option, given in (("--target", goal), ("--of", of), ("--convention", convention)):
            if given is not None:
                raise Conflict(
                    f"--compute {self.compute}", f"{option} {given}", "the law chooses target, quantity and convention"
                )
        return allocated(self.law, self.compute)
