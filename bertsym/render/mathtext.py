"""Forms as a line of characters, as a terminal and programs get them."""

from __future__ import annotations

from bertsym.wording import plain, pretty

__all__ = ["plain", "pretty"]
