"""Importers: one file an origin with its rules, and beside it the spellings of its columns as data."""
