"""The few numbers by which a report is known in a list of many. Knows no metric: the notebook names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

__all__ = ["FEW", "headline"]

FEW: Final = 4
_KEPT: Final = ("metric", "convention", "start", "end", "value", "n_accounts", "unit")


def headline(records: Iterable[Mapping[str, Any]], wanted: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Newest value of each of a few metrics, uncut.

    Parameters
    ----------
    records : iterable of mapping
        Numbers of a report, in its order.
    wanted : sequence of str
        Metrics, as the notebook's metadata ``cslib.headline`` names them; the first four of the report where it names
        none.

    Examples
    --------
    >>> days = [(1, "2026-06-30"), (2, "2026-09-30")]
    >>> june, september = ({"metric": "arr", "end": day, "value": n} for n, day in days)
    >>> headline([june, september])
    [{'metric': 'arr', 'end': '2026-09-30', 'value': 2}]
    """
    newest: dict[str, Mapping[str, Any]] = {}
    for record in records:
        if record.get("by") or not isinstance(record.get("metric"), str):
            continue
        known = newest.get(record["metric"])
        if known is None or str(record.get("end") or "") > str(known.get("end") or ""):
            newest[record["metric"]] = record
    names = [name for name in wanted if name in newest] if wanted else list(newest)[:FEW]
    return [{key: newest[name][key] for key in _KEPT if key in newest[name]} for name in names]
