"""Real models: what is on disk, as a model of the zoo."""
