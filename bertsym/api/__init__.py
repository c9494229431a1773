"""The public library: load a model, count it, write its formula, check a claim or a checkpoint, derive a formula."""

from bertsym.api.answers import Answer, Audit, Derivative, Derived, Total, Verification
from bertsym.api.checks import audit, verify
from bertsym.api.derivation import derive
from bertsym.api.model import Model, load

__all__ = [
    "Answer",
    "Audit",
    "Derivative",
    "Derived",
    "Model",
    "Total",
    "Verification",
    "audit",
    "derive",
    "load",
    "verify",
]
