"""Hand-written frames in the columns that the metrics give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

START, END = pd.Timestamp("2026-06-30"), pd.Timestamp("2026-09-30")
MOVED = {
    "opening": 1_240_000_000, "new": 31_000_000, "expansion": 62_000_000, "reactivation": 2_000_000,
    "contraction": 9_000_000, "churn": 51_000_000, "closing": 1_275_000_000,
}  # fmt: skip


def bridge(amounts: Mapping[str, int] = MOVED) -> pd.DataFrame:
    """12.4M + 310k + 620k + 20k - 90k - 510k = 12.75M."""
    rows = pd.DataFrame({"metric": list(amounts), "value": list(amounts.values())})
    return rows.assign(convention="endpoint", start=START, end=END, unit="USD ARR")


def ratios(values: Mapping[str, Sequence[float]], *, last: str = "2026-09-30") -> pd.DataFrame:
    """Trailing-12-month ratios, the last of each list at `last`, one month apart."""
    rows = []
    for metric, series in values.items():
        ends = pd.date_range(end=last, periods=len(series), freq="ME")
        rows += [
            {"metric": metric, "start": end - pd.DateOffset(years=1), "end": end, "value": value}
            for end, value in zip(ends, series, strict=True)
        ]
    fixed = {"convention": "endpoint", "numerator": 0, "denominator": 500_000_000, "n_accounts": 312}
    return pd.DataFrame(rows).assign(**fixed, unit="ratio")


def segments(rows: Mapping[str, tuple[float, float, int, int]], *, by: str = "segment") -> pd.DataFrame:
    """Per segment: gross, net, opening minor units, accounts."""
    parts = []
    for name, (gross, net, opening, n) in rows.items():
        one = ratios({"net_retention": [net], "gross_retention": [gross]})
        parts.append(one.assign(**{by: name, "denominator": opening, "n_accounts": n}))
    return pd.concat(parts, ignore_index=True)


def layers(cohorts: Mapping[int, Sequence[int]], *, last: str = "2026-09-30") -> pd.DataFrame:
    """ARR of each year's cohort at the month ends up to `last`."""
    rows = [
        {"cohort": pd.Timestamp(year, 1, 1), "end": end, "value": value}
        for year, values in cohorts.items()
        for end, value in zip(pd.date_range(end=last, periods=len(values), freq="ME"), values, strict=True)
    ]
    return pd.DataFrame(rows).assign(unit="USD ARR")


def triangle(
    curves: Mapping[str, tuple[int, Sequence[float]]], *, metric: str = "logo_retention"
) -> pd.DataFrame:
    """Per cohort (its first day): accounts and value by age in months."""
    rows = [
        {"cohort": pd.Timestamp(first), "age": age, "value": value, "n_accounts": n}
        for first, (n, values) in curves.items()
        for age, value in enumerate(values)
    ]
    return pd.DataFrame(rows).assign(metric=metric, convention="cohort", unit="ratio")


BANDS = {
    "left": ("churn", 36, 0.10), "over 25% less": ("contraction", 0, 0.0), "up to 25% less": ("contraction", 20, 0.05),
    "unchanged": ("unchanged", 1, 0.06), "up to 25% more": ("expansion", 1204, 0.45),
    "25% to 100% more": ("expansion", 66, 0.31), "more than double": ("expansion", 2, 0.03),
}  # fmt: skip


def bands(rows: Mapping[str, tuple[str, int, float]] = BANDS, *, opening: int = 500_000_000) -> pd.DataFrame:
    """Per band: movement, accounts, share of all opening minor units."""
    frame = pd.DataFrame(
        [
            {"band": band, "movement": m, "n_accounts": n, "share": share}
            for band, (m, n, share) in rows.items()
        ]
    )
    year = {"start": END - pd.DateOffset(years=1), "end": END}
    return frame.assign(convention="endpoint", **year, opening=(frame["share"].fillna(0) * opening).round())
