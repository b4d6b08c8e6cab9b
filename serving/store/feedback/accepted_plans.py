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

from features.finite import without_nan
from serving.store.database import METADATA, in_turn, moment

COLUMNS = (
    "account_id owner investment cost expected_gain gain_low gain_high roi arm propensity advice instead_of why"
).split()
"""Of an accepted plan's rows, in the order of a plan's own."""
_TEXTS = frozenset(("account_id", "owner", "investment", "arm", "advice", "instead_of", "why"))
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
    *(sa.Column(name, sa.Text if name in _TEXTS else sa.Double) for name in COLUMNS),
    sa.Index("plan_rows_account", "account_id"),
)  # fmt: skip


@dataclass(frozen=True)
class Accepted:
    """by : empty where nobody had to sign in.  record : of the plan, see `serving.planning.plan`."""

    plan_id: str
    at: datetime
    by: str
    record: Mapping[str, Any]


def keep_plan(
    connection: sa.Connection, rows: Sequence[Mapping[str, Any]], record: Mapping[str, Any], now: int, by: str
) -> bool:
    """Keep a plan; False where the same was accepted before, and stays as it was.

    rows : COLUMNS, in the plan's order.  record : of the plan, with its `plan_id`.  now : microseconds.
    """
    in_turn(connection, "plans")
    plan_id = record["plan_id"]
    if connection.execute(sa.select(PLANS.c.plan_id).where(PLANS.c.plan_id == plan_id)).first() is not None:
        return False
    text = json.dumps(without_nan(record), allow_nan=False)
    connection.execute(PLANS.insert().values(plan_id=plan_id, accepted_at=moment(now), accepted_by=by, record=text))
    listed = [{"plan_id": plan_id, "position": position, **row} for position, row in enumerate(rows)]
    if listed:
        connection.execute(PLAN_ROWS.insert(), listed)
    return True


def accepted_plans(connection: sa.Connection) -> Sequence[Accepted]:
    """Return all accepted plans, latest first."""
    rows = connection.execute(PLANS.select().order_by(PLANS.c.accepted_at.desc(), PLANS.c.plan_id))
    return [Accepted(row.plan_id, row.accepted_at, row.accepted_by, json.loads(row.record)) for row in rows]


def kept_plan(connection: sa.Connection, plan_id: str) -> tuple[Accepted, pd.DataFrame] | None:
    """Return an accepted plan and its rows, COLUMNS; None where there is none of that id."""
    row = connection.execute(PLANS.select().where(PLANS.c.plan_id == plan_id)).one_or_none()
    if row is None:
        return None
    query = sa.select(*(PLAN_ROWS.c[name] for name in COLUMNS)).where(PLAN_ROWS.c.plan_id == plan_id)
    rows = [tuple(one) for one in connection.execute(query.order_by(PLAN_ROWS.c.position))]
    kinds = {name: "string" if name in _TEXTS else "float64" for name in COLUMNS}
    accepted = Accepted(row.plan_id, row.accepted_at, row.accepted_by, json.loads(row.record))
    return accepted, pd.DataFrame(rows, columns=COLUMNS).astype(kinds)
