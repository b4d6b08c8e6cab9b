"""An account's events one by one, in words, as the timeline draws and its table lists them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from features.accounts.account_timeline import AccountTimeline
from features.catalog.families.contacts import ROLES
from features.instants import MICROSECONDS_PER_DAY
from features.tables import TABLE, TRIGGER_FAMILIES
from serving.web.visit import Visit

LANES = {
    "orders": ("orders",),
    "contacts": ("interactions", "inquiries", "inquiries_closed"),
    "tickets": ("tickets", "breaches"),
    "surveys": ("nps", "csat", "ces"),
    "contracts": ("contracts",),
    "advocacy": ("referrals",),
    "investments": ("investments",),
    "signals": ("triggers", "switches"),
}
"""Row of the picture -> the kinds of events in it."""
LANE = {kind: lane for lane, kinds in LANES.items() for kind in kinds}
CHANNELS = TABLE["interactions"].column("channel").values
BY = TABLE["interactions"].column("initiated_by").values
OUTCOMES = TABLE["inquiries"].column("outcome").values
REFERRALS = TABLE["referrals"].column("kind").values


@dataclass(frozen=True)
class TimelineEvent:
    """day : since 1970.  until : last day of what lasts.  size : of an order, money.  tone : good, bad or empty."""

    day: int
    kind: str
    what: str
    detail: str
    tone: str = ""
    size: float = 0.0
    until: int | None = None


def timeline_events(visit: Visit, timeline: AccountTimeline) -> list[TimelineEvent]:
    """Return all events of the timeline, newest first."""
    found = [
        _TOLD[kind](visit, kind, row)
        for kind, columns in timeline["events"].items()
        for row in zip(*columns, strict=True)
    ]
    return sorted(found, key=lambda one: (-one.day, one.kind))


def day_text(visit: Visit, day: int) -> str:
    """Return a day as the visitor writes it."""
    return visit.formats.date(day * MICROSECONDS_PER_DAY)


def _code(visit: Visit, prefix: str, values: Sequence[str], code: int) -> str:
    return visit.say(prefix + values[code]) if 0 <= code < len(values) else ""


def _order(visit: Visit, kind: str, row: Any) -> TimelineEvent:
    day, revenue = row
    what = visit.say("event.orders" if revenue > 0 else "event.orders.credit")
    return TimelineEvent(
        day, kind=kind, what=what, detail=visit.formats.money(revenue), tone="" if revenue > 0 else "bad", size=revenue
    )


def _interaction(visit: Visit, kind: str, row: Any) -> TimelineEvent:
    day, channel, by, role = row
    key = f"event.interactions.{BY[by]}" if 0 <= by < len(BY) else "event.interactions"
    told = [_code(visit, "channel.", CHANNELS, channel), _code(visit, "role.", ROLES, role)]
    return TimelineEvent(day, kind, visit.say(key), ", ".join(one for one in told if one))


def _ticket(visit: Visit, kind: str, row: Any) -> TimelineEvent:
    day, severe, resolved = row
    detail = (
        visit.say("event.tickets.open")
        if resolved is None
        else visit.say("event.tickets.solved", date=day_text(visit, resolved))
    )
    return TimelineEvent(day, kind, visit.say("event.tickets.severe" if severe else "event.tickets"), detail,
                     "bad" if severe else "")  # fmt: skip


def _survey(visit: Visit, kind: str, row: Any) -> TimelineEvent:
    day, score = row
    low, high = {"nps": (6, 9), "csat": (2, 5), "ces": (3, 6)}[kind]
    tone = "bad" if score <= low else "good" if score >= high else ""
    shown = visit.formats.number(score, 0 if score == int(score) else 1)
    return TimelineEvent(day, kind, visit.say(f"event.{kind}"), shown, tone)


def _contract(visit: Visit, kind: str, row: Any) -> TimelineEvent:
    day, ends, cancelled, value = row
    told = [visit.formats.money(value)] if value else []
    told.append(
        visit.say("event.contracts.open")
        if ends is None
        else visit.say("event.contracts.until", date=day_text(visit, ends))
    )
    if cancelled is not None:
        told.append(visit.say("event.contracts.cancelled", date=day_text(visit, cancelled)))
    last = min((one for one in (ends, cancelled) if one is not None), default=None)
    return TimelineEvent(
        day,
        kind=kind,
        what=visit.say("event.contracts"),
        detail=", ".join(told),
        tone="bad" if cancelled else "",
        size=0.0,
        until=last,
    )


def _coded(prefix: str, values: Sequence[str], tone: str = "") -> Callable[[Visit, str, Any], TimelineEvent]:
    def told(visit: Visit, kind: str, row: Any) -> TimelineEvent:
        return TimelineEvent(row[0], kind, visit.say(f"event.{kind}"), _code(visit, prefix, values, row[1]), tone)

    return told


def _bare(tone: str) -> Callable[[Visit, str, Any], TimelineEvent]:
    return lambda visit, kind, row: TimelineEvent(row[0], kind, visit.say(f"event.{kind}"), "", tone)


def _investment(visit: Visit, kind: str, row: Any) -> TimelineEvent:
    day, name, cost = row
    return TimelineEvent(
        day, kind, visit.say("event.investments"), f"{visit.option(name)}, {visit.formats.money(cost)}"
    )


_TOLD: dict[str, Callable[[Visit, str, Any], TimelineEvent]] = {
    "orders": _order, "interactions": _interaction, "tickets": _ticket, "breaches": _bare("bad"),
    "nps": _survey, "csat": _survey, "ces": _survey, "contracts": _contract,
    "referrals": _coded("kind.", REFERRALS, "good"), "inquiries": _bare(""),
    "inquiries_closed": _coded("outcome.", OUTCOMES), "investments": _investment,
    "switches": _coded("trigger.", TRIGGER_FAMILIES, "bad"), "triggers": _coded("trigger.", TRIGGER_FAMILIES, "bad"),
}  # fmt: skip
