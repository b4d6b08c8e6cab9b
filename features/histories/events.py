"""The streams of events that are cut from each table, one for each of its times.

A ticket gives three events: opened, first answered, resolved. Each becomes known at its own moment, so a field that is
filled in later is simply an event that has not happened yet.
"""

from collections.abc import Callable

import numpy as np

from features.histories.streams import Column, Stream, fixed
from features.histories.table_rows import TableRows
from features.instants import ALWAYS, MICROSECONDS_PER_DAY, NEVER, BoolArray, IntArray
from features.sources.source import Source
from features.tables import INSTRUMENT_SCALES, TABLE


def _orders(rows: TableRows) -> dict[str, Stream]:
    revenue = fixed(rows.number("revenue"))
    credit = revenue < 0
    gross = np.maximum(revenue, 0) if credit.any() else revenue
    values: dict[str, Column] = {"revenue": revenue, "gross": gross, "credit_notes": credit}
    values |= rows.name_digests("line", "product_line")
    if "cost" in rows.columns:
        cost = rows.number("cost")
        costed = ~np.isnan(cost)
        values |= {"cost": fixed(cost), "costed": costed, "costed_revenue": np.where(costed, revenue, 0)}
    if "discount" in rows.columns:
        discount = rows.number("discount")
        values |= {"discount": fixed(discount), "discount_known": ~np.isnan(discount)}
    return {"orders": rows.stream(values)}


def _inquiries(rows: TableRows) -> dict[str, Stream]:
    outcomes = rows.marks("outcome")
    closed = outcomes | {"lost_to_rival": outcomes["lost"] & ~rows.text("competitor").missing}
    closed |= {"won_from_rival": outcomes["won"] & ~rows.text("competitor").missing}
    return {
        "inquiries": rows.stream({}),
        "inquiries_closed": rows.stream(closed, at="closed_at", keep=~np.asarray(outcomes["open"])),
    }


def _contracts(rows: TableRows) -> dict[str, Stream]:
    values = {
        "ends": rows.moment("ends_on"),
        "cancelled": rows.moment("cancelled_at"),
        "value": fixed(rows.number("value")),
        "kind": rows.code("kind") + 1,
    }
    renews, known = _renewals(rows)
    return {"contracts": rows.stream(values), "renewals": rows.stream({}, keep=renews, known=known)}


RENEWED_EARLY, RENEWED_LATE = 45, 90
"""A contract renews another if it starts at most so many days before or after the other's end."""


def _renewals(rows: TableRows) -> tuple[BoolArray, IntArray]:
    """Return whether each contract follows one that ended about when it began, and since when both are known."""
    start, end, recorded = rows.moment("starts_on"), rows.moment("ends_on"), rows.moment("recorded_at")
    first, last = start - RENEWED_LATE * MICROSECONDS_PER_DAY, start + RENEWED_EARLY * MICROSECONDS_PER_DAY
    account, ended = rows.account, np.flatnonzero(end < NEVER)
    ended = ended[np.lexsort((end[ended], account[ended]))]
    days = 1 << 32
    keys = account[ended] * days + end[ended] // MICROSECONDS_PER_DAY
    begin = np.searchsorted(keys, account * days + first // MICROSECONDS_PER_DAY)
    number = np.searchsorted(keys, account * days + last // MICROSECONDS_PER_DAY + 1) - begin
    new = np.repeat(np.arange(len(start)), number)
    position = np.arange(len(new)) - np.repeat(np.cumsum(number) - number, number) + np.repeat(begin, number)
    old = ended[position]
    follows = (start[old] < start[new]) & (end[old] >= first[new]) & (end[old] <= last[new])
    known = np.full(len(start), NEVER, np.int64)
    np.minimum.at(known, new[follows], np.maximum(recorded[old], recorded[new])[follows])
    return known < NEVER, known


def _contacts(rows: TableRows) -> dict[str, Stream]:
    role, until = rows.code("role"), rows.moment("active_until")
    values = {"role": role, "interest": rows.code("interest"), "until": until}
    values |= rows.name_digests("contact", "contact_id")
    left = {"decider": role == TABLE["contacts"].column("role").values.index("decider")}
    return {"contacts": rows.stream(values), "contacts_left": rows.stream(left, at="active_until")}


def _interactions(rows: TableRows) -> dict[str, Stream]:
    minutes = rows.number("minutes")
    values = {
        "minutes": fixed(minutes),
        "timed": ~np.isnan(minutes),
        **rows.name_digests("contact", "contact_id"),
        **rows.marks("channel"),
        **rows.marks("initiated_by"),
    }
    if "topic" in rows.columns:
        values["topic"] = rows.code("topic") + 1
    role, role_known = _roles_of(rows)
    known = np.maximum(rows.moment("recorded_at"), role_known)
    roles = {value: role == code for code, value in enumerate(TABLE["contacts"].column("role").values)}
    return {
        "interactions": rows.stream(values),
        "interactions_by_role": rows.stream(roles, keep=role >= 0, known=known),
    }


def _roles_of(rows: TableRows) -> tuple[IntArray, IntArray]:
    """Return the role of the contact that each row names (-1 = none or unknown), and since when that role is known."""
    absent = np.full(rows.count, -1, np.int64), np.full(rows.count, ALWAYS, np.int64)
    contacts = rows.source.tables.get("contacts")
    if contacts is None or "role" not in contacts or "contact_id" not in rows.columns or not len(contacts["role"]):
        return absent
    persons = contacts["contact_id"]
    place = {name: code for code, name in enumerate(persons.names)}
    person = rows.text("contact_id").positions(place)
    keys = contacts["account_id"].positions(rows.rank) * len(place) + persons.codes
    order = np.argsort(keys)
    wanted = rows.account * len(place) + person
    match = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(order) - 1)]
    hit = (person >= 0) & (keys[match] == wanted)
    role, known = absent
    role[hit] = contacts["role"][match[hit]]
    known[hit] = contacts["recorded_at"][match[hit]]
    return role, known


def _tickets(rows: TableRows) -> dict[str, Stream]:
    opened = rows.moment("opened_at")
    severe = rows.number("severity") <= SEVERE
    values: dict[str, Column] = {"severe": severe}
    streams = {}
    for stream, moment in (("tickets_answered", "first_response_at"), ("tickets_resolved", "resolved_at")):
        if moment in rows.columns:
            waited = np.maximum(rows.moment(moment) - opened, 0) // MICROSECONDS_PER_MINUTE
            streams[stream] = rows.stream({"minutes": waited}, at=moment)
    if "resolved_at" in rows.columns:
        solved = rows.moment("resolved_at")
        values["until"] = np.where(solved < NEVER, rows.later(rows.moment("recorded_at"), solved), NEVER)
        streams["sla_breaches"] = rows.stream({}, at="resolved_at", keep=rows.code("sla_breached") == 1)
    return {"tickets": rows.stream(values), **streams}


SEVERE = 2
"""Tickets of severity 1 (critical) and 2 count as severe."""
MICROSECONDS_PER_MINUTE = MICROSECONDS_PER_DAY // 1440


def _surveys(rows: TableRows) -> dict[str, Stream]:
    score = rows.number("score")
    instrument = np.maximum(rows.code("instrument"), 0)
    lowest, highest = np.array(list(INSTRUMENT_SCALES.values()), np.float64)[instrument].T
    share = (score - lowest) / (highest - lowest)
    stored = fixed(share)
    extremes: dict[str, Column] = {"very_high": share >= VERY_HIGH, "very_low": share <= VERY_LOW}
    values = {
        "score": stored,
        "square": stored * stored,
        **extremes,
        **rows.name_digests("contact", "contact_id"),
    }
    each = {
        f"surveys_{name}": rows.stream({"score": stored} | extremes, keep=instrument == k)
        for k, name in enumerate(INSTRUMENT_SCALES)
    }
    satisfied = np.isin(instrument, [list(INSTRUMENT_SCALES).index(name) for name in SATISFACTION])
    return {"surveys": rows.stream(values, ties=stored, keep=satisfied), **each}


SATISFACTION = ("nps", "csat", "ces")
"""The instruments of the stream `surveys`; trust, and value for money, are asked for themselves."""


VERY_HIGH, VERY_LOW = 0.9, 0.3
"""Shares of a scale: nps 9 and 10, csat 5 and ces 7 are very high; nps 0 to 3, csat 1 and 2, ces 1 and 2 very low.
Satisfaction matters most at its extremes.  Source: Jones & Sasser (1995)."""


def _referrals(rows: TableRows) -> dict[str, Stream]:
    named = {"named": ~rows.text("referred_account_id").missing}
    return {
        "referrals": rows.stream(rows.marks("kind") | named),
        "referrals_converted": rows.stream({}, at="converted_at"),
    }


def _triggers(rows: TableRows) -> dict[str, Stream]:
    return {"triggers": rows.stream(rows.marks("kind"))}


def _switches(rows: TableRows) -> dict[str, Stream]:
    return {"switches": rows.stream({"trigger": rows.code("trigger")})}


def _investments(rows: TableRows) -> dict[str, Stream]:
    position = {name: k for k, name in enumerate(rows.options.names)}
    option = rows.text("investment").positions(position)
    bond = np.array([*rows.options.bonds, -1], np.int64)[option]
    # The cost of an undeclared option is the mean of all its rows, also of later ones, so no feature may see it.
    planned = np.where(bond >= 0, np.array([*rows.options.costs, 0.0])[option], 0.0)
    cost = rows.number("cost")
    random = rows.code("assignment") == 0
    values = {"option": option, "bond": bond, "cost": fixed(np.where(np.isnan(cost), planned, cost))}
    assigned = values | {
        "random": random,
        "propensity": np.rint(np.nan_to_num(rows.number("propensity")) * PROPENSITY_UNIT),
    }
    return {"investments": rows.stream(values, keep=option >= 0), "assignments": rows.stream(assigned)}


PROPENSITY_UNIT = 1_000_000_000
"""Propensities are stored as whole thousand-millionths."""


def authors_of(source: Source) -> tuple[str, ...]:
    """Return the names of those who made forecasts or assessments, sorted; empty without such tables."""
    tables = [source.tables[name] for name in ("forecasts", "assessments") if name in source.tables]
    names = {name for table in tables if "made_by" in table for name in table["made_by"].tolist()}
    return tuple(sorted(names - {None}))


def _author(rows: TableRows) -> IntArray:
    """Return the position of each row's author in `authors_of`, -1 where nobody is named."""
    return rows.text("made_by").positions({name: k for k, name in enumerate(authors_of(rows.source))})


def _forecasts(rows: TableRows) -> dict[str, Stream]:
    days = np.nan_to_num(rows.number("horizon_days"), nan=180.0)
    values = {"per_day": fixed(rows.number("extra_revenue") / days), "extra": fixed(rows.number("extra_revenue"))}
    return {"forecasts": rows.stream(values | {"days": days, "author": _author(rows)})}


def _assessments(rows: TableRows) -> dict[str, Stream]:
    rung = rows.code("rung")
    return {"assessments": rows.stream({"rung": rung, "author": _author(rows)}, ties=rung)}


def _collaborations(rows: TableRows) -> dict[str, Stream]:
    return {"collaborations": rows.stream(rows.marks("kind"))}


BUILDERS: dict[str, Callable[[TableRows], dict[str, Stream]]] = {
    "orders": _orders,
    "inquiries": _inquiries,
    "contracts": _contracts,
    "contacts": _contacts,
    "interactions": _interactions,
    "tickets": _tickets,
    "surveys": _surveys,
    "referrals": _referrals,
    "triggers": _triggers,
    "switches": _switches,
    "investments": _investments,
    "forecasts": _forecasts,
    "assessments": _assessments,
    "collaborations": _collaborations,
}
