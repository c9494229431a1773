"""Read the names, shapes and types of the tensors of a checkpoint, without their data."""
