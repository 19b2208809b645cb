"""Marks for a class: what students hand in is run in a sandbox and compared outside of it."""
