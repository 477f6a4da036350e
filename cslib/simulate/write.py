"""Write simulated companies as ordinary company folders: company.toml and one file a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pandas as pd

from cslib.simulate.company import simulate_company
from cslib.simulate.ledger import simulate_ledger
from cslib.simulate.truths import truths
from cslib.simulate.world import COMPANIES, DATA_UNTIL, Spec
from cslib.tables import TABLES

__all__ = ["TRUTHS", "write_company", "write_demo"]

TRUTHS: Final = "TRUTHS.json"
PARQUET: Final = {("LK", "usage")}  # the largest table, as a warehouse would hand it over
THEIRS: Final = {  # a ledger in the words of the system it came from, to be mapped in company.toml
    ("TS", "subscriptions"): (
        "contracts.csv",
        {"account_id": "customer_id", "start_date": "from", "end_date": "to", "arr": "annual_value"},
    )
}

DOLLAR: Final = {"EUR": "0.93", "GBP": "0.79"}  # what benchmarks in dollars are read with


def _as_text(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Frame as a file shows it: money with two decimals, whole numbers without, true and false."""
    shown = frame.copy()
    for column in (c for c in TABLES[table].columns if c.name in frame):
        values = frame[column.name]
        if column.kind == "money":
            shown[column.name] = ["" if pd.isna(v) else f"{v // 100}.{v % 100:02d}" for v in values.tolist()]
        elif column.kind == "number" and values.dropna().mod(1).eq(0).all():
            shown[column.name] = values.astype("Int64")
        elif column.kind == "flag":
            shown[column.name] = values.map({True: "true", False: "false"})
    return shown


def _toml(spec: Spec, lines: list[str]) -> str:
    head = [
        f'name = "{spec.name}"',
        f'currency = "{spec.currency}"',
        "fiscal_year_start = 1",
        'convention = "endpoint"',
        f"data_until = {DATA_UNTIL.isoformat()}",
    ]
    dollar = {"USD": DOLLAR[spec.currency]} if spec.currency in DOLLAR else {}
    rates = [f"{code} = {rate}" for code, rate in (dollar | dict(spec.rates)).items()]
    peers = ["", "[benchmarks]", 'traits = ["private"]']
    return "\n".join([*head, *(["", "[rates]", *rates] if rates else []), *peers, *lines]) + "\n"


def write_company(folder: Path, spec: Spec, *, seed: int) -> Path:
    """Write one simulated company into `folder`, a folder of its own by name; files there are replaced.

    Returns
    -------
    Path
        The company's folder: ``company.toml`` and one CSV or Parquet file a table.
    """
    home = folder / spec.name.lower().replace(" ", "-")
    home.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    for table, frame in simulate_company(spec, seed).items():
        name = f"{table}.csv"
        if (spec.prefix, table) in PARQUET:
            name = f"{table}.parquet"
            lines += ["", f"[tables.{table}]", f'file = "{name}"']
            frame.to_parquet(home / name, index=False)
            continue
        shown = _as_text(frame, table)
        if (spec.prefix, table) in THEIRS:
            name, words = THEIRS[spec.prefix, table]
            mapped = ", ".join(f'{ours} = "{theirs}"' for ours, theirs in words.items())
            lines += ["", f"[tables.{table}]", f'file = "{name}"', f"columns = {{ {mapped} }}"]
            lines += [f'constants = {{ currency = "{spec.currency}" }}']
            shown = shown.rename(columns=words).drop(columns="currency")
        shown.to_csv(home / name, index=False, lineterminator="\n", encoding="utf-8")
    (home / "company.toml").write_text(_toml(spec, lines), encoding="utf-8", newline="\n")
    return home


def write_demo(folder: Path, *, seed: int = 7) -> list[Path]:
    """Write the demo portfolio: three company folders, and beside them ``TRUTHS.json``, what was planted in each.

    The same seed gives the same bytes. With another seed the plants are the same and the luck is not: a healthy
    company of five hundred accounts may then have a bad year, as real ones do.

    Parameters
    ----------
    folder : Path
        Where the company folders go; made when absent.
    seed : int
        Seed of every random draw.

    Returns
    -------
    list of Path
        The company folders.
    """
    homes = [write_company(folder, spec, seed=seed) for spec in COMPANIES]
    told = {
        home.name: truths(spec, simulate_ledger(spec, seed))
        for home, spec in zip(homes, COMPANIES, strict=True)
    }
    text = json.dumps({"seed": seed, "companies": told}, ensure_ascii=False, indent=2)
    (folder / TRUTHS).write_text(text + "\n", encoding="utf-8", newline="\n")
    return homes
