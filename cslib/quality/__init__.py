"""Data quality: what is doubtful in a company's data, with rows, money at stake, examples and what to do.

>>> len(CHECKS) > 20
True
"""

from cslib.quality.examine import CHECKS, Inspection, examine

__all__ = ["CHECKS", "Inspection", "examine"]
