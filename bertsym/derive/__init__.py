"""A closed form inferred from somebody's model code: built many times without weights, fitted, and tried again."""
