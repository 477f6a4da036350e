"""Every file that a run leaves: the notebook, its pages, numbers, proof, manifest."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cslib.report.failure import Failure
from cslib.report.html import html_page
from cslib.report.job import Job
from cslib.report.manifest import RUN, git_state, lock_sha256, package_sha256, sha256, versions
from cslib.report.notice import UNFINISHED, Notice, about_run, notice_page
from cslib.report.outputs import ACTIONS, FINDINGS, actions_csv, as_json, findings, numbers, table_csv
from cslib.report.proof import VERDICT, Outcome, marked
from cslib.report.save import slug

__all__ = ["about", "manifest", "notice_pdf", "owned", "pages", "warnings"]

Lap = Callable[[str], None]


def owned(name: str) -> list[str]:
    """Patterns of all that runs of the report `name` may leave; what a run does not leave anew is taken away."""
    return [
        *(f"{name}.{suffix}" for suffix in ("ipynb", "html", "pdf")),
        *(
            "numbers.json",
            "findings.json",
            "actions.csv",
            "proof.json",
            "timings.json",
            "rejected/*.csv",
            "ledger/*.csv",
        ),
    ]


def pages(
    job: Job, executed: Any, failure: Failure | None, proof: Outcome | None, *, tries: int, lap: Lap
) -> tuple[dict[str, bytes], Failure | None]:
    """Every file but the manifest, and why they are those of a failed report.

    A file that cannot be made is a failure like a cell's: then the PDF is the page that says so.
    """
    import nbformat

    unproved = proof is not None and not proof.holds
    told = marked(executed, proof) if proof and unproved else executed
    files = {f"{job.name}.ipynb": nbformat.writes(told).encode()}  # type: ignore[no-untyped-call]
    files |= {f"rejected/{slug(name)}.csv": table_csv(rows) for name, rows in job.subject.rejected.items()}
    if proof:
        files["proof.json"] = as_json(_proof(job, proof))
    finished: dict[str, Callable[[], bytes]] = {
        "numbers.json": lambda: _numbers(job, executed),
        **_told(job, executed),
        f"{job.name}.pdf": lambda: _pdf(told, job.dress.theme),
    }
    made: dict[str, bytes] = {}
    for name, make in finished.items():
        if failure is None:
            try:
                made[name] = make()
            except Exception as error:  # noqa: BLE001  whatever a notebook's outputs do to an exporter
                failure = Failure("file", 0, type(error).__name__, f"{name}: {error}")
            lap(name)
    reasons = proof.words if proof else []
    if failure is None:
        files |= {**made, **job.subject.kept}
    else:
        notice = about_run(failure, executed, tries=tries)
        reasons = [f"{notice.where} {notice.why}", str(failure)]
        files |= notice_pdf(job.name, notice, executed.metadata["cslib"], [f"{job.name}.ipynb"])
    verdict = UNFINISHED if failure else VERDICT
    files[f"{job.name}.html"] = html_page(executed, verdict=verdict, reasons=reasons)
    lap(f"{job.name}.html")
    return files, failure


def notice_pdf(name: str, notice: Notice, told: Mapping[str, Any], beside: list[str]) -> dict[str, bytes]:
    """The page in place of the PDF; nothing where even that cannot be made, as the HTML page says it too."""
    try:
        return {f"{name}.pdf": notice_page(notice, about=told, beside=beside)}
    except Exception:  # noqa: BLE001  the exporter itself may be what failed
        return {}


def _pdf(executed: Any, theme: Path | None) -> bytes:
    from cslib.report.typst.exporter import pdf_bytes

    return pdf_bytes(executed, theme=str(theme) if theme else "")


def _facts(job: Job) -> dict[str, Any]:
    subject = job.subject
    return {"company": subject.name, "quarter": job.quarter, "as_of": subject.as_of.isoformat()}


def _numbers(job: Job, executed: Any) -> bytes:
    money = {"currency": job.subject.currency, "minor_units": job.subject.minor_units}
    return as_json({**_facts(job), **money, "numbers": numbers(executed)})


def _told(job: Job, executed: Any) -> dict[str, Callable[[], bytes]]:
    """What its findings, tables and actions leave, where a notebook has any."""
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    mimes = {mime for output in outputs for mime in output.get("data", {})}
    made: dict[str, Callable[[], bytes]] = {}
    if FINDINGS in mimes or any("rows" in output.get("metadata", {}).get("cslib", {}) for output in outputs):
        facts = {
            **_facts(job),
            "currency": job.subject.currency,
            "minor_units": job.subject.minor_units,
            "parameters": dict(job.parameters),
        }
        made["findings.json"] = lambda: as_json({**facts, **findings(executed)})
    if ACTIONS in mimes:
        made["actions.csv"] = lambda: actions_csv(executed, minor_units=job.subject.minor_units) or b""
    return made


def _proof(job: Job, proof: Outcome) -> dict[str, Any]:
    return {
        **_facts(job),
        "holds": proof.holds,
        "checks": list(proof.checks),
        "flags": list(proof.flags),
        "inputs": list(job.subject.inputs),
    }


def about(own: Mapping[str, Any], facts: Mapping[str, str], *, name: str) -> dict[str, Any]:
    """Metadata for the pages: what the notebook says of itself, with the company and the period filled in."""
    title = str(own.get("title", f"{{company}}: {name}, {{period}}"))
    for fact, text in facts.items():
        title = title.replace(f"{{{fact}}}", text)
    return {"lang": "en", "author": "", **own, **facts, "title": title}


def warnings(job: Job, executed: Any, proof: Outcome | None) -> list[str]:
    """What somebody should look at although the report is done."""
    return [
        *job.subject.warnings,
        *(f"{company['company']} could not be read: {company['cause']}" for company in job.subject.unread),
        *(f"{len(rows)} rows of {table} were rejected" for table, rows in job.subject.rejected.items()),
        *(proof.flags if proof else ()),
        *_said(executed),
    ]


def _said(executed: Any) -> Iterator[str]:
    """What cells wrote to their error stream, a line each."""
    for number, cell in enumerate(executed.cells, start=1):
        for output in cell.get("outputs", []):
            if output.get("output_type") == "stream" and output.get("name") == "stderr":
                text = output["text"] if isinstance(output["text"], str) else "".join(output["text"])
                yield f"cell {number}: {text.strip().splitlines()[0] if text.strip() else ''}"


def manifest(
    job: Job,
    files: Mapping[str, bytes],
    *,
    status: str,
    failure: Failure | None,
    proof: Outcome | None,
    warned: list[str],
    shown: Sequence[Mapping[str, Any]],
    run: Mapping[str, Any],
) -> bytes:
    """What went in and what became of it; see :mod:`cslib.report.manifest`.

    `warned` and `shown` are what a list of many reports says of this one. `run` is what differs from one run of the
    same inputs to the next; paths in it are relative to the report.
    """
    places = {
        "notebook": _relative(job.path, job.folder),
        "companies": [_relative(source, job.folder) for source in job.sources],
    }
    return as_json(
        {
            "status": status,
            "error": asdict(failure) if failure else None,
            "proof": {"holds": proof.holds, "broken": proof.words} if proof else None,
            "notebook": job.name,
            "code_sha256": job.code_sha256,
            "notebook_sha256": job.notebook_sha256,
            **_facts(job),
            "parameters": dict(job.parameters),
            **job.subject.meanings,
            "inputs": [*job.subject.inputs, *job.dress.files, *job.earlier],
            **({"unread": list(job.subject.unread)} if job.subject.unread else {}),
            "rows_rejected": {name: len(rows) for name, rows in job.subject.rejected.items()},
            "warnings": warned,
            "headline": shown,
            "versions": versions(),
            "package_sha256": package_sha256(),
            "lock_sha256": lock_sha256(job.path),
            "files": {name: sha256(content) for name, content in sorted(files.items())},
            "git": git_state(job.path),
            RUN: {**run, **places},
        }
    )


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return path.as_posix()
