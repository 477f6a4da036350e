from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd

from cslib.simulate import COMPANIES, TRUTHS, simulate_ledger, write_company, write_demo
from cslib.tables import TABLES


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_same_seed_same_bytes(demo: Path, tmp_path: Path) -> None:
    homes = write_demo(tmp_path)
    assert contents(tmp_path) == contents(demo)
    assert [home.name for home in homes] == ["larkfield-systems", "pontavia", "thornbury-signal"]


def test_another_seed_is_another_portfolio(demo: Path, tmp_path: Path) -> None:
    home = write_company(tmp_path, COMPANIES[2], seed=8)
    first, second = (folder / "contracts.csv" for folder in (demo / home.name, home))
    assert first.read_bytes() != second.read_bytes()


def test_one_file_a_table_and_little_on_disk(demo: Path) -> None:
    files = contents(demo)
    assert sum(map(len, files.values())) < 12_000_000
    for home in ("larkfield-systems", "pontavia", "thornbury-signal"):
        here = {Path(name).stem for name in files if name.startswith(home)}
        assert here == {*TABLES, "company"} - ({"subscriptions"} if "thornbury" in home else set()) | (
            {"contracts"} if "thornbury" in home else set()
        )
    assert TRUTHS in files


def test_company_toml_says_how_to_read_the_folder(demo: Path) -> None:
    config = tomllib.loads((demo / "thornbury-signal" / "company.toml").read_text(encoding="utf-8"))
    assert config["currency"] == "GBP" and str(config["data_until"]) == "2026-09-30"
    theirs = pd.read_csv(demo / "thornbury-signal" / config["tables"]["subscriptions"]["file"])
    assert set(config["tables"]["subscriptions"]["columns"].values()) <= set(theirs.columns)
    lark = tomllib.loads((demo / "larkfield-systems" / "company.toml").read_text(encoding="utf-8"))
    sold = pd.read_csv(demo / "larkfield-systems" / "subscriptions.csv")["currency"]
    assert {*lark["rates"], lark["currency"]} == set(sold)
    assert config["rates"] == {"USD": 0.79} and config["benchmarks"] == {"traits": ["private"]}


def test_files_hold_what_the_frames_hold(demo: Path) -> None:
    frame = simulate_ledger(COMPANIES[1], 7).subscriptions
    read = pd.read_csv(demo / "pontavia" / "subscriptions.csv", dtype="str", keep_default_na=False)
    assert [round(float(amount) * 100) for amount in read["mrr"]] == frame["mrr"].tolist()
    assert read["start_date"].tolist() == frame["start_date"].dt.strftime("%Y-%m-%d").tolist()
    assert (read["end_date"] == "").tolist() == frame["end_date"].isna().tolist()
    usage = pd.read_parquet(demo / "larkfield-systems" / "usage.parquet")
    assert usage["used_units"].sum() > 0 and usage["date"].dt.day.eq(1).all()
