"""The command line: parse, one library call, render, echo. The only place that prints or exits."""

from bertsym.cli.app import main

__all__ = ["main"]
