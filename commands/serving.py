"""ladder serve: fill the store where asked to, then run the service and its page until it is stopped."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.champions import find_bundle, refresh_copy
from commands.inputs import histories_of_parts, load_partitions, load_source
from commands.options import DEFAULT_PORT, DEFAULT_STORE, CommonOptions, Model, Option, Port, Store, at_least_one
from commands.playbook import tell_served, write_plays
from commands.store_writing import LeftOut, check_store, store_background, store_run
from commands.terminal import Figures
from features.errors import LadderError

if TYPE_CHECKING:
    import pandas as pd

    from serving.runtime.server import Terms
    from training.model.bundle import Bundle
    from training.settings import ServiceSettings, Settings

LOCAL = "127.0.0.1"
WITHOUT_KEYS = """\
Warning: there are no keys, so every program on this machine is answered, and nobody is asked who it is. What comes
through a proxy is refused where the proxy shows itself; one that speaks HTTP/1.1 and leaves no trace looks like this
machine and would let everybody in. Make a key before you put anything in front, with the same --store:
    ladder keys create --name NAME --scopes page"""


@dataclass(frozen=True, kw_only=True)
class ServeOptions(CommonOptions):
    model: Model = None
    port: Port = DEFAULT_PORT
    store: Store = DEFAULT_STORE
    scores: Annotated[
        Path | None, Option(metavar="DIR", help="folder that `ladder score` wrote: put into the store at the start")
    ] = None
    data: Annotated[
        str | None, Option(metavar="SOURCE", help="whose accounts (names, owners) are put into the store")
    ] = None
    host: Annotated[str, Option(help="address to listen on; beyond this machine only with keys")] = LOCAL
    workers: Annotated[int, Option(parse=at_least_one, help="processes")] = 1


def serve_command(options: ServeOptions) -> Figures:
    from serving.scoring.batch import read_run_plays
    from training.model.champion import bundle_folder, is_published
    from training.settings import read_settings

    settings = read_settings(options.config)
    champions = settings.registry.champions
    with tempfile.TemporaryDirectory() as scratch:
        folder = champions  # itself, so that the next champion takes over without a restart
        if options.model is not None:
            folder = find_bundle(options.model, settings.registry, Path(scratch))
        else:
            refresh_copy(settings.registry)
        given = options.model is not None or options.scores is not None or options.data is not None
        if given or is_published(champions):
            _fill_store(bundle_folder(folder), settings, options)
        else:
            check_store(options.store)
            print(f"No champion is in {champions} yet: the page says what to do, and takes it over when it is there.")
        terms = service_terms(settings.service, store=options.store, host=options.host, workers=options.workers)
        terms = replace(terms, data=_shown(options.data), settings=_settings_file(options.config))
        scored_with = () if options.scores is None else read_run_plays(options.scores)[0]
        terms = replace(terms, playbook=write_plays(Path(scratch) / "playbook.json", settings, scored_with))
        tell_served(settings, options.store)
        terms = replace(terms, sign_in=sign_in(settings), track_records=settings.governance.track_records)
        serve_until_stopped(folder, options.port, terms, _announcement(options.store))
    return {"port": options.port}


def _announcement(store: str) -> Callable[[str], None]:
    """Return what says where the service answers, and whom, where there are no keys."""
    from serving.runtime.server import has_keys

    keyless = not has_keys(store)

    def announce(url: str) -> None:
        print(f"Serving at {url}; Ctrl-C ends it", flush=True)
        if keyless:
            print(WITHOUT_KEYS, file=sys.stderr, flush=True)

    return announce


def _shown(data: str | None) -> str:
    """Return a source as the page may name it: a database's address may hold a password."""
    return "" if data is None or "://" in data else data


def _settings_file(config: Path | None) -> str:
    """Return the settings file that is used, or that `ladder init` has written here."""
    written = Path("ladder.toml")
    return str(config) if config is not None else str(written) if written.is_file() else ""


def sign_in(settings: Settings) -> str:
    """Return how people sign in, as the workers read it.

    Raises
    ------
    SettingsError
        If there is an identity provider, and what is said of it cannot work.
    """
    told = asdict(settings.sign_in)
    if told["issuer"]:
        from serving.web.sign_in.openid import OpenIdTerms

        OpenIdTerms(**{name: value for name, value in told.items() if name not in ("hours", "idle_minutes")})
    return json.dumps(told)


def service_terms(limits: ServiceSettings, *, store: str | None, host: str = LOCAL, workers: int = 1) -> Terms:
    """Return how to serve: the command's options and the limits in the settings."""
    from serving.runtime.server import Terms

    return Terms(
        host=host, workers=workers, store=store, rate=limits.requests_per_second, burst=limits.requests_at_once,
        waiting=limits.most_waiting, proxy_user_header=limits.proxy_user_header, currency=limits.currency,
        names=dict(limits.names),
    )  # fmt: skip


def serve_until_stopped(folder: Path, port: int, terms: Terms, announce: Callable[[str], None]) -> None:
    """Serve a bundle, or whoever is champion of a folder.  announce : told the service's URL once it answers."""
    from serving.runtime.server import serve

    if serve(folder, port, terms, announce) != 0:
        raise LadderError("The service ended by itself; what it wrote above says why.")


def _fill_store(folder: Path, settings: Settings, options: ServeOptions) -> None:
    """Make the store, with the scores and the accounts that were given.  folder : of the model that is served."""
    from serving.store.database import open_store, writing
    from serving.store.scores.result_files import read_folder
    from serving.store.scores.scoring_runs import current_run, put_profiles
    from serving.store.views.first_views import keep_first_views
    from training.model.champion import read_trusted_bundle

    check_store(options.store)
    profiles = None if options.data is None else _profiles(options.data, settings)
    if options.scores is not None:
        bundle, version = read_trusted_bundle(folder)
        facts, chunks = read_folder(options.scores)
        if version == facts.model_version:
            facts, chunks = read_folder(options.scores, bundle)
        store_run(options.store, facts, chunks, profiles)
    elif profiles is not None:
        engine, left_out = open_store(options.store), LeftOut(options.store)
        try:
            with writing(engine) as connection:
                put_profiles(connection, map(left_out.of, profiles))
                current = current_run(connection)
                if current is not None:  # whose accounts they are counts in its figures
                    keep_first_views(connection, current.run_id)
            left_out.tell()
        finally:
            engine.dispose()
    if options.data is not None:
        bundle = read_trusted_bundle(folder)[0]
        _look_back(_as_scored(bundle, options), options.data, options.store, settings)


def _as_scored(bundle: Bundle, options: ServeOptions) -> Bundle:
    """Return the bundle with the playbook that the store's scores were made with, where somebody wrote it down."""
    from serving.scoring.advice.playbook import with_plays
    from serving.scoring.batch import read_run_plays
    from serving.store.database import open_store, reading
    from serving.store.scores.scoring_runs import current_run
    from serving.store.summaries import summary_of

    if options.scores is not None:
        return with_plays(bundle, *read_run_plays(options.scores))
    engine = open_store(options.store)
    try:
        with reading(engine) as connection:
            current = current_run(connection)
            kept = None if current is None else summary_of(connection, current.run_id)
    finally:
        engine.dispose()
    return bundle if kept is None else with_plays(bundle, kept[1].playbook, kept[1].playbook_from)


def _look_back(bundle: Bundle, data: str, store: str, settings: Settings) -> None:
    """Write what stands behind the store's scores, from the source that was given; nothing where there are none."""
    from serving.store.database import open_store, reading
    from serving.store.scores.scoring_runs import current_run

    engine = open_store(store)
    try:
        with reading(engine) as connection:
            current = current_run(connection)
    finally:
        engine.dispose()
    if current is None:
        return
    partitions = load_partitions(data, feedback=store, only=bundle.facts.tables)
    if partitions is None:
        loaded = load_source(data, settings, feedback=store, only=bundle.facts.tables)
        parts = iter([(loaded.histories, loaded.source)])
    else:
        parts = histories_of_parts(partitions)
    store_background(store, bundle, current.facts.as_of, parts)


def _profiles(data: str, settings: Settings) -> Sequence[pd.DataFrame] | None:
    """Return the rows of the source's table `accounts`; None where it has none."""
    from features.sources.partitioned import read_partitions
    from features.sources.source import read_table
    from serving.store.scores.result_files import profile_frame, profiles_of

    partitions = read_partitions(data)
    if partitions is not None:
        return list(profiles_of(partitions)) if "accounts" in partitions.tables else None
    columns = read_table(data, "accounts", settings.tables, settings.source.rules(time.time_ns() // 1000))
    return None if columns is None else [profile_frame(columns)]
