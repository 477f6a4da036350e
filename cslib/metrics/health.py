"""The health score on trial: who left while green, what a band was worth. Scores are read as they stood."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.months import months_before
from cslib.stats.proportion import wilson
from cslib.stats.score import auc

__all__ = [
    "arr_on", "band_trial", "before_tickets", "green_churn", "left_in", "profiles", "score_on", "score_trial",
]  # fmt: skip

UNCLEAR: Final = "cannot be told from chance"


def arr_on(book: Book, day: pd.Timestamp) -> pd.Series[int]:
    """ARR of each account that pays on `day`, minor units."""
    ledger = book.tables["subscriptions"]
    live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day) & (ledger["arr"] > 0)]
    total: pd.Series[int] = live.groupby("account_id")["arr"].sum()
    return total


def score_on(book: Book, day: pd.Timestamp, *, within: int = 100) -> pd.DataFrame:
    """Latest reading of each account on or before `day`, no older than `within` days: ``score, band``."""
    health = book.need("health")
    known = health[(health["as_of_date"] <= day) & (health["as_of_date"] > day - pd.Timedelta(days=within))]
    last = known.sort_values("as_of_date").drop_duplicates("account_id", keep="last").set_index("account_id")
    band = last["band"] if "band" in last else pd.Series(pd.NA, index=last.index)
    return pd.DataFrame({"score": last["score"].astype("float64"), "band": band})


def green_churn(book: Book, *, days: tuple[int, ...] = (90, 60, 30), window: int = 12) -> pd.DataFrame:
    """Accounts that left in the window by the band of their score so many days before, in accounts and ARR.

    Bands come from the readings of that day, never from a score computed again later.

    Returns
    -------
    DataFrame
        A row for each of `days` and band: ``days, band`` (``no score`` where there was none), ``n_left, n_all``
        (who left at all), ``share, low, high`` (95%, Wilson), ``arr`` (before they left, minor units), ``arr_share``.

    Raises
    ------
    Absent
        When there are no scores.

    Source: green customers who leave by surprise. Systems: N29.
    """
    book.need("health")
    gone = left_in(
        book, since=pd.Timestamp(months_before(book.as_of, window)), until=pd.Timestamp(book.as_of)
    )
    rows = []
    for before in days:
        bands = [
            score_on(book, day - pd.Timedelta(days=before))
            .get("band", pd.Series(dtype="str"))
            .get(account, pd.NA)
            for account, day in zip(gone["account_id"], gone["day"], strict=True)
        ]
        own = gone.assign(band=pd.Series(bands, index=gone.index, dtype="object").fillna("no score"))
        for band, part in own.groupby("band"):
            share, low, high = wilson(len(part), len(gone))
            arr = int(part["arr"].sum())
            rows.append({
                "days": before, "band": band, "n_left": len(part), "n_all": len(gone), "share": share,
                "low": low, "high": high,
                "arr": arr, "arr_share": arr / max(int(gone["arr"].sum()), 1),
            })  # fmt: skip
    columns = ["days", "band", "n_left", "n_all", "share", "low", "high", "arr", "arr_share"]
    return pd.DataFrame(rows, columns=columns)


def left_in(book: Book, *, since: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """Accounts that paid and no longer pay at the end of `until`, whose last paid day lies in the span; ARR
    before."""
    paid = book.tables["subscriptions"].query("arr > 0")
    paid = paid[paid["start_date"] <= until]
    last = paid.groupby("account_id")["end_date"].max()
    last = last[~last.index.isin(paid.loc[paid["end_date"].isna(), "account_id"])]
    last = last[(last > since) & (last <= until)]
    if last.empty:
        return pd.DataFrame({"account_id": [], "day": pd.to_datetime([]), "arr": []})
    final = paid[paid["end_date"] == paid["account_id"].map(last)]
    arr = final.groupby("account_id")["arr"].sum()
    return pd.DataFrame(
        {"account_id": last.index, "day": last.to_numpy(), "arr": arr.reindex(last.index).to_numpy()}
    )


def _cases(book: Book, *, quarters: int) -> pd.DataFrame:
    """Live accounts at the beginning of each past quarter, their score then, age, ARR, and whether they left in
    it."""
    found = []
    for back in range(quarters, 0, -1):
        since, until = (pd.Timestamp(months_before(book.as_of, 3 * m)) for m in (back, back - 1))
        arr = arr_on(book, since)
        if arr.empty:
            continue
        score = score_on(book, since).reindex(arr.index)
        paid = book.tables["subscriptions"].query("arr > 0")
        first = paid.groupby("account_id")["start_date"].min().reindex(arr.index)
        left = ~arr.index.isin(arr_on(book, until).index)
        found.append(score.assign(
            quarter=since + pd.Timedelta(days=1), arr=arr, age=(since - first).dt.days, left=left
        ).rename_axis("account_id").reset_index())  # fmt: skip
    if not found:
        raise Absent("it needs quarters of history with scores")
    return pd.concat(found, ignore_index=True)


def score_trial(book: Book, *, quarters: int = 8) -> pd.DataFrame:
    """How well scores told, at the beginning of each quarter, who would leave in it; and how well tenure alone does.

    Returns
    -------
    DataFrame
        A row a quarter and one ``all``: ``quarter`` (first day as text, or all), ``n_accounts, n_left`` (with a
        score), ``auc, low, high`` (area under the ROC curve, 95% DeLong; 0.5 tells nothing), ``auc_tenure`` (of
        younger accounts leaving first), ``lift`` (share that left of the worst fifth over all), ``verdict``:
        tells, ``cannot be told from chance``, or ``wrong way``. Missing where nobody left or nobody stayed.

    Raises
    ------
    Absent
        When there are no scores.

    Source: DeLong 1988. Systems: N39.
    """
    book.need("health")
    cases = _cases(book, quarters=quarters)
    scored = cases.dropna(subset=["score"])
    rows = []
    for quarter, part in [*scored.groupby("quarter"), ("all", scored)]:
        left = part["left"].to_numpy(bool)
        row: dict[str, object] = {
            "quarter": quarter if isinstance(quarter, str) else f"{pd.Timestamp(str(quarter)):%Y-%m-%d}",
            "n_accounts": len(part), "n_left": int(left.sum()),
            "auc": np.nan, "low": np.nan, "high": np.nan, "auc_tenure": np.nan, "lift": np.nan, "verdict": "",
        }  # fmt: skip
        if 0 < left.sum() < len(left):
            found = auc(-part["score"].to_numpy(float), left)
            worst = part.nsmallest(max(len(part) // 5, 1), "score", keep="first")
            row |= {
                "auc": found.value, "low": found.low, "high": found.high,
                "auc_tenure": auc(-part["age"].to_numpy(float), left).value,
                "lift": float(worst["left"].mean() / left.mean()),
                "verdict": "tells" if found.low > 0.5 else "wrong way" if found.high < 0.5 else UNCLEAR,
            }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


def band_trial(book: Book, *, quarters: int = 8) -> pd.DataFrame:
    """Share that left in a quarter by the band they began it in: what a band was worth.

    Returns
    -------
    DataFrame
        A row a band, and one ``all``: ``band, n`` (accounts and quarters), ``n_left, left, low, high`` (95%,
        Wilson; an account comes once a quarter), ``arr_left`` (minor units), ``lift`` (over all).

    Raises
    ------
    Absent
        When there are no bands.

    Source: calibration by band. Systems: N39.
    """
    book.need("health", "band")
    cases = _cases(book, quarters=quarters).assign(band=lambda f: f["band"].fillna("no score"))
    base = float(cases["left"].mean())
    rows = []
    for band, part in [*cases.groupby("band"), ("all", cases)]:
        share, low, high = wilson(int(part["left"].sum()), len(part))
        rows.append({
            "band": band, "n": len(part), "n_left": int(part["left"].sum()), "left": share, "low": low, "high": high,
            "arr_left": int(part.loc[part["left"], "arr"].sum()), "lift": share / base if base else float("nan"),
        })  # fmt: skip
    return pd.DataFrame(rows)


def before_tickets(book: Book, *, within: int = 30, window: int = 12) -> pd.DataFrame:
    """Tickets that a touch for the customer's good had come before, by priority.

    A touch counts whose purpose is neither support nor a survey, at most `within` days before the ticket was
    opened; a touch after it never does.

    Returns
    -------
    DataFrame
        A row a priority and one ``all``: ``priority, n, met`` (tickets with such a touch), ``share, low, high``
        (95%, Wilson), ``lead`` (median days from the last such touch to the ticket), ``within``.

    Raises
    ------
    Absent
        When there are no tickets or no touches.

    Source: solve before the ticket. Systems: L17.
    """
    tickets, touches = book.need("tickets"), book.need("touches")
    own = tickets[tickets["opened_at"] > pd.Timestamp(months_before(book.as_of, window))]
    own = own.assign(priority=own["priority"].fillna("(none)") if "priority" in own else "(none)")
    if "purpose" in touches:
        touches = touches[~touches["purpose"].isin(["support", "nps", "detractor follow-up"])]
    last = pd.merge_asof(
        own.sort_values("opened_at"), touches[["account_id", "date"]].sort_values("date"), left_on="opened_at",
        right_on="date",
        by="account_id", allow_exact_matches=False, tolerance=pd.Timedelta(days=within),
    )  # fmt: skip
    last["lead"] = (last["opened_at"] - last["date"]).dt.days
    rows = []
    for priority, part in [*last.groupby("priority"), ("all", last)]:
        met = int(part["lead"].notna().sum())
        share, low, high = wilson(met, len(part)) if len(part) else (float("nan"),) * 3
        rows.append({
            "priority": priority, "n": len(part), "met": met, "share": share, "low": low, "high": high,
            "lead": part["lead"].median(), "within": within,
        })  # fmt: skip
    return pd.DataFrame(rows)


def profiles(book: Book, *, stale_days: int = 90) -> pd.DataFrame:
    """What is known of live accounts from data, from which table, and how fresh it is.

    Returns
    -------
    DataFrame
        A row a field: ``field, table, n_accounts`` (live), ``filled`` (share), ``fresh`` (share with a value no
        older than `stale_days`), ``latest`` (day of the newest value), ``within`` (`stale_days`). Fields whose table
        is not given have a share of 0 and no day.

    Source: files that fill themselves. Systems: C18.
    """
    day = pd.Timestamp(book.as_of)
    live = arr_on(book, day).index
    fields = (
        ("health score", "health", "as_of_date"), ("use", "usage", "date"), ("ticket", "tickets", "opened_at"),
        ("survey answer", "surveys", "date"), ("touch", "touches", "date"), ("milestone", "milestones", "date"),
        ("contact", "contacts", "start_date"), ("renewal decision", "renewals", "due_date"),
    )  # fmt: skip
    rows = []
    for field, table, column in fields:
        frame = book.tables.get(table)
        own = (
            frame[frame["account_id"].isin(live)]
            if frame is not None
            else pd.DataFrame({"account_id": [], column: []})
        )
        last = pd.to_datetime(own.groupby("account_id")[column].max())
        rows.append({
            "field": field, "table": table, "n_accounts": len(live), "filled": len(last) / max(len(live), 1),
            "fresh": float((last > day - pd.Timedelta(days=stale_days)).sum()) / max(len(live), 1),
            "latest": last.max(), "within": stale_days,
        })  # fmt: skip
    return pd.DataFrame(rows)
