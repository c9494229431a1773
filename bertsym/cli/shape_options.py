"""The options of `solve` that choose among shapes, as typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bertsym.model import Model
    from bertsym.solving.constraints import Constraint


@dataclass(frozen=True)
class ShapeOptions:
    """The shapes that are accepted, and whether the answers are spread over them."""

    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="NAME",
            help="Accept only H/L, head sizes and F/H of this published model, or of a family such as llama.",
        ),
    ] = None
    tp: Annotated[
        int | None,
        typer.Option(
            "--tp",
            metavar="N",
            min=1,
            help="Accept only heads, kv_heads, F and V that N tensor-parallel devices can divide.",
        ),
    ] = None
    diverse: Annotated[
        bool,
        typer.Option("--diverse", help="Show answers of which each has a size that differs from every other's by 1/4."),
    ] = False

    def rules(self, model: Model) -> tuple[Constraint, ...]:
        """Return the conditions of --like and --tp; raises `UnknownName` or `Conflict`."""
        from bertsym.resolve import examples
        from bertsym.solving.shapes import like
        from bertsym.solving.tensor_parallel import divided

        shape = () if self.like is None else like(model, self.like, examples(self.like))
        return shape if self.tp is None else (*shape, *divided(model, self.tp))
