"""The champion's predictions since it was trained against what happened, over every horizon it has.

Snapshots are taken at `trained_until` and every so many days after it, wherever their horizon is complete; nothing of
their outcomes was known to the champion. What it would have said then is computed by the truncation rule. A model
predicts shorter horizons too, and those mature first: they are the earliest test of the model itself.

Intervals are 95 % and draw accounts, not snapshots. *Dangerous* with one instant only: what moved all accounts together
in that half year lies in no interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.catalog import catalog
from features.histories.histories import Histories
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from training.data.labels import Labels, label
from training.evaluation.cluster_bootstrap import Interval, cluster_bootstrap_mean
from training.evaluation.fairness import WORTH_A_WORD, Given, PartRow, judge_parts, parts_of, surest_first
from training.evaluation.metrics import auc, row_log_loss
from training.model.bundle import Bundle, Horizon
from training.model.rung_mass import mass_above, mass_below
from training.monitoring.reference_predictions import ReferencePredictions, drawn, look
from training.settings import Settings

SWITCHING, NEXT_RUNG, CLIMBING, FALLING = "switching", "next_rung", "climbing", "falling"
LEAST_SNAPSHOTS = 30
"""Fewer say nothing with an interval."""


@dataclass(frozen=True)
class RealisedPerformance:
    """One prediction over one horizon, on snapshots whose outcome is known.

    outcome : switching, next_rung, climbing or falling.  log_loss, auc : None where it is not judged by that.
    promised_log_loss, promised_auc : of the champion's own backtest; None where it has none for this.
    expected : mean chance given.  observed : share it happened to, and the difference of the two with its interval.
    parts : the same for every country, industry, segment and size with enough accounts, the surest to be off first.
    """

    outcome: str
    horizon_days: int
    instants: tuple[int, ...]
    snapshots: int
    log_loss: Interval | None
    promised_log_loss: float | None
    auc: float | None
    promised_auc: float | None
    expected: float | None
    observed: float | None
    surplus: Interval | None
    parts: tuple[PartRow, ...] = ()

    def lost(self, tolerance: float) -> bool:
        """Return whether the log loss exceeds the promised one by more than its interval and the tolerance."""
        promised = self.promised_log_loss
        return self.log_loss is not None and promised is not None and self.log_loss.low > promised + tolerance

    def miscalibrated(self, tolerance: float) -> bool:
        """Return whether observed and expected shares differ by more than the interval and the tolerance."""
        surplus = self.surplus
        return surplus is not None and (surplus.low > tolerance or surplus.high < -tolerance)

    @property
    def parts_off(self) -> tuple[PartRow, ...]:
        """Return the parts whose chances are off, and not merely as those of everybody are."""
        all_of_them = 0.0 if self.surplus is None else self.surplus.value
        return tuple(
            one for one in self.parts
            if one.off and not one.low <= all_of_them <= one.high and abs(one.surplus - all_of_them) >= WORTH_A_WORD
        )  # fmt: skip


def judge_realised_performance(
    histories: Histories, bundle: Bundle, settings: Settings, as_of: int
) -> tuple[RealisedPerformance, ...]:
    """Evaluate all predictions of all horizons with a complete snapshot, the shortest horizon first.

    histories : as they stood at as_of (microseconds).
    """
    facts, found = bundle.facts, []
    horizons: list[tuple[int, Horizon | None]] = [(facts.horizon_days, None), *((h.days, h) for h in bundle.further)]
    among = drawn(histories, settings.monitor.most_accounts)
    for days, horizon in sorted(horizons, key=lambda one: one[0]):
        instants = complete_instants(facts.trained_until, as_of, days, settings.slices.every_days)
        if instants:
            looks, labels = zip(
                *(
                    _look_and_label(histories, bundle, settings, at=at, among=among, horizon=horizon, end=as_of)
                    for at in instants
                ),
                strict=True,
            )
            judged = _judge(looks, labels, bundle, days=days, instants=instants, main=horizon is None)
            found += [replace(one, parts=_parts(histories, looks, given)) if given else one for one, given in judged]
    return _surest(found)


def _parts(
    histories: Histories, looks: Sequence[ReferencePredictions], given: tuple[Given, BoolArray]
) -> tuple[PartRow, ...]:
    """Return the parts of one prediction.  given : what was said and came, and of which rows of all looks."""
    column = catalog.NAMES.index("employees")
    employees = np.concatenate([one.matrix[:, column] for one in looks])[given[1]]
    return tuple(judge_parts(given[0], parts_of(histories.profile, given[0].account, employees)))


def _surest(found: Sequence[RealisedPerformance]) -> tuple[RealisedPerformance, ...]:
    """Adjust the chances of a false alarm over all parts of all predictions."""
    every = [(one.horizon_days, part) for one in found for part in one.parts]
    adjusted = surest_first([replace(part, task=f"{days} {part.task}") for days, part in every])
    return tuple(
        replace(one, parts=tuple(
            replace(part, task=one.outcome) for part in adjusted if part.task == f"{one.horizon_days} {one.outcome}"
        )) for one in found
    )  # fmt: skip


def complete_instants(trained_until: int, as_of: int, days: float, every_days: int) -> tuple[int, ...]:
    """Return `trained_until` and every so many days after it, while a horizon of `days` is complete at as_of."""
    last, step = as_of - int(days * MICROSECONDS_PER_DAY), every_days * MICROSECONDS_PER_DAY
    return tuple(range(trained_until, last + 1, step))


def _look_and_label(
    histories: Histories, bundle: Bundle, settings: Settings, *, at: int, among: BoolArray, horizon: Horizon | None,
    end: int,
) -> tuple[ReferencePredictions, Labels]:  # fmt: skip
    predictions, view = look(histories, bundle, at, among, horizon)
    facts = bundle.facts
    days = facts.horizon_days if horizon is None else horizon.days
    outcome = replace(settings.outcome, horizon_days=days, silence_days=facts.silence_days)
    as_taught = replace(
        settings, outcome=outcome, ladder=facts.rules
    )  # as the champion was taught, not as settings are now
    return predictions, label(view, as_taught, facts.definition, end)


def _judge(
    looks: Sequence[ReferencePredictions],
    labels: Sequence[Labels],
    bundle: Bundle,
    *,
    days: int,
    instants: tuple[int, ...],
    main: bool,
) -> list[tuple[RealisedPerformance, tuple[Given, BoolArray] | None]]:
    """Return each prediction, and what its parts are judged by."""
    figures = bundle.facts.figures if main else {}
    account = np.concatenate([one.account for one in looks])
    rung, chances = (np.concatenate([getattr(one, name) for one in looks]) for name in ("rung", "chances"))
    then = np.concatenate([one.next_rung for one in labels])
    p_switch, switched = np.concatenate([one.p_switch for one in looks]), np.concatenate([o.switched for o in labels])
    up, down = mass_above(chances, rung), mass_below(chances, rung)
    whole = None
    if len(account) >= LEAST_SNAPSHOTS:
        whole = RealisedPerformance(
            outcome=NEXT_RUNG, horizon_days=days, instants=instants, snapshots=len(account),
            log_loss=cluster_bootstrap_mean(row_log_loss(chances, then), account),
            promised_log_loss=figures.get("next_rung_log_loss"), auc=None, promised_auc=None, expected=None,
            observed=None, surplus=None,
        )  # fmt: skip
    able = ~np.isnan(p_switch)
    rise, fall = rung < chances.shape[1] - 1, rung > 0

    def chance(
        outcome: str, rows: BoolArray, given: FloatArray, happened: IntArray | BoolArray
    ) -> tuple[RealisedPerformance, tuple[Given, BoolArray]] | None:
        if rows.sum() < LEAST_SNAPSHOTS:
            return None
        p, seen = given[rows], np.asarray(happened[rows], np.int64)
        loss, promised, losses = None, None, row_log_loss(p, seen)
        if outcome == SWITCHING:
            loss, promised = cluster_bootstrap_mean(losses, account[rows]), figures.get("switching_log_loss")
        area = auc(p, seen)
        judged = RealisedPerformance(
            outcome=outcome, horizon_days=days, instants=instants, snapshots=int(rows.sum()), log_loss=loss,
            promised_log_loss=promised, auc=None if np.isnan(area) else area,
            promised_auc=figures.get(_PROMISED_AUC[outcome]), expected=float(p.mean()), observed=float(seen.mean()),
            surplus=cluster_bootstrap_mean(seen - p, account[rows]),
        )  # fmt: skip
        return judged, (Given(outcome, p, seen.astype(np.float64), losses, account[rows]), rows)

    results = [
        chance(SWITCHING, able, p_switch, switched), None if whole is None else (whole, None),
        chance(CLIMBING, rise, up, then > rung), chance(FALLING, fall, down, then < rung),
    ]  # fmt: skip
    return [one for one in results if one is not None]


_PROMISED_AUC = {SWITCHING: "switching_auc", CLIMBING: "next_rung_auc_up", FALLING: "next_rung_auc_down"}
