"""Which run was exported last to each target: what has changed since is what the target lacks."""

import sqlalchemy as sa

from serving.store.database import METADATA, in_turn, moment

EXPORTS = sa.Table(
    "exports", METADATA,
    sa.Column("target", sa.String(40), primary_key=True),
    sa.Column("run_id", sa.Integer, nullable=False),
    sa.Column("exported_at", sa.DateTime, nullable=False),
)  # fmt: skip


def exported_run(connection: sa.Connection, target: str) -> int:
    """Return the run that was exported last to the target; 0 where none was."""
    return connection.execute(sa.select(EXPORTS.c.run_id).where(EXPORTS.c.target == target)).scalar() or 0


def mark_exported(connection: sa.Connection, target: str, run_id: int, now: int) -> None:
    """Write down that the target has that run, unless it has a later one already.  now : microseconds."""
    in_turn(connection, "exports")
    if exported_run(connection, target) <= run_id:
        connection.execute(EXPORTS.delete().where(EXPORTS.c.target == target))
        connection.execute(EXPORTS.insert().values(target=target, run_id=run_id, exported_at=moment(now)))
