"""What a run says in sums, kept with it: by rung, owner, trigger, segment, country, loyalty, and of all accounts.

So the page can hold a run against the one before, and draw a line over the last runs, without their scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from features.tables import RUNGS, TRIGGER_FAMILIES
from serving.scoring.advice.playbook import LEAST_TRIGGER_SHARE
from serving.store.database import METADATA
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.previous_scores import PREVIOUS
from serving.store.scores.scoring_runs import ACCOUNTS, RUNS, SCORES
from serving.store.views.groups import root_column

RISK_MARK = 0.2
"""Chance of leaving from which on an account counts as at risk here."""
RENEWAL_DAYS = 60
COUNTS = ("accounts", "at_risk", "renewals", "climbed", "fell", "overdue")
SUMS = ("margin_at_risk", "expected_revenue", "expected_gain")
ALL, GROUP = "all", "group"
IS_FORMER = SCORES.c.former.is_(True)
_STAYED = SCORES.c.former.is_not(True)
LEAVING = sa.case((_STAYED, SCORES.c.p_switch))
MARGIN_AT_RISK = sa.case((_STAYED, SCORES.c.value_at_risk))
OVERDUE_DAYS = sa.case((_STAYED, SCORES.c.overdue_days))
_TOLD_APART = sa.or_(*(SCORES.c[f"trigger_{family}"] >= LEAST_TRIGGER_SHARE for family in TRIGGER_FAMILIES))
MAIN_TRIGGER = sa.case((_STAYED & _TOLD_APART, SCORES.c.switch_trigger))
"""Of customers only: a former one has left already."""
_LEVEL = {rung: level for level, rung in enumerate(RUNGS)}

RUN_FIGURES = sa.Table(
    "run_figures", METADATA,
    sa.Column("run_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("dimension", sa.String(20), primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    *(sa.Column(name, sa.Integer, nullable=False) for name in COUNTS),
    *(sa.Column(name, sa.Double, nullable=False) for name in SUMS),
)  # fmt: skip


@dataclass(frozen=True)
class RunFigures:
    """Sums of the accounts of one value of a dimension in one run.

    value : empty where nothing is known.  as_of, run_id : None for figures of the scores that stand now.
    at_risk, margin_at_risk, overdue : without former customers.
    at_risk : accounts with a chance of leaving of RISK_MARK or more.  renewals : contracts that end in RENEWAL_DAYS.
    climbed, fell : rung moves since the run before.
    """

    value: str
    as_of: datetime | None
    counts: Mapping[str, int]
    sums: Mapping[str, float]
    run_id: int | None = None

    def __getitem__(self, name: str) -> float:
        """Return a figure by its name, one of COUNTS and SUMS."""
        return self.counts[name] if name in self.counts else self.sums[name]


def dimensions() -> dict[str, "sa.ColumnElement[Any]"]:
    """Return what figures can be told apart by."""
    return {
        "rung": SCORES.c.rung, "owner": ACCOUNTS.c.owner, "trigger": MAIN_TRIGGER,
        "segment": ACCOUNTS.c.segment, "country": ACCOUNTS.c.country,
        "loyalty": SCORES.c.loyalty, GROUP: root_column(),
    }  # fmt: skip


def figures_query(
    run_id: int, by: "sa.ColumnElement[Any] | None", where: Sequence["sa.ColumnElement[bool]"] = ()
) -> "sa.Select[Any]":
    """Return the figures of the scores that stand now, of the run with that number, as rows of value and figures.

    by : the dimension's column; None = of all accounts together.  where : of SCORES and ACCOUNTS.
    """
    score, former = SCORES.c, PREVIOUS.c
    now, then = (sa.case(_LEVEL, value=column, else_=None) for column in (score.rung, former.rung))

    def count(condition: "sa.ColumnElement[bool]") -> "sa.ColumnElement[Any]":
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    def total(column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[Any]":
        return sa.func.coalesce(sa.func.sum(column), 0.0)

    empty: sa.ColumnElement[Any] = sa.literal_column("''")
    value = empty if by is None else sa.func.coalesce(by, empty)
    tables = (
        SCORES.outerjoin(ACCOUNTS, score.account_id == ACCOUNTS.c.account_id)
        .outerjoin(PREVIOUS, (score.account_id == former.account_id) & (former.run_id == run_id - 1))
        .outerjoin(STANDINGS, score.account_id == STANDINGS.c.account_id)
    )
    query = sa.select(
        value.label("value"), sa.func.count().label("accounts"), count(LEAVING >= RISK_MARK).label("at_risk"),
        count(STANDINGS.c.days_to_contract_end.between(0, RENEWAL_DAYS)).label("renewals"),
        count(now > then).label("climbed"), count(now < then).label("fell"),
        count(OVERDUE_DAYS > 0).label("overdue"), total(MARGIN_AT_RISK).label("margin_at_risk"),
        total(score.expected_revenue).label("expected_revenue"),
        total(sa.case((score.expected_gain > 0, score.expected_gain), else_=0.0)).label("expected_gain"),
    ).select_from(tables).where(*where)  # fmt: skip
    return query if by is None else query.group_by(value)


def keep_figures(connection: sa.Connection, run_id: int) -> None:
    """Keep the figures of the scores that stand now as those of that run; kept ones of the run are written anew.

    Those of single groups are not kept: there may be as many as accounts.
    """
    connection.execute(RUN_FIGURES.delete().where(RUN_FIGURES.c.run_id == run_id))
    names = ["run_id", "dimension", "value", *COUNTS, *SUMS]
    for name, column in ((ALL, None), *dimensions().items()):
        if name == GROUP:
            continue
        found = figures_query(run_id, column).subquery()
        picked = (found.c[one] for one in ("value", *COUNTS, *SUMS))
        row = sa.select(sa.literal(run_id), sa.literal(name), *picked)
        connection.execute(RUN_FIGURES.insert().from_select(names, row))


def kept_figures(
    connection: sa.Connection, dimension: str = ALL, value: str | None = None, most: int = 12
) -> list[RunFigures]:
    """Return the kept figures of the last runs, oldest first.  value : None = of every value of the dimension."""
    table = RUN_FIGURES.c
    runs = sa.select(RUNS.c.run_id).order_by(RUNS.c.run_id.desc()).limit(most)
    query = (
        sa.select(RUN_FIGURES, RUNS.c.as_of)
        .join(RUNS, RUNS.c.run_id == table.run_id)
        .where(table.dimension == dimension, table.run_id.in_(runs))
        .order_by(table.run_id, table.value)
    )
    if value is not None:
        query = query.where(table.value == value)
    return [read_figures(row) for row in connection.execute(query).mappings()]


def kept_of_owners(connection: sa.Connection, most: int = 12) -> list[RunFigures]:
    """Return the kept figures of the last runs, oldest first, added up over the owners whose figures may be seen."""
    found: dict[int | None, RunFigures] = {}
    for one in kept_figures(connection, "owner", most=most):
        so_far = found.get(one.run_id)
        counts = {name: one.counts[name] + (0 if so_far is None else so_far.counts[name]) for name in COUNTS}
        sums = {name: one.sums[name] + (0.0 if so_far is None else so_far.sums[name]) for name in SUMS}
        found[one.run_id] = RunFigures("", one.as_of, counts, sums, one.run_id)
    return list(found.values())


def read_figures(row: Mapping[Any, Any]) -> RunFigures:
    """Return a row of `figures_query` or of the table."""
    counts = {name: int(row[name] or 0) for name in COUNTS}
    sums = {name: float(row[name] or 0.0) for name in SUMS}
    return RunFigures(row["value"], row.get("as_of"), counts, sums, row.get("run_id"))
