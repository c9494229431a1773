"""Libraries that some classes of transformers need, and that have no wheels for every build of torch."""

from __future__ import annotations

import re
from typing import NoReturn

import pytest


def skip_or_raise(error: Exception, cls: str) -> NoReturn:
    """Skip the test if a class needs a library that is not there; raise any other error."""
    needed = re.search(r"requires the (timm|PIL|torchvision|torchaudio) library", str(error))
    if needed is None:
        raise error
    pytest.skip(f"{cls} needs {needed[1]}, which `make timm` installs if it fits torch")
