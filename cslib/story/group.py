"""Several companies at once -> findings: who was read, who stands apart, who changed, where to look first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pandas as pd

from cslib.story.finding import Evidence, Finding
from cslib.story.write import Prose

__all__ = ["group_findings", "on_page"]

COMPARED: Final = ("net_retention", "gross_retention")
FIGURE: Final = {"net_retention": "fig-net", "gross_retention": "fig-gross"}
NAMED: Final = 3  # companies named as the first to look at, and never more than half of them


def group_findings(
    *,
    as_of: date,
    unread: Sequence[str],
    levels: pd.DataFrame,
    league: pd.DataFrame,
    changes: pd.DataFrame,
    look: pd.DataFrame,
    limit: float,
    months: int = 3,
) -> tuple[Finding, ...]:
    """Findings about a portfolio, in the order to tell them.

    Parameters
    ----------
    as_of : date
        Last day that is known.
    unread : sequence of str
        Companies that could not be read.
    levels : DataFrame
        `company`, `currency`, `metric`, `end`, `value` (minor units), `n_accounts`.
    league : DataFrame
        `company`, `metric`, `value`, `others`, `adjusted`, `tier`.
    changes : DataFrame
        `company`, `metric`, `value`, `now`, `adjusted`, `verdict`, `rests_on`.
    look : DataFrame
        `company`, `share`, in the order to look.
    limit : float
        False-discovery limit of `league` and `changes`.
    months : int
        Of the changes, and of the losses in `look`.

    Examples
    --------
    >>> levels = pd.DataFrame({"company": ["Acme"], "currency": ["USD"], "metric": ["arr"],
    ...     "end": pd.to_datetime(["2026-09-30"]), "value": [120000.0], "n_accounts": [1]})
    >>> none = pd.DataFrame({name: [] for name in ("company", "metric", "value", "others", "adjusted", "tier", "now",
    ...     "verdict", "rests_on", "share")})
    >>> [f.kind for f in group_findings(as_of=date(2026, 9, 30), unread=[], levels=levels, league=none, changes=none,
    ...     look=none, limit=0.1)]
    ['group_data', 'group_league', 'group_changes', 'group_look']
    """
    arr = levels[levels["metric"] == "arr"]
    arr = arr[arr["end"] == arr["end"].max()]
    return (
        _data(arr, as_of, list(unread)),
        _league(league, n=int(arr["company"].nunique()), limit=limit),
        _changes(changes, limit=limit, months=months),
        _look(look, months=months),
    )


def on_page(prose: Prose, page: int, *, company: str) -> Prose:
    """Sentences about one of several companies, which refer to the tables and cells of their own page.

    Labels of tables end in the number of the page, names of numbers too; the findings say whose they are.

    >>> prose = Prose("ARR.", ({"kind": "arr"},), refers=((3, ("tab-kpi",)),))
    >>> on_page(prose, 2, company="Acme").refers, on_page(prose, 2, company="Acme").findings
    (((3, ('tab-kpi-2',)),), ({'kind': 'arr', 'company': 'Acme'},))
    """
    return replace(
        prose,
        findings=tuple({**finding, "company": company} for finding in prose.findings),
        printed=tuple(replace(p, key=f"{p.key}@{page}" if p.key else "") for p in prose.printed),
        refers=tuple((at, tuple(f"{label}-{page}" for label in labels)) for at, labels in prose.refers),
    )


def _data(arr: pd.DataFrame, as_of: date, unread: list[str]) -> Finding:
    currencies = sorted(set(arr["currency"].astype("str")))
    one = len(currencies) == 1
    values = {
        "n": int(arr["company"].nunique()), "n_unread": len(unread), "unread": unread, "end": as_of,
        "currencies": currencies, "arr": int(arr["value"].sum()) if one else None,
        "n_accounts": int(arr["n_accounts"].sum()),
    }  # fmt: skip
    return Finding("group_data", values, (Evidence("arr", "month end", f"end={as_of}", "tab-group"),))


def _league(league: pd.DataFrame, *, n: int, limit: float) -> Finding:
    rows = [_apart(league[league["metric"] == metric], metric, n=n) for metric in COMPARED]
    apart = any(row["n_apart"] for row in rows)
    alike = not apart and len({row["n_tested"] for row in rows} | {1}) == 2 and rows[0]["n_tested"] > 1
    return Finding(
        "group_league", {"n": n, "limit": limit, "none_apart": alike, "rows": rows},
        tuple(Evidence(m, "endpoint", table=FIGURE[m]) for m in COMPARED),
        comparison="the mean of the other companies", verdict="changed" if apart else "cannot tell",
        certainty=1 - limit,
    )  # fmt: skip


def _apart(own: pd.DataFrame, metric: str, *, n: int) -> dict[str, Any]:
    tested = int(own["adjusted"].notna().sum())
    told = {
        side: own[own["tier"] == f"{side} the others"].sort_values("adjusted")[["company", "value", "others"]]
        for side in ("above", "below")
    }
    rows = {side: list(_records(frame)) for side, frame in told.items()}
    return {
        "metric": metric,
        "n_tested": tested,
        "n_left": n - tested,
        "n_apart": sum(map(len, rows.values())),
        **rows,
    }


def _changes(changes: pd.DataFrame, *, limit: float, months: int) -> Finding:
    passed = changes[changes["verdict"] == "changed"].sort_values("adjusted")
    rows = list(_records(passed[["company", "metric", "value", "now", "rests_on"]]))
    values = {
        "n_tested": int(changes["adjusted"].notna().sum()), "n_apart": len(rows), "months": months, "limit": limit,
        "rows": rows,
    }  # fmt: skip
    return Finding(
        "group_changes", values, (Evidence("change of retention", row=f"months_ago={months}", table="fig-sparklines"),),
        comparison="the quarter before", verdict="changed" if rows else "cannot tell", certainty=1 - limit,
    )  # fmt: skip


def _look(look: pd.DataFrame, *, months: int) -> Finding:
    most = min(NAMED, -(-len(look) // 2))
    rows = list(_records(look.loc[look["share"] > 0, ["company", "share"]].head(most)))
    return Finding(
        "group_look", {"rows": rows, "months": months}, (Evidence("lost and ending", table="tab-look"),)
    )


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in frame.to_dict("records"):
        yield {str(name): cell for name, cell in row.items()}
