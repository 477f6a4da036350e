"""An executed notebook as one self-contained HTML page, its code one click away."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from cslib.report.outputs import is_for_machines

__all__ = ["html_page"]

_TEMPLATE: Final = Path(__file__).with_name("page.html.j2")
_SHOWN: Final = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/latex",
    "text/plain",
]
_ABOUT: Final = ("company", "period", "date", "author")
_NO_OUTPUT: Final = {"hide", "hide-output", "hide_output", "remove-output", "remove_output"}
_ACTIVE: Final = re.compile(
    r"<script\b.*?</script\s*>|<link\b[^>]*>|<iframe\b.*?</iframe\s*>|@import\b[^;]*;", re.S | re.I
)


def html_page(notebook: Any, *, verdict: str = "", reasons: Sequence[str] = ()) -> bytes:
    """Page of an executed notebook. Nothing in it runs or is loaded, whatever its outputs hold.

    Parameters
    ----------
    notebook : NotebookNode
        Its metadata ``cslib`` gives title and language.
    verdict : str
        Why nobody may use the report, printed at the top with its reasons.
    reasons : sequence of str
        Empty where there is nothing to warn of; then no verdict is printed.
    """
    shown = copy.deepcopy(notebook)
    for cell in shown.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_for_machines(output)]
    about = notebook.metadata.get("cslib", {})
    page = {
        "title": about.get("title", "Report"),
        "lang": about.get("lang", "en"),
        "verdict": verdict,
        "reasons": list(reasons),
        "about": [about[k] for k in _ABOUT if about.get(k)],
    }
    config = Config()
    config.NbConvertBase.display_data_priority = _SHOWN
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_cell_tags = {"remove-cell", "remove_cell"}
    config.TagRemovePreprocessor.remove_all_outputs_tags = _NO_OUTPUT
    config.CSSHTMLHeaderPreprocessor.style = "bw"
    exporter: Any = HTMLExporter(  # type: ignore[no-untyped-call]
        config=config, template_file=str(_TEMPLATE), exclude_anchor_links=True
    )
    exporter.environment.globals["page"] = page
    text, _ = exporter.from_notebook_node(shown)
    return _ACTIVE.sub("", text).encode()
