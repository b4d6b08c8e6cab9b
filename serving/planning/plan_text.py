"""What a plan says as a whole, in words: from its record, so that a plan that was written can be told again."""

from collections.abc import Mapping
from typing import Any

from serving.planning.plan import REASONS


def plan_in_words(record: Mapping[str, Any]) -> list[str]:
    """The lines of a plan, most important first."""
    budget = record["limits"]["budget"]
    lines = [
        f"{record['treated']:,} accounts get an investment, for {record['spent']:,.0f} of the budget of {budget:,.0f}",
        *_expected(record),
        *_held_out(record),
        _next(record["next_money"]),
        _first_to_go(record["first_to_go"]),
        *_left_alone(record["left_alone"]),
        _nearness(record),
    ]
    return [line for line in lines if line]


def _expected(record: Mapping[str, Any]) -> list[str]:
    if not record["treated"]:
        return ["so nothing is expected to be gained"]
    low, high = record["gain_low"], record["gain_high"]
    interval = "" if low != low else f" [{low:,.0f} to {high:,.0f} if all errors point the same way]"
    roi = "" if record["roi"] is None else f"; ROI {record['roi']:.2f}"
    lines = [f"expected gain {record['expected_gain']:,.0f}{interval} over {record['horizon_days']} days{roi}"]
    if record["break_even"] is not None:
        lines.append(f"it breaks even if {record['break_even']:.0%} of the promised extra margin comes true")
    if record["claim_ratio"] is None:
        lines.append(
            "this gain flatters: it adds up the best of many uncertain estimates, and the best are partly lucky; "
            "hold it against the hold-out with `ladder monitor`"
        )
    else:
        lines.append(
            f"judged on accounts that had no part in the estimates, such a sum was worth {record['claim_ratio']:.0%} "
            f"of itself (drawn to 100 % as far as that is uncertain): claim {record['claimed_gain']:,.0f}"
        )
    return lines


def _held_out(record: Mapping[str, Any]) -> list[str]:
    if not record["selected"]:
        return []
    if not record["holdout"]:
        return ["nobody is held out: what this plan was worth can never be measured"]
    lines = [
        f"{record['held_out']:,} more accounts are held out by lot ({record['holdout']:.0%} of those selected; seed "
        f"{record['seed']}): give them nothing. Their {record['held_out_cost']:,.0f} is not added to what is spent"
    ]
    if record["explored"]:
        lines.append(f"{record['explored']:,} accounts get another option than the best by lot, to keep learning")
    return lines


def _next(more: Mapping[str, Any]) -> str:
    money = f"{more['money']:,.0f}"
    if not more["accounts"] or more["expected_gain"] <= 0:
        return f"the next {money} buys nothing: what pays is on the plan already, or another limit stands in the way"
    named = ", ".join(f"{one['account_id']} ({one['investment']})" for one in more["first"])
    rest = more["accounts"] - len(more["first"])
    others = f" and {rest:,} others" if rest > 0 else ""
    spent = "" if more["spent"] > 0.99 * more["money"] else f", of which {max(more['spent'], 0):,.0f} would be spent,"
    return f"the next {money}{spent} buys {more['expected_gain']:,.0f} of expected gain: {named}{others}"


def _first_to_go(last: Mapping[str, Any] | None) -> str:
    if last is None:
        return ""
    what = "drops out" if last["instead"] is None else f"falls back to {last['instead']}"
    return (
        f"if the budget is cut, {last['account_id']} ({last['investment']}) {what} first: that saves "
        f"{last['saves']:,.0f} and loses {last['loses']:,.0f} of gain"
    )


def _left_alone(counts: Mapping[str, int]) -> list[str]:
    return [f"left alone: {count:,} accounts; {REASONS[name]}" for name, count in counts.items() if count]


def _nearness(record: Mapping[str, Any]) -> str:
    if record["proven"]:
        return "no other choice within these limits is worth more"
    return f"no other choice within these limits can be worth more than {record['gap']:.3%} above this one"
