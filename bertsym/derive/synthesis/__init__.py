"""Synthesis: observations become a candidate, a list of tensors in symbols that every observation confirms.

It is inductive synthesis from examples (programming by example), one tensor template at a time:

1. `name_templates` mines the templates: which numbers in tensor names are indices.
2. `observations` is the table of all builds, with the view of it that one template needs. A pair of builds that
   differ in one field says which parts of a tensor the field affects.
3. `partition` splits a template whose tensors no single formula covers.
4. `loop_ranges` finds which indices exist; `arithmetic` finds the formula of a number, by enumerating small bases and
   solving for integer coefficients modulo a prime; `conditions` finds the condition that separates rows.
5. `ties` gives a tied tensor the shape of its target.
6. `synthesize` puts these in order: for each template it takes the first partition whose parts all have formulas.

Two modules add what builds do not show: `definitions` asks the configuration class for omitted fields, and
`expert_routing` marks routed experts by their names.

`evidence` explains one tensor for a maintainer: its observations, its formula, and the `runners_up` that an
observation refutes. No derivation uses it.

Invariants: a formula is accepted only if it gives every observation exactly; nothing is a float; nothing is random, so
that equal observations give equal candidates. To see a stage work, start at `synthesize.Synthesis.candidate`.
"""
