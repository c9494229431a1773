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

# Names.
MAX_SPARSE_LITERAL = 12
"""A number in names that skips values is a literal if all its values are below this.

Funnel's empty stages skip numbers. Stacks of layers may be deeper, and their gaps have rules: they are indices.
"""

# Numbers.
MIN_FIT_ROWS = 3
"""A formula needs this many rows: a line through two points confirms nothing."""
MAX_CONSTANT_IN_ONE_BUILD = 8
"""A number that one or two builds show is taken for a constant up to this.

A kernel or a pair may be a constant of the model code; a width hardly is.
"""
MAX_AFFECTING_SIZES = 5
"""Products of more sizes are not tried: their number doubles with each size, and so do the rows that they need."""
MAX_PRODUCT_SIZES = 3
"""Monomials, and products with a quotient, of more sizes are not tried: they would need too many rows."""
MAX_PAIRED_SIZES = 12
"""If more sizes vary and nobody knows which affect a column, quotients of pairs are not tried.

Pairs grow with the square, each with a dozen quotients. Without a limit a chance fit becomes likely.
"""
MAX_ROUNDING_DIVISOR = 64
"""The largest divisor in a rounded line: 64 is the multiple to which vocabularies are commonly padded."""
DIVISOR_POWERS = (2, 3, 4)
"""Powers of a size that a dimension is divided by, as a sequence is by its stride in each of several layers."""
BANKERS_DIVISORS = (2, 4, 8, 16)
"""Powers of two that `round(size/divisor)` is tried with. An odd divisor has no halves: a rounded line fits then."""
MAX_BRANCH_SIZES = 3
"""A formula with a branch is tried in at most this many sizes: each pair is a comparison, each side a search."""
MIN_BRANCH_ROWS = 8
"""A formula with a branch needs this many rows, and half of them on each side: two formulas fit more by chance."""

# Conditions.
COMPARED_NUMBERS = (0, 1, 2, 3, 4)
"""Numbers that each size is compared with. Larger ones are compared if the size has few values."""
REMAINDER_DIVISORS = (2, 3, 4, 5, 6, 7, 8, 16, 32, 64)
"""Numbers whose multiples a condition may ask for: small periods, and the widths of hardware."""
MAX_THRESHOLD_VALUES = 24
"""A size with more values is compared with `COMPARED_NUMBERS` only.

Each value makes four predicates, and the search for a pair grows with their square.
"""
MAX_CONJUNCTION = 4
"""A condition joins at most this many predicates: longer ones fit a few dozen rows by chance."""
MIN_EQUAL_SAMPLES = 3
"""`N == 6` needs this many independent samples with that value: in fewer, 6 may stand beside the real reason."""

# Partitions.
INDEX_PERIODS = (2, 3, 4, 5, 6, 7, 8)
"""Periods of layers that are tried when layers of one build differ."""
MAX_LEADING_LAYERS = 3
"""Leading layers that may differ from the periodic ones when layers of one build differ."""
MAX_SEPARATE_INDICES = 8
"""An index gets a part for every value only if all its values are below this: each part needs its own formulas."""
MAX_PAIRED_LABELINGS = 12
"""Labelings of each of two indices that are combined: the first dozen are the simple ones."""
MAX_INDEX_PARTITIONS = 6
"""Partitions by index that are tried for one template: each costs a synthesis of all its parts."""
MAX_RULE_LEADING_LAYERS = 3
"""Leading layers that a layer rule may set apart, as the dense layers of a mixture of experts."""
MAX_RULE_PERIOD = 8
"""The longest period of a layer rule. A longer one shows only in stacks deeper than are sampled."""
MAX_LAYER_RULES = 4
"""Layer rules that are tried for one index: each costs a synthesis of all its parts."""
MAX_SPLIT_VALUES = 6
"""Builds are split by the values of a size only if it has at most this many: each part needs enough rows."""
MAX_JOINT_SWITCHES = 3
"""Builds are split by all affecting switches together only if there are at most this many: parts double with each."""
MAX_CONDITION_SPLITS = 40
"""Splits by a condition in one synthesis, over all templates: each costs two formulas for every part of a tensor.

Code without formulas would otherwise try hundreds of splits for each of its tensors.
"""

# Loops.
MIN_REROLLED_TENSORS = 4
"""Tensors with literal numbers become a loop from this many on: two or three may be alike by chance."""

# Definitions.
DEFINITION_SAMPLES = 14
"""Configurations to which the formula of an omitted field is fitted. More cost calls of the configuration class."""
DEFINITION_CHECKS = 6
"""Further configurations that must confirm the formula of an omitted field."""
MIN_OMITTED_SAMPLES = 5
"""A field needs this many configurations without it that the code accepts.

A field with one value in the first five is taken for a constant and omitted no more.
"""
MIN_DEFINITION_VALUES = 3
"""A definition is fitted only to a size of at least this many values: two values may be a branch."""

# Evidence, which only `--why` computes.
MAX_EVIDENCE_ROWS = 48
"""Observations that the evidence of one part keeps: enough to see a rule, few enough to read."""
MAX_EVIDENCE_SIZES = 8
"""Sizes that an observation of the evidence shows: a wider table is not read."""
MAX_EVIDENCE_INDICES = 24
"""Indices of one build that the evidence keeps."""
MAX_RUNNERS_UP = 5
"""Refuted formulas or conditions that the evidence of one part keeps."""
MAX_EVIDENCE_SUBSETS = 60
"""Subsets of rows to which refuted formulas are fitted: more find rarer formulas and take longer."""
MAX_EVIDENCE_LOOPS = 200
"""Candidate loops that are scored for the evidence of one index."""
MAX_PAIRED_PREDICATES = 40
"""Predicates that are joined in pairs to find the best refuted conditions."""

# --- verification: how often a candidate is tried ---

# --- pipeline: rounds, seeds, fallbacks ---
