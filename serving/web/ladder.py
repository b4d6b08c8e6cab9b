"""The ladder as a whole: accounts and money on every rung, the flows of a year, and where accounts get stuck."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from starlette.responses import Response

from features.ladder.rules import MEMBER, SHOPPER
from features.tables import RUNGS
from serving.store.database import reading
from serving.store.lookups import required_run
from serving.store.people.visibility import is_limited
from serving.store.scores.scoring_runs import SCORES, Current
from serving.store.summaries import LEFT, NEW, Summary, summary_of
from serving.store.views.run_figures import IS_FORMER
from serving.store.views.rung_views import rung_disagreements
from serving.web.charts.charts import bar
from serving.web.charts.flow_chart import draw_flows
from serving.web.loyalty_pays import pictures_of
from serving.web.ttl_cache import TTLCache
from serving.web.visit import Visit, render
from training.model.text.names import acquired_name

STUCK = (("half", 0, 2), ("one", 2, 4), ("two", 4, 8), ("more", 8, 13))
"""Columns of the standstill: times 90 days, from and up to."""
WIDTH, LEFT_EDGE, ROW, BAR = 760, 150, 54, 13
"""Of the picture of the rungs, pixels."""


@dataclass(frozen=True)
class Counts:
    """How many accounts stand where: on every rung now and at the horizon, and beside the ladder.

    former : customers that have gone, who stand on a rung too.  gone : how many of them on each.
    back : how many of them are expected to order again.
    """

    now: list[int]
    expected: list[float]
    former: int
    gone: Sequence[int]
    back: float


_counts: TTLCache[Counts] = TTLCache()


@dataclass(frozen=True)
class Rung:
    """One row of the ladder.  then, revenue, margin : None where no summary is stored.  expected : at the horizon."""

    name: str
    now: int
    expected: float
    then: int | None = None
    revenue: float | None = None
    margin: float | None = None
    still: Sequence[float] = ()
    won_cost: float | None = None
    won_margin: float | None = None


def show(visit: Visit) -> Response:
    """Answer GET /ladder."""
    with reading(visit.engine) as connection:
        current = required_run(connection)
        found = summary_of(connection, current.run_id)
        counts = _counts.get((str(visit.engine.url), current.run_id), lambda: _read_counts(connection))
        differ = rung_disagreements(connection)
    summary, model = (None, None) if found is None else found
    if is_limited(visit.engine):  # its sums are of all accounts
        summary = None
    visit = visit.about(current.facts)
    rungs = _rungs(counts.now, counts.expected, summary)
    flows = None if summary is None else flow_words(visit, summary)
    stuck = [rung for rung in rungs[SHOPPER:MEMBER] if rung.now and rung.still]
    worst = max(stuck, key=lambda rung: sum(rung.still[2:]) / rung.now, default=None)
    return render(
        visit, "ladder.html", current=current, counts=counts,
        bars=draw_rungs(visit, rungs, current.facts.horizon_days, counts.former),
        rungs=rungs[::-1], summary=summary, bar=bar, flows=flows,
        picture=None if summary is None else draw_flows(visit, summary.flows, str(flows)),
        shades=None if summary is None else _shades(summary), worst=worst, stuck_names=[name for name, _, _ in STUCK],
        acquired=[] if model is None else [_named(visit, row) for row in model.acquisition],
        days=current.facts.horizon_days,
        pays=[] if summary is None else pictures_of(visit, summary), limited=is_limited(visit.engine), differ=differ,
        views=[] if model is None else _views(visit, model.rung_views),
        margin=sum(rung.margin or 0.0 for rung in rungs), most=max((*counts.now, 1)), NEW=NEW, LEFT=LEFT, names=RUNGS,
    )  # fmt: skip


def _views(visit: Visit, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return who agrees how far with the rule, in words; single managers only for those who may see their record."""
    return [
        {**row, "name": row["manager"] or visit.say(f"views.who.{row['who']}")}
        for row in rows
        if row["kappa"] is not None and (row["manager"] is None or visit.shows_record_of(row["manager"]))
    ]


def draw_rungs(visit: Visit, rungs: Sequence[Rung], days: int, former: int) -> Markup:
    """Draw the accounts on every rung a year ago, now, and as expected, the highest rung on top.

    former : customers that have gone, drawn below the ladder.
    """
    most = max((max(rung.now, rung.then or 0, rung.expected, former) for rung in rungs), default=0) or 1
    kinds = [("then", "ladder.then"), ("now", "ladder.now"), ("expected", "ladder.expected")]
    parts, y = [], 26.0
    for k, (kind, key) in enumerate(kinds):
        label = visit.say(key, days=days) if kind == "expected" else visit.say(key)
        parts.append(f'<rect class="b-{kind}" x="{LEFT_EDGE + 190 * k}" y="4" width="12" height="12"/>')
        parts.append(f'<text x="{LEFT_EDGE + 190 * k + 18}" y="15">{escape(label)}</text>')
    for rung in [*rungs[::-1], Rung("", former, float("nan"))]:
        told = visit.say(f"rung.{rung.name}") if rung.name else visit.say("priorities.former")
        parts.append(f'<text x="{LEFT_EDGE - 10}" y="{y + 26}" text-anchor="end">{escape(told)}</text>')
        for k, (kind, _) in enumerate(kinds):
            count = getattr(rung, kind)
            if count is None or math.isnan(count):
                continue
            width, top = round(count / most * (WIDTH - LEFT_EDGE - 80), 1), y + 4 + k * (BAR + 2)
            parts.append(f'<rect class="b-{kind}" x="{LEFT_EDGE}" y="{top}" width="{max(width, 1)}" height="{BAR}"/>')
            told = escape(visit.formats.number(count))
            parts.append(f'<text class="count" x="{LEFT_EDGE + width + 6}" y="{top + 11}">{told}</text>')
        y += ROW
    head = (
        f'<svg class="picture rungs" viewBox="0 0 {WIDTH} {y + 6:.0f}" width="{WIDTH}" height="{y + 6:.0f}" role="img" '
    )
    return Markup(f'{head}aria-label="{escape(visit.say("ladder.rungs"), quote=True)}">{"".join(parts)}</svg>')


def _named(visit: Visit, row: Mapping[str, Any]) -> Mapping[str, Any]:
    channel = row.get("channel")
    return {**row, "what": acquired_name(row, visit.language, visit.called(channel, channel) if channel else None)}


def rungs_of(connection: sa.Connection, visit: Visit, current: Current) -> tuple[list[Rung], int]:
    """Return the rungs with their accounts now, a year ago and at the horizon, lowest first, and who has gone."""
    found = summary_of(connection, current.run_id)
    counts = _counts.get((str(visit.engine.url), current.run_id), lambda: _read_counts(connection))
    summary = None if found is None or is_limited(visit.engine) else found[0]
    return _rungs(counts.now, counts.expected, summary), counts.former


def _read_counts(connection: sa.Connection) -> Counts:
    query = sa.select(SCORES.c.rung, sa.func.count()).group_by(SCORES.c.rung)
    now = {row[0]: int(row[1]) for row in connection.execute(query)}
    sums = connection.execute(sa.select(*(sa.func.sum(SCORES.c[f"p_{rung}"]) for rung in RUNGS))).one()
    gone = {row[0]: int(row[1]) for row in connection.execute(query.where(IS_FORMER))}
    back = connection.execute(sa.select(sa.func.sum(SCORES.c.p_win_back)).where(IS_FORMER)).scalar()
    return Counts(
        [now.get(rung, 0) for rung in RUNGS], [float(one or 0.0) for one in sums], sum(gone.values()),
        [gone.get(rung, 0) for rung in RUNGS], float(back or 0.0),
    )  # fmt: skip


def _rungs(now: Sequence[int], expected: Sequence[float], summary: Summary | None) -> list[Rung]:
    if summary is None:
        return [Rung(name, now[k], expected[k]) for k, name in enumerate(RUNGS)]
    rows = []
    for k, name in enumerate(RUNGS):
        won, still = summary.won[k], [sum(summary.still[k][begin:end]) for _, begin, end in STUCK]
        cost, margin = (None, None) if not won else (summary.won_cost[k] / won, summary.won_margin[k] / won)
        rows.append(
            Rung(
                name=name,
                now=now[k],
                expected=expected[k],
                then=int(summary.before[k]),
                revenue=summary.revenue[k],
                margin=summary.margin[k],
                still=still,
                won_cost=cost,
                won_margin=margin,
            )
        )
    return rows


def flow_words(visit: Visit, summary: Summary) -> str:
    """Return the flows in a sentence."""
    n, number = len(RUNGS), visit.formats.number
    pairs = [(a, b, summary.flows[a][b]) for a in range(n) for b in range(n)]
    return visit.say(
        "ladder.flows.told", up=number(sum(c for a, b, c in pairs if b > a)),
        down=number(sum(c for a, b, c in pairs if b < a)), same=number(sum(c for a, b, c in pairs if a == b)),
        new=number(sum(summary.flows[NEW])), left=number(sum(row[LEFT] for row in summary.flows)),
    )  # fmt: skip


def _shades(summary: Summary) -> list[list[int]]:
    """Return how dark each cell of the table of flows is, 0 to 6: its part of the row."""
    rows = []
    for row in summary.flows:
        total = sum(row) or 1.0
        rows.append([0 if not cell else 1 + round(5 * cell / total) for cell in row])
    return rows
