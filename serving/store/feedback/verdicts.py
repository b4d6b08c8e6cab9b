"""Results of `ladder monitor` for the page: plans beside their promises, overrides, models.

Kept in the store for the page, the latest word on each; figures only, so that they can be told in any language.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from features.finite import without_nan
from serving.store.database import METADATA, moment

PLAN, OVERRIDES, MODEL = "plan", "overrides", "model"
VERDICTS = sa.Table(
    "verdicts", METADATA,
    sa.Column("kind", sa.String(12), primary_key=True),
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("judged_as_of", sa.DateTime, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """kind : PLAN, OVERRIDES or MODEL.  name : a plan's id, a model's version.  judged_as_of : what was known then."""

    kind: str
    name: str
    judged_as_of: datetime
    figures: Mapping[str, Any]


def keep_verdict(connection: sa.Connection, kind: str, name: str, as_of: int, figures: Mapping[str, Any]) -> None:
    """Keep the latest word about it.  as_of : microseconds.  What is not finite is kept as nothing."""
    named = name[:200]
    connection.execute(VERDICTS.delete().where(VERDICTS.c.kind == kind, VERDICTS.c.name == named))
    content = json.dumps(without_nan(figures), allow_nan=False)
    connection.execute(VERDICTS.insert().values(kind=kind, name=named, judged_as_of=moment(as_of), content=content))


def plan_verdicts(connection: sa.Connection) -> dict[str, Verdict]:
    """Return the verdict on each plan by its id."""
    return {one.name: one for one in verdicts(connection) if one.kind == PLAN}


def verdicts(connection: sa.Connection) -> list[Verdict]:
    """Return all verdicts, the latest first."""
    rows = connection.execute(VERDICTS.select().order_by(VERDICTS.c.judged_as_of.desc(), VERDICTS.c.name))
    return [Verdict(row.kind, row.name, row.judged_as_of, json.loads(row.content)) for row in rows]
