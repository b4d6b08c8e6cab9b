"""FEATURES: what every feature is called, measured in and means, and the one function that computes it.

Training, batch scoring and the endpoint all call `compute`. A feature of a table that the source lacks is
missing (NaN), never zero by accident. `docs/features.md` is written from this table.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from features.histories import Histories
from features.ladder import LadderRules, contracts_in_force, rungs
from features.order_days import order_days
from features.snapshots import MICROSECONDS_PER_DAY, FloatArray, IntArray, Snapshots
from features.streams import FIXED_POINT
from features.tables import BONDS, TRIGGER_FAMILIES
from features.views import StreamView, View, ratio


@dataclass(frozen=True)
class Context:
    """What features depend on besides the histories: it travels with the model.

    vocabulary : column of `accounts` -> its frequent values, most frequent first; a feature holds the position.
    """

    rules: LadderRules = field(default_factory=LadderRules)
    horizon_days: int = 180
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Compute = Callable[[View, Context], FloatArray | IntArray]


@dataclass(frozen=True)
class Feature:
    """One column of the matrix.

    name : carries unit and window.  unit : of the value.  meaning : one phrase for a manager.
    missing : what NaN means.  tables : needed; if any is absent the feature is missing.
    trigger : the family of switching triggers that it speaks for, if any (Roos 1999).
    lever : whether somebody of ours can act on it.
    """

    name: str
    unit: str
    meaning: str
    missing: str
    family: str
    tables: tuple[str, ...]
    compute: Compute
    trigger: str | None = None
    lever: bool = False


_NEVER_MISSING = "cannot be missing"
_NO_EVENT = "no such event is known"


def _count(
    stream: str, days: int, phrase: str, family: str, table: str = "", *, mark: str = "", name: str = "",
    trigger: str | None = None, lever: bool = False,
) -> Feature:  # fmt: skip
    """Events (or marked events) of a stream in the last `days`."""

    def compute(view: View, _: Context) -> IntArray:
        events = view.stream(stream)
        return events.total(mark, days) if mark else events.count(days)

    title = f"{name or mark or stream}_{days}d"
    meaning = f"{phrase} in the last {days} days"
    return Feature(title, "number", meaning, _NEVER_MISSING, family, (table or stream,), compute, trigger, lever)


def _recency(
    stream: str, name: str, phrase: str, family: str, table: str = "", *, mark: str = "",
    trigger: str | None = None, lever: bool = False,
) -> Feature:  # fmt: skip
    """Days since the last event (or marked event) of a stream."""

    def compute(view: View, _: Context) -> FloatArray:
        events = view.stream(stream)
        return events.days_since_last_marked(mark) if mark else events.days_since_last()

    return Feature(name, "days", f"days since {phrase}", _NO_EVENT, family, (table or stream,), compute, trigger, lever)


def _mean(
    stream: str, value: str, days: int, name: str, unit: str, phrase: str, family: str, table: str, *,
    scale: float = FIXED_POINT, over: str = "", trigger: str | None = None, lever: bool = False,
) -> Feature:  # fmt: skip
    """Mean of a value over the events of a window (or over the sum of another value)."""

    def compute(view: View, _: Context) -> FloatArray:
        events = view.stream(stream)
        whole = events.total(over, days) if over else events.count(days)
        return ratio(events.total(value, days) / scale, whole)

    meaning = f"{phrase} in the last {days} days"
    return Feature(name, unit, meaning, _NO_EVENT, family, (table,), compute, trigger, lever)


def _order_days(days: int) -> Feature:
    meaning = f"days with an order in the last {days} days"
    return Feature(
        f"order_days_{days}d", "days", meaning, _NEVER_MISSING, "orders", ("orders",),
        lambda view, _: order_days(view).in_window(days),
    )  # fmt: skip


def _revenue(days: int) -> Feature:
    return Feature(
        f"revenue_{days}d", "money", f"revenue in the last {days} days", _NEVER_MISSING, "orders", ("orders",),
        lambda view, _: view.stream("orders").amount("revenue", days),
    )  # fmt: skip


def _nth_order_day(nth: int, name: str, phrase: str) -> Feature:
    return Feature(
        name, "days", f"days since the {phrase} order day", "fewer order days are known", "orders", ("orders",),
        lambda view, _: order_days(view).days_since(nth),
    )  # fmt: skip


def _trend(view: View, days: int) -> FloatArray:
    """(now - before) / (now + before) of the revenue of two successive windows, credit notes apart."""
    orders = view.stream("orders")
    gross = [orders.amount("revenue", d, u) + orders.amount("credit", d, u) for d, u in ((days, 0), (2 * days, days))]
    return ratio(gross[0] - gross[1], gross[0] + gross[1])


def _overdue(view: View, _: Context) -> FloatArray:
    usual = np.nan_to_num(order_days(view).gaps(730)[1])
    return ratio(order_days(view).days_since(0), usual)


def _season(view: View, context: Context) -> FloatArray:
    return view.stream("orders").amount("revenue", 365, 365 - min(context.horizon_days, 365))


def _season_days(view: View, context: Context) -> IntArray:
    return order_days(view).in_window(365, 365 - min(context.horizon_days, 365))


def _rung(ahead_days: float | None) -> Compute:
    """The rung so many days after as_of if nothing happens; None stands for the horizon."""

    def compute(view: View, context: Context) -> IntArray:
        return rungs(view, context.rules, context.horizon_days if ahead_days is None else ahead_days)

    return compute


def _open_tickets(view: View, _: Context) -> IntArray:
    return view.stream("tickets").count() - view.stream("tickets_resolved").count()


def _ticket_norm(view: View, _: Context) -> FloatArray:
    """Tickets of the last 90 days against the account's own 90-day norm of the two years before."""
    tickets = view.stream("tickets")
    return (tickets.count(90) + 1) / (tickets.count(820, 90) * (90 / 730) + 1)


def _survey_change(view: View, _: Context) -> FloatArray:
    surveys = view.stream("surveys")
    return surveys.last_mean("score") - ratio(surveys.amount("score", 730), surveys.count(730))


class _People:
    """Contacts at the account as known: roles present now, and which of them were spoken to."""

    roles = ("initiator", "user", "influencer", "decider", "buyer", "gatekeeper")

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


def _people(view: View) -> _People:
    return view.keep("people", lambda: _People(view))


def _reached(days: int) -> Compute:
    return lambda view, _: _people(view).reached_share(view.stream("interactions_by_role"), days)


def _in_force(view: View, _: Context) -> IntArray:
    return contracts_in_force(view, view.as_of)


def _days_to_contract_end(view: View, _: Context) -> FloatArray:
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


def _cancelled(view: View, days: int) -> IntArray:
    """Contracts cancelled in the last `days`."""
    contracts = view.stream("contracts")
    snapshot, row = contracts.pairs()
    if not len(row):
        return np.zeros(len(view), np.int64)
    cancelled, as_of = contracts.raw("cancelled")[row], view.as_of[snapshot]
    counts = (cancelled < as_of) & (cancelled >= as_of - days * MICROSECONDS_PER_DAY)
    return np.bincount(snapshot[counts], minlength=len(view))


def _bond(bond: int, days: int) -> Compute:
    def compute(view: View, _: Context) -> IntArray:
        made = view.stream("investments")
        sums = view.keep(("bond", bond), lambda: np.concatenate([[0], np.cumsum(made.value("bond") == bond)]))
        return sums[made.edge(0)] - sums[made.edge(days)]  # type: ignore[no-any-return]

    return compute


def _known_for(view: View, _: Context) -> FloatArray:
    return (view.as_of - view.histories.known_since[view.snapshots.account]) / MICROSECONDS_PER_DAY


def _coded(column: str) -> Compute:
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


CODED_COLUMNS = ("industry", "country", "segment", "acquisition_channel")
_UNKNOWN = "not known"

FEATURES: tuple[Feature, ...] = (
    *(_order_days(days) for days in (30, 90, 180, 365, 730)),
    *(_revenue(days) for days in (30, 90, 180, 365, 730)),
    _recency("orders", "days_since_last_order", "the last order or credit note", "orders"),
    _nth_order_day(0, "days_since_order_day", "last"),
    _nth_order_day(1, "days_since_second_last_order_day", "second last"),
    _nth_order_day(2, "days_since_third_last_order_day", "third last"),
    Feature("days_since_first_order", "days", "days since the first known order", _NO_EVENT, "orders", ("orders",),
            lambda view, _: view.stream("orders").days_since_first()),
    Feature("order_days_total", "days", "days with an order since the data begin", _NEVER_MISSING, "orders", ("orders",),
            lambda view, _: order_days(view).in_window(36500)),
    Feature("revenue_per_order_day_365d", "money", "revenue per order day in the last 365 days", "no order day", "orders", ("orders",),
            lambda view, _: ratio(view.stream("orders").amount("revenue", 365), order_days(view).in_window(365))),
    Feature("order_gap_mean_730d", "days", "mean gap between order days in the last 730 days", "fewer than two order days", "orders", ("orders",),
            lambda view, _: order_days(view).gaps(730)[1]),
    Feature("order_gap_deviation_730d", "days", "irregularity of the gaps between order days", "fewer than two order days", "orders", ("orders",),
            lambda view, _: order_days(view).gaps(730)[2]),
    Feature("order_overdue_ratio", "ratio", "time since the last order day against the account's usual gap", "fewer than two order days", "orders", ("orders",), _overdue),
    Feature("revenue_trend_90d", "share -1..1", "revenue of the last 90 days against the 90 before", "no order in 180 days", "orders", ("orders",),
            lambda view, _: _trend(view, 90)),
    Feature("revenue_trend_180d", "share -1..1", "revenue of the last 180 days against the 180 before", "no order in 360 days", "orders", ("orders",),
            lambda view, _: _trend(view, 180)),
    Feature("revenue_same_season", "money", "revenue in the same season a year ago", _NEVER_MISSING, "orders", ("orders",), _season),
    Feature("order_days_same_season", "days", "order days in the same season a year ago", _NEVER_MISSING, "orders", ("orders",), _season_days),
    _count("orders", 180, "credit notes", "orders", mark="credit_notes", trigger="reactional"),
    _mean("orders", "cost", 365, "cost_share_365d", "share", "cost of goods as a share of revenue", "orders", "orders",
          over="costed_revenue", scale=1.0),
    _mean("orders", "discount", 365, "discount_mean_365d", "share", "mean discount", "orders", "orders",
          over="discount_known", trigger="influential", lever=True),
    Feature("rung", "rung 0..6", "the rung now", _NEVER_MISSING, "ladder", ("orders",), _rung(0)),
    Feature("rung_if_nothing_happens", "rung 0..6", "the rung at the horizon if nothing new happens", _NEVER_MISSING, "ladder", ("orders",),
            _rung(None)),
    *(Feature(f"rung_{days}d_ago", "rung 0..6", f"the rung {days} days ago", _NEVER_MISSING, "ladder", ("orders",),
              _rung(-days)) for days in (90, 180, 365)),
    _count("inquiries", 180, "inquiries", "relationship"),
    _count("inquiries", 730, "inquiries", "relationship"),
    _recency("inquiries", "days_since_inquiry", "the last inquiry", "relationship"),
    _count("inquiries_closed", 365, "inquiries won", "relationship", "inquiries", mark="won", name="inquiries_won"),
    _count("inquiries_closed", 365, "inquiries lost", "relationship", "inquiries", mark="lost", name="inquiries_lost", trigger="influential"),
    _count("inquiries_closed", 365, "inquiries lost to a competitor", "relationship", "inquiries", mark="lost_to_rival",
           name="inquiries_lost_to_rival", trigger="influential"),
    _count("interactions", 90, "interactions", "relationship", lever=True),
    _count("interactions", 365, "interactions", "relationship", lever=True),
    _count("interactions", 365, "interactions begun by them", "relationship", mark="them", name="interactions_by_them"),
    _count("interactions", 180, "visits", "relationship", mark="visit", name="visits", lever=True),
    _recency("interactions", "days_since_interaction", "the last interaction", "relationship", lever=True),
    _recency("interactions", "days_since_approach", "they last approached us", "relationship", mark="them"),
    Feature("minutes_180d", "minutes", "minutes of contact in the last 180 days", _NEVER_MISSING, "relationship", ("interactions",),
            lambda view, _: view.stream("interactions").amount("minutes", 180), lever=True),
    Feature("contacts_now", "number", "people we know there now", _NEVER_MISSING, "decision-making unit", ("contacts",),
            lambda view, _: _people(view).present),
    Feature("roles_now", "number", "different roles among the people we know there", _NEVER_MISSING, "decision-making unit", ("contacts",),
            lambda view, _: (_people(view).by_role > 0).sum(axis=1)),
    Feature("deciders_now", "number", "deciders we know there now", _NEVER_MISSING, "decision-making unit", ("contacts",),
            lambda view, _: _people(view).by_role[:, _People.roles.index("decider")]),
    _count("contacts", 180, "people who joined", "decision-making unit", name="contacts_joined", trigger="situational"),
    _count("contacts_left", 180, "people who left", "decision-making unit", "contacts", trigger="situational"),
    _recency("contacts_left", "days_since_contact_left", "somebody we knew left", "decision-making unit", "contacts", trigger="situational"),
    Feature("roles_reached_share_90d", "share", "share of the roles there that we spoke to in the last 90 days", "no role is known",
            "decision-making unit", ("contacts", "interactions"), _reached(90), lever=True),
    Feature("roles_reached_share_365d", "share", "share of the roles there that we spoke to in the last 365 days", "no role is known",
            "decision-making unit", ("contacts", "interactions"), _reached(365), lever=True),
    Feature("days_since_decider", "days", "days since we spoke to a decider", "never, as far as is known", "decision-making unit",
            ("contacts", "interactions"),
            lambda view, _: view.stream("interactions_by_role").days_since_last_marked("decider"), lever=True),
    _count("tickets", 90, "tickets", "service", trigger="reactional"),
    _count("tickets", 365, "tickets", "service", trigger="reactional"),
    _count("tickets", 180, "severe tickets", "service", mark="severe", name="severe_tickets", trigger="reactional"),
    Feature("open_tickets", "number", "tickets open now", _NEVER_MISSING, "service", ("tickets",), _open_tickets, "reactional", True),
    Feature("tickets_against_norm_90d", "ratio", "tickets of the last 90 days against the account's own norm", _NEVER_MISSING, "service", ("tickets",),
            _ticket_norm, "reactional"),
    _count("sla_breaches", 180, "broken service levels", "service", "tickets", trigger="reactional", lever=True),
    _recency("sla_breaches", "days_since_sla_breach", "the last broken service level", "service", "tickets", trigger="reactional"),
    _mean("tickets_answered", "minutes", 180, "first_response_hours_180d", "hours", "mean time to our first answer", "service", "tickets",
          scale=60, trigger="reactional", lever=True),
    _mean("tickets_resolved", "minutes", 365, "resolution_hours_365d", "hours", "mean time to solve a ticket", "service", "tickets",
          scale=60, trigger="reactional", lever=True),
    Feature("survey_last", "share of the scale", "the last survey score", "never answered", "attitude", ("surveys",),
            lambda view, _: view.stream("surveys").last_mean("score"), "reactional"),
    _mean("surveys", "score", 365, "survey_mean_365d", "share of the scale", "mean survey score", "attitude", "surveys", trigger="reactional"),
    Feature("survey_change", "share of the scale", "the last survey score against the mean of two years", "never answered", "attitude", ("surveys",),
            _survey_change, "reactional"),
    _mean("surveys", "very_low", 365, "survey_very_low_share_365d", "share", "share of very low scores", "attitude", "surveys", scale=1.0, trigger="reactional"),
    _mean("surveys", "very_high", 365, "survey_very_high_share_365d", "share", "share of very high scores", "attitude", "surveys", scale=1.0),
    _count("surveys", 365, "survey answers", "attitude"),
    _recency("surveys", "days_since_survey", "the last survey answer", "attitude"),
    _count("referrals", 365, "referrals and testimonials", "advocacy"),
    _count("referrals", 730, "referrals and testimonials", "advocacy"),
    _recency("referrals", "days_since_referral", "the last referral or testimonial", "advocacy"),
    _count("referrals_converted", 730, "referrals that became customers", "advocacy", "referrals"),
    Feature("contracts_in_force", "number", "contracts in force", _NEVER_MISSING, "bonds", ("contracts",), _in_force),
    Feature("days_to_contract_end", "days", "days to the first end of a contract in force", "no contract in force has an end", "bonds", ("contracts",),
            _days_to_contract_end, "situational"),
    Feature("contracts_cancelled_365d", "number", "contracts cancelled in the last 365 days", _NEVER_MISSING, "bonds", ("contracts",),
            lambda view, _: _cancelled(view, 365), "situational"),
    *(Feature(f"{bond}_investments_365d", "number", f"{bond} investments in the last 365 days", _NEVER_MISSING, "bonds",
              ("investments", "investment_options"), _bond(code, 365), lever=True) for code, bond in enumerate(BONDS)),
    _recency("investments", "days_since_investment", "the last investment", "bonds", lever=True),
    Feature("investment_spend_365d", "money", "spent on investments in the last 365 days", _NEVER_MISSING, "bonds", ("investments",),
            lambda view, _: view.stream("investments").amount("cost", 365)),
    *(_count("triggers", 180, f"recorded {kind} triggers", "triggers", mark=kind, name=f"triggers_{kind}", trigger=kind) for kind in TRIGGER_FAMILIES),
    _recency("triggers", "days_since_trigger", "the last recorded trigger", "triggers"),
    Feature("switches_before", "number", "times it has left us before", _NEVER_MISSING, "triggers", ("switches",),
            lambda view, _: view.stream("switches").count()),
    Feature("employees", "persons", "headcount", _UNKNOWN, "firmographics", ("accounts",), lambda view, _: view.profile("employees")),
    Feature("acquisition_cost", "money", "what winning it cost", _UNKNOWN, "firmographics", ("accounts",), lambda view, _: view.profile("acquisition_cost")),
    Feature("days_known", "days", "days since we know the account", _NEVER_MISSING, "firmographics", (), _known_for),
    *(Feature(f"{column}_code", "code", f"{column.replace('_', ' ')}, most frequent first", _UNKNOWN, "firmographics", ("accounts",), _coded(column))
      for column in CODED_COLUMNS),
    Feature("forecast_last", "money", "the account manager's last estimate of one rung more, over its horizon", "never estimated", "forecasts", ("forecasts",),
            lambda view, _: view.stream("forecasts").last_mean("extra")),
    _recency("forecasts", "days_since_forecast", "the last estimate by the account manager", "forecasts"),
)  # fmt: skip

NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
BY_NAME: Mapping[str, Feature] = {feature.name: feature for feature in FEATURES}


def compute(view: View, context: Context, names: Sequence[str] = NAMES) -> FloatArray:
    """The features of every snapshot, shape (n_snapshots, n_features), float64, NaN = missing.

    The same bits for a snapshot whatever other accounts and snapshots stand beside it.
    """
    matrix = np.full((len(view), len(names)), np.nan, order="F")
    for column, name in enumerate(names):
        feature = BY_NAME[name]
        if view.histories.tables.issuperset(feature.tables):
            matrix[:, column] = feature.compute(view, context)
    return matrix


def learn_vocabulary(histories: Histories, snapshots: Snapshots, most: int = 30) -> dict[str, tuple[str, ...]]:
    """The frequent values of each coded column among the accounts of those snapshots, most frequent first."""
    accounts = np.unique(snapshots.account)
    vocabulary: dict[str, tuple[str, ...]] = {}
    for column in CODED_COLUMNS:
        if column in histories.profile:
            values = [v for v in histories.profile[column][accounts] if v is not None]
            names, counts = np.unique(np.array(values, dtype=str), return_counts=True)
            order = np.lexsort((names, -counts))[:most]
            vocabulary[column] = tuple(str(name) for name in names[order])
    return vocabulary


def fingerprint() -> str:
    """A short digest of the declared catalogue: a model made for another one is refused."""
    declared = "\n".join(f"{f.name}|{f.unit}|{f.meaning}|{f.missing}|{','.join(f.tables)}" for f in FEATURES)
    return hashlib.sha256(declared.encode()).hexdigest()[:16]
