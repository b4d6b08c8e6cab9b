"""Who was right where account managers overruled the model about switching: their Brier score beside the model's.

A manager says yes or no, the model predicted a probability; what happened says who came nearer. Only overrides whose
time has run out are judged.

*Dangerous* to generalise: managers chose the accounts, and they overrule where they know better, or believe so. The
result is about those accounts and says nothing about the others.

Source: Brier (1950).
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from features.histories.histories import Histories
from features.histories.order_days import order_days
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray
from training.model.findings import NOTE, WARNING, Finding

NOBODY = ""
"""The manager of overrides that name nobody."""
MIN_JUDGED = 30
"""With fewer judged overrides, nothing can be concluded."""


@dataclass(frozen=True)
class Verdict:
    """What became of the overrides.

    judged, waiting, unknown : overrides whose outcome is known; whose time has not run out; of accounts that the source
        does not know.
    switched : how many of the judged accounts switched.
    right : share of the judged overrides that came true.
    compared : how many of them the model had also predicted.
    managers, model : Brier scores over those, lower = better; NaN where there are none.
    difference : managers less model, with its interval; below zero the managers were better.
    by_manager : name, NOBODY where none was given -> overrides judged, and how many of them came true.
    """

    judged: int
    waiting: int
    unknown: int
    switched: int
    right: float
    compared: int
    managers: float
    model: float
    difference: tuple[float, float, float]
    by_manager: dict[str, tuple[int, int]]

    def figures(self) -> dict[str, float]:
        """Return the figures for the line of --json."""
        value, low, high = self.difference
        return {
            "overrides_judged": self.judged, "overrides_right": self.right, "brier_managers": self.managers,
            "brier_model": self.model, "brier_difference": value, "brier_difference_low": low,
            "brier_difference_high": high,
        }  # fmt: skip


def judge(overrides: pd.DataFrame, histories: Histories, end: int, definition: str, level: float = 0.9) -> Verdict:
    """Judge overrides by what is known at `end` (microseconds).

    overrides : account_id, made_by, will_switch, made_at, until (microseconds), p_switch (NaN = the model predicted
        nothing).
    definition : `recorded` (a switch in [made_at, until)) or `silence` (no order day in it).
    level : coverage of the interval.
    """
    position = {account: k for k, account in enumerate(histories.account_ids)}
    due = overrides[overrides["until"] <= end]
    known = due[due["account_id"].isin(list(position))]
    happened = np.array(
        [
            _switched(histories, position[account], made=made, until=until, end=end, definition=definition)
            for account, made, until in zip(known["account_id"], known["made_at"], known["until"], strict=True)
        ],
        np.float64,
    )
    said = known["will_switch"].to_numpy(np.float64)
    right = said == happened
    by_manager: dict[str, tuple[int, int]] = {}
    for name, is_right in zip(known["made_by"], right.tolist(), strict=True):
        count, count_right = by_manager.get(name or NOBODY, (0, 0))
        by_manager[name or NOBODY] = (count + 1, count_right + is_right)
    chance = known["p_switch"].to_numpy(np.float64)
    both = ~np.isnan(chance)
    managers, model = (said - happened)[both] ** 2, (chance - happened)[both] ** 2
    return Verdict(
        judged=len(known), waiting=len(overrides) - len(due), unknown=len(due) - len(known),
        switched=int(happened.sum()), right=float(right.mean()) if len(known) else float("nan"),
        compared=int(both.sum()), managers=_mean(managers), model=_mean(model),
        difference=_interval(managers - model, level), by_manager=dict(sorted(by_manager.items())),
    )  # fmt: skip


def overrides_findings(verdict: Verdict, level: float = 0.9) -> list[Finding]:
    """Return what the verdict says, most important first.  level : coverage of its interval."""
    waiting = [Finding.of("overrides_waiting", NOTE, waiting=verdict.waiting)] if verdict.waiting else []
    if not verdict.judged:
        return [Finding.of("overrides_unjudged", NOTE), *waiting]
    found = [
        Finding.of(
            "overrides_judged", NOTE, judged=verdict.judged, right=verdict.right, switched=verdict.switched
        )
    ]  # fmt: skip
    if verdict.compared:
        found.append(_winner(verdict, level))
    found += [
        Finding.of("overrides_of_manager", NOTE, manager=name, right=count_right, judged=count)
        for name, (count, count_right) in verdict.by_manager.items()
    ]
    if verdict.judged < MIN_JUDGED:
        found.append(Finding.of("overrides_few", WARNING, few=MIN_JUDGED))
    found += waiting
    if verdict.unknown:
        found.append(Finding.of("overrides_unknown", WARNING, unknown=verdict.unknown))
    return found


def _winner(verdict: Verdict, level: float) -> Finding:
    """Return who came nearer to what happened."""
    value, low, high = verdict.difference
    figures = {
        "managers": verdict.managers, "model": verdict.model, "difference": value, "low": low, "high": high,
        "level": level,
    }  # fmt: skip
    if high < 0:
        return Finding.of("overrides_managers_better", NOTE, **figures)
    if low > 0:
        return Finding.of("overrides_model_better", NOTE, **figures)
    return Finding.of("overrides_no_winner", NOTE, **figures)


def definition_of(histories: Histories, switching: str, recorded_at_least: int) -> str:
    """Return what counts as switching, as the settings say."""
    if switching != "auto":
        return switching
    stream = histories.streams.get("switches")
    return "recorded" if stream is not None and len(stream.time) >= recorded_at_least else "rhythm"


def _switched(histories: Histories, account: int, *, made: int, until: int, end: int, definition: str) -> bool:
    view = View(histories, Snapshots(np.array([account]), np.array([end])))
    since, after = (end - made) / MICROSECONDS_PER_DAY, (end - until) / MICROSECONDS_PER_DAY
    if definition == "recorded":
        return bool(view.stream("switches").count(since, after)[0] > 0)
    return bool(order_days(view).in_window(since, after)[0] == 0)


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _interval(differences: FloatArray, level: float) -> tuple[float, float, float]:
    """Return mean and interval of paired differences, by the normal approximation."""
    n = len(differences)
    if not n:
        return float("nan"), float("nan"), float("nan")
    mean = float(differences.mean())
    reach = NormalDist().inv_cdf(0.5 + level / 2) * float(differences.std(ddof=1)) / n**0.5 if n > 1 else float("inf")
    return mean, mean - reach, mean + reach
