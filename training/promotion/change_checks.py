"""Checks of what replacing the champion changes: predictions, money, segments, what it knew, and what has moved."""

from training.promotion.context import BLOCKER, OK, WARNING, Finding, PromotionContext
from training.promotion.paired_comparison import ComparisonResult, PairedComparison
from training.promotion.policy_value import LATER, Policies
from training.promotion.segments import Segment

NAMES = {"next_rung": "the next rung", "switching": "leaving", "revenue": "expected revenue"}
PRIMARY = {"next_rung": "log_loss", "switching": "log_loss", "revenue": "deviance"}
MOST_NAMED = 5
NOTE = "champion_note"


def beats_champion(context: PromotionContext) -> list[Finding]:
    """On the same snapshots, paired, the champion must not predict better beyond its interval and the tolerance."""
    evidence = context.evidence
    if evidence.unreadable:
        return [Finding("champion", WARNING, "The champion cannot be asked", evidence.unreadable, {})]
    if context.champion is None:
        return [Finding("champion", OK, "There is no champion yet", "nothing to compare with", {})]
    if evidence.duel is None:
        return _unpaired(context)
    found = [_of_bout(bout, context) for bout in evidence.duel.bouts if bout.metric == PRIMARY[bout.task]] + _of_notes(
        evidence.duel
    )
    return found if evidence.duel.bouts or evidence.duel.same_recipe else [*found, *_unpaired(context)]


def finds_worse(context: PromotionContext) -> bool:
    """Whether predictions or money say that the champion is better; what was not compared says nothing, nor do trials
    that the champion has learnt from."""
    if context.champion is None:
        return False
    money = context.evidence.money
    found = beats_champion(context) + (earns_as_much(context) if money is not None and money.on == LATER else [])
    return any(one.severity != OK and not one.code.startswith(NOTE) for one in found)


def _of_bout(bout: ComparisonResult, context: PromotionContext) -> Finding:
    tolerance = context.settings.tolerance
    if bout.metric != "log_loss":
        tolerance = context.settings.tolerance_share * abs(bout.theirs)
    gap = bout.difference
    if gap.high < -tolerance:
        severity, title = BLOCKER if bout.metric == "log_loss" else WARNING, "The champion is better"
    elif gap.low > 0:
        severity, title = OK, "Better than the champion"
    else:
        severity, title = OK, "As good as the champion"
    metric = bout.metric.replace("_", " ")
    detail = (
        f"{metric} {bout.ours:.4f}, the champion ({bout.how}) {bout.theirs:.4f}, difference {gap.value:+.4f} "
        f"[{gap.low:+.4f}, {gap.high:+.4f}] on the same {bout.snapshots:,} snapshots of {bout.accounts:,} accounts"
    )
    how = bout.how.replace(" ", "_")
    return Finding(
        f"champion_{bout.task}_{how}", severity, f"{title}: {NAMES[bout.task]}", detail,
        {"ours": bout.ours, "champion": bout.theirs, "difference": gap.value, "low": gap.low, "high": gap.high},
    )  # fmt: skip


def _of_notes(duel: PairedComparison) -> list[Finding]:
    """What was not compared: no reason to refuse where only the data are new, a warning where it leaves a gap."""
    found = []
    for k, note in enumerate(duel.notes):
        plain = duel.same_recipe and note.startswith("the same recipe")
        title = "Only the data are new" if plain else "Not compared with the champion"
        found.append(Finding(f"{NOTE}_{k + 1}", OK if plain else WARNING, title, note, {}))
    return found


def _unpaired(context: PromotionContext) -> list[Finding]:
    """The fallback: figures of either on rows of its own. They say little, and refuse nothing."""
    assert context.champion is not None
    findings = []
    for name in ("next_rung_log_loss", "switching_log_loss"):
        ours, theirs = context.facts.figures.get(name), context.champion.figures.get(name)
        if ours is not None and theirs is not None:
            worse = ours > theirs + context.settings.tolerance
            detail = f"not paired, each on rows of its own: {name} {ours:.4f}, the champion had {theirs:.4f}"
            findings.append(
                Finding(
                    f"champion_{name}", WARNING if worse else OK, "Against the champion, not paired", detail,
                    {"ours": ours, "champion": theirs},
                )
            )  # fmt: skip
    return findings


def earns_as_much(context: PromotionContext) -> list[Finding]:
    """Recommending by the new model must not earn less than by the champion, on the same trials."""
    money = context.evidence.money
    if money is None:
        return _alone(context)
    if not money.policies:
        return [*_alone(context), Finding("money", OK, "Money: not compared with the champion", money.note, {})]
    return [
        _of_policy(policy, k, money.on, money.trials, context.settings.tolerance_share)
        for k, policy in enumerate(money.policies, start=1)
    ]


def _of_policy(policy: Policies, number: int, on: str, trials: int, tolerance: float) -> Finding:
    gap, noise = policy.difference, tolerance * abs(policy.theirs.value)
    if gap.high < -noise:
        severity, title = BLOCKER, "Earns less than the champion"
        if on != LATER:
            severity, title = WARNING, "Behind the champion on trials that favour it"
    elif gap.low > 0:
        severity, title = OK, "Earns more than the champion"
    else:
        severity, title = OK, "No difference in money can be told"
    detail = (
        f"with {policy.rule}, recommending by the new model brings {policy.ours.value:,.0f} per account, by the "
        f"champion {policy.theirs.value:,.0f}: {gap.value:+,.0f} [{gap.low:+,.0f}, {gap.high:+,.0f}], on {trials:,} "
        f"trials ({on})"
    )
    evidence = {"ours": policy.ours.value, "champion": policy.theirs.value, "low": gap.low, "high": gap.high}
    return Finding(f"money_{number}", severity, title, detail, evidence)


def _alone(context: PromotionContext) -> list[Finding]:
    """What recommending brings beside doing nothing; that nobody knows, where there are no trials."""
    figures = context.facts.figures
    value = figures.get("recommended_value")
    if value is None:
        detail = "no trials bear an estimate of effects: what recommending brings cannot be judged"
        return [Finding("money_alone", OK, "Money cannot be judged", detail, {})]
    low, high = figures["recommended_value_low"], figures["recommended_value_high"]
    if low == value == high == 0:
        return [Finding("money_alone", OK, "Nothing is recommended", "no effect promises more than it costs", {})]
    detail = f"recommending brought {value:,.0f} per account [{low:,.0f}, {high:,.0f}] on accounts not learnt from"
    severity, title = (WARNING, "Recommending lost money") if high < 0 else (OK, "Recommending against doing nothing")
    return [Finding("money_alone", severity, title, detail, {"value": value, "low": low, "high": high})]


def stable_by_segment(context: PromotionContext) -> list[Finding]:
    """No segment of enough accounts is worse off than by the best baseline or the champion, chance accounted for."""
    segments, limits = context.evidence.segments, context.settings
    if not segments:
        return []
    worse = [one for one in segments if one.q <= limits.segment_level and one.worse > limits.tolerance]
    if not worse:
        detail = f"{len(segments):,} comparisons of segments, none worse beyond chance"
        return [Finding("segments", OK, "No segment is worse off", detail, {"asked": len(segments)})]
    named = "; ".join(_segment(one) for one in worse[:MOST_NAMED])
    more = f"; and {len(worse) - MOST_NAMED} more" if len(worse) > MOST_NAMED else ""
    evidence = {"worse": len(worse), "asked": len(segments)}
    return [Finding("segments", WARNING, "Segments are worse off", f"{named}{more}", evidence)]


def _segment(one: Segment) -> str:
    return (
        f"{one.kind} {one.name.replace('_', ' ')}, {NAMES[one.task]}: log loss {one.worse:+.3f} against {one.rival} "
        f"({one.accounts:,} accounts)"
    )


def forgets_nothing(context: PromotionContext) -> list[Finding]:
    """A champion that knew switching or investments is not replaced by a model that does not."""
    if context.champion is None:
        return []
    lost = set(context.champion.tables) - set(context.facts.tables)
    if not lost:
        return []
    detail = f"the champion learnt from {', '.join(sorted(lost))}; this source lacks them"
    return [Finding("tables", WARNING, "Fewer tables than the champion", detail, {"lost": ", ".join(sorted(lost))})]


def drifted_since(context: PromotionContext) -> list[Finding]:
    """What has moved since the champion was trained speaks for replacing it, never against."""
    if context.evidence.drifted is None:
        return []
    columns, asked = context.evidence.drifted
    if not columns:
        detail = f"of {asked:,} features and scores none moved beyond the usual since the champion was trained"
        return [Finding("drift", OK, "No drift since the champion was trained", detail, {"drifted": 0})]
    named = ", ".join(columns[:MOST_NAMED]) + (" and others" if len(columns) > MOST_NAMED else "")
    detail = f"{len(columns)} of {asked:,} features and scores moved since: {named}. A reason to retrain, which this is"
    return [Finding("drift", OK, "Drift since the champion was trained", detail, {"drifted": len(columns)})]
