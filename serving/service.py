"""BentoML's side: one service, its tuning, and the environment that tells a worker which bundle to load.

BentoML's own routes come before any application that is mounted, and its errors have their own shape. So ours
is not mounted but stands in front: every request goes to it, and BentoML keeps the processes and the sockets.
Imported by the supervisor as well as by the workers: what is heavy is imported when a worker starts.
"""

import gc
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send

from features.errors import LadderError

if TYPE_CHECKING:
    from serving.app import Archive, Counter

BUNDLE, WORKERS, STORE = "LADDER_BUNDLE", "LADDER_WORKERS", "LADDER_STORE"
"""Environment variables, set by serving.server and read nowhere else: the bundle's folder, how many workers, the URL
of the store."""
_log = logging.getLogger("bentoml.ladder")


class Front:
    """Answers every request with our application once it is there."""

    application: ASGIApp | None = None

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """To us, but for the events of the process's life, which are BentoML's."""
        ours = Front.application
        await (self.app if scope["type"] == "lifespan" or ours is None else ours)(scope, receive, send)


class Worker:
    """One process that serves: BentoML makes one when the process starts."""

    def __init__(self) -> None:
        # LightGBM imports scikit-learn wherever it is installed: 66 MB and 0.6 s a worker for nothing that serves.
        sys.modules.setdefault("sklearn", None)  # type: ignore[arg-type]
        from serving.app import Counter, create_app
        from serving.metering import PrometheusMeter

        counter = Counter()
        _load(counter, os.environ.get(BUNDLE))
        Front.application = create_app(counter, PrometheusMeter(), _archive(os.environ.get(STORE)))
        gc.collect()
        gc.freeze()


def _archive(store: str | None) -> "Archive | None":
    """Who answers from the store; SQLAlchemy is loaded only where there is one."""
    if store is None:
        return None
    from serving.clerk import Clerk

    return Clerk(store)


def _load(counter: "Counter", folder: str | None) -> None:
    """Put the bundle on the counter, or say why there is none: a worker that dies would be restarted for ever."""
    from serving.openapi import EXAMPLE
    from serving.requests import Desk
    from training.bundle import read_bundle

    if folder is None:
        counter.reason = f"{BUNDLE} names no bundle. Start the service with `ladder serve`."
        return
    try:
        desk = Desk(*read_bundle(Path(folder)))
        desk.warm(EXAMPLE)
        counter.desk = desk
    except Exception as error:  # noqa: BLE001
        counter.reason = "The model cannot be loaded; the service's log says why."
        _log.error("%s", error if isinstance(error, LadderError) else f"{type(error).__name__}: {error}")


LADDER = bentoml.service(
    name="loyalty_ladder",
    workers=int(os.environ.get(WORKERS, "1")),
    # A timer of BentoML's lives until its time, also when the request is done: a minute of them is memory lost.
    # Ours, in serving.app, is shorter, and answers in our shape.
    traffic={"timeout": 20},
    logging={"access": {"enabled": False}},
    # Its figures have a series for every path that anybody tries; serving.metering counts instead.
    metrics={"enabled": False},
    tracing={"excluded_urls": ".*"},
)(Worker)
LADDER.add_asgi_middleware(Front)
