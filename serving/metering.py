"""Figures about the service, for Prometheus: one series a route and status, never one a path that somebody tried."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.exposition import CONTENT_TYPE_LATEST


class PrometheusMeter:
    """Counts in the files that all workers share.

    Make it in the worker only: Prometheus looks for PROMETHEUS_MULTIPROC_DIR when it is first imported.
    """

    def __init__(self) -> None:
        labels = ("path", "status")
        self._requests = Counter("ladder_requests", "Requests answered", labels)
        buckets = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0)
        self._seconds = Histogram("ladder_request_seconds", "Time to answer, seconds", ("path",), buckets=buckets)

    def observe(self, path: str, status: int, seconds: float) -> None:
        """One request answered."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def show(self) -> tuple[bytes, str]:
        """The figures of all workers together."""
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST
