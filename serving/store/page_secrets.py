"""The secret that signs the managers' cookies and forms: the store's own, so that all workers sign alike."""

import secrets

import sqlalchemy as sa

from serving.store.database import METADATA, in_turn, reading, writing

SECRETS = sa.Table(
    "page_secrets", METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("secret", sa.String(64), nullable=False),
)  # fmt: skip


def page_secret(engine: sa.Engine) -> bytes:
    """Return the secret, made once: a copy of the code signs nothing."""
    wanted = sa.select(SECRETS.c.secret).where(SECRETS.c.id == 1)
    with reading(engine) as connection:
        found = connection.execute(wanted).scalar()
    if found is None:
        with writing(engine) as connection:
            in_turn(connection, "page_secrets")
            found = connection.execute(wanted).scalar()
            if found is None:
                found = secrets.token_hex(32)
                connection.execute(SECRETS.insert().values(id=1, secret=found))
    return bytes.fromhex(str(found))
