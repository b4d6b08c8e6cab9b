"""Keep, watch or retrain, and why: pure functions of what monitoring found, each giving reasons in plain words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from features.instants import iso
from training.monitoring.drift_since import DriftSince
from training.monitoring.early_signs import Proxy
from training.monitoring.label_clock import LabelClock
from training.monitoring.realised_performance import CLIMBING, FALLING, NEXT_RUNG, SWITCHING, RealisedPerformance
from training.monitoring.table_freshness import StaleTable
from training.settings import Settings

KEEP, WATCH, RETRAIN = "keep", "watch", "retrain"
LEVELS = (KEEP, WATCH, RETRAIN)
MISCALIBRATED = 0.01
"""Share of the accounts by which a mean chance may be off, beyond its interval, before it is worth a word."""

LEAST_WEIGHT = 0.01
"""Share of the model's weight below which drifted features are of no consequence to it."""


@dataclass(frozen=True)
class Watched:
    """All that monitoring found about one champion.

    drift : None where nothing lies after training.  absent : tables that the champion learnt from and the source lacks.
    """

    version: str
    clock: LabelClock
    drift: DriftSince | None
    matured: tuple[RealisedPerformance, ...]
    proxies: tuple[Proxy, ...]
    stopped: tuple[StaleTable, ...]
    absent: tuple[str, ...]
    settings: Settings


@dataclass(frozen=True)
class Reason:
    """code : stable name.  advice : what this reason alone would advise.  words : one sentence."""

    code: str
    advice: str
    words: str


def broken_export(found: Watched) -> list[Reason]:
    """Data that stopped coming are mended, not learnt from."""
    reasons = [
        Reason(
            "table_stopped", WATCH,
            f"{one.table} has had no rows since {iso(one.last)}, {one.silent_days:,.0f} days; its longest pause of "
            f"a year was {one.usual_days:,.0f}: mend the export before anything is learnt from it",
        ) for one in found.stopped
    ]  # fmt: skip
    if found.absent:
        words = f"the champion learnt from {', '.join(found.absent)}, which the source lacks: its features are missing"
        reasons.append(Reason("table_absent", WATCH, words))
    return reasons


def drifted(found: Watched) -> list[Reason]:
    """Drift is a reason to retrain where the model looks, and where the data are not broken.

    Where the model hardly looks, and its scores stayed where they were, it is told and advises nothing.
    """
    if found.drift is None or not found.drift.drifted:
        return []
    columns, weight = found.drift.drifted, found.drift.weight
    named = ", ".join(one.name for one in columns[:3]) + (f" and {len(columns) - 3} more" if len(columns) > 3 else "")
    words = (
        f"{named}: farther from where {'it' if len(columns) == 1 else 'they'} lay than is usual; {weight:.0%} of the "
    )
    words += "model's weight lies on what drifted"
    if weight < LEAST_WEIGHT and all(one.kind == "feature" for one in columns):
        return [Reason("drift", KEEP, words)]
    if weight < found.settings.monitor.retrain_weight:
        return [Reason("drift", WATCH, words)]
    if found.stopped or found.absent:
        return [Reason("drift", WATCH, f"{words}, but mend the source first")]
    return [Reason("drift", RETRAIN, f"{words}: see first that the export means what it meant")]


def realised_loss(found: Watched) -> list[Reason]:
    """Realised log loss above what was promised, beyond its interval."""
    reasons = []
    for one in found.matured:
        if one.lost(found.settings.promotion.tolerance):
            assert one.log_loss is not None
            words = (
                f"log loss of {_NAME[one.outcome]} over {one.horizon_days} days is {one.log_loss.value:.4f} "
                f"[{one.log_loss.low:.4f}, {one.log_loss.high:.4f}], promised was {one.promised_log_loss:.4f}"
            )
            reasons.append(Reason("realised_loss", RETRAIN, words))
    return reasons


def realised_calibration(found: Watched) -> list[Reason]:
    """More or fewer accounts did it than the champion said."""
    reasons = []
    for one in found.matured:
        if one.miscalibrated(MISCALIBRATED):
            assert one.surplus is not None
            words = (
                f"{one.observed:.1%} of {one.snapshots:,} looks ended in {_NAME[one.outcome]} within "
                f"{one.horizon_days} days where {one.expected:.1%} were expected: {one.surplus.value:+.1%} "
                f"[{one.surplus.low:+.1%}, {one.surplus.high:+.1%}]"
            )
            reasons.append(Reason("realised_calibration", WATCH, words))
    return reasons


def early(found: Watched) -> list[Reason]:
    """Silence in the first days outside what was to be expected."""
    return [
        Reason(
            "early_silence", WATCH,
            f"{one.observed:,} of {one.accounts:,} accounts were silent in the first {one.days} days, expected were "
            f"{one.expected:,.0f} [{one.low:,.0f}, {one.high:,.0f}]",
        ) for one in found.proxies if one.off
    ]  # fmt: skip


def aged(found: Watched) -> list[Reason]:
    """A whole horizon since training: labels are there that the model does not know."""
    if not found.clock.complete:
        return []
    words = f"the model is {found.clock.age_days:,.0f} days old, and {found.clock.words()}"
    if found.stopped or found.absent:
        return [Reason("labels_complete", WATCH, f"{words}; mend the source first")]
    return [Reason("labels_complete", RETRAIN, words)]


RULES: tuple[Callable[[Watched], list[Reason]], ...] = (
    broken_export, realised_loss, drifted, aged, realised_calibration, early,
)  # fmt: skip


def reasons_of(found: Watched) -> list[Reason]:
    """What all rules say, the gravest first."""
    told = [reason for rule in RULES for reason in rule(found)]
    return sorted(told, key=lambda one: -LEVELS.index(one.advice))


def advice_of(reasons: Sequence[Reason]) -> str:
    """The gravest of them; keep where there is none."""
    return max((one.advice for one in reasons), key=LEVELS.index, default=KEEP)


_NAME = {SWITCHING: "switching", NEXT_RUNG: "the next rung", CLIMBING: "a climb", FALLING: "a fall"}
