"""Time and memory that a report may take; what ends when they are used up is tested through the engine."""

from __future__ import annotations

import os
import time

import psutil

from cslib.report.limits import Deadline, MemoryWatch, default_memory


def test_the_shorter_of_two_times_counts() -> None:
    assert Deadline(per_cell=None, in_all=None).left() is None
    assert Deadline(per_cell=5, in_all=None).left() == 5
    assert Deadline(per_cell=5, in_all=1000).left() == 5
    left = Deadline(per_cell=5, in_all=3).left()
    assert left is not None
    assert 2 < left <= 3


def test_time_used_up_is_never_no_limit() -> None:
    deadline = Deadline(per_cell=None, in_all=0.01)
    assert not deadline.passed()
    time.sleep(0.02)
    assert deadline.passed()
    assert deadline.left() == 0.001


def test_a_report_may_not_take_the_whole_machine() -> None:
    assert 0 < default_memory() < psutil.virtual_memory().total


def test_no_limit_is_no_watch() -> None:
    """A process that keeps within it is left alone, and one that nobody can look at too."""
    for pid, limit in ((os.getpid(), 0), (None, 1), (2**22 + 1, 1)):
        with MemoryWatch(pid, limit) as watch:
            time.sleep(0.06)
        assert not watch.exceeded
