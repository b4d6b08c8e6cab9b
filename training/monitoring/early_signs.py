"""Early signs before any label is complete: how many accounts stayed silent, beside how many usually do.

Accounts that can switch are put into fifths by the champion's p_switch. What share of each fifth had no order in the
first 30, 60 and 90 days after an earlier instant is known from the year before training; the accounts of
`trained_until`, in their fifths of then, say how many silent ones to expect now. The interval holds what a binomial
draw of the accounts does and how far earlier instants lay from the same expectation.

*Not* the model's own claim: it predicts no silence of 30 days. It tells whether the ranking still means what it meant.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from features.histories.histories import Histories
from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray
from training.data.splits import first_event
from training.evaluation.cluster_bootstrap import LEVEL
from training.model.bundle import Bundle
from training.monitoring.reference_predictions import drawn, look
from training.settings import Settings

DAYS = (30, 60, 90)
MOST_EARLIER, EVERY_DAYS, BANDS = 12, 30, 5
LEAST_EARLIER, LEAST_ACCOUNTS = 3, 50


@dataclass(frozen=True)
class Proxy:
    """Silence in the first `days` since training: accounts that can switch, expected silent with its interval, and
    silent in fact.  earlier : instants that the expectation was learnt from.  level : of the interval."""

    days: int
    accounts: int
    expected: float
    low: float
    high: float
    observed: int
    earlier: int
    level: float = LEVEL

    @property
    def off(self) -> bool:
        """Return whether the observed share lies outside what was to be expected."""
        return not self.low <= self.observed <= self.high


def early_signs(histories: Histories, bundle: Bundle, settings: Settings, as_of: int) -> tuple[Proxy, ...]:
    """Return a sign for each of DAYS that is over at as_of (microseconds) and has enough earlier instants."""
    if bundle.switching is None:
        return ()
    then = bundle.facts.trained_until
    among = drawn(histories, settings.monitor.most_accounts)
    begin = first_event(histories) + settings.slices.least_history_days * MICROSECONDS_PER_DAY
    days = [one for one in DAYS if then + one * MICROSECONDS_PER_DAY <= as_of]
    if not days:
        return ()
    nearest = then - days[0] * MICROSECONDS_PER_DAY
    instants = [nearest - k * EVERY_DAYS * MICROSECONDS_PER_DAY for k in range(MOST_EARLIER)]
    instants = [at for at in instants if at >= begin]
    seen = {at: _silent(histories, bundle, at, among, days) for at in (then, *instants)}
    proxies = []
    for position, span in enumerate(days):
        known = [at for at in instants if at + span * MICROSECONDS_PER_DAY <= then and len(seen[at][0]) >= BANDS]
        chance, silent = seen[then][0], seen[then][1][position]
        if len(known) >= LEAST_EARLIER and len(chance) >= LEAST_ACCOUNTS:
            proxies.append(_proxy(span, chance, silent, [(seen[at][0], seen[at][1][position]) for at in known]))
    return tuple(proxies)


def _silent(
    histories: Histories, bundle: Bundle, at: int, among: BoolArray, days: list[int]
) -> tuple[FloatArray, list[BoolArray]]:
    """Return p_switch of those that could switch, and which had no order day in each span after it."""
    predictions, view = look(histories, bundle, at, among)
    rows = np.flatnonzero(predictions.able)
    chosen = view.snapshots.take(rows)
    return predictions.p_switch[rows], [
        order_days(View(histories, chosen.later(span))).in_window(span) == 0 for span in days
    ]  # fmt: skip


def _proxy(days: int, chance: FloatArray, silent: BoolArray, earlier: list[tuple[FloatArray, BoolArray]]) -> Proxy:
    """Return what these chances imply, learnt from what earlier accounts with such chances did."""
    edges = np.unique(np.quantile(np.concatenate([one for one, _ in earlier]), np.linspace(0, 1, BANDS + 1)[1:-1]))
    bands = [np.searchsorted(edges, one) for one, _ in earlier]
    size, gone = np.zeros(len(edges) + 1), np.zeros(len(edges) + 1)
    for band, (_, was) in zip(bands, earlier, strict=True):
        size += np.bincount(band, minlength=len(size))
        gone += np.bincount(band, weights=was, minlength=len(size))
    rate = (gone + 0.5) / (size + 1)
    missed = [float(was.mean() - rate[band].mean()) for band, (_, was) in zip(bands, earlier, strict=True)]
    own = rate[np.searchsorted(edges, chance)]
    n, m = len(chance), len(earlier)
    noise = float((own * (1 - own)).sum()) / n**2
    error = np.sqrt(noise + max(float(np.var(missed, ddof=1)) - noise, 0.0) * (1 + 1 / m))
    reach = float(student.ppf(0.5 + LEVEL / 2, m - 1)) * error * n
    expected = float(own.sum())
    return Proxy(
        days=days,
        accounts=n,
        expected=expected,
        low=max(expected - reach, 0.0),
        high=min(expected + reach, n),
        observed=int(silent.sum()),
        earlier=m,
    )
