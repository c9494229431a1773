"""Quantities beside parameters: each is an inventory of named entries, so that every answer is a filtered sum."""
