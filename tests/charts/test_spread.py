"""How far accounts differ: bars that hold the shares, names, words."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from cslib.charts import chart_spread
from cslib.charts.canvas import GAIN, LOSS, NEUTRAL
from tests.charts.frames import BANDS, bands

UNIT = "USD ARR"


def test_bars_hold_the_shares_from_zero_in_the_order_given() -> None:
    axes = chart_spread(bands(), unit=UNIT).figure.axes[0]
    bars = sorted(axes.patches, key=lambda bar: bar.get_x())
    assert [round(bar.get_x() + bar.get_width() / 2, 6) for bar in bars] == list(range(7))
    assert [bar.get_height() for bar in bars] == [share for _, _, share in BANDS.values()]
    assert axes.get_ylim()[0] == 0
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [LOSS] * 3 + [NEUTRAL] + [GAIN] * 3


def test_every_bar_has_its_share_and_its_accounts_and_each_side_its_sum() -> None:
    axes = chart_spread(bands(), unit=UNIT).figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "Left\n", "Over 25%\nless", "Up to 25%\nless", "Unchanged\n", "Up to 25%\nmore", "25% to 100%\nmore",
        "More than\ndouble",
    ]  # fmt: skip
    assert [text.get_text() for text in axes.texts] == [
        "10.0%", "36 accounts", "no accounts", "5.0%", "20 accounts", "6.0%", "1 account", "45.0%", "1,204 accounts",
        "31.0%", "66 accounts", "3.0%", "2 accounts",
        "Left or pay less", "15.0% of ARR, 56 accounts", "Pay more", "79.0% of ARR, 1,272 accounts",
    ]  # fmt: skip


@pytest.mark.parametrize("n", [12_345, 123_456])
def test_no_text_lies_on_another_or_leaves_the_figure(n: int) -> None:
    many = {band: (movement, n, share) for band, (movement, _, share) in BANDS.items()}
    figure = chart_spread(bands(many), unit=UNIT).figure
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in (*axes.texts, *axes.get_xticklabels())]
    assert not [1 for a, b in combinations(boxes, 2) if a.overlaps(b)]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)


def test_words() -> None:
    picture = chart_spread(bands(), unit=UNIT, title="How far")
    assert picture.caption == (
        "How far, trailing 12 months to Sep 2026, endpoint convention: share of opening ARR by what each account pays "
        "now against the start of the window; 1,329 accounts."
    )
    assert picture.alt.startswith(
        "Bars of opening USD ARR by what each account pays in Sep 2026 against Sep 2025. "
        "left: 10.0%, $500k, 36 accounts; over 25% less: 0.0%, $0, no accounts; "
    )
    assert picture.label == "fig-spread"


def test_numbers_follow_the_locale() -> None:
    texts = [t.get_text() for t in chart_spread(bands(), unit=UNIT, locale="de_DE").figure.axes[0].texts]
    assert "1.204 accounts" in texts
    assert "10,0%" in [text.replace("\xa0", "") for text in texts]


def test_a_young_book_says_so_in_one_line() -> None:
    none = {band: (movement, 0, float("nan")) for band, (movement, _, _) in BANDS.items()}
    picture = chart_spread(bands(none), unit=UNIT)
    assert picture.alt == "Undefined in Sep 2026: no account paid at the start of the window."
    assert not picture.figure.axes


def test_the_frame_is_not_changed() -> None:
    frame = bands()
    chart_spread(frame, unit=UNIT)
    pd.testing.assert_frame_equal(frame, bands())


def test_wrong_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="chart_spread: columns missing: share"):
        chart_spread(bands().drop(columns="share"), unit=UNIT)
    with pytest.raises(ValueError, match="band: found 'left' more than once"):
        chart_spread(pd.concat([bands(), bands()]), unit=UNIT)
    with pytest.raises(ValueError, match="movement: found new; expected churn, contraction"):
        chart_spread(bands().replace({"movement": {"churn": "new"}}), unit=UNIT)


def test_seaborn_waits_until_it_draws() -> None:
    code = "import sys, cslib.charts; print('seaborn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
