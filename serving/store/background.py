"""What stands behind the scores of a run: timelines, standings and the summary, from histories into the store.

The service needs no source for it afterwards. Everything is computed before the store is written to, so that nobody
waits for it; each part of a source is written in one go.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import sqlalchemy as sa

from features.accounts.account_lookback import account_lookback
from features.accounts.account_timeline import account_timelines
from features.accounts.nearest_neighbours import nearest_neighbours
from features.histories.histories import Histories
from features.sources.source import Source
from serving.store.account_lookback import STANDINGS, put_standings, standings_frame
from serving.store.database import writing
from serving.store.run_figures import keep_figures
from serving.store.scoring_runs import SCORES
from serving.store.summaries import Summary, put_summary, summarise
from serving.store.timelines import TIMELINES, pack, put_timelines
from training.model.bundle import Facts


@dataclass(frozen=True)
class Background:
    """Of the accounts of one part.  timelines : packed, in the order of ids."""

    ids: list[str]
    timelines: list[tuple[bytes, int]]
    standings: pd.DataFrame
    summary: Summary


def background_of(histories: Histories, source: Source | None, as_of: int, facts: Facts) -> Background:
    """Return what the page shows behind the scores at as_of (microseconds).  source : for its set-aside report."""
    seen = account_lookback(histories, as_of, facts.rules, facts.line_margins, facts.margin_rate)
    ids = [str(account) for account in histories.account_ids[seen.account]]
    packed: dict[int, tuple[bytes, int]] = {}
    for some in account_timelines(histories, as_of, facts.rules):
        packed.update(zip(some.account.tolist(), pack(some.rows), strict=True))
    timelines = [packed[account] for account in seen.account.tolist()]
    return Background(
        ids, timelines, standings_frame(ids, seen, nearest_neighbours(seen), as_of), summarise(seen, source)
    )


def write_background(engine: sa.Engine, run_id: int, facts: Facts, parts: Iterable[Background]) -> int:
    """Write all parts and forget the accounts without scores; says how many timelines are new or others.

    Raises StoreError as `writing` does; parts that were written before stay.
    """
    changed, whole = 0, None
    for part in parts:
        with writing(engine) as connection:
            changed += put_timelines(connection, part.ids, part.timelines)
            put_standings(connection, part.standings)
        whole = part.summary if whole is None else whole.plus(part.summary)
    with writing(engine) as connection:
        for table in (TIMELINES, STANDINGS):
            connection.execute(table.delete().where(table.c.account_id.not_in(sa.select(SCORES.c.account_id))))
        if whole is not None:
            put_summary(connection, run_id, whole, facts)
        keep_figures(connection, run_id)  # again: now it is known when contracts end
    return changed
