"""The table that held the secret of the page's cookies until version 0008: empty since, as sessions have their own.

A service of the version before, as long as it still runs while a store is upgraded, needs it to be there.
"""

import sqlalchemy as sa

from serving.store.database import METADATA

SECRETS = sa.Table(
    "page_secrets", METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("secret", sa.String(64), nullable=False),
)  # fmt: skip
