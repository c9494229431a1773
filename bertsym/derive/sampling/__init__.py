"""Choose the configurations at which the model code is built, and observe what it builds there.

A *sample* is a choice of values for all fields, written as a number of steps for each field (see `domain`). An
*observation* is a sample with the inventory that the model code built. Each strategy shows what the others miss:

- `strategies`: small sizes, orthogonal arrays (Bush 1952), sizes near the defaults, one size far from all others.
- `equality_patterns`: sizes made equal, each two of them in some samples (pairwise design).
- `boundary`: sizes on both sides of each condition and floor (boundary value analysis).
- `one_field_changes`: observations that differ in one field, which shows what depends on it (Morris 1991).
- `failure_samples`: more samples of tensors that have no formula yet.

`Sampler` offers them to `cegis` as observations. `Observer` builds samples; `depth_policy` says which stacks must be
sampled deeper. To change which samples are made, read `sampler` first.
"""
