"""The domain stage: the values that each field of a target may take, found by asking the oracle.

Three functions, in this order:

1. `infer_domain.infer_domain` makes a `Space` around the target's defaults. It makes stacks shallow (`depths`) and
   finds the fields that change the inventory (`screening`: factor screening by group testing, Dorfman 1943). Then it
   gives each field the weakest constraint that holds (`constraint_templates`). One field changes at a time.
2. `constraint_acquisition.acquire_constraints` samples all fields of the space at once. From each rejected sample it
   learns a constraint between two fields (QuAcq, Bessiere et al. 2013; the language of constraints is in
   `pair_constraints`), or it fixes a field.
3. `constraint_acquisition.unfreeze` tries the fixed fields again, beside other values of the rest.

The values that they hand on:

- `field_domain.FieldDomain`: the values of one field, such as "multiples of heads, from 1 to 24 times". Its
  `AllowedValues` are those of the saved model (`saved_model.allowed_values`).
- `space.Space`: the domains of all fields, and ways to sample them. Sampling, verification and recheck draw from it.
- `base_trials.BaseTrials`: the base configuration of step 1, and its builds with a few fields changed.

`symbol_names` gives the fields their symbols (V, H, L ...), `stored_space` reads and writes the domains of a saved
model. To understand the stage, read `field_domain`, `infer_domain` and `constraint_acquisition`.
"""
