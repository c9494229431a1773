"""The command line: parse, one library call, render, echo. The only place that prints or exits."""

from bertsym.cli.app import main, run

__all__ = ["main", "run"]
