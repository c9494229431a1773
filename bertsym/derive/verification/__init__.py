"""Compare a candidate with the model code at fresh configurations."""
