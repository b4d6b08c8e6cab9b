"""The talk sheet of an account: who is there, whose interest nobody spoke of lately, and what to tell whom next.

It is made from an account's timeline and the benefits of the run's model; it names roles and interests, no people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.catalog.families.conviction import ROLE_WEIGHTS, YEAR
from features.histories.benefits import Benefit
from features.tables import INTERESTS, ROLES


@dataclass(frozen=True)
class TalkLine:
    """One person there.

    role, interest : None where unknown.  last_contact, told_on : days since 1970-01-01, None = never.
    addressed : whether somebody spoke with them about their interest in the last 365 days.
    benefit : what to tell them next; None where we have nothing for their interest, or nobody knows it.
    """

    role: str | None
    interest: str | None
    last_contact: int | None
    told_on: int | None
    addressed: bool
    benefit: Benefit | None

    def text(self, language: str) -> str | None:
        """Return what to say, in that language, or in the other where nobody wrote it."""
        if self.benefit is None:
            return None
        both = (self.benefit.text_en, self.benefit.text_nl)
        own, other = both if language == "en" else both[::-1]
        return own or other or self.benefit.name


def talk_sheet(timeline: Mapping[str, Any], benefits: Sequence[Mapping[str, Any]], as_of_day: int) -> list[TalkLine]:
    """Return a line for every person there: those still to be told first, of these who have most say.

    benefits : rows of the table.  as_of_day : days since 1970-01-01.
    """
    known = sorted((_benefit(row) for row in benefits), key=lambda one: (one.role is None, one.name))
    people = timeline.get("people", [])
    told = timeline.get("told") or [None] * len(people)
    lines = []
    for (role, interest, last), at in zip(people, told, strict=True):
        addressed = at is not None and at >= as_of_day - YEAR
        benefit = next((one for one in known if one.speaks_to(interest, role)), None)
        lines.append(
            TalkLine(
                role=ROLES[role] if role >= 0 else None, interest=INTERESTS[interest] if interest >= 0 else None,
                last_contact=last, told_on=at, addressed=addressed, benefit=benefit,
            )
        )  # fmt: skip
    return sorted(lines, key=_urgency)


def _urgency(line: TalkLine) -> tuple[bool, bool, int, int]:
    return (
        line.addressed, line.benefit is None, -ROLE_WEIGHTS.get(line.role or "", 1),
        line.told_on if line.told_on is not None else -1,
    )  # fmt: skip


def _benefit(row: Mapping[str, Any]) -> Benefit:
    texts = (row.get("investment"), row.get("text_en"), row.get("text_nl"))
    return Benefit(str(row["benefit"]), str(row["interest"]), row.get("role"), *texts)
