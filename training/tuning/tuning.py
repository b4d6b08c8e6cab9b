"""The boosters' settings, searched within a stated time on origins that nobody will be judged on.

Every trial is a whole rolling-origin evaluation of both pools, of the next rung and of switching, with other booster
settings; what counts is its log loss as a share of that of the settings that were given, so that both predictions
count alike. Those settings are the first trial, and stay unless another's paired gain is beyond its standard error.

*Blind.* What is looked at was over before the first origin that the evaluation will judge on: slices whose horizon was
complete by then, of accounts that are not held out. So the tables of results stay out of time, and their figures on
accounts never learnt from stay so. That takes three horizons one after the other: to learn, to choose, to judge; where
there are not, tuning is refused: what guards promotion must not be spent on choosing.

*Dangerous* to read as a promise: the best of many trials flatters itself on the origins that chose it, its interval is
over accounts and knows nothing of other periods, and these origins learn from fewer slices than the model that is
served. `judge_choice` says what the choice was worth on the origins that judge; see docs/tuning.md.

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
from training.evaluation.metrics import Interval, clustered_mean, row_log_loss
from training.model.predictors import FLOOR
from training.models.fitting import one_linear_algebra_thread
from training.models.next_rung import fit_next_rung
from training.models.switching import enough, fit_switching
from training.settings import BoosterSettings, Settings
from training.tuning.tuned_settings import SPACE, Trial, Tuned

ORIGINS, LEAST_ORIGINS = 3, 2
"""Origins to choose on, the latest that are blind: with one alone, its season would choose."""
NORMAL_QUANTILE = 1.96
"""Half a 95 % interval, in standard errors."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class _Part:
    """One prediction at one origin.

    losses : the log loss of every row judged, by the model that those settings learn.
    account : shape (n,), of the rows judged.  share : of the part in the objective; those of all parts sum to one.
    """

    losses: Callable[[Settings], FloatArray]
    account: IntArray
    share: float


@one_linear_algebra_thread()
def tune(
    data: Dataset,
    settings: Settings,
    seconds: float,
    folds: int = 3,
    progress: Progress = silent,
    clock: Clock = time.monotonic,
) -> Tuned:
    """Search for `seconds`: a trial that would run over, if it took as long as the longest so far, is not begun.

    The settings given are always tried, so that there is something to compare with; a trial that is longer than all
    before it is given up once the time is over, after the model that it is learning. So the same data and seed give
    other trials on another machine, and perhaps twice on this one.

    folds : rolling origins that the evaluation will judge on; nothing that was not over before them is looked at.

    Raises
    ------
    NotEnoughData
        If fewer than LEAST_ORIGINS origins with something to learn from lie before them.
    """
    begun = clock()
    origins = blind_origins(data, settings, folds)
    parts, predictions = _parts(data, origins)
    given = [part.losses(settings) for part in parts]
    trials = [Trial(settings.booster, 1.0, Interval(0.0, 0.0, 0.0), clock() - begun)]
    study = _study(settings.booster)
    while clock() - begun + max(trial.seconds for trial in trials) <= seconds:
        progress("tuning", (clock() - begun) / seconds)
        started, asked = clock(), study.ask()
        booster = _suggested(asked, settings.booster)
        losses = _losses(parts, replace(settings, booster=booster), begun + seconds, clock)
        if losses is None:
            break
        gain = _gain(given, losses, parts)
        study.tell(asked, 1 - gain.value)
        trials.append(Trial(booster, 1 - gain.value, gain, clock() - started))
    progress("tuning", 1.0)
    found = Tuned(settings, tuple(trials), tuple(iso(fold.origin) for fold in origins), predictions)
    gain = found.best.gain
    beyond = gain.value > (gain.high - gain.low) / (2 * NORMAL_QUANTILE)
    return replace(found, settings=replace(settings, booster=found.best.booster)) if beyond else found


@one_linear_algebra_thread()
def judge_choice(data: Dataset, found: Tuned, folds: int = 3) -> Tuned:
    """What was found, with its gain over the settings given on the origins of the evaluation, if anything was taken.

    It is told and decides nothing: a choice between the two by these rows would no longer leave them blind.
    """
    if not found.changed:
        return found
    secret = held_out(data.histories, found.settings.slices.held_out_share)
    parts, _ = _parts(data, rolling_origins(data.sample, secret, found.settings, folds))
    given = replace(found.settings, booster=found.trials[0].booster)
    before, after = ([part.losses(settings) for part in parts] for settings in (given, found.settings))
    return replace(found, judged=_gain(before, after, parts))


def blind_origins(data: Dataset, settings: Settings, folds: int) -> list[Fold]:
    """The latest ORIGINS slices that were complete before the first of `folds` judged origins, earliest first.

    Rows of accounts that are held out are neither learnt from nor judged on.

    Raises
    ------
    NotEnoughData
        If there are fewer than LEAST_ORIGINS with an earlier slice to learn from.
    """
    step, horizon = settings.slices.every_days, settings.outcome.horizon_days
    secret = held_out(data.histories, settings.slices.held_out_share)
    slices, steps = data.sample.slices, -(-horizon // step)
    needed = 2 * steps + folds + LEAST_ORIGINS - 1
    if len(slices) >= needed:
        first = rolling_origins(data.sample, secret, settings, folds)[0].origin
        over = tuple(at for at in slices if at + horizon * MICROSECONDS_PER_DAY <= first)
        found = rolling_origins(replace(data.sample, slices=over), secret, settings, ORIGINS)
        found = [replace(fold, test=fold.test & ~fold.unseen) for fold in found]
        found = [fold for fold in found if fold.test.any()]
        if len(found) >= LEAST_ORIGINS:
            return found
    days = settings.slices.least_history_days + (needed - 1) * step + horizon
    raise NotEnoughData(
        f"Nothing can be tuned without looking at what the model is judged on: {needed} slices {step} days apart are "
        f"needed (a horizon to learn, one to choose, one to judge), and {len(slices)} are there. Train without --tune, "
        f"bring {days:,} days of history, shorten outcome.horizon_days, or raise slices.most from "
        f"{settings.slices.most}."
    )


def _parts(data: Dataset, origins: Sequence[Fold]) -> tuple[list[_Part], tuple[str, ...]]:
    """Both predictions at every origin, switching only where it can be learnt; and the names of those there are."""
    account, labels = data.snapshots.account, data.labels

    def rungs(settings: Settings, train: BoolArray, test: BoolArray) -> FloatArray:
        chances = fit_next_rung(data, train, settings).predict(data.matrix[test])
        return row_log_loss(chances, labels.next_rung[test])

    def leaving(settings: Settings, train: BoolArray, test: BoolArray) -> FloatArray:
        chances = fit_switching(data, train, settings).predict(data.matrix[test])
        return row_log_loss(chances, labels.switched[test])

    asked = {
        "next rung": (rungs, [(fold.train, fold.test) for fold in origins]),
        "switching": (leaving, [(f.train, f.test & labels.can_switch) for f in origins if enough(data, f.train)]),
    }
    rows = {name: [(train, test) for train, test in masks if test.any()] for name, (_, masks) in asked.items()}
    names = tuple(name for name in asked if rows[name])
    parts = [
        _Part(partial(asked[name][0], train=train, test=test), account[test], 1 / len(names) / len(rows[name]))
        for name in names
        for train, test in rows[name]
    ]
    return parts, names


def _losses(parts: Sequence[_Part], settings: Settings, until: float, clock: Clock) -> list[FloatArray] | None:
    """The log loss of every row of every part; None where the time was over before the last of them was begun."""
    losses = []
    for part in parts:
        if clock() > until:
            return None
        losses.append(part.losses(settings))
    return losses


def _gain(given: Sequence[FloatArray], losses: Sequence[FloatArray], parts: Sequence[_Part]) -> Interval:
    """By what share the log loss is lower, mean over the parts by their shares, paired and clustered by account."""
    total = sum(len(part.account) for part in parts)
    rows = [
        (before - after) / max(float(before.mean()), FLOOR) * (part.share * total / len(before))
        for before, after, part in zip(given, losses, parts, strict=True)
    ]
    return clustered_mean(np.concatenate(rows), np.concatenate([part.account for part in parts]))


def _study(given: BoosterSettings) -> optuna.Study:
    """Optuna's sampler with the settings given as its first trial, whose loss is one."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # it announces every trial; the command line shows progress
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=given.seed))
    study.enqueue_trial({r.setting: max(getattr(given, r.setting), r.least) for r in SPACE})
    first = study.ask()
    _suggested(first, given)
    study.tell(first, 1.0)
    return study


def _suggested(asked: optuna.Trial, given: BoosterSettings) -> BoosterSettings:
    """The settings that the sampler asks for, fractions to four digits so that they can be copied."""
    values: dict[str, Any] = {}
    for r in SPACE:
        own = getattr(given, r.setting)
        low, high = max(min(r.low, own), r.least), max(r.high, own)
        if isinstance(own, int):
            values[r.setting] = asked.suggest_int(r.setting, int(low), int(high), log=r.log)
        else:
            values[r.setting] = float(f"{asked.suggest_float(r.setting, low, high, log=r.log):.4g}")
    return replace(given, **values)
