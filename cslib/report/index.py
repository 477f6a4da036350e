"""`index.html` in the folder of all reports: one page that lists every run, from the manifests that lie there.

It needs no server and loads nothing: open it from the disk. Every text in it comes from data and is escaped; the one
script in it is named by its hash, so that nothing else can run.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import tempfile
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from cslib import formats
from cslib.report.log import events
from cslib.report.manifest import RUN, read_manifest
from cslib.report.save import MANIFEST, InfrastructureError

__all__ = ["INDEX", "Entry", "entries", "index_page", "write_index"]

INDEX: Final = "index.html"
_HERE: Final = Path(__file__).parent
_LINKS: Final = (
    ("PDF", "{name}.pdf"),
    ("HTML", "{name}.html"),
    ("notebook", "{name}.ipynb"),
    ("proof", "proof.json"),
    ("numbers", "numbers.json"),
    ("manifest", MANIFEST),
)
_WIDTH, _HEIGHT, _EDGE = 88, 22, 3


@dataclass(frozen=True)
class Entry:
    """One report that lies in the folder; `manifest` is empty where a run was cut off.

    Of one that was refused before it had a folder there are no `files`, and `manifest` is what the log says.
    """

    place: str
    name: str
    files: frozenset[str]
    manifest: Mapping[str, Any]

    @property
    def quarter(self) -> str:
        """Quarter, by the folder it lies in."""
        return self.place.split("/")[0]

    @property
    def company(self) -> str:
        """Name of the company, or of its folder where the run does not say."""
        return str(self.manifest.get("company") or self.place.split("/")[1])

    @property
    def part(self) -> str:
        """What its folder says of it beside its name: the account of a customer's report; mostly nothing."""
        own, name = "".join(self.place.split("/", 2)[2:]), self.name.replace("_", "-")
        return own[len(name) :].strip("-") if own.replace("_", "-").startswith(name) else own

    @property
    def status(self) -> str:
        """What became of the run."""
        return str(self.manifest.get("status") or "cut off")

    @property
    def series(self) -> tuple[str, str]:
        """What this report has in common with the same of other quarters."""
        return self.place.split("/", 1)[1], self.name


def entries(out: Path) -> list[Entry]:
    """Reports in the folder `out`, the newest quarter first, then by company."""
    found = []
    for folder in sorted({*out.glob("*/*"), *out.glob("*/*/*")}):
        place = folder.relative_to(out).as_posix()
        if not folder.is_dir() or any(part.startswith(".") for part in place.split("/")):
            continue
        files = frozenset(path.name for path in folder.iterdir() if path.is_file())
        manifest = read_manifest(folder / MANIFEST)
        names = [manifest["notebook"]] if manifest.get("notebook") else sorted(_stems(files))
        if names:
            found.append(Entry(place, str(names[0]), files, manifest))
    found += _refused(out, {(entry.place, entry.name) for entry in found})
    found.sort(key=lambda entry: (entry.company.casefold(), entry.name))
    found.sort(key=lambda entry: entry.quarter, reverse=True)
    return found


def _refused(out: Path, there: Set[tuple[str, str]]) -> list[Entry]:
    """Reports of which the log knows no more than that they were refused: a broken or unknown company, for one."""
    last: dict[tuple[str, str], Entry] = {}
    for event in events(out):
        place, _, name = str(event.get("report", "")).rpartition("/")
        if event["event"] != "end" or place.count("/") < 1 or (place, name) in there:
            continue
        told = {
            "status": event.get("status"),
            "company": event.get("company"),
            "error": {"message": event.get("error", "")},
            RUN: {"started": event.get("at", ""), "seconds": {"total": event.get("seconds")}},
        }
        last[place, name] = Entry(place, name, frozenset(), told)
    return [entry for entry in last.values() if entry.status not in ("done", "unchanged")]


def _stems(files: frozenset[str]) -> set[str]:
    return {Path(name).stem for name in files if name.endswith(".ipynb")}


def index_page(found: Sequence[Entry]) -> str:
    """Page that lists `found`."""
    import jinja2

    script = (_HERE / "index.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    history: dict[tuple[str, str], list[Entry]] = {}
    for entry in reversed(found):
        if entry.status == "done":
            history.setdefault(entry.series, []).append(entry)
    # everything is escaped by default; the script alone is ours and passed as it is
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_HERE), autoescape=True, trim_blocks=True)
    return environment.get_template("index.html.j2").render(
        rows=[_row(entry, history.get(entry.series, [])) for entry in found],
        quarters=sorted({entry.quarter for entry in found}, reverse=True),
        statuses=sorted({entry.status for entry in found}),
        n_companies=len({e.place.split("/")[1] for e in found if not e.manifest.get("companies")}),
        n_done=sum(entry.status == "done" for entry in found),
        script=script,
        script_hash=f"sha256-{digest}",
    )


def _row(entry: Entry, history: Sequence[Entry]) -> dict[str, Any]:
    run = entry.manifest.get(RUN) or {}
    seconds = (run.get("seconds") or {}).get("total")
    error = entry.manifest.get("error") or {}
    proof = entry.manifest.get("proof")
    links = [(label, name.format(name=entry.name)) for label, name in _LINKS]
    return {
        "company": entry.company,
        "quarter": entry.quarter,
        "report": entry.name,
        "part": entry.part,
        "status": entry.status,
        "kind": "good" if entry.status == "done" else "bad",
        "error": _why(error) if isinstance(error, dict) else "",
        "proof": "" if not proof else "holds" if proof.get("holds") else "broken",
        "warnings": [str(one) for one in entry.manifest.get("warnings", [])],
        "figures": [_figure(one, entry, history) for one in entry.manifest.get("headline", [])],
        "started": str(run.get("started", "")),
        "seconds": f"{seconds:.1f}" if isinstance(seconds, int | float) else "",
        "links": [(label, quote(f"{entry.place}/{name}")) for label, name in links if name in entry.files],
    }


def _why(error: Mapping[str, Any]) -> str:
    """What failed, as it is told at the terminal."""
    message = str(error.get("message", ""))
    return (
        f"Cell {error['cell']} stopped with {error.get('name')}: {message}" if error.get("cell") else message
    )


def _figure(record: Mapping[str, Any], entry: Entry, history: Sequence[Entry]) -> dict[str, Any]:
    points = []
    for other in history:
        for one in other.manifest.get("headline", []):
            if one.get("metric") == record.get("metric") and one.get("unit") == record.get("unit"):
                points.append((other.quarter, _number(one.get("value")), str(one.get("unit"))))
    known = [(quarter, value, unit) for quarter, value, unit in points if value is not None]
    told = ", ".join(f"{quarter} {_text(value, unit)}" for quarter, value, unit in known)
    name = formats.metric_name(str(record.get("metric")))
    convention = str(record.get("convention") or "")
    return {
        "name": name,
        "convention": convention,
        "text": _text(_number(record.get("value")), str(record.get("unit"))),
        "line": spark_line([(quarter, value) for quarter, value, _ in known], at=entry.quarter),
        "told": f"{name}: {told}" if told else name,
    }


def _number(value: object) -> float | None:
    plain = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if plain and isinstance(value, int | float) else None


def _text(value: float | None, unit: str) -> str:
    if value is None:
        return formats.undefined("en_US")
    if unit == "ratio":
        return formats.percent(value)
    if unit == "ratio to one":
        return f"{value:.2f}"
    try:
        return formats.short_money(value, formats.currency_of(unit))
    except (ValueError, LookupError):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"


def spark_line(points: Sequence[tuple[str, float]], *, at: str) -> dict[str, Any]:
    """Path of a line through the values of the quarters, and the dot of the quarter `at`; empty under two values.

    >>> spark_line([("2026Q1", 1.0), ("2026Q2", 3.0)], at="2026Q2")
    {'path': 'M3.0 19.0 L85.0 3.0', 'dot': (85.0, 3.0)}
    """
    if len(points) < 2:
        return {}
    values = [value for _, value in points]
    low, span = min(values), max(values) - min(values)
    step = (_WIDTH - 2 * _EDGE) / (len(points) - 1)
    room = _HEIGHT - 2 * _EDGE
    places = [
        (
            round(_EDGE + step * n, 1),
            round(_HEIGHT / 2 if not span else _HEIGHT - _EDGE - room * (value - low) / span, 1),
        )
        for n, value in enumerate(values)
    ]
    dots = [place for (quarter, _), place in zip(points, places, strict=True) if quarter == at]
    path = "M" + " L".join(f"{x} {y}" for x, y in places)
    return {"path": path, "dot": dots[0] if dots else None}


def write_index(out: Path) -> Path:
    """Write the page into the folder `out`, whole or not at all, and return its path.

    Raises
    ------
    InfrastructureError
        When it cannot be written.
    """
    content = index_page(entries(out)).encode("utf-8", "replace")
    try:
        handle, name = tempfile.mkstemp(prefix=".index-", dir=out)
        aside = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            aside.chmod(0o644)
            aside.replace(out / INDEX)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise InfrastructureError(
            f"cannot write {out / INDEX}: {error.strerror or error}. Free space there."
        ) from None
    return out / INDEX
