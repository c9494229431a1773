"""Infer tensors in symbols from observations at many sizes."""
