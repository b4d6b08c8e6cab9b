"""FEATURES: what every feature is called, measured in and means, and the one function that computes it.

Training, batch scoring and the endpoint all call `compute`. A feature of a table that the source lacks is
missing (NaN), never zero by accident. `docs/features.md` is written from this table.
"""

import hashlib
import sys
from collections.abc import Mapping, Sequence

import numpy as np

from features.declarations import NEVER_MISSING, NO_EVENT, Context, Feature, count_of, mean_of, recency_of
from features.histories import Histories
from features.measures import (
    People,
    coded,
    contracts_cancelled,
    days_known,
    days_to_contract_end,
    in_force,
    investments_of_bond,
    open_tickets,
    overdue_ratio,
    people,
    revenue_trend,
    roles_reached,
    rung_after,
    season_order_days,
    season_revenue,
    survey_change,
    tickets_against_norm,
)  # fmt: skip
from features.order_days import order_days
from features.snapshots import FloatArray, Snapshots
from features.tables import BONDS, TRIGGER_FAMILIES
from features.views import View, ratio

__all__ = [
    "BY_NAME", "CODED_COLUMNS", "FEATURES", "NAMES", "Context", "Feature", "compute", "count_values", "document",
    "fingerprint", "frequent_values", "learn_vocabulary",
]  # fmt: skip


def _order_days(days: int) -> Feature:
    meaning = f"days with an order in the last {days} days"
    return Feature(
        f"order_days_{days}d", "days", meaning, NEVER_MISSING, "orders", ("orders",),
        lambda view, _: order_days(view).in_window(days),
    )  # fmt: skip


def _revenue(days: int) -> Feature:
    return Feature(
        f"revenue_{days}d", "money", f"revenue in the last {days} days", NEVER_MISSING, "orders", ("orders",),
        lambda view, _: view.stream("orders").amount("revenue", days),
    )  # fmt: skip


def _nth_order_day(nth: int, name: str, phrase: str) -> Feature:
    return Feature(
        name, "days", f"days since the {phrase} order day", "fewer order days are known", "orders", ("orders",),
        lambda view, _: order_days(view).days_since(nth),
    )  # fmt: skip


CODED_COLUMNS = ("industry", "country", "segment", "acquisition_channel")
_UNKNOWN = "not known"

FEATURES: tuple[Feature, ...] = (
    *(_order_days(days) for days in (30, 90, 180, 365, 730)),
    *(_revenue(days) for days in (30, 90, 180, 365, 730)),
    recency_of("orders", "days_since_last_order", "the last order or credit note", "orders"),
    _nth_order_day(0, "days_since_order_day", "last"),
    _nth_order_day(1, "days_since_second_last_order_day", "second last"),
    _nth_order_day(2, "days_since_third_last_order_day", "third last"),
    Feature("days_since_first_order", "days", "days since the first known order", NO_EVENT, "orders", ("orders",),
            lambda view, _: view.stream("orders").days_since_first()),
    Feature("order_days_total", "days", "days with an order since the data begin", NEVER_MISSING, "orders", ("orders",),
            lambda view, _: order_days(view).total()),
    Feature("revenue_per_order_day_365d", "money", "revenue per order day in the last 365 days", "no order day", "orders", ("orders",),
            lambda view, _: ratio(view.stream("orders").amount("revenue", 365), order_days(view).in_window(365))),
    Feature("order_gap_mean_730d", "days", "mean gap between order days in the last 730 days", "fewer than two order days", "orders", ("orders",),
            lambda view, _: order_days(view).gaps(730)[1]),
    Feature("order_gap_deviation_730d", "days", "irregularity of the gaps between order days", "fewer than two order days", "orders", ("orders",),
            lambda view, _: order_days(view).gaps(730)[2]),
    Feature("order_overdue_ratio", "ratio", "time since the last order day against the account's usual gap", "fewer than two order days", "orders", ("orders",), overdue_ratio),
    Feature("revenue_trend_90d", "share -1..1", "revenue of the last 90 days against the 90 before", "no order in 180 days", "orders", ("orders",),
            lambda view, _: revenue_trend(view, 90)),
    Feature("revenue_trend_180d", "share -1..1", "revenue of the last 180 days against the 180 before", "no order in 360 days", "orders", ("orders",),
            lambda view, _: revenue_trend(view, 180)),
    Feature("revenue_same_season", "money", "revenue in the same season a year ago", NEVER_MISSING, "orders", ("orders",), season_revenue),
    Feature("order_days_same_season", "days", "order days in the same season a year ago", NEVER_MISSING, "orders", ("orders",), season_order_days),
    count_of("orders", 180, "credit notes", "orders", mark="credit_notes", trigger="reactional"),
    mean_of("orders", "cost", 365, "cost_share_365d", "share", "cost of goods as a share of revenue", "orders", "orders",
          over="costed_revenue", scale=1.0),
    mean_of("orders", "discount", 365, "discount_mean_365d", "share", "mean discount", "orders", "orders",
          over="discount_known", trigger="influential", lever=True),
    Feature("rung", "rung 0..6", "the rung now", NEVER_MISSING, "ladder", ("orders",), rung_after(0)),
    Feature("rung_if_nothing_happens", "rung 0..6", "the rung at the horizon if nothing new happens", NEVER_MISSING, "ladder", ("orders",),
            rung_after(None)),
    *(Feature(f"rung_{days}d_ago", "rung 0..6", f"the rung {days} days ago", NEVER_MISSING, "ladder", ("orders",),
              rung_after(-days)) for days in (90, 180, 365)),
    count_of("inquiries", 180, "inquiries", "relationship"),
    count_of("inquiries", 730, "inquiries", "relationship"),
    recency_of("inquiries", "days_since_inquiry", "the last inquiry", "relationship"),
    count_of("inquiries_closed", 365, "inquiries won", "relationship", "inquiries", mark="won", name="inquiries_won"),
    count_of("inquiries_closed", 365, "inquiries lost", "relationship", "inquiries", mark="lost", name="inquiries_lost", trigger="influential"),
    count_of("inquiries_closed", 365, "inquiries lost to a competitor", "relationship", "inquiries", mark="lost_to_rival",
           name="inquiries_lost_to_rival", trigger="influential"),
    count_of("interactions", 90, "interactions", "relationship", lever=True),
    count_of("interactions", 365, "interactions", "relationship", lever=True),
    count_of("interactions", 365, "interactions begun by them", "relationship", mark="them", name="interactions_by_them"),
    count_of("interactions", 180, "visits", "relationship", mark="visit", name="visits", lever=True),
    recency_of("interactions", "days_since_interaction", "the last interaction", "relationship", lever=True),
    recency_of("interactions", "days_since_approach", "they last approached us", "relationship", mark="them"),
    Feature("minutes_180d", "minutes", "minutes of contact in the last 180 days", NEVER_MISSING, "relationship", ("interactions",),
            lambda view, _: view.stream("interactions").amount("minutes", 180), lever=True),
    Feature("contacts_now", "number", "people we know there now", NEVER_MISSING, "decision-making unit", ("contacts",),
            lambda view, _: people(view).present),
    Feature("roles_now", "number", "different roles among the people we know there", NEVER_MISSING, "decision-making unit", ("contacts",),
            lambda view, _: (people(view).by_role > 0).sum(axis=1)),
    Feature("deciders_now", "number", "deciders we know there now", NEVER_MISSING, "decision-making unit", ("contacts",),
            lambda view, _: people(view).by_role[:, People.roles.index("decider")]),
    count_of("contacts", 180, "people who joined", "decision-making unit", name="contacts_joined", trigger="situational"),
    count_of("contacts_left", 180, "people who left", "decision-making unit", "contacts", trigger="situational"),
    recency_of("contacts_left", "days_since_contact_left", "somebody we knew left", "decision-making unit", "contacts", trigger="situational"),
    Feature("roles_reached_share_90d", "share", "share of the roles there that we spoke to in the last 90 days", "no role is known",
            "decision-making unit", ("contacts", "interactions"), roles_reached(90), lever=True),
    Feature("roles_reached_share_365d", "share", "share of the roles there that we spoke to in the last 365 days", "no role is known",
            "decision-making unit", ("contacts", "interactions"), roles_reached(365), lever=True),
    Feature("days_since_decider", "days", "days since we spoke to a decider", "never, as far as is known", "decision-making unit",
            ("contacts", "interactions"),
            lambda view, _: view.stream("interactions_by_role").days_since_last_marked("decider"), lever=True),
    count_of("tickets", 90, "tickets", "service", trigger="reactional"),
    count_of("tickets", 365, "tickets", "service", trigger="reactional"),
    count_of("tickets", 180, "severe tickets", "service", mark="severe", name="severe_tickets", trigger="reactional"),
    Feature("open_tickets", "number", "tickets open now", NEVER_MISSING, "service", ("tickets",), open_tickets, "reactional", True),
    Feature("tickets_against_norm_90d", "ratio", "tickets of the last 90 days beyond the account's own norm (0 = as usual)", NEVER_MISSING, "service", ("tickets",),
            tickets_against_norm, "reactional"),
    count_of("sla_breaches", 180, "broken service levels", "service", "tickets", trigger="reactional", lever=True),
    recency_of("sla_breaches", "days_since_sla_breach", "the last broken service level", "service", "tickets", trigger="reactional"),
    mean_of("tickets_answered", "minutes", 180, "first_response_hours_180d", "hours", "mean time to our first answer", "service", "tickets",
          scale=60, trigger="reactional", lever=True),
    mean_of("tickets_resolved", "minutes", 365, "resolution_hours_365d", "hours", "mean time to solve a ticket", "service", "tickets",
          scale=60, trigger="reactional", lever=True),
    Feature("survey_last", "share of the scale", "the last survey score", "never answered", "attitude", ("surveys",),
            lambda view, _: view.stream("surveys").last_mean("score"), "reactional"),
    mean_of("surveys", "score", 365, "survey_mean_365d", "share of the scale", "mean survey score", "attitude", "surveys", trigger="reactional"),
    Feature("survey_change", "share of the scale", "the last survey score against the mean of two years", "no answer in two years", "attitude", ("surveys",),
            survey_change, "reactional"),
    mean_of("surveys", "very_low", 365, "survey_very_low_share_365d", "share", "share of very low scores", "attitude", "surveys", scale=1.0, trigger="reactional"),
    mean_of("surveys", "very_high", 365, "survey_very_high_share_365d", "share", "share of very high scores", "attitude", "surveys", scale=1.0),
    count_of("surveys", 365, "survey answers", "attitude"),
    recency_of("surveys", "days_since_survey", "the last survey answer", "attitude"),
    count_of("referrals", 365, "referrals and testimonials", "advocacy"),
    count_of("referrals", 730, "referrals and testimonials", "advocacy"),
    recency_of("referrals", "days_since_referral", "the last referral or testimonial", "advocacy"),
    count_of("referrals_converted", 730, "referrals that became customers", "advocacy", "referrals"),
    Feature("contracts_in_force", "number", "contracts in force", NEVER_MISSING, "bonds", ("contracts",), in_force),
    Feature("days_to_contract_end", "days", "days to the first end of a contract in force", "no contract in force has an end", "bonds", ("contracts",),
            days_to_contract_end, "situational"),
    Feature("contracts_cancelled_365d", "number", "contracts cancelled in the last 365 days", NEVER_MISSING, "bonds", ("contracts",),
            lambda view, _: contracts_cancelled(view, 365), "situational"),
    *(Feature(f"{bond}_investments_365d", "number", f"{bond} investments in the last 365 days", NEVER_MISSING, "bonds",
              ("investments", "investment_options"), investments_of_bond(code, 365), lever=True) for code, bond in enumerate(BONDS)),
    recency_of("investments", "days_since_investment", "the last investment", "bonds", lever=True),
    Feature("investment_spend_365d", "money", "spent on investments in the last 365 days", NEVER_MISSING, "bonds", ("investments",),
            lambda view, _: view.stream("investments").amount("cost", 365)),
    *(count_of("triggers", 180, f"recorded {kind} triggers", "triggers", mark=kind, name=f"triggers_{kind}", trigger=kind) for kind in TRIGGER_FAMILIES),
    recency_of("triggers", "days_since_trigger", "the last recorded trigger", "triggers"),
    Feature("switches_before", "number", "times it has left us before", NEVER_MISSING, "triggers", ("switches",),
            lambda view, _: view.stream("switches").count()),
    Feature("employees", "persons", "headcount", _UNKNOWN, "firmographics", ("accounts",), lambda view, _: view.profile("employees")),
    Feature("acquisition_cost", "money", "what winning it cost", _UNKNOWN, "firmographics", ("accounts",), lambda view, _: view.profile("acquisition_cost")),
    Feature("days_known", "days", "days since we know the account", "not known yet", "firmographics", (), days_known),
    *(Feature(f"{column}_code", "code", f"{column.replace('_', ' ')}, most frequent first", _UNKNOWN, "firmographics", ("accounts",), coded(column))
      for column in CODED_COLUMNS),
    Feature("forecast_last", "money", "the account manager's last estimate of one rung more, over its horizon", "never estimated", "forecasts", ("forecasts",),
            lambda view, _: view.stream("forecasts").last_mean("extra")),
    recency_of("forecasts", "days_since_forecast", "the last estimate by the account manager", "forecasts"),
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
    return frequent_values(count_values(histories, snapshots), most)


def count_values(histories: Histories, snapshots: Snapshots) -> dict[str, dict[str, int]]:
    """For each coded column, how many accounts of those snapshots have each value."""
    accounts = np.unique(snapshots.account)
    counted: dict[str, dict[str, int]] = {}
    for column in CODED_COLUMNS:
        if column in histories.profile:
            values = [v for v in histories.profile[column][accounts] if v is not None]
            names, counts = np.unique(np.array(values, dtype=str), return_counts=True)
            counted[column] = dict(zip(names.tolist(), counts.tolist(), strict=True))
    return counted


def frequent_values(counted: Mapping[str, Mapping[str, int]], most: int = 30) -> dict[str, tuple[str, ...]]:
    """The values that most accounts have, most frequent first, those as frequent in alphabetical order."""
    return {
        column: tuple(sorted(counts, key=lambda name: (-counts[name], name))[:most])
        for column, counts in counted.items()
    }


def fingerprint() -> str:
    """A short digest of the declared catalogue: a model made for another one is refused."""
    declared = "\n".join(f"{f.name}|{f.unit}|{f.meaning}|{f.missing}|{','.join(f.tables)}" for f in FEATURES)
    return hashlib.sha256(declared.encode()).hexdigest()[:16]


def document() -> str:
    """The catalogue as a page of markdown, one table a family: what `docs/features.md` holds."""
    lines = [
        "# What is known about an account",
        "",
        f"{len(FEATURES)} features, each computed at an as_of from what was recorded before it. Written from the catalogue by",
        "`python -m features.catalog > docs/features.md`; a test fails when this page is out of date.",
        "",
        "A feature is missing wherever a table that it needs is absent. *Trigger*: the family of switching triggers that it",
        "speaks for (Roos 1999). *Lever*: somebody of ours can act on it.",
    ]
    for family in dict.fromkeys(feature.family for feature in FEATURES):
        lines += ["", f"## {family[0].upper()}{family[1:]}", ""]
        lines += ["| feature | unit | meaning | missing means | needs | trigger | lever |", "| --- " * 7 + "|"]
        for f in FEATURES:
            if f.family == family:
                cells = (f"`{f.name}`", f.unit, f.meaning, f.missing, ", ".join(f.tables), f.trigger or "")
                lines.append(f"| {' | '.join((*cells, 'yes' if f.lever else ''))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
