"""The accounts from which the effect of an investment could be learnt, counted as training counts them.

An exposure counts where its horizon is complete and, if it was drawn by lot, its propensity is known, or, if a manager
chose, nothing was invested in the washout before it. Beside it comparable accounts are needed that got nothing: the
recorded controls of lots, or whoever had nothing at the dates of the choices.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.streams import Stream
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from features.ladder.rules import LadderRules, rungs

MOST_DATES = 12
"""Dates of choices at which controls are looked for."""
WASHOUT, CONTROLS, PROPENSITY, RULE, FEW, HISTORY = "washout", "controls", "propensity", "rule", "few", "history"
"""Why an effect cannot be learnt."""
CONTROL = -1


@dataclass(frozen=True)
class ExposureNeeds:
    """What an effect needs: as the settings of training have it under `uplift`, and the horizon, days."""

    horizon_days: int
    exposure_days: int = 30
    washout_days: int = 90
    exposed: int = 60
    controls: int = 60
    separation: float = 0.95


@dataclass(frozen=True)
class Exposures:
    """Accounts, each counted once.

    recorded : ever given the option with a complete horizon.
    drawn, chosen, either : whose exposure counts, by lot, by choice, and by any of the two.
    drawn_controls, chosen_controls : beside them.
    unwashed, unknown : with exposures lost to the washout, and to a missing propensity.
    separation : how well one figure alone (the rung, a year's revenue) tells the chosen from their controls, 0.5 .. 1.
    """

    recorded: int
    drawn: int
    chosen: int
    either: int
    drawn_controls: int
    chosen_controls: int
    unwashed: int
    unknown: int
    separation: float

    @property
    def controls(self) -> int:
        """Return the controls of the larger part."""
        return self.drawn_controls if self.drawn >= self.chosen else self.chosen_controls

    def cause(self, needs: ExposureNeeds) -> str | None:
        """Return why the effect cannot be learnt; None where it can."""
        enough = self.drawn >= needs.exposed, self.chosen >= needs.exposed
        beside = self.drawn_controls >= needs.controls, self.chosen_controls >= needs.controls
        if (enough[0] and beside[0]) or (enough[1] and beside[1] and self.separation <= needs.separation):
            return None
        if enough[1] and beside[1]:
            return RULE
        if any(enough):
            return CONTROLS
        if self.recorded < needs.exposed:
            return FEW
        return PROPENSITY if self.unknown > self.unwashed else WASHOUT


def count_exposures(
    histories: Histories, rules: LadderRules, option: int, needs: ExposureNeeds, as_of: int
) -> Exposures:
    """Count the accounts of one option.  option : its position among the histories' options."""
    made = histories.streams["assignments"]
    counted = made.time + needs.horizon_days * MICROSECONDS_PER_DAY <= as_of
    random, known = made.value("random") == 1, made.values["propensity"] > 0
    what = made.values["option"].astype(np.int64)
    own, washed = counted & (what == option), _is_washed(made, what, needs.washout_days)
    drawn, chosen = own & random & known, own & ~random & washed
    beside = counted & random & known & (what == CONTROL)
    controls, separation = _controls(histories, rules, made.account[chosen], made.time[chosen], needs)
    return Exposures(
        recorded=_accounts(made, own), drawn=_accounts(made, drawn), chosen=_accounts(made, chosen),
        either=_accounts(made, drawn | chosen), drawn_controls=_accounts(made, beside),
        chosen_controls=controls, unwashed=_accounts(made, own & ~random & ~washed),
        unknown=_accounts(made, own & random & ~known), separation=separation,
    )  # fmt: skip


def _accounts(made: Stream, rows: BoolArray) -> int:
    return len(np.unique(made.account[rows]))


def _is_washed(made: Stream, what: IntArray, washout_days: int) -> BoolArray:
    """Return whether nothing was invested in the account in the washout before each row, shape (n_rows,)."""
    invested = np.flatnonzero(what >= 0)
    account, time = made.account[invested], made.time[invested]
    before = (account[1:] == account[:-1]) & (time[1:] - time[:-1] <= washout_days * MICROSECONDS_PER_DAY)
    washed = np.ones(len(what), bool)
    washed[invested[1:][before & (time[1:] > time[:-1])]] = False
    return washed


def _controls(
    histories: Histories, rules: LadderRules, account: IntArray, time: IntArray, needs: ExposureNeeds
) -> tuple[int, float]:
    """Return how many accounts had nothing at the dates of choices, and how well one figure tells the two apart."""
    days = np.unique(time // MICROSECONDS_PER_DAY)
    days = days[:: max(1, -(-len(days) // MOST_DATES))]
    free_ever = np.zeros(len(histories.account_ids), bool)
    seen: list[tuple[FloatArray, FloatArray, BoolArray]] = []
    for at in (days * MICROSECONDS_PER_DAY).tolist():
        until = at + needs.exposure_days * MICROSECONDS_PER_DAY
        known = histories.known_at(at)
        then = View(histories, Snapshots(known.account, np.full(len(known), until, np.int64)))
        free = then.stream("investments").count(needs.washout_days + needs.exposure_days) == 0
        exposed = np.isin(known.account, account[(time >= at) & (time < until)])
        free_ever[known.account[free]] = True
        view = View(histories, known)
        rows = free | exposed
        revenue = view.stream("orders").amount("revenue", 365)
        seen.append((rungs(view, rules)[rows].astype(np.float64), revenue[rows], exposed[rows]))
    if not seen:
        return 0, 0.5
    of_rung, of_revenue, exposed = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    return int(free_ever.sum()), max(_told_apart(figure, exposed) for figure in (of_rung, of_revenue))


def _told_apart(figure: FloatArray, exposed: BoolArray) -> float:
    """Return how often the exposed have the higher figure, or the lower one, if that is oftener: 0.5 .. 1."""
    n, others = int(exposed.sum()), int((~exposed).sum())
    if not n or not others:
        return 0.5
    above = (rankdata(figure)[exposed].sum() - n * (n + 1) / 2) / (n * others)
    return float(max(above, 1 - above))
