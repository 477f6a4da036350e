"""The narrative: metric frames -> findings (typed facts) -> Markdown sentences. Computes nothing new."""

from __future__ import annotations

from cslib.story.board import board_facts
from cslib.story.coverage import coverage_facts
from cslib.story.customer import customer_facts
from cslib.story.detectors import DETECTORS, detect
from cslib.story.facts import (
    accounts_fact,
    arr_fact,
    bridge_fact,
    concentration_fact,
    data_fact,
    gross_fact,
    is_small_book,
    meaning_fact,
    own_fact,
    retention_fact,
    segments_fact,
    spread_fact,
    vintages_fact,
)
from cslib.story.finding import Finding
from cslib.story.group import group_findings, on_page
from cslib.story.health import health_facts
from cslib.story.instead import show
from cslib.story.rank import CONFLICTS, Summary, choose
from cslib.story.renewals import renewal_facts
from cslib.story.verdicts import (
    change_fact,
    dependence_fact,
    discoveries_fact,
    first_renewals_fact,
    forecast_fact,
    intervals_fact,
    loss_ages_fact,
    mix_fact,
    newest_vintage_fact,
    overlap_fact,
    residual_fact,
)
from cslib.story.voice import voice_facts
from cslib.story.write import Prose, notes, tell, write

__all__ = [
    "CONFLICTS",
    "DETECTORS",
    "Finding",
    "Prose",
    "Summary",
    "accounts_fact",
    "arr_fact",
    "board_facts",
    "bridge_fact",
    "change_fact",
    "choose",
    "concentration_fact",
    "coverage_facts",
    "customer_facts",
    "data_fact",
    "dependence_fact",
    "detect",
    "discoveries_fact",
    "first_renewals_fact",
    "forecast_fact",
    "gross_fact",
    "group_findings",
    "health_facts",
    "intervals_fact",
    "is_small_book",
    "loss_ages_fact",
    "meaning_fact",
    "mix_fact",
    "newest_vintage_fact",
    "notes",
    "on_page",
    "overlap_fact",
    "own_fact",
    "renewal_facts",
    "residual_fact",
    "retention_fact",
    "segments_fact",
    "show",
    "spread_fact",
    "tell",
    "vintages_fact",
    "voice_facts",
    "write",
]
