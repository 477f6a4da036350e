"""The bridge draws what the frame says."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from cslib.charts import Picture, chart_bridge
from cslib.charts.canvas import GAIN, LOSS, NEUTRAL
from cslib.charts.waterfall import ORDER
from tests.charts.frames import MOVED, bridge


def bars(picture: Picture) -> dict[str, tuple[float, float, str]]:
    """Foot, top and colour of each bar."""
    patches = picture.figure.axes[0].containers
    found = {}
    for container in patches:
        bar = container[0]
        found[bar.get_gid()] = (bar.get_y(), bar.get_y() + bar.get_height(), to_hex(bar.get_facecolor()))
    return found


def texts(picture: Picture) -> list[str]:
    return [text.get_text() for text in picture.figure.axes[0].texts]


def amounts(**changed: int) -> dict[str, int]:
    moved = dict.fromkeys(ORDER, 0) | changed
    gained = moved["opening"] + moved["new"] + moved["expansion"] + moved["reactivation"]
    return moved | {"closing": gained - moved["contraction"] - moved["churn"]}


def test_bars_stand_on_each_other() -> None:
    drawn = bars(chart_bridge(bridge()))
    assert [drawn[m][1] for m in ("opening", "closing")] == [1_240_000_000, 1_275_000_000]
    assert drawn["new"] == (1_240_000_000, 1_271_000_000, GAIN)
    assert drawn["expansion"][:2] == (1_271_000_000, 1_333_000_000)
    assert drawn["reactivation"][:2] == (1_333_000_000, 1_335_000_000)
    assert drawn["contraction"] == (1_326_000_000, 1_335_000_000, LOSS)
    assert drawn["churn"] == (1_275_000_000, 1_326_000_000, LOSS)
    assert drawn["opening"][2] == drawn["closing"][2] == NEUTRAL


def test_rows_may_come_in_any_order() -> None:
    assert chart_bridge(bridge().iloc[::-1]).svg() == chart_bridge(bridge()).svg()


def test_labels_carry_sign_and_unit_and_the_feet_carry_dates() -> None:
    picture = chart_bridge(bridge())
    assert texts(picture) == ["$12.4M", "+$310k", "+$620k", "+$20.0k", "−$90.0k", "−$510k", "$12.8M"]
    feet = [tick.get_text() for tick in picture.figure.axes[0].get_xticklabels()]
    assert feet[0] == "Opening\nJun 30, 2026"
    assert feet[1:6] == ["New", "Expansion", "Reactivation", "Contraction", "Churn"]
    assert feet[6] == "Closing\nSep 30, 2026"


def test_alt_and_caption_are_computed() -> None:
    picture = chart_bridge(bridge(), title="The quarter")
    assert picture.alt == (
        "Waterfall of USD ARR from Jun 30, 2026 to Sep 30, 2026: opening $12.4M; new $310k; expansion $620k; "
        "reactivation $20.0k; contraction $90.0k; churn $510k; closing $12.8M."
    )
    assert picture.caption == "The quarter, Jun 30, 2026 to Sep 30, 2026, USD ARR."


def test_small_movements_cut_the_totals_and_say_so() -> None:
    picture = chart_bridge(bridge())
    assert bars(picture)["opening"][0] == picture.figure.axes[0].get_ylim()[0] > 0
    assert "cut" in picture.figure.texts[0].get_text()


def test_large_movements_keep_the_zero() -> None:
    picture = chart_bridge(bridge(amounts(opening=100, new=300)))
    assert bars(picture)["opening"][0] == 0 == picture.figure.axes[0].get_ylim()[0]
    assert not picture.figure.texts


@pytest.mark.parametrize("opening", [0, 1_240_000_000])
def test_movements_of_nothing_are_shown_with_their_label(opening: int) -> None:
    picture = chart_bridge(bridge(amounts(opening=opening)))
    assert texts(picture)[1:6] == ["$0"] * 5
    lines = [line for line in picture.figure.axes[0].lines if line.get_linewidth() > 1]
    assert len(lines) >= 5


def test_currency_and_locale() -> None:
    frame = bridge().assign(unit="EUR ARR")
    assert texts(chart_bridge(frame, locale="de_DE"))[0] == "12,4\xa0Mio.\xa0€"


@pytest.mark.parametrize("frame", [bridge().iloc[:6], pd.concat([bridge(), bridge().iloc[[1]]])])
def test_a_bridge_without_its_seven_rows_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="expected once each: opening, new, expansion"):
        chart_bridge(frame)


def test_the_frame_is_not_changed() -> None:
    frame = bridge()
    chart_bridge(frame)
    pd.testing.assert_frame_equal(frame, bridge())
    assert MOVED["closing"] == 1_275_000_000
