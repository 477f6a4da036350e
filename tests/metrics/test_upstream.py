from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.metrics import upstream
from tests.metrics.capacity.books import sized

IDS = [f"a{i:03}" for i in range(240)]
ARR = dict.fromkeys(IDS, 100)


def company(ends, *, start="2024-03-01", sold=None, **tables):
    accounts = {"sold_by": sold} if sold is not None else None
    return sized(ARR, start=start, ends=ends, accounts=accounts, **tables)


def test_g12_the_planted_bad_seller_is_first_and_the_note_of_many_holds_the_rest_back():
    sold = [f"s{i % 8}" for i in range(240)]
    bad = {a: "2024-09-01" for i, a in enumerate(IDS) if sold[i] == "s3" and (i // 8) % 2}
    noise = {a: "2024-10-01" for i, a in enumerate(IDS) if sold[i] != "s3" and i % 17 == 0}
    told = upstream.ill_fit(company(bad | noise, sold=sold))
    assert told["group"].iloc[0] == "s3" and told["verdict"].tolist().count("more than others") == 1
    assert told.loc[0, "left"] == 15 and told["n_accounts"].sum() == 240
    assert (told["adjusted"] >= told["p"]).all()  # what is tested eight times is adjusted for it
    even = upstream.ill_fit(company(dict.fromkeys(IDS[::9], "2024-09-01"), sold=sold))
    assert (even["verdict"] == "cannot be told from chance").all()
    assert set(upstream.ill_fit(company(bad, sold=sold), by="month")["group"]) == {"2024-03"}


def test_g13_the_difference_is_zero_on_identical_cohorts_and_has_an_interval():
    sold = ["Ada" if i < 120 else "Rep" for i in range(240)]
    ends = {a: "2024-09-01" for i, a in enumerate(IDS) if i % 10 == 0}  # twelve of each
    cases = pd.DataFrame({"account_id": IDS, "opened_at": "2024-04-01"})
    told = upstream.founder_sold(company(ends, sold=sold, tickets=cases), founders=["Ada"])
    assert told["difference"].tolist() == [0, 0]
    assert (told["low"] <= 0).all() and (told["high"] >= 0).all()
    assert told["verdict"].tolist() == ["cannot be told from chance"] * 2
    worse = dict.fromkeys(IDS[120::2], "2024-09-01")
    assert upstream.founder_sold(company(worse, sold=sold), founders=["Ada"])["verdict"][0] == "higher"
    with pytest.raises(Absent, match="founders"):
        upstream.founder_sold(company({}, sold=sold), founders=[])


def test_c05_the_planted_attribute_is_found_by_a_score_made_before_the_outcome():
    rng = np.random.default_rng(5)
    good = rng.random(240) < 0.5
    industry = np.where(good, "Hotels", "Bakeries")
    early, late = rng.random(240), rng.random(240)
    ends = {}
    for a, fits, x, y in zip(IDS, good, early, late, strict=True):
        if x > (0.95 if fits else 0.6):
            ends[a] = "2025-04-01"
        elif y > (0.95 if fits else 0.6):
            ends[a] = "2026-04-01"
    names = {"industry": list(industry), "region": list(rng.choice(["N", "S"], 240))}
    told = upstream.fit_bands(sized(ARR, ends=ends, accounts=names)).set_index("band")
    assert told.loc["best third", "lift"] > 1 > told.loc["worst third", "lift"]
    assert told.loc["best third", "low"] > told.loc["worst third", "high"]
    assert told.drop("all")["n_accounts"].sum() == told.loc["all", "n_accounts"]
    # the outcome of the tried window is not in the score: turned over, nobody changes place
    other = {a: day for a, day in ends.items() if day < "2026"} | {
        a: "2026-04-01" for a in IDS if a not in ends and good[IDS.index(a)]
    }
    turned = upstream.fit_bands(sized(ARR, ends=other, accounts=names)).set_index("band")
    assert turned["opening"].to_dict() == told["opening"].to_dict()
    assert turned.loc["best third", "lift"] < 1


def test_c07_kept_broken_and_open_are_all_and_who_was_let_down_is_compared():
    deals = pd.DataFrame({
        "account_id": IDS[:6], "created_date": "2024-05-01", "amount": 10, "kind": "expansion",
        "seller": ["x", "x", "y", "y", "y", None], "promised": ["sso"] * 5 + [None],
        "settled_date": ["2024-06-01"] * 3 + ["2026-12-01", None, None],
        "promise_kept": [True, False, False, True, None, None],
    })  # fmt: skip
    told = upstream.promises(company({}, opportunities=deals)).set_index("seller")
    assert (told["kept"] + told["broken"] + told["open"] == told["n"]).all()
    assert told.loc["all", ["n", "kept", "broken", "open"]].tolist() == [5, 1, 2, 2]  # one is settled later
    assert told.drop("all")["n"].sum() == 5
    after = upstream.promises_and_kept(company({IDS[1]: "2026-03-01"}, opportunities=deals)).iloc[0]
    assert (after["n_with"], after["n_without"], after["kept_without"]) == (1, 2, 0.5)


def test_n58_channels_sum_to_the_total_and_the_planted_loss_is_found():
    names = ["Self-serve", "Enterprise", "Partner"]
    start = {a: "2026-03-01" if i % 4 == 0 else "2024-03-01" for i, a in enumerate(IDS)}
    ends = {a: "2026-06-01" for i, a in enumerate(IDS) if i % 3 == 2 and i % 4 and i % 2}
    spent = pd.DataFrame({
        "function": "sales", "month": "2026-01-01", "amount": ["50", "60", "20000"], "channel": names,
    })  # fmt: skip
    book = sized(
        ARR, start=start, ends=ends, costs=spent, accounts={"channel": [names[i % 3] for i in range(240)]}
    )
    told = upstream.channels(book).set_index("channel")
    for column in ("n_accounts", "opening", "closing", "kept", "n_new", "new", "cost"):
        assert told[column].drop("all").sum() == told.loc["all", column]
    assert told["loses"].drop("all").to_dict() == {"Enterprise": False, "Partner": True, "Self-serve": False}
    assert told.loc["Self-serve", "payback"] == pytest.approx(5000 / (20 * 10000 * 0.75 / 12))
    bare = upstream.channels(
        sized(ARR, start=start, costs=spent.drop(columns="channel").assign(month=["2026-01-01", "2026-02-01",
              "2026-03-01"]), accounts={"channel": [names[i % 3] for i in range(240)]})
    ).set_index("channel")  # fmt: skip
    assert bare["cost"].drop("all").sum() == bare.loc["all", "cost"] == 2011000
    assert set(bare["basis"]) == {"shared by new accounts"}
