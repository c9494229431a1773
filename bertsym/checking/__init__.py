"""Is a checkpoint the model that it claims to be, and if it claims nothing, which is it."""
