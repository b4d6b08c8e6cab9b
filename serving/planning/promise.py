"""What of a plan's expected gain to promise: the lower of two sums.

One adds up the estimated gains, the best of many, which are partly lucky. The other is what recommending by such
estimates was worth on accounts that had no part in them (`training.effects.plans.off_policy_value`), drawn to the
first as far as its noise leaves it open, scaled to the plan. The page and the report say so while the interval of the
second holds zero.
"""

from serving.scoring.terms import ModelTerms


def promise(gain: float, terms: ModelTerms) -> dict[str, float | None]:
    """Return what to promise of that gain, and what it was judged by, by name.

    claimed_gain : the lower sum, and never less than nothing: who expects a loss promises nothing.
    claimed_low, claimed_high : interval of the second sum; None where nobody knows.

    >>> promise(100.0, ModelTerms(claim_ratio=0.6, claim_low=-0.2, claim_high=1.4))["claimed_gain"]
    60.0
    """
    judged = gain if terms.claim_ratio is None else gain * terms.claim_ratio
    low, high = (None if end is None else gain * end for end in (terms.claim_low, terms.claim_high))
    return {
        "claim_ratio": terms.claim_ratio, "claimed_gain": max(min(gain, judged), 0.0), "claimed_low": low,
        "claimed_high": high,
    }  # fmt: skip
