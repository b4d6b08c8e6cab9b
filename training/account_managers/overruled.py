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
    by_manager : name -> overrides judged, and how many of them came true.
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
            _switched(histories, position[account], made, until, end, definition)
            for account, made, until in zip(known["account_id"], known["made_at"], known["until"], strict=True)
        ],
        np.float64,
    )
    said = known["will_switch"].to_numpy(np.float64)
    right = said == happened
    by_manager: dict[str, tuple[int, int]] = {}
    for name, is_right in zip(known["made_by"], right.tolist(), strict=True):
        count, count_right = by_manager.get(name or "(nobody named)", (0, 0))
        by_manager[name or "(nobody named)"] = (count + 1, count_right + is_right)
    chance = known["p_switch"].to_numpy(np.float64)
    both = ~np.isnan(chance)
    managers, model = (said - happened)[both] ** 2, (chance - happened)[both] ** 2
    return Verdict(
        len(known), len(overrides) - len(due), len(due) - len(known), int(happened.sum()),
        float(right.mean()) if len(known) else float("nan"), int(both.sum()), _mean(managers), _mean(model),
        _interval(managers - model, level), dict(sorted(by_manager.items())),
    )  # fmt: skip


def verdict_in_words(verdict: Verdict, level: float = 0.9) -> list[str]:
    """Write the lines about a verdict, most important first."""
    waiting = f"{verdict.waiting:,} more overrides wait for their time to run out"
    if not verdict.judged:
        return ["no override about switching can be judged yet", *([waiting] if verdict.waiting else [])]
    lines = [
        f"managers overruled the model about switching {verdict.judged:,} times and were right in {verdict.right:.0%}; "
        f"{verdict.switched:,} of these accounts switched"
    ]
    if verdict.compared:
        value, low, high = verdict.difference
        who = "the managers were better" if high < 0 else "the model was better" if low > 0 else "no clear winner"
        lines.append(
            f"Brier score (lower = better) managers {verdict.managers:.3f}, model {verdict.model:.3f}; difference "
            f"{value:+.3f} [{low:+.3f}, {high:+.3f}] in {level:.0%} of cases: {who}"
        )
    lines += [
        f"{name}: {count_right:,} of {count:,} right" for name, (count, count_right) in verdict.by_manager.items()
    ]
    if verdict.judged < MIN_JUDGED:
        lines.append(f"fewer than {MIN_JUDGED} judged overrides: do not conclude anything from them")
    if verdict.waiting:
        lines.append(waiting)
    if verdict.unknown:
        lines.append(f"{verdict.unknown:,} overrides are about accounts that the source does not know")
    return lines


def definition_of(histories: Histories, switching: str, recorded_at_least: int) -> str:
    """Return what counts as switching, as the settings say."""
    if switching != "auto":
        return switching
    stream = histories.streams.get("switches")
    return "recorded" if stream is not None and len(stream.time) >= recorded_at_least else "silence"


def _switched(histories: Histories, account: int, made: int, until: int, end: int, definition: str) -> bool:
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
