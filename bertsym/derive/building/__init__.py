"""Model code run in another process, without weights: what tensors it has at the sizes it is given."""
