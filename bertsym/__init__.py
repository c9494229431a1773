"""Parameter counts of BERT and its relatives, derived symbolically and equal to the real model's.

>>> import bertsym
>>> bertsym.load("bert-base-uncased").count()
109482240
>>> print(bertsym.load("bert").total())
BertModel, exact: every parameter, tied weights once
(2·ffn_ratio + 4)·L·H² + (ffn_ratio + 9)·L·H + (V + N + 5)·H + H²
"""

from __future__ import annotations

from bertsym.version import __version__

TYPE_CHECKING = False  # as typing has it, which is not imported before the command line is ready for an interrupt
if TYPE_CHECKING:
    from typing import Any

    from bertsym.api import Answer, Model, Slope, Total, load
    from bertsym.errors import BertsymError

__all__ = ["Answer", "BertsymError", "Model", "Slope", "Total", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """The public names, loaded when first asked for: `import bertsym` alone costs nothing, not even sympy."""
    if name not in __all__:
        raise AttributeError(f"module 'bertsym' has no attribute {name!r}")
    from bertsym import api, errors

    value = getattr(errors if name == "BertsymError" else api, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
