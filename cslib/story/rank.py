"""What of all findings an executive is told: by money at stake and certainty, without contradiction, seven at most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cslib.story.finding import Evidence, Finding

__all__ = ["CONFLICTS", "Choice", "Conflict", "Summary", "choose"]

MOST: Final = 7
FLOOR: Final = 0.005  # share of ARR below which money at stake is not worth a line
FIRST: Final = ("headline", "data_caveat")  # told before all others, whatever is at stake
UNTESTED: Final = {"cannot tell": "not significant", "absent": "below the line of its kind",
                   "not looked at": "not looked at"}  # fmt: skip


@dataclass(frozen=True)
class Conflict:
    """A pair of findings of which only one may be said: where `holds(said, other)`, the other is left out."""

    name: str
    holds: Callable[[Finding, Finding], bool]


def _same_account(said: Finding, other: Finding) -> bool:
    named = {"concentration", "single_account", "expansion_dependence"}
    rank = ("concentration", "single_account", "expansion_dependence")
    return (
        {said.kind, other.kind} <= named
        and rank.index(said.kind) < rank.index(other.kind)
        and bool(other.accounts)
        and set(other.accounts) <= set(said.accounts)
    )


def _past_the_record(said: Finding, other: Finding) -> bool:
    """A forecast learns from quarters before a change that was just found."""
    return said.kind == "headline" and said.verdict == "changed" and other.kind == "forecast"


def _one_account_compared(said: Finding, other: Finding) -> bool:
    return said.kind == "concentration" and said.verdict == "counted" and other.kind == "benchmark"


def _too_few(said: Finding, other: Finding) -> bool:
    """Where percentages mean little, a range in percent and a comparison with others mean as little."""
    return said.kind == "headline" and bool(said.values["small"]) and other.kind in {"forecast", "benchmark"}


def _opposite(said: Finding, other: Finding) -> bool:
    return (
        said.kind == other.kind
        and said.subject == other.subject
        and {said.verdict, other.verdict}
        == {
            "worse",
            "better",
        }
    )


def _masked(said: Finding, other: Finding) -> bool:
    """The benchmark of a net retention that hides its losses praises what the report warns of."""
    if said.kind != "masking" or other.kind != "benchmark":
        return False
    return any(row["metric"] == "net_retention" and row["verdict"] == "above" for row in other.values["rows"])


CONFLICTS: Final = (
    Conflict("its account is named by a larger finding", _same_account),
    Conflict("the forecast learns from quarters before the change", _past_the_record),
    Conflict("the book hangs on too few accounts for percentages", _too_few),
    Conflict("one account would be compared with a population", _one_account_compared),
    Conflict("the opposite is said of the same subject with more money behind it", _opposite),
    Conflict("the net figure that would be compared hides its losses", _masked),
)


@dataclass(frozen=True)
class Choice:
    """A finding and why it is not said; the reason is empty where it is."""

    finding: Finding
    reason: str = ""


@dataclass(frozen=True)
class Summary:
    """Findings that are said, in order, and every finding with its reason."""

    said: tuple[Finding, ...]
    choices: tuple[Choice, ...]

    @property
    def segments(self) -> tuple[tuple[str, str], ...]:
        """Column and name of the segments that were found to keep less than the rest."""
        rows = [
            row
            for c in self.choices
            if c.finding.kind == "segment"
            for row in c.finding.values.get("passed", ())
        ]
        return tuple(
            dict.fromkeys((row["column"], row["segment"]) for row in rows if row["value"] < row["rest"])
        )

    @property
    def plays(self) -> tuple[str, ...]:
        """Plays that the findings call for, the worthiest first; findings below their line call for none."""
        due = [
            c.finding
            for c in self.choices
            if c.finding.verdict not in UNTESTED and "materiality" not in c.reason
        ]
        ordered = sorted(due, key=score, reverse=True)
        return tuple(dict.fromkeys(play for finding in ordered for play in finding.plays))


def score(finding: Finding) -> float:
    """Money at stake times certainty, minor units."""
    return finding.materiality * finding.certainty


def choose(findings: Sequence[Finding], *, most: int = MOST, floor: float = FLOOR) -> Summary:
    """Findings to be said, in order, and the reason why each other is not.

    Parameters
    ----------
    findings : sequence of Finding
        What was detected; one of kind ``headline`` must be there.
    most : int
        How many are said at most, the last of them what the book cannot tell.
    floor : float
        Share of ARR below which money at stake is left out.

    Returns
    -------
    Summary
        The headline and what casts doubt on the data come first, then the others by money at stake times certainty,
        then one finding of kind ``unknown``. A finding is left out, with the reason, when it was not looked at, is
        below the line of its kind, not significant, below materiality, in conflict with one said before
        (:data:`CONFLICTS`), or ranked out.

    Raises
    ------
    ValueError
        When there is no headline, or fewer than three may be said.
    """
    if most < 3:
        raise ValueError(f"most: found {most}, expected 3 or more findings")
    headline = next((f for f in findings if f.kind == "headline" and f.values.get("arr") is not None), None)
    if headline is None:
        raise ValueError("choose: found no headline, expected a finding of that kind with its values")
    least = floor * float(headline.values["arr"])
    unknown = _unknown(findings)
    ordered = sorted(findings, key=lambda f: (f.kind not in FIRST, f.kind != "headline", -score(f)))
    said: list[Finding] = []
    reasons: dict[int, str] = {}
    for finding in ordered:
        reason = _reason(finding, said, least=least, most=most - bool(unknown))
        reasons[id(finding)] = reason
        if not reason:
            said.append(finding)
    choices = [Choice(finding, reasons[id(finding)]) for finding in findings]
    if unknown:
        said.append(unknown)
        choices.append(Choice(unknown))
    return Summary(tuple(said), tuple(choices))


def _reason(finding: Finding, said: Sequence[Finding], *, least: float, most: int) -> str:
    pinned = finding.kind in FIRST
    if finding.verdict in UNTESTED and finding.kind != "headline":
        return UNTESTED[finding.verdict]
    if not pinned and finding.materiality < least:
        return "below materiality"
    for conflict in CONFLICTS:
        for other in said:
            if conflict.holds(other, finding):
                return f"superseded by {other.kind}: {conflict.name}"
    return "" if len(said) < most else "ranked out"


def _unknown(findings: Sequence[Finding]) -> Finding | None:
    """What the book cannot tell, from findings that were looked for and not settled."""
    by_kind: dict[str, Finding] = {finding.kind: finding for finding in findings}
    values: dict[str, Any] = {"rows": []}
    shown: list[Evidence] = []
    for kind in ("headline", "segment", "vintage", "forecast", "renewals_ahead", "restatement", "benchmark"):
        finding = by_kind.get(kind)
        own = _open(finding) if finding else None
        if finding and own is not None:
            values["rows"].append({"kind": kind} | own)
            shown += finding.evidence[-1:]  # of a headline that of its change
    return Finding("unknown", values, tuple(shown), verdict="cannot tell") if values["rows"] else None


def _open(finding: Finding) -> dict[str, Any] | None:
    """What one finding leaves open, as the sentence prints it; None where it is settled or says so itself."""
    values = finding.values
    if finding.kind == "headline":
        if values["small"]:
            return {"small": True} if values["rows"] else None
        open_rows = [row for row in values["rows"] if row["verdict"] == "cannot tell"]
        last = open_rows[-1] if open_rows else None
        return (
            {"small": False, "months_ago": last["months_ago"], "detectable": last["detectable"]}
            if last
            else None
        )
    if finding.verdict == "not looked at":
        return {"why": "not looked at"} if finding.kind in {"renewals_ahead", "restatement"} else None
    if finding.verdict != "cannot tell":
        return None
    if finding.kind == "segment":
        return {"n": values["n"], "n_untested": values["n_untested"]}
    if finding.kind == "vintage":
        return {name: values[name] for name in ("compared", "age", "n", "n_older")}
    if finding.kind == "benchmark":
        return None if values["rows"] else {"why": "nothing published"}
    if finding.kind == "forecast":
        return {"n_past": values["n_past"]}
    return {"why": "cannot tell"}
