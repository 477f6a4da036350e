from __future__ import annotations

import numpy as np
import pandas as pd

from cslib.simulate.company import simulate_company
from cslib.simulate.thorough import thorough
from cslib.simulate.world import DATA_UNTIL, ONE_ACCOUNT


def test_what_is_added_is_known_by_the_day_and_goes_with_its_row():
    tables = simulate_company(ONE_ACCOUNT, 7)
    until = pd.Timestamp(DATA_UNTIL)
    assert (tables["feedback"]["notified_date"].dropna() <= until).all()
    deals = tables["opportunities"]
    assert (deals["settled_date"].dropna() <= until).all()
    assert (deals["promise_kept"].notna() == deals["settled_date"].notna()).all()
    assert deals.loc[deals["settled_date"].notna(), "promised"].notna().all()
    assert set(tables["team"].loc[tables["team"]["quota"].notna(), "role"]) == {"CSM"}


def test_nothing_but_columns_is_added():
    before = simulate_company(ONE_ACCOUNT, 7)
    after = thorough(
        {k: v.drop(columns=["direction", "executive"], errors="ignore") for k, v in before.items()},
        np.random.default_rng(1),
    )
    for name, frame in before.items():
        own = [
            c
            for c in frame
            if c not in {"direction", "executive", *after[name].columns.difference(frame.columns)}
        ]
        assert len(after[name]) == len(frame)
        if name in {"subscriptions", "accounts", "health", "usage", "renewals"}:
            pd.testing.assert_frame_equal(after[name][own], frame[own])
