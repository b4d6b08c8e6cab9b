"""Comparison within dates: an observational trial is held against those of its own date alone.

A step of prices, a season or a campaign moves everybody at a date. Pooled over dates it would be credited to whatever
was invested then. So the outcome is centred, by date, on the accounts without investment; the probability of every arm
agrees, by date, with the share that had it; and exposed trials without unexposed ones at their date are left out.
Randomised trials need none of it: their probabilities are known.

Source: the two-way (time) centring of Robinson (1988) and Goodman-Bacon (2021), which says why dates must not be mixed.
"""

from dataclasses import replace

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from training.effects.estimation.r_learner import POWER
from training.effects.outcomes import Outcome

ROUNDS = 20
"""Of fitting probabilities to shares in turn; they settle in fewer."""


def comparable(arm: IntArray, date: IntArray, n_arms: int) -> BoolArray:
    """Return whether a trial's date has both an arm and no investment, shape (n, n_arms); always where randomised.

    arm, date : shape (n,); dates as `target_trials.dates_of` numbers them.
    """
    found = np.ones((len(date), n_arms), bool)
    seen = np.flatnonzero(date >= 0)
    counts = np.zeros((int(date.max(initial=-1)) + 1, n_arms), np.int64)
    np.add.at(counts, (date[seen], arm[seen]), 1)
    found[seen] = ((counts > 0) & (counts[:, :1] > 0))[date[seen]]
    return found


def at_their_dates(chance: FloatArray, arm: IntArray, date: IntArray) -> FloatArray:
    """Return the probabilities of the arms, by date in agreement with the shares that had them, shape (n, n_arms).

    An arm that nobody had at a date keeps a tenth of a trial's share.
    """
    agreed = chance.copy()
    for number in np.unique(date[date >= 0]):
        rows = date == number
        counts = np.maximum(np.bincount(arm[rows], minlength=chance.shape[1]), 0.1)
        share, here = counts / counts.sum(), agreed[rows]
        for _ in range(ROUNDS):
            here = here * (share / here.mean(axis=0))
            here = here / here.sum(axis=1, keepdims=True)
        agreed[rows] = here
    return agreed


def centred(outcome: Outcome, arm: IntArray, date: IntArray) -> Outcome:
    """Return the outcome less what all accounts without investment had in common at its date, in proportion to size."""
    size = outcome.size
    seen = (date >= 0) & outcome.counts
    free = seen & (arm == 0)
    weight = size ** (-2 * POWER)
    n = int(date.max(initial=-1)) + 1
    above = np.bincount(date[free], weights=(weight * size * outcome.beyond)[free], minlength=n)
    below = np.bincount(date[free], weights=(weight * size**2)[free], minlength=n)
    shift = np.divide(above, below, out=np.zeros(n), where=below > 0)
    beyond = outcome.beyond.copy()
    beyond[seen] -= size[seen] * shift[date[seen]]
    return replace(outcome, beyond=beyond)
