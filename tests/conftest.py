"""TEST: what every test shares: generated examples are the same in every run, unless somebody looks for new ones.

    HYPOTHESIS_PROFILE=explore .venv/bin/python -m pytest tests/unit

A test that fails for a reason no change of yours gave is worse than one that finds a bug a week later.
"""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
