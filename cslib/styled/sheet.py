"""The sheet a table is laid out on, and the checks and words that tables share."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pandas as pd
from pandas.io.formats.style import Styler
from pandas.io.formats.style_render import CSSDict

from cslib.charts.axis import window_months
from cslib.evidence import kept_rows
from cslib.formats import count, one_line
from cslib.words import known, say

__all__ = ["Sheet", "account_names", "convention", "distinct", "lay_out", "once"]

_RULES: Final[list[CSSDict]] = [
    {"selector": "", "props": "border-collapse: collapse; font-variant-numeric: tabular-nums"},
    {"selector": "caption", "props": "text-align: left; padding-bottom: 0.4em"},
    {"selector": "th, td", "props": "padding: 0.2em 0.6em"},
    {"selector": "th.row_heading", "props": "text-align: left"},
    {"selector": "thead th", "props": "text-align: right; border-bottom: 1px solid #8d96a0"},
    {"selector": "thead th.blank, thead th.index_name", "props": "text-align: left"},
]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A styled table with the line that names it.

    In a notebook it shows as HTML, the same bytes on every run, with `caption` and `label` under the key
    ``cslib`` of the output's metadata; there also `cells`, the id of the cell that shows a number by the number's name
    (see :mod:`cslib.evidence`), `order`, what a cell is sorted by, by its id, and the `rows` of the frames it was made
    from. `extra` goes to machines, by mime type. `drawn` is the table as HTML, where it is at hand.
    """

    styler: Styler
    caption: str
    label: str
    cells: Mapping[str, str] = field(default_factory=dict)
    order: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    drawn: str = ""
    rows: Sequence[pd.DataFrame] = ()

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.styler.data.to_string()}"  # type: ignore[attr-defined]

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        words: dict[str, Any] = {"caption": self.caption, "label": self.label}
        words |= {"cells": dict(self.cells)} if self.cells else {}
        words |= {"order": dict(self.order)} if self.order else {}
        words |= {"rows": kept_rows(self.rows)} if self.rows else {}
        shown = {"text/html": self.drawn or self.styler.to_html(), "text/plain": repr(self)}
        return {**shown, **self.extra}, {"cslib": words}

    def carrying(self, extra: Mapping[str, Any]) -> Sheet:
        """The same sheet with more for machines."""
        return replace(self, extra={**self.extra, **extra})


def lay_out(
    cells: pd.DataFrame,
    *,
    rows: Sequence[pd.DataFrame],
    caption: str,
    label: str,
    text: Sequence[str] = (),
    bold: Sequence[object] = (),
    colours: pd.DataFrame | None = None,
    keys: pd.DataFrame | None = None,
    order: pd.DataFrame | None = None,
    names: Sequence[str] | None = None,
) -> Sheet:
    """Style a frame of finished text; `text` columns stand to the left, `bold` rows stand out.

    `rows` are the frames that the text was made from, cut to what is printed and to what that was computed from.
    `names` are the labels of rows that are numbered from 0, for labels of which two may be the same.
    `keys` and `order` have the columns of `cells`: the name of the number in each cell, and what it is sorted by.

    The id of the table is drawn from its content: two tables on one page do not style each other, and the same
    table has the same bytes.
    """
    cells.columns.name = html.escape(one_line(cells.columns.name or ""))
    numbers = [column for column in cells.columns if column not in set(text)]
    styler = cells.style.format(escape="html").format_index(escape="html").format_index(escape="html", axis=1)
    if names is not None:
        shown: dict[Any, str] = dict(enumerate(names))
        styler = styler.format_index(lambda row: html.escape(shown[row]))
    styler = styler.set_table_styles(_RULES).set_caption(html.escape(caption))
    styler = styler.set_properties(subset=pd.IndexSlice[:, numbers], **{"text-align": "right"})
    styler = styler.set_properties(subset=pd.IndexSlice[:, list(text)], **{"text-align": "left"})
    if len(bold):
        strong = [key for key in cells.index if key in set(bold)]
        styler = styler.set_properties(subset=(strong, list(cells.columns)), **{"font-weight": "bold"})
    # Row by row: a rule for all row labels would outrank what one of them is given.
    styler = styler.map_index(lambda key: f"font-weight: {'bold' if key in set(bold) else 'normal'}")
    if colours is not None:
        styler = styler.apply(lambda _: colours, axis=None)
    drawn = styler.set_uuid("").to_html()
    uuid = hashlib.sha256(drawn.encode()).hexdigest()[:10]
    named = {key: id_ for id_, key in _by_id(keys, cells, uuid).items() if key}
    sortable = _by_id(order, cells, uuid)
    styler = styler.set_uuid(uuid)
    return Sheet(styler, caption, label, named, sortable, drawn=_renamed(drawn, uuid), rows=rows)


def _renamed(drawn: str, uuid: str) -> str:
    """Table that was drawn without an id, with one: pandas would draw all of it a second time.

    In the rules an id follows ``#``, in the table it stands in quotes, which the text of a cell cannot hold.
    """
    rules, end, table = drawn.partition("</style>")
    return rules.replace("#T_", f"#T_{uuid}") + end + table.replace('id="T_', f'id="T_{uuid}')


def _by_id(frame: pd.DataFrame | None, cells: pd.DataFrame, uuid: str) -> dict[str, Any]:
    """What `frame` says of each cell, by the id that the cell has on a page."""
    if frame is None:
        return {}
    laid = frame.reindex(columns=cells.columns)
    return {
        f"T_{uuid}_row{i}_col{j}": value
        for i, row in enumerate(laid.itertuples(index=False, name=None))
        for j, value in enumerate(row)
        if not pd.isna(value)
    }


def prepare() -> None:
    """Lay out one table, so that its templates are compiled before the first that is wanted."""
    lay_out(
        pd.DataFrame({"A": ["1"], "B": ["2"]}), rows=[], caption="T", label="t", text=["A"]
    ).styler.to_html()


def once(frame: pd.DataFrame, *, key: Sequence[str], by: str) -> None:
    """Refuse a frame in which two rows share a key, naming the caller `by`."""
    double = frame[frame.duplicated(list(key))]
    if not double.empty:
        found = ", ".join(f"{name} {double.iloc[0][name]}" for name in key)
        raise ValueError(f"{by}: found {found} more than once; expected one row for each {' and '.join(key)}")


def distinct(labels: Sequence[str], *, mark: str = "") -> list[str]:
    """Labels of which the second and later of a kind are numbered, or told apart by so many invisible `mark`.

    >>> distinct(["Acme", "Blue", "Acme"])
    ['Acme', 'Blue', 'Acme (2)']
    """
    seen: dict[str, int] = {}
    told = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        again = mark * (seen[label] - 1) if mark else f" ({seen[label]})"
        told.append(label if seen[label] == 1 else label + again)
    return told if len(set(told)) == len(told) else distinct(told, mark=mark)


def account_names(frame: pd.DataFrame) -> list[str]:
    """Names of the accounts of `frame`: its id where one has none, its id beside it where two share one.

    >>> account_names(pd.DataFrame({"account_id": ["a", "b", "c"], "name": ["Acme", "Acme", None]}))
    ['Acme (a)', 'Acme (b)', 'c']
    """
    ids = [one_line(key) for key in frame["account_id"]]
    names = [key if pd.isna(name) else one_line(name) for key, name in zip(ids, frame["name"], strict=True)]
    told = [
        name if names.count(name) == 1 else f"{name} ({key})" for key, name in zip(ids, names, strict=True)
    ]
    return distinct(told)


def convention(row: Mapping[Any, Any], *, locale: str) -> str:
    """Name of the convention of a row and the length of its window, for print beside the number.

    >>> opened, closed = pd.Timestamp("2025-09-30"), pd.Timestamp("2026-09-30")
    >>> convention({"convention": "endpoint", "start": opened, "end": closed}, locale="en_US")
    'endpoint, 12 months'
    """
    months = window_months(row["start"], row["end"])
    name = known(one_line(row["convention"]), locale=locale)
    return (
        say("{name}, {n} months", locale=locale, name=name, n=count(months, locale=locale))
        if months
        else name
    )
