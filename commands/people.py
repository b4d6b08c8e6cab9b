"""ladder people: who may do what on the managers' page, and whose accounts they see."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Literal

from commands.options import DEFAULT_STORE, CommonOptions, Option, Store, UsageError
from commands.terminal import Figures, show_table


@dataclass(frozen=True, kw_only=True)
class PeopleOptions(CommonOptions):
    action: Annotated[Literal["set", "list", "remove"], Option(positional=True, help="what to do")]
    person: Annotated[
        str | None, Option(positional=True, help="whom, as the identity provider or the proxy names them")
    ] = None
    store: Store = DEFAULT_STORE
    role: Annotated[
        Literal["none", "viewer", "manager", "director", "admin"] | None,
        Option(help="to set: none keeps them out, a viewer changes nothing, a manager sees own and team accounts"),
    ] = None
    owner: Annotated[str | None, Option(metavar="NAME", help="to set: their name in the accounts' column owner")] = None
    team: Annotated[str | None, Option(metavar="NAME", help="to set: managers of a team see each other's accounts")] = (
        None
    )

    def __post_init__(self) -> None:
        if self.action != "list" and self.person is None:
            raise UsageError("Say whom: `ladder people set anna@example.com --role manager --owner Anna`.")
        if self.action == "set" and self.role is None:
            raise UsageError("Say which role: --role viewer, manager, director, admin or none.")


def people_command(options: PeopleOptions) -> Figures:
    """Do what is asked and return how many people are in the table.  Raises SettingsError where it makes no sense."""
    from serving.store.audit_log import Author
    from serving.store.database import open_store, reading, writing
    from serving.store.people.people import Person, people, put_person, remove_person

    now, engine = time.time_ns() // 1000, open_store(options.store)
    try:
        if options.action == "set":
            person = Person(str(options.person), str(options.role), options.owner, options.team)
            with writing(engine) as connection:
                put_person(connection, person, Author(), now)
        elif options.action == "remove":
            with writing(engine) as connection:
                remove_person(connection, str(options.person), Author(), now)
        with reading(engine) as connection:
            found = people(connection)
    finally:
        engine.dispose()
    rows = [[one.person, one.role, one.owner or "", one.team or ""] for one in found]
    show_table("People", ["person", "role", "owner", "team"], rows)
    return {"people": len(found)}
