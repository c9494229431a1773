"""The public library: load a model, count it, write its formula, check a claim or a checkpoint, derive a formula."""

from bertsym.api.answers import Answer, Audit, Derivative, Derived, Total, Verification
from bertsym.api.building import build
from bertsym.api.catalogue import Models, PublishedModel, models
from bertsym.api.checks import audit, verify
from bertsym.api.derivation import derive
from bertsym.api.model import Model, load
from bertsym.api.records import Row
from bertsym.compiled import CompiledCount, Overflow

__all__ = [
    "Answer",
    "Audit",
    "CompiledCount",
    "Derivative",
    "Derived",
    "Model",
    "Models",
    "Overflow",
    "PublishedModel",
    "Row",
    "Total",
    "Verification",
    "audit",
    "build",
    "derive",
    "load",
    "models",
    "verify",
]
