"""Counts compiled to functions of sizes: exact at integers of any size, and fast over arrays of numpy."""

from bertsym.compiled.function import CompiledCount, Overflow, compiled

__all__ = ["CompiledCount", "Overflow", "compiled"]
