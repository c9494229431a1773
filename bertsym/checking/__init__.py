"""Compare a checkpoint with the model that it claims to be, or identify the model from names and shapes."""
