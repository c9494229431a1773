"""The sizes that model code accepts: which matter, what must hold between them, and draws of them."""
