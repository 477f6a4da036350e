"""A few rows of a file as a company folder's table, for tests of single rules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cslib.sources.canonical import Loaded
from cslib.sources.folder import load_each


def loaded(
    folder: Path,
    importer: str,
    files: Mapping[str, str],
    *,
    table: str = "subscriptions",
    more: str = "",
    head: str = "",
) -> Loaded:
    """Table made of some files by an importer, each row of each file accounted for."""
    for name, text in files.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = ", ".join(f'"{name}"' for name in files)
    (folder / "company.toml").write_text(
        f'name = "A"\ncurrency = "USD"\n{head}\n[tables.{table}]\nimporter = "{importer}"\nfile = [{names}]\n{more}\n',
        encoding="utf-8",
    )
    one = load_each(folder)[table]
    account = one.account
    assert (account["rows_read"] == account["rows_kept"] + account["rows_rejected"]).all()
    assert int(account["rows_rejected"].sum()) == len(one.rejected.drop_duplicates(["file", "line"]))
    return one


def prices(one: Loaded) -> list[tuple[str, str, str, int]]:
    """Account, first day, first day after, and a year's price in minor units, in the order of days."""
    frame = one.frame
    if "mrr" in frame:
        year = frame["mrr"] * 12
    elif "arr" in frame:
        year = frame["arr"]
    else:
        months = frame["billing_months"]
        weeks = frame.get("billing_weeks", months)
        year = (frame["price"] * 12 // months).fillna(frame["price"] * 52 // weeks)
    days = [frame[name].dt.strftime("%Y-%m-%d").fillna("open") for name in ("start_date", "end_date")]
    return sorted(zip(frame["account_id"], *days, map(int, year), strict=True))


def causes(one: Loaded) -> dict[str, int]:
    """Rows left out, by cause."""
    return {str(cause): int(n) for cause, n in one.rejected["cause"].value_counts().items()}
