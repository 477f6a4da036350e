from __future__ import annotations

from pathlib import Path

from cslib.report.typst.theme import beside


def test_pictures_beside_a_theme_are_its_own_and_data_is_not(tmp_path: Path):
    for name in ("house.typ", "mark.PNG", "logo.svg", "subscriptions.csv"):
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in beside(tmp_path / "house.typ")] == ["logo.svg", "mark.PNG"]
