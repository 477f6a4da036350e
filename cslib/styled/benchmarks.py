"""Published figures beside ours, cited; and those that are not compared, with the reason."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import count, one_line, percent
from cslib.styled.sheet import Sheet, distinct, lay_out
from cslib.words import known, metric_name, retell, say

__all__ = ["benchmark_table", "refused_table"]


def benchmark_table(frame: pd.DataFrame, *, title: str = "", locale: str = "en_US") -> Sheet:
    """Published figures that compare, each with its population, source, year and number of companies.

    Parameters
    ----------
    frame : DataFrame
        `metric`, `convention`, `value`, `low`, `high` (ours), `statistic`, `benchmark`, `population`, `source`, `year`,
        `n`, `n_note`, `evidence`, `comparable`, `verdict`; rows that do not compare are left out.
    title : str
        First words of the caption.
    locale : str
        Of numbers.

    Returns
    -------
    Sheet
        One row a figure in the order given; one line that says so where none compares. A source that several rows
        share stands in the caption, once.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    columns = [
        "metric", "convention", "value", "low", "high", "statistic", "benchmark", "population", "source", "year", "n",
        "n_note", "evidence", "comparable", "verdict",
    ]  # fmt: skip
    kept = require(frame, columns=columns, by="benchmark_table", may_be_empty=True)
    kept = kept[frame["comparable"].astype("bool")]
    rows = kept.to_dict("records")
    sources = [_source(row, locale=locale) for row in rows]
    shared = len(sources) > 1 and len(set(sources)) == 1
    heads = [
        say(head, locale=locale) for head in ("Ours", "Theirs", "Ours is", "Source")[: 3 if shared else 4]
    ]
    told = [
        [
            f"{percent(row['value'], locale=locale)}{_span(row, locale=locale)}",
            percent(row["benchmark"], locale=locale),
            known(row["verdict"], locale=locale),
            *([] if shared else [source]),
        ]
        for row, source in zip(rows, sources, strict=True)
    ]
    names = distinct(
        [
            f"{metric_name(row['metric'], locale=locale)}, {known(row['statistic'], locale=locale)}: "
            f"{known(one_line(row['population']), locale=locale)}"
            for row in rows
        ]
    )
    cells = pd.DataFrame(
        told or [[""] * len(heads)], index=names or [say("none compares", locale=locale)], columns=heads
    )
    conventions = ", ".join(sorted({known(one_line(row["convention"]), locale=locale) for row in rows}))
    subject = title or say("Ours beside published figures", locale=locale)
    if rows:
        text = "{title}, {conventions}, ours with its 95% interval"
        subject = say(text, locale=locale, title=subject, conventions=conventions)
    if shared:
        subject = say("{title}. Source: {source}", locale=locale, title=subject, source=sources[0])
    return lay_out(
        cells.rename_axis(say("Published figure", locale=locale), axis=1),
        rows=[kept],
        caption=f"{subject}.",
        label="tab-benchmarks",
        text=heads[2:],
    )


def refused_table(frame: pd.DataFrame, *, title: str = "", locale: str = "en_US") -> Sheet:
    """Reasons why published figures are not compared, with how many of them and whose, the most frequent first.

    Parameters
    ----------
    frame : DataFrame
        `source`, `comparable`, `reason`; rows that compare are left out.
    title, locale
        As in :func:`benchmark_table`.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    require(frame, columns=["source", "comparable", "reason"], by="refused_table", may_be_empty=True)
    left = frame[~frame["comparable"].astype("bool")]
    reasons = left["reason"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
    rows = [
        [
            count(n, locale=locale),
            "; ".join(dict.fromkeys(one_line(s) for s in left.loc[left["reason"] == reason, "source"])),
        ]
        for reason, n in reasons.items()
    ]
    told = [retell(one_line(reason), locale=locale) for reason in reasons.index]
    names = [f"{reason[:1].upper()}{reason[1:]}" for reason in told] or [say("none", locale=locale)]
    heads = [say(head, locale=locale) for head in ("Figures", "Sources")]
    cells = pd.DataFrame(rows or [["", ""]], index=names, columns=heads)
    return lay_out(
        cells.rename_axis(say("Reason", locale=locale), axis=1),
        rows=[
            reasons.rename_axis("reason").reset_index(name="n"),
            left[["reason", "source"]].drop_duplicates(),
        ],
        caption=f"{title or say('Published figures that are not compared', locale=locale)}.",
        label="tab-refused",
        text=heads[1:],
    )


def _span(row: dict[Any, Any], *, locale: str) -> str:
    if pd.isna(row["low"]):
        return ""
    low, high = (percent(row[side], locale=locale) for side in ("low", "high"))
    return f" ({say('{low} to {high}', locale=locale, low=low, high=high)})"


def _source(row: dict[Any, Any], *, locale: str) -> str:
    n = say("n not stated", locale=locale)
    if not pd.isna(row["n"]):
        note = one_line(row["n_note"])
        kind, _, rest = note.partition(", ") if note else ("", "", "")
        kind, rest = (known(part, locale=locale) for part in (kind, rest))
        n = f"n {f'{kind} ' if kind else '= '}{count(row['n'], locale=locale)}{f', {rest}' if rest else ''}"
    hand = ", " + say("second hand", locale=locale) if row["evidence"] == "second hand" else ""
    year = say("figures of {year}", locale=locale, year=row["year"])
    return f"{one_line(row['source'])}; {year}; {n}{hand}"
