"""What net retention, gross retention and the rest mean here. Data, not branches: a convention is one record.

The same ledger gives a net retention of 64% or 107% under conventions that companies publish, so no number
leaves cslib without the name of its convention, and every name has a sentence that can be printed under it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["CONVENTIONS", "DEFAULTS", "Convention", "definitions", "sentence"]


@dataclass(frozen=True)
class Convention:
    """A named way to compute one metric.

    Attributes
    ----------
    name, metric : str
        The pair that identifies the record; `name` is printed beside every number.
    title : str
        What a reader calls it.
    form : {"endpoints", "flows", "level"}
        Two states of the book compared, movements of each month added up, or one state.
    whose_flows : {"starting accounts", "everyone"}
        Accounts whose money enters the numerator.
    reactivation : {"endpoint", "include", "exclude"}
        What happens to money that left and came back.
    gross_cap : {"account", "none"}
        Whether an account can count for more than it paid at the start.
    source : str
        Who defines it so.
    text : str
        One sentence, printed under the number; ``{months}`` is the length of the window.
    """

    name: str
    metric: str
    title: str
    form: Literal["endpoints", "flows", "level"]
    whose_flows: Literal["starting accounts", "everyone"]
    reactivation: Literal["endpoint", "include", "exclude"]
    gross_cap: Literal["account", "none"]
    source: str
    text: str


_LEVEL: Final = ("level", "everyone", "endpoint", "none")
_BOOK: Final = ("endpoints", "everyone", "endpoint", "none")
_HOUSE: Final = "cslib, tied to net retention so that the bridge closes"

CONVENTIONS: Final[tuple[Convention, ...]] = (
    Convention(
        "month end",
        "arr",
        "Annual recurring revenue",
        *_LEVEL,
        "SaaS Metrics Standards Board, ARR",
        "Twelve times the recurring price in force at the end of the day.",
    ),
    Convention(
        "month end",
        "mrr",
        "Monthly recurring revenue",
        *_LEVEL,
        "SaaS Metrics Standards Board, MRR",
        "The monthly recurring price in force at the end of the day.",
    ),
    Convention(
        "endpoint",
        "net_retention",
        "Net revenue retention",
        "endpoints",
        "starting accounts",
        "endpoint",
        "none",
        "SaaS Metrics Standards Board, cohort method; GitLab, MariaDB, PostHog",
        "What the accounts of {months} months ago pay now, over what they paid then; new accounts never enter.",
    ),
    Convention(
        "endpoint",
        "gross_retention",
        "Gross revenue retention",
        "endpoints",
        "starting accounts",
        "endpoint",
        "account",
        "PostHog, GitLab",
        "As net retention, but no account counts for more than it paid {months} months ago.",
    ),
    Convention(
        "endpoint",
        "logo_retention",
        "Logo retention",
        "endpoints",
        "starting accounts",
        "endpoint",
        "none",
        "fight-churn, listing 2.2",
        "Accounts of {months} months ago that still pay, over all accounts of {months} months ago.",
    ),
    Convention(
        "flow",
        "quick_ratio",
        "Quick ratio",
        "flows",
        "everyone",
        "exclude",
        "none",
        "Mamoon Hamid, SaaS quick ratio",
        "New and expansion over contraction and churn, month by month for {months} months; reactivation left out.",
    ),
    Convention(
        "endpoint",
        "new",
        "New",
        *_BOOK,
        _HOUSE,
        "Accounts that never paid before the window opened and pay now.",
    ),
    Convention(
        "endpoint",
        "expansion",
        "Expansion",
        *_BOOK,
        _HOUSE,
        "What accounts pay now above what they paid when the window opened.",
    ),
    Convention(
        "endpoint",
        "reactivation",
        "Reactivation",
        *_BOOK,
        _HOUSE,
        "Accounts that paid nothing when the window opened, had paid before, and pay now.",
    ),
    Convention(
        "endpoint",
        "contraction",
        "Contraction",
        *_BOOK,
        _HOUSE,
        "What accounts that still pay have given up since the window opened.",
    ),
    Convention(
        "endpoint",
        "churn",
        "Churn",
        *_BOOK,
        _HOUSE,
        "What accounts that pay nothing now paid when the window opened.",
    ),
)
"""All conventions, each one record; `metric` and `name` together are unique."""

DEFAULTS: Final = {convention.metric: convention for convention in reversed(CONVENTIONS)}
"""The convention of each metric when none is asked for: the first record of that metric."""


def definitions(*, window: int = 12) -> list[tuple[str, str, str, str]]:
    """Metric, convention, sentence and source of every default, in order; for the page a report ends with."""
    return [
        (c.metric, c.name, sentence(c.metric, window=window), c.source)
        for c in CONVENTIONS
        if DEFAULTS[c.metric] is c
    ]


def sentence(metric: str, *, window: int = 12) -> str:
    """Sentence that is printed under a number of `metric` over a window of `window` months.

    >>> sentence("gross_retention")
    'As net retention, but no account counts for more than it paid 12 months ago.'
    """
    return DEFAULTS[metric].text.format(months=window)
