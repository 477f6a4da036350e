"""Questions that investors and heads of customer success ask most, each answered from a table or not at all."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cslib.absent import Absent, given
from cslib.book import Book
from cslib.metrics import health, onboarding
from cslib.metrics.benchmarks import nearest, position
from cslib.metrics.board import NO_DATA, conformance
from cslib.metrics.capacity import economics
from cslib.metrics.capacity.load import owner_load
from cslib.metrics.health import arr_on
from cslib.metrics.retention import net_retention
from cslib.metrics.uncertainty import intervals
from cslib.metrics.voice import nps
from cslib.months import months_before

__all__ = ["investor_questions", "is_it_good", "listing_gauge", "ten_questions", "trend_and_peers"]

NAN: Final = float("nan")
OWNERSHIP: Final = ("private", "public")
MODELS: Final = (
    "usage-based pricing", "seat-based pricing", "subscription pricing", "hybrid pricing",
)  # fmt: skip


def is_it_good(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Net, gross and logo retention against the narrowest population the company belongs to.

    Returns
    -------
    DataFrame
        Rows of :func:`cslib.metrics.benchmarks.nearest`: ``metric, value, low, high, benchmark, statistic, population,
        n, year, source, verdict``.

    Raises
    ------
    Absent
        When company.toml does not say whether the company is private or public, says both, or no population fits.

    Source: each row its own. Systems: M01.
    """
    stated = [name for name in OWNERSHIP if name in book.peers.traits]
    if len(stated) != 1:
        raise Absent(
            "it needs one of private and public in [benchmarks] traits of company.toml: the population"
        )
    rows = nearest(position(book, window=window))
    if rows.empty:
        raise Absent("no published population is the company's")
    return rows


def trend_and_peers(book: Book, *, window: int = 12, quarters: int = 8) -> pd.DataFrame:
    """Net retention at quarter ends beside companies of the same pricing, by what was published by then.

    Parameters
    ----------
    book : Book
        The company; its pricing is one of the traits in company.toml.
    window, quarters : int
        Months of retention; quarter ends.

    Returns
    -------
    DataFrame
        ``quarter`` (its last day), ``value, numerator, denominator, n_accounts, peer`` (median; missing where
        none is of this pricing, published by the quarter's year and about it or a year not three before),
        ``peer_year, source, reason`` (why there is no peer).

    Source: each row its own. Systems: N08.
    """
    ends = [pd.Timestamp(months_before(book.as_of, 3 * m)) for m in range(quarters - 1, -1, -1)]
    rows = net_retention(book, window=window)
    rows = rows[rows["end"].isin(ends)].sort_values("end")
    model = [name for name in MODELS if name in book.peers.traits]
    reason = "" if len(model) == 1 else "company.toml does not state one pricing model"
    told = book.peers.benchmarks
    fits = told[
        (told["metric"] == "net_retention") & (told["statistic"] == "median") & (told["window"] == window)
    ]
    wanted = set(book.peers.traits)
    traits = fits["traits"].fillna("").map(lambda t: {x.strip() for x in str(t).split(";") if x.strip()})
    fits = fits[[bool(model) and model[0] in own and own <= wanted for own in traits]]
    found = []
    for row in rows.to_dict("records"):
        year = row["end"].year
        near = fits[(fits["published"] <= year) & (fits["year"] <= year) & (fits["year"] > year - 3)]
        near = near.sort_values(["year", "id"]).tail(1)
        there = len(near) == 1 and not reason
        found.append({
            "quarter": row["end"],
            **{name: row[name] for name in ("value", "numerator", "denominator", "n_accounts")},
            "peer": float(near["value"].iloc[0]) if there else NAN,
            "peer_year": int(near["year"].iloc[0]) if there else pd.NA,
            "source": str(near["source"].iloc[0]) if there else "",
            "reason": "" if there else reason or "nothing of this pricing had been published",
        })  # fmt: skip
    columns = [
        "quarter",
        "value",
        "numerator",
        "denominator",
        "n_accounts",
        "peer",
        "peer_year",
        "source",
        "reason",
    ]
    return pd.DataFrame(found, columns=columns).astype({"peer_year": "Int64"})


def listing_gauge(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Net retention against 100% and the medians of listed companies: how far from them, not whether like them.

    Every edge has a source; a private company is not compared with listed ones but told where they stand.

    Returns
    -------
    DataFrame
        A row an edge, the lowest first: ``edge`` (ratio), ``what, source, year, value, low, high`` (ours, 95%), ``arr``
        (minor units), ``verdict`` (above, below, cannot tell).

    Raises
    ------
    Absent
        When nobody paid when the window opened.

    Source: each edge its own. Systems: N41.
    """
    rows = intervals(book, window=window)
    ours = rows[rows["metric"] == "net_retention"]
    if ours.empty or pd.isna(ours["value"].iloc[0]):
        raise Absent("it needs accounts that paid when the window opened")
    own, table = ours.iloc[0], book.peers.benchmarks
    listed = table[
        (table["metric"] == "net_retention")
        & table["traits"].fillna("").str.split(";").map(lambda t: "public" in t)
    ]
    listed = listed[
        (listed["published"] <= book.as_of.year) & listed["source"].notna() & (listed["source"] != "")
    ]
    edges: list[dict[str, Any]] = [{
        "edge": 1.0, "what": "no loss after growth", "source": "Lemkin, SaaStr: well above 100% before a listing",
        "year": pd.NA,
    }]  # fmt: skip
    edges += [
        {
            "edge": float(r["value"]),
            "what": str(r["population"]),
            "source": str(r["source"]),
            "year": r["year"],
        }
        for r in listed.to_dict("records")
    ]
    frame = pd.DataFrame(edges).sort_values(["edge", "source"], ignore_index=True).astype({"year": "Int64"})
    for name in ("value", "low", "high"):
        frame[name] = float(own[name])
    frame["arr"] = int(arr_on(book, pd.Timestamp(book.as_of)).sum())
    above, below = frame["low"] > frame["edge"], frame["high"] < frame["edge"]
    frame["verdict"] = above.map({True: "above", False: "cannot tell"}).mask(below, "below")
    return frame


def _answer(question: str, source: str, value: Any = NAN, *, amount: Any = pd.NA, n: Any = pd.NA,
            benchmark: str = NO_DATA, words: str = "", unit: str = "percent") -> dict[str, Any]:  # fmt: skip
    empty = pd.isna(value) and pd.isna(amount)
    return {
        "question": question, "value": value, "unit": unit, "amount": amount, "n": n, "words": words, "source": source,
        "benchmark": benchmark, "state": NO_DATA if empty else "",
    }  # fmt: skip


def _due(process: pd.DataFrame | Absent) -> Any:
    """Planned steps that are due: what the rate in time is of."""
    return _one(process, "n", {"step": "all"}) - _one(process, "open", {"step": "all"})


def _one(frame: Any, column: str, where: dict[str, object] | None = None) -> Any:
    """A cell of a frame that may be absent: its first row, or the one where columns have these values."""
    if isinstance(frame, Absent) or frame.empty:
        return NAN
    for name, value in (where or {}).items():
        frame = frame[frame[name] == value]
    return NAN if frame.empty else frame[column].iloc[0]


def ten_questions(book: Book, *, window: int = 12) -> pd.DataFrame:
    """The ten most asked questions of customer success, each with its number, its table and a like benchmark.

    Returns
    -------
    DataFrame
        ``question, value`` (in `unit`: percent and points are ratios, count is a number), ``amount`` (minor units),
        ``n, words, source`` (table), ``benchmark`` (with source, or no data), ``state`` (empty, or no data).

    Source: Lemkin, SaaStr, the ten most asked questions. Systems: M21.
    """
    ours = intervals(book, window=window).set_index("metric")
    good = given(is_it_good, book, window=window)
    arr = arr_on(book, pd.Timestamp(book.as_of))
    rows = []
    for metric, question in (
        ("net_retention", "What is our net retention?"), ("gross_retention", "What is our gross retention?"),
        ("logo_retention", "How many customers stay?"),
    ):  # fmt: skip
        middle: dict[str, object] = {"metric": metric, "statistic": "median"}
        figure = _one(good, "benchmark", middle)
        told = NO_DATA if pd.isna(figure) else f"{figure:.0%}, {_one(good, 'source', middle)}"
        own = ours.loc[metric].to_dict() if metric in ours.index else {}
        n, of = own.get("n_accounts", pd.NA), "of customers" if metric == "logo_retention" else "of ARR"
        rows.append(_answer(question, "subscriptions", own.get("value", NAN), n=n,
                            benchmark=told, words=of))  # fmt: skip
    said = given(nps, book, window=window)
    rows.append(_answer("Would they recommend us?", "surveys", _one(said, "nps"), n=_one(said, "n"),
                        words="promoters less detractors", unit="points"))  # fmt: skip
    load = given(owner_load, book, window=window)
    held = load if isinstance(load, Absent) else load[load["state"].notna()]
    mean = pd.NA if isinstance(held, Absent) or held.empty else round(held["arr"].sum() / len(held))
    n = pd.NA if isinstance(held, Absent) else len(held)
    rows.append(_answer("How much ARR has a CSM?", "team", amount=mean, n=n, words="a CSM, mean"))
    cost = given(economics.cs_cost, book, window=window)
    spent = NAN if isinstance(cost, Absent) or not arr.sum() else cost / int(arr.sum())
    rows.append(_answer("What does customer success cost?", "costs", spent, n=len(arr), words="of ARR"))
    share, n = NAN, pd.NA
    people = book.tables.get("team")
    if people is not None and "quota" in people:
        csm = people[(people["role"] == "CSM") & ~(people["end_date"] <= pd.Timestamp(book.as_of))]
        share, n = (float(csm["quota"].notna().mean()) if len(csm) else NAN), len(csm)
    rows.append(_answer("Do CSMs carry a quota?", "team", share, n=n, words="of CSMs"))
    wait = given(onboarding.time_to_value, book)
    rows.append(_answer("How long until first value?", "milestones", _one(wait, "median"),
                        n=_one(wait, "n_accounts"), words="days, median", unit="count"))  # fmt: skip
    trial = given(health.score_trial, book)
    rows.append(_answer("Does the health score tell?", "health", _one(trial, "auc", {"quarter": "all"}),
                        n=_one(trial, "n_accounts", {"quarter": "all"}), words="of pairs ranked right"))  # fmt: skip
    process = given(conformance, book)
    rows.append(_answer("Is there a process, or reactive support?", "milestones",
                        _one(process, "rate", {"step": "all"}), n=_due(process),
                        words="of planned steps in time"))  # fmt: skip
    return pd.DataFrame(rows).astype({"amount": "Int64"})


def investor_questions(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Five questions of investors on one page: trend, standing, source of growth, process, readiness.

    Returns
    -------
    DataFrame
        ``question, value`` (ratio; where `unit` is points a difference of two), ``words, n, source`` (table),
        ``state`` (empty, or no data).

    Source: five questions before a listing. Systems: N08.
    """
    trend = trend_and_peers(book, window=window, quarters=5)
    now, past = (trend["value"].iloc[i] if len(trend) >= 2 else NAN for i in (-1, 0))
    ours = intervals(book, window=window).set_index("metric")
    net, gross = (ours["value"].get(m, NAN) for m in ("net_retention", "gross_retention"))
    good = given(is_it_good, book, window=window)
    process = given(conformance, book)
    gauge = given(listing_gauge, book, window=window)
    n = ours["n_accounts"].get("net_retention", pd.NA)
    above = NAN if isinstance(gauge, Absent) else float((gauge["verdict"] == "above").mean())
    middle: dict[str, object] = {"metric": "net_retention", "statistic": "median"}
    verdict, theirs = _one(good, "verdict", middle), _one(good, "benchmark", middle)
    rows = [
        _answer("1. What is net retention?", "subscriptions", net, n=n, words="of opening ARR"),
        _answer("   and against a year ago?", "subscriptions", now - past, n=n, words="difference", unit="points"),
        _answer("2. Is it good, among like companies?", "benchmarks", theirs,
                words="their median: " + (NO_DATA if pd.isna(verdict) else f"ours is {verdict}")),
        _answer("3. How much of it is growth?", "subscriptions", net - gross, n=n, words="net less gross",
                unit="points"),
        _answer("4. Is there a process, or reactive support?", "milestones", _one(process, "rate", {"step": "all"}),
                n=_due(process), words="of planned steps in time"),
        _answer("5. How near are listed companies?", "benchmarks", above, words="of the gauge's edges are passed"),
    ]  # fmt: skip
    return pd.DataFrame(rows).drop(columns=["amount", "benchmark"])
