"""What was invested in an account after its trial began: how much of the horizon was left for it to bring anything.

A trial asks what investing now brings against not investing within the horizon; but managers go on investing, and in
controls sooner than in those whom they have just seen to, which would draw effects to zero. Leaving such trials out
would choose by what happened after they began. Instead the later investments' own effects are subtracted from the
outcomes: g-estimation of a structural nested mean model with the same effect at all times (Robins 1994). Assumption: an
effect comes in evenly over the horizon, so that an investment on day d of h brings (1 - d / h) of it within the trial;
so does the trial's own, which may come some days after the trial began.
"""

import numpy as np

from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.streams import expand
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray, IntArray


def parts_left(histories: Histories, at: Snapshots, arm: IntArray, horizon_days: int) -> FloatArray:
    """Of the horizon, the part left after each option's later investments, summed; shape (n, n_options).

    at : n trials.  arm : shape (n,), 0 = none. The first investment in the trial's own option is the trial itself: it
        counts for the part that it came too late for, with a minus.
    """
    horizon = horizon_days * MICROSECONDS_PER_DAY
    made = View(histories, at.later(horizon_days)).stream("investments")
    trial, event = expand(made.position(at.as_of), made.position(at.as_of + horizon))
    option = made.value("option")[event].astype(np.int64)
    own = np.flatnonzero(option + 1 == arm[trial])
    part = 1.0 - (made.time[event] - at.as_of[trial]) / horizon
    part[own[np.unique(trial[own], return_index=True)[1]]] -= 1.0
    left = np.zeros((len(at), len(histories.options.names)))
    np.add.at(left, (trial, option), part)
    return left
