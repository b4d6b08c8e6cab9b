"""What a plan brought, in a manager's words."""

from training.effects.plan_evaluation import MIN_PER_SIDE, Difference, PlanResult


def realised_in_words(result: PlanResult, level: float = 0.9) -> list[str]:
    """The lines about one plan, most important first."""
    gain = result.gain
    ran = "over its whole horizon" if result.elapsed >= 1 else f"in the {result.elapsed:.0%} of its horizon so far"
    lines = [
        f"{_told(gain, 'the list', 'the hold-out')} of margin less cost per account {ran}; "
        f"promised {result.promised:,.0f}{_verdict(gain, result.promised)}",
        f"extra revenue per account on the list: {_money(result.revenue)}",
        f"{result.treated:,} treated against {result.held_out:,} held out; the brackets hold the truth in {level:.0%} "
        "of cases",
        f"the planned investment was made for {result.compliance:.0%} of the treated, and for "
        f"{result.contamination:.0%} of the held-out",
    ]
    if result.elapsed < 1:
        lines.append("what was promised is counted evenly over the horizon, its cost at once: early figures look worse")
    if result.effect_where_made is not None and (result.compliance < 0.98 or result.contamination > 0.02):
        value, low, high = result.effect_where_made
        lines.append(
            f"extra revenue where the list decided that it was made: {value:,.0f} [{low:,.0f}, {high:,.0f}], if being "
            "on the list did nothing by itself"
        )
    if min(result.treated, result.held_out) < MIN_PER_SIDE:
        lines.append(f"fewer than {MIN_PER_SIDE} accounts on a side: one large order may decide, do not trust this far")
    return lines


def pooled_in_words(gain: Difference, promised: float, plans: int) -> str:
    """The line about several plans together."""
    told = _told(gain, f"all {plans} plans together", "the hold-outs")
    return f"{told} of margin less cost per account; promised {promised:,.0f}{_verdict(gain, promised)}"


def _told(gain: Difference, one: str, other: str) -> str:
    if gain.low > 0:
        return f"{one} beat {other} by {_money(gain)}"
    if gain.high < 0:
        return f"{one} lost to {other}: {_money(gain)}"
    return f"{one} cannot be told from {other}: {_money(gain)}"


def _money(found: Difference) -> str:
    return f"{found.value:,.0f} [{found.low:,.0f}, {found.high:,.0f}]"


def _verdict(gain: Difference, promised: float) -> str:
    if gain.low > promised:
        return ": more than promised"
    return ": less than promised" if gain.high < promised else ""
