"""The BentoML service: its tuning, and the environment variables that configure a worker.

BentoML's own routes come before any application that is mounted, and its errors have their own shape. So ours
is not mounted but stands in front: every request goes to it, and BentoML keeps the processes and the sockets.
Imported by the supervisor as well as by the workers: what is heavy is imported when a worker starts.
"""

import gc
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from collections.abc import Callable

    from serving.api.bounded_executor import BoundedExecutor
    from serving.api.keyring import Keyring
    from serving.api.model_holder import ModelHolder
    from serving.api.rate_limit import Rates
    from serving.api.store_service import StoreService
    from serving.web.routes import Site

BUNDLE, WORKERS, STORE = "LADDER_BUNDLE", "LADDER_WORKERS", "LADDER_STORE"
"""Environment variables: the folder of a bundle or of the champion, how many workers, the store's URL."""
BESIDE = Path(__file__).resolve().parents[2] / "champion"
"""Where the champion lies in a bento."""
RATE, BURST, WAITING = "LADDER_RATE", "LADDER_BURST", "LADDER_WAITING"
"""And the limits of each worker: requests of a key per second and at once, requests that may wait."""
PROXY, CURRENCY, NAMES = "LADDER_PROXY_USER_HEADER", "LADDER_CURRENCY", "LADDER_NAMES"
"""And what the managers' page must know: who names the visitor, and the sign before amounts."""
DATA, SETTINGS = "LADDER_DATA", "LADDER_SETTINGS"
"""And the source and its settings file, which it names before there are scores."""


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
        from serving.api.logging import configure_logging
        from serving.api.metrics import PrometheusMetrics
        from serving.api.model_holder import ModelHolder, ModelReloader
        from serving.api.openapi import EXAMPLE
        from serving.api.rate_limit import BURST as USUAL_BURST
        from serving.api.rate_limit import PER_SECOND, Rates
        from serving.runtime.process_lifetime import end_with_parent

        end_with_parent()
        configure_logging()
        holder, meter = ModelHolder(), PrometheusMetrics()
        reloader = ModelReloader(holder, Path(os.environ.get(BUNDLE, BESIDE)), EXAMPLE, meter)
        reloader.look()
        reloader.watch()
        rates = Rates(float(os.environ.get(RATE, PER_SECOND)), int(os.environ.get(BURST, USUAL_BURST)))
        waiting, store = int(os.environ.get(WAITING, MOST_WAITING)), os.environ.get(STORE)
        if store is not None:
            from serving.api.score_freshness import watch_scores

            watch_scores(store, meter.batch_scores)
        scoring, filing, ring = BoundedExecutor(waiting), BoundedExecutor(waiting), _ring(store)
        if store is None:
            Front.application = create_app(
                holder, meter, archive=None, ring=ring, rates=rates, scoring=scoring, filing=filing
            )
        else:
            from serving.api.store_service import StoreService

            store_service = StoreService(store)
            site = _site(store_service, ring, rates, executor=filing, holder=holder)
            Front.application = create_app(
                holder, meter, archive=store_service, ring=ring, rates=rates, scoring=scoring, filing=filing, pages=site
            )
        gc.collect()
        gc.freeze()


def _site(
    store_service: "StoreService",
    ring: "Callable[[], Keyring]",
    rates: "Rates",
    *,
    executor: "BoundedExecutor",
    holder: "ModelHolder",
) -> "Site":
    """Return the managers' page; its templates are loaded only where there is a store."""
    from serving.web.routes import Site
    from serving.web.session import SessionAuth
    from serving.web.start import Standing

    def standing() -> Standing:
        trained = holder.scoring_service is not None
        return Standing(trained, os.environ.get(DATA, ""), os.environ.get(SETTINGS, ""))

    session_auth = SessionAuth(ring, os.environ.get(PROXY) or None)
    names: dict[str, str] = json.loads(os.environ.get(NAMES) or "{}")
    currency = os.environ.get(CURRENCY, "€")
    return Site(
        store_service, session_auth, rates, executor, currency=currency, standing=standing, names=names
    )  # fmt: skip


def _ring(store: str | None) -> "Callable[[], Keyring]":
    """Return the current keys; without a store none, so that only this machine is answered."""
    if store is None:
        from serving.api.keyring import Keyring

        none = Keyring()
        return lambda: none
    from serving.api.key_store import watch_keys

    return watch_keys(store)


LADDER = bentoml.service(
    name="loyalty_ladder",
    workers=int(os.environ.get(WORKERS, "1")),
    # A timer of BentoML's lives until its time, also when the request is done: a minute of them is memory lost.
    # Ours, in serving.api.bounded_executor, is shorter, and answers in our shape.
    traffic={"timeout": 20},
    logging={"access": {"enabled": False}},
    # Its figures have a series for every path that anybody tries; serving.api.metrics counts instead.
    metrics={"enabled": False},
    tracing={"excluded_urls": ".*"},
)(Worker)
LADDER.add_asgi_middleware(Front)
