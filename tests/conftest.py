"""Settings of all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# How long one example takes says more about the machine than about the code. Under CI hypothesis
# takes its own profile, which also draws the same examples every time.
if not os.environ.get("CI"):
    settings.register_profile("here", deadline=None)
    settings.load_profile("here")
