"""Run model code in another process and report the tensors that it builds."""
