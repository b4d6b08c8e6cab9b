"""Gains + costs + budget + hold-out -> the plan: which account gets which investment, and what that should earn.

At most one option an account, the largest sum of gains within the budget (`knapsack`); nobody whose gain is not above
zero, and nobody of whom the model cannot tell. A share of the selected is held out by lot (`arms`). Their money is
not lost: so many are selected that the treated use the budget, as nearly as can be without ever exceeding it,
whatever the lot. Limits besides the budget hold for treated and held-out accounts together.

Accounts with the advice `test` are given their option by lot to a part only, so that the next training knows: what they
earn and cost counts in the selection as far as they are treated.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import SettingsError
from features.finite import known_cells
from features.instants import BoolArray, FloatArray, IntArray, instant, iso
from features.tables import BONDS
from serving.planning.arms import NEAR, Arms, Draw, draw_arms, most_cost, strata
from serving.planning.candidates import Candidates, build_candidates, in_groups
from serving.planning.knapsack import NONE, ROOM, Choice, Exact, Limit, choose, values_of
from serving.planning.promise import promise
from serving.scoring.terms import ModelTerms

CONTRACT_COLUMNS = "account_id owner investment cost expected_gain gain_low gain_high roi arm propensity".split()
PLAN_COLUMNS = [*CONTRACT_COLUMNS, "advice", "instead_of", "why"]
"""Those of the contract; the account's advice; the recommended option, where another is planned, and why."""
TEXT_COLUMNS = ("account_id", "owner", "investment", "arm", "advice", "instead_of", "why")
TREAT, HOLDOUT = "treat", "holdout"
BY_LOT, NARROWED, LOW_END, LIMITS, BUDGET = WHY = ("by_lot", "narrowed", "low_end", "limits", "budget")
"""Why another option is planned than the recommended one: to keep learning; the request or a manager's decision leaves
no other; its interval's low end is worth more; limits beside the budget; the budget."""
NOTHING = np.array([None], object)
TEST_SHARE = 0.5
"""Share of the accounts with the advice `test` that is invested in, where the scores' model says no other."""
NEXT_MONEY = 10_000.0
"""How much more money the plan asks about."""
NO_OWNER = "(no owner)"
TRIES = 8
"""Selections tried until whatever the lot the treated stay within the budget; two or three are usual."""


@dataclass(frozen=True)
class Allowance:
    """What may be spent.

    budget : money, in all.  owner_budget : money of each account manager, None = no limit; accounts without one share
    one.  bonds : money of all options of a bond.  hours : of an account manager's time that an option takes.
    owner_hours : of each account manager, over the horizon, None = no limit.
    group_budget : money of each group of companies, None = no limit.
    """

    budget: float
    owner_budget: float | None = None
    bonds: Mapping[str, float] = field(default_factory=dict)
    hours: Mapping[str, float] = field(default_factory=dict)
    owner_hours: float | None = None
    group_budget: float | None = None


@dataclass(frozen=True)
class Plan:
    """rows : one an account on it, PLAN_COLUMNS, treated first, best ROI first.  record : what it was made from and
    what it says as a whole, plain enough for JSON."""

    rows: pd.DataFrame
    record: Mapping[str, Any]

    def records(self, start: int = 0, stop: int | None = None) -> list[dict[str, Any]]:
        """Return the rows from start up to stop as plain values, column by name, None where there is nothing."""
        rows = self.rows[start:stop]
        columns = [known_cells(rows[name]) for name in PLAN_COLUMNS]
        return [dict(zip(PLAN_COLUMNS, row, strict=True)) for row in zip(*columns, strict=True)]


def make_plan(
    scores: pd.DataFrame,
    investments: pd.DataFrame,
    allowance: Allowance,
    draw: Draw | None = None,
    *,
    on: str = "expected",
    owners: Mapping[str, str] | None = None,
    groups: Mapping[str, str] | None = None,
    exact: Exact | None = None,
    terms: ModelTerms | None = None,
) -> Plan:
    """Plan for the accounts and options of one scoring run; pass part of the rows to plan for part of them.

    scores, investments : `scores` and `investment_scores` of the contract, of one run.  on : one of `menu.OBJECTIVES`.
    owners : account -> manager, else the scores' own column `owner`, if any.
    groups : account -> the account at the top of its group; others are a group of their own.
    exact : a solver for what the greedy one leaves open.  terms : of the scores' model, as far as they are known.

    Raises
    ------
    SettingsError
        If the tables are not of one run, or an allowance or share is impossible.
    """
    menu = build_candidates(scores, investments, owners)
    if groups is not None:
        menu = replace(menu, group=in_groups(menu.accounts, groups))
    return plan_from(menu, _run(scores), allowance, draw, on=on, exact=exact, terms=terms)


def plan_from(
    menu: Candidates,
    run: Mapping[str, Any],
    allowance: Allowance,
    draw: Draw | None = None,
    *,
    on: str = "expected",
    exact: Exact | None = None,
    terms: ModelTerms | None = None,
) -> Plan:
    """Plan from candidates; the other arguments are those of `make_plan`.

    run : as_of (a date or time, UTC), horizon_days and model_version of the scores.

    Raises
    ------
    SettingsError
        If an allowance or share is impossible.
    """
    draw, terms = Draw() if draw is None else draw, ModelTerms() if terms is None else terms
    run = {**run, "level": terms.level, "currency": terms.currency}
    _check(allowance, draw)
    of_test = max(draw.holdout, 1 - (TEST_SHARE if terms.test_share is None else terms.test_share))
    held_share = np.where(menu.tested, of_test, draw.holdout)
    value, side = menu.objective(on), _side_limits(menu, allowance)
    asked = _Asked(menu, value, held_share, draw.holdout, exact)
    picked = _select(asked, allowance.budget, side)
    rows = np.flatnonzero(picked.choice.option != NONE)
    option = picked.choice.option[rows]
    stratum = strata(option, menu.rung[rows].tolist(), menu.gain[rows, option])
    stratum[menu.tested[rows]] += "/test"
    others = _others(menu, value, picked.choice.option, side if draw.explore else None)
    arms = draw_arms(
        menu.accounts[rows].tolist(),
        cost=menu.cost[rows, option],
        stratum=stratum,
        option=option,
        others=others[rows],
        near=_near(value, picked.choice.option, others)[rows],
        draw=draw,
        run=f"{run['model_version']}@{run['as_of']}",
        share=held_share[rows],
    )
    why = _why(asked, rows, option, arms.option, allowance.budget if side else None)
    found = _rows(menu, rows, arms, why)
    more = _select(asked, allowance.budget + NEXT_MONEY, side)
    record = {
        "plan_id": _plan_id(menu, run, allowance=allowance, draw=draw, on=on, rows=found),
        **run,
        "objective": on,
        "limits": {
            "budget": allowance.budget, "owner_budget": allowance.owner_budget, "bond_budgets": dict(allowance.bonds),
            "owner_hours": allowance.owner_hours, "hours": dict(allowance.hours),
            "group_budget": allowance.group_budget,
        },
        "holdout": draw.holdout, "explore": draw.explore, "seed": draw.seed, "holdout_of_test": of_test,
        **_totals(found, terms),
        "tested": int(menu.tested[rows].sum()), "raises_leaving": int(menu.raises[rows, arms.option].sum()),
        "not_the_best": {reason: int((why == reason).sum()) for reason in WHY},
        "selected": len(rows), "value": picked.choice.value, "bound": picked.choice.bound, "gap": picked.choice.gap,
        "proven": picked.choice.proven, "selected_under": picked.budget,
        "explored": int((arms.option != option).sum()),
        "next_money": _next_money(asked, picked, more),
        "first_to_go": _first_to_go(menu, value, picked.choice.option),
        "left_alone": _left_alone(menu, value, picked.choice.option),
        "strata": _strata_record(menu, stratum, arms),
    }  # fmt: skip
    return Plan(found, record)


@dataclass(frozen=True)
class _Asked:
    """What is selected from.

    held_share : shape (n,), the chance that each would be held out.  holdout : that of those without the advice `test`.
    """

    menu: Candidates
    value: FloatArray
    held_share: FloatArray
    holdout: float
    exact: Exact | None

    @property
    def kept(self) -> FloatArray:
        """Return how likely each is treated, over those without the advice `test`, shape (n, 1)."""
        return ((1 - self.held_share) / (1 - self.holdout))[:, None]


@dataclass(frozen=True)
class _Picked:
    """A selection.  budget : under which it was made."""

    choice: Choice
    budget: float


def _check(allowance: Allowance, draw: Draw) -> None:
    money = {"the budget": allowance.budget, "an owner's budget": allowance.owner_budget,
             "an owner's hours": allowance.owner_hours, "a group's budget": allowance.group_budget}  # fmt: skip
    money |= {f"the budget of {name}": most for name, most in allowance.bonds.items()}
    money |= {f"the hours of {name}": most for name, most in allowance.hours.items()}
    for name, most in money.items():
        if most is not None and not 0 <= most < float("inf"):
            raise SettingsError(f"{name} is {most}; it should be zero or more.")
    strange = sorted(set(allowance.bonds) - set(BONDS))
    if strange:
        raise SettingsError(f"There is no bond {strange[0]!r}; the bonds are {', '.join(BONDS)}.")
    for name, share in (("holdout", draw.holdout), ("explore", draw.explore)):
        if not 0 <= share <= 0.5:
            raise SettingsError(f"The share {name} is {share}; it lies between 0 and 0.5.")


def _run(scores: pd.DataFrame) -> dict[str, Any]:
    """Return what the scores say of their run.  Raises SettingsError unless they are of one run."""
    facts: dict[str, Any] = {}
    for name in ("as_of", "horizon_days", "model_version"):
        found = scores[name].unique()
        if len(found) != 1:
            raise SettingsError(f"Scores of one run have one {name}; these have {len(found)}. Give one run's folder.")
        facts[name] = found[0]
    at = iso(instant(pd.Timestamp(facts["as_of"]).isoformat()))
    return {"as_of": at, "horizon_days": int(facts["horizon_days"]), "model_version": str(facts["model_version"])}


def _plan_id(
    menu: Candidates, run: Mapping[str, Any], *, allowance: Allowance, draw: Draw, on: str, rows: pd.DataFrame
) -> str:
    """Return a digest, 12 hexadecimal digits, of all that the plan was made from and of its accounts and arms."""
    made_from = [menu.options, menu.bonds, sorted(run.items()), asdict(allowance), asdict(draw), on]
    texts = [
        *(column.tolist() for column in (menu.accounts, menu.rung, menu.owner)),
        *([] if menu.group is None or allowance.group_budget is None else [menu.group.tolist()]),
        *(rows[name].tolist() for name in ("account_id", "investment", "arm")),
    ]
    digest = hashlib.sha256(json.dumps([*made_from, *texts]).encode())
    for figures in (menu.known, menu.cost, menu.gain, menu.low, menu.high, rows["propensity"].to_numpy(np.float64)):
        digest.update(np.where(np.isnan(figures), np.nan, figures).tobytes())  # a NaN has many bit patterns
    return digest.hexdigest()[:12]


def _budget_limit(asked: _Asked, budget: float) -> Limit:
    cost = asked.menu.cost * asked.kept
    return Limit("budget", np.zeros(cost.shape, np.int64), cost, np.array([budget]))


def _side_limits(menu: Candidates, allowance: Allowance) -> list[Limit]:
    """Return the limits besides the budget."""
    limits = []
    if allowance.owner_budget is not None or allowance.owner_hours is not None:
        if all(owner is None for owner in menu.owner):
            raise SettingsError("A limit for each owner needs to know who owns what: give --data, whose accounts say.")
        names, code = np.unique([NO_OWNER if o is None else o for o in menu.owner], return_inverse=True)
        owner = np.repeat(code[:, None], len(menu.options), axis=1)
        if allowance.owner_budget is not None:
            limits.append(Limit("owner budget", owner, menu.cost, np.full(len(names), allowance.owner_budget)))
        if allowance.owner_hours is not None:
            each = np.array([allowance.hours.get(name, 0.0) for name in menu.options])
            if not each.any():
                raise SettingsError("A limit of hours needs the hours that an option takes: set them under [plan].")
            hours = np.repeat(each[None, :], len(menu.accounts), axis=0)
            limits.append(Limit("owner hours", owner, hours, np.full(len(names), allowance.owner_hours)))
    if allowance.group_budget is not None:
        if menu.group is None:
            raise SettingsError("A limit for each group needs to know who belongs to whom: give --data, or a --store.")
        code = np.unique(menu.group.astype(str), return_inverse=True)[1]
        group = np.repeat(code[:, None], len(menu.options), axis=1)
        limits.append(
            Limit("group budget", group, menu.cost, np.full(int(code.max(initial=-1)) + 1, allowance.group_budget))
        )
    if allowance.bonds:
        names_of = sorted(allowance.bonds)
        codes = np.array([names_of.index(b) if b in names_of else NONE for b in menu.bonds], np.int64)
        group = np.repeat(codes[None, :], len(menu.accounts), axis=0)
        limits.append(Limit("bond budget", group, menu.cost, np.array([allowance.bonds[name] for name in names_of])))
    return limits


def _select(asked: _Asked, budget: float, side: Sequence[Limit]) -> _Picked:
    """Select so many accounts that the treated use the budget and, whatever the draw, do not exceed it."""
    cost, value = asked.menu.cost, asked.value * asked.kept
    under = budget / (1 - asked.holdout)
    for _ in range(TRIES):
        choice = choose(value, [_budget_limit(asked, under), *side], asked.exact)
        selected = choice.option != NONE
        excess = most_cost(values_of(choice.option, cost)[selected], asked.held_share[selected]) - budget
        if excess <= ROOM * budget:
            return _Picked(choice, under)
        under -= max(excess / (1 - asked.holdout), 0.01 * budget / TRIES)
    full = replace(asked, held_share=np.full(len(cost), asked.holdout))  # not even all of them treated exceed it
    return _Picked(choose(asked.value, [_budget_limit(full, budget), *side], asked.exact), budget)


def _why(asked: _Asked, rows: IntArray, option: IntArray, given: IntArray, budget: float | None) -> NDArray[np.object_]:
    """Return why each selected account gets another option than the recommended one; None where it gets that.

    rows, option, given : the selected, what was planned for them, and what the lot made of it.
    budget : where there are limits beside it; without them every dear option yields to the budget.
    """
    menu, best = asked.menu, asked.menu.best[rows]
    why = np.full(len(rows), None, object)
    why[given != best] = BUDGET
    if budget is not None and (why == BUDGET).any():
        free = _select(asked, budget, []).choice.option[rows]
        why[(why == BUDGET) & (free == best)] = LIMITS
    own, of_best = asked.value[rows, option], np.where(best == NONE, -np.inf, asked.value[rows, best])
    why[(given != best) & (of_best < own)] = LOW_END
    why[(given != best) & ((best == NONE) | ~menu.known[rows, best])] = NARROWED
    why[(given != option) & (given != best)] = BY_LOT
    return why


def _others(menu: Candidates, value: FloatArray, option: IntArray, side: Sequence[Limit] | None) -> BoolArray:
    """Return the other options that exploring may give: profitable, no heavier on any limit, shape (n, k).

    side : None where nobody explores.
    """
    if side is None or not menu.options:
        return np.zeros(value.shape, bool)
    own = np.maximum(option, 0)[:, None]
    may: BoolArray = np.isfinite(value) & (option != NONE)[:, None] & (np.arange(len(menu.options)) != own)
    may &= menu.cost <= np.take_along_axis(menu.cost, own, axis=1)
    for limit in side:
        same = limit.group == np.take_along_axis(limit.group, own, axis=1)
        lighter = limit.weight <= np.take_along_axis(limit.weight, own, axis=1)
        may &= (limit.group == NONE) | (same & lighter)
    return may


def _near(value: FloatArray, option: IntArray, others: BoolArray) -> BoolArray:
    """Return the half of the selected that lose least by another option, shape (n,)."""
    near = np.zeros(len(option), bool)
    able = np.flatnonzero(others.any(axis=1))
    loss = values_of(option, value)[able] - np.where(others[able], value[able], -np.inf).max(axis=1, initial=-np.inf)
    near[able[np.argsort(loss, kind="stable")[: int(np.ceil(NEAR * len(able)))]]] = True
    return near


def _rows(menu: Candidates, rows: IntArray, arms: Arms, why: NDArray[np.object_]) -> pd.DataFrame:
    option, names = arms.option, np.array([*menu.options, None], object)
    columns: dict[str, NDArray[Any]] = {
        "account_id": menu.accounts[rows],
        "owner": menu.owner[rows],
        "investment": names[option],
        "cost": menu.cost[rows, option],
        "expected_gain": menu.gain[rows, option],
        "gain_low": menu.low[rows, option],
        "gain_high": menu.high[rows, option],
        "roi": menu.roi[rows, option],
        "arm": np.where(arms.held, HOLDOUT, TREAT).astype(object),
        "propensity": arms.chance,
        "advice": menu.advice[rows],
        "instead_of": np.where(pd.isna(why), NOTHING, names[menu.best[rows]]),
        "why": why,
    }
    found = pd.DataFrame(columns, columns=PLAN_COLUMNS)
    for name in TEXT_COLUMNS:
        found[name] = found[name].astype("string")
    return_first = np.where(np.isnan(columns["roi"]), -np.inf, -columns["roi"])  # what costs nothing comes first
    return found.iloc[np.lexsort((return_first, arms.held))].reset_index(drop=True)


def _totals(found: pd.DataFrame, terms: ModelTerms) -> dict[str, Any]:
    """Return sums over the treated; the interval is the widest possible, of errors that all have one sign."""
    treated = found[found["arm"] == TREAT]
    spent, gain = float(treated["cost"].sum()), float(treated["expected_gain"].sum())
    return {
        "spent": spent,
        "treated": len(treated),
        "held_out": len(found) - len(treated),
        "held_out_cost": float(found["cost"].sum()) - spent,
        "expected_gain": gain,
        "gain_low": float(treated["gain_low"].sum(skipna=False)),
        "gain_high": float(treated["gain_high"].sum(skipna=False)),
        "roi": gain / spent if spent > 0 else None,
        "break_even": spent / (gain + spent) if gain + spent > 0 else None,
        **promise(gain, terms),
    }


def _next_money(asked: _Asked, picked: _Picked, more: _Picked) -> dict[str, Any]:
    """Return what so much more money would buy: gain, cost, and the accounts that get an option or another."""
    menu, before, after = asked.menu, picked.choice.option, more.choice.option
    gain, cost = (
        float(values_of(after, figures).sum() - values_of(before, figures).sum())
        for figures in (menu.gain * asked.kept, menu.cost * asked.kept)
    )
    rows = np.flatnonzero((after != NONE) & (after != before))
    rows = rows[np.argsort(-menu.gain[rows, after[rows]], kind="stable")]
    named = [{"account_id": menu.accounts[r], "investment": menu.options[after[r]]} for r in rows[:10]]
    share = 1 - asked.holdout
    return {"money": NEXT_MONEY, "spent": cost * share, "expected_gain": gain * share, "accounts": len(rows),
            "first": named}  # fmt: skip


def _first_to_go(menu: Candidates, value: FloatArray, option: IntArray) -> dict[str, Any] | None:
    """Return the account whose last money earns least: gain over the next cheaper choice, for what that saves."""
    rows = np.flatnonzero(option != NONE)
    own_cost, own = menu.cost[rows, option[rows]], value[rows, option[rows]]
    instead = np.column_stack([np.zeros(len(rows)), value[rows]])
    saved = own_cost[:, None] - np.column_stack([np.zeros(len(rows)), menu.cost[rows]])
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where((saved > 0) & np.isfinite(instead), (own[:, None] - instead) / saved, np.inf)
    if not np.isfinite(rate).any():
        return None
    at, column = np.unravel_index(int(rate.argmin()), rate.shape)
    row = int(rows[at])
    return {
        "account_id": menu.accounts[row],
        "investment": menu.options[option[row]],
        "instead": None if column == 0 else menu.options[int(column) - 1],
        "saves": float(saved[at, column]),
        "loses": float(saved[at, column] * rate[at, column]),
    }


def _left_alone(menu: Candidates, value: FloatArray, option: IntArray) -> dict[str, int]:
    """Return how many accounts are left alone, by reason."""
    alone = option == NONE
    known = menu.known.any(axis=1)
    pays, counts = (menu.known & (menu.gain > 0)).any(axis=1), np.isfinite(value).any(axis=1)
    by = {"unknown": ~known, "loses": known & ~pays, "unsure": pays & ~counts, "beaten": counts}
    return {name: int((alone & rows).sum()) for name, rows in by.items()}


def _strata_record(menu: Candidates, stratum: NDArray[np.object_], arms: Arms) -> list[dict[str, Any]]:
    rows = pd.DataFrame({"stratum": stratum, "held": arms.held})
    counts = []
    for name, held in rows.groupby("stratum", sort=True)["held"]:
        option, rung, third, *test = str(name).split("/")
        counts.append({"investment": menu.options[int(option)], "rung": rung, "gain_third": int(third) + 1,
                     "accounts": len(held), "held_out": int(held.sum()), "test": bool(test)})  # fmt: skip
    return counts
