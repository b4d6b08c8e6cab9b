"""Behavioural tests: how predictions must respond when one event is added to an account's history.

The histories of a sample of accounts are edited (an event of yesterday is put in, as if it had happened), features are
computed anew, and the same predictors are asked. Not one feature is pushed, as partial dependence does, but all that an
event moves: pushing one alone asks about accounts that cannot exist.

What a model says need not be causal, and in some sources more tickets do go with busier, more loyal accounts. But a
manager who reads that a failed account is safer now trusts nothing that stands beside it; and one who is right to trust
the figure would act wrongly on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from features.catalog import catalog
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.streams import FIXED_POINT, Stream, boundaries
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, NEVER, FloatArray, IntArray
from features.partitions.merge import select_accounts
from training.data.dataset import Dataset
from training.evaluation.cluster_bootstrap import Interval, cluster_bootstrap_mean
from training.model.bundle import Bundle

MOST_ACCOUNTS = 200
"""Asked about each expectation: the mean change settles with fewer."""
CUSTOMER = 3
HOURS_AGO = 12
Edit = Callable[[Histories, int], Histories]


@dataclass(frozen=True)
class Expectation:
    """What must not happen; `training.model.text.names` tells it by its code.

    stream : that must hold something, else nobody knows such events.
    edit, instead : the histories with the event, and those that they are compared with (None = as they are).
    figure : name of FIGURES.  sign : +1 if the figure must not fall, -1 if it must not rise.
    rungs : asked about, lowest and highest.  grave : whether the wrong way stands in the way of promotion.
    """

    code: str
    stream: str
    edit: Edit
    figure: str
    sign: int
    rungs: tuple[int, int]
    instead: Edit | None = None
    grave: bool = False


@dataclass(frozen=True)
class Response:
    """How a model responded.

    change : mean change the expected way, with its interval over accounts; a share of the mean for money, else a
        chance.  accounts : asked.
    """

    code: str
    change: Interval
    accounts: int
    grave: bool


def _put(stream: str, **values: int) -> Edit:
    """Return the stream with one more row for every account, twelve hours ago, known at once.

    values : of the row; what is not named is as in the account's last row, or as in the stream's middle row.
    """

    def edit(histories: Histories, as_of: int) -> Histories:
        return replace(
            histories, streams={**histories.streams, stream: with_row(histories.streams[stream], as_of, values)}
        )

    return edit


def with_row(stream: Stream, as_of: int, values: Mapping[str, int]) -> Stream:
    """Return the stream with a row for every account, HOURS_AGO before as_of, in its order."""
    n = len(stream.bounds) - 1
    ends, has = stream.bounds[1:], np.diff(stream.bounds) > 0
    template = np.where(has, ends - 1, len(stream) // 2)
    account = np.concatenate([stream.account, np.arange(n)])
    at = np.full(n, as_of - HOURS_AGO * MICROSECONDS_PER_DAY // 24)
    time, recorded = np.concatenate([stream.time, at]), np.concatenate([stream.recorded, at])
    order = np.lexsort((time, account))
    columns: dict[str, Any] = {}
    for name in {*stream.values, *values}:
        column = stream.value(name).astype(np.int64)
        more = np.full(n, values[name]) if name in values else column[template]
        columns[name] = np.concatenate([column, more])[order]
    return Stream(boundaries(account, np.arange(n), n), time[order], recorded[order], columns)


def _survey(share: int) -> Edit:
    """Return an answer at one end of its scale, of the instrument in use."""
    score = share * FIXED_POINT

    def edit(histories: Histories, as_of: int) -> Histories:
        ends = {"score": score, "square": score * score, "very_high": share, "very_low": 1 - share}
        streams = dict(histories.streams)
        streams["surveys"] = with_row(streams["surveys"], as_of, ends)
        own = max((name for name in streams if name.startswith("surveys_")), key=lambda name: len(streams[name]))
        streams[own] = with_row(streams[own], as_of, {"score": score})
        return replace(histories, streams=streams)

    return edit


FIGURES: Mapping[str, Callable[[Bundle, FloatArray], FloatArray]] = {
    "p_switch": lambda bundle, matrix: (
        np.full(len(matrix), np.nan) if bundle.switching is None else bundle.switching.predict(matrix)[:, 0]
    ),
    "p_customer_or_higher": lambda bundle, matrix: bundle.next_rung.predict(matrix)[:, CUSTOMER:].sum(axis=1),
    "expected_revenue": lambda bundle, matrix: bundle.revenue.predict(matrix)[:, 0],
}

EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        "critical_ticket", "tickets",
        _put("tickets", severe=1, until=NEVER), "p_switch", 1, (2, 6), grave=True,
    ),
    Expectation(
        "rival_s_offer", "triggers",
        _put("triggers", situational=0, reactional=0, influential=1), "p_switch", 1, (2, 6),
    ),
    Expectation(
        "unhappy_answer", "surveys", _survey(0), "p_switch", 1, (2, 6), _survey(1),
    ),
    Expectation(
        "order_climbs", "orders", _put("orders"), "p_customer_or_higher", 1, (1, 2),
    ),
    Expectation(
        "order_pays", "orders", _put("orders"), "expected_revenue", 1, (0, 6),
    ),
)  # fmt: skip


def respond(data: Dataset, bundle: Bundle) -> tuple[Response, ...]:
    """Return how the bundle responds to every expectation that its source has tables for, at the end of the data."""
    known = data.histories.known_at(data.end)
    accounts = known.account[:: max(1, len(known) // (4 * MOST_ACCOUNTS))]
    found, plain = [], _Asked(data, bundle, select_accounts(data.histories, accounts))
    rung = plain.matrix[:, catalog.NAMES.index("rung")]
    for one in EXPECTATIONS:
        stream = plain.histories.streams.get(one.stream)
        rows = np.flatnonzero((rung >= one.rungs[0]) & (rung <= one.rungs[1]))[:MOST_ACCOUNTS]
        if stream is None or not len(stream) or not len(rows):
            continue
        with_event = plain.edited(one.edit, rows)
        without = plain.matrix[rows] if one.instead is None else plain.edited(one.instead, rows)
        figure = FIGURES[one.figure]
        before, after = figure(bundle, without), figure(bundle, with_event)
        predicted = ~np.isnan(before)
        if not predicted.any():
            continue
        scale = max(float(before[predicted].mean()), 1e-9) if one.figure == "expected_revenue" else 1.0
        change = one.sign * (after - before)[predicted] / scale
        found.append(
            Response(one.code, cluster_bootstrap_mean(change, rows[predicted]), int(predicted.sum()), one.grave)
        )
    return tuple(found)


class _Asked:
    """A sample of accounts at the end of the data, as they are and edited."""

    def __init__(self, data: Dataset, bundle: Bundle, histories: Histories) -> None:
        self.histories, self._end, self._context = histories, data.end, bundle.context
        self.matrix = self._compute(histories)

    def edited(self, edit: Edit, rows: IntArray) -> FloatArray:
        """Return the features of some accounts after the edit."""
        return self._compute(edit(select_accounts(self.histories, rows), self._end))

    def _compute(self, histories: Histories) -> FloatArray:
        n = len(histories.account_ids)
        return catalog.compute(View(histories, Snapshots(np.arange(n), np.full(n, self._end))), self._context)
