"""What no input explains leaves the executed notebook; what an input explains stays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat

from cslib.report.normal import inject, normalise, number_cells

V4 = nbformat.v4


def executed(*texts: str) -> Any:
    cell = V4.new_code_cell("1", outputs=[V4.new_output("stream", text=text) for text in texts])
    cell.metadata["papermill"] = {"status": "completed", "start_time": "2026-11-22", "duration": 0.1}
    cell.metadata["tags"] = []
    notebook = V4.new_notebook(cells=[cell])
    notebook.metadata["papermill"] = {"start_time": "2026-11-22"}
    return notebook


def cleaned(text: str, folder: str) -> str:
    notebook = executed(text)
    normalise(notebook, folder=Path(folder))
    found: str = notebook.cells[0].outputs[0].text
    return found


def test_times_go_and_the_status_stays() -> None:
    notebook = executed("x")
    normalise(notebook, folder=Path("/data/portfolio"))
    assert notebook.cells[0].metadata == {"papermill": {"status": "completed"}}
    assert "papermill" not in notebook.metadata


def test_paths_of_the_machine_go() -> None:
    assert cleaned("read /data/portfolio/acme/subs.csv", "/data/portfolio") == "read acme/subs.csv"
    assert cleaned("in /data/portfolio, done", "/data/portfolio") == "in ., done"
    assert cleaned("in /data/portfolio-2/x", "/data/portfolio") == "in /data/portfolio-2/x"
    assert cleaned(f"{sys.prefix}/lib/x.py", "/data/portfolio") == "<python>/lib/x.py"
    assert cleaned("/var/x/ipykernel_812/3141.py:1: UserWarning", "/data") == "<cell>:1: UserWarning"
    assert cleaned("<Axes at 0x7f12ab34cd90>", "/data") == "<Axes at 0x0>"


def test_a_folder_at_the_top_of_the_disk_does_not_eat_the_text() -> None:
    assert cleaned("1/2 of /data/x", "/") == "1/2 of /data/x"


def test_rows_behind_a_table_are_cleaned_like_what_it_shows() -> None:
    notebook = executed()
    words = {
        "label": "tab-x",
        "rows": [{"columns": ["cause", "n"], "rows": [["in /data/p/x", 3], ["1/2", None]]}],
    }
    shown = V4.new_output("display_data", {"text/html": "/data/p/x"}, metadata={"cslib": words})
    notebook.cells[0].outputs = [shown]
    normalise(notebook, folder=Path("/data/p"))
    (kept,) = shown.metadata["cslib"]["rows"]
    assert kept["rows"] == [["in x", 3], ["1/2", None]]


def test_errors_and_data_are_cleaned_too_but_not_pictures() -> None:
    notebook = executed()
    notebook.cells[0].outputs = [
        V4.new_output("error", ename="E", evalue="at /data/p/x", traceback=["in /data/p/x"]),
        V4.new_output(
            "display_data", {"text/html": "<b>/data/p/x</b>", "image/svg+xml": "<svg>/data/p/x</svg>"}
        ),
    ]
    normalise(notebook, folder=Path("/data/p"))
    error, shown = notebook.cells[0].outputs
    assert (error.evalue, error.traceback) == ("at x", ["in x"])
    assert shown.data == {"text/html": "<b>x</b>", "image/svg+xml": "<svg>/data/p/x</svg>"}


def test_cells_without_an_id_get_one_that_stays() -> None:
    notebook: dict[str, Any] = {"cells": [{}, {"id": "a"}, {"id": "a"}], "nbformat_minor": 4}
    number_cells(notebook)
    assert [cell["id"] for cell in notebook["cells"]] == ["cell-1", "a", "cell-3"]
    assert notebook["nbformat_minor"] == 5


def test_injected_parameters_follow_the_defaults_and_replace_the_last_ones() -> None:
    cells = [V4.new_markdown_cell("# hi"), V4.new_code_cell("a = 1"), V4.new_code_cell("a")]
    cells[1].metadata["tags"] = ["parameters"]
    notebook = V4.new_notebook(cells=cells)
    inject(notebook, "a = 2")
    inject(notebook, "a = 3")
    assert [cell.source for cell in notebook.cells] == ["# hi", "a = 1", "a = 3", "a"]
    nbformat.validate(notebook)


def test_a_notebook_in_another_language_keeps_its_kernel(tmp_path: Path) -> None:
    """`papermill --engine cslib` takes any notebook; a Python one names the ordinary kernel, whichever it ran in."""
    for language, ran_in, named in (("R", "ir", "ir"), ("python", "cslib", "python3")):
        spec = {"name": ran_in, "display_name": ran_in, "language": language}
        cells = V4.new_notebook(metadata={"kernelspec": spec})
        normalise(cells, folder=tmp_path)
        assert cells.metadata.kernelspec["name"] == named
