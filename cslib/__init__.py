"""Cohort analyses and retention narrative reports from a subscription ledger.

>>> import cslib
>>> cslib.__version__
'0.1.0'
"""

__version__ = "0.1.0"
