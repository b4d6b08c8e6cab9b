"""Grades in words: what a model is worth beside the simplest rule, and whether its chances come true.

The simplest rule is what anybody does without a model: that nothing changes, that who has long been silent leaves,
that a customer spends what it spent. A grade rests on the paired interval of `training.evaluation.evaluation`, not on
the score.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from training.evaluation.evaluation import OURS, Comparison
from training.evaluation.metrics import Band, Interval
from training.models.baselines import SIMPLEST

RULES = {
    "next_rung": "persistence (everybody stays on its rung)",
    "switching": "recency alone (who has been silent longest leaves)",
    "revenue": "last year's pace (everybody spends what it spent)",
}
NAMES = {"next_rung": "the next rung", "switching": "switching", "revenue": "expected revenue"}
WORTH_HAVING = 0.05
"""A gain of a twentieth of the simplest rule's score: less is hardly noticed, and an interval that leaves such a gain
open has not shown that there is none."""
LEAST_IN_BAND = 30
"""Snapshots in a band of chances, below which its share says next to nothing."""
HAPPENED = {"next_rung": "climbed", "switching": "left"}


@dataclass(frozen=True)
class Grade:
    """What one prediction is worth.  mark : one of MARKS.  words : the sentence."""

    task: str
    mark: str
    words: str


MARKS = ("clearly better", "a little better", "no better", "worse", "cannot tell")


def grade(comparison: Comparison) -> Grade:
    """The grade against the simplest rule of the task.

    Clearly better: the 95 % interval of the difference leaves out zero, and the gain is at least WORTH_HAVING of the
    rule's score; a little better: less than that. Where zero lies inside: no better if a gain worth having lies
    outside, else nobody can tell yet.
    """
    name = SIMPLEST[comparison.task]
    row = next(row for row in comparison.rows if row.model == name)
    interval = row.difference
    if interval is None:
        raise ValueError(f"{name} is not compared with {OURS}")
    theirs = row.scores[comparison.primary]
    share, low, high = (part / theirs if theirs > 0 else 0.0 for part in (interval.value, interval.low, interval.high))
    measure = comparison.primary.replace("_", " ")
    found = f"its {measure} is {_less(share)} [95 %: {_less(low)} to {_less(high)}]"
    rule, on = RULES[comparison.task], f"on {comparison.snapshots:,} snapshots"
    if interval.low > 0:
        mark = "clearly better" if share >= WORTH_HAVING else "a little better"
        words = f"{mark} than {rule}"
    elif interval.high < 0:
        mark, words = "worse", f"worse than {rule}"
    elif high < WORTH_HAVING:
        mark, words = "no better", f"no better than {rule}"
    else:
        mark, words = "cannot tell", f"cannot tell whether it is better than {rule}: too few accounts so far"
    return Grade(comparison.task, mark, f"grade of {NAMES[comparison.task]}: {words}; {found}, {on}")


def _less(share: float) -> str:
    return f"{abs(share):.1%} {'lower' if share >= 0 else 'higher'}".replace("%", " %")


def reliability_words(comparison: Comparison) -> list[str]:
    """Of the accounts that were given a chance, what share it came true for, band by band."""
    what = HAPPENED.get(comparison.task)
    return [] if what is None else [_band_words(band, what) for band in comparison.bands]


def _band_words(band: Band, what: str) -> str:
    given = f"of the accounts that we gave {100 * band.low:.0f}-{100 * band.high:.0f} %"
    if band.snapshots < LEAST_IN_BAND:
        times = "once" if band.snapshots == 1 else f"{band.snapshots} times"
        return f"{given}, too few to tell: it was given {times}"
    seen = band.observed
    share = f"{100 * seen.value:.0f} % {what} [95 %: {100 * seen.low:.0f} to {100 * seen.high:.0f} %]"
    return f"{given}, {share} ({band.snapshots:,} snapshots)"


def coverage_words(comparison: Comparison) -> list[str]:
    """How many outcomes lay in what was given for them, out of time; nothing for a task without sets."""
    return [
        f"out of time {_share(comparison.sets[name])} {lay}, on {comparison.snapshots:,} snapshots{_size(comparison)}"
        for name, lay in COVERED.items()
        if name in comparison.sets
    ]


COVERED = {
    "set_coverage": "of the realised rungs lay in their sets",
    "interval_coverage": "of the realised revenues lay in their intervals",
}


def _share(mean: Interval) -> str:
    return f"{100 * mean.value:.1f} % [95 %: {100 * mean.low:.1f} to {100 * mean.high:.1f} %]"


def _size(comparison: Comparison) -> str:
    if "set_size" in comparison.sets:
        return f"; a set holds {comparison.sets['set_size'].value:.2f} rungs on average"
    return f", and {100 * comparison.sets['above_interval'].value:.1f} % above them"


def grade_report(comparisons: Sequence[Comparison]) -> list[str]:
    """All grades, then the reliability of every chance, and what sets and intervals covered.

    It goes into the report, the bundle and the terminal.
    """
    lines = [grade(comparison).words for comparison in comparisons]
    for comparison in comparisons:
        lines += reliability_words(comparison)
    for comparison in comparisons:
        lines += coverage_words(comparison)
    graded = {comparison.task for comparison in comparisons}
    if graded:
        lines += [f"grade of {NAMES[task]}: none, not judged out of time" for task in SIMPLEST if task not in graded]
    return lines
