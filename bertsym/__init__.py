"""Parameter counts of BERT and its relatives, derived symbolically and equal to the real model's.

>>> import bertsym
>>> bertsym.load("bert-base-uncased").count()
109482240
>>> print(bertsym.load("bert").total())
BertModel, exact: every parameter, tied weights once
(2·ffn_ratio + 4)·L·H² + (ffn_ratio + 9)·L·H + (V + N + 5)·H + H²
"""

from __future__ import annotations

import sys
from types import ModuleType

from bertsym.version import __version__

TYPE_CHECKING = False  # `typing` is not imported before the command line handles interrupts
if TYPE_CHECKING:
    from typing import Any

    from bertsym.api import (
        Answer,
        Audit,
        CompiledCount,
        Derivative,
        Derived,
        Model,
        Models,
        Overflow,
        PublishedModel,
        Row,
        Total,
        Verification,
        audit,
        build,
        derive,
        load,
        models,
        verify,
    )
    from bertsym.errors import BertsymError

__all__ = [
    "Answer",
    "Audit",
    "BertsymError",
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
    "__version__",
    "audit",
    "build",
    "derive",
    "load",
    "models",
    "verify",
]


class _Package(ModuleType):
    """The package, in which `bertsym.derive` is the function and not the subpackage of that name.

    Python binds a subpackage to its name in the parent whenever it is first imported. A property stays bound.
    """

    @property
    def derive(self) -> Any:
        """Return the function."""
        return __getattr__("derive")

    @derive.setter
    def derive(self, subpackage: ModuleType) -> None:
        """Ignore the subpackage, which is imported by its full name."""


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that `import bertsym` alone does not import sympy."""
    if name == "parts":
        from importlib import import_module

        return import_module("bertsym.parts")
    if name not in __all__:
        raise AttributeError(f"module 'bertsym' has no attribute {name!r}")
    from bertsym import api, errors

    value = getattr(errors if name == "BertsymError" else api, name)
    if name != "derive":
        globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
