"""Co-interventions, the later investments in an account of a trial: how much of the horizon was left for them to work.

A trial asks what investing now brings against not investing within the horizon. But managers go on investing, and in
controls sooner than in accounts that they have just invested in, which would bias effects towards zero. Leaving such
trials out would select by what happened after they began. Instead the later investments' own effects are subtracted
from the outcomes.

Assumption: an effect accrues evenly over the horizon, so that an investment on day d of h brings (1 - d / h) of it
within the trial. The same holds for the trial's own investment, which may come some days after the trial began.

Source: Robins (1994), g-estimation of a structural nested mean model with the same effect at all times.
"""

import numpy as np

from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.streams import expand
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray, IntArray


def remaining_shares(histories: Histories, at: Snapshots, arm: IntArray, horizon_days: int) -> FloatArray:
    """Return the share of the horizon left after each option's later investments, summed, shape (n, n_options).

    The first investment in the trial's own option is the trial itself: it counts, with a minus, for the share that it
    came too late for.

    at : n trials.
    arm : shape (n,), 0 = none.
    """
    horizon = horizon_days * MICROSECONDS_PER_DAY
    made = View(histories, at.later(horizon_days)).stream("investments")
    trial, event = expand(made.position(at.as_of), made.position(at.as_of + horizon))
    option = made.value("option")[event].astype(np.int64)
    own = np.flatnonzero(option + 1 == arm[trial])
    share = 1.0 - (made.time[event] - at.as_of[trial]) / horizon
    share[own[np.unique(trial[own], return_index=True)[1]]] -= 1.0
    shares = np.zeros((len(at), len(histories.options.names)))
    np.add.at(shares, (trial, option), share)
    return shares
