"""Choose the configurations at which the model code is built."""
