"""The age of the batch scores that /lookup and /plan answer from, and of the nightly job, for the metrics."""

import threading
from collections.abc import Callable

import sqlalchemy as sa

from features.errors import LadderError
from features.instants import instant
from serving.store.audit_log import RETRAINED, last_of
from serving.store.database import open_store, reading
from serving.store.scores.scoring_runs import current_run

EVERY_SECONDS = 30.0
"""Between two looks: scores are written once a night, and an alarm about them can wait as long."""


PATIENCE_SECONDS = 5.0
"""For the store to answer one look."""


def watch_scores(
    url: str, tell: Callable[[int], None], every: float = EVERY_SECONDS, retrained: Callable[[int], None] | None = None
) -> None:
    """Tell the as_of of the last batch run, microseconds, again and again, in a thread that ends with the process.

    retrained : told when `ladder retrain` last finished, microseconds.
    """

    def go_on() -> None:
        pause = threading.Event()
        opened: list[sa.Engine] = []
        while True:
            try:
                if not opened:
                    opened.append(open_store(url, patience=PATIENCE_SECONDS))
                with reading(opened[0]) as connection:
                    current = current_run(connection)
                    finished = last_of(connection, RETRAINED)
                if current is not None:
                    tell(current.facts.as_of)
                if retrained is not None and finished is not None:
                    retrained(instant(finished.at))
            except LadderError:
                pass  # what cannot be read grows older in the figures, which is what they are for
            pause.wait(every)

    threading.Thread(target=go_on, name="freshness", daemon=True).start()
