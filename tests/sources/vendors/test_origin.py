"""Every folder of real column names is imported by one plan, and every row of every file is used or accounted for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from cslib.sources.folder import accounted, load_each, write
from cslib.sources.importing import gather, plan
from cslib.sources.read import read
from cslib.sources.vendors.origin import FIELDS, origins

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "vendor_exports"
FOLDERS = ["recurly", "salesforce", "stripe", "zendesk", "zuora"]
USED = {  # rows used by table, counted by hand in the files
    "recurly": {"subscriptions": 7, "accounts": 4},
    "salesforce": {"accounts": 1, "opportunities": 0},
    "stripe": {"subscriptions": 17, "accounts": 11},
    "zendesk": {"accounts": 10},
    "zuora": {"subscriptions": 5, "accounts": 4},
}


@pytest.mark.skipif(
    not SHARED.exists(), reason="needs ../shared/data/vendor_exports, which is not part of the repository"
)
@pytest.mark.parametrize("vendor", FOLDERS)
def test_rows_in_are_rows_used_and_rows_accounted_for(vendor: str, tmp_path: Path) -> None:
    source = SHARED / vendor
    made = plan([source], {"currency": "USD"})
    assert made.asked == ()
    assert {table.origin for table in made.tables} == {vendor}
    written = write(made, tmp_path / "c", name=vendor, sources=gather([source]))
    account = accounted(made, written)
    assert (account["rows"] == account["used"] + account["left"]).all()
    files = {path.name: len(read(path, path.name).frame) for path in source.glob("*.csv")}
    assert dict(zip(account["file"], account["rows"], strict=False)) == files
    assert account.groupby("table")["used"].sum().drop("", errors="ignore").to_dict() == USED[vendor]
    for name, table in written.tables.items():
        causes = table.rejected.groupby("file").size()
        left = account[account["table"] == name].set_index("file")["left"]
        assert causes.reindex(left.index, fill_value=0).to_dict() == left.to_dict()
        assert "example.com" not in table.rejected.to_csv()
        again = load_each(written.folder)[name]
        assert again.frame.equals(table.frame)
    unread = account[account["table"] == ""]
    assert unread["what"].str.startswith("not read: ").all()
    assert unread["what"].str.len().min() > len("not read: xxxx")


def test_the_columns_as_documented_are_recognised() -> None:
    for origin in origins().values():
        for kind in origin.kinds.values():
            header = [spellings[0] for spellings in kind.columns.values()]
            assert kind.fits(header) == 1.0, (origin.name, kind.name)
            assert set(kind.needs) | set(kind.any_of) | set(kind.gives.values()) | set(kind.only) <= set(
                kind.columns
            )
            assert set(kind.columns) <= set(FIELDS)
            assert kind.title and (kind.where or not kind.ledger)
            assert kind.cannot or not kind.ledger, "a ledger says what it cannot carry"


def test_the_page_of_sources_is_what_the_column_maps_say() -> None:
    path = Path(__file__).parents[3] / "docs" / "sources.py"
    spec = importlib.util.spec_from_file_location("sources_page", path)
    assert spec and spec.loader
    docs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(docs)
    assert docs.PAGE.read_text(encoding="utf-8") == docs.page(), "run: python docs/sources.py"
    for origin in origins().values():
        assert all(kind.title in docs.page() for kind in origin.kinds.values())
