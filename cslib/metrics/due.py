"""What is up for renewal: calendar, outlook with its record, and net retention taken apart by kind of movement."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.names import names_of
from cslib.metrics.renewals import OUTCOMES, terms_due
from cslib.metrics.retention import account_changes, headline
from cslib.months import months_before
from cslib.stats.proportion import wilson

__all__ = ["factors", "outlook", "outlook_record", "renewal_calendar", "shortened_terms", "swaps"]

KINDS: Final = (
    "more of the same",
    "new product",
    "price or plan",
    "less of the same",
    "product dropped",
    "account left",
)
_GAINS: Final = KINDS[:3]
BEFORE: Final = 90  # days before a decision on which its health is read


def _terms(book: Book, window: int) -> pd.DataFrame:
    book.need("subscriptions", "term_end_date")
    return terms_due(book, window=window)


def renewal_calendar(book: Book, *, window: int = 12, ahead: int = 12) -> pd.DataFrame:
    """ARR up for renewal by the month its term was up, and what became of it; then what is still to come.

    Parameters
    ----------
    book : Book
        The company, whose ledger carries ``term_end_date``.
    window, ahead : int
        Months behind and ahead of the as-of day.

    Returns
    -------
    DataFrame
        A row a month in which something is due, and one where nothing is: ``month`` (first day), ``state`` (past,
        ahead), ``n_accounts`` (distinct), ``n_terms, atr`` (minor units), ``early, on time, late, lost`` (ATR, minor
        units; missing ahead), ``renewed`` (ARR afterwards), ``smaller`` (ATR of terms that went on for less, what
        they shrank by), ``rate`` (of ATR, growth left out), ``logo_rate`` (terms that went on over terms due),
        ``on_time_rate`` (early or on time, of ATR); rates are missing where nothing was due. The ATR of all past
        months is that of :func:`cslib.metrics.renewals.terms_due`.

    Raises
    ------
    Absent
        When no term is known.

    Source: Bessemer, ARR available to renew. Systems: G10, C21.
    """
    past = _terms(book, window).assign(month=lambda f: f["due_date"].dt.to_period("M").dt.to_timestamp())
    day = pd.Timestamp(book.as_of)
    ledger = book.tables["subscriptions"]
    live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day) & (ledger["arr"] > 0)]
    last = pd.Timestamp(months_before(book.as_of, -ahead))
    coming = live[(live["term_end_date"] > day) & (live["term_end_date"] <= last)]
    coming = coming.assign(month=coming["term_end_date"].dt.to_period("M").dt.to_timestamp())
    rows = []
    first = pd.Timestamp(months_before(book.as_of, window)) + pd.Timedelta(days=1)
    for month in pd.date_range(first.replace(day=1), last.replace(day=1), freq="MS"):
        own, next_ = past[past["month"] == month], coming[coming["month"] == month]
        if len(own) or month <= day:
            atr = int(own["atr"].sum())
            by = own.groupby("outcome")["atr"].sum()
            kept = int(own[["atr", "renewed"]].min(axis=1).sum())
            rows.append({
                "month": month, "state": "past", "n_accounts": own["account_id"].nunique(),
                "n_terms": len(own), "atr": atr,
                **{name: int(by.get(name, 0)) for name in OUTCOMES}, "renewed": int(own["renewed"].sum()),
                "smaller": atr - kept - int(by.get("lost", 0)),
                "rate": kept / atr if atr else np.nan,
                "logo_rate": float((own["renewed"] > 0).mean()) if len(own) else np.nan,
                "on_time_rate": int(by.get("early", 0) + by.get("on time", 0)) / atr if atr else np.nan,
            })  # fmt: skip
        if len(next_) or month > day:
            rows.append({
                "month": month, "state": "ahead", "n_accounts": next_["account_id"].nunique(), "n_terms": len(next_),
                "atr": int(next_["arr"].sum()), "rate": np.nan, "logo_rate": np.nan, "on_time_rate": np.nan,
            })  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.astype({name: "Int64" for name in (*OUTCOMES, "renewed", "smaller") if name in frame})


def _decisions(book: Book) -> pd.DataFrame:
    """Decisions taken or to be taken, with what was known some days before each: the band of health, ARR, age."""
    decided = book.need("renewals", "outcome").copy()
    decided["day"] = (decided["due_date"] - pd.Timedelta(days=BEFORE)).astype("datetime64[s]")
    decided["kept"] = (decided["outcome"] != "lost").astype("float64").where(decided["outcome"].notna())
    decided["band"] = "no score"
    if book.has("health") and "band" in book.tables["health"]:
        scores = book.tables["health"][["account_id", "as_of_date", "band"]].sort_values("as_of_date")
        known = pd.merge_asof(
            decided.reset_index().sort_values("day"), scores, left_on="day", right_on="as_of_date", by="account_id",
            tolerance=pd.Timedelta(days=120), suffixes=("_", ""),
        ).set_index("index")  # fmt: skip
        decided["band"] = known["band"].reindex(decided.index).fillna("no score")
    return decided


def _rates(past: pd.DataFrame, *, weight: float = 20.0) -> tuple[dict[str, float], float]:
    """Share that renewed by band, drawn towards the share of all by `weight` decisions; and that share."""
    base = float(past["kept"].mean()) if len(past) else float("nan")
    sums = past.groupby("band")["kept"].agg(["sum", "size"])
    return {
        str(band): (row["sum"] + weight * base) / (row["size"] + weight) for band, row in sums.iterrows()
    }, base


def outlook(book: Book, *, ahead: int = 6) -> pd.DataFrame:
    """Accounts whose renewal is ahead, with the share of like accounts that renewed and the ARR at risk.

    Like is the band of the health score as it stood 90 days before the due day (the latest there is, where that
    day is still ahead), among decisions known on the as-of day; a small band is drawn towards all.

    Returns
    -------
    DataFrame
        A row a renewal, the most ARR at risk first: ``account_id, name, due_date, target`` (ARR, minor units),
        ``band, chance`` (of renewing), ``at_risk`` (target times the chance of loss, half to even), ``n_like``
        (decisions behind it), ``within`` (days before).

    Raises
    ------
    Absent
        When there are no renewal decisions.

    Source: Gainsight, the first question behind net retention. Systems: G03.
    """
    rows, day = _decisions(book), pd.Timestamp(book.as_of)
    past = rows[(rows["due_date"] <= day) & rows["kept"].notna()]
    coming = _coming(book, until=pd.Timestamp(months_before(book.as_of, -ahead)))
    rates, base = _rates(past)
    coming["chance"] = coming["band"].map(rates).fillna(base)
    coming["at_risk"] = (coming["target"] * (1 - coming["chance"])).fillna(0).round().astype("int64")
    coming["n_like"] = coming["band"].map(past["band"].value_counts()).fillna(0).astype("int64")
    coming["name"] = names_of(book, coming["account_id"])
    ordered = coming.sort_values(["at_risk", "account_id"], ascending=[False, True], ignore_index=True)
    columns = ["account_id", "name", "due_date", "target", "band", "chance", "at_risk", "n_like"]
    return ordered[columns].assign(within=BEFORE)


def _coming(book: Book, *, until: pd.Timestamp) -> pd.DataFrame:
    ledger, day = book.tables["subscriptions"], pd.Timestamp(book.as_of)
    if "term_end_date" not in ledger:
        raise Absent("it needs term_end_date in the table subscriptions, which has no such values")
    live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day) & (ledger["arr"] > 0)]
    due = live[(live["term_end_date"] > day) & (live["term_end_date"] <= until)]
    rows = (
        due.groupby("account_id").agg(due_date=("term_end_date", "min"), target=("arr", "sum")).reset_index()
    )
    rows["band"] = "no score"
    if book.has("health") and "band" in book.tables["health"]:
        scores = book.tables["health"].sort_values("as_of_date").drop_duplicates("account_id", keep="last")
        rows["band"] = rows["account_id"].map(scores.set_index("account_id")["band"]).fillna("no score")
    return rows


def outlook_record(book: Book, *, quarters: int = 6) -> pd.DataFrame:
    """How the outlook did: decisions of each past quarter, told with what was known before it began.

    Returns
    -------
    DataFrame
        A row a band and quarter of due days, and ``all`` for each quarter: ``quarter`` (first day), ``band, n,
        expected`` (mean chance), ``happened`` (share that renewed), ``low, high`` (95%, Wilson), ``brier`` (mean
        squared error of the chances), ``brier_base`` (of giving everyone the share of all before). Quarters without
        an earlier decision are left out.

    Raises
    ------
    Absent
        When there are no renewal decisions.

    Source: Brier 1950. Systems: G03.
    """
    rows = _decisions(book)
    rows = rows[rows["kept"].notna() & (rows["due_date"] <= pd.Timestamp(book.as_of))]
    told = []
    for back in range(quarters, 0, -1):
        first = pd.Timestamp(months_before(book.as_of, 3 * back))
        last = pd.Timestamp(months_before(book.as_of, 3 * back - 3))
        past = rows[rows["due_date"] <= first]
        own = rows[(rows["due_date"] > first) & (rows["due_date"] <= last)]
        if past.empty or own.empty:
            continue
        rates, base = _rates(past)
        own = own.assign(chance=own["band"].map(rates).fillna(base))
        for band, part in [*own.groupby("band"), ("all", own)]:
            kept, chance = part["kept"], part["chance"]
            low, high = wilson(float(kept.sum()), len(part))[1:]
            told.append({
                "quarter": first + pd.Timedelta(days=1), "band": band, "n": len(part),
                "expected": float(chance.mean()),
                "happened": float(kept.mean()), "low": low, "high": high,
                "brier": float(((chance - kept) ** 2).mean()), "brier_base": float(((base - kept) ** 2).mean()),
            })  # fmt: skip
    columns = ["quarter", "band", "n", "expected", "happened", "low", "high", "brier", "brier_base"]
    return pd.DataFrame(told, columns=columns)


def _lines_on(book: Book, day: date) -> pd.DataFrame:
    """ARR, quantity and plan of each account's product on `day`."""
    ledger, at = book.tables["subscriptions"], pd.Timestamp(day)
    live = ledger[(ledger["start_date"] <= at) & ~(ledger["end_date"] <= at) & (ledger["arr"] > 0)]
    line = live["product"].fillna("") if "product" in live else pd.Series("", index=live.index)
    plan = live["plan"].fillna("") if "plan" in live else pd.Series("", index=live.index)
    units = live["quantity"] if "quantity" in live else pd.Series(np.nan, index=live.index)
    grouped = live.assign(line=line, plan=plan, units=units).groupby(["account_id", "line"])
    return pd.DataFrame(
        {
            "arr": grouped["arr"].sum(),
            "units": grouped["units"].sum(min_count=1),
            "plan": grouped["plan"].first(),
        }
    )


def factors(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Net retention less 100%, taken apart line by line: what each kind of movement added or took.

    A line is an account's money in one product, of accounts that paid at the opening. A gain is ``new product`` where
    the account had none of it, ``price or plan`` where its plan changed or its units did not, else ``more of the
    same``; a loss is ``account left``, ``product dropped`` or ``less of the same``.

    Returns
    -------
    DataFrame
        A row a kind, in order: ``kind, amount`` (minor units, with its sign), ``n_accounts, points`` (of opening
        ARR, a ratio with its sign), ``opening``. The points add up to net retention less 1 exactly in whole minor
        units.

    Source: Gainsight, five factors of net retention. Systems: N43.
    """
    opened = months_before(book.as_of, window)
    then, now = _lines_on(book, opened), _lines_on(book, book.as_of)
    opening = int(then["arr"].sum())
    both = then.add_suffix("_then").join(now.add_suffix("_now"), how="outer")
    both = both[both.index.get_level_values(0).isin(then.index.get_level_values(0))].reset_index()
    both[["arr_then", "arr_now"]] = both[["arr_then", "arr_now"]].fillna(0).astype("int64")
    both["amount"] = both["arr_now"] - both["arr_then"]
    stays = both["account_id"].isin(now.index.get_level_values(0))
    same_units = both["units_then"].notna() & (both["units_then"] == both["units_now"])
    both["kind"] = np.select(
        [
            ~stays,
            (both["amount"] > 0) & (both["arr_then"] == 0),
            (both["amount"] > 0) & (same_units | (both["plan_then"] != both["plan_now"])),
            both["amount"] > 0,
            (both["amount"] < 0) & (both["arr_now"] == 0),
        ],
        ["account left", "new product", "price or plan", "more of the same", "product dropped"],
        "less of the same",
    )
    moved = both[both["amount"] != 0]
    grouped = moved.groupby("kind")
    frame = pd.DataFrame({"amount": grouped["amount"].sum(), "n_accounts": grouped["account_id"].nunique()})
    frame = frame.reindex(list(KINDS), fill_value=0).rename_axis("kind").reset_index()
    return frame.assign(points=frame["amount"] / opening if opening else np.nan, opening=opening)


def swaps(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Gross retention three ways: over what was due, over all ARR, and over all ARR with a changed product as a loss.

    Returns
    -------
    DataFrame
        A row a way: ``way`` (``due for renewal``, ``all ARR``, ``all ARR, a swap is a loss``), ``value, numerator,
        denominator`` (minor units; missing where no term is known or nothing was due), ``swapped`` (ARR that moved
        between products of one account, minor units). The widest gap is the spread.

    Source: two denominators and the swap rule, Gainsight. Systems: N57.
    """
    pairs = account_changes(book, window=window).query("opening > 0")
    whole, kept = int(pairs["opening"].sum()), int(pairs[["opening", "closing"]].min(axis=1).sum())
    then, now = _lines_on(book, months_before(book.as_of, window)), _lines_on(book, book.as_of)
    lines = then[["arr"]].join(now["arr"].rename("arr_now")).fillna(0)
    strict = int(lines[["arr", "arr_now"]].min(axis=1).sum())
    rows: list[tuple[str, object, object]] = [
        ("all ARR", kept, whole),
        ("all ARR, a swap is a loss", strict, int(then["arr"].sum())),
    ]
    try:
        due = _terms(book, window)
        rows.insert(
            0, ("due for renewal", int(due[["atr", "renewed"]].min(axis=1).sum()), int(due["atr"].sum()))
        )
    except Absent:
        rows.insert(0, ("due for renewal", pd.NA, pd.NA))
    frame = pd.DataFrame(rows, columns=["way", "numerator", "denominator"]).astype(
        {"numerator": "Int64", "denominator": "Int64"}
    )
    divisor = frame["denominator"].astype("float64").where(frame["denominator"].fillna(0) > 0)
    frame["value"] = frame["numerator"].astype("float64") / divisor
    return frame.assign(swapped=max(kept - strict, 0))[
        ["way", "value", "numerator", "denominator", "swapped"]
    ]


def shortened_terms(book: Book, *, window: int = 24) -> pd.DataFrame:
    """Accounts that renewed for a shorter term than before, whether they were green, and whether they left after.

    Returns
    -------
    DataFrame
        A row a shortening in the window: ``account_id, name, day`` (the shorter term begins), ``months_before,
        months_after, band`` (of health on that day; missing where there is none), ``left`` (no longer pays on the
        as-of day), ``arr`` (minor units, of the shorter term).

    Raises
    ------
    Absent
        When no term is known.

    Source: a green customer that asks for one year may be buying time. Systems: N32.
    """
    ledger = book.need("subscriptions", "term_end_date")
    rows = ledger[(ledger["arr"] > 0) & ledger["term_end_date"].notna()].sort_values(
        ["account_id", "start_date"]
    )
    line = rows["product"].fillna("") if "product" in rows else pd.Series("", index=rows.index)
    terms = (
        rows.assign(line=line)
        .groupby(["account_id", "line", "term_end_date"], as_index=False)
        .agg(begins=("start_date", "min"), arr=("arr", "last"))
    )
    length = (terms["term_end_date"].dt.year - terms["begins"].dt.year) * 12
    terms["months"] = length + terms["term_end_date"].dt.month - terms["begins"].dt.month
    terms["before"] = terms.groupby(["account_id", "line"])["months"].shift()
    short = terms[
        (terms["months"] < terms["before"])
        & (terms["begins"] > pd.Timestamp(months_before(book.as_of, window)))
    ]
    live = set(account_changes(book, window=1).query("closing > 0")["account_id"])
    told = short.rename(columns={"begins": "day", "before": "months_before", "months": "months_after"})
    told = told.assign(left=~told["account_id"].isin(live), name=names_of(book, told["account_id"]))
    told["band"] = pd.NA
    if book.has("health") and "band" in book.tables["health"] and len(told):
        scores = book.tables["health"][["account_id", "as_of_date", "band"]].sort_values("as_of_date")
        told = pd.merge_asof(
            told.drop(columns="band").sort_values("day"),
            scores,
            left_on="day",
            right_on="as_of_date",
            by="account_id",
        )
    columns = ["account_id", "name", "day", "months_before", "months_after", "band", "left", "arr"]
    return told.sort_values(["day", "account_id"], ignore_index=True)[columns]


def masked(book: Book, *, window: int = 12, floor: float = 0.85) -> tuple[bool, str]:
    """Whether net retention hides a gross retention below `floor`: net at 100% or more, gross under it; with the
    words.

    Source: look at gross churn also when the bucket rises. Systems: N03.
    """
    rows = headline(book, window=window, base="arr").query("end == end.max()").set_index("metric")["value"]
    net, gross = float(rows["net_retention"]), float(rows["gross_retention"])
    flag = net >= 1 and gross < floor
    return flag, f"net {net:.1%}, gross {gross:.1%}, floor {floor:.0%}"
