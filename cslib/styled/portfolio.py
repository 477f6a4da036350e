"""Companies side by side as tables, and the heading that begins the page of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import pandas as pd

from cslib.charts.axis import trailing
from cslib.charts.canvas import Picture, require
from cslib.formats import count, one_line, percent, points, short_money, shortened, undefined
from cslib.styled.sheet import Sheet, distinct, lay_out, once
from cslib.words import metric_name, retell, say

__all__ = ["Heading", "group_table", "look_table", "numbered", "page_heading", "proofs_table", "unread_table"]

Shown = TypeVar("Shown", Sheet, Picture)
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&:@^=/\"'])")
_RATIOS: Final = ("net_retention", "gross_retention")
_APART: Final = {
    ("net_retention", "above the others"): "net above",
    ("net_retention", "below the others"): "net below",
    ("gross_retention", "above the others"): "gross above",
    ("gross_retention", "below the others"): "gross below",
}
NAMES: Final = 26  # characters of a name in a wide table; its own page has it whole
_CAUSE: Final = 400  # characters of a cause; the rest is what `cslib check` prints


@dataclass(frozen=True)
class Heading:
    """A heading that shows as Markdown; on paper it begins a page."""

    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        marked = _MARKDOWN.sub(r"\\\1", one_line(self.text))
        return {"text/markdown": f"## {marked}", "text/plain": self.text}, {"cslib": {"break": "before"}}


def page_heading(text: str) -> Heading:
    """Heading of the page of one company; `text` may come from data.

    >>> page_heading("Acme & Co")._repr_mimebundle_()[0]["text/markdown"]
    '## Acme \\\\& Co'
    """
    return Heading(text)


def numbered(shown: Shown, page: int) -> Shown:
    """Table or figure of one of several pages: its label, and the names of its numbers, end in the page's number.

    >>> numbered(Sheet(pd.DataFrame().style, "Key figures.", "tab-kpi"), 2).label
    'tab-kpi-2'
    """
    label = f"{shown.label}-{page}"
    if isinstance(shown, Picture):
        return replace(shown, label=label)
    return replace(shown, label=label, cells={f"{name}@{page}": cell for name, cell in shown.cells.items()})


def group_table(
    levels: pd.DataFrame, league: pd.DataFrame, changes: pd.DataFrame, *, title: str, locale: str = "en_US"
) -> Sheet:
    """Every company with its ARR, its retention with intervals, its standing among the others and what changed.

    Parameters
    ----------
    levels : DataFrame
        `company`, `currency`, `metric`, `end`, `value`, `n_accounts`; of `metric` arr the latest row is shown.
    league : DataFrame
        `company`, `metric`, `convention`, `start`, `end`, `value`, `low`, `high`, `adjusted` (NaN where a company was
        not tested), `tier`.
    changes : DataFrame
        `company`, `metric`, `months_ago`, `value`, `low`, `verdict`, of net retention; may lack companies.
    title : str
        First words of the caption.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Sheet
        One row a company, in order of its name; money in its own currency, never added up.

    Raises
    ------
    ValueError
        When a column is missing or a company comes twice.
    """
    kept = require(
        levels,
        columns=["company", "currency", "metric", "end", "value", "n_accounts"],
        by="group_table",
        may_be_empty=True,
    )
    columns = ["company", "metric", "convention", "start", "end", "value", "low", "high", "adjusted", "tier"]
    ranked = require(league, columns=columns, by="group_table", may_be_empty=True)
    since = require(
        changes,
        columns=["company", "metric", "months_ago", "value", "low", "verdict"],
        by="group_table",
        may_be_empty=True,
    )
    arr = levels[levels["metric"] == "arr"]
    arr = arr[arr["end"] == arr.groupby("company")["end"].transform("max")].sort_values("company")
    once(arr, key=["company"], by="group_table")
    once(league, key=["company", "metric"], by="group_table")
    stand = {(row["company"], row["metric"]): row for row in league.to_dict("records")}
    moved = {row["company"]: row for row in changes[changes["metric"] == "net_retention"].to_dict("records")}
    lag = count(changes["months_ago"].iloc[0], locale=locale) if len(changes) else ""
    heads = [
        *(say(head, locale=locale) for head in ("ARR", "Accounts")),
        *(metric_name(metric, locale=locale) for metric in _RATIOS),
        say("Among the others", locale=locale),
        say("Net, in {n} months", locale=locale, n=lag) if lag else say("Net, change", locale=locale),
    ]
    rows = [
        [
            short_money(row["value"], row["currency"], locale=locale),
            count(row["n_accounts"], locale=locale),
            *(_ratio(stand.get((row["company"], metric)), locale=locale) for metric in _RATIOS),
            _tiers(
                [stand[key] for metric in _RATIOS if (key := (row["company"], metric)) in stand],
                locale=locale,
            ),
            _change(moved.get(row["company"]), locale=locale),
        ]
        for row in arr.to_dict("records")
    ]
    names = distinct([shortened(name, length=NAMES) for name in arr["company"]])
    cells = pd.DataFrame(rows or [[""] * len(heads)], names or [say("none", locale=locale)], heads)
    subject = title
    if len(league):
        window = trailing(league.iloc[0], locale=locale)
        subject = say("{title}, {window}, with 95% intervals", locale=locale, title=title, window=window)
    return lay_out(
        cells.rename_axis(say("Company", locale=locale), axis=1),
        rows=[arr[kept.columns], ranked, since],
        caption=say("{title}. ARR in each company's own currency.", locale=locale, title=subject),
        label="tab-group",
        text=heads[4:],
    )


def _ratio(row: dict[Any, Any] | None, *, locale: str) -> str:
    if row is None or pd.isna(row["value"]):
        return undefined(locale)
    if pd.isna(row["low"]):
        return percent(row["value"], locale=locale)
    low, high = (percent(row[side], locale=locale, digits=0) for side in ("low", "high"))
    span = say("{low} to {high}", locale=locale, low=low, high=high)
    return f"{percent(row['value'], locale=locale)} ({span})"


def _tiers(rows: list[dict[Any, Any]], *, locale: str) -> str:
    if all(pd.isna(row["adjusted"]) for row in rows):
        return say("not tested", locale=locale)
    apart = [key for row in rows if (key := (row["metric"], row["tier"])) in _APART]
    return ", ".join(say(_APART[key], locale=locale) for key in apart) or say("not apart", locale=locale)


def _change(row: dict[Any, Any] | None, *, locale: str) -> str:
    if row is None or pd.isna(row["low"]):
        return say("cannot tell", locale=locale)
    if row["verdict"] == "changed":
        moved = points(row["value"], locale=locale, signed=True)
        return say("changed, {points} points", locale=locale, points=moved)
    same = row["verdict"] == "unchanged within delta"
    return say("unchanged" if same else "cannot tell", locale=locale)


def look_table(frame: pd.DataFrame, *, title: str, months: int = 3, locale: str = "en_US") -> Sheet:
    """Where to look first: ARR lost and ARR that is known to end, the largest share of the company's ARR first.

    Parameters
    ----------
    frame : DataFrame
        `company`, `currency`, `lost`, `n_lost`, `ending`, `n_ending`, `at_stake` (minor units), `share` (a ratio),
        `largest`, `largest_share`; in the order to print.
    title : str
        First words of the caption.
    months : int
        Of the losses.
    locale : str
        Of numbers.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    columns = [
        "company", "currency", "lost", "n_lost", "ending", "n_ending", "at_stake", "share", "largest", "largest_share",
    ]  # fmt: skip
    kept = require(frame, columns=columns, by="look_table", may_be_empty=True)
    heads = [
        say("Lost in {n} months", locale=locale, n=count(months, locale=locale)),
        *(
            say(head, locale=locale)
            for head in ("Known to end", "Together", "Of opening ARR", "Largest account")
        ),
    ]
    rows = [
        [
            f"{short_money(row['lost'], row['currency'], locale=locale)} ({count(row['n_lost'], locale=locale)})",
            f"{short_money(row['ending'], row['currency'], locale=locale)} ({count(row['n_ending'], locale=locale)})",
            short_money(row["at_stake"], row["currency"], locale=locale),
            percent(row["share"], locale=locale),
            f"{one_line(row['largest'])}, {percent(row['largest_share'], locale=locale, digits=0)}"
            if row["largest"]
            else "",
        ]
        for row in frame.to_dict("records")
    ]
    names = distinct([shortened(name, length=NAMES) for name in frame["company"]])
    cells = pd.DataFrame(rows or [[""] * len(heads)], names or [say("none", locale=locale)], heads)
    caption = say(
        "{title}, in each company's own currency, accounts in brackets; the largest account with its share of ARR a "
        "year ago.",
        locale=locale,
        title=title,
    )
    return lay_out(
        cells.rename_axis(say("Company", locale=locale), axis=1),
        rows=[kept, pd.DataFrame({"months": [months]})],
        caption=caption,
        label="tab-look",
        text=heads[-1:],
    )


def unread_table(frame: pd.DataFrame, *, title: str = "", locale: str = "en_US") -> Sheet:
    """Companies that are missing from every other table, each with its cause.

    Parameters
    ----------
    frame : DataFrame
        `company`, `cause`; a long cause is cut. It is the message of an error and stays in English, as `cslib check`
        prints it.
    title : str
        The caption.
    locale : str
        Of the words.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    kept = require(frame, columns=["company", "cause"], by="unread_table", may_be_empty=True)
    causes = [one_line(cause) for cause in frame["cause"]]
    rows = [cause if len(cause) <= _CAUSE else f"{cause[:_CAUSE].rstrip()}…" for cause in causes]
    names = distinct([one_line(name) for name in frame["company"]])
    head = say("Cause", locale=locale)
    cells = pd.DataFrame({head: rows or [""]}, index=names or [say("none", locale=locale)])
    return lay_out(
        cells.rename_axis(say("Company", locale=locale), axis=1),
        rows=[kept],
        caption=f"{title or say('Companies that could not be read', locale=locale)}.",
        label="tab-unread",
        text=[head],
    )


def proofs_table(frame: pd.DataFrame, read: pd.DataFrame, *, title: str = "", locale: str = "en_US") -> Sheet:
    """How many identities each company's books hold, and the equalities behind them; the broken ones by name.

    Parameters
    ----------
    frame : DataFrame
        `company`, `check`, `n`, `holds`.
    read : DataFrame
        `company`, `rows_read`, `rows_after_as_of`, `rows_rejected`.
    title : str
        First words of the caption.
    locale : str
        Of numbers.

    Returns
    -------
    Sheet
        One row a company; one whose proof does not hold stands in bold.

    Raises
    ------
    ValueError
        When a column is missing or the frame is empty.
    """
    require(frame, columns=["company", "check", "n", "holds"], by="proofs_table")
    columns = ["company", "rows_read", "rows_after_as_of", "rows_rejected"]
    kept = require(read, columns=columns, by="proofs_table")
    once(read, key=["company"], by="proofs_table")
    counts = {
        row["company"]: [int(row[name]) for name in ("rows_read", "rows_after_as_of", "rows_rejected")]
        for row in read.to_dict("records")
    }
    rows, names, broken, held = [], [], [], []
    for company, own in frame.groupby("company", sort=False):
        name = one_line(company)
        checks = own.loc[~own["holds"].astype("bool"), "check"]
        wrong = [
            retell(one_line(check).removeprefix(f"{one_line(company)}: "), locale=locale) for check in checks
        ]
        names.append(name)
        broken += [name] if wrong else []
        held.append((company, len(own) - len(wrong), len(own), int(own["n"].sum())))
        rows.append(
            [
                say(
                    "{n} of {of}",
                    locale=locale,
                    n=count(held[-1][1], locale=locale),
                    of=count(held[-1][2], locale=locale),
                ),
                count(held[-1][3], locale=locale),
                *(count(n, locale=locale) for n in counts[company]),
                "; ".join(wrong) or say("none", locale=locale),
            ]
        )
    heads = [
        say(head, locale=locale)
        for head in ("Identities that hold", "Equalities", "Rows read", "Later", "Rejected", "Broken")
    ]
    cells = pd.DataFrame(rows, distinct(names), heads)
    return lay_out(
        cells.rename_axis(say("Company", locale=locale), axis=1),
        rows=[pd.DataFrame(held, columns=["company", "holds", "of", "n"]), kept],
        caption=say(
            "{title} in every company's books, to the minor unit; rows read, and of them later than the as-of day or "
            "rejected.",
            locale=locale,
            title=title or say("Identities tested", locale=locale),
        ),
        label="tab-proof",
        text=heads[-1:],
        bold=broken,
    )
