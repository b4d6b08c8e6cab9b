"""Hypothesis draws the same examples in every run; HYPOTHESIS_PROFILE=explore looks for new ones."""

import os

from hypothesis import HealthCheck, Phase, settings

from tests.databases import postgres_server  # noqa: F401

_COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
}
settings.register_profile("steady", derandomize=True, database=None, max_examples=100, **_COMMON)
settings.register_profile("explore", max_examples=2_000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
