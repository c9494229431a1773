"""Reports, one file per question: the model, the convention, and the answer for readers and for programs.

A report has a method `document` for the renderers and a method `record` for `--json`. The function that makes it is the
one call of a command in `cli/` and of a method in `api`.
"""
