"""The last scoring run as relational tables: one row an account, one an account and option, one an account and horizon.

What is the same in every row of a run (as_of, horizon_days, model_version) stands once, in `runs`: so an account whose
figures are the same bits in the next run is not written again, and `changed_run` says which run last changed it.
A run is written in one transaction: whoever reads sees all of the old run or all of the new one.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray

from features.errors import SettingsError
from features.instants import instant
from serving.scoring.advice.reason_table import reason_texts
from serving.scoring.results import ServedModel
from serving.scoring.score_columns import EDITION, TABLES, Kind
from serving.scoring.score_columns import SCORES as SCORE_COLUMNS
from serving.scoring.terms import ModelTerms, terms_in
from serving.store.bulk_insert import delete_rows, insert_rows
from serving.store.database import METADATA, moment, writing
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.gone_accounts import put_gone
from serving.store.scores.previous_scores import PREVIOUS, remember
from serving.store.scores.timelines import TIMELINES

OF_RUN = tuple(column.name for column in SCORE_COLUMNS if column.of_run)
"""Columns of the contract's tables that are the same in every row of a run."""
PROFILE_COLUMNS = "name owner industry country segment employees parent_account_id".split()
_TYPES = {
    Kind.TEXT: sa.Text, Kind.CATEGORY: sa.Text, Kind.DATE: sa.Text, Kind.REASONS: sa.Text, Kind.NUMBER: sa.Double,
    Kind.LIST: sa.Text, Kind.WHOLE: sa.Integer, Kind.FLAG: sa.Boolean,
}  # fmt: skip
_ID = "account_id"


def _columns(name: str, *keys: str, since: range = range(1, 2)) -> list["sa.Column[object]"]:
    """Return the columns of a score table, but for its keys and what is the same in every row of a run.

    since : the editions that brought them; later ones stand behind, where a migration adds them.
    """
    return [
        sa.Column(column.name, _TYPES[column.kind])
        for column in TABLES[name]
        if not column.of_run and column.name not in (_ID, *keys) and column.since in since
    ]


RUNS = sa.Table(
    "runs", METADATA,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("as_of", sa.DateTime, nullable=False),
    sa.Column("horizon_days", sa.Integer, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("trained_until", sa.DateTime),
    sa.Column("claim_ratio", sa.Double),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("written_at", sa.DateTime, nullable=False),
    sa.Column("accounts", sa.Integer, nullable=False),
    sa.Column("changed", sa.Integer, nullable=False),
    sa.Column("removed", sa.Integer, nullable=False),
    sa.Column("level", sa.Double),
    sa.Column("currency", sa.Text),
    *(sa.Column(name, sa.Double) for name in ("claim_low", "claim_high", "test_share")),
)  # fmt: skip
SCORES = sa.Table(
    "scores", METADATA, sa.Column(_ID, sa.Text, primary_key=True), *_columns("scores"),
    sa.Column("digest", sa.BigInteger, nullable=False), sa.Column("changed_run", sa.Integer, nullable=False),
    *_columns("scores", since=range(2, EDITION + 1)),
    sa.Index("scores_rank", "rank"), sa.Index("scores_rung", "rung"), sa.Index("scores_p_switch", "p_switch"),
    # The page's list and its totals read these and never the rows themselves, which are long.
    sa.Index("scores_gain", "expected_gain", "account_id", "recommended_investment", "roi"),
    sa.Index("scores_advice", "recommended_investment", "account_id"),
    sa.Index("scores_advised", "advice", "account_id"),
    sa.Index("scores_changed", "changed_run", "account_id"),
)  # fmt: skip
INVESTMENT_SCORES = sa.Table(
    "investment_scores", METADATA, sa.Column(_ID, sa.Text, primary_key=True),
    sa.Column("investment", sa.Text, primary_key=True), *_columns("investment_scores", "investment"),
    *_columns("investment_scores", since=range(2, EDITION + 1)),
)  # fmt: skip
HORIZONS = sa.Table(
    "horizons", METADATA, sa.Column(_ID, sa.Text, primary_key=True),
    sa.Column("horizon_days", sa.Integer, primary_key=True, autoincrement=False), *_columns("horizons", "horizon_days"),
)  # fmt: skip
ACCOUNTS = sa.Table(
    "accounts", METADATA, sa.Column(_ID, sa.Text, primary_key=True),
    *(sa.Column(name, sa.Double if name == "employees" else sa.Text) for name in PROFILE_COLUMNS[:-1]),
    sa.Column("digest", sa.BigInteger, nullable=False),
    sa.Column(PROFILE_COLUMNS[-1], sa.Text),
    *(sa.Index(f"accounts_{name}", name) for name in ("name", "owner", "country", "industry", PROFILE_COLUMNS[-1])),
)  # fmt: skip
_OF_SCORES = {"investment_scores": INVESTMENT_SCORES, "horizons": HORIZONS}


@dataclass(frozen=True)
class RunFacts:
    """as_of, trained_until : microseconds; the latter None where the scores' model is not at hand.

    terms : of that model.
    """

    as_of: int
    horizon_days: int
    model_version: str
    trained_until: int | None = None
    terms: ModelTerms = field(default_factory=ModelTerms)

    @property
    def level(self) -> float | None:
        """Return the coverage of the model's intervals; None where nobody knows."""
        return self.terms.level

    @property
    def currency(self) -> str:
        """Return the sign before amounts; empty where nobody knows."""
        return self.terms.currency


@dataclass(frozen=True)
class Current:
    """The run whose scores stand in the store, and what an answer says of its model.

    options : names of the investments that it weighed.
    """

    run_id: int
    facts: RunFacts
    written_at: datetime
    accounts: int
    options: tuple[str, ...]

    @property
    def model(self) -> ServedModel:
        """Return which model made the scores."""
        return ServedModel(self.facts.model_version, self.facts.trained_until, self.facts.horizon_days)


@dataclass(frozen=True)
class Written:
    """What writing did.  changed : accounts of which anything is new.  removed : accounts that are no more."""

    run_id: int
    accounts: int
    changed: int
    removed: int


Frames = Mapping[str, pd.DataFrame]
"""By name: `scores`, `investment_scores` and, if at hand, `horizons` and `reasons`, of the same whole accounts.

Without `reasons` the sentences of the scores are kept in their place.
"""


def write_run(
    engine: sa.Engine, facts: RunFacts, chunks: Iterable[Frames], profiles: Iterable[pd.DataFrame] | None = None
) -> Written:
    """Make the run the current one: write the accounts that changed, remove those that it does not have.

    chunks : the run's accounts, some at a time.  profiles : their rows of `accounts` (account_id and any of
        PROFILE_COLUMNS), or None to leave what is known of them.

    Raises
    ------
    SettingsError
        If an account stands there twice, or an option or horizon is of an account without scores.
    StoreError
        If the store fails; the run before stays.
    """
    with writing(engine) as connection:
        run_id = (connection.execute(sa.select(sa.func.max(RUNS.c.run_id))).scalar() or 0) + 1
        before = _digests_of(connection, SCORES)
        seen: set[str] = set()
        changed, options = 0, set[str]()
        for frames in chunks:
            options.update(frames["investment_scores"]["investment"].dropna().unique())
            changed += _write_chunk(connection, frames, before, seen, run_id)
        gone = before.keys() - seen
        for table in (SCORES, PREVIOUS, *_OF_SCORES.values(), TIMELINES, STANDINGS):
            delete_rows(connection, table, sorted(gone))
        now = datetime.now(UTC).replace(tzinfo=None)
        put_gone(connection, sorted(gone), sorted(seen - before.keys()), run_id, now)
        if profiles is not None:
            put_profiles(connection, profiles)
        row = {
            "run_id": run_id, "as_of": moment(facts.as_of), "horizon_days": facts.horizon_days,
            "model_version": facts.model_version, "written_at": now,
            "trained_until": None if facts.trained_until is None else moment(facts.trained_until),
            "accounts": len(seen), "changed": changed, "removed": len(gone),
            "options": json.dumps(sorted(options)), **facts.terms.values(), "currency": facts.currency or None,
        }  # fmt: skip
        connection.execute(RUNS.insert().values(row))
    return Written(run_id, len(seen), changed, len(gone))


def current_run(connection: sa.Connection) -> Current | None:
    """Return the run whose scores are there; None before the first."""
    row = connection.execute(RUNS.select().order_by(RUNS.c.run_id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    until = None if row.trained_until is None else instant(row.trained_until)
    facts = RunFacts(
        as_of=instant(row.as_of),
        horizon_days=row.horizon_days,
        model_version=row.model_version,
        trained_until=until,
        terms=terms_in(row._asdict()),
    )
    return Current(row.run_id, facts, row.written_at, row.accounts, tuple(json.loads(row.options)))


def _write_chunk(
    connection: sa.Connection, frames: Frames, before: Mapping[str, int], seen: set[str], run_id: int
) -> int:
    scores = frames["scores"]
    ids = scores[_ID].astype(str).to_numpy(object)
    count = len(seen)
    seen.update(ids)
    if len(seen) != count + len(ids):
        raise SettingsError("The scores hold an account twice. Give the scores of one run.")
    if "reasons" in frames:
        whose = _codes("reasons", frames["reasons"], ids)
        scores = scores.assign(reasons=np.array(reason_texts(frames["reasons"], whose, len(ids)), object))
    digest = _digests(scores, SCORES)
    codes: dict[str, NDArray[np.intp]] = {}
    for name, table in _OF_SCORES.items():
        if name in frames and len(frames[name]):
            codes[name] = _codes(name, frames[name], ids)
            np.add.at(digest, codes[name], _digests(frames[name], table))
    signed = digest.view(np.int64)
    old = [before.get(account) for account in ids]
    fresh = np.array([was != now for was, now in zip(old, signed.tolist(), strict=True)], bool)
    replaced = [account for account, was, new in zip(ids, old, fresh, strict=True) if new and was is not None]
    remember(connection, SCORES, run_id - 1, replaced)
    for table in (SCORES, *_OF_SCORES.values()):
        delete_rows(connection, table, replaced)
    rows = scores.assign(account_id=ids, digest=signed, changed_run=run_id)[fresh]
    insert_rows(connection, SCORES, rows)
    for name, code in codes.items():
        frame = frames[name].assign(account_id=ids[code])[fresh[code]]
        insert_rows(connection, _OF_SCORES[name], frame)
    return int(fresh.sum())


def _digests_of(connection: sa.Connection, table: sa.Table) -> dict[str, int]:
    """Return what every account's row was when it was written."""
    return dict(connection.execute(sa.select(table.c.account_id, table.c.digest)).all())


def _codes(name: str, frame: pd.DataFrame, ids: NDArray[np.object_]) -> NDArray[np.intp]:
    """Return each row's account as a position among the ids."""
    codes: NDArray[np.intp] = pd.Index(ids).get_indexer(pd.Index(frame[_ID].astype(str).to_numpy(object)))
    if (codes < 0).any():
        stray = frame[_ID].iloc[int(np.argmax(codes < 0))]
        raise SettingsError(f"{name} holds account {stray}, which the scores do not. Give those of one run.")
    return codes


def _digests(frame: pd.DataFrame, table: sa.Table) -> NDArray[np.uint64]:
    """Return 64 bits of every row's content, by which a change is noticed."""
    plain = {
        column.name: frame[column.name].astype(object)
        if isinstance(column.type, sa.Text)
        else frame[column.name].astype("Float64").to_numpy(np.float64, na_value=np.nan)
        for column in table.columns
        if column.name not in (_ID, "digest", "changed_run")
    }
    hashes: NDArray[np.uint64] = np.array(pd.util.hash_pandas_object(pd.DataFrame(plain), index=False), np.uint64)
    return hashes


def put_profiles(connection: sa.Connection, profiles: Iterable[pd.DataFrame]) -> None:
    """Make these the rows of `accounts`: write those that changed, remove those that are no more."""
    before = _digests_of(connection, ACCOUNTS)
    seen: set[str] = set()
    for given in profiles:
        frame = given.reindex(columns=[_ID, *PROFILE_COLUMNS])
        frame["digest"] = _digests(frame, ACCOUNTS).view(np.int64)
        seen.update(frame[_ID])
        fresh = np.array([before.get(a) != d for a, d in zip(frame[_ID], frame["digest"], strict=True)], bool)
        delete_rows(connection, ACCOUNTS, [account for account in frame[_ID][fresh] if account in before])
        insert_rows(connection, ACCOUNTS, frame[fresh])
    delete_rows(connection, ACCOUNTS, sorted(before.keys() - seen))
