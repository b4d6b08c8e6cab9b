"""The search for booster settings within a stated time, on origins that nothing is evaluated on.

Every trial is a whole rolling-origin evaluation of both pools, of the next rung and of switching, with other booster
settings. What counts is its log loss as a share of that of the initial settings, so that both predictions count alike.
The initial settings are the first trial, and stay unless the paired gain of another trial exceeds its standard error.

*Blind.* Everything that the search sees was over before the first origin of the evaluation: slices whose horizon was
complete by then, of accounts that are not held out. So the tables of results stay out of time, and the figures on
accounts never learnt from stay what they say. This takes three horizons one after the other: to learn, to choose, to
evaluate. Where there are fewer, tuning is refused: the data that guard promotion must not be used for choosing.

*Dangerous* to read as a promise: the best of many trials looks too good on the origins that chose it, its interval is
over accounts and knows nothing of other periods, and these origins learn from fewer slices than the model that is
served. `evaluate_choice` says what the choice is worth on the origins of the evaluation; see docs/tuning.md.

Source: Bergstra, Bardenet, Bengio & Kegl (2011), Algorithms for hyper-parameter optimization (the sampler, in Optuna);
Breiman, Friedman, Olshen & Stone (1984), section 3.4.3 (one standard error).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import optuna

from features.errors import NotEnoughData
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray, iso
from training.data.dataset import Dataset, Progress, silent
from training.data.splits import Fold, held_out, rolling_origins
from training.evaluation.cluster_bootstrap import Interval, cluster_bootstrap_mean
from training.evaluation.metrics import row_log_loss
from training.model.predictors import FLOOR
from training.models.fitting import one_linear_algebra_thread
from training.models.next_rung import fit_next_rung
from training.models.switching import enough_switches, fit_switching
from training.settings import BoosterSettings, Settings
from training.tuning.tuned_settings import SPACE, Trial, Tuned

ORIGINS, MIN_ORIGINS = 3, 2
"""The number of origins to choose on, the latest blind ones, and the least: with one alone, its season would decide."""
NORMAL_QUANTILE = 1.96
"""Half a 95 % interval, in standard errors."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class _Part:
    """One prediction at one origin.

    losses : returns the log loss of every test row, by the model fitted with some settings.
    account : shape (n,), of the test rows.
    share : of the part in the objective; those of all parts sum to one.
    """

    losses: Callable[[Settings], FloatArray]
    account: IntArray
    share: float


@one_linear_algebra_thread()
def tune(
    data: Dataset,
    settings: Settings,
    seconds: float,
    *,
    folds: int = 3,
    progress: Progress = silent,
    clock: Clock = time.monotonic,
) -> Tuned:
    """Search for `seconds`; a trial that would run over, if it took as long as the longest so far, is not begun.

    The initial settings are always tried, so that there is something to compare with. A trial that takes longer than
    all before it is given up once the time is over, after the model that it is fitting. So the same data and seed give
    other trials on another machine, and perhaps on a second run on this one.

    folds : rolling origins of the evaluation; nothing that was not over before them is used.
    clock : returns the time, seconds.

    Raises
    ------
    NotEnoughData
        If fewer than MIN_ORIGINS origins with something to learn from lie before them.
    """
    begun = clock()
    origins = blind_origins(data, settings, folds)
    parts, predictions = _parts(data, origins)
    initial = [part.losses(settings) for part in parts]
    trials = [Trial(settings.booster, 1.0, Interval(0.0, 0.0, 0.0), clock() - begun)]
    study = _study(settings.booster)
    while clock() - begun + max(trial.seconds for trial in trials) <= seconds:
        progress("tuning", (clock() - begun) / seconds)
        started, suggestion = clock(), study.ask()
        booster = _suggested(suggestion, settings.booster)
        losses = _losses(parts, replace(settings, booster=booster), begun + seconds, clock)
        if losses is None:
            break
        gain = _gain(initial, losses, parts)
        study.tell(suggestion, 1 - gain.value)
        trials.append(Trial(booster, 1 - gain.value, gain, clock() - started))
    progress("tuning", 1.0)
    tuned = Tuned(settings, tuple(trials), tuple(iso(fold.origin) for fold in origins), predictions)
    gain = tuned.best.gain
    beyond = gain.value > (gain.high - gain.low) / (2 * NORMAL_QUANTILE)
    return replace(tuned, settings=replace(settings, booster=tuned.best.booster)) if beyond else tuned


@one_linear_algebra_thread()
def evaluate_choice(data: Dataset, tuned: Tuned, folds: int = 3) -> Tuned:
    """Return the result with its gain over the initial settings on the origins of the evaluation, if it changed them.

    The gain is reported and decides nothing: a choice by these rows would no longer leave them blind.
    """
    if not tuned.changed:
        return tuned
    held_out_accounts = held_out(data.histories, tuned.settings.slices.held_out_share)
    parts, _ = _parts(data, rolling_origins(data.sample, held_out_accounts, tuned.settings, folds))
    initial = replace(tuned.settings, booster=tuned.trials[0].booster)
    before, after = ([part.losses(settings) for part in parts] for settings in (initial, tuned.settings))
    return replace(tuned, judged=_gain(before, after, parts))


def blind_origins(data: Dataset, settings: Settings, folds: int) -> list[Fold]:
    """Return the latest ORIGINS slices that were complete before the first evaluated origin, earliest first.

    Rows of accounts that are held out are neither learnt from nor tested on.

    folds : number of evaluated origins.

    Raises
    ------
    NotEnoughData
        If there are fewer than MIN_ORIGINS with an earlier slice to learn from.
    """
    step, horizon = settings.slices.every_days, settings.outcome.horizon_days
    held_out_accounts = held_out(data.histories, settings.slices.held_out_share)
    slices, steps = data.sample.slices, -(-horizon // step)
    needed = 2 * steps + folds + MIN_ORIGINS - 1
    if len(slices) >= needed:
        first = rolling_origins(data.sample, held_out_accounts, settings, folds)[0].origin
        over = tuple(at for at in slices if at + horizon * MICROSECONDS_PER_DAY <= first)
        origins = rolling_origins(replace(data.sample, slices=over), held_out_accounts, settings, ORIGINS)
        origins = [replace(fold, test=fold.test & ~fold.unseen) for fold in origins]
        origins = [fold for fold in origins if fold.test.any()]
        if len(origins) >= MIN_ORIGINS:
            return origins
    days = settings.slices.least_history_days + (needed - 1) * step + horizon
    raise NotEnoughData(
        f"Nothing can be tuned without looking at what the model is judged on: {needed} slices {step} days apart are "
        f"needed (a horizon to learn, one to choose, one to judge), and {len(slices)} are there. Train without --tune, "
        f"bring {days:,} days of history, shorten outcome.horizon_days, or raise slices.most from "
        f"{settings.slices.most}."
    )


def _parts(data: Dataset, origins: Sequence[Fold]) -> tuple[list[_Part], tuple[str, ...]]:
    """Return both predictions at every origin, switching only where it can be learnt, and their names."""
    account, labels = data.snapshots.account, data.labels

    def rungs(settings: Settings, train: BoolArray, test: BoolArray) -> FloatArray:
        chances = fit_next_rung(data, train, settings).predict(data.matrix[test])
        return row_log_loss(chances, labels.next_rung[test])

    def leaving(settings: Settings, train: BoolArray, test: BoolArray) -> FloatArray:
        chances = fit_switching(data, train, settings).predict(data.matrix[test])
        return row_log_loss(chances, labels.switched[test])

    tasks = {
        "next_rung": (rungs, [(fold.train, fold.test) for fold in origins]),
        "switching": (
            leaving,
            [(f.train, f.test & labels.can_switch) for f in origins if enough_switches(data, f.train)],
        ),
    }
    rows = {name: [(train, test) for train, test in masks if test.any()] for name, (_, masks) in tasks.items()}
    names = tuple(name for name in tasks if rows[name])
    parts = [
        _Part(partial(tasks[name][0], train=train, test=test), account[test], 1 / len(names) / len(rows[name]))
        for name in names
        for train, test in rows[name]
    ]
    return parts, names


def _losses(parts: Sequence[_Part], settings: Settings, until: float, clock: Clock) -> list[FloatArray] | None:
    """Return the log loss of every row of every part; None where the time ran out before the last was begun."""
    losses = []
    for part in parts:
        if clock() > until:
            return None
        losses.append(part.losses(settings))
    return losses


def _gain(initial: Sequence[FloatArray], losses: Sequence[FloatArray], parts: Sequence[_Part]) -> Interval:
    """Return the share by which the log loss is lower, averaged over the parts, paired and clustered by account."""
    total = sum(len(part.account) for part in parts)
    rows = [
        (before - after) / max(float(before.mean()), FLOOR) * (part.share * total / len(before))
        for before, after, part in zip(initial, losses, parts, strict=True)
    ]
    return cluster_bootstrap_mean(np.concatenate(rows), np.concatenate([part.account for part in parts]))


def _study(initial: BoosterSettings) -> optuna.Study:
    """Create Optuna's sampler with the initial settings as its first trial, whose loss is one."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # it announces every trial; the command line shows progress
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=initial.seed))
    study.enqueue_trial({r.setting: max(getattr(initial, r.setting), r.least) for r in SPACE})
    first = study.ask()
    _suggested(first, initial)
    study.tell(first, 1.0)
    return study


def _suggested(trial: optuna.Trial, initial: BoosterSettings) -> BoosterSettings:
    """Return the settings that the sampler suggests, fractions to four digits so that they can be copied."""
    values: dict[str, Any] = {}
    for r in SPACE:
        own = getattr(initial, r.setting)
        low, high = max(min(r.low, own), r.least), max(r.high, own)
        if isinstance(own, int):
            values[r.setting] = trial.suggest_int(r.setting, int(low), int(high), log=r.log)
        else:
            values[r.setting] = float(f"{trial.suggest_float(r.setting, low, high, log=r.log):.4g}")
    return replace(initial, **values)
