"""What a plan and the page must know of the model behind a run's scores."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from training.model.facts import Facts

CLAIM = "recommended_claim_"
"""How the figures of a model begin that say what a promised unit of gain was worth on other accounts."""


@dataclass(frozen=True)
class ModelTerms:
    """None, and empty, where nobody knows.

    claim_ratio, claim_low, claim_high : what a unit of estimated gain was worth on accounts that had no part in the
        estimates, with the ends of its interval.
    level : coverage of the model's intervals.  currency : sign before amounts.
    test_share : share of the accounts with the advice `test` that a plan invests in.
    """

    claim_ratio: float | None = None
    claim_low: float | None = None
    claim_high: float | None = None
    level: float | None = None
    currency: str = ""
    test_share: float | None = None

    def values(self) -> dict[str, Any]:
        """Return the terms by name, as they are kept."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def terms_of(facts: Facts) -> ModelTerms:
    """Return the terms of a model."""
    ratio, low, high = (facts.figures.get(f"{CLAIM}{name}") for name in ("ratio", "low", "high"))
    return ModelTerms(
        claim_ratio=ratio, claim_low=low, claim_high=high, level=facts.level, currency=facts.currency,
        test_share=facts.test_share,
    )  # fmt: skip


def terms_in(known: Mapping[str, Any]) -> ModelTerms:
    """Return the terms that were kept; what is missing, or no number, is not known."""
    found = {
        name: float(known[name])
        for name in ("claim_ratio", "claim_low", "claim_high", "level", "test_share")
        if isinstance(known.get(name), int | float)
    }
    return ModelTerms(**found, currency=str(known.get("currency") or ""))
