"""Grade each prediction against the simplest rule, and say whether its chances come true.

The simplest rule is what anybody does without a model: that nothing changes, that who has long been silent leaves,
that a customer spends what it spent. A grade rests on the paired interval of `training.evaluation.evaluation`, not on
the score.
"""

from collections.abc import Sequence

from training.evaluation.cluster_bootstrap import Interval
from training.evaluation.evaluation import OURS, Comparison
from training.evaluation.metrics import Band
from training.model.findings import NOTE, OK, WARNING, Finding
from training.models.baselines import BASELINES, SIMPLEST

WORTH_HAVING = 0.05
"""A gain of a twentieth of the simplest rule's score: less is hardly noticed, and an interval that leaves such a gain
open has not shown that there is none."""
LEAST_IN_BAND = 30
"""Snapshots in a band of chances, below which its share says next to nothing."""
HAPPENED = {"next_rung": "climbed", "switching": "left", "renewal": "renewed", "win_back": "came_back"}


def grade(comparison: Comparison) -> Finding:
    """Return the grade against the simplest rule of the task.

    Clearly better: the interval of the difference leaves out zero, and the gain is at least WORTH_HAVING of the rule's
    score; a little better: less than that. Where zero lies inside: no better if a gain worth having lies outside, else
    nobody can tell yet.
    """
    name = SIMPLEST[comparison.task]
    row = next(row for row in comparison.rows if row.model == name)
    interval = row.difference
    if interval is None:
        raise ValueError(f"{name} is not compared with {OURS}")
    part = row.share or Interval(0.0, 0.0, 0.0, interval.level)
    figures = {
        "task": comparison.task, "metric": comparison.primary, "share": part.value, "low": part.low, "high": part.high,
        "level": interval.level, "snapshots": comparison.snapshots,
    }  # fmt: skip
    if interval.low > 0:
        clear = part.value >= WORTH_HAVING
        return Finding.of("grade_clearly_better" if clear else "grade_a_little_better", OK, **figures)
    if interval.high < 0:
        return Finding.of("grade_worse", WARNING, **figures)
    if part.high < WORTH_HAVING:
        return Finding.of("grade_no_better", WARNING, **figures)
    return Finding.of("grade_cannot_tell", NOTE, **figures)


def reliability(comparison: Comparison) -> list[Finding]:
    """Return, band by band, what share of the accounts that were given a chance it came true for."""
    what = HAPPENED.get(comparison.task)
    return [] if what is None else [_of_band(band, what) for band in comparison.bands]


def _of_band(band: Band, what: str) -> Finding:
    """Return what a band says; a warning where what came true cannot be what was given."""
    if band.snapshots < LEAST_IN_BAND:
        return Finding.of("reliability_few", NOTE, outcome=what, low=band.low, high=band.high, snapshots=band.snapshots)
    seen = band.observed
    fits = round(seen.low, 2) <= band.high and round(seen.high, 2) >= band.low
    return Finding.of(
        "reliability", OK if fits else WARNING, outcome=what, low=band.low, high=band.high, seen=seen.value,
        seen_low=seen.low, seen_high=seen.high, level=seen.level, snapshots=band.snapshots,
    )  # fmt: skip


def coverage(comparison: Comparison) -> list[Finding]:
    """Return how many outcomes lay in what was given for them, out of time; nothing for a task without sets."""
    sets, found = comparison.sets, []
    if "set_coverage" in sets:
        held = sets["set_coverage"]
        found.append(Finding.of(
            "coverage_rungs", NOTE, share=held.value, low=held.low, high=held.high, level=held.level,
            snapshots=comparison.snapshots, size=sets["set_size"].value,
        ))  # fmt: skip
    if "interval_coverage" in sets:
        held = sets["interval_coverage"]
        found.append(Finding.of(
            "coverage_revenue", NOTE, share=held.value, low=held.low, high=held.high, level=held.level,
            snapshots=comparison.snapshots, above=sets["above_interval"].value,
        ))  # fmt: skip
    return found


def grade_report(comparisons: Sequence[Comparison], complete: bool = True) -> list[Finding]:
    """Return all grades, then the reliability of every chance, and what sets and intervals covered.

    complete : whether those that are not among them were not judged.
    """
    found = [grade(comparison) for comparison in comparisons]
    for comparison in comparisons:
        found += reliability(comparison)
    for comparison in comparisons:
        found += coverage(comparison)
    graded = {comparison.task for comparison in comparisons}
    if graded and complete:
        found += [Finding.of("grade_none", NOTE, task=task) for task in BASELINES if task not in graded]
    return found
