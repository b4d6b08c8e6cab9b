"""Plans that somebody accepted: kept as they were shown, with every account's arm and its chance of it.

An accepted plan is never changed: it is what the outcome is held against, months later.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.errors import SettingsError
from features.finite import without_nan
from serving.planning.plan import PLAN_COLUMNS, Plan
from serving.store.database import METADATA, in_turn, moment

_TEXTS = frozenset(("account_id", "owner", "investment", "arm"))
PLANS = sa.Table(
    "plans", METADATA,
    sa.Column("plan_id", sa.String(12), primary_key=True),
    sa.Column("accepted_at", sa.DateTime, nullable=False),
    sa.Column("accepted_by", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
)  # fmt: skip
PLAN_ROWS = sa.Table(
    "plan_rows", METADATA,
    sa.Column("plan_id", sa.String(12), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.Text if name in _TEXTS else sa.Double) for name in PLAN_COLUMNS),
    sa.Index("plan_rows_account", "account_id"),
)  # fmt: skip


@dataclass(frozen=True)
class Accepted:
    """by : empty where nobody had to sign in.  record : of the plan, see `serving.planning.plan`."""

    plan_id: str
    at: datetime
    by: str
    record: Mapping[str, Any]


def accept_plan(connection: sa.Connection, plan: Plan, now: int, by: str) -> bool:
    """Keep the plan; False where the same was accepted before, and stays as it was.  now : microseconds."""
    in_turn(connection, "plans")
    plan_id = plan.record["plan_id"]
    if connection.execute(sa.select(PLANS.c.plan_id).where(PLANS.c.plan_id == plan_id)).first() is not None:
        return False
    record = json.dumps(without_nan(plan.record), allow_nan=False)
    connection.execute(PLANS.insert().values(plan_id=plan_id, accepted_at=moment(now), accepted_by=by, record=record))
    rows = [{"plan_id": plan_id, "position": position, **row} for position, row in enumerate(plan.records())]
    if rows:
        connection.execute(PLAN_ROWS.insert(), rows)
    return True


def accepted_plans(connection: sa.Connection) -> Sequence[Accepted]:
    """All of them, latest first."""
    rows = connection.execute(PLANS.select().order_by(PLANS.c.accepted_at.desc(), PLANS.c.plan_id))
    return [Accepted(row.plan_id, row.accepted_at, row.accepted_by, json.loads(row.record)) for row in rows]


def accepted_plan(connection: sa.Connection, plan_id: str) -> tuple[Accepted, Plan]:
    """One of them, with its rows as `plan_files.read_plan` gives them.

    Raises
    ------
    SettingsError
        If there is none.
    """
    row = connection.execute(PLANS.select().where(PLANS.c.plan_id == plan_id)).one_or_none()
    if row is None:
        raise SettingsError(f"There is no accepted plan {plan_id[:40]!r}.")
    accepted = Accepted(row.plan_id, row.accepted_at, row.accepted_by, json.loads(row.record))
    columns = [PLAN_ROWS.c[name] for name in PLAN_COLUMNS]
    query = sa.select(*columns).where(PLAN_ROWS.c.plan_id == plan_id).order_by(PLAN_ROWS.c.position)
    rows = pd.DataFrame([tuple(one) for one in connection.execute(query)], columns=PLAN_COLUMNS)
    kinds = {name: "string" if name in _TEXTS else "float64" for name in PLAN_COLUMNS}
    return accepted, Plan(rows.astype(kinds), accepted.record)
