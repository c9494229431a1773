"""Formulas as ordered trees, and the styles in which people write them."""
