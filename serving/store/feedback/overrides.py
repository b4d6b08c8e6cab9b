"""Managers' decisions against the model: kept beside the scores, which stay the model's own.

A decision stands until its date, or until a later one about the same account and field; a value of null takes it back.
Later is what was received later: whatever the sender's clock said, what was acknowledged last is what was meant last.
No scoring run touches it. What the model said when the decision was made is kept with it, so that later both can be
held against what happened (`training.account_managers.overruled`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.instants import instant, iso
from serving.scoring.request_parsing import Message
from serving.store.database import METADATA, moment
from serving.store.feedback.feedback_events import OverrideEvent
from serving.store.scores.scoring_runs import SCORES, Current

DEFAULT_DAYS = 180
"""How long a decision stands where no scoring run says what the horizon is."""

OVERRIDES = sa.Table(
    "overrides", METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("account_id", sa.Text, nullable=False, index=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("made_by", sa.Text),
    sa.Column("made_at", sa.DateTime, nullable=False),
    sa.Column("until", sa.DateTime, nullable=False),
    sa.Column("run_id", sa.Integer),
    sa.Column("model_version", sa.Text),
    sa.Column("p_switch", sa.Double),
    sa.Column("recommended_investment", sa.Text),
)  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """value : an investment's name, or true or false; None would take one back.  made_at, until : microseconds."""

    field: str
    value: str | bool
    reason: str
    made_by: str | None
    made_at: int
    until: int


@dataclass(frozen=True)
class Override:
    """The decisions that stand about one account, by field."""

    decisions: Mapping[str, Decision]

    def warnings(self) -> list[Message]:
        """Return a warning for every decision, to be shown wherever the score is."""
        scored = {"recommended_investment": "scores.recommended_investment", "will_switch": "scores.p_switch"}
        return [
            Message("overridden", scored[name], f"{_said(one)} until {iso(one.until)}; the score is the model's own.")
            for name, one in self.decisions.items()
        ]


def keep_overrides(
    connection: sa.Connection, events: Sequence[tuple[int, OverrideEvent]], current: Current | None, received: int
) -> None:
    """Keep the decisions of these events, with what the model says of the accounts now.  events : with their seq."""
    if not events:
        return
    ids = sorted({event.account_id for _, event in events})
    columns = (SCORES.c.account_id, SCORES.c.p_switch, SCORES.c.recommended_investment)
    scored = {
        row.account_id: row for row in connection.execute(sa.select(*columns).where(SCORES.c.account_id.in_(ids)))
    }
    rows = []
    for seq, event in events:
        score = scored.get(event.account_id)
        made = received if event.made_at is None else event.made_at
        until = default_end(made, current) if event.until is None else event.until
        for field, value in event.decisions.items():
            rows.append({
                "seq": seq, "field": field, "account_id": event.account_id, "value": json.dumps(value),
                "reason": event.reason, "made_by": event.made_by, "made_at": moment(made),
                "until": moment(until), "run_id": None if current is None else current.run_id,
                "model_version": None if current is None else current.facts.model_version,
                "p_switch": None if score is None else score.p_switch,
                "recommended_investment": None if score is None else score.recommended_investment,
            })  # fmt: skip
    connection.execute(OVERRIDES.insert(), rows)


def overrides_of(connection: sa.Connection, ids: Sequence[str] | None, now: int) -> dict[str, Override]:
    """Return the decisions that stand at that instant (microseconds), by account.  ids : None = of all accounts."""
    query = OVERRIDES.select().order_by(OVERRIDES.c.seq)
    if ids is not None:
        query = query.where(OVERRIDES.c.account_id.in_(ids))
    found: dict[str, dict[str, Decision]] = {}
    for row in connection.execute(query):
        standing = found.setdefault(row.account_id, {})
        standing.pop(row.field, None)
        value, until = json.loads(row.value), instant(row.until)
        if value is not None and until > now:
            made = instant(row.made_at)
            standing[row.field] = Decision(
                field=row.field, value=value, reason=row.reason, made_by=row.made_by, made_at=made, until=until
            )
    return {account: Override(standing) for account, standing in found.items() if standing}


def claims(connection: sa.Connection) -> pd.DataFrame:
    """Return what managers said of switching, the last word of each account and run: account_id, made_by, will_switch,
    made_at, until (microseconds) and p_switch, which is missing where the model said nothing."""
    rows: dict[tuple[str, int | None], dict[str, Any]] = {}
    query = OVERRIDES.select().where(OVERRIDES.c.field == "will_switch").order_by(OVERRIDES.c.seq)
    for row in connection.execute(query):
        rows[row.account_id, row.run_id] = {
            "account_id": row.account_id, "made_by": row.made_by, "will_switch": json.loads(row.value),
            "made_at": instant(row.made_at), "until": instant(row.until), "p_switch": row.p_switch,
        }  # fmt: skip
    names = "account_id made_by will_switch made_at until p_switch".split()
    found = pd.DataFrame([row for row in rows.values() if row["will_switch"] is not None], columns=names)
    return found.astype({"p_switch": "float64"})


def default_end(made: int, current: Current | None) -> int:
    """Return when a decision ends that says nothing of it, microseconds.

    The end of the horizon that the scores are about, unless that is past; else as long from now.
    """
    days = timedelta(days=DEFAULT_DAYS if current is None else current.facts.horizon_days)
    span = days // timedelta(microseconds=1)
    end = made if current is None else current.facts.as_of + span
    return end if end > made else made + span


def _said(one: Decision) -> str:
    if one.field == "will_switch":
        return "A manager says that it will switch" if one.value else "A manager says that it will not switch"
    return f"A manager wants {one.value!r} instead"
