"""What is kept for how long: feedback with the decisions it brought, the audit log, former runs and their plans."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from features.instants import MICROSECONDS_PER_DAY
from serving.store.audit_log import RETENTION, Author, Entry, drop_before, record
from serving.store.database import in_turn, moment
from serving.store.feedback.accepted_plans import PLAN_ROWS, PLANS
from serving.store.feedback.feedback import FEEDBACK
from serving.store.feedback.overrides import OVERRIDES
from serving.store.feedback.verdicts import VERDICTS
from serving.store.people.sessions import SESSIONS
from serving.store.scores.previous_scores import PREVIOUS
from serving.store.scores.scoring_runs import RUNS, SCORES, current_run
from serving.store.summaries import SUMMARIES
from serving.store.views.first_views import WHAT as FIRST_VIEWS
from serving.store.views.list_totals import RUN_TOTALS
from serving.store.views.news import RUN_NEWS, keep_news
from serving.store.views.run_figures import RUN_FIGURES


@dataclass(frozen=True)
class Terms:
    """Days that things are kept; 0 = for ever."""

    feedback: int = 0
    audit: int = 0
    runs: int = 0


def apply(connection: sa.Connection, terms: Terms, now: int) -> Mapping[str, int]:
    """Remove what is older and return how many rows of each table; the audit log says so.  now : microseconds."""
    gone: dict[str, int] = {}

    def remove(table: sa.Table, which: "sa.ColumnElement[bool]") -> None:
        number = connection.execute(table.delete().where(which)).rowcount
        if number:
            gone[table.name] = gone.get(table.name, 0) + number

    remove(SESSIONS, SESSIONS.c.ends_at < moment(now))
    if terms.feedback:
        begin = moment(now - terms.feedback * MICROSECONDS_PER_DAY)
        # What still stands is kept, and so is the last number, which the next event counts on from.
        stands = sa.select(OVERRIDES.c.seq).where(OVERRIDES.c.until > moment(now))
        last = sa.select(sa.func.max(FEEDBACK.c.seq)).scalar_subquery()
        old = (FEEDBACK.c.received_at < begin) & FEEDBACK.c.seq.not_in(stands) & (FEEDBACK.c.seq != last)
        numbers = sa.select(FEEDBACK.c.seq).where(old)
        remove(OVERRIDES, OVERRIDES.c.seq.in_(numbers))
        remove(FEEDBACK, old)
    if terms.runs:
        begin = moment(now - terms.runs * MICROSECONDS_PER_DAY)
        plans = sa.select(PLANS.c.plan_id).where(PLANS.c.accepted_at < begin)
        remove(PLAN_ROWS, PLAN_ROWS.c.plan_id.in_(plans))
        remove(PLANS, PLANS.c.accepted_at < begin)
        remove(VERDICTS, VERDICTS.c.judged_as_of < begin)
        current = sa.select(sa.func.max(RUNS.c.run_id)).scalar_subquery()
        old_runs = sa.select(RUNS.c.run_id).where(RUNS.c.written_at < begin, RUNS.c.run_id != current)
        remove(PREVIOUS, PREVIOUS.c.run_id.in_(old_runs))
        remove(SUMMARIES, SUMMARIES.c.run_id.in_(old_runs))
        used = sa.select(SCORES.c.changed_run)
        remove(RUNS, (RUNS.c.written_at < begin) & (RUNS.c.run_id != current) & RUNS.c.run_id.not_in(used))
        run = current_run(connection)
        if PREVIOUS.name in gone and run is not None:
            in_turn(connection, FIRST_VIEWS)
            keep_news(connection, run.run_id)  # some of it was told from there
        for table in (RUN_FIGURES, RUN_NEWS, RUN_TOTALS):
            remove(table, table.c.run_id.not_in(sa.select(RUNS.c.run_id)))
    if gone:
        record(connection, now, Author(), [Entry(RETENTION, "store", {"removed": dict(gone)})])
    if terms.audit:
        number = drop_before(connection, now - terms.audit * MICROSECONDS_PER_DAY, now, Author())
        gone |= {"audit_log": number} if number else {}
    return gone
