"""Formulas of a task head over a derived base: the base's tensors under a prefix, and a synthesis of the rest."""
