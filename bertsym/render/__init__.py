"""Renderers, the only modules besides `wording` that know a syntax: text, LaTeX, Markdown, HTML, Typst, CSV, JSON.

A renderer is a function from a `Document` to a string. It matches on the kinds of elements (`Heading`, `Table`, ...)
and on the kinds of inline pieces (`Count`, `Shape`, a `Form`, ...). `formulas` decides the order of terms, never a
renderer.

To add a syntax, write a module with a function `document` after the model of `html`, which is the shortest; mypy says
which kinds of elements it does not match. Then name it in `printing`, and give it an option in `cli/page.py` and a
method in `api.Answer`.
"""
