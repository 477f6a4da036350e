"""Tables: a tidy frame in, a styled sheet with its words out. They format and colour, nothing else.

Text that comes from data is escaped. Numbers stand to the right; undefined is written out, what is
not yet observable is blank.

>>> sorted(__all__)[1:3]
['account_of_data', 'accounts_table']
"""

from cslib.styled.actions import actions_table, plays_table
from cslib.styled.benchmarks import benchmark_table, refused_table
from cslib.styled.cohorts import cohort_table
from cslib.styled.conventions import conventions_table
from cslib.styled.data import account_of_data
from cslib.styled.doubts import doubts_table, examples_table, passed_table
from cslib.styled.money import accounts_table, money_table
from cslib.styled.outcomes import ages_table, forecast_table, period_table, sensitivity_table
from cslib.styled.outlook import ahead_table, due_table
from cslib.styled.portfolio import (
    group_table,
    look_table,
    numbered,
    page_heading,
    proofs_table,
    unread_table,
)
from cslib.styled.ratios import kpi_table, segment_table
from cslib.styled.sheet import Sheet
from cslib.styled.tested import concentration_table, definitions_table, proof_table
from cslib.styled.verdicts import changes_table, newest_table

__all__ = [
    "Sheet",
    "account_of_data",
    "accounts_table",
    "actions_table",
    "ages_table",
    "ahead_table",
    "benchmark_table",
    "changes_table",
    "cohort_table",
    "concentration_table",
    "conventions_table",
    "definitions_table",
    "doubts_table",
    "due_table",
    "examples_table",
    "forecast_table",
    "group_table",
    "kpi_table",
    "look_table",
    "money_table",
    "newest_table",
    "numbered",
    "page_heading",
    "passed_table",
    "period_table",
    "plays_table",
    "proof_table",
    "proofs_table",
    "refused_table",
    "segment_table",
    "sensitivity_table",
    "unread_table",
]
