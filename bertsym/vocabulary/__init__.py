"""The papers' names for the parts of a derived model: its components, in place of the names of modules."""
