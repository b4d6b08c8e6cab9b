"""The windowed features against a second implementation: plain SQL over the raw tables, run by DuckDB.

Shares are stored as whole ten-thousandths; the oracle rounds them alike.
"""

from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from features.catalog import BY_NAME, Context, compute
from features.histories import Histories, build_histories
from features.snapshots import instant, iso
from features.sources import read_source, source_from_rows
from features.views import View
from tests.builders import Frames
from training.simulation import simulate

ONLINE_RETAIL = Path(__file__).resolve().parents[3] / "shared" / "data" / "online_retail"


def _days(windows: tuple[int, ...], expression: str, name: str) -> dict[str, str]:
    """One expression per window: {w} is the condition that an event lies in it."""
    return {name.format(d=d): expression.format(w=f"(within(t, {d}))") for d in windows}


def _mean(value: str, days: int) -> str:
    return f"avg({value}) filter (within(t, {days}))"


COUNT = "count(*) filter {w}"

ORDERS = {
    **_days((30, 90, 180, 365, 730), "coalesce(sum(revenue) filter {w}, 0)", "revenue_{d}d"),
    "days_since_last_order": "days_before(max(t))",
    "days_since_first_order": "days_before(min(t))",
    "credit_notes_180d": "count(*) filter (revenue < 0 and within(t, 180))",
    "cost_share_365d": "over(sum(cost) filter (within(t, 365)), "
    "sum(revenue) filter (cost is not null and within(t, 365)))",
    "discount_mean_365d": _mean("round(discount, 4)", 365),
    "revenue_same_season": "coalesce(sum(revenue) filter (within(t, 365) and not within(t, 185)), 0)",
    **{
        f"revenue_trend_{d}d": f"trend(coalesce(sum(revenue) filter (revenue > 0 and within(t, {d})), 0), "
        f"coalesce(sum(revenue) filter (revenue > 0 and within(t, {2 * d}) and not within(t, {d})), 0))"
        for d in (90, 180)
    },
}
ORDER_DAYS = {
    **_days((30, 90, 180, 365, 730), COUNT, "order_days_{d}d"),
    "order_days_total": "count(*)",
    "days_since_order_day": "days_before(max(t))",
    "days_since_second_last_order_day": "days_before(max(t) filter (nth = 2))",
    "days_since_third_last_order_day": "days_before(max(t) filter (nth = 3))",
    "order_days_same_season": "count(*) filter (within(t, 365) and not within(t, 185))",
    "order_gap_mean_730d": _mean("gap", 730),
    "order_gap_deviation_730d": "stddev_pop(gap) filter (within(t, 730))",
    "order_overdue_ratio": f"over(days_before(max(t)), {_mean('gap', 730)})",
}
INQUIRIES = {**_days((180, 730), COUNT, "inquiries_{d}d"), "days_since_inquiry": "days_before(max(t))"}
INQUIRIES_CLOSED = {
    "inquiries_won_365d": "count(*) filter (outcome = 'won' and within(t, 365))",
    "inquiries_lost_365d": "count(*) filter (outcome = 'lost' and within(t, 365))",
    "inquiries_lost_to_rival_365d": "count(competitor) filter (outcome = 'lost' and within(t, 365))",
}
INTERACTIONS = {
    **_days((90, 365), COUNT, "interactions_{d}d"),
    "interactions_by_them_365d": "count(*) filter (initiated_by = 'them' and within(t, 365))",
    "visits_180d": "count(*) filter (channel = 'visit' and within(t, 180))",
    "days_since_interaction": "days_before(max(t))",
    "days_since_approach": "days_before(max(t) filter (initiated_by = 'them'))",
    "minutes_180d": "coalesce(sum(round(minutes, 4)) filter (within(t, 180)), 0)",
}
ROLES_MET = {"days_since_decider": "days_before(max(t) filter (role = 'decider'))"}
TICKETS = {
    **_days((90, 365), COUNT, "tickets_{d}d"),
    "severe_tickets_180d": "count(*) filter (severity <= 2 and within(t, 180))",
    "open_tickets": "count(*) - count(*) filter (resolved_at < as_of())",
    "tickets_against_norm_90d": "(count(*) filter (within(t, 90)) + 1) "
    "/ (count(*) filter (within(t, 820) and not within(t, 90)) * (90 / 730) + 1) - 1",
}
TICKETS_ANSWERED = {"first_response_hours_180d": _mean("floor(seconds / 60) / 60", 180)}
TICKETS_RESOLVED = {
    "resolution_hours_365d": _mean("floor(seconds / 60) / 60", 365),
    "sla_breaches_180d": "count(*) filter (sla_breached and within(t, 180))",
    "days_since_sla_breach": "days_before(max(t) filter (sla_breached))",
}
SURVEYS = {
    "surveys_365d": "count(*) filter (within(t, 365))",
    "days_since_survey": "days_before(max(t))",
    "survey_mean_365d": _mean("share", 365),
    "survey_very_low_share_365d": _mean("(share <= 0.3)::int", 365),
    "survey_very_high_share_365d": _mean("(share >= 0.9)::int", 365),
    "survey_last": "avg(share) filter (nth = 1)",
    "survey_change": f"avg(share) filter (nth = 1) - {_mean('share', 730)}",
}
REFERRALS = {**_days((365, 730), COUNT, "referrals_{d}d"), "days_since_referral": "days_before(max(t))"}
REFERRALS_CONVERTED = {"referrals_converted_730d": "count(*) filter (within(t, 730))"}
CONTRACTS = {
    "contracts_in_force": "count(*) filter (t <= as_of() and live)",
    "days_to_contract_end": "min(-days_before(ends_on)) filter (t <= as_of() and live)",
    "contracts_cancelled_365d": "count(*) filter (cancelled_at < as_of() and within(cancelled_at, 365))",
}
CONTACTS = {
    "contacts_now": "count(*) filter (here)",
    "roles_now": "count(distinct role) filter (here)",
    "deciders_now": "count(*) filter (here and role = 'decider')",
    "contacts_joined_180d": "count(*) filter (t < as_of() and within(t, 180))",
    "contacts_left_180d": "count(*) filter (active_until < as_of() and within(active_until, 180))",
    "days_since_contact_left": "days_before(max(active_until) filter (active_until < as_of()))",
}
INVESTMENTS = {
    **{
        f"{bond}_investments_365d": f"count(*) filter (bond = '{bond}' and within(t, 365))"
        for bond in ("financial", "social", "structural")
    },
    "days_since_investment": "days_before(max(t))",
    "investment_spend_365d": "coalesce(sum(spent) filter (within(t, 365)), 0)",
}
TRIGGERS = {
    **{
        f"triggers_{kind}_180d": f"count(*) filter (kind = '{kind}' and within(t, 180))"
        for kind in ("situational", "reactional", "influential")
    },
    "days_since_trigger": "days_before(max(t))",
}
SWITCHES = {"switches_before": "count(*)"}
FORECASTS = {"forecast_last": "avg(extra_revenue) filter (nth = 1)", "days_since_forecast": "days_before(max(t))"}

EVENT = "select *, {time} as t from {table} where recorded_at < as_of() and {time} < as_of()"
LATEST = "select *, rank() over (partition by account_id order by t desc) as nth from ({rows})"
EVENTS: dict[str, tuple[str, dict[str, str]]] = {
    "orders": (EVENT.format(table="orders", time="ordered_at"), ORDERS),
    "order days": (
        "select *, row_number() over (partition by account_id order by t desc) as nth, "
        "date_diff('day', lag(t) over (partition by account_id order by t), t) as gap "
        "from (select account_id, date_trunc('day', ordered_at)::timestamp as t from orders "
        "where recorded_at < as_of() and ordered_at < as_of() group by all having sum(revenue) > 0.00001)",
        ORDER_DAYS,
    ),
    "inquiries": (EVENT.format(table="inquiries", time="inquired_at"), INQUIRIES),
    "inquiries closed": (EVENT.format(table="inquiries", time="closed_at"), INQUIRIES_CLOSED),
    "interactions": (EVENT.format(table="interactions", time="happened_at"), INTERACTIONS),
    "roles met": (
        "select i.*, c.role, happened_at as t from interactions i join contacts c using (account_id, contact_id) "
        "where i.recorded_at < as_of() and c.recorded_at < as_of() and happened_at < as_of()",
        ROLES_MET,
    ),
    "tickets": (EVENT.format(table="tickets", time="opened_at"), TICKETS),
    "tickets answered": (
        "select *, first_response_at as t, epoch_us(first_response_at - opened_at) / 1e6 as seconds from tickets "
        "where recorded_at < as_of() and first_response_at < as_of()",
        TICKETS_ANSWERED,
    ),
    "tickets resolved": (
        "select *, resolved_at as t, epoch_us(resolved_at - opened_at) / 1e6 as seconds from tickets "
        "where recorded_at < as_of() and resolved_at < as_of()",
        TICKETS_RESOLVED,
    ),
    "surveys": (
        LATEST.format(
            rows="select *, answered_at as t, round(case instrument when 'csat' then (score - 1) / 4 "
            "when 'ces' then (score - 1) / 6 else score / 10 end, 4) as share from surveys "
            "where recorded_at < as_of() and answered_at < as_of()"
        ),
        SURVEYS,
    ),
    "referrals": (EVENT.format(table="referrals", time="made_at"), REFERRALS),
    "referrals converted": (EVENT.format(table="referrals", time="converted_at"), REFERRALS_CONVERTED),
    "contracts": (
        "select *, starts_on as t, (ends_on is null or ends_on > as_of()) "
        "and (cancelled_at is null or cancelled_at >= as_of()) as live from contracts where recorded_at < as_of()",
        CONTRACTS,
    ),
    "contacts": (
        "select *, active_from as t, active_from < as_of() and (active_until is null or active_until >= as_of()) "
        "as here from contacts where recorded_at < as_of()",
        CONTACTS,
    ),
    "investments": (
        "select i.*, o.bond, coalesce(i.cost, o.cost) as spent, made_at as t from investments i "
        "join investment_options o using (investment) where recorded_at < as_of() and made_at < as_of()",
        INVESTMENTS,
    ),
    "triggers": (EVENT.format(table="triggers", time="occurred_at"), TRIGGERS),
    "switches": (EVENT.format(table="switches", time="switched_at"), SWITCHES),
    "forecasts": (LATEST.format(rows=EVENT.format(table="forecasts", time="made_at")), FORECASTS),
}
KEYS = {"orders": "order_id", "tickets": "ticket_id", "inquiries": "inquiry_id"}


def answers_in_sql(tables: Frames, at: int, events: str) -> pd.DataFrame:
    """The features of one kind of event, by account; accounts without such events do not appear."""
    rows, expressions = EVENTS[events]
    with duckdb.connect(":memory:") as connection:
        for name, frame in tables.items():
            connection.register("raw", frame)
            once = f"qualify row_number() over (partition by {KEYS[name]}) = 1" if name in KEYS else ""
            connection.execute(f"create table {name} as from raw {once}")
        for macro in (
            f"as_of() as make_timestamp({at})",
            "days_before(t) as epoch_us(as_of() - t) / 86400e6",
            "within(t, days) as t >= as_of() - days * interval 1 day",
            "over(part, whole) as case when whole > 0 then part / whole end",
            "trend(now_, then_) as case when now_ + then_ > 0 then (now_ - then_) / (now_ + then_) end",
        ):
            connection.execute(f"create macro {macro}")
        columns = ", ".join(f'({sql})::double as "{name}"' for name, sql in expressions.items())
        frame = connection.sql(f"select account_id, {columns} from ({rows}) group by account_id").df()
    return frame.set_index("account_id")


def check(tables: Frames, histories: Histories, at: int, events: str) -> None:
    """Both implementations say the same of every account; without events a count is 0 and the rest is missing."""
    names = list(EVENTS[events][1])
    view = View(histories, histories.known_at(at))
    ids = histories.account_ids[view.snapshots.account]
    ours = pd.DataFrame(compute(view, Context(), names), index=ids, columns=names)
    expected = answers_in_sql(tables, at, events).reindex(ids)
    for name in names:
        feature = BY_NAME[name]
        wanted = expected[name].fillna(0.0) if feature.missing == "cannot be missing" else expected[name]
        np.testing.assert_allclose(
            ours[name], wanted, rtol=1e-9, atol=1e-9, err_msg=f"{name} at {iso(at)}, {events}", equal_nan=True
        )


@cache
def tiny() -> tuple[Frames, Histories]:
    tables = simulate("tiny", seed=1).tables
    return tables, build_histories(source_from_rows(tables))


@pytest.mark.parametrize("events", EVENTS)
@pytest.mark.parametrize("as_of", ["2026-01-01", "2025-03-02", "2023-06-15"])
def test_sql_over_the_raw_tables_gives_the_same_features(events: str, as_of: str) -> None:
    check(*tiny(), instant(as_of), events)


@pytest.mark.parametrize("events", sorted(EVENTS.keys() - {"order days"}))
def test_sql_gives_the_same_features_at_an_odd_minute_of_the_day(events: str) -> None:
    check(*tiny(), instant("2025-07-09T13:37:00.000001"), events)


@pytest.mark.parametrize("as_of", ["2011-12-10", "2010-12-01"])
@pytest.mark.parametrize("events", ["orders", "order days"])
def test_sql_gives_the_same_features_of_a_real_wholesaler(events: str, as_of: str) -> None:
    if not ONLINE_RETAIL.is_dir():
        pytest.skip("the real data do not stand beside the repository, in ../shared/data/online_retail")
    tables, histories = online_retail()
    check(tables, histories, instant(as_of), events)


@cache
def online_retail() -> tuple[Frames, Histories]:
    orders = pd.read_parquet(ONLINE_RETAIL / "orders.parquet")
    for column in ("cost", "discount"):
        orders[column] = np.nan
    orders["recorded_at"] = orders["ordered_at"]
    return {"orders": orders}, build_histories(read_source(ONLINE_RETAIL))


def test_the_oracle_covers_every_feature_but_a_few_that_have_their_own() -> None:
    covered = {name for _, expressions in EVENTS.values() for name in expressions}
    own = {name for name in BY_NAME if name.startswith("rung") or BY_NAME[name].family == "firmographics"}
    assert BY_NAME.keys() - covered - own == {
        "revenue_per_order_day_365d",
        "roles_reached_share_90d",
        "roles_reached_share_365d",
    }
