"""Groups of companies in the store: what each brings and risks, where its accounts stand; for the page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.accounts.groups import groups_of
from features.tables import ROLES, RUNGS
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.scoring_runs import ACCOUNTS, SCORES
from serving.store.scores.timelines import timeline_of


@dataclass(frozen=True)
class Group:
    """A group of two accounts or more.

    root : the account at its top, which may be none of ours; name : of it, None where unknown.  members : its accounts
    with scores, those that bring most first.  rungs : rung -> accounts.  Money: expected revenue over the horizon,
    revenue and margin of the last year (0 where no run looked back), margin at stake.
    """

    root: str
    name: str | None
    members: tuple[str, ...]
    rungs: Mapping[str, int]
    expected_revenue: float
    value_at_risk: float
    revenue_365d: float
    margin_365d: float


@dataclass(frozen=True)
class GroupReport:
    """groups : those with the most expected revenue first.  unknown_parents, cyclic : as in `Groups`."""

    groups: tuple[Group, ...]
    unknown_parents: int
    cyclic: int


def group_report(connection: sa.Connection, owner: str | None = None) -> GroupReport:
    """Return every group of two accounts or more.  owner : only groups with an account of this manager."""
    joined = SCORES.outerjoin(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    joined = joined.outerjoin(STANDINGS, SCORES.c.account_id == STANDINGS.c.account_id)
    parents = dict(connection.execute(sa.select(ACCOUNTS.c.account_id, ACCOUNTS.c.parent_account_id)).all())
    names = dict(connection.execute(sa.select(ACCOUNTS.c.account_id, ACCOUNTS.c.name)).all())
    found = groups_of(list(parents), list(parents.values()))
    root = dict(zip(parents, found.root, strict=True))
    query = sa.select(
        SCORES.c.account_id, SCORES.c.rung, SCORES.c.expected_revenue, SCORES.c.value_at_risk, ACCOUNTS.c.owner,
        STANDINGS.c.revenue_365d, STANDINGS.c.margin_365d,
    ).select_from(joined)  # fmt: skip
    rows: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        rows.setdefault(root.get(row.account_id, row.account_id), []).append(row)
    groups = [
        _group(top, names.get(top), members)
        for top, members in rows.items()
        if len(members) > 1 and (owner is None or any(row.owner == owner for row in members))
    ]
    ordered = sorted(groups, key=lambda group: (-group.expected_revenue, group.root))
    return GroupReport(tuple(ordered), found.unknown_parents, found.cyclic)


def _group(root: str, name: str | None, members: Sequence[Any]) -> Group:
    ordered = sorted(members, key=lambda row: (-(row.expected_revenue or 0.0), row.account_id))
    counts = Counter(row.rung for row in members)

    def total(column: str) -> float:
        return float(sum(getattr(row, column) or 0.0 for row in ordered))

    return Group(
        root, name, tuple(row.account_id for row in ordered), {rung: counts[rung] for rung in RUNGS if counts[rung]},
        *(total(column) for column in ("expected_revenue", "value_at_risk", "revenue_365d", "margin_365d")),
    )  # fmt: skip


def group_people(connection: sa.Connection, group: Group) -> dict[str, int]:
    """Return how many people of each role are known in a group; those without a known role under an empty text."""
    counts: Counter[str] = Counter()
    for account in group.members:
        timeline = timeline_of(connection, account) or {}
        counts.update(ROLES[role] if role >= 0 else "" for role, *_ in timeline.get("people", []))
    return dict(counts)


@dataclass(frozen=True)
class Family:
    """The group of one account.  root : at its top; name : of it, None where unknown.  members : accounts in it."""

    root: str
    name: str | None
    members: int


def family_of(connection: sa.Connection, account: str) -> Family | None:
    """Return the group of an account; None where it stands alone."""
    top = root_column()
    root = connection.execute(sa.select(top).where(ACCOUNTS.c.account_id == account)).scalar()
    if not root:
        return None
    name = connection.execute(sa.select(ACCOUNTS.c.name).where(ACCOUNTS.c.account_id == root)).scalar()
    joined = SCORES.join(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    count = connection.execute(sa.select(sa.func.count()).select_from(joined).where(top == root)).scalar_one()
    return Family(root, name, int(count)) if count > 1 else None


LEVELS = 4
"""Levels of parents that `root_column` climbs; longer chains end there."""


def root_column() -> "sa.ColumnElement[Any]":
    """Return the account at the top of each row's chain of parents; null for an account that stands alone."""
    account, climbed = ACCOUNTS.c, [_parent(ACCOUNTS)]
    for level in range(1, LEVELS):
        above = ACCOUNTS.alias(f"above_{level}")
        up = sa.select(_parent(above)).where(above.c.account_id == climbed[-1])
        climbed.append(up.correlate_except(above).scalar_subquery())
    parents = ACCOUNTS.alias("below")
    below = sa.select(parents.c.parent_account_id).where(parents.c.parent_account_id != parents.c.account_id)
    heads = sa.case((account.account_id.in_(below), account.account_id))
    return sa.func.coalesce(*climbed[::-1], heads)


def group_roots(connection: sa.Connection, most: int) -> list[str]:
    """Return the accounts at the top of any group, as `root_column` has them, by id; the first ones.

    Climbs from each parent once, not from every account.
    """
    parents = sa.select(ACCOUNTS.c.parent_account_id.label("id")).where(ACCOUNTS.c.parent_account_id > "").distinct()
    first = parents.subquery("parents")
    above = [ACCOUNTS.alias(f"above_{level}") for level in range(1, LEVELS)]
    tables: sa.FromClause = first
    climbed: list[sa.ColumnElement[Any]] = [first.c.id]
    for one in above:
        tables = tables.outerjoin(one, one.c.account_id == climbed[-1])
        climbed.append(_parent(one))
    child = ACCOUNTS.alias("child")
    others = (child.c.parent_account_id == first.c.id) & (child.c.account_id != first.c.id)
    own_parent = sa.func.coalesce(above[0].c.parent_account_id, "") == first.c.id
    group = sa.not_(own_parent) | sa.select(child.c.account_id).where(others).correlate(first).exists()
    tops = (
        sa.select(sa.func.coalesce(*climbed[::-1]).label("id")).select_from(tables).where(group).distinct().subquery()
    )
    query = sa.select(tops.c.id).where(tops.c.id != "").order_by(tops.c.id).limit(most)
    return list(connection.execute(query).scalars())


def _parent(table: Any) -> "sa.ColumnElement[Any]":
    return sa.case((table.c.parent_account_id != table.c.account_id, table.c.parent_account_id))
