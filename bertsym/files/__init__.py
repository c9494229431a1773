"""Read files from strangers within bounds on bytes, depth and values."""
