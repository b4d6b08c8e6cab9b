"""ladder keys: the service's API keys made, listed and revoked."""

import sys
from dataclasses import dataclass
from typing import Annotated, Literal

from commands.options import DEFAULT_STORE, CommonOptions, Option, Store
from commands.terminal import Figures, show_table
from features.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class KeysOptions(CommonOptions):
    action: Annotated[Literal["create", "list", "revoke"], Option(positional=True, help="what to do")]
    key: Annotated[str | None, Option(positional=True, help="to revoke: id or name")] = None
    store: Store = DEFAULT_STORE
    name: Annotated[str | None, Option(metavar="N", help="to create: which program will use it")] = None
    scopes: Annotated[
        str,
        Option(metavar="S,S", help="to create: what it is good for, of score, plan, feedback, admin, page"),
    ] = "score"


def keys_command(options: KeysOptions) -> Figures:
    from serving.api.key_store import create_key, list_keys, revoke_key
    from serving.store.database import open_store

    engine = open_store(options.store)
    try:
        if options.action == "create":
            if options.name is None:
                raise SettingsError("A key needs a name: give --name, such as the program that will use it.")
            secret = create_key(engine, options.name, set(options.scopes.split(",")))
            print("This is the key. It is shown this once and kept nowhere:", file=sys.stderr)
            print(secret)
        elif options.action == "revoke":
            if options.key is None:
                raise SettingsError("Say which key: `ladder keys revoke ID`. `ladder keys list` shows them.")
            print(f"Key {revoke_key(engine, options.key)} is revoked; running services refuse it within seconds")
        keys = list_keys(engine)
    finally:
        engine.dispose()
    if options.action == "list":
        rows = [[k.key_id, k.name, k.scopes, k.created_at, k.revoked_at or ""] for k in keys]
        show_table("Keys", ["id", "name", "scopes", "created", "revoked"], rows)
    return {"keys": sum(key.revoked_at is None for key in keys)}
