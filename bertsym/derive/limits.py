"""Every tuning constant of derive, by the stage that it limits, each with its reason.

A name says what is limited and begins with MAX_ or MIN_ where it is a bound. A constant that follows from a format or a
protocol, and that nobody would tune, stays in its module.
"""

from __future__ import annotations

# --- oracle: how long and how much the model code may run ---

# --- concolic: how much a run with symbols may record ---

# --- domain: how fields are screened and their constraints found ---

# --- sampling: how many configurations of each kind ---

# --- synthesis: how large the formulas are that are tried ---

# --- verification: how often a candidate is tried ---

# --- pipeline: rounds, seeds, fallbacks ---

# Random observations of the first synthesis; those that the domain stage left count towards them. Fewer leave rare
# layers unseen, more cost a build each.
MIN_SAMPLES = 16
# Random observations drawn even if the domain stage left many: its builds lie close to the defaults.
MIN_NEW_SAMPLES = 4
# Boundary observations before the first candidate exists. The later ones, which the candidate asks for, have no bound.
MAX_FIRST_BOUNDARY_SAMPLES = 32
# Fresh observations at which the count that a user gets is compared as well: it costs a sympy evaluation each.
MAX_COUNTED_OBSERVATIONS = 3
# Builds that are repeated at the end to show that the target is deterministic: each costs a build.
REPEATED_BUILDS = 3
# Rounds of synthesis and check. Each costs a set of fresh builds; code that still refutes its formulas then is of a
# kind that the synthesizer does not know.
MAX_ROUNDS = 12
# Counterexamples of a round that become samples: more slow the synthesis down and say the same.
MAX_COUNTEREXAMPLES = 24
# Random observations that test a candidate: fewer make the bound on the error worthless.
MIN_TRIALS = 12
# Groups of fields that a fallback may fix. Each group that is tried alone costs a search of its own.
MAX_FALLBACK_GROUPS = 5
# A field above this is a width, and no fallback fixes it: a formula without widths says nothing.
MAX_FALLBACK_FACTOR = 64

# A trace shows a stage; it is no record of every build. A few counterexamples show what is wrong with a candidate.
MAX_TRACED_COUNTEREXAMPLES = 5
# Rejected builds that no constraint explains; each has an error of its own.
MAX_TRACED_REJECTIONS = 10
# Bounds of a trace file, so that a long derivation of a large model fills no disk.
MAX_TRACE_LINES = 20_000
MAX_TRACE_BYTES = 32 * 2**20
MAX_TRACE_LINE_BYTES = 2**20
# Entries of a list in a line; the models of transformers have at most a few hundred templates.
MAX_TRACED_ENTRIES = 1_000
# Characters of a text in a line: the model code chooses names and errors, which may be of any length.
MAX_TRACED_CHARACTERS = 500
