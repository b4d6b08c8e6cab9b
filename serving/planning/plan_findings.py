"""The findings of a plan as a whole, made from its record, so that a stored plan can be told again."""

import math
from collections.abc import Mapping
from typing import Any

from training.model.findings import NOTE, OK, WARNING, Finding

NEARLY = 0.99
"""Share of the next money above which it counts as spent."""


def plan_findings(record: Mapping[str, Any]) -> list[Finding]:
    """Return the findings of a plan, most important first."""
    treated, spent, budget = record["treated"], record["spent"], record["limits"]["budget"]
    return [
        Finding.of("plan_treated", NOTE, treated=treated, spent=spent, budget=budget),
        *_expected(record),
        *_held_out(record),
        _next(record["next_money"]),
        *_first_to_go(record["first_to_go"]),
        *_tested(record),
        *_overridden(record),
        *(
            Finding.of("plan_not_the_best", NOTE, accounts=count, reason=reason)
            for reason, count in record.get("not_the_best", {}).items()
            if count
        ),
        *(
            Finding.of("plan_left_alone", NOTE, accounts=count, reason=reason)
            for reason, count in record["left_alone"].items()
            if count
        ),
        Finding.of("plan_optimal", OK) if record["proven"] else Finding.of("plan_gap", NOTE, gap=record["gap"]),
    ]


def claim(record: Mapping[str, Any]) -> Finding:
    """Return what of a plan's gain to promise."""
    low, high, level = record.get("claimed_low"), record.get("claimed_high"), record.get("level")
    if record["claim_ratio"] is None:
        return Finding.of("plan_unclaimed", WARNING)
    if low is None or high is None or level is None:  # a plan that release 0.2 made
        return Finding.of("plan_claim", NOTE, claim=record["claimed_gain"], ratio=record["claim_ratio"])
    figures = {"claim": record["claimed_gain"], "low": low, "high": high, "level": level}
    if low > 0:
        return Finding.of("plan_claim_judged", NOTE, **figures)
    return Finding.of("plan_claim_open" if high >= 0 else "plan_claim_lost", WARNING, **figures)


def _expected(record: Mapping[str, Any]) -> list[Finding]:
    if not record["treated"]:
        return [Finding.of("plan_empty", NOTE)]
    figures = {"gain": record["expected_gain"], "days": record["horizon_days"], "roi": record["roi"]}
    low, high, level = record["gain_low"], record["gain_high"], record.get("level")
    if _known(low) and _known(high):
        found = [Finding.of("plan_gain", NOTE, **figures, low=low, high=high)]
        found += [] if level is None else [Finding.of("plan_interval", NOTE, level=level)]
    else:
        found = [Finding.of("plan_gain_open", NOTE, **figures)]
    if record["break_even"] is not None:
        found.append(Finding.of("plan_break_even", NOTE, share=record["break_even"]))
    return [*found, claim(record)]


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _held_out(record: Mapping[str, Any]) -> list[Finding]:
    if not record["selected"]:
        return []
    if not record["holdout"]:
        return [Finding.of("plan_no_holdout", WARNING)]
    found = [
        Finding.of(
            "plan_held_out", NOTE, held_out=record["held_out"], share=record["holdout"], seed=record["seed"],
            cost=record["held_out_cost"],
        )
    ]  # fmt: skip
    if record["explored"]:
        found.append(Finding.of("plan_explored", NOTE, explored=record["explored"]))
    return found


def _next(more: Mapping[str, Any]) -> Finding:
    """Return what so much more money would buy, its first accounts by name."""
    if not more["accounts"] or more["expected_gain"] <= 0:
        return Finding.of("plan_next_nothing", NOTE, money=more["money"])
    named = [[one["account_id"], one["investment"]] for one in more["first"]]
    figures = {
        "money": more["money"], "gain": more["expected_gain"], "first": named,
        "more": max(more["accounts"] - len(named), 0),
    }  # fmt: skip
    if more["spent"] > NEARLY * more["money"]:
        return Finding.of("plan_next", NOTE, **figures)
    return Finding.of("plan_next_part", NOTE, spent=max(more["spent"], 0), **figures)


def _first_to_go(last: Mapping[str, Any] | None) -> list[Finding]:
    """Return whose investment goes first if the budget is cut."""
    if last is None:
        return []
    figures = {
        "account": last["account_id"], "investment": last["investment"], "saves": last["saves"], "loses": last["loses"]
    }  # fmt: skip
    if last["instead"] is None:
        return [Finding.of("plan_first_to_go", NOTE, **figures)]
    return [Finding.of("plan_first_to_shrink", NOTE, instead=last["instead"], **figures)]


def _tested(record: Mapping[str, Any]) -> list[Finding]:
    """Return what of the plan is a test by lot, and whether it holds options that raise the chance of leaving."""
    found = []
    if record.get("tested"):
        share = 1 - record["holdout_of_test"]
        found.append(Finding.of("plan_tested", NOTE, accounts=record["tested"], share=share))
    if record.get("raises_leaving"):
        found.append(Finding.of("plan_raises_leaving", WARNING, accounts=record["raises_leaving"]))
    return found


def _overridden(record: Mapping[str, Any]) -> list[Finding]:
    """Return for how many accounts a manager's decision left fewer choices; only the service knows of any."""
    count = record.get("overridden", 0)
    return [Finding.of("plan_overridden", NOTE, accounts=count)] if count else []
