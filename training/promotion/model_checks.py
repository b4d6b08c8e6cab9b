"""Checks of the candidate by itself: what it rests on, how it did out of time, whether it is honest and behaves."""

from training.evaluation.evaluation import OURS
from training.promotion.context import BLOCKER, OK, WARNING, Finding, PromotionContext

TASKS = {"next_rung": "the next rung", "switching": "leaving", "revenue": "expected revenue"}


def enough_data(context: PromotionContext) -> list[Finding]:
    """Enough accounts, enough that left, enough that were invested in."""
    counts, limits = context.evidence.counts, context.settings
    if counts is None:
        return []
    asked = [
        ("accounts", "Accounts", counts.accounts, limits.least_accounts, "accounts were learnt from"),
        ("switched", "Accounts that left", counts.switched, limits.least_switched, "accounts are known to have left"),
    ]
    if counts.exposed is not None:
        asked.append(
            ("exposed", "Investments", counts.exposed, limits.least_exposed, "accounts were invested in, or by lot not")
        )
    found = []
    for code, title, have, need, words in asked:
        few = have < need
        detail = f"{have:,} {words}; {need:,} are needed for figures to lean on" if few else f"{have:,} {words}"
        name = f"Few: {title.lower()}" if few else f"Enough: {title.lower()}"
        found.append(Finding(f"enough_{code}", WARNING if few else OK, name, detail, {"have": have, "need": need}))
    if counts.exposed is None:
        detail = "the source holds no investments: nothing is recommended"
        found.append(Finding("enough_exposed", OK, "No investments recorded", detail, {}))
    return found


def judged_out_of_time(context: PromotionContext) -> list[Finding]:
    """A model that was never judged on a later period may serve, but not without saying so."""
    if context.comparisons:
        origins = context.comparisons[0].origins
        return [Finding("judged", OK, "Judged out of time", f"on {len(origins)} later periods", {"last": origins[-1]})]
    detail = "the history is too short for a later period to judge on; look at the scores with that in mind"
    return [Finding("judged", WARNING, "Not judged out of time", detail, {})]


def beats_baselines(context: PromotionContext) -> list[Finding]:
    """No baseline may be better than the model beyond its interval (and the tolerance)."""
    findings = []
    for table in context.comparisons:
        if table.task == "revenue":  # judged and shown, but no scale-free tolerance exists for it
            continue
        rivals = [row for row in table.rows if row.difference is not None]
        best = min(rivals, key=lambda row: row.scores[table.primary])
        assert best.difference is not None
        evidence = {"ours": table.scores(OURS)[table.primary], "best_baseline": best.scores[table.primary]}
        lost, metric = best.difference.high < -context.settings.tolerance, table.primary.replace("_", " ")
        ours, theirs = evidence.values()
        detail = f"{metric} {ours:.4f}; the best baseline, {best.model}, {theirs:.4f}"
        severity, title = (BLOCKER, "A baseline is better") if lost else (OK, "Not worse than any baseline")
        findings.append(Finding(f"baselines_{table.task}", severity, f"{title}: {table.task}", detail, evidence))
    return findings


def calibrated(context: PromotionContext) -> list[Finding]:
    """Of the accounts given a chance of one in three, about one in three must have left."""
    findings = []
    for table in context.comparisons:
        error = table.scores(OURS).get("ece", table.scores(OURS).get("ece_up"))
        if error is not None:
            limit = context.settings.most_calibration_error
            severity = OK if error <= limit else WARNING
            detail = f"chances are off by {error:.3f} on average; {limit:.3f} is the limit"
            findings.append(
                Finding(f"calibration_{table.task}", severity, f"Calibration: {table.task}", detail, {"ece": error})
            )
    return findings


def no_feature_too_good(context: PromotionContext) -> list[Finding]:
    """No feature alone tells nearly perfectly who leaves or climbs."""
    if not context.evidence.alone:
        return []
    limit = context.settings.most_auc_alone
    too_good = [one for one in context.evidence.alone if one.auc > limit]
    best = context.evidence.alone[0]
    told = [f"{'whether ' if o.absence else ''}{o.feature}{' is missing' if o.absence else ''}" for o in too_good]
    if too_good:
        detail = (
            f"{', '.join(told)} alone tells who {' or '.join(sorted({o.outcome for o in too_good}))} (AUC "
            f"{best.auc:.3f}): it may hold what was only known afterwards. See when those rows are recorded"
        )
    else:
        detail = f"the strongest, {best.feature}, tells who {best.outcome} with an AUC of {best.auc:.3f}"
    severity, title = (
        (WARNING, "A feature is too good to be true") if too_good else (OK, "No feature is too good to be true")
    )
    return [Finding("leak_alone", severity, title, detail, {"auc": best.auc, "limit": limit})]


def survives_late_recording(context: PromotionContext) -> list[Finding]:
    """Skill does not fall off a cliff where everything is known a day or a week later."""
    limits = {1: context.settings.most_lost_to_a_day, 7: context.settings.most_lost_to_a_week}
    found = []
    for one in context.evidence.late:
        limit = limits.get(one.days, max(limits.values()))
        days = "a day" if one.days == 1 else f"{one.days} days"
        kept = max(1 - one.lost.value, 0.0)
        detail = f"with everything known {days} later, {kept:.0%} of the skill is left ({limit:.0%} may go)"
        severity, title = OK, "Survives late recording"
        if one.lost.low > limit:
            severity, title = WARNING, "Lives by the last days"
            detail += "; rows may be written afterwards with an earlier date, or feeds must never be late"
            if one.days == 1 and one.lost.low >= 1:
                severity = BLOCKER
        evidence = {"lost": one.lost.value, "low": one.lost.low, "high": one.lost.high}
        found.append(
            Finding(f"leak_late_{one.task}_{one.days}", severity, f"{title}: {TASKS[one.task]}", detail, evidence)
        )
    return found


def behaves(context: PromotionContext) -> list[Finding]:
    """What is changed in an account's history moves the answer the way it must, or not at all."""
    limit, found = context.settings.most_wrong_way, []
    for one in context.evidence.responses:
        wrong = one.change.high < 0 and one.change.value < -limit
        severity = (BLOCKER if one.grave else WARNING) if wrong else OK
        title = "Behaves the wrong way" if wrong else "Behaves as it must"
        way = "the expected way" if one.change.value >= 0 else "the wrong way"
        detail = (
            f"{one.words}: asked of {one.accounts:,} accounts, it moves by {100 * abs(one.change.value):.1f} points "
            f"{way} on average ({100 * limit:.1f} the wrong way are noise)"
        )
        evidence = {"change": one.change.value, "low": one.change.low, "high": one.change.high}
        found.append(Finding(f"behaviour_{one.code}", severity, title, detail, evidence))
    return found


def light_enough(context: PromotionContext) -> list[Finding]:
    """The bundle is small and quick enough to serve."""
    seen, limits = context.evidence.footprint, context.settings
    if seen is None:
        return []
    large, slow = seen.megabytes > limits.most_megabytes, seen.milliseconds > limits.most_milliseconds
    found = [
        Finding(
            "size", WARNING if large else OK, "A large bundle" if large else "Small enough",
            f"{seen.megabytes:.1f} MB; {limits.most_megabytes:g} MB is the limit", {"megabytes": seen.megabytes},
        )
    ]  # fmt: skip
    if seen.accounts:
        told = f"{seen.milliseconds:.1f} ms an account, {seen.accounts:,} of them together, with reasons"
        found.append(
            Finding(
                "latency", WARNING if slow else OK, "Slow to score" if slow else "Quick enough",
                f"{told}; {limits.most_milliseconds:g} ms is the limit", {"milliseconds": seen.milliseconds},
            )
        )  # fmt: skip
    return found
