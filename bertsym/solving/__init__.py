"""The sizes that meet a target: one unknown as mathematics, several by a complete search of a lattice."""
