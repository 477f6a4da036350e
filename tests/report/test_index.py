"""One page lists every run, from the disk alone; hostile names stay names; a real browser searches and sorts it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cslib.report.index import entries, index_page, spark_line, write_index
from cslib.report.log import Log

HOSTILE = "<script>alert(1)</script>'\"&{{7*7}}</td>"
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
needs_a_browser = pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine")


def lay(
    out: Path,
    place: str,
    *,
    name: str = "retention",
    files: tuple[str, ...] = ("pdf", "html", "ipynb"),
    **manifest: Any,
) -> Path:
    folder = out / place
    folder.mkdir(parents=True)
    for suffix in files:
        (folder / f"{name}.{suffix}").write_text("x")
    if manifest:
        document = {"notebook": name, "status": "done", "error": None, "files": {}, **manifest}
        (folder / "manifest.json").write_text(json.dumps(document))
    return folder


def net(value: float | None) -> list[dict[str, object]]:
    return [{"metric": "net_retention", "convention": "endpoint", "value": value, "unit": "ratio"}]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    out = tmp_path / "reports"
    for quarter, value in (("2026Q1", 1.01), ("2026Q2", 0.97), ("2026Q3", 1.043)):
        lay(
            out,
            f"{quarter}/zeta",
            company="Zeta",
            headline=net(value),
            run={"started": f"{quarter[:4]}-10-01T08:00:00Z", "seconds": {"total": 3.21}},
        )
    lay(
        out, "2026Q3/acme #1%", company=HOSTILE, headline=net(None), warnings=[HOSTILE], proof={"holds": True}
    )
    lay(
        out,
        "2026Q3/mid",
        company="Mid",
        status="failed",
        error={"cell": 3, "name": "ZeroDivisionError", "message": f"division by zero {HOSTILE}"},
    )
    lay(
        out,
        "2026Q3/mid/cohorts",
        name="cohorts",
        company="Mid",
        headline=[{"metric": "arr", "value": 1_240_000_000, "unit": "USD ARR"}],
    )
    lay(out, "2026Q3/cut", files=("pdf", "ipynb"))
    lay(out, ".locks/x")
    (out / "2026Q3" / "zeta" / "ledger").mkdir()
    return out


def test_every_report_is_listed_the_newest_first(out: Path) -> None:
    found = [(e.quarter, e.company[:4], e.name, e.status) for e in entries(out)]
    assert found == [
        ("2026Q3", "<scr", "retention", "done"),
        ("2026Q3", "cut", "retention", "cut off"),
        ("2026Q3", "Mid", "cohorts", "done"),
        ("2026Q3", "Mid", "retention", "failed"),
        ("2026Q3", "Zeta", "retention", "done"),
        ("2026Q2", "Zeta", "retention", "done"),
        ("2026Q1", "Zeta", "retention", "done"),
    ]


def test_it_shows_figures_lines_links_and_what_failed(out: Path) -> None:
    page = index_page(entries(out))
    for words in (
        "104.3%",
        "$12.4M",
        "undefined",
        "Cell 3 stopped with ZeroDivisionError: division by zero",
        "proof holds",
        "3.2 s",
        "cut off",
        "1 to note",
    ):
        assert words in page, words
    assert "et retention: 2026Q1 101.0%, 2026Q2 97.0%, 2026Q3 104.3%" in page
    assert page.count("<path d=") == 3
    links = re.findall(r'href="([^"]+)"', page)
    assert "2026Q3/acme%20%231%25/retention.pdf" in links
    assert "2026Q3/mid/cohorts/cohorts.html" in links
    assert "2026Q3/cut/retention.html" not in links


def test_no_text_becomes_markup_and_no_other_script_may_run(out: Path) -> None:
    page = index_page(entries(out))
    assert page.count("<script>") == 1
    assert HOSTILE not in page
    assert html.escape("<script>alert(1)</script>") in page
    assert "script-src 'sha256-" in page
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:|//|data:text|javascript:)""", page)


def test_a_line_has_the_highest_value_on_top_and_a_flat_one_in_the_middle() -> None:
    assert spark_line([("a", 1.0)], at="a") == {}
    assert spark_line([("a", 2.0), ("b", 1.0)], at="a") == {"path": "M3.0 3.0 L85.0 19.0", "dot": (3.0, 3.0)}
    assert spark_line([("a", 2.0), ("b", 2.0)], at="c") == {"path": "M3.0 11.0 L85.0 11.0", "dot": None}


def test_an_empty_folder_has_a_page_too(tmp_path: Path) -> None:
    assert "<b>0</b> reports" in write_index(tmp_path).read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def browse(page: Path, folder: Path, *, hash: str = "", width: int = 1280) -> str:
    """Document as a browser has it after its script ran, opened from the disk."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}", "--virtual-time-budget=2000",
        f"--window-size={width},900", "--dump-dom", page.as_uri() + hash,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def shown(document: str) -> list[tuple[str, str]]:
    rows = re.findall(
        r"<tr data-quarter=\"(\w+)\" data-status=\"[^\"]*\"( hidden=\"\")?>(.*?)</tr>", document, re.S
    )
    return [
        (quarter, html.unescape(re.findall(r'class="company">(.*?)</span>', body, re.S)[0])[:4])
        for quarter, hidden, body in rows
        if not hidden
    ]


def test_what_was_refused_before_it_had_a_folder_is_listed_until_it_is_made(out: Path) -> None:
    log = Log.begin(out, [])
    told = {"status": "bad input", "company": "none", "error": f"no such folder {HOSTILE}", "seconds": 0.1}
    log.append("end", report="2026Q3/none/retention", **told)
    log.append("end", report="2026Q3/mid/retention", **told)  # has a folder, which says more
    log.append("end", report="2026Q2/once/cohorts/cohorts", **told)
    log.append("end", report="2026Q2/once/cohorts/cohorts", **(told | {"status": "done"}))
    new = [entry for entry in entries(out) if entry.company == "none"]
    assert [(entry.place, entry.name, entry.status, entry.files) for entry in new] == [
        ("2026Q3/none", "retention", "bad input", frozenset())
    ]
    assert len(entries(out)) == 8
    page = index_page(entries(out))
    assert "no such folder" in page and HOSTILE not in page and "2026Q3/none" not in page
    lay(out, "2026Q3/none", company="None & Sons")
    assert [entry.status for entry in entries(out) if entry.place == "2026Q3/none"] == ["done"]


@needs_a_browser
@pytest.mark.parametrize("width", [500, 1100, 1400])
def test_no_column_is_cut_off_on_a_narrow_screen(out: Path, tmp_path: Path, width: int) -> None:
    four = net(1.04) + [
        {"metric": m, "value": 0.9, "unit": "ratio"} for m in ("gross_retention", "logo_retention")
    ]
    four += [{"metric": "arr", "value": 1_240_000_000, "unit": "USD ARR"}]
    lay(out, "2026Q3/wide/data-quality", name="data_quality", company="Larkfield Systems Holdings", headline=four,
        warnings=["x"], proof={"holds": True}, run={"started": "2026-10-01T08:00:00Z", "seconds": {"total": 9.9}})  # fmt: skip
    page = write_index(out)
    measure = (
        "const w = document.querySelector('.wide'); document.title = `${w.scrollWidth} of ${w.clientWidth}`"
    )
    text = re.sub(
        r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text()
    )  # or it runs no script
    page.write_text(text.replace("</body>", f"<script>{measure}</script></body>"))
    found = re.search(r"<title>(\d+) of (\d+)</title>", browse(page, tmp_path / "a", width=width))
    assert found and int(found[1]) <= int(found[2])


@needs_a_browser
def test_a_real_browser_searches_filters_and_sorts(out: Path, tmp_path: Path) -> None:
    """Script and style run from the disk under the page's own policy; the hostile name is text in the tree."""
    page = write_index(out)
    whole = browse(page, tmp_path / "a")
    assert "7 of 7 reports" in whole
    assert html.escape("<script>alert(1)</script>", quote=False) in whole
    assert [company for _, company in shown(whole)][:2] == ["<scr", "cut"]
    some = browse(page, tmp_path / "b", hash="#search=zeta%20104&sort=Quarter")
    assert "1 of 7 reports" in some
    assert shown(some) == [("2026Q3", "Zeta")]
    found = browse(page, tmp_path / "c", hash="#quarter=2026Q3&status=done&sort=Company")
    assert shown(found) == [("2026Q3", "<scr"), ("2026Q3", "Mid"), ("2026Q3", "Zeta")]
    assert 'aria-sort="ascending"' in found
    none = browse(page, tmp_path / "d", hash="#search=nobody")
    assert "0 of 7 reports" in none
    assert '<p id="nothing">No report fits.</p>' in none
    assert '<p id="nothing" hidden="">' in whole
