"""Where an account stands on the ladder in the eyes of others than the rule: its manager, its people, our service.

**The manager**: the latest assessment of the last 365 days (`features.catalog.families.partnership.ASSESSED_DAYS`).

**Surveys and referrals**, of the last 365 days. Three things are asked for: advocacy (nps, and what they did: referrals
and testimonials), trust, and value for money; scores are shares of their scale, means over the year. Where nothing is
known the account has no such rung. Else it stands on the highest whose line holds; what was not asked speaks neither
for nor against:

    raving_fan   3 referrals (`ladder.raving_fan_referrals`), or a referral and an nps of .9; trust and value .75
    advocate     a referral or an nps of .9; trust .75, value .5
    member       trust or nps .7; neither, nor value, below .5
    customer     none of nps, trust and value below .5
    shopper      whoever answered

**Service**, of the last 365 days: how they fare with us when something is the matter (csat, ces, tickets). Of accounts
that raised a ticket or answered about one:

    member       satisfied or at ease (.75), no broken service level, nothing overdue
    customer     neither of csat and ces below .5, nothing overdue
    shopper      all others

Service never sees more than a member: it is not there when people recommend.
"""

import numpy as np

from features.catalog.families.partnership import assessed_rung
from features.catalog.families.service import open_now
from features.histories.streams import ratio
from features.histories.views import View
from features.instants import BoolArray, FloatArray
from features.ladder.rules import LadderRules
from features.tables import RUNGS

YEAR = 365
VIEWS = ("rung_by_manager", "rung_by_surveys", "rung_by_service")
SHOPPER, CUSTOMER, MEMBER, ADVOCATE, RAVING_FAN = range(2, len(RUNGS))
VERY_HIGH, TRUSTED, GOOD, FAIR = 0.9, 0.75, 0.7, 0.5
ROUNDING = 1e-9
"""A mean of scores that lies on a line lies above it."""


def rung_views(view: View, rules: LadderRules) -> dict[str, FloatArray]:
    """Return the rung in the eyes of each of VIEWS, shape (n,) each; NaN where nobody told."""
    return {
        "rung_by_manager": assessed_rung(view),
        "rung_by_surveys": by_surveys(view, rules),
        "rung_by_service": by_service(view),
    }


def _mean(view: View, instrument: str) -> FloatArray:
    answers = view.stream(f"surveys_{instrument}")
    return ratio(answers.amount("score", YEAR), answers.count(YEAR)) + ROUNDING


def _at_least(values: FloatArray, line: float) -> BoolArray:
    """Return where a score reaches a line, or was not asked for."""
    reached: BoolArray = np.isnan(values) | (values >= line)
    return reached


def by_surveys(view: View, rules: LadderRules) -> FloatArray:
    """Return the rung that surveys and referrals tell, shape (n,); NaN where they tell nothing."""
    nps, trust, value = (_mean(view, name) for name in ("nps", "trust", "value"))
    referrals = view.stream("referrals").count(YEAR)
    told = ~np.isnan(nps) | ~np.isnan(trust) | ~np.isnan(value) | (referrals > 0)
    fair = _at_least(nps, FAIR) & _at_least(trust, FAIR) & _at_least(value, FAIR)
    warm = (nps >= GOOD) | (trust >= GOOD)
    speaks = (referrals > 0) | (nps >= VERY_HIGH)
    often = (referrals >= rules.raving_fan_referrals) | ((referrals > 0) & (nps >= VERY_HIGH))
    rung = np.where(told, float(SHOPPER), np.nan)
    for level, holds in (
        (CUSTOMER, fair),
        (MEMBER, fair & warm),
        (ADVOCATE, speaks & _at_least(trust, TRUSTED) & _at_least(value, FAIR)),
        (RAVING_FAN, often & _at_least(trust, TRUSTED) & _at_least(value, TRUSTED)),
    ):
        rung = np.where(told & holds, float(level), rung)
    return rung


def by_service(view: View) -> FloatArray:
    """Return the rung that service sees, shape (n,); NaN where it saw nothing of the account."""
    csat, ces = _mean(view, "csat"), _mean(view, "ces")
    told = ~np.isnan(csat) | ~np.isnan(ces) | (view.stream("tickets").count(YEAR) > 0)
    fair = _at_least(csat, FAIR) & _at_least(ces, FAIR) & (open_now(view).overdue == 0)
    pleased = ((csat >= TRUSTED) | (ces >= TRUSTED)) & (view.stream("sla_breaches").count(YEAR) == 0)
    rung = np.where(told, float(SHOPPER), np.nan)
    rung = np.where(told & fair, float(CUSTOMER), rung)
    return np.where(told & fair & pleased, float(MEMBER), rung)
