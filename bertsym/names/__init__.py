"""The names that people type: published models as data, the rule that compares spellings, and the names of heads."""
