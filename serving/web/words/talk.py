"""What to say to an account, and why now: signals out of its own history, each with an action and an opening line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.accounts.account_timeline import AccountTimeline
from features.catalog.families.contacts import ROLES
from features.instants import MICROSECONDS_PER_DAY
from features.tables import NO_INVESTMENT
from serving.scoring.advice.advice import INVEST, TEST
from serving.web.visit import Visit
from serving.web.words.reason_words import statement_words
from serving.web.words.timeline_events import day_text
from training.model.playbook import PlayText
from training.model.reasons import LEAVING, Reason, read_reasons

YEAR_DAYS, SOON_DAYS, SILENT_DAYS, SPARK_MONTHS = 365, 90, 120, 24
MONTH_DAYS = 30.4375
MOST_SIGNALS = 2
DETRACTOR = 6
"""NPS up to which somebody would rather advise against us."""
DECIDER = ROLES.index("decider")


@dataclass(frozen=True)
class Signal:
    """kind : under which texts speak of it.  values : that they fill in."""

    kind: str
    values: Mapping[str, object]

    def words(self, visit: Visit) -> str:
        """Return what was seen."""
        return visit.say(f"signal.{self.kind}", **self.values)

    def opening(self, visit: Visit) -> str:
        """Return how to begin."""
        return visit.say(f"opening.{self.kind}", **self.values)


@dataclass(frozen=True)
class Talk:
    """What to do at an account, in words.  opening : empty where there is nothing to say.

    lang : of action and opening.
    """

    signal: str
    action: str
    opening: str
    lang: str


SILENT = Talk("", "", "", "")
"""Where nothing is said."""


def talk_of(
    visit: Visit, score: Mapping[Any, Any], timeline: AccountTimeline | None, contract_ends: int | None,
    play: PlayText | None,
) -> Talk:  # fmt: skip
    """Return signal, action and opening line: the play's, where the account has one.

    score : its row.  contract_ends : days since 1970.
    """
    as_of = visit.as_of // MICROSECONDS_PER_DAY
    found = signals(visit, score, timeline, contract_ends, as_of)
    told = " · ".join(one.words(visit) for one in found[:MOST_SIGNALS])
    option, advice = score["recommended_investment"], score["advice"]
    if play is not None:
        return Talk(told, play.do, play.say, play.language)
    if advice in (INVEST, TEST) and option not in (None, NO_INVESTMENT):
        action = visit.say("action.test" if advice == TEST else "action.invest", option=visit.option(str(option)))
    elif found and (score["p_switch"] is None or advice == "talk" or found[0].kind != "silent"):
        action = visit.say(f"action.{found[0].kind}")
    else:
        action = visit.say("action.nothing")
    return Talk(told, action, found[0].opening(visit) if found else "", visit.language)


def signals(
    visit: Visit, score: Mapping[Any, Any], timeline: AccountTimeline | None, contract_ends: int | None, today: int
) -> list[Signal]:
    """Return the signals of an account, the most urgent first.  today : days since 1970."""
    found: list[Signal] = []
    events: Mapping[str, Sequence[Sequence[Any]]] = {} if timeline is None else timeline["events"]

    def recent(kind: str, days: int = YEAR_DAYS) -> list[tuple[Any, ...]]:
        rows = list(zip(*events.get(kind, ()), strict=True))
        return [row for row in rows if row[0] >= today - days]

    failed = recent("breaches") + [row for row in recent("tickets") if row[1]]
    if failed:
        last = day_text(visit, max(row[0] for row in failed))
        found.append(Signal("service" if len(failed) > 1 else "service_once", {"count": len(failed), "date": last}))
    if any(row[2] is None for row in recent("tickets")):
        opened = max(row[0] for row in recent("tickets") if row[2] is None)
        found.append(Signal("ticket", {"date": day_text(visit, opened)}))
    surveys = recent("nps")
    if surveys and surveys[-1][1] <= DETRACTOR:
        shown = {"score": visit.formats.number(surveys[-1][1]), "date": day_text(visit, surveys[-1][0])}
        found.append(Signal("nps", shown))
    if contract_ends is not None and 0 <= contract_ends - today <= SOON_DAYS:
        ends = {"date": day_text(visit, contract_ends), "days": contract_ends - today}
        found.append(Signal("contract", ends))
    if 0 < (score["overdue_days"] or 0) <= YEAR_DAYS:
        found.append(Signal("overdue", {"date": day_text(visit, today - int(score["overdue_days"]))}))
    triggers = recent("triggers")
    if triggers:
        found.append(Signal("trigger", {"date": day_text(visit, triggers[-1][0])}))
    people = [] if timeline is None else timeline["people"]
    deciders = [last for role, _, last in people if role == DECIDER]
    if deciders and all(last is None or last < today - YEAR_DAYS for last in deciders):
        found.append(Signal("decider", {}))
    orders = list(zip(*events.get("orders", ()), strict=True))
    if orders and orders[-1][0] < today - SILENT_DAYS:
        found.append(Signal("silent", {"date": day_text(visit, orders[-1][0])}))
    return found


def why_at_risk(visit: Visit, text: str, most: int = 1) -> list[str]:
    """Return the strongest reasons to fear that an account leaves, those that somebody can act on first.

    text : its reasons, as the store has them; that something is not known is none that anybody can use.
    """
    found = [one for one in read_reasons(text) if isinstance(one, Reason)]
    leaving = [one for one in found if one.outcome == LEAVING and one.direction > 0 and one.value is not None]
    leaving.sort(key=lambda one: (not one.lever, -abs(one.strength)))
    return [statement_words(visit, one) for one in leaving[:most]]


def why_this(visit: Visit, score: Mapping[Any, Any]) -> str:
    """Return what the advised investment rests on, in a few words.

    score : with the recommended option's p_gain and basis; empty where nothing is advised.
    """
    if score["advice"] not in (INVEST, TEST) or score["p_gain"] is None:
        return ""
    return visit.say(f"why_this.{score['basis']}", chance=visit.formats.percent(score["p_gain"]))


def monthly_revenue(timeline: AccountTimeline | None, today: int) -> list[float]:
    """Return the revenue of each of the last SPARK_MONTHS months, oldest first; empty where nothing is stored."""
    if timeline is None or not timeline["events"].get("orders"):
        return []
    months = [0.0] * SPARK_MONTHS
    for day, revenue in zip(*timeline["events"]["orders"], strict=True):
        back = int((today - day) // MONTH_DAYS)
        if 0 <= back < SPARK_MONTHS:
            months[SPARK_MONTHS - 1 - back] += revenue
    return months
