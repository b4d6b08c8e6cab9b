"""The last batch scores of accounts, to the bit what was written, with the managers' decisions beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.errors import NotReady
from features.instants import iso
from serving.scoring.loyalty_columns import list_of
from serving.scoring.request_parsing import Message
from serving.scoring.results import AccountResult, Row, ServedModel, check_language
from serving.scoring.score_columns import HORIZON_COLUMNS, INVESTMENT_COLUMNS, LISTS, SCORE_COLUMNS
from serving.store.database import reading
from serving.store.feedback.overrides import Override, overrides_of
from serving.store.scores.scoring_runs import HORIZONS, INVESTMENT_SCORES, SCORES, Current, current_run
from training.model.text.words import DEFAULT_LANGUAGE, render_reasons

NOT_YET = (
    "There are no batch scores yet. Write them with `ladder score --to URL`, or start with `ladder serve --scores`."
)


@dataclass(frozen=True)
class LookupQuery:
    """account_ids : in the order asked, None where one could not be read.  horizons : also look at those.

    language : of the reasons.

    Raises
    ------
    InvalidRequest
        If nobody writes reasons in the language.
    """

    account_ids: Sequence[str | None]
    horizons: bool = False
    language: str = DEFAULT_LANGUAGE

    def __post_init__(self) -> None:
        check_language(self.language)


@dataclass(frozen=True)
class LookupResult(AccountResult):
    """One account as the last batch run scored it.  override : None where no manager's decision stands."""

    override: Override | None = None


@dataclass(frozen=True)
class LookupAnswer:
    """model : that of the last batch run.  results : one an account, in the order asked."""

    model: ServedModel
    results: Sequence[LookupResult]


def look_up(engine: sa.Engine, query: LookupQuery, now: int) -> LookupAnswer:
    """Return the last batch scores of these accounts.  now : microseconds; decisions that ended before it are over.

    Raises
    ------
    NotReady
        If there are no batch scores.
    """
    wanted = sorted({account for account in query.account_ids if account is not None and "\x00" not in account})
    with reading(engine) as connection:
        current = required_run(connection)
        results = results_of(connection, current, wanted, query, now)
    answers = [
        _UNREADABLE if account is None else results.get(account) or _unknown(account) for account in query.account_ids
    ]
    return LookupAnswer(current.model, answers)


def required_run(connection: sa.Connection) -> Current:
    """Return the run whose scores are there.  Raises NotReady before the first."""
    current = current_run(connection)
    if current is None:
        raise NotReady(NOT_YET)
    return current


def results_of(
    connection: sa.Connection, current: Current, ids: Sequence[str], query: LookupQuery, now: int
) -> dict[str, LookupResult]:
    """Return a result for every account that has scores."""
    facts = current.facts
    run = {"as_of": iso(facts.as_of), "horizon_days": facts.horizon_days, "model_version": facts.model_version}
    options = _grouped(
        connection, INVESTMENT_SCORES, "investment", ids=ids, names=INVESTMENT_COLUMNS, run={"as_of": run["as_of"]}
    )
    further = {name: run[name] for name in ("as_of", "model_version")}
    horizons = (
        _grouped(connection, HORIZONS, "horizon_days", ids=ids, names=HORIZON_COLUMNS, run=further)
        if query.horizons
        else {}
    )
    standing = overrides_of(connection, ids, now)
    found: dict[str, LookupResult] = {}
    for row in connection.execute(SCORES.select().where(SCORES.c.account_id.in_(ids))).mappings():
        account = row["account_id"]
        scores = _row(SCORE_COLUMNS, row, run)
        scores |= {name: list_of(scores[name]) for name in LISTS}
        scores["reasons"] = render_reasons(scores["reasons"], query.language)
        override = standing.get(account)
        found[account] = LookupResult(
            account,
            warnings=() if override is None else override.warnings(),
            scores=scores,
            investments=options.get(account, ()),
            horizons=horizons.get(account, ()),
            override=override,
        )
    return found


def _grouped(
    connection: sa.Connection, table: sa.Table, within: str, *, ids: Sequence[str], names: Sequence[str], run: Row
) -> dict[str, list[Row]]:
    """Return the rows of each account, in the order of the column `within`."""
    grouped: dict[str, list[Row]] = {}
    rows = connection.execute(table.select().where(table.c.account_id.in_(ids)))
    for row in sorted(rows.mappings(), key=lambda row: row[within]):
        grouped.setdefault(row["account_id"], []).append(_row(names, row, run))
    return grouped


def _row(names: Sequence[str], row: Mapping[Any, Any], run: Row) -> dict[str, Any]:
    """Return a row in the contract's order, with what is the same in the whole run."""
    return {name: row[name] if name in row else run[name] for name in names}


def _unknown(account: str) -> LookupResult:
    why = "it has no batch scores: it was not known when they were made. Send its rows to /score instead"
    return LookupResult(account, [Message("not_known", None, why)])


_UNREADABLE = LookupResult(
    None, [Message("account_id_unreadable", "account_ids", "every account_id must be a text or a number")]
)
