"""ladder keys: the service's API keys made, listed, rotated and revoked."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from commands.options import DEFAULT_STORE, CommonOptions, Option, Store, above_zero, amount
from commands.terminal import Figures, show_table
from features.errors import SettingsError

if TYPE_CHECKING:
    from serving.store.people.keys import StoredKey


@dataclass(frozen=True, kw_only=True)
class KeysOptions(CommonOptions):
    action: Annotated[Literal["create", "list", "rotate", "revoke"], Option(positional=True, help="what to do")]
    key: Annotated[str | None, Option(positional=True, help="to rotate or revoke: id or name")] = None
    store: Store = DEFAULT_STORE
    name: Annotated[str | None, Option(metavar="N", help="to create: which program will use it")] = None
    scopes: Annotated[
        str,
        Option(metavar="S,S", help="to create: what it is good for, of score, plan, feedback, admin, page"),
    ] = "score"
    owner: Annotated[
        tuple[str, ...],
        Option(metavar="NAME", help="to create: it sees the accounts of this owner only; several times for several"),
    ] = ()
    days: Annotated[
        float | None, Option(metavar="D", parse=above_zero, help="to create: after which it ends; else never")
    ] = None
    grace_hours: Annotated[
        float, Option(metavar="H", parse=amount, help="to rotate: for which the old key is good beside the new one")
    ] = 24.0


def keys_command(options: KeysOptions) -> Figures:
    from serving.api.security.key_store import create_key, list_keys, revoke_key, rotate_key
    from serving.store.database import open_store

    engine = open_store(options.store)
    try:
        if options.action == "create":
            if options.name is None:
                raise SettingsError("A key needs a name: give --name, such as the program that will use it.")
            scopes = set(options.scopes.split(","))
            _show(create_key(engine, options.name, scopes, owners=options.owner, days=options.days))
        elif options.action == "rotate":
            if options.key is None:
                raise SettingsError("Say which key: `ladder keys rotate ID`. `ladder keys list` shows them.")
            old, secret = rotate_key(engine, options.key, options.grace_hours)
            print(f"Key {old} is good for {options.grace_hours:g} hours more.", file=sys.stderr)
            _show(secret)
        elif options.action == "revoke":
            if options.key is None:
                raise SettingsError("Say which key: `ladder keys revoke ID`. `ladder keys list` shows them.")
            print(f"Key {revoke_key(engine, options.key)} is revoked; running services refuse it within seconds")
        keys = list_keys(engine)
    finally:
        engine.dispose()
    if options.action == "list":
        show_table(
            "Keys",
            ["id", "name", "scopes", "sees", "created", "last used", "ends", "revoked"],
            [_row(key) for key in keys],
        )
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"keys": sum(key.revoked_at is None and (key.expires_at or now) >= now for key in keys)}


def _show(secret: str) -> None:
    print("This is the key. It is shown this once and kept nowhere:", file=sys.stderr)
    print(secret)


def _row(key: StoredKey) -> list[str]:
    sees = "all" if key.owners is None else ", ".join(json.loads(key.owners))
    times = (key.created_at, key.last_used_at, key.expires_at, key.revoked_at)
    return [key.key_id, key.name, key.scopes, sees, *(at or "" for at in times)]
