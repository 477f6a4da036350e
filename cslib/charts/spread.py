"""How widely accounts differ behind the average."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes

from cslib.charts.axis import trailing
from cslib.charts.canvas import (
    GAIN,
    INK,
    LOSS,
    MUTED,
    NEUTRAL,
    WIDTH,
    Picture,
    house_style,
    require,
    said,
    sheet,
    text_inches,
)
from cslib.formats import count, currency_of, month, percent, short_money
from cslib.words import accounts, retell, say

__all__ = ["chart_spread"]

COLOURS: Final = {"churn": LOSS, "contraction": LOSS, "unchanged": NEUTRAL, "expansion": GAIN}
INKS: Final = {"churn": LOSS, "contraction": LOSS, "unchanged": MUTED, "expansion": GAIN}
SIDES: Final = {"Left or pay less": ["churn", "contraction"], "Pay more": ["expansion"]}
_BAR: Final = 0.62
_AIR: Final = 1.18  # height of the plot over that of the highest bar
_COLUMNS: Final = ["band", "movement", "convention", "start", "end", "n_accounts", "opening", "share"]


@house_style()
def chart_spread(changes: pd.DataFrame, *, unit: str, title: str = "", locale: str = "en_US") -> Picture:
    """Share of the opening amount by how much more or less its accounts pay now, with the number of accounts.

    Parameters
    ----------
    changes : DataFrame
        One row a band, from left to most grown: `band` (text), `movement` (churn, contraction, unchanged,
        expansion), `convention`, `start`, `end`, `n_accounts`, `opening` (minor units), `share` of all that was
        paid at the start (0 to 1, NaN where nothing was).
    unit : str
        Of the opening amount, such as ``USD ARR``.
    title : str
        First words of the caption.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 x 2.6 inches, bars from zero in the order given; one line that says so where nothing was paid at
        the start.

    Raises
    ------
    ValueError
        When a column is missing, the frame is empty, a band comes twice or a movement is none of the four.
    """
    rows = require(changes, columns=_COLUMNS, by="chart_spread").reset_index(drop=True)
    if rows["band"].duplicated().any():
        twice = rows["band"][rows["band"].duplicated()].iloc[0]
        raise ValueError(f"chart_spread: band: found {twice!r} more than once; expected one row for each")
    others = sorted(set(rows["movement"]) - set(COLOURS))
    if others:
        raise ValueError(f"chart_spread: movement: found {', '.join(others)}; expected {', '.join(COLOURS)}")
    one, base, total = rows.iloc[0], unit.split(" ")[-1], int(rows["n_accounts"].sum())
    start, end = month(one["start"], locale=locale), month(one["end"], locale=locale)
    caption = say(
        "{title}, {window}: share of opening {base} by what each account pays now against the start of the window",
        locale=locale,
        title=title or say("How accounts differ", locale=locale),
        window=trailing(one, locale=locale),
        base=base,
    )
    if rows["share"].isna().all():
        sentence = say(
            "Undefined in {month}: no account paid at the start of the window.", locale=locale, month=end
        )
        return said(sentence, caption=f"{caption}.", label="fig-spread")

    import seaborn  # takes a second: only who draws this figure waits for it

    figure, axes = sheet(left=0.05, right=0.05, top=0.5, bottom=0.55, height=2.6)
    seaborn.barplot(
        rows, x="band", y="share", hue="movement", order=list(rows["band"]), palette=COLOURS,
        saturation=1, width=_BAR, dodge=False, errorbar=None, legend=False, ax=axes,
    )  # fmt: skip
    axes.set(
        xlim=(-0.5, len(rows) - 0.5), ylim=(0, rows["share"].max() * _AIR), yticks=[], xlabel="", ylabel=""
    )
    bands = [retell(str(band), locale=locale) for band in rows["band"]]
    names = [_two_lines(band) for band in bands]
    axes.set_xticks(range(len(rows)), names)
    axes.tick_params(axis="x", length=0, pad=4, labelcolor=INK)
    counts = [accounts(n, locale=locale) for n in rows["n_accounts"]]
    if text_inches(figure, counts) > WIDTH / len(rows) - 0.05:  # the heads say what is counted
        counts = [count(n, locale=locale) for n in rows["n_accounts"]]
    parts = []
    for i, row in enumerate(rows.to_dict("records")):
        share, size = percent(row["share"], locale=locale), accounts(row["n_accounts"], locale=locale)
        if row["n_accounts"]:
            _write(axes, share, (i, row["share"]), up=3, ink=INKS[row["movement"]], weight="semibold")
        _write(axes, counts[i], (i, 0), up=-33, ink=MUTED)
        opened = short_money(row["opening"], currency_of(unit), locale=locale)
        parts.append(f"{bands[i]}: {share}, {opened}, {size}")
    sides = _heads(axes, rows, base=base, locale=locale)
    alt = say(
        "Bars of opening {unit} by what each account pays in {end} against {start}. {parts}.",
        locale=locale, unit=unit, end=end, start=start, parts="; ".join(parts),
    )  # fmt: skip
    kept = [rows, sides, pd.DataFrame({"n_accounts": [total]})]
    caption = f"{caption}; {accounts(total, locale=locale)}."
    return Picture(figure, alt, caption, "fig-spread", rows=kept)


def _heads(axes: Axes, rows: pd.DataFrame, *, base: str, locale: str) -> pd.DataFrame:
    """Write over each side of more than one bar what they come to, on a rule as wide as they are; what that is."""
    found = []
    above = axes.get_xaxis_transform()
    for head, movements in SIDES.items():
        side = rows[rows["movement"].isin(movements)]
        if len(side) < 2:
            continue
        ends, colour = [side.index[0] - 0.44, side.index[-1] + 0.44], COLOURS[movements[0]]
        axes.plot(ends, [1, 1], transform=above, color=colour, linewidth=0.8, clip_on=False)
        found.append((head, float(side["share"].sum()), int(side["n_accounts"].sum())))
        share, size = percent(found[-1][1], locale=locale), accounts(found[-1][2], locale=locale)
        told = say("{share} of {base}, {size}", locale=locale, share=share, base=base, size=size)
        middle = (sum(ends) / 2, rows["share"].max() * _AIR)
        _write(axes, say(head, locale=locale), middle, up=17, ink=INKS[movements[0]], weight="semibold")
        _write(axes, told, middle, up=6, ink=MUTED)
    return pd.DataFrame(found, columns=["side", "share", "n_accounts"])


def _write(
    axes: Axes, text: str, at: tuple[float, float], *, up: float, ink: str, weight: str = "normal"
) -> None:
    axes.annotate(
        text, at, xytext=(0, up), textcoords="offset points", ha="center", color=ink, weight=weight,
        annotation_clip=False,
    )  # fmt: skip


def _two_lines(band: str) -> str:
    """Break a name before its last word, so that all stand equally high."""
    return "\n".join(f"{band[:1].upper()}{band[1:]}".rsplit(" ", 1)) + ("" if " " in band else "\n")
