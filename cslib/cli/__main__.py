"""``python -m cslib.cli``."""

from __future__ import annotations

import sys

from cslib.cli import main

sys.exit(main())
