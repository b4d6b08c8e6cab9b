"""Who may do what on the page, and whose accounts they see, by a table; claims of an identity provider say the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.errors import SettingsError
from serving.store.audit_log import Author, Entry, record
from serving.store.database import METADATA, in_turn
from serving.store.people.viewers import EVERYTHING, Visibility

VIEWER, MANAGER, DIRECTOR, ADMIN, NOBODY = "viewer", "manager", "director", "admin", "none"
ROLES = (NOBODY, VIEWER, MANAGER, DIRECTOR, ADMIN)
"""Ascending. A viewer sees all and changes nothing; a manager sees own accounts and the team's, decides and plans for
them; a director does so for all; an admin also reads the audit log. `none` keeps a person out."""
LONGEST = 200
PEOPLE = sa.Table(
    "people", METADATA,
    sa.Column("person", sa.String(LONGEST), primary_key=True),
    sa.Column("role", sa.String(10), nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("team", sa.Text),
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """person : as the identity provider or the proxy names them.  owner : as the accounts name them.

    team : the owners of the same team see each other's accounts.
    """

    person: str
    role: str
    owner: str | None = None
    team: str | None = None


@dataclass(frozen=True)
class Standing:
    """What a person may: the role, and whose rows they see."""

    role: str
    visibility: Visibility = EVERYTHING


def people(connection: sa.Connection) -> Sequence[Person]:
    """Return everybody in the table, by name."""
    return [Person(*row) for row in connection.execute(PEOPLE.select().order_by(PEOPLE.c.person))]


def put_person(connection: sa.Connection, person: Person, author: Author, now: int) -> None:
    """Keep what a person may, in place of what was kept before.  now : microseconds.

    Raises
    ------
    SettingsError
        If there is no such role, a name is missing or too long, or a manager has no accounts.
    """
    if person.role not in ROLES:
        raise SettingsError(f"{person.role!r} is no role; there are {', '.join(ROLES)}.")
    for name in (person.person, person.owner or "-", person.team or "-"):
        if not name.strip() or len(name) > LONGEST or not name.isprintable():
            raise SettingsError(f"A name has 1 to {LONGEST} printable characters; {name[:40]!r} has not.")
    if person.role == MANAGER and person.owner is None and person.team is None:
        raise SettingsError("A manager sees the accounts of an owner or a team: give --owner, --team or both.")
    in_turn(connection, "people")
    before = _row(connection, person.person)
    connection.execute(PEOPLE.delete().where(PEOPLE.c.person == person.person))
    row = {"person": person.person, "role": person.role, "owner": person.owner, "team": person.team}
    connection.execute(PEOPLE.insert().values(row))
    record(connection, now, author, [Entry("role given", person.person, {}, before=before, after=row)])


def remove_person(connection: sa.Connection, person: str, author: Author, now: int) -> None:
    """Take a person out of the table; claims count again.  Raises SettingsError where they are not in it."""
    in_turn(connection, "people")
    before = _row(connection, person)
    if before is None:
        raise SettingsError(f"{person!r} is not in the table. See `ladder people list`.")
    connection.execute(PEOPLE.delete().where(PEOPLE.c.person == person))
    record(connection, now, author, [Entry("role taken", person, {}, before=before)])


def standing_of(connection: sa.Connection, person: str, claims: Mapping[str, Any] | None) -> Standing | None:
    """Return what a person may: by the table, else by claims (`role`, `owners`); None where neither says anything.

    A manager sees the rows of the own owner, of the owners of the team, and of those that the claims name: without
    any, none.
    """
    row = connection.execute(PEOPLE.select().where(PEOPLE.c.person == person)).one_or_none()
    if row is None:
        if claims is None:
            return None
        role = str(claims["role"])
        return Standing(role, Visibility(tuple(claims["owners"])) if role == MANAGER else EVERYTHING)
    if row.role != MANAGER:
        return Standing(row.role)
    owners = set() if row.owner is None else {row.owner}
    if row.team is not None:
        team = sa.select(PEOPLE.c.owner).where(PEOPLE.c.team == row.team, PEOPLE.c.owner.is_not(None))
        owners |= set(connection.execute(team).scalars())
    return Standing(MANAGER, Visibility(tuple(sorted(owners))))


def anybody(connection: sa.Connection) -> bool:
    """Return whether the table names anybody."""
    return connection.execute(sa.select(PEOPLE.c.person).limit(1)).first() is not None


def _row(connection: sa.Connection, person: str) -> dict[str, Any] | None:
    found = connection.execute(PEOPLE.select().where(PEOPLE.c.person == person)).mappings().one_or_none()
    return None if found is None else dict(found)
