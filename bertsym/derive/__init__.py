"""Infer the parameter formula of model code from builds without weights, and test it by further builds.

The stages, the types between them and the papers are in README.md beside this file; begin with `pipeline` and `cegis`.
"""
