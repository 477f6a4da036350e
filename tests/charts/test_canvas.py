"""The house style leaks nothing and a picture is the same bytes everywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from nbclient import NotebookClient

from cslib.charts import (
    Picture,
    chart_bridge,
    chart_cohort_curves,
    chart_layers,
    chart_retention,
    chart_segments,
    chart_spread,
)
from cslib.charts.canvas import (
    _FONTS,
    GAIN,
    HOUSE,
    LOSS,
    NEUTRAL,
    PALE,
    house_style,
    require,
    shades,
)
from tests.charts.frames import bands, bridge, layers, ratios, segments, triangle
from tests.charts.grey import contrast

ROOT = Path(__file__).parents[2]


def hashes() -> list[str]:
    """One hash a kind of figure."""
    pictures = [
        chart_bridge(bridge()),
        chart_retention(ratios({"net_retention": [1.02, 1.04], "gross_retention": [0.9, 0.91]})),
        chart_layers(layers({2025: [3, 2], 2026: [1, 4]})),
        chart_segments(segments({"SMB": (0.8, 0.9, 10, 1)}), by="segment", unit="USD ARR"),
        chart_cohort_curves(triangle({"2025-01-01": (9, [1.0, 0.8])})),
        chart_spread(bands(), unit="USD ARR"),
    ]
    return [hashlib.sha256(picture.svg().encode()).hexdigest() for picture in pictures]


def test_every_figure_has_the_same_bytes_in_another_process() -> None:
    code = "from tests.charts.test_canvas import hashes; print(*hashes())"
    there = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
    ).stdout.split()  # fmt: skip
    assert there == hashes()
    assert len(set(there)) == 6


def test_drawing_twice_gives_the_same_bytes_and_no_date() -> None:
    picture = chart_bridge(bridge())
    assert picture.svg() == picture.svg() == chart_bridge(bridge()).svg()
    assert "dc:date" not in picture.svg()


def test_drawing_writes_nothing_to_stderr(tmp_path: Path) -> None:
    """What it wrote would stand in the report. Not even where the list of fonts is made anew."""
    code = (
        "from tests.charts.test_canvas import hashes; hashes()\n"
        "from cslib.charts import chart_segments as chart; from tests.charts.frames import segments\n"
        "rows = {'客户 ✓': (0.8, 0.9, 5, 1), 'مرحبا': (0.8, 0.9, 5, 1), '😀': (0.8, 0.9, 5, 1)}\n"
        "chart(segments(rows), by='segment', unit='USD ARR', total=segments({'all': (1, 1, 5, 1)})).svg()"
    )
    drawn = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
    )  # fmt: skip
    assert (drawn.stdout, drawn.stderr) == ("", "")


def test_a_font_that_lacks_a_weight_is_not_complained_of(caplog: pytest.LogCaptureFixture) -> None:
    with house_style():
        assert "DejaVu" in findfont(FontProperties(family=["DejaVu Sans"], weight=650))
    assert caplog.text == ""


def test_nothing_is_left_in_pyplot_nor_in_the_settings() -> None:
    before = dict(matplotlib.rcParams)
    chart_bridge(bridge()).svg()
    chart_spread(bands(), unit="USD ARR").svg()
    assert dict(matplotlib.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_the_callers_settings_do_not_leak_in() -> None:
    plain = chart_bridge(bridge()).svg()
    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 30, "svg.fonttype": "path"}):
        assert chart_bridge(bridge()).svg() == plain


def test_the_house_style_is_only_inside() -> None:
    with house_style():
        assert matplotlib.rcParams["font.family"] == HOUSE["font.family"]
    assert matplotlib.rcParams["font.family"] != HOUSE["font.family"]


def test_the_svg_is_text_with_an_accessible_name() -> None:
    root = ET.fromstring(chart_bridge(bridge()).svg())
    assert root.get("role") == "img"
    assert root.get("aria-label", "").startswith("Waterfall of USD ARR")
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "$12.4M" in texts
    assert "Inter" in chart_bridge(bridge()).svg()


def test_hostile_names_stay_text() -> None:
    names = {
        "<script>alert(1)</script>": (0.8, 0.9, 5, 1), "$x^2$ & \\frac": (0.7, 0.8, 4, 1),
        "a\x00\nb\ufffe": (0.7, 0.8, 3, 1), '"><image/>': (0.7, 0.8, 2, 1),
    }  # fmt: skip
    svg = chart_segments(segments(names), by="segment", unit="USD ARR").svg()
    root = ET.fromstring(svg)
    assert "<script" not in svg
    assert "a b" in "".join(root.itertext())
    assert "$x^2$ & \\frac" in "".join(root.itertext())


def test_names_from_right_to_left_are_drawn_as_outlines() -> None:
    svg = chart_segments(segments({"مرحبا": (0.8, 0.9, 5, 1)}), by="segment", unit="USD ARR").svg()
    assert "<text" not in svg


@pytest.mark.parametrize("name", ["客户", "😀 Acme"])
def test_scripts_without_a_font_reach_the_svg_without_a_warning(
    name: str, recwarn: pytest.WarningsRecorder
) -> None:
    svg = chart_segments(segments({name: (0.8, 0.9, 5, 1)}), by="segment", unit="USD ARR").svg()
    assert name in svg
    assert not [w for w in recwarn if "Glyph" in str(w.message)]


def test_shades_darken_step_by_step_and_colours_differ_in_grey() -> None:
    steps = [contrast(colour, "#ffffff") for colour in shades(6)]
    assert steps == sorted(steps)
    greys = [contrast(colour, "#ffffff") for colour in (PALE, NEUTRAL, LOSS, GAIN)]
    assert greys == sorted(greys)
    assert min(np.diff(greys)) > 0.7


def test_require_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="chart_x: columns missing: b; found: a"):
        require(pd.DataFrame({"a": [1]}), columns=["a", "b"], by="chart_x")
    with pytest.raises(ValueError, match="chart_x: found a frame without rows"):
        require(pd.DataFrame({"a": []}), columns=["a"], by="chart_x")


def test_require_gives_what_is_drawn_and_what_is_said_of_all_rows() -> None:
    frame = pd.DataFrame({"secret": [9], "a": [1], "level": [0.95], "within": [90], "b": [2]})
    assert list(require(frame, columns=["b", "a", "b"], by="chart_x")) == ["b", "a", "level", "within"]


def test_measures_are_taken_from_the_packaged_font() -> None:
    if not any(_FONTS.glob("Inter-*.ttf")):
        pytest.skip("the report's fonts are not in this tree")
    with house_style():
        for weight, file in (("normal", "Inter-Regular.ttf"), ("semibold", "Inter-SemiBold.ttf")):
            found = findfont(FontProperties(family=["Inter"], weight=weight))
            assert Path(found).parent == _FONTS
            assert Path(found).name == file


def test_a_notebook_output_carries_the_words() -> None:
    code = (
        "from cslib.charts import chart_bridge\nfrom cslib.styled import money_table\n"
        "from tests.charts.frames import bridge\n"
    )
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(code + "chart_bridge(bridge())"),
            nbformat.v4.new_code_cell("money_table(bridge())"),
        ]
    )
    NotebookClient(notebook, resources={"metadata": {"path": str(ROOT)}}).execute()
    if any(_FONTS.glob("Inter-*.ttf")):
        assert [len(cell.outputs) for cell in notebook.cells] == [1, 1]
    figure, table = (
        next(output for output in cell.outputs if output.output_type == "execute_result")
        for cell in notebook.cells
    )
    assert set(figure.data) == {"image/svg+xml", "text/plain"}
    assert set(figure.metadata["cslib"]) == {"alt", "caption", "label", "rows", "width"}
    assert set(table.data) == {"text/html", "text/plain"}
    words = table.metadata["cslib"]
    assert (words["caption"], words["label"]) == ("ARR bridge, USD ARR.", "tab-money")
    for kept, columns in ((figure.metadata["cslib"], ["start", "end"]), (words, ["end"])):
        (frame,) = kept["rows"]
        assert frame["columns"] == ["metric", *columns, "value", "unit"]
        assert [row[0] for row in frame["rows"]] == list(bridge()["metric"])


def test_a_picture_shows_itself_as_words_in_plain_text() -> None:
    picture = Picture(Figure(), "What it shows.", "What it is.", "fig-x")
    assert repr(picture) == "What it is. What it shows."
