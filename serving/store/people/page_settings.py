"""What a person set on the page for themselves: saved views of the list, and whose accounts are theirs."""

import sqlalchemy as sa

from serving.store.database import METADATA

VIEW, MINE = "view", "mine"
MOST_VIEWS, LONGEST_VIEW_NAME = 50, 80
PAGE_SETTINGS = sa.Table(
    "page_settings", METADATA,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("kind", sa.String(10), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)  # fmt: skip


def settings_of(connection: sa.Connection, person: str, kind: str) -> dict[str, str]:
    """Return what the person set, by name.  person : empty where nobody signs in."""
    table = PAGE_SETTINGS.c
    query = sa.select(table.name, table.value).where(table.person == person, table.kind == kind).order_by(table.name)
    return {row.name: row.value for row in connection.execute(query)}


def keep_setting(connection: sa.Connection, person: str, kind: str, name: str, value: str | None) -> None:
    """Keep one setting of a person; None forgets it.  Of too many views none is added."""
    table = PAGE_SETTINGS.c
    same = (table.person == person) & (table.kind == kind) & (table.name == name)
    connection.execute(PAGE_SETTINGS.delete().where(same))
    if value is not None and len(settings_of(connection, person, kind)) < MOST_VIEWS:
        row = {"person": person, "kind": kind, "name": name, "value": value}
        connection.execute(PAGE_SETTINGS.insert().values(row))
