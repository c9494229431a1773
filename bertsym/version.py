"""The version, alone, so that asking for it loads nothing."""

__version__ = "0.2.0"
