"""The list of the atlas: the model types of transformers with a derived formula, and those without."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bertsym import atlas
from bertsym.atlas import Listed
from bertsym.atlas.variants import Variant, variants
from bertsym.document import Code, Column, Count, Document, Inline, Paragraph, Table
from bertsym.report import Record
from bertsym.values import value
from bertsym.zoo import ARCHITECTURES


@value
class Atlas:
    """Every stored model type, and why the others are not."""

    source: str
    models: tuple[Listed, ...]
    missing: Mapping[str, str]

    def document(self) -> Document:
        """Return a table of the model types, in alphabetical order."""
        whole = sum(not model.unresolved for model in self.models)
        what = f"Derived from the code of {self.source}: {len(self.models)} model types, {whole} with a whole formula."
        given = (
            "Those can be given as MODEL, by name or, with the code's own defaults put in, as ",
            Code("NAME-default"),
        )
        zoo = (
            f". {len(ARCHITECTURES)} names, such as bert, mean a model that was written from its paper: ",
            Code(f"{atlas.PREFIX}NAME"),
            " is the one from the code.",
        )
        none = f"{len(self.missing)} model types have no formula; docs/atlas.md says why."
        words = "A fixed field has one value for which the formula holds; a variant has a formula for other values."
        titles = (
            Column("name", whole=True),
            Column("class"),
            Column("parameters", right=True),
            Column("formula"),
            Column("heads"),
        )
        rows = tuple(_row(model) for model in self.models)
        return (
            Paragraph((what,)),
            Paragraph((*given, *zoo)),
            Paragraph((none,)),
            Paragraph((words,)),
            Table(titles, rows),
        )

    def record(self) -> Record:
        """Return the model types for programs."""
        return {
            "source": self.source,
            "models": [
                {
                    "name": model.name,
                    "given_as": given_as(model.name),
                    "class": model.cls,
                    "heads": dict(model.heads),
                    "partly": dict(model.partly),
                    "count": model.count,
                    "whole": not model.unresolved,
                    "refused": model.unresolved,
                    "fixed_fields": model.fixed,
                    "variants": [_variant(variant) for variant in variants(model.entry)],
                }
                for model in self.models
            ],
            "missing": dict(self.missing),
        }


def _row(model: Listed) -> tuple[Inline, ...]:
    formula = f"partly: {model.unresolved:,} tensors have none" if model.unresolved else "whole"
    fixed = f", {model.fixed} fixed field{'s' * (model.fixed > 1)}" if model.fixed else ""
    heads = ", ".join(name for name in model.heads if name != "model")
    number = len(variants(model.entry))
    varied = f", {number} variant{'s' * (number > 1)}" if number else ""
    return (Code(model.name), model.cls, Count(model.count), formula + fixed + varied, heads)


def _variant(variant: Variant) -> Record:
    settings = [f"{path}: {json.dumps(setting)}" for path, setting in variant.settings.items()]
    return {"settings": settings, "checkpoint": variant.checkpoint, "heads": dict(variant.heads)}


def given_as(name: str) -> str:
    """Return the name that the user types: a type that the zoo has too is prefixed with `atlas:`."""
    return f"{atlas.PREFIX}{name}" if name in ARCHITECTURES else name


def listing() -> Atlas:
    """Return the list of the atlas."""
    index = atlas.index()
    return Atlas(atlas.source(), tuple(index[name] for name in sorted(index)), atlas.missing())
