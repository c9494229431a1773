"""The domain stage: the values that each field of a target may take, found by asking the oracle.

Three functions, in this order, each from a `Space` to a smaller or better one:

1. `infer_domain.infer_domain` starts at the target's defaults. It makes stacks shallow (`depths`), finds the fields
   that change the inventory (`screening`: factor screening by group testing, Dorfman 1943), and gives each field the
   weakest domain that builds (`constraint_templates`). It changes one field at a time, and those that must follow.
2. `constraint_acquisition.acquire_constraints` samples all fields at once. From each rejected sample it learns a
   constraint between two fields (QuAcq, Bessiere et al. 2013; candidates in `pair_constraints`), or fixes a field.
3. `constraint_acquisition.unfreeze` tries the fixed fields again, beside other values of the rest.

The values that they hand on:

- `field_domain.FieldDomain`: the values of one field, such as "multiples of heads, from 1 to 24 times".
- `space.Space`: the domains of all fields, and ways to sample them. Sampling, verification and recheck draw from it.
- `base_trials.BaseTrials`: the builds with a few fields changed, which 1 asks for.

`symbol_names` gives the fields their symbols (V, H, L ...), `stored_space` reads and writes the domains of a saved
model. To understand the stage, read `field_domain`, `infer_domain` and `constraint_acquisition`.
"""
