"""Drift of features and scores since the champion was trained, beside what is usual over as long a span.

The reference is the same source as it stood at `trained_until`. Earlier pairs of instants, as far apart, end at
`trained_until` or before it, none with less than the least history of training behind it. Where the span allows, one
pair lies a year before the one in question, so that its season is among the usual.

*Mind* that the champion has seen the earlier instants in training: its scores are a little sharper there than later.
"""

from dataclasses import dataclass

from features.histories.histories import Histories
from features.instants import MICROSECONDS_PER_DAY
from training.data.dataset import Progress, silent
from training.data.splits import first_event
from training.model.bundle import Bundle
from training.monitoring.drift import Drift, find_drift
from training.monitoring.reference_predictions import KINDS, ReferencePredictions, drawn, feature_weights, look
from training.settings import Settings

YEAR = 365 * MICROSECONDS_PER_DAY


@dataclass(frozen=True)
class DriftSince:
    """What drifted between two instants (microseconds).

    accounts_before, accounts : looked at, at either.  pairs : how many earlier ones say what is usual.
    columns : all that vary, the farthest beyond the usual first.  now : the later look.
    """

    before: int
    as_of: int
    accounts_before: int
    accounts: int
    pairs: int
    columns: tuple[Drift, ...]
    now: ReferencePredictions

    @property
    def drifted(self) -> tuple[Drift, ...]:
        """Return the columns that drifted."""
        return tuple(one for one in self.columns if one.drifted)

    @property
    def weight(self) -> float:
        """Return the share of the model's weight that lies on features that drifted."""
        return sum(one.weight for one in self.drifted)


def drift_since(
    histories: Histories, bundle: Bundle, settings: Settings, as_of: int, progress: Progress = silent
) -> DriftSince | None:
    """Return the drift of every column between `trained_until` and as_of; None where nothing lies between.

    histories : as they stood at as_of (microseconds).
    """
    before, among = bundle.facts.trained_until, drawn(histories, settings.monitor.most_accounts)
    if as_of <= before:
        return None
    ends = earlier_ends(before, as_of - before, _first(histories, settings), settings.monitor.most_pairs)
    instants = sorted({as_of, before, *ends, *(end - (as_of - before) for end in ends)})
    looks = {}
    for done, at in enumerate(instants):
        progress("drift", done / len(instants))
        looks[at], _ = look(histories, bundle, at, among)
    place = {at: k for k, at in enumerate(instants)}
    pairs = [(place[end - (as_of - before)], place[end]) for end in (as_of, *ends)]
    columns = find_drift(
        KINDS, [looks[at].columns for at in instants], pairs, weights=feature_weights(bundle, looks[as_of]),
        level=settings.monitor.level, least_effect=settings.monitor.least_effect,
    )  # fmt: skip
    progress("drift", 1.0)
    now = looks[as_of]
    return DriftSince(
        before=before,
        as_of=as_of,
        accounts_before=len(looks[before].account),
        accounts=len(now.account),
        pairs=len(ends),
        columns=columns,
        now=now,
    )


def earlier_ends(before: int, span: int, first: int, most: int) -> tuple[int, ...]:
    """Return where the earlier pairs end, the latest first, microseconds.

    Side by side, `span` apart, so that none counts a change twice; the pair of a year ago replaces whatever would
    overlap it.  first : no pair begins before it.
    """
    ends = [before - k * span for k in range(most) if before - (k + 1) * span >= first]
    season = before + span - YEAR  # the end of the pair that lies a year before the one in question
    if span < YEAR and season <= before and season - span >= first and season not in ends and most:
        ends = [end for end in ends if abs(end - season) >= span] + [season]
    return tuple(sorted(ends, reverse=True)[:most])


def _first(histories: Histories, settings: Settings) -> int:
    return first_event(histories) + settings.slices.least_history_days * MICROSECONDS_PER_DAY
