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
