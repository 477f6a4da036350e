"""An executed notebook as one self-contained HTML page, its code one click away."""

from __future__ import annotations

import base64
import copy
import hashlib
import html
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from traitlets.config import Config

from cslib.report.links import MARKDOWN, Places, linked, places
from cslib.report.outputs import is_for_machines
from cslib.report.typst.outputs import without_records
from cslib.words import say

__all__ = ["html_page"]

_TEMPLATE: Final = Path(__file__).with_name("page.html.j2")
_SORTING: Final = Path(__file__).with_name("sort.js")
_SHOWN: Final = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/latex",
    "text/plain",
]
_RIGHT_TO_LEFT: Final = {"ar", "fa", "he", "ur"}
_ABOUT: Final = ("company", "period", "date", "author")
_RULE: Final = re.compile(r"([^{}]+)\{([^{}]*\btext-align: left\b[^{}]*)\}")
_CELL: Final = re.compile(r"#(T_\w+?)_row\d+_col(\d+)\b")
_NO_OUTPUT: Final = {"hide", "hide-output", "hide_output", "remove-output", "remove_output"}
_ACTIVE: Final = re.compile(
    r"<script\b.*?</script\s*>|<link\b[^>]*>|<iframe\b.*?</iframe\s*>|@import\b[^;]*;", re.S | re.I
)


def html_page(notebook: Any, *, verdict: str = "", reasons: Sequence[str] = ()) -> bytes:
    """Page of an executed notebook. Nothing of its outputs runs or is loaded, whatever they hold.

    Numbers in sentences lead to the cells they stand in. Where a table says what its cells are sorted by, one script of
    ours, the only one that the page's policy admits, sorts it by any column.

    Parameters
    ----------
    notebook : NotebookNode
        Its metadata ``cslib`` gives title and language.
    verdict : str
        Why nobody may use the report, printed at the top with its reasons.
    reasons : sequence of str
        Empty where there is nothing to warn of; then no verdict is printed.
    """
    shown = copy.deepcopy(without_records(notebook))
    known, sortable = places(shown), False
    for cell in shown.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_for_machines(output)]
            for output in cell.outputs:
                sortable |= _prepare(shown, output, known)
    about = notebook.metadata.get("cslib", {})
    page = {
        "title": about.get("title", "Report"),
        "lang": about.get("lang", "en"),
        "dir": "rtl" if str(about.get("lang", "en")).split("-")[0] in _RIGHT_TO_LEFT else "ltr",
        "names": {label: _name(label, known, str(about.get("lang", "en"))) for label in known.labels},
        "script": _policy() if sortable else "",
        "code": any(cell.cell_type == "code" and cell.source.strip() for cell in shown.cells),
        "verdict": verdict,
        "reasons": list(reasons),
        "about": [about[k] for k in _ABOUT if about.get(k)],
    }
    exporter = _exporter()
    exporter.environment.globals["page"] = page
    text, _ = exporter.from_notebook_node(shown)
    text = _ACTIVE.sub("", text)
    if sortable:
        before, end, after = text.rpartition("</body>")
        text = f"{before}<script>{_script()}</script>\n{end}{after}"
    return text.encode()


class _PageExporter(HTMLExporter):
    """nbconvert's exporter without its last step, to parse the whole page again for marks that our template sets."""

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[Any, Any]:
        this: Any = self
        resources = this._init_resources(resources)
        lexer = nb.metadata.get("language_info", {}).get("pygments_lexer", "ipython3")
        filters: dict[str, Any] = {
            "filter_data_type": WidgetsDataTypeFilter(  # type: ignore[no-untyped-call]
                notebook_metadata=this._nb_metadata, parent=this, resources=resources
            ),
            "highlight_code": lambda source, **_: _highlighted(source, lexer),
        }
        for name, made in filters.items():
            this.register_filter(name, made)
        return TemplateExporter.from_notebook_node(this, nb, resources, **options)


@cache
def _exporter() -> Any:
    config = Config()
    config.NbConvertBase.display_data_priority = _SHOWN
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_cell_tags = {"remove-cell", "remove_cell"}
    config.TagRemovePreprocessor.remove_all_outputs_tags = _NO_OUTPUT
    config.CSSHTMLHeaderPreprocessor.style = "bw"
    return _PageExporter(  # type: ignore[no-untyped-call]
        config=config, template_file=str(_TEMPLATE), exclude_anchor_links=True
    )


@lru_cache(maxsize=1_000)  # the reports of a batch show the same code
def _highlighted(source: str, lexer: str) -> str:
    return str(Highlight2HTML(pygments_lexer=lexer)(source))  # type: ignore[no-untyped-call]


@cache
def _script() -> str:
    return _SORTING.read_text(encoding="utf-8")


def _policy() -> str:
    """Source expression that admits our script and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()}'"


def _name(label: str, known: Places, language: str) -> str:
    kind, n = known.labels[label]
    return say("Table {n}" if kind == "table" else "Figure {n}", locale=language, n=n)


def _prepare(notebook: Any, output: Any, known: Places) -> bool:
    """Links into the sentences and keys into the tables of one output; whether it can be sorted."""
    words = output.get("metadata", {}).get("cslib", {})
    if MARKDOWN in output.get("data", {}) and words.get("numbers"):
        output.data[MARKDOWN] = linked(notebook, output, known)
    if words.get("label") and "text/html" in output.get("data", {}):
        output.data["text/html"] = _columns_of_text(output.data["text/html"])
    order = words.get("order", {})
    if not order or "text/html" not in output.get("data", {}):
        return False
    text = output.data["text/html"]
    for cell, key in order.items():
        sign = f'id="{cell}"'
        text = text.replace(sign, f'{sign} data-sort="{html.escape(str(key), quote=True)}"')
    output.data["text/html"] = text
    return True


def _columns_of_text(table: str) -> str:
    """Table of ours in which a number is never torn, and the head of a column of text stands where the text does.

    >>> print(_columns_of_text("<style>#T_a_row0_col1 { text-align: left; }</style><table>"))
    <style>#T_a_row0_col1 { text-align: left; }
    #T_a { white-space: nowrap; } #T_a th, #T_a caption { white-space: normal; }
    #T_a_level0_col1 { text-align: left !important; }
    #T_a_row0_col1 { white-space: normal; }
    </style><table>
    """
    rules, end, rest = table.partition("</style>")
    found = [cell for rule in _RULE.finditer(rules) for cell in _CELL.finditer(rule[1])]
    if not end or not found:
        return table
    name = found[0][1]
    heads = ", ".join(f"#{name}_level0_col{n}" for n in dict.fromkeys(cell[2] for cell in found))
    cells = ", ".join(dict.fromkeys(cell[0] for cell in found))
    return (
        f"{rules}\n#{name} {{ white-space: nowrap; }} #{name} th, #{name} caption {{ white-space: normal; }}\n"
        f"{heads} {{ text-align: left !important; }}\n{cells} {{ white-space: normal; }}\n{end}{rest}"
    )
