"""What an account's page says of loyalty, value, people to convince, places on the ladder and the group, as values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.accounts.account_timeline import AccountTimeline
from features.accounts.behaviours import BEHAVIOURS
from serving.scoring.advice.talk_sheet import talk_sheet
from serving.web.visit import Visit
from serving.web.words.timeline_events import day_text

YEAR_DAYS = 365
SIDES = ("manager", "surveys", "service")
"""Who besides the rule sees an account on a rung."""


@dataclass(frozen=True)
class Told:
    """A figure with its name and, in small print, what belongs to it; each in words.  word : of the glossary."""

    name: str
    words: str
    small: str = ""
    word: str = ""


def worth(visit: Visit, score: Mapping[Any, Any], years: int) -> list[Told]:
    """Return lifetime value and win-back, as far as they are known.  years : that a lifetime counts."""
    found, say, form = [], visit.say, visit.formats
    if score["lifetime_value"] is not None:
        parts = []
        if score["lifetime_value_low"] is not None:
            ends = {"low": form.money(score["lifetime_value_low"]), "high": form.money(score["lifetime_value_high"])}
            parts.append(say("account.between", **ends))
        if score["payback_years"] is not None:
            years_back = form.number(score["payback_years"], 1)
            soon = years_back == form.number(0.0, 1)
            parts.append(say("account.payback.soon") if soon else say("account.payback", years=years_back))
        found.append(
            Told(
                say("account.lifetime", years=years), form.money(score["lifetime_value"]), "; ".join(parts), "lifetime"
            )
        )
    if score["p_win_back"] is not None:
        small = ""
        if score["win_back_value"] is not None:
            small = say("account.win_back.worth", value=form.money(score["win_back_value"]), years=years)
        found.append(Told(say("account.win_back"), form.percent(score["p_win_back"]), small, "win_back"))
    return found


def loyalty(visit: Visit, score: Mapping[Any, Any]) -> list[Told]:
    """Return loyalty, attitude and phase in words, as far as they are known."""
    found, say = [], visit.say
    if score["loyalty"]:
        found.append(Told(say("account.loyalty"), say(f"loyalty.{score['loyalty']}")))
    if score["attitude"] is not None:
        told = say("account.of_100", number=visit.formats.number(100 * score["attitude"]))
        found.append(Told(say("account.attitude"), told))
    if score["phase"]:
        found.append(Told(say("account.phase"), say(f"phase.{score['phase']}")))
    return found


def behaviours(visit: Visit, score: Mapping[Any, Any], timeline: AccountTimeline | None) -> list[str]:
    """Return the behaviours of a loyal customer that hold, each with its evidence and day where they are stored."""
    found, told = [], set()
    for row in [] if timeline is None else timeline.get("shown", []):
        told.add(row["behaviour"])
        found.append(_evidence(visit, row))
    held = json.loads(score["behaviours"] or "[]")
    return found + [visit.say(f"behaviour.{name}") for name in BEHAVIOURS if name in held and name not in told]


def _evidence(visit: Visit, row: Mapping[str, Any]) -> str:
    name, date, percent = row["behaviour"], day_text(visit, row["day"]), visit.formats.percent
    what = visit.say(f"behaviour.{name}")
    if name == "grows":
        return visit.say(
            "behaviour.grew", what=what, date=date, growth=percent(row["growth"]), usual=percent(row["usual"])
        )
    if name == "pays_premium":
        figures = {"discount": percent(row["discount"], 1), "usual": percent(row["usual"], 1)}
        return visit.say("behaviour.paid", what=what, date=date, **figures)
    return visit.say("behaviour.on", what=what, date=date)


@dataclass(frozen=True)
class Person:
    """One line of the talk sheet, in words.

    last : when somebody spoke with them.  convinced : whether about what they care about, within a year.
    benefit : what to tell them next; empty where we have nothing for them.  lang : of that text.
    """

    role: str
    interest: str
    last: str
    reached: bool
    convinced: bool
    benefit: str
    lang: str


def people(
    visit: Visit, timeline: AccountTimeline | None, benefits: Sequence[Mapping[str, Any]], day: int
) -> list[Person]:
    """Return the talk sheet: whom to tell what, those still to be told first.  day : days since 1970."""
    found, say = [], visit.say
    for line in [] if timeline is None else talk_sheet(timeline, benefits, day):
        last = line.last_contact
        reached = last is not None and last >= day - YEAR_DAYS
        said = say("account.people.never") if last is None else day_text(visit, last)
        if last is not None and not reached:
            said = f"{said} ({say('account.people.old')})"
        text = line.text(visit.told_in) or ""
        own = line.benefit is None or (line.benefit.text_en, line.benefit.text_nl)[visit.told_in == "nl"]
        found.append(
            Person(
                role=say(f"role.{line.role}") if line.role else say("account.unknown_part"),
                interest=say(f"interest.{line.interest}") if line.interest else "", last=said, reached=reached,
                convinced=line.addressed, benefit=text, lang=visit.told_in if own else "",
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class Places:
    """Where an account stands, from four sides.  rows : who and which rung, in words, and whether it is the rule's.

    apart : where they differ from the rule, in words; empty where nobody does.
    """

    rows: Sequence[tuple[str, str, bool]]
    apart: str


def places(visit: Visit, score: Mapping[Any, Any]) -> Places:
    """Return an account's places on the ladder by the rule, its manager, surveys and service."""
    say, rung = visit.say, score["rung"]
    seen = {side: score[f"rung_by_{side}"] for side in SIDES}
    rows = [(say("places.rule"), say(f"rung.{rung}"), True)]
    rows += [
        (say(f"places.{side}"), say(f"rung.{one}") if one else say("places.nobody"), one in (None, rung))
        for side, one in seen.items()
    ]
    differ = [
        say("places.sees", who=say(f"places.{side}"), rung=say(f"rung.{one}"))
        for side, one in seen.items()
        if one not in (None, rung)
    ]
    return Places(rows, say("places.apart", rung=say(f"rung.{rung}"), others="; ".join(differ)) if differ else "")
