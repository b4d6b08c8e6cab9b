"""The advice for an account, by what is known of its options: the one place where it is decided.

| advice | where |
| --- | --- |
| `invest` | the recommended option pays, and surely: the chance of a gain is at least `advice.sure` |
| `test` | it pays on average only, or raises the chance of leaving: give it to some, by lot, and learn |
| `talk` | the account is at risk, and no option pays |
| `leave_alone` | none of these |
| `not_enough_data` | there is no option whose effect is known here |

Each option has its own: `invest`, `test`, `leave_alone` or `not_enough_data`. An account's is that of the option it is
recommended, the one with the highest expected gain. The files, the store, the page, the API, the exports and the plan
read what was decided here.
"""

import math

import numpy as np

from features.instants import BoolArray, FloatArray
from serving.scoring.horizons import Column
from serving.scoring.score_columns import ADVICE

INVEST, TEST, TALK, LEAVE_ALONE, NOT_ENOUGH_DATA = ADVICE


def chance_of_gain(gain: FloatArray, error: FloatArray) -> FloatArray:
    """Return the chance that a gain is above zero, where its error is normal; NaN where the gain is unknown.

    error : standard error of each gain.

    >>> chance_of_gain(np.array([0.0, 5.0, np.nan]), np.array([1.0, 0.0, 1.0])).tolist()
    [0.5, 1.0, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.where(error > 0, gain / np.where(error > 0, error, 1.0), np.sign(gain) * np.inf)
    cut = np.nan_to_num(away, nan=0.0, posinf=40.0, neginf=-40.0)
    found = 0.5 * np.array([math.erfc(-one / math.sqrt(2.0)) for one in cut.ravel().tolist()]).reshape(gain.shape)
    return np.where(np.isnan(gain), np.nan, found)


def advise_options(gain: FloatArray, p_gain: FloatArray, p_switch_change_low: FloatArray, sure: float) -> Column:
    """Return the advice on each option.

    gain : NaN where the option's effect is not known.  p_gain : chance of a gain.
    p_switch_change_low : lower end of the change in the chance of switching, NaN where it cannot be told from zero.
    sure : the chance of a gain from which on an option is advised outright.
    """
    surely = (p_gain >= sure) & ~raises_switching(p_switch_change_low)
    advice = np.full(gain.shape, LEAVE_ALONE, object)
    advice[gain > 0] = TEST
    advice[(gain > 0) & surely] = INVEST
    advice[np.isnan(gain)] = NOT_ENOUGH_DATA
    return advice


def advise_accounts(gain: FloatArray, options: Column, at_risk: BoolArray) -> Column:
    """Return the advice for each account, shape (n,).

    gain : shape (n, n_options).  options : of the same shape, the advice on each option.  at_risk : shape (n,).
    """
    n, n_options = gain.shape
    if not n_options:
        return np.full(n, NOT_ENOUGH_DATA, object)
    best = np.where(np.isnan(gain), -np.inf, gain).argmax(axis=1)
    advice: Column = options[np.arange(n), best].copy()
    advice[(advice == LEAVE_ALONE) & at_risk] = TALK
    return advice


def is_at_risk(p_switch: FloatArray, value_at_risk: FloatArray, mark: float, value_mark: float | None) -> BoolArray:
    """Return whether an account is at risk: likely to switch, or with much margin at stake.

    mark, value_mark : from which on, of the chance and of the value; without value_mark the chance alone counts.
    """
    likely: BoolArray = p_switch >= mark
    return likely if value_mark is None else likely | (value_at_risk >= value_mark)


def raises_switching(p_switch_change_low: FloatArray) -> BoolArray:
    """Return whether an option raises the chance of switching beyond the interval of that change."""
    raises: BoolArray = p_switch_change_low > 0
    return raises
