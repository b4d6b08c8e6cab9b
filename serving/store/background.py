"""What stands behind the scores of a run: timelines, standings and the summary, from histories into the store.

The service needs no source for it afterwards. Everything is computed before the store is written to, so that nobody
waits for it; each part of a source is written in one go.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd
import sqlalchemy as sa

from features.accounts.account_lookback import account_lookback
from features.accounts.account_timeline import account_timelines
from features.accounts.loyalty import Norms
from features.accounts.loyalty_pays import loyalty_sums
from features.accounts.nearest_neighbours import nearest_neighbours
from features.histories.histories import Histories
from features.sources.source import Source
from serving.scoring import lifetime_groups
from serving.scoring.lifetime_groups import group_names, lifetime_sums
from serving.store.bulk_insert import among
from serving.store.database import writing
from serving.store.scores.account_lookback import STANDINGS, put_standings, standings_frame
from serving.store.scores.scoring_runs import SCORES
from serving.store.scores.timelines import TIMELINES, pack, put_timelines
from serving.store.summaries import Summary, put_summary, summarise
from serving.store.views.first_views import keep_first_views
from training.model.bundle import Facts


@dataclass(frozen=True)
class Background:
    """Of the accounts of one part.  timelines : packed, in the order of ids.  groups : as `group_names` has them."""

    ids: list[str]
    timelines: list[tuple[bytes, int]]
    standings: pd.DataFrame
    summary: Summary
    groups: pd.DataFrame


def background_of(histories: Histories, source: Source | None, as_of: int, facts: Facts) -> Background:
    """Return what the page shows behind the scores at as_of (microseconds).  source : for its set-aside report."""
    seen = account_lookback(histories, as_of, facts.rules, facts.line_margins, facts.margin_rate)
    ids = [str(account) for account in histories.account_ids[seen.account]]
    packed: dict[int, tuple[bytes, int]] = {}
    for some in account_timelines(histories, as_of, facts.rules, Norms.of(facts.norms), facts.inflation):
        packed.update(zip(some.account.tolist(), pack(some.rows), strict=True))
    timelines = [packed[account] for account in seen.account.tolist()]
    pays = loyalty_sums(
        histories,
        as_of,
        facts.rules,
        line_margins=facts.line_margins,
        margin_rate=facts.margin_rate,
        grace_days=facts.renewal_grace_days,
    )
    return Background(
        ids, timelines, standings_frame(ids, seen, nearest_neighbours(seen), as_of),
        replace(summarise(seen, source), loyalty=pays), group_names(histories, seen.account),
    )  # fmt: skip


def write_background(engine: sa.Engine, run_id: int, facts: Facts, parts: Iterable[Background]) -> int:
    """Write all parts and forget the accounts without scores; says how many timelines are new or others.

    Raises StoreError as `writing` does; parts that were written before stay.
    """
    changed, whole = 0, None
    for part in parts:
        with writing(engine) as connection:
            changed += put_timelines(connection, part.ids, part.timelines)
            put_standings(connection, part.standings)
            lifetime = _lifetime_sums(connection, part)
        summary = replace(part.summary, lifetime=lifetime)
        whole = summary if whole is None else whole.plus(summary)
    with writing(engine) as connection:
        for table in (TIMELINES, STANDINGS):
            connection.execute(table.delete().where(table.c.account_id.not_in(sa.select(SCORES.c.account_id))))
        if whole is not None:
            put_summary(connection, run_id, whole, facts)
        keep_first_views(connection, run_id)  # again: now it is known when contracts end
    return changed


def _lifetime_sums(connection: sa.Connection, part: Background) -> dict[str, list[float]]:
    """Return the sums of lifetime values of a part's accounts, from their scores."""
    columns = [SCORES.c[name] for name in lifetime_groups.COLUMNS]
    rows = connection.execute(sa.select(*columns).where(among(connection, SCORES.c.account_id, part.ids))).all()
    scores = pd.DataFrame([tuple(row) for row in rows], columns=list(lifetime_groups.COLUMNS))
    order = pd.Index(part.ids).get_indexer(pd.Index(scores["account_id"]))
    numbers = ["lifetime_value", "payback_years"]
    return lifetime_sums(
        scores.astype(dict.fromkeys(numbers, "Float64")), part.groups.iloc[order].reset_index(drop=True)
    )  # fmt: skip
