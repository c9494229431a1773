"""The number of parameters of a class of transformers built from a file, for the tests to compare with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def built(transformers: Any, torch: Any, cls: str, file: dict[str, Any], folder: Path) -> int | None:
    """Return the number of parameters of the class on the meta device; None if the library refuses the file."""
    (folder / "config.json").write_text(json.dumps(file), encoding="utf-8")
    try:
        config = transformers.AutoConfig.from_pretrained(folder)
        with torch.device("meta"):
            return int(getattr(transformers, cls)(config).num_parameters())
    except Exception:  # noqa: BLE001  # what the library refuses has no number
        return None
