"""POST /plan: the plan under a budget, for all accounts of the last batch scores or for some of them.

The options are read once a run and kept. A manager's decision narrows what may be planned for an account: to the option
that the manager wants, or to nothing. It forces nothing: what is not expected to pay is not planned.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from features.errors import SettingsError
from features.instants import iso
from features.tables import NO_INVESTMENT
from serving.api.errors import HttpError
from serving.api.request_bodies import parse_json, read_as
from serving.api.store_schemas import PlanRequest, PlanTotals
from serving.planning.arms import Draw
from serving.planning.candidates import Candidates
from serving.planning.plan import PLAN_COLUMNS, Allowance, Plan, plan_from
from serving.scoring.scoring import INSUFFICIENT
from serving.store.database import reading
from serving.store.lookups import NOT_YET
from serving.store.overrides import overrides_of
from serving.store.scoring_runs import ACCOUNTS, INVESTMENT_SCORES, SCORES, Current, current_run

ROWS_AT_ONCE = 50_000
_FIGURES = ("cost", "gain", "gain_low", "gain_high")


@dataclass(frozen=True)
class Options:
    """What plans of a run are made from.

    run : as_of, horizon_days and model_version.  menu : everything that could be done.
    claim_ratio : what such sums have proved to be worth, None where nobody knows.
    """

    run_id: int
    run: Mapping[str, Any]
    menu: Candidates
    claim_ratio: float | None


class Planner:
    """Makes plans from a store; may be asked from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Options | None = None

    def plan(self, engine: sa.Engine, body: bytes, now: int) -> bytes:
        """The answer to a request's body, both JSON.  now : microseconds; what was decided until before it is over.

        Raises
        ------
        Refusal
            422 where the request is not to be fulfilled, 503 where there are no batch scores.
        """
        asked = read_as(PlanRequest, parse_json(body), '{"budget": 10000}')
        plan = self.make(engine, asked, now)
        totals = {name: _finite(plan.record[name]) for name in PlanTotals.model_fields}
        answer = {"plan": _rows(plan), "totals": totals}
        return json.dumps(answer, allow_nan=False, separators=(",", ":")).encode("ascii")

    def make(self, engine: sa.Engine, asked: PlanRequest, now: int) -> Plan:
        """The plan, with the budget and how many accounts a manager's decision narrowed in its record.

        Raises
        ------
        Refusal
            422 where it is not to be made, 503 where there are no batch scores.
        """
        options, wishes = self.read(engine, now)
        menu, narrowed = narrow(_chosen(options.menu, asked), wishes)
        draw = Draw(asked.holdout, asked.explore, asked.seed)
        try:
            plan = plan_from(menu, options.run, _allowance(asked), draw, asked.on, claim_ratio=options.claim_ratio)
        except SettingsError as error:
            raise HttpError(422, "cannot_plan", str(error)) from None
        return replace(plan, record=_record(plan, asked, wishes, narrowed))

    def read(self, engine: sa.Engine, now: int) -> tuple[Options, dict[str, str]]:
        """The options of the current run, and what managers want for whom.

        Raises
        ------
        Refusal
            503 where there is no run.
        """
        with self._lock, reading(engine) as connection:
            current = current_run(connection)
            if current is None:
                raise HttpError(503, "not_ready", NOT_YET)
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


def narrow(menu: Candidates, wishes: Mapping[str, str]) -> tuple[Candidates, int]:
    """The menu without what managers do not want, and for how many accounts it offers less."""
    if not wishes:
        return menu, 0
    place = {account: row for row, account in enumerate(menu.accounts)}
    column = {option: k for k, option in enumerate(menu.options)}
    known, count = menu.known.copy(), 0
    for account, wish in wishes.items():
        row = place.get(account)
        if row is None:
            continue
        keep = np.arange(len(menu.options)) == column.get(wish, -1)
        count += bool((known[row] & ~keep).any())
        known[row] &= keep
    return replace(menu, known=known), count


def _read(connection: sa.Connection, current: Current) -> Options:
    facts = current.facts
    joined = SCORES.outerjoin(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    listed = sa.select(SCORES.c.account_id, SCORES.c.rung, ACCOUNTS.c.owner).select_from(joined)
    seen: dict[str | None, str | None] = {}  # the same owner and rung are one text in memory
    people = sorted(tuple(row) for row in connection.execute(listed.order_by(SCORES.c.account_id)))
    accounts, rung, owner = (np.empty(len(people), object) for _ in range(3))
    accounts[:] = [row[0] for row in people]
    rung[:], owner[:] = ([seen.setdefault(row[k], row[k]) for row in people] for k in (1, 2))
    names = tuple(name for name in current.options if name != NO_INVESTMENT)
    place = {account: row for row, account in enumerate(accounts)}
    column = {option: k for k, option in enumerate(names)}
    figures = {name: np.full((len(accounts), len(names)), np.nan) for name in _FIGURES}
    known = np.zeros((len(accounts), len(names)), bool)
    bonds: dict[str, str | None] = {}
    table = INVESTMENT_SCORES.c
    query = sa.select(table.account_id, table.investment, table.basis, table.bond, *(table[name] for name in _FIGURES))
    with connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query) as result:
        cursor: Any = result.cursor
        while rows := cursor.fetchmany(ROWS_AT_ONCE):  # the driver's own rows: SQLAlchemy's take twice the time
            ids, options, bases, ties, *numbers = zip(*rows, strict=True)
            at = np.array([place[account] for account in ids]), np.array([column.get(option, -1) for option in options])
            offered = at[1] >= 0
            at = at[0][offered], at[1][offered]
            for name, cells in zip(_FIGURES, numbers, strict=True):
                figures[name][at] = np.array(cells, np.float64)[offered]
            known[at] = np.array([basis != INSUFFICIENT for basis in bases], bool)[offered]
            bonds.update(zip(options, ties, strict=True))
    known &= ~np.isnan(figures["gain"])
    cost = np.where(np.isnan(figures["cost"]), 0.0, figures["cost"])
    low, high = figures["gain_low"], figures["gain_high"]
    of_names = tuple(bonds.get(name) for name in names)
    menu = Candidates(accounts, names, of_names, rung, owner, cost, figures["gain"], low, high, known)
    run = {"as_of": iso(facts.as_of), "horizon_days": facts.horizon_days, "model_version": facts.model_version}
    return Options(current.run_id, run, menu, facts.claim_ratio)


def _chosen(menu: Candidates, asked: PlanRequest) -> Candidates:
    """The part of the menu that the request is about.

    Raises
    ------
    Refusal
        422 where it names an owner or an option that there is not.
    """
    accounts, options = np.ones(len(menu.accounts), bool), np.ones(len(menu.options), bool)
    if asked.owner is not None:
        accounts &= menu.owner == asked.owner
        if not accounts.any():
            raise HttpError(422, "unknown_owner", "No account of the last batch run has this owner.", "owner")
    if asked.rungs is not None:
        accounts &= np.isin(menu.rung.astype(str), asked.rungs)
    if asked.investments is not None:
        strange = sorted(set(asked.investments) - set(menu.options))
        if strange:
            message = f"There is no option {strange[0][:60]!r}; the options are {', '.join(menu.options[:20])}."
            raise HttpError(422, "unknown_investment", message, "investments")
        options &= np.isin(menu.options, asked.investments)
    return replace(menu, known=menu.known & accounts[:, None] & options)


def _allowance(asked: PlanRequest) -> Allowance:
    of_bonds = asked.bond_budgets.model_dump(exclude_none=True) if asked.bond_budgets else {}
    return Allowance(float(asked.budget), asked.owner_budget, of_bonds)


def _rows(plan: Plan) -> list[dict[str, Any]]:
    columns = [_cells(plan.rows[name]) for name in PLAN_COLUMNS]
    return [dict(zip(PLAN_COLUMNS, row, strict=True)) for row in zip(*columns, strict=True)]


def _cells(column: "pd.Series[Any]") -> list[Any]:
    missing = column.isna().to_numpy(bool)
    return [None if none else cell for cell, none in zip(column.tolist(), missing, strict=True)]


def _record(plan: Plan, asked: PlanRequest, wishes: dict[str, str], narrowed: int) -> dict[str, Any]:
    record = {**plan.record, "budget": plan.record["limits"]["budget"], "overridden": narrowed}
    part = [asked.owner, asked.rungs, asked.investments, sorted(wishes.items())]
    if any(one is not None for one in part[:3]) or wishes:  # another plan than that of everybody
        record["plan_id"] = hashlib.sha256(f"{record['plan_id']}{json.dumps(part)}".encode()).hexdigest()[:12]
    return record


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
