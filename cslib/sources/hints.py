"""What a ledger looks like that is read in another way than it was written."""

from __future__ import annotations

import pandas as pd

__all__ = ["inclusive_ends"]

_MOST = 2 / 3
_ENOUGH = 3  # ends without a next start after them that say something on their own


def inclusive_ends(ledger: pd.DataFrame) -> str:
    """Fact to print where end dates look like the last day of service, though they are read as the day after; or none.

    Most of them are the last day of their month, and the next start of the same customer is the day after rather than
    the same day.

    Examples
    --------
    >>> days = ["2024-01-01", "2024-02-01"], ["2024-01-31", "2024-02-29"]
    >>> start, end = (pd.Series(one).astype("datetime64[s]") for one in days)
    >>> inclusive_ends(pd.DataFrame({"account_id": ["A", "A"], "start_date": start, "end_date": end}))[:56]
    'subscriptions: 2 of 2 end dates are the last day of a mo'
    """
    ended = ledger[ledger["end_date"].notna()]
    n_last = int(ended["end_date"].dt.is_month_end.sum())
    if not n_last or n_last < _MOST * len(ended):
        return ""
    starts = set(zip(ledger["account_id"], ledger["start_date"], strict=True))
    after = ended["end_date"] + pd.Timedelta(days=1)
    n_after = sum(pair in starts for pair in zip(ended["account_id"], after, strict=True))
    n_same = sum(pair in starts for pair in zip(ended["account_id"], ended["end_date"], strict=True))
    if n_after <= n_same and not (n_after == n_same == 0 and len(ended) >= _ENOUGH):
        return ""
    return (
        f"subscriptions: {n_last:,} of {len(ended):,} end dates are the last day of a month, and {n_after:,} are "
        "followed by a start on the next day: probably they are the last day of service, and read so figures change. "
        'If so, say in company.toml: [settings] end_date = "inclusive".'
    )
