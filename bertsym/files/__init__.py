"""Bounded reading of files from strangers."""
