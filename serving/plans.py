"""POST /plan: the plan under a budget, for all accounts of the last batch scores or for some of them.

The tables are read once a run and kept. A manager's decision narrows what may be planned for an account: to the option
that the manager wants, or to nothing. It forces nothing: what is not expected to pay is not planned.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray

from features.errors import SettingsError
from serving.arms import Draw
from serving.bodies import parse_json, read_as
from serving.lookups import NOT_YET
from serving.overrides import overrides_of
from serving.plan import PLAN_COLUMNS, Allowance, Plan, make_plan
from serving.refusals import Refusal
from serving.results import ACCOUNTS, INVESTMENT_SCORES, SCORES, Current, current_run
from serving.store import moment, reading
from serving.store_schemas import PlanRequest, PlanTotals

_WEIGHED = "account_id investment bond cost gain gain_low gain_high basis".split()
ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Tables:
    """What plans of a run are made from.

    scores : with the column owner.  investments : in the order of the accounts.  row : shape (n_options,), for every
    row of investments the place of its account in scores.
    """

    run_id: int
    scores: pd.DataFrame
    investments: pd.DataFrame
    row: NDArray[np.intp]


class Planner:
    """Makes plans from a store; may be asked from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Tables | None = None

    def plan(self, engine: sa.Engine, body: bytes, now: int) -> bytes:
        """The answer to a request's body, both JSON.  now : microseconds; what was decided until before it is over.

        Raises
        ------
        Refusal
            422 where the request is not to be fulfilled, 503 where there are no batch scores.
        """
        asked = read_as(PlanRequest, parse_json(body), '{"budget": 10000}')
        tables, wishes = self.read(engine, now)
        investments, narrowed = _chosen(tables, asked, wishes)
        draw = Draw(asked.holdout, asked.explore, asked.seed)
        try:
            plan = make_plan(tables.scores, investments, Allowance(float(asked.budget)), draw, asked.on)
        except SettingsError as error:
            raise Refusal(422, "cannot_plan", str(error)) from None
        answer = {"plan": _rows(plan), "totals": _totals(plan, asked, wishes, narrowed)}
        return json.dumps(answer, allow_nan=False, separators=(",", ":")).encode("ascii")

    def read(self, engine: sa.Engine, now: int) -> tuple[Tables, dict[str, str]]:
        """The tables of the current run, and what managers want for whom.  Raises Refusal 503 where there is no run."""
        with self._lock, reading(engine) as connection:
            current = current_run(connection)
            if current is None:
                raise Refusal(503, "not_ready", NOT_YET)
            if self._kept is None or self._kept.run_id != current.run_id:
                self._kept = None  # else two runs would be in memory at once
                self._kept = _read(connection, current)
            standing = overrides_of(connection, None, now)
            wishes = {
                account: str(override.decisions["recommended_investment"].value)
                for account, override in standing.items()
                if "recommended_investment" in override.decisions
            }
            return self._kept, wishes


def narrow(investments: pd.DataFrame, wishes: dict[str, str]) -> tuple[pd.DataFrame, int]:
    """The rows without those that a manager does not want, and of how many accounts there are fewer."""
    if not wishes:
        return investments, 0
    rows = np.flatnonzero(investments["account_id"].isin(list(wishes)).to_numpy(bool))
    touched = investments.iloc[rows]
    unwanted = touched["account_id"].map(wishes).to_numpy(object) != touched["investment"].to_numpy(object)
    keep = np.ones(len(investments), bool)
    keep[rows[unwanted]] = False
    return investments[keep], int(touched["account_id"][unwanted].nunique())


def _read(connection: sa.Connection, current: Current) -> Tables:
    facts = current.facts
    joined = SCORES.outerjoin(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    listed = sa.select(SCORES.c.account_id, SCORES.c.rung, ACCOUNTS.c.owner).select_from(joined)
    scores = _frame(connection, listed.order_by(SCORES.c.account_id))
    scores = scores.assign(
        as_of=moment(facts.as_of), horizon_days=facts.horizon_days, model_version=facts.model_version
    )  # fmt: skip
    table = INVESTMENT_SCORES.c
    weighed = sa.select(*(table[name] for name in _WEIGHED))
    investments = _frame(connection, weighed.order_by(table.account_id, table.investment))
    ids = scores["account_id"].to_numpy(object)
    row = pd.Index(ids, dtype=object).get_indexer(pd.Index(investments["account_id"], dtype=object))
    investments["account_id"] = pd.Series(ids[row], dtype=object)  # the same texts, once in memory
    return Tables(current.run_id, scores, investments, row)


def _frame(connection: sa.Connection, query: "sa.Select[Any]") -> pd.DataFrame:
    """The rows of a query; numbers as doubles, texts as Python objects, each different one of a category once."""
    columns = list(query.selected_columns)
    parts: list[list[NDArray[Any]]] = [[] for _ in columns]
    seen: dict[str, str] = {}
    result = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query)
    for rows in result.partitions():
        for column, part, cells in zip(columns, parts, zip(*rows, strict=True), strict=True):
            if isinstance(column.type, sa.Text):
                if column.name != "account_id":
                    cells = tuple(cell if cell is None else seen.setdefault(cell, cell) for cell in cells)
                found = np.empty(len(cells), object)
                found[:] = cells
            else:
                found = np.array(cells, np.float64)
            part.append(found)
    joined = [np.concatenate(part) if part else np.empty(0, object) for part in parts]
    return pd.DataFrame(
        {column.name: pd.Series(cells, dtype=cells.dtype) for column, cells in zip(columns, joined, strict=True)}
    )


def _chosen(tables: Tables, asked: PlanRequest, wishes: dict[str, str]) -> tuple[pd.DataFrame, int]:
    """The options that the request is about, and of how many accounts a manager narrowed them.

    Raises
    ------
    Refusal
        422 where it names an owner or an option that there is not.
    """
    scores, investments = tables.scores, tables.investments
    keep = np.ones(len(scores), bool)
    if asked.owner is not None:
        keep &= (scores["owner"] == asked.owner).to_numpy(bool)
        if not keep.any():
            raise Refusal(422, "unknown_owner", "No account of the last batch run has this owner.", "owner")
    if asked.rungs is not None:
        keep &= scores["rung"].isin(asked.rungs).to_numpy(bool)
    rows = np.ones(len(investments), bool) if keep.all() else keep[tables.row]
    if asked.investments is not None:
        options = sorted(investments["investment"].unique())
        strange = sorted(set(asked.investments) - set(options))
        if strange:
            message = f"There is no option {strange[0][:60]!r}; the options are {', '.join(options[:20])}."
            raise Refusal(422, "unknown_investment", message, "investments")
        rows &= investments["investment"].isin(asked.investments).to_numpy(bool)
    return narrow(investments if rows.all() else investments[rows], wishes)


def _rows(plan: Plan) -> list[dict[str, Any]]:
    columns = [_cells(plan.rows[name]) for name in PLAN_COLUMNS]
    return [dict(zip(PLAN_COLUMNS, row, strict=True)) for row in zip(*columns, strict=True)]


def _cells(column: "pd.Series[Any]") -> list[Any]:
    missing = column.isna().to_numpy(bool)
    return [None if none else cell for cell, none in zip(column.tolist(), missing, strict=True)]


def _totals(plan: Plan, asked: PlanRequest, wishes: dict[str, str], narrowed: int) -> dict[str, Any]:
    record = {**plan.record, "budget": plan.record["limits"]["budget"], "overridden": narrowed}
    part = [asked.owner, asked.rungs, asked.investments, sorted(wishes.items())]
    if any(one is not None for one in part[:3]) or wishes:  # another plan than that of everybody
        record["plan_id"] = hashlib.sha256(f"{record['plan_id']}{json.dumps(part)}".encode()).hexdigest()[:12]
    return {name: _finite(record[name]) for name in PlanTotals.model_fields}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
