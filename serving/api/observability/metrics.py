"""Metrics of the service for Prometheus: one series a route and status, never one a path that somebody tried."""

import math
import os
import time
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from serving.api.observability.request_context import RequestContext

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0)
CHANCES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
MICROSECONDS = 1_000_000


class PrometheusMetrics:
    """Counts in the files that all workers share.

    Make it in the worker only: Prometheus looks for PROMETHEUS_MULTIPROC_DIR when it is first imported.
    """

    def __init__(self) -> None:
        _forget_dead_workers()
        self._requests = Counter("ladder_requests", "Requests answered", ("path", "status"))
        self._seconds = Histogram("ladder_request_seconds", "Time to answer, seconds", ("path",), buckets=SECONDS)
        self._accounts = Counter("ladder_accounts_scored", "Accounts scored, by their rung of now", ("rung",))
        self._missing = Counter("ladder_missing_feature_shares", "Sum over accounts of the share of features unknown")
        self._p_switch = Histogram(
            "ladder_p_switch", "Chance of switching of the accounts scored", ("rung",), buckets=CHANCES
        )
        self._serving = Gauge(
            "ladder_model_workers", "Workers that answer with this model", ("version",), multiprocess_mode="livesum"
        )
        self._trained = Gauge(
            "ladder_model_trained_until_timestamp_seconds", "Nothing later was learnt from; time() - this = the age",
            multiprocess_mode="livemostrecent",
        )  # fmt: skip
        self._scored = Gauge(
            "ladder_batch_scores_as_of_timestamp_seconds", "What /lookup answers from; time() - this = the age",
            multiprocess_mode="livemostrecent",
        )  # fmt: skip
        self._retrained = Gauge(
            "ladder_retrain_finished_timestamp_seconds", "When `ladder retrain` last finished into this store",
            multiprocess_mode="livemostrecent",
        )  # fmt: skip
        self._swaps = Counter("ladder_model_swaps", "Models taken over while serving")
        self._refusals = Counter("ladder_model_refusals", "Models refused")
        self._refused = Gauge(
            "ladder_model_refused", "Workers that refuse what lies in the folder", multiprocess_mode="livesum"
        )
        self._started = Gauge(
            "ladder_worker_start_timestamp_seconds", "When the latest worker started", multiprocess_mode="livemax"
        )
        self._started.set(time.time())
        self._version: str | None = None

    def observe(self, path: str, status: int, seconds: float, note: RequestContext) -> None:
        """Count an answered request."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)
        if note.accounts:
            self._missing.inc(note.missing * note.accounts)
            for rung, chance in zip(note.rungs, note.p_switch, strict=True):
                self._accounts.labels(rung).inc()
                if not math.isnan(chance):
                    self._p_switch.labels(rung).observe(chance)

    def serves(self, version: str, trained_until: int, swapped: bool) -> None:
        """Record which model answers from now on."""
        if self._version is not None:
            self._serving.labels(self._version).set(0)
        self._serving.labels(version).set(1)
        self._version = version
        self._trained.set(trained_until / MICROSECONDS)
        if swapped:
            self._swaps.inc()

    def batch_scores(self, as_of: int) -> None:
        """Record the instant of the store's scores, microseconds."""
        self._scored.set(as_of / MICROSECONDS)

    def retrained(self, at: int) -> None:
        """Record when the nightly job last finished, microseconds."""
        self._retrained.set(at / MICROSECONDS)

    def refuses(self, refused: bool) -> None:
        """Record whether the bundle in the folder cannot be used."""
        self._refused.set(int(refused))
        if refused:
            self._refusals.inc()

    def show(self) -> tuple[bytes, str]:
        """Return the metrics of all workers together."""
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST


def _forget_dead_workers() -> None:
    """Remove the gauges of workers that were killed, which could not do so themselves."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    for file in Path(folder).glob("gauge_live*.db") if folder and os.name == "posix" else ():
        pid = int(file.stem.rsplit("_", 1)[1])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            multiprocess.mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
        except OSError:
            continue
