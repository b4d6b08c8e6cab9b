"""Checks of the candidate by itself: what it rests on, how it did out of time, whether it is honest and behaves."""

from training.evaluation.evaluation import OURS, Comparison
from training.model.findings import BLOCKER, OK, WARNING, Finding
from training.promotion.context import PromotionContext


def enough_data(context: PromotionContext) -> list[Finding]:
    """Find whether there are enough accounts, enough that left, enough that were invested in."""
    counts, limits = context.evidence.counts, context.settings
    if counts is None:
        return []
    found = [
        Finding.of("accounts_few", WARNING, accounts=counts.accounts, needed=limits.least_accounts)
        if counts.accounts < limits.least_accounts
        else Finding.of("accounts_enough", OK, accounts=counts.accounts),
        Finding.of("leavers_few", WARNING, accounts=counts.switched, needed=limits.least_switched)
        if counts.switched < limits.least_switched
        else Finding.of("leavers_enough", OK, accounts=counts.switched),
    ]
    if counts.exposed is None:
        return [*found, Finding.of("investments_none", OK)]
    if counts.exposed < limits.least_exposed:
        return [*found, Finding.of("investments_few", WARNING, accounts=counts.exposed, needed=limits.least_exposed)]
    return [*found, Finding.of("investments_enough", OK, accounts=counts.exposed)]


def judged_out_of_time(context: PromotionContext) -> list[Finding]:
    """Find whether the model was ever judged on a later period; one that was not may serve, but not silently."""
    if context.comparisons:
        return [Finding.of("judged_out_of_time", OK, origins=len(context.comparisons[0].origins))]
    by_wish = any(one.code == "not_judged_by_wish" for one in context.facts.report)
    return [Finding.of("judged_never_by_wish" if by_wish else "judged_never", WARNING)]


def beats_baselines(context: PromotionContext) -> list[Finding]:
    """Find baselines that are better than the model beyond their interval and the tolerance.

    A model of some accounts alone (renewals, winning back) holds nobody else's back.
    """
    findings = []
    for table in context.tables:
        if table.task == "revenue":
            findings.append(_beats_revenue_rules(table))
            continue
        rivals = [row for row in table.rows if row.difference is not None]
        best = min(rivals, key=lambda row: row.scores[table.primary])
        assert best.difference is not None
        figures = {
            "task": table.task, "metric": table.primary, "ours": table.scores(OURS)[table.primary],
            "baseline": best.model, "theirs": best.scores[table.primary],
        }  # fmt: skip
        lost = best.difference.high < -context.settings.tolerance
        grave = WARNING if table in context.about_some else BLOCKER
        findings.append(
            Finding.of("baseline_better", grave, **figures)
            if lost
            else Finding.of("baselines_not_better", OK, **figures)
        )
    return findings


def _beats_revenue_rules(table: Comparison) -> Finding:
    """Find a rule whose mean absolute error is lower by more than a twentieth; errors have no other common scale."""
    ours = table.scores(OURS)["mae"]
    best = min((row for row in table.rows if row.model != OURS), key=lambda row: row.scores["mae"])
    theirs = best.scores["mae"]
    figures = {"task": table.task, "metric": "mae", "ours": ours, "baseline": best.model, "theirs": theirs}
    if ours > (1 + MOST_BEHIND) * theirs:
        return Finding.of("baseline_better", WARNING, **figures)
    return Finding.of("baselines_not_better", OK, **figures)


MOST_BEHIND = 0.05
"""The rule that is best in mean absolute error may lose in squared error, so that a little behind is no defeat."""


def calibrated(context: PromotionContext) -> list[Finding]:
    """Find whether, of the accounts given a chance of one in three, about one in three left."""
    findings, limit = [], context.settings.most_calibration_error
    for table in context.tables:
        error = table.scores(OURS).get("ece", table.scores(OURS).get("ece_up"))
        if error is not None:
            figures = {"task": table.task, "error": error, "limit": limit}
            findings.append(
                Finding.of("calibration_fine", OK, **figures)
                if error <= limit
                else Finding.of("calibration_off", WARNING, **figures)
            )
    return findings


def no_feature_too_good(context: PromotionContext) -> list[Finding]:
    """Find features that alone tell nearly perfectly who leaves or climbs."""
    alone, limit = context.evidence.alone, context.settings.most_auc_alone
    if not alone:
        return []
    too_good, best = [one for one in alone if one.auc > limit], alone[0]
    if not too_good:
        return [
            Finding.of(
                "features_plausible", OK, feature=best.feature, outcome=best.outcome, auc=best.auc, limit=limit
            )
        ]  # fmt: skip
    return [
        Finding.of(
            "feature_too_good", WARNING, features=[[one.feature, one.absence] for one in too_good],
            outcomes=sorted({one.outcome for one in too_good}), auc=best.auc, limit=limit,
        )
    ]  # fmt: skip


def survives_late_recording(context: PromotionContext) -> list[Finding]:
    """Find skill that falls off a cliff where everything is known a day or a week later."""
    limits = {1: context.settings.most_lost_to_a_day, 7: context.settings.most_lost_to_a_week}
    found = []
    for one in context.evidence.late:
        limit, lost = limits.get(one.days, max(limits.values())), one.lost
        figures = {
            "task": one.task, "days": one.days, "lost": max(lost.value, 0.0), "low": lost.low, "high": lost.high,
            "level": lost.level, "limit": limit,
        }  # fmt: skip
        if lost.low <= limit:
            found.append(Finding.of("late_survives", OK, **figures))
        else:
            all_of_it = one.days == 1 and lost.low >= 1 and context.champion is not None
            found.append(Finding.of("late_loses", BLOCKER if all_of_it else WARNING, **figures))
    return found


def behaves(context: PromotionContext) -> list[Finding]:
    """Find changes of an account's history that move the answer the wrong way; never so bad that nobody serves."""
    limit, found = context.settings.most_wrong_way, []
    for one in context.evidence.responses:
        figures = {"expectation": one.code, "accounts": one.accounts, "change": one.change.value, "noise": -limit}
        if one.change.high < 0 and one.change.value < -limit:
            found.append(
                Finding.of("misbehaves", BLOCKER if one.grave and context.champion is not None else WARNING, **figures)
            )
        else:
            found.append(Finding.of("behaves", OK, **figures))
    return found


def light_enough(context: PromotionContext) -> list[Finding]:
    """Find whether the bundle is small and quick enough to serve."""
    seen, limits = context.evidence.footprint, context.settings
    if seen is None:
        return []
    size = {"megabytes": seen.megabytes, "limit": limits.most_megabytes}
    large = seen.megabytes > limits.most_megabytes
    found = [Finding.of("bundle_large", WARNING, **size) if large else Finding.of("bundle_small", OK, **size)]
    if seen.accounts:
        pace = {"milliseconds": seen.milliseconds, "accounts": seen.accounts, "limit": limits.most_milliseconds}
        slow = seen.milliseconds > limits.most_milliseconds
        found.append(Finding.of("scoring_slow", WARNING, **pace) if slow else Finding.of("scoring_quick", OK, **pace))
    return found
