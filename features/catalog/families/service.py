"""Service: the problems they had, how fast we helped, what is open and overdue now."""

import numpy as np

from features.catalog.declarations import NEVER_MISSING, NO_EVENT, Context, Family, Feature
from features.histories.order_days import order_days
from features.histories.streams import expand, ratio
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray, IntArray

FAMILY = Family("service", "tickets")
OVERDUE_DAYS = 14
"""Days that a ticket may be open: nine in ten take less, whatever the agreed service level."""
OPEN_DAYS = 730
"""Tickets open for longer are taken for forgotten rows, except in the plain count of open ones."""


class OpenTickets:
    """The tickets of the last two years that are open now, shape (n,) each.

    overdue : how many are overdue.
    oldest : age of the oldest, days; NaN where none is open.
    """

    def __init__(self, view: View) -> None:
        tickets, n = view.stream("tickets"), len(view)
        snapshot, row = expand(tickets.edge(OPEN_DAYS), tickets.edge(0))
        if tickets.has("until"):  # else none is known to have been solved
            open_now = tickets.value("until")[row] >= view.as_of[snapshot]
            snapshot, row = snapshot[open_now], row[open_now]
        age = view.as_of[snapshot] - tickets.time[row] if len(row) else row
        self.overdue = np.bincount(snapshot[age > OVERDUE_DAYS * MICROSECONDS_PER_DAY], minlength=n)
        self.oldest = np.full(n, np.nan)
        self.oldest[snapshot[::-1]] = age[::-1] / MICROSECONDS_PER_DAY  # the first row of a snapshot comes last


def open_now(view: View) -> OpenTickets:
    """Return the open tickets of a view, computed once."""
    return view.cached("open tickets", lambda: OpenTickets(view))


def open_tickets(view: View, _: Context) -> IntArray:
    """Count the tickets raised and not yet solved."""
    return view.stream("tickets").count() - view.stream("tickets_resolved").count()


def tickets_against_norm(view: View, _: Context) -> FloatArray:
    """Return the tickets of the last 90 days over the account's own 90-day norm of the two years before, less one.

    Less one, so that no tickets at all gives zero like every other count: a booster that never saw a feature missing
    reads a missing one as zero, and a source without tickets then scores as one in which none was raised.
    """
    tickets = view.stream("tickets")
    return (tickets.count(90) + 1) / (tickets.count(820, 90) * (90 / 730) + 1) - 1


def tickets_per_order_day(view: View, _: Context) -> FloatArray:
    """Return the tickets of the last 365 days per order day, at least one; 0 without tickets, whatever was ordered."""
    return view.stream("tickets").count(365) / np.maximum(order_days(view).in_window(365), 1)


def mean_hours(view: View, stream: str, days: int) -> FloatArray:
    """Average the hours from raising a ticket to our answer or to its solution, by when that was."""
    events = view.stream(stream)
    return ratio(events.total("minutes", days) / 60, events.count(days))


def resolution_against_norm(view: View, _: Context) -> FloatArray:
    """Return the mean time to solve of the last 180 days over that of two years, less one."""
    usual = np.nan_to_num(mean_hours(view, "tickets_resolved", 730))
    return ratio(mean_hours(view, "tickets_resolved", 180), usual) - 1


FEATURES: tuple[Feature, ...] = (
    FAMILY.count("tickets", 90, "tickets", trigger="reactional"),
    FAMILY.count("tickets", 365, "tickets", trigger="reactional"),
    FAMILY.count("tickets", 180, "severe tickets", mark="severe", name="severe_tickets", trigger="reactional"),
    FAMILY.recency("tickets", "days_since_ticket", "the last ticket", trigger="reactional"),
    FAMILY.recency("tickets", "days_since_severe_ticket", "the last severe ticket", mark="severe", trigger="reactional"),
    FAMILY.feature(
        "tickets_per_order_day_365d", "number", "tickets for each order day of the last 365 days", NEVER_MISSING,
        tickets_per_order_day,
        tables=("tickets", "orders"), trigger="reactional"),
    FAMILY.feature(
        "tickets_against_norm_90d", "ratio", "tickets of the last 90 days beyond the account's own norm (0 = as usual)",
        NEVER_MISSING, tickets_against_norm, trigger="reactional"),
    FAMILY.feature(
        "open_tickets", "number", "tickets open now", NEVER_MISSING, open_tickets, trigger="reactional", lever=True),
    FAMILY.feature(
        "overdue_tickets", "number", f"tickets open for more than {OVERDUE_DAYS} days", NEVER_MISSING,
        lambda view, _: open_now(view).overdue, trigger="reactional", lever=True),
    FAMILY.feature(
        "oldest_open_ticket_days", "days", "days that the oldest open ticket has been open", "none is open",
        lambda view, _: open_now(view).oldest, trigger="reactional", lever=True),
    FAMILY.count("sla_breaches", 180, "broken service levels", trigger="reactional", lever=True),
    FAMILY.recency("sla_breaches", "days_since_sla_breach", "the last broken service level", trigger="reactional"),
    FAMILY.feature(
        "first_response_hours_180d", "hours", "mean time to our first answer in the last 180 days", NO_EVENT,
        lambda view, _: mean_hours(view, "tickets_answered", 180), trigger="reactional", lever=True),
    FAMILY.feature(
        "resolution_hours_365d", "hours", "mean time to solve a ticket in the last 365 days", NO_EVENT,
        lambda view, _: mean_hours(view, "tickets_resolved", 365), trigger="reactional", lever=True),
    FAMILY.feature(
        "resolution_against_norm_180d", "ratio", "time to solve of the last 180 days beyond that of two years (0 = as usual)",
        "no ticket solved in 180 days", resolution_against_norm, trigger="reactional", lever=True),
)  # fmt: skip
