"""Loyalty's two sides: what the account thinks of us (attitude), and how it keeps buying (patronage).

Attitude is the weighted mean of the signs that are known of the last 365 days, each 0..1:

    answers    surveys of all kinds; very high answers count 1, very low ones 0, all others one half: satisfaction
               acts at its extremes (Jones & Sasser 1995)
    tone       the share of the contact that they began, where three contacts or more say who did
    advocacy   1 where they recommended us; that most never do says nothing
    silence    0 where somebody answered in the year before and nobody did since: who is asked and stays silent
               is seldom pleased

No model learns from either: what they are made of is in the catalogue, and they brought nothing beyond it
(benchmarks/contribution.md).

Source: Dick & Basu (1994), loyalty as the tie of relative attitude and repeat patronage.
"""

import numpy as np

from features.histories.streams import ratio
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray
from features.ladder.rules import LadderRules, contracts_in_force, rule_counts
from features.tables import INSTRUMENT_SCALES

YEAR = 365
ANSWERS, TONE, ADVOCACY, SILENCE = 3.0, 1.0, 2.0, 1.0
"""Weights of the signs."""
LEAST_TALKS = 3


def _answers(view: View, days: float, until: float = 0) -> tuple[IntArray, IntArray, IntArray]:
    """Return how many answers of all instruments a window holds, and how many are very high, and very low."""
    streams = [view.stream(f"surveys_{name}") for name in INSTRUMENT_SCALES]
    count, high, low = (np.zeros(len(view), np.int64) for _ in range(3))
    for answers in streams:
        count = count + answers.count(days, until)
        high, low = high + answers.total("very_high", days, until), low + answers.total("very_low", days, until)
    return count, high, low


def attitude(view: View) -> FloatArray:
    """Return what the account thinks of us, 0..1, shape (n,); NaN where no sign of it is known."""
    return view.cached("attitude", lambda: _attitude(view))


def _attitude(view: View) -> FloatArray:
    count, high, low = _answers(view, YEAR)
    talks = view.stream("interactions")
    theirs, ours = talks.total("them", YEAR), talks.total("us", YEAR)
    spoken = theirs + ours >= LEAST_TALKS
    recommended = view.stream("referrals").count(YEAR) > 0
    silent = (count == 0) & (_answers(view, 2 * YEAR, YEAR)[0] > 0)
    signs: tuple[tuple[float, BoolArray, FloatArray], ...] = (
        (ANSWERS, count > 0, ratio(count + high - low, 2 * count)),
        (TONE, spoken, ratio(theirs, theirs + ours)),
        (ADVOCACY, recommended, np.ones(len(view))),
        (SILENCE, silent, np.zeros(len(view))),
    )
    total, weight = np.zeros(len(view)), np.zeros(len(view))
    for sign, known, value in signs:
        total = total + np.where(known, sign * value, 0.0)
        weight = weight + np.where(known, sign, 0.0)
    return ratio(total, weight)


def patronage(view: View, rules: LadderRules) -> FloatArray:
    """Return how steadily the account buys, 0..1, shape (n,): 1 under contract, else the share of periods with an order.

    The periods are those of the ladder's rule of a member.
    """
    counts = rule_counts(view, rules)
    bound = contracts_in_force(view, view.as_of[None, :], counts.last_switch[None, :])[0] > 0
    return np.where(bound, 1.0, counts.periods_with_order / rules.member_periods)
