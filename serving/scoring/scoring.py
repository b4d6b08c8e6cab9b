"""Histories in, scores out: one code path for a million accounts from files and for one from a request.

The catalogue that computes the features is the one that trained the model, checked by its fingerprint when
the bundle is read. Every figure of an account has the same bits whatever accounts stand beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from features.accounts.margin_rates import margin_rates
from features.catalog import catalog
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray, IntArray, iso
from features.ladder.contract_ends import contract_state, ending_contracts
from features.ladder.eligibility import can_switch
from features.ladder.former import former
from features.ladder.rules import rungs
from features.tables import BONDS, NO_INVESTMENT, RUNGS, TRIGGER_FAMILIES
from serving.scoring.advice.act_by import act_by, days_to_contract_end
from serving.scoring.advice.advice import LEAVE_ALONE, advise_accounts, advise_options, chance_of_gain, is_at_risk
from serving.scoring.advice.playbook import plays_of, told_trigger
from serving.scoring.advice.reasons import Explainer
from serving.scoring.customer_types import customer_types
from serving.scoring.horizons import Column, hold_to, rung_columns, table
from serving.scoring.lifetime import lifetime_columns, win_back_chances
from serving.scoring.loyalty_columns import loyalty_columns
from serving.scoring.manager_forecasts import beside_history, last_forecasts
from training.model.bundle import Bundle, Investment
from training.model.prediction_sets import rung_sets
from training.model.predictors import Floored, Pool, Trees
from training.model.reasons import Reason

INSUFFICIENT = "insufficient"
WINDOW = ("next_order_from", "next_order_on", "next_order_until")
"""The columns of the window of the next order day, in the order of `training.model.next_order.LEVELS`."""
TRIGGER_PRIOR = 0.5
"""Log odds given to the families' usual shares: without traces of its own, an account gets those."""


@dataclass(frozen=True)
class Scored:
    """The tables of the contract, and that of the horizons, column by column.

    scores : name -> shape (n_snapshots,).  investments : name -> shape (n_snapshots * n_options,), all options
        of the first account, then of the second; `investments["account_id"]` repeats.
    horizons : name -> shape (n_snapshots * n_horizons,), in the same way; empty where nobody asked for it.
    missing : share of the features that are unknown, over all snapshots together.
    Missing figures are NaN, missing names None.
    """

    scores: Mapping[str, Column]
    investments: Mapping[str, Column]
    horizons: Mapping[str, Column]
    missing: float = 0.0


class Scorer:
    """A bundle made ready: `score` may be called from several threads."""

    def __init__(self, bundle: Bundle, version: str) -> None:
        self.bundle, self.version = bundle, version
        self._reach = NormalDist().inv_cdf(0.5 + bundle.facts.level / 2)

    def score(
        self,
        histories: Histories,
        snapshots: Snapshots,
        explain: bool = True,
        horizons: bool = True,
        *,
        progress: Callable[[float], None] | None = None,
    ) -> Scored:
        """Return the scores of those snapshots, in their order.

        explain : also give the reasons, which takes about as long again: a tuple of reasons an account, else None.
        horizons : also look as far ahead as the model's other horizons do.
        progress : told which share is done, about.
        """
        told_share = progress or (lambda _: None)
        facts = self.bundle.facts
        view = View(histories, snapshots)
        matrix = catalog.compute(view, self.bundle.context)
        told_share(0.3)
        rung = rungs(view, facts.rules)
        missing = float(np.isnan(matrix).mean()) if len(matrix) else 0.0
        columns: dict[str, Column] = {
            "account_id": histories.account_ids[snapshots.account],
            "as_of": np.array([iso(at) for at in snapshots.as_of], object),
            "horizon_days": np.full(len(snapshots), facts.horizon_days, np.int64),
            "model_version": np.full(len(snapshots), self.version, object),
            "rung": np.array(RUNGS, object)[rung],
        }
        columns |= self._next(matrix, rung)
        possible = can_switch(view, facts.rules, facts.definition, facts.silence_days, facts.renewal_grace_days)
        rows = np.flatnonzero(possible) if self.bundle.switching is not None else np.empty(0, np.int64)
        parts = self._leaving_parts(matrix[rows])
        columns |= self._switch(matrix, rows, parts)
        columns["former"] = former(view, facts.rules, facts.renewal_grace_days)
        columns["p_win_back"] = win_back_chances(self.bundle, view, matrix, columns["former"])
        columns |= self._revenue(matrix, columns["p_win_back"], self._silent(view, columns["p_switch"]))
        columns |= self._next_order(matrix, view.as_of, columns["p_no_order"])
        columns["p_renew"] = self._renewal(view, matrix)
        margin = self._margin(view)
        columns["value_at_risk"] = columns["p_switch"] * columns["expected_revenue"] * margin
        columns |= customer_types(matrix, rung, facts.usual_load)
        columns |= self._upgrade(matrix, rung)
        columns["manager_forecast"] = self._forecast(view)
        columns |= beside_history(view, facts, columns["manager_forecast"], columns["upgrade_value_gap"])
        investments = self._investments(matrix, rung, margin, columns["expected_revenue"])
        columns |= _recommend(investments, len(snapshots), len(self.bundle.investments))
        columns["advice"] = self._advice(columns, investments)
        columns |= lifetime_columns(self.bundle, view, matrix, rung=rung, scores=columns, margin=margin)
        columns |= self._play(view, matrix, columns)
        columns |= loyalty_columns(view, facts)
        columns["reasons"] = _nothing(len(snapshots))
        told_share(0.5)
        if explain:
            for k, told in enumerate(self._reasons(matrix, rung, rows, parts, Explainer(facts, histories.tables))):
                columns["reasons"][k] = told
        told_share(0.8)
        repeated = {name: np.repeat(columns[name], len(self.bundle.investments)) for name in ("account_id", "as_of")}
        ahead = self._horizons(view, matrix, rung, rows, columns) if horizons else {}
        return Scored(_without_sign(columns), _without_sign(repeated | investments), _without_sign(ahead), missing)

    def _horizons(
        self, view: View, matrix: FloatArray, rung: IntArray, rows: IntArray, scores: Mapping[str, Column]
    ) -> dict[str, Column]:
        """Return every horizon, the main one as the scores have it.  rows : of the accounts that can switch.

        The matrix is written over: only a few columns of it depend on the horizon.
        """
        further, context = self.bundle.further, self.bundle.context
        places = [catalog.NAMES.index(name) for name in catalog.HORIZON_NAMES]
        found: dict[int, dict[str, Column]] = {self.bundle.facts.horizon_days: dict(scores)}
        for horizon in further:
            ahead = replace(context, horizon_days=horizon.days)
            matrix[:, places] = catalog.compute(view, ahead, catalog.HORIZON_NAMES)
            columns = rung_columns(horizon.next_rung.predict(matrix), rung)
            columns["p_switch"] = np.full(len(matrix), np.nan)
            if horizon.switching is not None and len(rows):
                columns["p_switch"][rows] = horizon.switching.predict(matrix[rows])[:, 0]
            found[horizon.days] = columns | {"expected_revenue": horizon.revenue.predict(matrix)[:, 0]}
        days = sorted(found)
        self._make_coherent(found, days, rows)
        return table([found[ahead] for ahead in days], days, scores)

    def _make_coherent(self, found: Mapping[int, dict[str, Column]], days: Sequence[int], rows: IntArray) -> None:
        facts = self.bundle.facts
        revenue = hold_to([found[ahead]["expected_revenue"] for ahead in days], days.index(facts.horizon_days), True)
        for ahead, held in zip(days, revenue, strict=True):
            found[ahead]["expected_revenue"] = held
        known = {horizon.days for horizon in self.bundle.further if horizon.switching is not None}
        able = [ahead for ahead in days if ahead in known or ahead == facts.horizon_days]
        if facts.definition == "rhythm":
            return  # a longer horizon may end beyond a rhythm that a shorter one does not reach
        chances, main = [found[ahead]["p_switch"][rows] for ahead in able], able.index(facts.horizon_days)
        for ahead, held in zip(able, hold_to(chances, main, facts.definition == "recorded"), strict=True):
            if ahead != facts.horizon_days:
                found[ahead]["p_switch"][rows] = held

    def _next(self, matrix: FloatArray, rung: IntArray) -> dict[str, Column]:
        chances = self.bundle.next_rung.predict(matrix)
        low, high = rung_sets(chances, self.bundle.facts.set_threshold)
        names = np.array(RUNGS, object)
        return rung_columns(chances, rung) | {"rung_low": names[low], "rung_high": names[high]}

    def _silent(self, view: View, leaving: FloatArray) -> FloatArray:
        """Return the chance of leaving where to leave is to order nothing in the horizon, shape (n,); NaN elsewhere."""
        facts = self.bundle.facts
        by_contract = contract_state(view, facts.renewal_grace_days).by_contract
        return np.where(by_contract | (facts.definition == "recorded"), np.nan, leaving)

    def _revenue(self, matrix: FloatArray, returns: FloatArray, silent: FloatArray) -> dict[str, Column]:
        """Return expected revenue and its interval, widened to hold it: a mean may lie above a high quantile.

        Beside them the same told apart: the chance of nothing, and the range if there is anything.

        returns : chance of an order of former customers, which goes before that of everybody; NaN of others.
        silent : chance of leaving without an order, below which that of no order cannot lie; NaN where it may.
        """
        revenue, ranges = self.bundle.revenue, self.bundle.revenue_range
        expected, if_order = revenue.predict(matrix)[:, 0], ranges.predict(matrix)
        no_order = 1.0 - np.where(np.isnan(returns), revenue.any_order.predict(matrix)[:, 0], returns)
        no_order = np.fmax(no_order, silent)
        found = ranges.interval(matrix, no_order)
        return {
            "expected_revenue": expected,
            "expected_revenue_low": np.minimum(found[:, 0], expected),
            "expected_revenue_high": np.maximum(found[:, 1], expected),
            "p_no_order": no_order,
            "revenue_if_order_low": if_order[:, 0],
            "revenue_if_order_high": if_order[:, 1],
        }

    def _next_order(self, matrix: FloatArray, as_of: IntArray, no_order: FloatArray) -> dict[str, Column]:
        """Return the window of the next order day, as dates, and the days overdue."""
        model = self.bundle.next_order
        if model is None:
            return {**{name: _nothing(len(matrix)) for name in WINDOW}, "overdue_days": np.full(len(matrix), np.nan)}
        days = model.window(matrix, no_order)
        return {**dict(zip(WINDOW, dates_ahead(as_of, days).T, strict=True)), "overdue_days": model.overdue(matrix)}

    def _renewal(self, view: View, matrix: FloatArray) -> FloatArray:
        """Return the chance of each account that its contracts which end within the horizon renew, by their value."""
        model, facts = self.bundle.renewal, self.bundle.facts
        if model is None:
            return np.full(len(matrix), np.nan)
        ending = ending_contracts(view, facts.horizon_days, facts.renewal_grace_days)
        chances = model.by_account(matrix, ending)
        return chances[:, 1] + chances[:, 2]

    def _margin(self, view: View) -> FloatArray:
        """Return each account's gross margin rate: its own of the last year, its product lines', or that of all."""
        return margin_rates(view, self.bundle.facts.line_margins, self.bundle.facts.margin_rate)

    def explain(self, histories: Histories, snapshots: Snapshots) -> list[tuple[Reason, ...]]:
        """Return the reasons of every snapshot, without its scores."""
        facts, view = self.bundle.facts, View(histories, snapshots)
        matrix, rung = catalog.compute(view, self.bundle.context), rungs(view, facts.rules)
        possible = can_switch(view, facts.rules, facts.definition, facts.silence_days, facts.renewal_grace_days)
        rows = np.flatnonzero(possible) if self.bundle.switching is not None else np.empty(0, np.int64)
        teller = Explainer(facts, histories.tables)
        return self._reasons(matrix, rung, rows, self._leaving_parts(matrix[rows]), teller)

    def _leaving_parts(self, matrix: FloatArray) -> FloatArray:
        """Return what each feature adds to the log odds of leaving, shape (n, n_features); zero without a booster."""
        trees = _trees(self.bundle.switching)
        return np.zeros((len(matrix), len(catalog.NAMES))) if trees is None else trees.contributions(matrix)[:, :-1]

    def _switch(self, matrix: FloatArray, rows: IntArray, parts: FloatArray) -> dict[str, Column]:
        n = len(matrix)
        names = ["p_switch", *(f"trigger_{family}" for family in TRIGGER_FAMILIES)]
        columns: dict[str, Column] = {name: np.full(n, np.nan) for name in names}
        columns["switch_trigger"] = _nothing(n)
        if self.bundle.switching is None or not len(rows):
            return columns
        columns["p_switch"][rows] = self.bundle.switching.predict(matrix[rows])[:, 0]
        learnt = self.bundle.triggers
        shares = self._trigger_shares(parts) if learnt is None else learnt.predict(matrix[rows])
        for k, family in enumerate(TRIGGER_FAMILIES):
            columns[f"trigger_{family}"][rows] = shares[:, k]
        columns["switch_trigger"][rows] = np.array(TRIGGER_FAMILIES, object)[shares.argmax(axis=1)]
        return columns

    def _trigger_shares(self, parts: FloatArray) -> FloatArray:
        """Return the trigger families' shares in leaving where no reasons are recorded, shape (n, 3).

        The families' usual shares, and what the account's own traces of each add to the log odds of leaving.
        """
        shares = np.empty((len(parts), len(TRIGGER_FAMILIES)))
        total = np.zeros(len(parts))
        for k, family in enumerate(TRIGGER_FAMILIES):
            pushed = np.zeros(len(parts))
            for position, feature in enumerate(catalog.FEATURES):
                if feature.trigger == family:
                    pushed = pushed + parts[:, position]
            shares[:, k] = TRIGGER_PRIOR * self.bundle.facts.trigger_shares[k] + np.maximum(pushed, 0.0)
            total = total + shares[:, k]
        return shares / total[:, None]

    def _upgrade(self, matrix: FloatArray, rung: IntArray) -> dict[str, Column]:
        facts, n = self.bundle.facts, len(matrix)
        uplift, error = np.full(n, np.nan), np.full(n, np.nan)
        for level, effect in self.bundle.upgrades.items():
            rows = np.flatnonzero(rung == level)
            if len(rows):
                uplift[rows], error[rows] = effect.predict(matrix[rows]).T
        top = rung == len(RUNGS) - 1
        basis = np.array([*facts.upgrade_basis, INSUFFICIENT], object)[rung]
        basis[top] = None
        gap = np.array([np.nan if g is None else g for g in facts.value_gaps], np.float64)[rung]
        return {
            "upgrade_uplift": uplift,
            "upgrade_uplift_low": uplift - self._reach * error,
            "upgrade_uplift_high": uplift + self._reach * error,
            "upgrade_basis": basis,
            "upgrade_value_gap": gap,
        }

    def _forecast(self, view: View) -> FloatArray:
        """Return the last estimate of the account's manager, times what that manager's estimates have been worth."""
        facts, told = self.bundle.facts, last_forecasts(view)
        if facts.forecast_common is None or told is None:
            return np.full(len(view), np.nan)
        return told.per_day * facts.horizon_days * told.each(facts.forecast_factors, facts.forecast_common)

    def _investments(
        self, matrix: FloatArray, rung: IntArray, margin: FloatArray, expected: FloatArray
    ) -> dict[str, Column]:
        """Return all options of every account, shape (n * n_options,) each."""
        n, options = len(matrix), self.bundle.investments
        parts = [self._option(option, matrix, rung, margin, expected) for option in options]
        names = parts[0].keys() if parts else ()
        return {name: np.stack([part[name] for part in parts], axis=1).reshape(n * len(options)) for name in names}

    def _option(
        self, option: Investment, matrix: FloatArray, rung: IntArray, margin: FloatArray, expected: FloatArray
    ) -> dict[str, Column]:
        n = len(matrix)
        usable = np.isin(rung, option.rungs) & (option.basis != INSUFFICIENT)
        found = {name: np.full((n, 2), np.nan) for name in ("revenue", "climbed", "switched", "served")}
        rows = np.flatnonzero(usable)
        for name, effect in option.effects.items():
            found[name][rows] = effect.predict(matrix[rows])
        uplift, error = found["revenue"].T
        served, served_error = found["served"].T if option.prices_serving else np.zeros((2, n))
        cost = option.cost + option.revenue_share * (expected + np.nan_to_num(uplift))
        gain = uplift * margin - cost - served
        gain_error = np.sqrt((error * (margin - option.revenue_share)) ** 2 + served_error**2)
        spread, p_gain = self._reach * gain_error, chance_of_gain(gain, gain_error)
        switch, switch_spread = found["switched"][:, 0], self._reach * found["switched"][:, 1]
        bond = BONDS[option.bond] if option.bond >= 0 else None
        return {
            "investment": np.full(n, option.name, object),
            "bond": np.full(n, bond, object),
            "cost": cost,
            "uplift": uplift,
            "uplift_low": uplift - self._reach * error,
            "uplift_high": uplift + self._reach * error,
            "gain": gain,
            "gain_low": gain - spread,
            "gain_high": gain + spread,
            "roi": np.where(cost > 0, gain / np.where(cost > 0, cost, 1.0), np.nan),
            "p_upgrade_change": np.clip(found["climbed"][:, 0], -1.0, 1.0),
            "p_switch_change": np.clip(switch, -1.0, 1.0),
            "serving_cost_change": served if option.prices_serving else np.full(n, np.nan),
            "basis": np.where(usable, option.basis, INSUFFICIENT).astype(object),
            "p_gain": p_gain,
            "p_switch_change_low": np.clip(switch - switch_spread, -1.0, 1.0),
            "p_switch_change_high": np.clip(switch + switch_spread, -1.0, 1.0),
            "advice": advise_options(gain, p_gain, switch - switch_spread, self.bundle.facts.sure),
        }

    def _advice(self, scores: Mapping[str, Column], investments: Mapping[str, Column]) -> Column:
        """Return what to do with each account."""
        facts, shape = self.bundle.facts, (len(scores["rung"]), len(self.bundle.investments))
        at_risk = is_at_risk(scores["p_switch"], scores["value_at_risk"], facts.risk, facts.value_at_risk)
        if not shape[1]:
            return advise_accounts(np.empty(shape), np.empty(shape, object), at_risk)
        return advise_accounts(investments["gain"].reshape(shape), investments["advice"].reshape(shape), at_risk)

    def _play(self, view: View, matrix: FloatArray, scores: Mapping[str, Column]) -> dict[str, Column]:
        """Return the play of every account, the day by which to act, and its cause."""
        facts, model, gone = self.bundle.facts, self.bundle.next_order, scores["former"]
        signs = {name: matrix[:, catalog.NAMES.index(f"signs_{name}")] for name in TRIGGER_FAMILIES}
        trigger = told_trigger(scores["switch_trigger"], signs, last_reasons(view), gone)
        keys, play_days = plays_of(facts.playbook, scores, trigger)
        nothing = np.full(len(matrix), np.nan)
        ahead = nothing if model is None else model.window(matrix, scores["p_no_order"])[:, 1]
        days, cause = act_by(
            view, days_to_end=days_to_contract_end(view, facts.horizon_days, facts.renewal_grace_days),
            next_order=ahead, overdue=scores["overdue_days"], play_days=play_days,
            alone=scores["advice"] == LEAVE_ALONE, gone=gone, terms=(facts.horizon_days, facts.notice_days),
        )  # fmt: skip
        dates = np.datetime_as_string(np.maximum(days, 0).astype("datetime64[D]")).astype(object)
        dates[days < 0] = None
        return {"playbook": keys, "act_by": dates, "act_by_cause": cause}

    def _reasons(
        self, matrix: FloatArray, rung: IntArray, rows: IntArray, parts: FloatArray, teller: Explainer
    ) -> list[tuple[Reason, ...]]:
        """Return reasons for leaving where the account can switch, else for climbing.

        rows : of the accounts that can switch.  parts : what each feature adds to their log odds of leaving.
        """
        reasons: list[tuple[Reason, ...]] = [()] * len(matrix)
        climbers, climbing = np.setdiff1d(np.arange(len(matrix)), rows), self.bundle.climbing
        told = teller.tell(parts, matrix[rows], rung[rows], leaving=True)
        if isinstance(climbing, Trees):
            added = climbing.contributions(matrix[climbers])[:, :-1]
            told += teller.tell(added, matrix[climbers], rung[climbers], leaving=False)
        for row, one in zip([*rows, *climbers], told, strict=False):
            reasons[row] = one
        return reasons


def last_reasons(view: View) -> Column:
    """Return the recorded trigger of each account's last switch; None where none is recorded."""
    switches = view.stream("switches")
    if not len(switches.time):
        return _nothing(len(view))
    end = switches.edge(0)
    code = switches.value("trigger")[np.maximum(end - 1, 0)]
    return np.array([*TRIGGER_FAMILIES, None], object)[np.where(end > switches.start, code, -1)]


def _trees(pool: Pool | None) -> Trees | None:
    """Return the pool's booster, if it has one."""
    member = None if pool is None else pool.members.get("booster")
    if isinstance(member, Floored):
        member = member.member
    return member if isinstance(member, Trees) else None


def dates_ahead(as_of: IntArray, days: FloatArray) -> Column:
    """Return the dates that lie some days after an instant, ISO 8601, None where the number is missing.

    as_of : shape (n,), microseconds.  days : shape (n, k).
    """
    known = ~np.isnan(days)
    ahead = (
        np.rint(as_of[:, None] / MICROSECONDS_PER_DAY + np.where(known, days, 0.0))
        .astype(np.int64)
        .astype("datetime64[D]")
    )
    dates = np.datetime_as_string(ahead).astype(object)
    dates[~known] = None
    return dates


def _recommend(investments: Mapping[str, Column], n: int, n_options: int) -> dict[str, Column]:
    """Return the option with the highest expected net gain, or `none`; ranked by ROI, 1 = first."""
    name, gain, roi, rank = _nothing(n), np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    if n_options and n:
        gains = investments["gain"].reshape(n, n_options)
        best = np.where(np.isnan(gains), -np.inf, gains).argmax(axis=1)
        rows = np.arange(n)
        pays = gains[rows, best] > 0
        name = np.where(pays, investments["investment"].reshape(n, n_options)[rows, best], NO_INVESTMENT).astype(object)
        gain = np.where(pays, gains[rows, best], 0.0)
        roi = np.where(pays, investments["roi"].reshape(n, n_options)[rows, best], np.nan)
        rank = ranks(gain, roi)
    return {"recommended_investment": name, "expected_gain": gain, "roi": roi, "rank": rank}


def ranks(gain: FloatArray, roi: FloatArray) -> FloatArray:
    """Return ranks by ROI, 1 = first, among accounts with an expected gain above zero; NaN for the others.

    Of equal ROI and gain the account that stands first comes first.
    """
    rank = np.full(len(gain), np.nan)
    order = np.lexsort((-gain, -np.where(np.isnan(roi), np.inf, roi)))  # what costs nothing comes first
    order = order[gain[order] > 0]
    rank[order] = np.arange(1, len(order) + 1)
    return rank


def _without_sign(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return minus zero as zero, which SQLite does not distinguish: a figure has the same bits everywhere."""
    return {name: column + 0.0 if column.dtype == np.float64 else column for name, column in columns.items()}


def _nothing(n: int) -> Column:
    return np.full(n, None, object)
