"""Where every account came from, in the store: its rung a year ago, how long it stands still, when its contract ends.

One row an account, all written anew by every run that looks back (`ladder score --to`).
"""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import sqlalchemy as sa

from features.accounts.account_lookback import UNKNOWN, AccountLookback
from features.accounts.nearest_neighbours import NearestNeighbours
from features.instants import MICROSECONDS_PER_DAY, NEVER
from features.tables import RUNGS
from serving.store.bulk_insert import delete_rows, insert_rows
from serving.store.database import METADATA

STANDINGS = sa.Table(
    "standings", METADATA,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("rung_a_year_ago", sa.Text),
    sa.Column("contract_ends", sa.Integer),
    sa.Column("days_to_contract_end", sa.Integer, index=True),
    sa.Column("still_days", sa.Integer, nullable=False),
    sa.Column("revenue_365d", sa.Double, nullable=False),
    sa.Column("revenue_before", sa.Double, nullable=False),
    sa.Column("margin_365d", sa.Double, nullable=False),
    sa.Column("similar", sa.Text, nullable=False),
)  # fmt: skip
"""contract_ends : days since 1970-01-01; days_to_contract_end : from as_of.  revenue_before : of the year before the
last.  similar : JSON, a list of [account, rung now, whether it left, revenue of the year before, and of the last one].
Without a rung a year ago the account was not known yet."""


def standings_frame(ids: Sequence[str], seen: AccountLookback, alike: NearestNeighbours, as_of: int) -> pd.DataFrame:
    """Return the rows of the table.  ids : of the accounts.  as_of : microseconds."""
    then = [None if rung == UNKNOWN else RUNGS[rung] for rung in seen.rung_then.tolist()]
    ends = [None if day >= NEVER else day for day in seen.contract_ends.tolist()]
    today = as_of // MICROSECONDS_PER_DAY
    became = list(
        zip(
            ids, seen.rung.tolist(), seen.left.tolist(), np.round(seen.revenue_then, 2).tolist(),
            np.round(seen.revenue, 2).tolist(), strict=True,
        )
    )  # fmt: skip
    similar = [json.dumps([became[k] for k in rows if k >= 0], allow_nan=False) for rows in alike.row.tolist()]
    return pd.DataFrame({
        "account_id": list(ids), "rung_a_year_ago": pd.Series(then, dtype=object),
        "contract_ends": pd.Series(ends, dtype=object),
        "days_to_contract_end": pd.Series([None if day is None else day - today for day in ends], dtype=object),
        "still_days": 90 * seen.periods_on_rung, "revenue_365d": seen.revenue,
        "revenue_before": seen.revenue_then, "margin_365d": seen.margin, "similar": similar,
    })  # fmt: skip


def put_standings(connection: sa.Connection, frame: pd.DataFrame) -> None:
    """Make these the rows of these accounts."""
    delete_rows(connection, STANDINGS, frame["account_id"].tolist())
    insert_rows(connection, STANDINGS, frame)
