"""Checkpoints: the names, shapes and types of their tensors."""
