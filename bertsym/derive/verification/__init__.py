"""The last stage: compare a candidate with what the model code builds.

- `check` compares names, shapes and ties, tensor by tensor, at one observation. An observation that differs is a
  counterexample, and `cegis` hands it back to synthesis.
- `error_bound` says how likely wrong formulas are to pass all samples (Schwartz 1980, Zippel 1979).
- `recheck` tests a saved model again, long after its derivation, at samples of its stored domain.
"""
