"""Groups of companies in the store: what each brings and risks, where its accounts stand; for the page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.accounts.groups import groups_of
from features.tables import ROLES, RUNGS
from serving.store.account_lookback import STANDINGS
from serving.store.scoring_runs import ACCOUNTS, SCORES
from serving.store.timelines import timeline_of


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
