"""Every tuning constant of derive, by the stage that it limits, each with its reason.

A name says what is limited and begins with MAX_ or MIN_ where it is a bound. A constant that follows from a format or a
protocol, and that nobody would tune, stays in its module.
"""

from __future__ import annotations

# --- oracle: how long and how much the model code may run ---

# --- concolic: how much a run with symbols may record ---

# --- domain: how fields are screened and their constraints found ---

# Every layer is built, so the time of a build grows with the depth. Fewer values would hide rules such as "every third
# layer"; those are looked for with `EXTENDED_DEPTH_VALUES`.
MAX_DEPTH_VALUES = 6
# A divisor such as the number of heads multiplies the widths that depend on it. More values make wider tensors, fewer
# make wrong quotients pass.
MAX_DIVISOR_VALUES = 24
# The error bound (Schwartz-Zippel) of a formula is its degree over this number, so it should be large. The time of a
# build does not depend on a width.
MAX_WIDTH_VALUES = 500
# A rule may concern every ninth layer. 20 layers show such a layer twice.
EXTENDED_DEPTH_VALUES = 20
# Two deep stacks at once are enough to compare them; three would make a build of thousands of tensors.
MAX_EXTENDED_DEPTHS = 2
# In a sample at the edge, the first share of the fields is at its minimum, and up to the second share at its
# default; the rest is uniform. Minima show special cases at 0 or 1; defaults show which fields these do not concern.
EDGE_MINIMUM_SHARE = 0.4
EDGE_MINIMUM_OR_DEFAULT_SHARE = 0.6
# In a sample near the default, this share of the fields stays there, so that few special values meet.
NEAR_DEFAULT_SHARE = 0.75
# A small sample is this many steps above the minimum: mostly at most one, for what exists only at 0 or 1.
SMALL_STEPS = (0, 0, 1, 1, 2, 3, 5, 9)
# A comparison of two fields shows if both come from one small pool; its largest number is one of these. 40 beside 3
# shows a comparison that a factor hides.
POOL_MAXIMA = (2, 4, 8, 16, 40)

# --- sampling: how many configurations of each kind ---

# --- synthesis: how large the formulas are that are tried ---

# --- verification: how often a candidate is tried ---

# --- pipeline: rounds, seeds, fallbacks ---
