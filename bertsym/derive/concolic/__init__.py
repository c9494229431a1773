"""Run model code with symbols for sizes and record what it computes and compares."""
