"""The vocabulary: every table cslib reads, its columns, units, keys, and `check`. Imports nothing of cslib.

A canonical frame has one dtype a kind (`DTYPES`): text is ``str``, date ``datetime64[s]`` at midnight without
a zone, money ``int64`` minor units (``Int64`` where it may be blank), number ``float64``, count ``Int64``, flag
``boolean``. An index named ``line`` holds the line of the file each row came from; the header is line 1.
"""

from cslib.tables.checks import Fault, check, faults, missing
from cslib.tables.columns import DTYPES, Column, Table
from cslib.tables.contract import TABLES
from cslib.tables.problems import SHOWN, Problem, TableError, listed, nearest, quoted

__all__ = [
    "DTYPES",
    "SHOWN",
    "TABLES",
    "Column",
    "Fault",
    "Problem",
    "Table",
    "TableError",
    "check",
    "faults",
    "listed",
    "missing",
    "nearest",
    "quoted",
]
