"""A finished run read back as frames: its figures, the ledger it was made from, and what else it used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

__all__ = ["KEPT", "Run", "changed_inputs", "figures", "is_run", "read_run"]

NUMBERS: Final = "numbers.json"
MANIFEST: Final = "manifest.json"
KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "subscriptions": (
        "subscription_id", "account_id", "start_date", "end_date", "currency", "mrr", "quoted_arr", "arr",
    ),
    "account_links": ("account_id", "into_id", "kind", "effective_date"),
}  # fmt: skip
"""Tables, and their columns, that a run keeps beside its report: who paid what when, and no name."""
PER_RUN: Final = {"company", "quarter", "previous"}  # parameters that differ from run to run by their nature
DATES: Final = {"start_date", "end_date", "effective_date"}
MONEY: Final = {"mrr", "quoted_arr", "arr"}
OF_A_FIGURE: Final = (
    "metric", "convention", "start", "end", "value", "numerator", "denominator", "n_accounts", "unit",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Run:
    """What a run left: `figures` as :func:`figures` makes them, `tables` as it kept them (perhaps none)."""

    company: str
    as_of: date
    currency: str
    minor_units: int
    manifest: Mapping[str, Any]
    figures: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]


def is_run(folder: Path) -> bool:
    """Whether `folder` holds what a run leaves."""
    return (folder / NUMBERS).is_file() and (folder / MANIFEST).is_file()


def read_run(folder: Path | str) -> Run:
    """Run that lies in `folder`.

    Raises
    ------
    ValueError
        When there is none, or its figures cannot be read.
    """
    folder = Path(folder)
    numbers, manifest = (_document(folder / name) for name in (NUMBERS, MANIFEST))
    try:
        return Run(
            company=str(numbers["company"]),
            as_of=date.fromisoformat(numbers["as_of"]),
            currency=str(numbers["currency"]),
            minor_units=int(numbers["minor_units"]),
            manifest=manifest,
            figures=figures(numbers["numbers"]),
            tables={
                name: _table(path) for name in KEPT if (path := folder / "ledger" / f"{name}.csv").is_file()
            },
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{folder / NUMBERS}: not what a run of cslib leaves ({error})") from None


def _document(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError:
        raise ValueError(f"{path.parent}: no {path.name}, so no finished run lies there") from None
    except ValueError as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path}: found no JSON object")
    return found


def _table(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    for column in frame.columns:
        if column in DATES:
            frame[column] = pd.to_datetime(frame[column], format="%Y-%m-%d").astype("datetime64[s]")
        elif column in MONEY:
            frame[column] = frame[column].astype("Int64")
        else:  # the apostrophe keeps a spreadsheet from running it
            frame[column] = frame[column].str.replace(r"^'(?=[=+\-@\t\r\n])", "", regex=True)
    return frame


def figures(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Records of numbers as a frame: their fields, and ``by`` as one text; a figure that stands twice once.

    >>> figures([{"metric": "arr", "end": "2026-06-30", "value": 5, "by": {"segment": "SMB"}}])["by"].tolist()
    ['segment=SMB']
    """
    rows = [
        {
            **{name: record.get(name) for name in OF_A_FIGURE},
            "by": ", ".join(f"{name}={value}" for name, value in (record.get("by") or {}).items()),
        }
        for record in records
    ]
    frame = pd.DataFrame(rows, columns=[*OF_A_FIGURE, "by"])
    for name in ("start", "end"):
        frame[name] = pd.to_datetime(frame[name], format="%Y-%m-%d").astype("datetime64[s]")
    for name in ("value", "numerator", "denominator"):
        frame[name] = frame[name].astype("float64")
    for name in ("metric", "convention", "unit"):
        frame[name] = frame[name].astype("str").fillna("")
    return frame.drop_duplicates(["metric", "convention", "start", "end", "by", "value"], ignore_index=True)


def changed_inputs(old: Run, new: Run) -> list[dict[str, str]]:
    """What the two runs used that differs: ``what, name, old, new``; an empty side lacks it."""
    sides = [_used(run.manifest) for run in (old, new)]
    return [
        {"what": what, "name": name, "old": sides[0].get((what, name), ""), "new": sides[1].get((what, name), "")}
        for what, name in dict.fromkeys([*sides[0], *sides[1]])
        if sides[0].get((what, name)) != sides[1].get((what, name))
    ]  # fmt: skip


def _used(manifest: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    files = [row for row in manifest.get("inputs", []) if not str(row["file"]).endswith(MANIFEST)]
    used = {("input", str(row["file"])): str(row["sha256"])[:12] for row in files}
    versions = manifest.get("versions", {})
    used |= {("version" if name != "cslib" else "cslib", name): str(v) for name, v in versions.items()}
    given = manifest.get("parameters", {})
    used |= {("parameter", name): str(value) for name, value in given.items() if name not in PER_RUN}
    used |= {("setting", str(text)): "yes" for text in manifest.get("settings", [])}
    used |= {("convention", name): str(text) for name, text in manifest.get("conventions", {}).items()}
    for name in ("as_of", "quarter", "company"):
        used["run", name] = str(manifest.get(name, ""))
    used["notebook", str(manifest.get("notebook", ""))] = str(manifest.get("code_sha256", ""))[:12]
    return used
