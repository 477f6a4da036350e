from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.metrics import questions
from cslib.sources.benchmarks import Peers
from tests.metrics.capacity.books import sized

ARR = {f"a{i:02}": 100_000 for i in range(40)}


def company(*traits, **tables):
    return replace(sized(ARR, **tables), peers=Peers(traits=traits))


def test_m01_public_and_private_are_never_mixed_and_without_a_population_nothing_is_said():
    private = questions.is_it_good(company("private"))
    assert private["population"].str.contains("rivate").all() and private["source"].ne("").all()
    assert not private["population"].str.contains("ublic").any()
    assert private["n"].notna().all() and private["year"].notna().all()
    for traits in ((), ("bootstrapped",), ("private", "public")):
        with pytest.raises(Absent, match="private and public"):
            questions.is_it_good(company(*traits))
    try:
        public = questions.is_it_good(company("public"))
    except Absent as refused:
        assert "population" in str(refused)
    else:
        assert not public["population"].str.contains("rivate").any()


def test_n08_the_peer_has_the_same_pricing_and_was_published_by_the_quarter():
    told = questions.trend_and_peers(company("private", "usage-based pricing"), quarters=12)
    assert told["quarter"].tolist() == sorted(told["quarter"]) and told["quarter"].iloc[-1] == pd.Timestamp(
        "2026-09-30"
    )
    table = company("usage-based pricing").peers.benchmarks.set_index("source")
    there = told[told["peer"].notna()]
    assert len(there)
    for row in there.itertuples():
        own = table.loc[[row.source]]
        assert own["traits"].str.contains("usage-based pricing").any()
        assert row.peer_year <= row.quarter.year
        assert own["published"].min() <= row.quarter.year
    assert told.loc[told["quarter"] < "2026", "peer"].isna().all()  # published in 2026: unknown before
    none = questions.trend_and_peers(company("private"))
    assert none["peer"].isna().all() and (none["reason"] != "").all()
    known = none[none["denominator"] > 0]
    assert len(known) >= 4 and (known["value"] == known["numerator"] / known["denominator"]).all()
    seats = questions.trend_and_peers(company("private", "seat-based pricing"))
    assert not set(seats["peer"].dropna()) & set(there["peer"])


def test_n41_no_edge_is_without_source_and_it_is_a_gauge():
    told = questions.listing_gauge(company("private"))
    assert len(told) > 1 and told["source"].str.len().gt(0).all()
    assert told["edge"].is_monotonic_increasing and told["edge"].iloc[0] == 1.0
    own = told.iloc[0]
    assert own["value"] == 1.0 and own["verdict"] == "cannot tell"
    assert told.loc[told["high"] < told["edge"], "verdict"].eq("below").all()
    table = company().peers.benchmarks
    bare = table.assign(source=table["source"].where(~table["traits"].fillna("").str.contains("public"), ""))
    without = Peers(own=bare)
    if (without.benchmarks["source"] == "").any():
        named = questions.listing_gauge(replace(sized(ARR), peers=without))
        assert named["source"].str.len().gt(0).all()


def test_m21_each_of_ten_answers_has_number_table_and_benchmark_or_no_data():
    told = questions.ten_questions(company("private"))
    assert len(told) == 10
    empty = told["value"].isna() & told["amount"].isna()
    assert (told["state"] == empty.map({True: "no data", False: ""})).all()
    assert told["source"].str.len().gt(0).all() and told["benchmark"].str.len().gt(0).all()
    assert empty.sum() == 7  # a ledger alone answers three
    like = told[told["benchmark"] != "no data"]
    assert len(like) and like["benchmark"].str.contains("SaaS Capital").all()
    alone = questions.ten_questions(company())
    assert (alone["benchmark"] == "no data").all()


def test_n08_five_questions_say_no_data_where_there_is_none():
    told = questions.investor_questions(company("private"))
    assert told["question"].str.match(r"^\d\. ").sum() == 5
    process = told[told["question"].str.startswith("4.")].iloc[0]
    assert process["state"] == "no data" and pd.isna(process["value"])
