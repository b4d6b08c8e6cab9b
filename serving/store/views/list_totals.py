"""How many accounts a list holds, of how many something pays, and what it brings; of all accounts kept with the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from features.tables import NO_INVESTMENT
from serving.scoring.scoring import INSUFFICIENT
from serving.store.database import METADATA
from serving.store.scores.scoring_runs import INVESTMENT_SCORES, SCORES
from serving.store.views.run_figures import MARGIN_AT_RISK

PAYS, ALONE, UNKNOWN = "pays", "alone", "unknown"
STATES = (PAYS, ALONE, UNKNOWN)
"""Of an account: something pays; nothing is expected to pay; of no option the data can tell."""
_COUNTS, _SUMS = ("accounts", *STATES), ("cost", "gain", "margin")

RUN_TOTALS = sa.Table(
    "run_totals", METADATA,
    sa.Column("run_id", sa.Integer, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.Integer, nullable=False) for name in _COUNTS),
    *(sa.Column(name, sa.Double, nullable=False) for name in _SUMS),
)  # fmt: skip
"""Of the current run only."""


@dataclass(frozen=True)
class Totals:
    """Of all accounts of a list.  states : of STATES -> accounts.  cost, gain : of the recommended options together."""

    accounts: int
    states: Mapping[str, int]
    cost: float
    gain: float
    margin: float


def state_is(state: str) -> "sa.ColumnElement[bool]":
    """Return whether an account is in that state."""
    nothing = sa.func.coalesce(SCORES.c.recommended_investment, NO_INVESTMENT) == NO_INVESTMENT
    if state == PAYS:
        return sa.not_(nothing)
    told = (
        sa.select(sa.literal(1))
        .where(INVESTMENT_SCORES.c.account_id == SCORES.c.account_id, INVESTMENT_SCORES.c.basis != INSUFFICIENT)
        .correlate(SCORES)
        .exists()
    )
    return sa.and_(nothing, told if state == ALONE else sa.not_(told))


def count_totals(
    connection: sa.Connection, tables: sa.FromClause = SCORES, where: Sequence["sa.ColumnElement[bool]"] = (),
    state: str | None = None,
) -> Totals:  # fmt: skip
    """Count and sum in one query; an option's cost is its gain over its ROI, so its row is not read.

    tables : SCORES and what where needs besides, one row an account.  state : where the list is of that one only.
    """
    score = SCORES.c
    pays = sa.case((state_is(PAYS), 1), else_=0)
    gain = sa.func.sum(sa.case((state_is(PAYS), score.expected_gain), else_=0.0))
    cost = sa.func.sum(sa.case((score.roi > 0, score.expected_gain / score.roi), else_=0.0))
    left_alone = sa.case((state_is(ALONE), 1), else_=0) if state is None else sa.literal(int(state == ALONE))
    sums = (sa.func.count(), sa.func.sum(pays), gain, cost, sa.func.sum(MARGIN_AT_RISK), sa.func.sum(left_alone))
    row = connection.execute(sa.select(*sums).select_from(tables).where(*where)).one()
    n, paying, alone = int(row[0]), int(row[1] or 0), int(row[5] or 0)
    states = {PAYS: paying, ALONE: alone, UNKNOWN: n - paying - alone}
    return Totals(n, states, float(row[3] or 0.0), float(row[2] or 0.0), float(row[4] or 0.0))


def totals_of_all(connection: sa.Connection, run_id: int) -> Totals:
    """Return the totals of all accounts: kept, or counted where none are kept that hold for the scores of that run."""
    row = connection.execute(RUN_TOTALS.select().where(RUN_TOTALS.c.run_id == run_id)).one_or_none()
    accounts = connection.execute(sa.select(sa.func.count()).select_from(SCORES)).scalar_one()
    if row is None or row.accounts != accounts:  # one was forgotten since
        return count_totals(connection)
    states = {state: getattr(row, state) for state in STATES}
    return Totals(row.accounts, states, *(getattr(row, name) for name in _SUMS))


def keep_totals(connection: sa.Connection, run_id: int) -> None:
    """Keep the totals of the scores that stand now, those of that run, in place of what was kept."""
    found = count_totals(connection)
    sums = {name: getattr(found, name) for name in _SUMS}
    connection.execute(RUN_TOTALS.delete())
    connection.execute(RUN_TOTALS.insert().values(run_id=run_id, accounts=found.accounts, **found.states, **sums))
