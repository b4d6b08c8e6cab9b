"""One HTML file that says whether a model should serve, for somebody who pays for it: no assets, prints on paper.

Everything in it comes from the context that the checks looked at, and from what they found.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from training.evaluation.tables import table_rows, title
from training.model.bundle import Facts
from training.model.findings import BLOCKER, NOTE, OK, WARNING, Finding, gravest
from training.model.text.catalogue import Writer, capitalised, plain_formats
from training.model.text.formats import Formats
from training.model.text.names import name
from training.promotion.checks import passes
from training.promotion.context import Evidence, PromotionContext
from training.promotion.paired_comparison import ComparisonResult, PairedComparison
from training.promotion.policy_value import LATER, PolicyValue

LANGUAGE = "en"
BETTER = frozenset(("better_than_champion", "earns_more"))
"""Codes that say that the new model does better than the champion."""
Cells = list[list[str]]


def render(
    context: PromotionContext,
    findings: Sequence[Finding],
    bundle: str,
    champion: int | None,
    version: int | None = None,
) -> str:
    """Return the whole page.

    bundle : digest of the new model.  champion : the version that serves now; None where none does.
    version : of the new model, where it is registered already.
    """
    facts, evidence = context.facts, context.evidence
    formats = plain_formats(LANGUAGE, facts.currency)
    writer = Writer(formats)
    verdict, tone = verdict_of(findings, context, champion)
    changes = evidence.changes
    whole, changed = (
        (0, 0) if changes is None else (sum(r.accounts for r in changes.rungs), sum(r.changed for r in changes.rungs))
    )
    blockers = [writer.heading(one) for one in findings if one.severity == BLOCKER]
    return _environment(facts.currency).get_template("report.html").render(
        name=f"version {version} ({bundle})" if version is not None else f"bundle {bundle}",
        facts=facts, champion=champion, verdict=verdict, tone=tone, findings=gravest(findings),
        blockers=[text[0].lower() + text[1:] for text in dict.fromkeys(blockers)],
        warnings=sum(one.severity == WARNING for one in findings),
        changes=changes, whole=whole, changed=changed, share=lambda part, of: _share(part, of, formats),
        change_rows=[] if changes is None else list(_change_rows(context, formats)),
        value=_value(facts), money=evidence.money, fair=evidence.money is not None and evidence.money.on == LATER,
        money_level=_level(evidence.money), money_rows=list(_money_rows(evidence.money, formats)),
        duel=evidence.duel, unreadable=evidence.unreadable, duel_parts=list(_duel_parts(evidence.duel, formats)),
        baselines=[{"title": title(c), **dict(zip(("headings", "rows"), table_rows(c), strict=True))}
                   for c in context.comparisons],
        data_rows=_data_rows(facts, evidence, formats),
    )  # fmt: skip


def verdict_of(findings: Sequence[Finding], context: PromotionContext, champion: int | None) -> tuple[Finding, str]:
    """Return the verdict, and its tone: good, fair or bad."""
    if not passes(findings):
        if champion is None:
            return Finding.of("verdict_refused", BLOCKER), "bad"
        return Finding.of("verdict_stays", BLOCKER, champion=champion), "bad"
    tone = "fair" if any(one.severity == WARNING for one in findings) else "good"
    if champion is None:
        return Finding.of("verdict_first", OK), tone
    if any(one.code in BETTER for one in findings):
        return Finding.of("verdict_better", OK, champion=champion), tone
    duel = context.evidence.duel
    if duel is not None and duel.same_recipe:
        return Finding.of(
            "verdict_same_recipe" if duel.days_more >= 0 else "verdict_same_recipe_shorter", NOTE,
            champion=champion, days=abs(round(duel.days_more)),
        ), tone  # fmt: skip
    return Finding.of("verdict_replaces", NOTE, champion=champion), tone


@cache
def _environment(currency: str) -> jinja2.Environment:
    formats = plain_formats(LANGUAGE, currency)
    writer = Writer(formats)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "tell": writer.tell, "heading": writer.heading, "sentence": capitalised, "date": formats.instant,
        "number": formats.number, "money": formats.money, "percent": formats.percent,
    }  # fmt: skip
    return environment


def _share(part: int, whole: int, formats: Formats) -> str:
    return formats.percent(part / whole) if whole else ""


def _change_rows(context: PromotionContext, formats: Formats) -> Iterator[list[str]]:
    assert context.evidence.changes is not None
    for one in context.evidence.changes.rungs:
        counts = [formats.number(count) for count in (one.accounts, one.changed)]
        moves = [formats.number(count) for count in (one.newly, one.dropped)]
        yield [name("rung", one.rung, LANGUAGE), *counts, _share(one.changed, one.accounts, formats), *moves]


def _value(facts: Facts) -> Mapping[str, float | bool] | None:
    """Return what recommending by this model brought; None where nobody can tell."""
    if "recommended_value" not in facts.figures:
        return None
    keys = {"value": "value", "low": "value_low", "high": "value_high", "promised": "promised"}
    found = {name: facts.figures[f"recommended_{key}"] for name, key in keys.items()}
    return {**found, "any": any(found[name] for name in ("value", "low", "high"))}


def _level(money: PolicyValue | None) -> float | None:
    """Return the coverage of the differences' intervals; None where there are none."""
    return None if money is None or not money.policies else money.policies[0].difference.level


def _money_rows(money: PolicyValue | None, formats: Formats) -> Iterator[list[str]]:
    for one in () if money is None else money.policies:
        gap = one.difference
        yield [
            name("spending", one.rule, LANGUAGE), formats.money(one.ours.value), formats.money(one.theirs.value),
            formats.money(gap.value, signed=True),
            f"{formats.money(gap.low, signed=True)} to {formats.money(gap.high, signed=True)}",
            formats.percent(one.picked), formats.percent(one.shared),
        ]  # fmt: skip


def _duel_parts(duel: PairedComparison | None, formats: Formats) -> Iterator[Mapping[str, Any]]:
    """Yield one table for each way in which the champion was judged."""
    bouts = () if duel is None else duel.bouts
    for how in dict.fromkeys(bout.how for bout in bouts):
        mine = [bout for bout in bouts if bout.how == how]
        yield {
            "how": name("recipe", how, LANGUAGE), "rows": [_bout_cells(bout, formats) for bout in mine],
            "snapshots": mine[0].snapshots, "origins": mine[0].origins, "level": mine[0].difference.level,
        }  # fmt: skip


def _bout_cells(bout: ComparisonResult, formats: Formats) -> list[str]:
    digits, gap = 0 if bout.metric == "mae" else 4, bout.difference
    figures = [formats.number(value, digits) for value in (bout.ours, bout.theirs)]
    low, value, high = (formats.number(part, digits, signed=True) for part in (gap.low, gap.value, gap.high))
    task, metric = name("task", bout.task, LANGUAGE), name("metric", bout.metric, LANGUAGE)
    return [capitalised(task), metric, *figures, value, f"{low} to {high}"]


def _data_rows(facts: Facts, evidence: Evidence, formats: Formats) -> Cells:
    counts, number = evidence.counts, formats.number
    rows = [["data until", formats.instant(facts.trained_until)]]
    if counts is not None:
        exposed = "not recorded" if counts.exposed is None else number(counts.exposed)
        rows += [
            ["accounts learnt from", f"{number(counts.accounts)}, seen {number(counts.snapshots)} times"],
            ["events", number(counts.events)], ["accounts that left", number(counts.switched)],
            ["accounts with investments", exposed],
            ["kinds of events with late recordings", f"{counts.dated} of {counts.streams}"],
        ]  # fmt: skip
    leaving = "a recorded switch" if facts.definition == "recorded" else "no order in that time"
    return [
        *rows, ["looks ahead", f"{facts.horizon_days} days"], ["leaving means", leaving],
        ["tables", ", ".join(facts.tables)],
        ["data, settings, features", f"{facts.data_digest}, {facts.settings_digest}, {facts.catalog}"],
    ]  # fmt: skip
