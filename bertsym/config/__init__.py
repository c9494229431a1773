"""Read a Hugging Face config.json as a model."""
