"""Protocols written in Python, as examples: one that the checkers convict, one that they do not."""
