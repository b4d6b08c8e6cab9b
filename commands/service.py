"""ladder serve, keys."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from commands.inputs import find_bundle, load_source, partitions_of, settings_of
from commands.stores import check_store, parts_of, store_background, store_run
from commands.terminal import show_table
from features.errors import LadderError


def serve_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.model.champion import bundle_folder

    settings = settings_of(options)
    with tempfile.TemporaryDirectory() as scratch:
        if options.model is None:  # the folder itself, so that the next champion takes over without a restart
            folder = Path(settings.registry.champion_folder)
        else:
            folder = find_bundle(options.model, settings, Path(scratch))
        _fill_store(bundle_folder(folder), options)
        serve_until_stopped(
            folder, settings, options, lambda url: print(f"Serving at {url}; Ctrl-C ends it", flush=True)
        )
    return {"port": options.port}


def _fill_store(folder: Path, options: argparse.Namespace) -> None:
    """Make the store, with the scores and the accounts that were given.  folder : of the model that is served."""
    from serving.store.database import open_store, writing
    from serving.store.result_files import read_folder
    from serving.store.scoring_runs import put_profiles
    from training.model.bundle import read_bundle

    check_store(options.store)
    profiles = None if options.data is None else _profiles(options)
    if options.scores is not None:
        bundle, version = read_bundle(folder)
        facts, chunks = read_folder(Path(options.scores))
        if version == facts.model_version:
            facts, chunks = read_folder(Path(options.scores), bundle)
        store_run(options.store, facts, chunks, profiles)
    elif profiles is not None:
        engine = open_store(options.store)
        try:
            with writing(engine) as connection:
                put_profiles(connection, profiles)
        finally:
            engine.dispose()
    if options.data is not None:
        _look_back(read_bundle(folder)[0], options)


def _look_back(bundle: Any, options: argparse.Namespace) -> None:
    """Write what stands behind the store's scores, from the source that was given; nothing where there are none."""
    from serving.store.database import open_store, reading
    from serving.store.scoring_runs import current_run

    engine = open_store(options.store)
    try:
        with reading(engine) as connection:
            current = current_run(connection)
    finally:
        engine.dispose()
    if current is None:
        return
    partitions = partitions_of(options, bundle.facts.tables)
    if partitions is None:
        loaded = load_source(options, only=bundle.facts.tables)
        parts = iter([(loaded.histories, loaded.source)])
    else:
        parts = parts_of(partitions)
    store_background(options.store, bundle, current.facts.as_of, parts)


def _profiles(options: argparse.Namespace) -> Sequence[Any] | None:
    """What the source says of its accounts; None where it has no such table."""
    from features.sources.partitioned import read_partitions
    from features.sources.source import read_table
    from serving.store.result_files import profile_frame, profiles_of

    partitions = read_partitions(options.data)
    if partitions is not None:
        return list(profiles_of(partitions)) if "accounts" in partitions.tables else None
    columns = read_table(options.data, "accounts", settings_of(options).tables)
    return None if columns is None else [profile_frame(columns)]


def serve_until_stopped(
    folder: Path, settings: Any, options: argparse.Namespace, announce: Callable[[str], None]
) -> None:
    from serving.runtime.server import Terms, serve

    limits = settings.service
    terms = Terms(
        getattr(options, "host", "127.0.0.1"), getattr(options, "workers", 1), getattr(options, "store", None),
        limits.requests_per_second, limits.requests_at_once, limits.most_waiting, limits.proxy_user_header,
        limits.currency,
    )  # fmt: skip
    if serve(folder, options.port, terms, announce) != 0:
        raise LadderError("The service ended by itself; what it wrote above says why.")


def keys_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from features.errors import SettingsError
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
