"""The plan under a budget, for all accounts of the last batch scores or for some of them.

The options are read once a run and kept. A manager's decision narrows what may be planned for an account: to the option
that the manager wants, or to nothing. It forces nothing: what is not expected to pay is not planned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from features.accounts.groups import groups_of
from features.deadlines import check_deadline
from features.errors import InvalidRequest, SettingsError
from features.instants import iso
from features.tables import NO_INVESTMENT
from serving.planning.arms import Draw
from serving.planning.candidates import Candidates, best_options
from serving.planning.plan import Allowance, Plan, plan_from
from serving.scoring.advice.advice import INVEST, TEST, raises_switching
from serving.scoring.scoring import INSUFFICIENT
from serving.scoring.terms import ModelTerms
from serving.store.database import reading
from serving.store.feedback.overrides import overrides_of
from serving.store.lookups import required_run
from serving.store.people.visibility import is_limited
from serving.store.scores.scoring_runs import ACCOUNTS, INVESTMENT_SCORES, SCORES, Current

ROWS_AT_ONCE = 50_000
_FIGURES = ("cost", "gain", "gain_low", "gain_high", "p_switch_change_low")


@dataclass(frozen=True)
class PlanQuery:
    """What may be spent, and on whom.

    on : one of `candidates.OBJECTIVES`.  owner, rungs, investments, accounts : plan only for these; None = for all.
    """

    allowance: Allowance
    draw: Draw = field(default_factory=Draw)
    on: str = "expected"
    owner: str | None = None
    rungs: tuple[str, ...] | None = None
    investments: tuple[str, ...] | None = None
    accounts: frozenset[str] | None = None


@dataclass(frozen=True)
class Options:
    """What plans of a run are made from.

    run : as_of, horizon_days and model_version.  menu : everything that could be done.  terms : of the model.
    """

    run_id: int
    run: Mapping[str, Any]
    menu: Candidates
    terms: ModelTerms


class Planner:
    """Makes plans from a store; may be asked from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Options | None = None

    def make(self, engine: sa.Engine, query: PlanQuery, now: int) -> Plan:
        """Return the plan, with the budget and how many accounts a manager's decision narrowed in its record.

        now : microseconds; what was decided until before it is over.

        Raises
        ------
        InvalidRequest
            If it names an owner or an option that there is not, or what may be spent is impossible.
        NotReady
            If there are no batch scores.
        """
        options, wishes = self.read(engine, now)
        menu, narrowed = narrow(_chosen(options.menu, query), wishes)
        try:
            plan = plan_from(menu, options.run, query.allowance, query.draw, on=query.on, terms=options.terms)
        except SettingsError as error:
            raise InvalidRequest(str(error), "cannot_plan") from None
        return replace(plan, record={**plan.record, "budget": query.allowance.budget, "overridden": narrowed})

    def read(self, engine: sa.Engine, now: int) -> tuple[Options, dict[str, str]]:
        """Return the options of the current run, and what managers want for whom.

        Raises
        ------
        NotReady
            If there is no run.
        """
        with self._lock, reading(engine) as connection:
            current = required_run(connection)
            if is_limited(engine):  # a part of the accounts is read quickly, and is nobody else's to be planned for
                options = _read(connection, current)
            else:
                if self._kept is None or self._kept.run_id != current.run_id:
                    self._kept = None  # else two runs would be in memory at once
                    self._kept = _read(connection, current)
                options = self._kept
            standing = overrides_of(connection, None, now)
            wishes = {
                account: str(override.decisions["recommended_investment"].value)
                for account, override in standing.items()
                if "recommended_investment" in override.decisions
            }
            return options, wishes


def narrow(menu: Candidates, wishes: Mapping[str, str]) -> tuple[Candidates, int]:
    """Return the candidates without what managers do not want, and the number of accounts with fewer options.

    The advice on a wanted option is its own: what is only worth a test is given by lot, whoever wants it.
    """
    if not wishes:
        return menu, 0
    place = {account: row for row, account in enumerate(menu.accounts)}
    column = {option: k for k, option in enumerate(menu.options)}
    known, advice, count = menu.known.copy(), menu.advice.copy(), 0
    for account, wish in wishes.items():
        row = place.get(account)
        if row is None:
            continue
        keep = np.arange(len(menu.options)) == column.get(wish, -1)
        count += bool((known[row] & ~keep).any())
        known[row] &= keep
        if keep.any() and advice[row] in (INVEST, TEST):
            advice[row] = TEST if menu.unsure[row, keep].any() else INVEST
    return replace(menu, known=known, advice=advice), count


def _read(connection: sa.Connection, current: Current) -> Options:
    facts = current.facts
    joined = SCORES.outerjoin(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    parent = ACCOUNTS.c.parent_account_id
    listed = sa.select(SCORES.c.account_id, SCORES.c.rung, ACCOUNTS.c.owner, SCORES.c.advice, parent).select_from(
        joined
    )
    seen: dict[str | None, str | None] = {}  # the same owner and rung are one text in memory
    people = sorted((tuple(row) for row in connection.execute(listed)), key=lambda row: row[0])
    accounts, rung, owner, advice = (np.empty(len(people), object) for _ in range(4))
    accounts[:] = [row[0] for row in people]
    rung[:], owner[:], advice[:] = ([seen.setdefault(row[k], row[k]) for row in people] for k in (1, 2, 3))
    names = tuple(name for name in current.options if name != NO_INVESTMENT)
    place = {account: row for row, account in enumerate(accounts)}
    column = {option: k for k, option in enumerate(names)}
    figures = {name: np.full((len(accounts), len(names)), np.nan) for name in _FIGURES}
    known, unsure = np.zeros((2, len(accounts), len(names)), bool)
    bonds: dict[str, str | None] = {}
    table = INVESTMENT_SCORES.c
    query = sa.select(
        table.account_id, table.investment, table.basis, table.bond, table.advice, *(table[name] for name in _FIGURES)
    )
    with connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query) as result:
        rows: Sequence[Sequence[Any]] = result.fetchmany(1)  # SQLAlchemy has fetched this one from the cursor already
        cursor: Any = result.cursor
        while rows:
            check_deadline()
            ids, options, bases, ties, told, *numbers = zip(*rows, strict=True)
            at = np.array([place[account] for account in ids]), np.array([column.get(option, -1) for option in options])
            offered = at[1] >= 0
            at = at[0][offered], at[1][offered]
            for name, cells in zip(_FIGURES, numbers, strict=True):
                figures[name][at] = np.array(cells, np.float64)[offered]
            known[at] = np.array([basis != INSUFFICIENT for basis in bases], bool)[offered]
            unsure[at] = np.array([one == TEST for one in told], bool)[offered]
            bonds.update(zip(options, ties, strict=True))
            rows = cursor.fetchmany(ROWS_AT_ONCE)  # the driver's own rows: SQLAlchemy's take twice the time
    known &= ~np.isnan(figures["gain"])
    cost = np.where(np.isnan(figures["cost"]), 0.0, figures["cost"])
    low, high = figures["gain_low"], figures["gain_high"]
    of_names = tuple(bonds.get(name) for name in names)
    menu = Candidates(
        accounts=accounts,
        options=names,
        bonds=of_names,
        rung=rung,
        owner=owner,
        cost=cost,
        gain=figures["gain"],
        low=low,
        high=high,
        known=known,
        advice=advice,
        best=best_options(figures["gain"], known),
        unsure=unsure,
        raises=raises_switching(figures["p_switch_change_low"]),
        group=_groups(accounts.tolist(), [row[4] for row in people]),
    )
    run = {"as_of": iso(facts.as_of), "horizon_days": facts.horizon_days, "model_version": facts.model_version}
    return Options(current.run_id, run, menu, facts.terms)


def _groups(accounts: Sequence[str], parents: Sequence[str | None]) -> NDArray[np.object_] | None:
    """Return the top of each account's group; None where no account has a parent."""
    if all(parent is None for parent in parents):
        return None
    return np.array([*groups_of(accounts, parents).root, None], object)[:-1]


def _chosen(menu: Candidates, query: PlanQuery) -> Candidates:
    """Return the candidates that the query is about, without all other accounts: they count nowhere.

    Raises
    ------
    InvalidRequest
        If it names an owner or an option that there is not.
    """
    accounts, options = np.ones(len(menu.accounts), bool), np.ones(len(menu.options), bool)
    if query.owner is not None:
        accounts &= menu.owner == query.owner
        if not accounts.any():
            raise InvalidRequest("No account of the last batch run has this owner.", "unknown_owner", "owner")
    if query.rungs is not None:
        accounts &= np.isin(menu.rung.astype(str), query.rungs)
    if query.accounts is not None:
        accounts &= np.array([account in query.accounts for account in menu.accounts], bool)
    if query.investments is not None:
        strange = sorted(set(query.investments) - set(menu.options))
        if strange:
            message = f"There is no option {strange[0][:60]!r}; the options are {', '.join(menu.options[:20])}."
            raise InvalidRequest(message, "unknown_investment", "investments")
        options &= np.isin(menu.options, query.investments)
    return replace(menu, known=menu.known & options).of(accounts)
