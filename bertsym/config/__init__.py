"""A config.json, read as a model."""
