"""The BentoML service: its tuning, and the environment variables that configure a worker.

BentoML's own routes come before any application that is mounted, and its errors have their own shape. So ours
is not mounted but stands in front: every request goes to it, and BentoML keeps the processes and the sockets.
Imported by the supervisor as well as by the workers: what is heavy is imported when a worker starts.
"""

import gc
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from collections.abc import Callable

    from serving.api.bounded_executor import BoundedExecutor
    from serving.api.model_holder import ModelHolder
    from serving.api.security.keyring import Keyring
    from serving.api.security.rate_limit import Rates
    from serving.api.store_endpoints.store_service import StoreService
    from serving.scoring.advice.playbook import Playbooks
    from serving.web.routes import Site
    from serving.web.sign_in.session import SessionAuth

BUNDLE, WORKERS, STORE = "LADDER_BUNDLE", "LADDER_WORKERS", "LADDER_STORE"
"""Environment variables: the folder of a bundle or of the champion, how many workers, the store's URL."""
BESIDE = Path(__file__).resolve().parents[2] / "champion"
"""Where the champion lies in a bento."""
RATE, BURST, WAITING = "LADDER_RATE", "LADDER_BURST", "LADDER_WAITING"
"""And the limits of each worker: requests of a key per second and at once, requests that may wait."""
TRIED = "LADDER_TRIED"
"""And the digest of the bundle that was tried already before the service was started."""
PROXY, CURRENCY, NAMES = "LADDER_PROXY_USER_HEADER", "LADDER_CURRENCY", "LADDER_NAMES"
"""And what the managers' page must know: who names the visitor, and the sign before amounts."""
DATA, SETTINGS = "LADDER_DATA", "LADDER_SETTINGS"
"""And the source and its settings file, which it names before there are scores."""
SIGN_IN, TRACK_RECORDS, CLIENT_SECRET = "LADDER_SIGN_IN", "LADDER_TRACK_RECORDS", "LADDER_OIDC_CLIENT_SECRET"
"""And how people sign in there (JSON), and who sees a single manager's record."""
PLAYBOOK = "LADDER_PLAYBOOK"
"""And a file with the plays of the settings, and of the folder of scores that the service was started with."""

TRACES = "LADDER_TRACES"
"""And who collects spans, if anybody: `serving.runtime.tracing`."""


class Front:
    """Answers every request with our application once it is there."""

    application: ASGIApp | None = None

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass requests to the application, and lifespan events to BentoML."""
        ours = Front.application
        await (self.app if scope["type"] == "lifespan" or ours is None else ours)(scope, receive, send)


class Worker:
    """One process that serves: BentoML makes one when the process starts."""

    def __init__(self) -> None:
        # LightGBM imports scikit-learn wherever it is installed: 66 MB and 0.6 s a worker for nothing that serves.
        sys.modules.setdefault("sklearn", None)  # type: ignore[arg-type]
        from serving.api.app import create_app
        from serving.api.bounded_executor import MOST_WAITING, BoundedExecutor
        from serving.api.model_holder import ModelHolder, ModelReloader
        from serving.api.observability.logging import configure_logging
        from serving.api.observability.metrics import PrometheusMetrics
        from serving.api.observability.spans import NONE
        from serving.api.openapi import EXAMPLE
        from serving.api.security.keyring import Keyring
        from serving.api.security.rate_limit import BURST as USUAL_BURST
        from serving.api.security.rate_limit import PER_SECOND, Rates
        from serving.runtime.bundle_trial import try_bundle
        from serving.runtime.connections import guard_connections
        from serving.runtime.process_lifetime import end_this_process, end_with_parent
        from serving.scoring.advice.playbook import read_playbooks, with_plays

        end_with_parent()
        guard_connections()
        configure_logging()
        holder, meter, spans = ModelHolder(), PrometheusMetrics(), NONE
        if os.environ.get(TRACES):
            from serving.runtime.tracing import traces_of_environment

            spans = traces_of_environment()
        trial = partial(try_bundle, tried=os.environ.get(TRIED))
        playbooks = read_playbooks(os.environ.get(PLAYBOOK, ""))
        reloader = ModelReloader(
            holder,
            Path(os.environ.get(BUNDLE, BESIDE)),
            EXAMPLE,
            meter,
            trial,
            prepare=partial(with_plays, plays=playbooks.first),
        )
        reloader.look()
        reloader.watch()
        rates = Rates(float(os.environ.get(RATE, PER_SECOND)), int(os.environ.get(BURST, USUAL_BURST)))
        waiting, store = int(os.environ.get(WAITING, MOST_WAITING)), os.environ.get(STORE)
        if store is not None:
            from serving.api.score_freshness import watch_scores

            watch_scores(store, meter.batch_scores, retrained=meter.retrained)
        scoring, filing, writing = (BoundedExecutor(waiting, stuck=end_this_process) for _ in range(3))
        if store is None:
            none = Keyring()
            Front.application = create_app(
                holder, meter, ring=lambda: none, rates=rates, scoring=scoring, spans=spans,
            )  # fmt: skip
        else:
            from serving.api.security.key_store import watch_keys
            from serving.api.store_endpoints.store_service import StoreService

            store_service, keys = StoreService(store), watch_keys(store)
            site = _site(store_service, keys.ring, rates, executors=(filing, writing), holder=holder, told=playbooks)
            Front.application = create_app(
                holder, meter, archive=store_service, ring=keys.ring, rates=rates, scoring=scoring, filing=filing,
                writing=writing, pages=site, check_store=keys.check_fresh, spans=spans,
            )  # fmt: skip
        gc.collect()
        gc.freeze()


def _site(
    store_service: "StoreService",
    ring: "Callable[[], Keyring]",
    rates: "Rates",
    *,
    executors: "tuple[BoundedExecutor, BoundedExecutor]",
    holder: "ModelHolder",
    told: "Playbooks",
) -> "Site":
    """Return the managers' page; its templates are loaded only where there is a store."""
    from serving.scoring.advice.playbook import Playbooks
    from serving.web.routes import Site
    from serving.web.start import Standing
    from serving.web.visit import option_labels

    def standing() -> Standing:
        trained = holder.scoring_service is not None
        return Standing(trained, os.environ.get(DATA, ""), os.environ.get(SETTINGS, ""))

    def playbooks() -> Playbooks:
        serving = holder.scoring_service
        model = () if serving is None else serving.scorer.bundle.facts.playbook
        return Playbooks(told.first, (*told.last, *model))

    def labels() -> dict[str, str]:
        serving = holder.scoring_service
        return {} if serving is None else option_labels(serving.scorer.bundle.facts.option_words)

    session_auth = _session_auth(ring, json.loads(os.environ.get(SIGN_IN, "{}")))
    names: dict[str, str] = json.loads(os.environ.get(NAMES) or "{}")
    reading, writing = executors
    return Site(
        store_service, session_auth, rates, reading, writing=writing, currency=os.environ.get(CURRENCY, "€"),
        track_records=os.environ.get(TRACK_RECORDS, "off"), standing=standing, names=names,
        playbooks=playbooks, labels=labels,
    )  # fmt: skip


def _session_auth(ring: "Callable[[], Keyring]", told: dict[str, Any]) -> "SessionAuth":
    """Return who knows visitors.  told : the settings about signing in, without an issuer where there is none."""
    from serving.web.sign_in.session import HOURS, IDLE_MINUTES, SessionAuth

    openid, hours, idle = None, told.pop("hours", HOURS), told.pop("idle_minutes", IDLE_MINUTES)
    if told.get("issuer"):
        from serving.web.sign_in.openid import OpenId, OpenIdTerms

        openid = OpenId(OpenIdTerms(**told, client_secret=os.environ.get(CLIENT_SECRET, "")))
    return SessionAuth(ring, os.environ.get(PROXY) or None, openid, hours=hours, idle_minutes=idle)


LADDER = bentoml.service(
    name="loyalty_ladder",
    workers=int(os.environ.get(WORKERS, "1")),
    # A timer of BentoML's lives until its time, also when the request is done: a minute of them is memory lost.
    # Ours, in serving.api.bounded_executor, is shorter, and answers in our shape.
    traffic={"timeout": 20},
    logging={"access": {"enabled": False}},
    # Its figures have a series for every path that anybody tries; serving.api.observability.metrics counts instead.
    metrics={"enabled": False},
    tracing={"excluded_urls": ".*"},
)(Worker)
LADDER.add_asgi_middleware(Front)
