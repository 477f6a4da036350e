"""Segments side by side hold their numbers, in order, without overlap."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.charts import Picture, chart_segments
from tests.charts.frames import ratios, segments

THREE = {
    "SMB": (0.80, 0.90, 100_000_000, 300),
    "Enterprise": (0.95, 1.10, 900_000_000, 12),
    "Mid-market": (0.90, 0.90, 300_000_000, 40),
}
TOTAL = ratios({"net_retention": [1.05], "gross_retention": [0.93]})


def draw(rows: dict[str, tuple[float, float, int, int]], total: pd.DataFrame | None = None) -> Picture:
    return chart_segments(segments(rows), by="segment", unit="USD ARR", total=total)


def dots(picture: Picture) -> dict[str, float]:
    lines = [line for line in picture.figure.axes[0].lines if line.get_marker() not in ("None", "")]
    return {line.get_gid(): float(line.get_xdata()[0]) for line in lines}


def column(picture: Picture, first: str) -> list[str]:
    told = [text.get_text() for text in picture.figure.texts]
    return told[told.index(first) :][: len(told) // 3]


def test_dots_stand_at_the_ratios_in_order_of_net_then_size() -> None:
    picture = draw(THREE)
    assert column(picture, "Segment") == ["Segment", "Enterprise", "Mid-market", "SMB"]
    assert dots(picture) == {
        "gross 0": 0.95, "net 0": 1.10, "gross 1": 0.90, "net 1": 0.90, "gross 2": 0.80, "net 2": 0.90
    }  # fmt: skip


def test_each_row_carries_accounts_and_arr_and_its_numbers() -> None:
    picture = draw(THREE)
    assert column(picture, "Accounts") == ["Accounts", "12", "40", "300"]
    assert column(picture, "Opening ARR")[1] in ("$9.00M", "$9M")
    told = [text.get_text() for text in picture.figure.axes[0].texts]
    assert told[:2] == ["95%", "110%"]
    assert told[-2:] == ["Gross", "Net"]
    assert all(tick.get_text().endswith("%") for tick in picture.figure.axes[0].get_xticklabels())


def test_the_whole_book_is_the_first_row_and_a_line() -> None:
    picture = draw(THREE, TOTAL)
    assert column(picture, "Segment")[1] == "All accounts"
    lines = {line.get_gid(): line.get_xdata() for line in picture.figure.axes[0].lines}
    assert lines["all net"] == [1.05, 1.05]
    assert lines["all gross"] == [0.93, 0.93]


def test_words() -> None:
    picture = draw(THREE)
    assert picture.caption == (
        "Gross and net retention by segment, trailing 12 months to Sep 2026, endpoint convention."
    )
    assert "Mid-market: gross 90.0%, net 90.0%, 40 accounts, $3" in picture.alt


def test_far_out_ratios_stand_at_the_edge_with_their_number() -> None:
    picture = draw(THREE | {"Tiny": (1.0, 9.5, 10, 1), "Gone": (0.0, 0.0, 20, 2)})
    axes = picture.figure.axes[0]
    assert axes.get_xlim() == (0.5, 1.5)
    assert "950%" in [t.get_text() for t in axes.texts]
    assert {line.get_marker() for line in axes.lines} >= {">", "<"}


def test_undefined_is_written_and_stands_last() -> None:
    nan = float("nan")
    picture = draw({"New": (nan, nan, 0, 0)} | THREE)
    assert column(picture, "Segment")[-1] == "New"
    assert "undefined" in [t.get_text() for t in picture.figure.axes[0].texts]
    assert "New: gross undefined, net undefined" in picture.alt


def test_many_segments_keep_the_largest_and_say_so() -> None:
    picture = draw({f"S{i:02d}": (0.8, 0.9 + i / 1000, 1000 + i, i) for i in range(32)})
    assert len(column(picture, "Segment")) == 21
    assert "The 12 smallest of 32 are not drawn." in picture.caption
    assert "S11" not in column(picture, "Segment")


def test_no_text_leaves_the_figure_or_meets_another() -> None:
    rows = THREE | {
        "A very long name of a segment of customers in finance": (0.99, 1.0, 1_000_000_000, 123_456)
    }
    picture = draw(rows, ratios({"net_retention": [1.0], "gross_retention": [1.0]}))
    boxes = [t.get_window_extent() for t in [*picture.figure.texts, *picture.figure.axes[0].texts]]
    assert all(box.x0 >= -1 and box.x1 <= picture.figure.bbox.x1 + 1 for box in boxes)
    assert not [1 for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]


def test_one_segment_alone_is_drawn() -> None:
    assert draw({"Only": (0.9, 1.0, 10, 1)}).figure.get_figheight() < 1


def test_of_several_ends_the_last_counts() -> None:
    early = segments(THREE).assign(end=pd.Timestamp("2025-09-30"), value=0.5)
    both = pd.concat([early, segments(THREE)])
    assert chart_segments(both, by="segment", unit="USD ARR").svg() == draw(THREE).svg()


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="columns missing: region"):
        chart_segments(segments(THREE), by="region", unit="USD ARR")
    frame = segments(THREE)
    with pytest.raises(ValueError, match="gross_retention: found none"):
        chart_segments(frame[frame["metric"] == "net_retention"], by="segment", unit="USD ARR")
    with pytest.raises(ValueError, match="gross_retention: found 'SMB' twice"):
        chart_segments(pd.concat([frame, frame.head(2)]), by="segment", unit="USD ARR")
