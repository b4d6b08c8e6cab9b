"""Checks of what replacing the champion changes: predictions, money, segments, what it knew, and what has moved."""

from training.model.findings import BLOCKER, OK, WARNING, Finding
from training.promotion.context import PromotionContext
from training.promotion.paired_comparison import ComparisonResult
from training.promotion.policy_value import LATER, Policies

PRIMARY = {"next_rung": "log_loss", "switching": "log_loss", "revenue": "mae"}
MOST_NAMED = 5


def beats_champion(context: PromotionContext) -> list[Finding]:
    """Find whether, on the same snapshots, paired, the champion predicts better beyond interval and tolerance.

    What was not compared is told besides.
    """
    paired = context.evidence.paired
    return [*compared_with_champion(context), *(paired.notes if paired is not None and context.champion else ())]


def compared_with_champion(context: PromotionContext) -> list[Finding]:
    """Find the same, of what was compared alone."""
    evidence = context.evidence
    if evidence.unreadable is not None:
        return [evidence.unreadable]
    if context.champion is None:
        return [Finding.of("champion_none", OK)]
    paired = evidence.paired
    if paired is None:
        return _unpaired(context)
    found = [_of_result(result, context) for result in paired.results if result.metric == PRIMARY[result.task]]
    return found if paired.results or paired.same_recipe else _unpaired(context)


def finds_worse(context: PromotionContext) -> bool:
    """Return whether predictions or money say that the champion is better.

    What was not compared says nothing, nor do trials that the champion has learnt from.
    """
    if context.champion is None:
        return False
    money = context.evidence.money
    found = compared_with_champion(context)
    found += earns_as_much(context) if money is not None and money.on == LATER else []
    return any(one.severity != OK for one in found)


def _of_result(result: ComparisonResult, context: PromotionContext) -> Finding:
    tolerance = context.settings.tolerance
    if result.metric != "log_loss":
        tolerance = context.settings.tolerance_share * abs(result.theirs)
    gap = result.difference
    figures = {
        "task": result.task, "metric": result.metric, "recipe": result.how, "ours": result.ours,
        "theirs": result.theirs, "difference": gap.value, "low": gap.low, "high": gap.high, "level": gap.level,
        "snapshots": result.snapshots, "accounts": result.accounts,
    }  # fmt: skip
    if gap.high < -tolerance:
        return Finding.of("champion_better", BLOCKER if result.metric == "log_loss" else WARNING, **figures)
    if gap.low > 0:
        return Finding.of("better_than_champion", OK, **figures)
    return Finding.of("as_good_as_champion", OK, **figures)


def _unpaired(context: PromotionContext) -> list[Finding]:
    """Find the fallback: figures of either on rows of its own. They say little, and refuse nothing."""
    assert context.champion is not None
    findings = []
    for task in ("next_rung", "switching"):
        ours, theirs = (facts.figures.get(f"{task}_log_loss") for facts in (context.facts, context.champion))
        if ours is not None and theirs is not None:
            figures = {"task": task, "ours": ours, "theirs": theirs}
            findings.append(
                Finding.of("unpaired_worse", WARNING, **figures)
                if ours > theirs + context.settings.tolerance
                else Finding.of("unpaired_fine", OK, **figures)
            )
    return findings


def earns_as_much(context: PromotionContext) -> list[Finding]:
    """Find whether recommending by the new model earns less than by the champion, on the same trials."""
    money = context.evidence.money
    if money is None:
        return _alone(context)
    if money.why_none is not None:
        return [*_alone(context), money.why_none]
    tolerance = context.settings.tolerance_share
    return [_of_policy(policy, money.on, money.trials, tolerance) for policy in money.policies]


def _of_policy(policy: Policies, on: str, trials: int, tolerance: float) -> Finding:
    gap, noise = policy.difference, tolerance * abs(policy.theirs.value)
    figures = {
        "spending": policy.rule, "ours": policy.ours.value, "theirs": policy.theirs.value, "difference": gap.value,
        "low": gap.low, "high": gap.high, "level": gap.level, "count": trials, "trials": on,
    }  # fmt: skip
    if gap.high < -noise:
        if on != LATER:
            return Finding.of("earns_less_on_seen", WARNING, **figures)
        return Finding.of("earns_less", BLOCKER, **figures)
    if gap.low > 0:
        return Finding.of("earns_more", OK, **figures)
    return Finding.of("earns_alike", OK, **figures)


def _alone(context: PromotionContext) -> list[Finding]:
    """Find what recommending brings beside doing nothing; that nobody knows, where there are no trials."""
    facts = context.facts
    value = facts.figures.get("recommended_value")
    if value is None:
        return [Finding.of("money_unknown", OK)]
    low, high = facts.figures["recommended_value_low"], facts.figures["recommended_value_high"]
    if low == value == high == 0:
        return [Finding.of("money_nothing_recommended", OK)]
    figures = {"value": value, "low": low, "high": high, "level": facts.level}
    return [Finding.of("money_lost", WARNING, **figures) if high < 0 else Finding.of("money_judged", OK, **figures)]


def stable_by_segment(context: PromotionContext) -> list[Finding]:
    """Find segments of enough accounts that are worse off than by the best baseline or the champion, beyond chance."""
    segments, limits = context.evidence.segments, context.settings
    if not segments:
        return []
    worse = [one for one in segments if one.q <= limits.segment_level and one.worse > limits.tolerance]
    if not worse:
        return [Finding.of("segments_fine", OK, asked=len(segments))]
    named = [[one.kind, one.name, one.task, one.worse, one.rival, one.accounts] for one in worse[:MOST_NAMED]]
    return [Finding.of("segments_worse", WARNING, segments=named, more=len(worse) - len(named))]


def forgets_nothing(context: PromotionContext) -> list[Finding]:
    """Find tables that the champion knew and that this source lacks."""
    if context.champion is None:
        return []
    lost = set(context.champion.tables) - set(context.facts.tables)
    return [Finding.of("tables_lost", WARNING, tables=sorted(lost))] if lost else []


def drifted_since(context: PromotionContext) -> list[Finding]:
    """Find what has moved since the champion was trained: it speaks for replacing it, never against."""
    if context.evidence.drifted is None:
        return []
    columns, asked = context.evidence.drifted
    if not columns:
        return [Finding.of("drift_none", OK, asked=asked)]
    named = columns[:MOST_NAMED]
    return [
        Finding.of(
            "drift_found", OK, drifted=len(columns), asked=asked, columns=named, more=len(columns) - len(named)
        )
    ]  # fmt: skip
