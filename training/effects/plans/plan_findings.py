"""What a plan brought, as findings, most important first."""

from training.effects.plans.plan_evaluation import MIN_PER_SIDE, Difference, PlanResult
from training.model.findings import NOTE, OK, WARNING, Finding

NEARLY_ALL, HARDLY_ANY = 0.98, 0.02
"""Shares of the treated and of the held-out for whom the investment was made, within which the plan was followed."""


def plan_outcome(result: PlanResult, level: float = 0.9) -> list[Finding]:
    """Return the findings about one plan.  level : coverage of its intervals."""
    revenue = result.revenue
    found = [
        _against_holdout(result, level),
        Finding.of(
            "plan_brought_revenue", NOTE, revenue=revenue.value, low=revenue.low, high=revenue.high, level=level
        ),
        Finding.of("plan_brought_sides", NOTE, treated=result.treated, held_out=result.held_out, level=level),
        Finding.of(
            "plan_brought_compliance", NOTE, compliance=result.compliance, contamination=result.contamination
        ),
    ]  # fmt: skip
    if result.elapsed < 1:
        found.append(Finding.of("plan_brought_early", NOTE))
    departed = result.compliance < NEARLY_ALL or result.contamination > HARDLY_ANY
    if result.effect_where_made is not None and departed:
        value, low, high = result.effect_where_made
        found.append(Finding.of("plan_brought_where_made", NOTE, revenue=value, low=low, high=high, level=level))
    if min(result.treated, result.held_out) < MIN_PER_SIDE:
        found.append(Finding.of("plan_brought_few", WARNING, few=MIN_PER_SIDE))
    return found


def _against_holdout(result: PlanResult, level: float) -> Finding:
    gain = result.gain
    figures = {
        "gain": gain.value, "low": gain.low, "high": gain.high, "level": level, "elapsed": result.elapsed,
        "promised": result.promised, "verdict": _verdict(gain, result.promised),
    }  # fmt: skip
    if gain.low > 0:
        return Finding.of("plan_brought_won", OK, **figures)
    if gain.high < 0:
        return Finding.of("plan_brought_lost", WARNING, **figures)
    return Finding.of("plan_brought_open", NOTE, **figures)


def plans_outcome(gain: Difference, promised: float, plans: int, level: float = 0.9) -> Finding:
    """Return the finding about several plans together."""
    figures = {
        "plans": plans, "gain": gain.value, "low": gain.low, "high": gain.high, "level": level, "promised": promised,
        "verdict": _verdict(gain, promised),
    }  # fmt: skip
    if gain.low > 0:
        return Finding.of("plans_brought_won", OK, **figures)
    if gain.high < 0:
        return Finding.of("plans_brought_lost", WARNING, **figures)
    return Finding.of("plans_brought_open", NOTE, **figures)


def _verdict(gain: Difference, promised: float) -> str:
    """Return whether it brought more or less than promised, beyond its interval."""
    return "more" if gain.low > promised else "less" if gain.high < promised else "as"
