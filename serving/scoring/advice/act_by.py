"""The day by which to act on an account, and why that day: an advice should meet a habit that the account has.

| cause | day |
| --- | --- |
| `open_ticket` | TICKET_DAYS from as_of: who waits for an answer wants no offer before it |
| `contract_end` | `advice.notice_days` before the first contract ends that nothing follows yet |
| `overdue` | OVERDUE_DAYS from as_of: the order that was expected has not come |
| `next_order` | the day by which the next order is as likely to have come as not, within the horizon |
| `playbook` | as many days from as_of as the play says |

The earliest counts. An account that is to be left alone has a day only where a ticket is open or a contract ends; a
former customer only the play's.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from features.catalog.families.service import open_now
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from features.ladder.contract_ends import ending_contracts
from serving.scoring.horizons import Column
from serving.scoring.score_columns import ACT_BY_CAUSES
from training.model.findings import NOTE, Finding

TICKET_DAYS, OVERDUE_DAYS, LEAST_DAYS = 3.0, 7.0, 7.0


def days_to_contract_end(view: View, horizon_days: float, grace_days: float) -> FloatArray:
    """Return the days to the first end of a contract within the horizon that nothing follows, NaN without, (n,)."""
    ending = ending_contracts(view, horizon_days, grace_days)
    days = np.full(len(view), np.inf)
    open_ended = ~ending.followed
    snapshot = ending.snapshot[open_ended]
    ahead = (ending.ends[open_ended] - view.as_of[snapshot]) / MICROSECONDS_PER_DAY
    np.minimum.at(days, snapshot, ahead)
    return np.where(np.isinf(days), np.nan, days)


def act_by(
    view: View, *, days_to_end: FloatArray, next_order: FloatArray, overdue: FloatArray, play_days: FloatArray,
    alone: BoolArray, gone: BoolArray, terms: tuple[int, int],
) -> tuple[IntArray, Column]:  # fmt: skip
    """Return the day by which to act, days since 1970-01-01 or -1, and its cause or None, shape (n,) each.

    next_order : days to the median of the next order day.  play_days : NaN without a play.
    alone, gone : which are to be left alone, and which are former customers.
    terms : days of the horizon, and of notice.
    """
    horizon, notice = terms
    ticket = np.where(np.isnan(open_now(view).oldest), np.nan, TICKET_DAYS)
    before_end = np.where(
        np.isnan(days_to_end), np.nan, np.maximum(days_to_end - notice, np.minimum(days_to_end, LEAST_DAYS))
    )
    late = np.where(overdue > 0, OVERDUE_DAYS, np.nan)
    usual = np.where((overdue == 0) & (next_order <= horizon), np.maximum(next_order, 1.0), np.nan)
    days = np.column_stack([ticket, before_end, late, usual, play_days])
    days[gone, :4] = np.nan
    days[alone & ~gone, 2:] = np.nan
    known = ~np.isnan(days)
    first = np.where(known, days, np.inf).argmin(axis=1)
    found = known.any(axis=1)
    today = view.as_of // MICROSECONDS_PER_DAY
    ahead = np.floor(np.where(found, days[np.arange(len(days)), first], 0.0) + 1e-9).astype(np.int64)
    cause = np.array(ACT_BY_CAUSES, object)[first]
    cause[~found] = None
    return np.where(found, today + ahead, -1), cause


def act_by_finding(score: Mapping[Any, Any]) -> Finding | None:
    """Return why to act by that day, of a row of the scores; None where there is no such day."""
    on, cause = score["act_by"], score["act_by_cause"]
    if on is None or cause is None:
        return None
    if cause == "open_ticket":
        return Finding.of("act_by_open_ticket", NOTE, on=on)
    if cause == "contract_end":
        return Finding.of("act_by_contract_end", NOTE, on=on)
    if cause == "overdue":
        return Finding.of("act_by_overdue", NOTE, on=on)
    if cause == "next_order":
        return Finding.of("act_by_next_order", NOTE, on=on)
    return Finding.of("act_by_playbook", NOTE, on=on)
