"""Keep, watch or retrain, and why: pure functions of what monitoring found, each giving findings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from features.instants import iso
from training.evaluation.cluster_bootstrap import LEVEL
from training.model.findings import BLOCKER, NOTE, OK, WARNING, Finding, gravest
from training.monitoring.broken_column import NOTED, BrokenColumn
from training.monitoring.drift_since import DriftSince
from training.monitoring.early_signs import Proxy
from training.monitoring.label_clock import LabelClock
from training.monitoring.label_drift import REVENUE, LabelShift
from training.monitoring.realised_performance import CLIMBING, FALLING, SWITCHING, RealisedPerformance
from training.monitoring.table_freshness import WHOLE, StaleTable
from training.settings import Settings

KEEP, WATCH, RETRAIN = "keep", "watch", "retrain"
LEVELS = (KEEP, WATCH, RETRAIN)
ADVICE = {OK: KEEP, NOTE: KEEP, WARNING: WATCH, BLOCKER: RETRAIN}
"""Severity -> what a reason of it alone would advise."""
MISCALIBRATED = 0.01
"""Share of the accounts by which a mean chance may be off, beyond its interval, before it is worth a word."""
LEAST_WEIGHT = 0.01
"""Share of the model's weight below which drifted features are of no consequence to it."""
MOST_NAMED = 3
MOST_TREATED = 0.1
"""The share of held-out accounts with the planned investment, above which they are hardly a hold-out."""


@dataclass(frozen=True)
class PlanHoldout:
    """What a plan brought per account on its list against its held-out accounts, so far.

    level : of the interval of the gain.  promised : for as long as the plan has run.  compliance, contamination : share
    of the treated, and of the held-out, for whom the investment was made.
    """

    name: str
    made_for: str
    level: float
    treated: int
    held_out: int
    gain: float
    gain_low: float
    gain_high: float
    promised: float
    elapsed: float
    compliance: float
    contamination: float


@dataclass(frozen=True)
class Watched:
    """All that monitoring found about one champion.

    drift : None where nothing lies after training.  absent : tables that the champion learnt from and the source lacks.
    columns : raw columns and tables that are not as the champion remembers them.
    shifts : outcomes since training against those of a year before.
    plans : what plans brought against their held-out accounts.
    """

    version: str
    clock: LabelClock
    drift: DriftSince | None
    matured: tuple[RealisedPerformance, ...]
    proxies: tuple[Proxy, ...]
    stopped: tuple[StaleTable, ...]
    absent: tuple[str, ...]
    settings: Settings
    columns: tuple[BrokenColumn, ...] = ()
    shifts: tuple[LabelShift, ...] = ()
    plans: tuple[PlanHoldout, ...] = ()

    @property
    def broken(self) -> bool:
        """Return whether the source must be mended before anything is learnt from it."""
        return bool(self.stopped or self.absent or self.broken_columns)

    @property
    def broken_columns(self) -> tuple[BrokenColumn, ...]:
        """Return the columns and tables that must be mended, without those that may be as they should be."""
        return tuple(one for one in self.columns if one.kind not in NOTED)


def broken_export(found: Watched) -> list[Finding]:
    """Return tables that stopped coming: they are mended, not learnt from."""
    reasons = [_stopped(table) for table in found.stopped]
    if found.absent:
        reasons.append(Finding.of("table_absent", WARNING, tables=found.absent))
    return reasons


def _stopped(table: StaleTable) -> Finding:
    figures = {"last": iso(table.last), "silent": table.silent_days, "usual": table.usual_days}
    if table.table == WHOLE:
        return Finding.of("source_stopped", WARNING, **figures)
    return Finding.of("table_stopped", WARNING, table=table.table, **figures)


def broken_source(found: Watched) -> list[Finding]:
    """Return the raw columns that broke, each by name."""
    return [_broken(one) for one in found.columns]


def _broken(one: BrokenColumn) -> Finding:
    where = {"table": one.where, "column": one.column}
    shares = {"before": one.before, "now": one.now}
    match one.kind:
        case "emptied":
            return Finding.of("column_emptied", WARNING, **where, **shares)
        case "filled_less":
            return Finding.of("column_filled_less", WARNING, **where, **shares)
        case "renamed":
            return Finding.of("values_renamed", WARNING, **where, unknown=1 - one.now, names=list(one.names))
        case "one_renamed":
            was, name = one.names
            return Finding.of("value_renamed", WARNING, **where, share=one.before, was=was, name=name)
        case "rescaled":
            return Finding.of("numbers_rescaled", WARNING, **where, **shares, factor=one.change)
        case "sign":
            return Finding.of("sign_changed", WARNING, **where, **shares)
        case "new_value":
            return Finding.of("value_new", NOTE, **where, share=one.now, names=list(one.names))
        case "swapped":
            was, name = one.names
            return Finding.of("values_swapped", WARNING, **where, **shares, was=was, name=name)
        case "moved" if one.names:
            return Finding.of("values_moved", WARNING, **where, **shares, was=one.names[0], distance=one.change)
        case "moved":
            return Finding.of("numbers_moved", WARNING, **where, **shares, distance=one.change)
        case "reversed":
            return Finding.of("numbers_reversed", WARNING, **where, **shares, total=round(one.change))
        case "constant":
            return Finding.of("numbers_constant", WARNING, **where, **shares)
        case "hour_lost":
            return Finding.of("times_one_hour", WARNING, **where, share=one.now, hour=round(one.change))
        case "repeated":
            return Finding.of("rows_repeated", WARNING, table=one.where, **shares)
        case "shifted":
            return Finding.of("times_shifted", WARNING, **where, hours=round(one.change))
        case "fell":
            return Finding.of("rows_fell", WARNING, table=one.where, **shares, weeks=round(one.change))
        case "fell_unknown":
            return Finding.of("rows_fell_or_season", NOTE, table=one.where, **shares, weeks=round(one.change))
        case "history_gone":
            return Finding.of("history_gone", WARNING, table=one.where, **shares)
        case "history_added":
            return Finding.of("history_added", WARNING, table=one.where, **shares)
        case "fewer_rows":
            return Finding.of("rows_fewer", WARNING, table=one.where, **shares)
        case _:
            return Finding.of("rows_more", WARNING, table=one.where, **shares)


def drifted(found: Watched) -> list[Finding]:
    """Return drift: a reason to retrain where the model looks, and where the data are not broken.

    Where the model hardly looks, and its scores stayed where they were, it is told and advises nothing.
    """
    if found.drift is None or not found.drift.drifted:
        return []
    columns, weight = found.drift.drifted, found.drift.weight
    named = [column.name for column in columns[:MOST_NAMED]]
    figures = {"columns": named, "more": len(columns) - len(named), "weight": weight}
    if weight < LEAST_WEIGHT and all(column.kind == "feature" for column in columns):
        return [Finding.of("drift", NOTE, **figures)]
    if weight < found.settings.monitor.retrain_weight:
        return [Finding.of("drift", WARNING, **figures)]
    if found.broken:
        return [Finding.of("drift_mend_first", WARNING, **figures)]
    return [Finding.of("drift_retrain", BLOCKER, **figures)]


def realised_loss(found: Watched) -> list[Finding]:
    """Return realised log loss above what was promised, beyond its interval."""
    reasons = []
    for one in found.matured:
        if one.lost(found.settings.promotion.tolerance):
            loss = one.log_loss
            assert loss is not None
            reasons.append(Finding.of(
                "realised_loss", BLOCKER, outcome=one.outcome, days=one.horizon_days, loss=loss.value, low=loss.low,
                high=loss.high, level=loss.level, promised=one.promised_log_loss,
            ))  # fmt: skip
    return reasons


def realised_calibration(found: Watched) -> list[Finding]:
    """Return outcomes that more or fewer accounts had than the champion said."""
    reasons = []
    for one in found.matured:
        if one.miscalibrated(MISCALIBRATED):
            surplus = one.surplus
            assert surplus is not None
            reasons.append(Finding.of(
                "realised_calibration", WARNING, outcome=one.outcome, days=one.horizon_days, snapshots=one.snapshots,
                observed=one.observed, expected=one.expected, surplus=surplus.value, low=surplus.low,
                high=surplus.high, level=surplus.level,
            ))  # fmt: skip
    return reasons


def realised_by_part(found: Watched) -> list[Finding]:
    """Return countries, industries, segments and sizes whose chances are off though not everybody's are."""
    reasons = []
    for one in found.matured:
        for part in one.parts_off[:MOST_NAMED]:
            reasons.append(Finding.of(
                "realised_part_off", WARNING, outcome=one.outcome, days=one.horizon_days, kind=part.kind,
                name=part.name, accounts=part.accounts, observed=part.observed, expected=part.expected,
                surplus=part.surplus, low=part.low, high=part.high, level=LEVEL,
            ))  # fmt: skip
    return reasons


def outcomes_moved(found: Watched) -> list[Finding]:
    """Return outcomes that are not as frequent, or as large, as they were in the data of the training."""
    reasons = []
    for one in found.shifts:
        figures = {
            "days": one.horizon_days, "before": one.before, "now": one.now, "change": one.change.value,
            "low": one.change.low, "high": one.change.high, "level": one.change.level,
        }  # fmt: skip
        if one.moved and one.outcome == REVENUE:
            reasons.append(Finding.of("revenue_moved", WARNING, **figures))
        elif one.moved:
            reasons.append(Finding.of("outcome_moved", WARNING, outcome=one.outcome, **figures))
    return reasons


def plan_holdouts(found: Watched) -> list[Finding]:
    """Return plans that lost, that brought less than was promised, and whose held-out accounts were treated too."""
    reasons = []
    for plan in found.plans:
        where = {"plan": plan.name, "level": plan.level}
        gain = {"gain": plan.gain, "low": plan.gain_low, "high": plan.gain_high, "promised": plan.promised}
        if plan.gain_high < 0:
            reasons.append(Finding.of("plan_holdout_lost", WARNING, **where, **gain))
        elif plan.gain_high < plan.promised:
            reasons.append(Finding.of("plan_holdout_below", WARNING, **where, **gain))
        if plan.contamination > MOST_TREATED:
            reasons.append(
                Finding.of(
                    "plan_holdout_treated", WARNING, plan=plan.name, share=plan.contamination, held=plan.held_out
                )
            )
    return reasons


def early(found: Watched) -> list[Finding]:
    """Return silence in the first days outside what was to be expected."""
    return [
        Finding.of(
            "early_silence", WARNING, observed=one.observed, accounts=one.accounts, days=one.days,
            expected=one.expected, low=one.low, high=one.high, level=one.level,
        ) for one in found.proxies if one.off
    ]  # fmt: skip


def aged(found: Watched) -> list[Finding]:
    """Return that a whole horizon has passed since training: labels are there that the model does not know."""
    clock = found.clock
    if not clock.complete:
        return []
    figures = {"age": clock.age_days, "due": iso(clock.due), "late": clock.days_late}
    if found.broken:
        return [Finding.of("labels_complete_mend_first", WARNING, **figures)]
    return [Finding.of("labels_complete", BLOCKER, **figures)]


RULES: tuple[Callable[[Watched], list[Finding]], ...] = (
    broken_export, broken_source, realised_loss, drifted, aged, realised_calibration, realised_by_part, outcomes_moved,
    plan_holdouts, early,
)  # fmt: skip


def reasons_of(found: Watched) -> list[Finding]:
    """Return what all rules say, the gravest first."""
    return gravest(reason for rule in RULES for reason in rule(found))


def advice_of(reasons: Sequence[Finding]) -> str:
    """Return the advice of the gravest reason; keep where there is none."""
    return max((ADVICE[reason.severity] for reason in reasons), key=LEVELS.index, default=KEEP)


def realised(found: Watched) -> list[Finding]:
    """Return what came true of the chances, beside what was expected."""
    findings = []
    for one in found.matured:
        if one.expected is None or one.observed is None:
            continue
        figures = {"days": one.horizon_days, "expected": one.expected, "observed": one.observed}
        if one.outcome == SWITCHING:
            findings.append(Finding.of("realised_switching", NOTE, **figures))
        elif one.outcome == CLIMBING:
            findings.append(Finding.of("realised_climbing", NOTE, **figures))
        elif one.outcome == FALLING:
            findings.append(Finding.of("realised_falling", NOTE, **figures))
    return findings
