"""The measures that are more than a count, a sum or a recency: one function each, a view in, an array out."""

import numpy as np

from features.declarations import Compute, Context
from features.ladder import contracts_in_force, expect_looks, rungs
from features.order_days import order_days
from features.snapshots import MICROSECONDS_PER_DAY, FloatArray, IntArray
from features.tables import TABLE
from features.views import StreamView, View, ratio


def revenue_trend(view: View, days: int) -> FloatArray:
    """(now - before) / (now + before) of the revenue of two successive windows, credit notes apart."""
    orders = view.stream("orders")
    gross = [orders.amount("revenue", d, u) + orders.amount("credit", d, u) for d, u in ((days, 0), (2 * days, days))]
    return ratio(gross[0] - gross[1], gross[0] + gross[1])


def overdue_ratio(view: View, _: Context) -> FloatArray:
    """Time since the last order day, counted in the account's own mean gaps of two years."""
    usual = np.nan_to_num(order_days(view).gaps(730)[1])
    return ratio(order_days(view).days_since(0), usual)


def season_revenue(view: View, context: Context) -> FloatArray:
    """Revenue of the horizon's own weeks, a year earlier."""
    return view.stream("orders").amount("revenue", 365, 365 - min(context.horizon_days, 365))


def season_order_days(view: View, context: Context) -> IntArray:
    """Order days of the horizon's own weeks, a year earlier."""
    return order_days(view).in_window(365, 365 - min(context.horizon_days, 365))


LOOKS_BACK = (-90, -180, -365)
"""How long ago the rung is looked at, days."""


def rung_after(ahead_days: float | None) -> Compute:
    """The rung so many days after as_of if nothing happens; None stands for the horizon."""

    def compute(view: View, context: Context) -> IntArray:
        view.keep("looks", lambda: expect_looks(view, context.rules, (0, context.horizon_days, *LOOKS_BACK)))
        return rungs(view, context.rules, context.horizon_days if ahead_days is None else ahead_days)

    return compute


def open_tickets(view: View, _: Context) -> IntArray:
    """Tickets raised and not yet solved."""
    return view.stream("tickets").count() - view.stream("tickets_resolved").count()


def tickets_against_norm(view: View, _: Context) -> FloatArray:
    """Tickets of the last 90 days over the account's own 90-day norm of the two years before, less one.

    Less one, so that no tickets at all gives zero like every other count: a booster that never saw a feature
    missing reads a missing one as zero, and a source without tickets then scores as one in which none was raised.
    """
    tickets = view.stream("tickets")
    return (tickets.count(90) + 1) / (tickets.count(820, 90) * (90 / 730) + 1) - 1


def survey_change(view: View, _: Context) -> FloatArray:
    """The last answer against the mean of two years; NaN where there was none in that time."""
    surveys = view.stream("surveys")
    return surveys.last_mean("score") - ratio(surveys.amount("score", 730), surveys.count(730))


class People:
    """Contacts at the account as known: roles present now, and which of them were spoken to."""

    roles = TABLE["contacts"].column("role").values

    def __init__(self, view: View) -> None:
        contacts = view.stream("contacts")
        snapshot, row = contacts.pairs()
        from_, until, role = (contacts.raw(n)[row] for n in ("time", "until", "role")) if len(row) else [row] * 3
        now = (from_ < view.as_of[snapshot]) & (until >= view.as_of[snapshot])
        self.present = np.bincount(snapshot[now], minlength=len(view))
        known = now & (role >= 0)
        cells = np.bincount(snapshot[known] * len(self.roles) + role[known], minlength=len(view) * len(self.roles))
        self.by_role = cells.reshape(len(view), len(self.roles))

    def reached_share(self, spoken: StreamView, days: int) -> FloatArray:
        """Share of the roles present that were spoken to in the last `days`."""
        reached = np.column_stack([spoken.total(role, days) > 0 for role in self.roles])
        present = self.by_role > 0
        return ratio((reached & present).sum(axis=1), present.sum(axis=1))


def people(view: View) -> People:
    """The view's contacts, computed once."""
    return view.keep("people", lambda: People(view))


def roles_reached(days: int) -> Compute:
    """Share of the roles there that were spoken to in the last `days`."""
    return lambda view, _: people(view).reached_share(view.stream("interactions_by_role"), days)


def in_force(view: View, _: Context) -> IntArray:
    """Contracts in force at as_of; a switch does not end them here, as it does on the ladder."""
    return contracts_in_force(view, view.as_of)


def days_to_contract_end(view: View, _: Context) -> FloatArray:
    """Days to the first planned end of a contract in force; NaN without one."""
    contracts = view.stream("contracts")
    snapshot, row = contracts.pairs()
    nearest = np.full(len(view), np.inf)
    if len(row):
        starts, ends, cancelled = (contracts.raw(name)[row] for name in ("time", "ends", "cancelled"))
        as_of = view.as_of[snapshot]
        counts = (starts <= as_of) & (as_of < ends) & (cancelled >= as_of) & (ends < 2**61)
        np.minimum.at(nearest, snapshot[counts], (ends - as_of)[counts] / MICROSECONDS_PER_DAY)
    return np.where(np.isinf(nearest), np.nan, nearest)


def contracts_cancelled(view: View, days: int) -> IntArray:
    """Contracts cancelled in the last `days`."""
    contracts = view.stream("contracts")
    snapshot, row = contracts.pairs()
    if not len(row):
        return np.zeros(len(view), np.int64)
    cancelled, as_of = contracts.raw("cancelled")[row], view.as_of[snapshot]
    counts = (cancelled < as_of) & (cancelled >= as_of - days * MICROSECONDS_PER_DAY)
    return np.bincount(snapshot[counts], minlength=len(view))


def investments_of_bond(bond: int, days: int) -> Compute:
    """Investments of one bond in the last `days`."""

    def compute(view: View, _: Context) -> IntArray:
        made = view.stream("investments")
        sums = view.keep(("bond", bond), lambda: np.concatenate([[0], np.cumsum(made.value("bond") == bond)]))
        return sums[made.edge(0)] - sums[made.edge(days)]  # type: ignore[no-any-return]

    return compute


def days_known(view: View, _: Context) -> FloatArray:
    """Days since the account exists for us; NaN where it does not yet."""
    since = view.histories.known_since[view.snapshots.account]
    return np.where(since < view.as_of, (view.as_of - since) / MICROSECONDS_PER_DAY, np.nan)


def coded(column: str) -> Compute:
    """The position of a text in the model's vocabulary; one place beyond its end where the text is rare or new."""

    def compute(view: View, context: Context) -> FloatArray:
        names = context.vocabulary.get(column, ())
        values = view.histories.profile.get(column)
        if values is None:
            return np.full(len(view), np.nan)
        position = {name: float(k) for k, name in enumerate(names)}
        chosen = values[view.snapshots.account]
        codes = np.array([np.nan if v is None else position.get(v, float(len(names))) for v in chosen], np.float64)
        known = view.histories.profile_known[view.snapshots.account] < view.as_of
        return np.where(known, codes, np.nan)

    return compute
