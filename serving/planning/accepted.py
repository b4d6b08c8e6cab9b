"""Accepted plans: kept in the store as they were shown, and read again as plans."""

import sqlalchemy as sa

from features.errors import SettingsError
from serving.planning.plan import Plan
from serving.store.feedback.accepted_plans import Accepted, keep_plan, kept_plan


def accept_plan(connection: sa.Connection, plan: Plan, now: int, by: str) -> bool:
    """Keep the plan; False where the same was accepted before, and stays as it was.  now : microseconds."""
    return keep_plan(connection, plan.records(), plan.record, now, by)


def accepted_plan(connection: sa.Connection, plan_id: str) -> tuple[Accepted, Plan]:
    """Return an accepted plan, with its rows as `serving.planning.files.read_plan` gives them.

    Raises
    ------
    SettingsError
        If there is none.
    """
    found = kept_plan(connection, plan_id)
    if found is None:
        raise SettingsError(f"There is no accepted plan {plan_id[:40]!r}.")
    accepted, rows = found
    return accepted, Plan(rows, accepted.record)
