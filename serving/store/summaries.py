"""The ladder as a whole, once a run: accounts, flows, money, standstill by rung, and what is known of data and model.

Counts and sums only, so that those of a source's parts add up to those of the whole.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa

from features.accounts.account_lookback import MAX_PERIODS_ON_RUNG, UNKNOWN, AccountLookback
from features.accounts.loyalty_pays import add_sums
from features.instants import iso
from features.ladder.rules import LadderRules
from features.sources.source import Source
from features.tables import RUNGS
from serving.store.database import METADATA
from training.model.bundle import Facts
from training.model.findings import Finding, from_json, to_json
from training.model.playbook import Play, play_of

SUMMARIES = sa.Table(
    "summaries", METADATA,
    sa.Column("run_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.Text, nullable=False),
)  # fmt: skip
NEW, LEFT = len(RUNGS), len(RUNGS)
"""Row of the flows for accounts that were not known a year ago; column for those that switched away in the year."""
Counts = list[float]


@dataclass(frozen=True)
class Summary:
    """What one run says of the ladder; lists have an entry for each rung, lowest first.

    flows : from a year ago (rungs, then NEW) to now (rungs, then LEFT), accounts.
    revenue, margin : of the last year.  still : accounts by how many times 90 days they have stood there.
    won : accounts whose acquisition cost is known; won_cost, won_margin : sums of theirs, margin of the last year.
    loyalty : sums of `features.accounts.loyalty_pays`.  lifetime : sums of `serving.scoring.lifetime_groups`.
    set_aside : table -> rows read, rows set aside.  notes : of the source.
    """

    accounts: Counts
    before: Counts
    flows: list[Counts]
    revenue: Counts
    margin: Counts
    still: list[Counts]
    won: Counts
    won_cost: Counts
    won_margin: Counts
    set_aside: dict[str, list[int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    loyalty: dict[str, list[float]] = field(default_factory=dict)
    lifetime: dict[str, list[float]] = field(default_factory=dict)

    def plus(self, other: "Summary") -> "Summary":
        """Return the summary of both together."""
        mine, theirs = asdict(self), asdict(other)
        sums = {
            name: (np.array(mine[name]) + np.array(theirs[name])).tolist()
            for name in mine
            if name not in ("set_aside", "notes", "loyalty", "lifetime")
        }
        tables = {
            name: (np.array(self.set_aside.get(name, (0, 0))) + np.array(other.set_aside.get(name, (0, 0)))).tolist()
            for name in {**self.set_aside, **other.set_aside}
        }
        return Summary(
            **sums, set_aside=tables, notes=list(dict.fromkeys([*self.notes, *other.notes])),
            loyalty=add_sums(self.loyalty, other.loyalty), lifetime=add_sums(self.lifetime, other.lifetime),
        )  # fmt: skip


@dataclass(frozen=True)
class ModelSummary:
    """What the model of a run says of itself.

    playbook_from : whose the playbook is, as in `Facts`; empty where an earlier program wrote it.
    report : what training found; None where an earlier program wrote it, as sentences.  figures : out of time.
    acquisition, rung_views, benefits : rows of `Facts`.  Everything else as in `Facts`.
    """

    trained_until: str
    definition: str
    level: float
    horizon_days: int
    rules: LadderRules
    forecast_factors: Mapping[str, float]
    figures: Mapping[str, float]
    acquisition: Sequence[Mapping[str, Any]]
    report: tuple[Finding, ...] | None
    currency: str = ""
    playbook: tuple[Play, ...] = ()
    playbook_from: str = ""
    lifetime_years: int = 5
    discount_rate: float = 0.1
    rung_views: Sequence[Mapping[str, Any]] = ()
    benefits: Sequence[Mapping[str, Any]] = ()
    option_words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def summarise(seen: AccountLookback, source: Source | None) -> Summary:
    """Return the summary of these accounts and, where it is at hand, of the source that they come from."""
    n = len(RUNGS)
    known = seen.rung_then != UNKNOWN
    start, end = np.where(known, seen.rung_then, NEW), np.where(seen.left, LEFT, seen.rung)
    flows = np.bincount(start * (n + 1) + end, minlength=(n + 1) ** 2).reshape(n + 1, n + 1)
    still = np.bincount(
        seen.rung * (MAX_PERIODS_ON_RUNG + 1) + seen.periods_on_rung, minlength=n * (MAX_PERIODS_ON_RUNG + 1)
    )
    won = ~np.isnan(seen.acquisition_cost)

    def by_rung(values: Any) -> Counts:
        sums: Counts = np.bincount(seen.rung, values, minlength=n).astype(float).tolist()
        return sums

    aside: dict[str, list[int]] = {}
    if source is not None:
        aside = {name: [read, 0] for name, read in source.rows_read.items()}
        for row in source.set_aside:
            aside[row.table][1] += 1
    return Summary(
        accounts=by_rung(np.ones(len(seen))),
        before=np.bincount(seen.rung_then[known], minlength=n).astype(float).tolist(),
        flows=flows.astype(float).tolist(),
        revenue=by_rung(seen.revenue),
        margin=by_rung(seen.margin),
        still=still.reshape(n, MAX_PERIODS_ON_RUNG + 1).astype(float).tolist(),
        won=by_rung(won),
        won_cost=by_rung(np.where(won, seen.acquisition_cost, 0.0)),
        won_margin=by_rung(np.where(won, seen.margin, 0.0)),
        set_aside=aside,
        notes=list(source.notes) if source is not None else [],
    )


def put_summary(connection: sa.Connection, run_id: int, summary: Summary, facts: Facts) -> None:
    """Keep the run's summary, with what its model says of itself."""
    model = {
        "trained_until": iso(facts.trained_until), "report": to_json(facts.report), "definition": facts.definition,
        "figures": {name: float(value) for name, value in facts.figures.items() if np.isfinite(value)},
        "forecast_factors": dict(facts.forecast_factors), "level": facts.level, "horizon_days": facts.horizon_days,
        "rules": asdict(facts.rules), "acquisition": [dict(row) for row in facts.acquisition],
        "currency": facts.currency, "playbook": [asdict(play) for play in facts.playbook],
        "playbook_from": facts.playbook_from,
        "lifetime_years": facts.lifetime_years, "discount_rate": facts.discount_rate,
        "rung_views": [dict(row) for row in facts.rung_views],
        "benefits": [dict(row) for row in facts.benefits],
        "option_words": {name: dict(words) for name, words in facts.option_words.items()},
    }  # fmt: skip
    content = json.dumps({"summary": asdict(summary), "model": model}, allow_nan=False)
    connection.execute(SUMMARIES.delete().where(SUMMARIES.c.run_id == run_id))
    connection.execute(SUMMARIES.insert().values(run_id=run_id, content=content))


def summary_of(connection: sa.Connection, run_id: int) -> tuple[Summary, ModelSummary] | None:
    """Return the run's summary and what its model says of itself; None where nobody wrote one."""
    content = connection.execute(sa.select(SUMMARIES.c.content).where(SUMMARIES.c.run_id == run_id)).scalar()
    if content is None:
        return None
    told = json.loads(content)
    model = told["model"]
    sentences = any(isinstance(line, str) for line in model["report"])  # of an earlier program
    report = None if sentences else from_json(model["report"])
    rules = LadderRules(**model["rules"])
    plays = tuple(map(play_of, model.get("playbook", ())))
    return Summary(**told["summary"]), ModelSummary(**{**model, "rules": rules, "report": report, "playbook": plays})
