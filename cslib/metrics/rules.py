"""Rules of thumb of customer success: their value, unit and source in one place. A report prints those it used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

__all__ = ["RULES", "Rule", "rules_table"]


@dataclass(frozen=True)
class Rule:
    """A figure that people work by. Money is in whole units of the book's own currency."""

    value: float
    unit: str
    text: str
    source: str


_LEMKIN: Final = "Lemkin, SaaStr, since 2013"
_OURS: Final = "choice of this report"

RULES: Final[Mapping[str, Rule]] = {
    "arr_per_csm": Rule(2_000_000, "ARR", "ARR that one CSM looks after", _LEMKIN),
    "arr_per_csm_funded": Rule(1_000_000, "ARR", "ARR per CSM where growth is funded", _LEMKIN),
    "arr_per_csm_fast": Rule(500_000, "ARR", "ARR per CSM at growth of 100% to 200% a year", "Lemkin, Pulse 2016"),
    "saturated_from": Rule(2_000_000, "ARR", "book from which a CSM is full", "Gleeson, SaaStr 2024"),
    "saturated_at": Rule(3_000_000, "ARR", "book from which a CSM is over", "Gleeson, SaaStr 2024"),
    "csm_cost": Rule(100_000, "a year", "full cost of a CSM where the team table has none", _LEMKIN),
    "visits_a_year": Rule(2, "visits", "visits to each of the largest accounts", _LEMKIN),
    "working_days": Rule(200, "days", "days a year on which a CSM calls", _LEMKIN),
    "calls_a_day": Rule(4, "calls", "customers a CSM reaches in a day, of the 3 to 5 that are usual", _LEMKIN),
    "many_accounts_below": Rule(25_000, "ARR", "size below which a CSM has hundreds of accounts", "Mehta, SaaStr 2024"),
    "enterprise_from": Rule(50_000, "ARR", "size of which two accounts call for an enterprise CSM", _LEMKIN),
    "enterprise_at_once": Rule(100_000, "ARR", "size of which one account calls for an enterprise CSM", _LEMKIN),
    "middle_band_from": Rule(300_000, "ARR of the band", "revenue that begins to pay for a CSM of its own", _LEMKIN),
    "middle_band_to": Rule(500_000, "ARR of the band", "revenue that pays for a CSM of its own", _LEMKIN),
    "leader_from": Rule(1_000_000, "ARR", "ARR at which founders' renewals fill their time", "Gleeson, SaaStr 2024"),
    "leader_by": Rule(3_000_000, "ARR", "ARR by which a head of customer success is there", "Gleeson, SaaStr 2024"),
    "lead_months": Rule(3, "months", "from the decision to the first day of a CSM", _OURS),
    "ramp_months": Rule(3, "months", "from the first day to a full book", _OURS),
    "gross_margin": Rule(0.75, "ratio", "gross margin of ARR", _OURS),
    "renewal_quota": Rule(0.5, "ratio", "share of teams whose CSMs carry a renewal quota", "Mehta, SaaStr 2024"),
    "expansion_quota": Rule(0.1, "ratio", "share of teams whose CSMs carry an expansion quota", "Mehta, SaaStr 2024"),
    "detractor_days": Rule(14, "days", "in which a detractor hears from us", _OURS),
    "ideas_a_year": Rule(50, "ideas", "ideas of customers delivered in a year", "inSided, 2020"),
    "nps_typical": Rule(0.35, "NPS from -1 to 1", "average of software companies", "SaaStr, no population given"),
    "value_gap_days": Rule(90, "days", "without value shown, from which it is a gap", _OURS),
    "reach_buyer": Rule(3, "weight", "of an economic buyer's word", _OURS),
    "reach_champion": Rule(2, "weight", "of a champion's word", _OURS),
    "baseline_gross": Rule(0.80, "ratio", "gross retention had nobody looked after customers", _OURS),
}  # fmt: skip


def rules_table(**used: float) -> pd.DataFrame:
    """Rules a report worked by: ``rule, text, value, unit, source``; the source of a changed one is the reader.

    >>> rules_table(arr_per_csm=1_500_000)[["value", "source"]].values.tolist()
    [[1500000.0, 'set in this report; 2,000,000 by Lemkin, SaaStr, since 2013']]

    Raises
    ------
    KeyError
        When a rule is not known.
    """
    rows = []
    for name, value in used.items():
        rule = RULES[name]
        own = value == rule.value
        source = rule.source if own else f"set in this report; {_told(rule.value)} by {rule.source}"
        rows.append(
            {"rule": name, "text": rule.text, "value": float(value), "unit": rule.unit, "source": source}
        )
    return pd.DataFrame(rows, columns=["rule", "text", "value", "unit", "source"])


def _told(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"
