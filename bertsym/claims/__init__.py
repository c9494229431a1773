"""Claims of others about a model: a number, a formula, a table or a text, each classified, parsed and judged.

Read `classify` first, then `judge`. A formula goes from `tokens` through `parser` to a `Reading`. `interpretations`
lists the ways to count a model, and `discrepancies` the terms in which the claim differs from the nearest of them.
"""
