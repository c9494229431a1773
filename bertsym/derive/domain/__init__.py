"""Find out which values each field of a configuration may take."""
