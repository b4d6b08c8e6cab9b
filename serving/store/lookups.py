"""POST /lookup: the last batch scores of accounts, in the shape of POST /score and to the bit what was written."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from features.instants import iso
from serving.api.errors import HttpError
from serving.api.request_bodies import parse_json, read_as
from serving.api.store_schemas import MOST_LOOKUPS, LookupRequest
from serving.scoring.request_parsing import Message, account_id_of
from serving.scoring.score_columns import HORIZON_COLUMNS, INVESTMENT_COLUMNS, SCORE_COLUMNS
from serving.store.database import reading
from serving.store.overrides import overrides_of
from serving.store.scoring_runs import HORIZONS, INVESTMENT_SCORES, SCORES, Current, current_run

Record = dict[str, Any]
NOT_YET = (
    "There are no batch scores yet. Write them with `ladder score --to URL`, or start with `ladder serve --scores`."
)


def look_up(engine: sa.Engine, body: bytes, now: int) -> bytes:
    """The answer to a request's body, both JSON.  now : microseconds; overrides that ended before it are over.

    Raises
    ------
    Refusal
        422 and 413 for a request that cannot be answered as a whole, 503 where there are no batch scores.
    """
    asked = read_as(LookupRequest, parse_json(body), '{"account_ids": [...]}')
    if len(asked.account_ids) > MOST_LOOKUPS:
        found = f"{len(asked.account_ids)} accounts; a request holds at most {MOST_LOOKUPS}. Send several requests."
        raise HttpError(413, "too_many_accounts", found, "account_ids")
    ids = [account_id_of(given) for given in asked.account_ids]
    wanted = sorted({account for account in ids if account is not None and "\x00" not in account})
    with reading(engine) as connection:
        current = current_run(connection)
        if current is None:
            raise HttpError(503, "not_ready", NOT_YET)
        found_of = _results(connection, current, wanted, asked.horizons, now)
    results = [found_of.get(account) or _unknown(account) if account else _unreadable() for account in ids]
    answer = {"model": current.model, "results": results}
    return json.dumps(answer, allow_nan=False, separators=(",", ":")).encode("ascii")


def _results(
    connection: sa.Connection, current: Current, ids: Sequence[str], ahead: bool, now: int
) -> dict[str, Record]:
    """A result for every account that has scores."""
    facts = current.facts
    run: Record = {
        "as_of": iso(facts.as_of), "horizon_days": facts.horizon_days, "model_version": facts.model_version
    }  # fmt: skip
    options = _grouped(connection, INVESTMENT_SCORES, "investment", ids, INVESTMENT_COLUMNS, {"as_of": run["as_of"]})
    further = {name: run[name] for name in ("as_of", "model_version")}
    horizons = _grouped(connection, HORIZONS, "horizon_days", ids, HORIZON_COLUMNS, further) if ahead else {}
    standing = overrides_of(connection, ids, now)
    found: dict[str, Record] = {}
    for row in connection.execute(SCORES.select().where(SCORES.c.account_id.in_(ids))).mappings():
        account = row["account_id"]
        scores = _record(SCORE_COLUMNS, row, run)
        scores["reasons"] = json.loads(scores["reasons"])
        override = standing.get(account)
        found[account] = {
            "account_id": account,
            "status": "ok" if override is None else "warning",
            "errors": [],
            "warnings": [] if override is None else [_plain(warning) for warning in override.warnings()],
            "scores": scores,
            "investments": options.get(account, []),
            "horizons": horizons.get(account, []),
            "override": None if override is None else override.plain(),
        }
    return found


def _grouped(
    connection: sa.Connection, table: sa.Table, within: str, ids: Sequence[str], names: Sequence[str], run: Record
) -> dict[str, list[Record]]:
    """The rows of each account, in the order of the column `within`."""
    grouped: dict[str, list[Record]] = {}
    rows = connection.execute(table.select().where(table.c.account_id.in_(ids)))
    for row in sorted(rows.mappings(), key=lambda row: row[within]):
        grouped.setdefault(row["account_id"], []).append(_record(names, row, run))
    return grouped


def _record(names: Sequence[str], row: Mapping[Any, Any], run: Record) -> Record:
    """A row in the contract's order, with what is the same in the whole run."""
    return {name: row[name] if name in row else run[name] for name in names}


def _unknown(account: str) -> Record:
    why = "it has no batch scores: it was not known when they were made. Send its rows to /score instead"
    return _failed(account, Message("not_known", None, why))


def _unreadable() -> Record:
    return _failed(None, Message("account_id_unreadable", "account_ids", "every account_id must be a text or a number"))


def _failed(account: str | None, error: Message) -> Record:
    empty: Record = {"warnings": [], "scores": None, "investments": [], "horizons": [], "override": None}
    return {"account_id": account, "status": "error", "errors": [_plain(error)], **empty}


def _plain(message: Message) -> Record:
    return {"code": message.code, "field": message.field, "message": message.message}
