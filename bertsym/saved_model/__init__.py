"""Saved models: the format, its reader and its writer."""
