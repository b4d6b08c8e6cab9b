"""Every run keeps the level of its model's intervals and the currency of its money, in columns of their own.

Of runs before, the level stands in the run's summary, where there is one; the currency is not known.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

RUNS = sa.table(
    "runs", sa.column("run_id", sa.Integer), sa.column("options", sa.Text), sa.column("level", sa.Double),
    sa.column("currency", sa.Text),
)  # fmt: skip
SUMMARIES = sa.table("summaries", sa.column("run_id", sa.Integer), sa.column("content", sa.Text))


def upgrade() -> None:
    """Add the columns and fill them from what is there."""
    op.add_column("runs", sa.Column("level", sa.Double))
    op.add_column("runs", sa.Column("currency", sa.Text))
    connection = op.get_bind()
    told = {row.run_id: json.loads(row.content)["model"] for row in connection.execute(sa.select(SUMMARIES))}
    for row in connection.execute(sa.select(RUNS.c.run_id, RUNS.c.options)).all():
        values = {**_of_summary(told.get(row.run_id, {})), **_of_options(json.loads(row.options))}
        connection.execute(RUNS.update().where(RUNS.c.run_id == row.run_id).values(values))


def _of_summary(model: dict[str, Any]) -> dict[str, Any]:
    return {"level": model.get("level"), "currency": model.get("currency")}


def _of_options(options: Any) -> dict[str, Any]:
    """What a program between the releases wrote into `options`, beside them; nothing of any other."""
    if isinstance(options, list):
        return {}
    return {"options": json.dumps(options["options"]), "level": options["level"], "currency": options["currency"]}
