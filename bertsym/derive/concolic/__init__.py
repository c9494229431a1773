"""Concolic execution of model code: one build with symbolic numbers, whose shapes come out as expressions.

Concolic means concrete and symbolic (DART: Godefroid, Klarlund and Sen 2005; in Python PyExZ3: Ball and Daniel 2015).
The model code runs once at concrete sizes. Each size also carries an expression. Comparisons follow the concrete
values and are recorded as the path condition. There is no solver: the path condition tells sampling where to look.

Bird's eye view
---------------

    process   module              task
    worker    run                 forks a child, builds the target there, returns shapes and path condition as JSON
    child     symbolic_numbers    `SymbolicInt`, `SymbolicFloat`: Python's operators
    child     torch_sym_node      `SymNode`: the operators by which torch computes with sizes
    child     torch_dispatch      torch's operators on tensors of symbolic size; `check_torch`
    child     patched_builtins    `int`, `min` and `max`, which Python would evaluate to plain numbers
    child     expression_tree     the expressions: tuples, simplified as they grow
    child     path_recorder       the path condition, and the symbols that lost their expression
    bertsym   trace, decode       `decode_trace`: the worker's JSON as a `ConcolicTrace` of sympy expressions, bounded
    bertsym   path_conditions     several traces as candidate conditions and boundaries, for synthesis and sampling

A trace is evidence, not truth: synthesis accepts an expression only if every ordinary build agrees with it.

torch's `ShapeEnv` does the same for compilation. It is not used, because it specialises a size as soon as a plain
number is needed. What is used of torch's private interface stands in `torch_sym_node` and `torch_dispatch`.
`check_torch` tests it in each child. If torch or the model code does not take symbolic numbers, there is no trace. The
target is then derived from ordinary builds alone.

Open first: `run` (one trace from beginning to end), `symbolic_numbers`, `trace`.
"""
