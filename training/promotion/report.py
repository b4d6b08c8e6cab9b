"""One HTML file that says whether a model should serve, for somebody who pays for it: no assets, prints on paper.

Everything in it comes from the context that the checks looked at, and from what they found.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from training.evaluation.evaluation import Comparison
from training.evaluation.tables import table_rows, title
from training.model.bundle import Facts
from training.model.findings import BLOCKER, NOTE, OK, WARNING, Finding, gravest
from training.model.text.catalogue import Writer, capitalised, plain_formats
from training.model.text.formats import Formats
from training.model.text.names import name
from training.model.text.report_texts import report_text
from training.model.text.words import DEFAULT_LANGUAGE
from training.promotion.checks import passes
from training.promotion.context import Evidence, PromotionContext
from training.promotion.paired_comparison import ComparisonResult, PairedComparison
from training.promotion.policy_value import LATER, PolicyValue

BETTER = frozenset(("better_than_champion", "earns_more"))
"""Codes that say that the new model does better than the champion."""
Cells = list[list[str]]


def render(
    context: PromotionContext,
    findings: Sequence[Finding],
    bundle: str,
    champion: int | None,
    version: int | None = None,
    *,
    language: str = DEFAULT_LANGUAGE,
) -> str:
    """Return the whole page.

    bundle : digest of the new model.  champion : the version that serves now; None where none does.
    version : of the new model, where it is registered already.
    """
    facts, evidence = context.facts, context.evidence
    formats = plain_formats(language, facts.currency)
    writer, say = Writer(formats), partial(_say, language)
    verdict, tone = verdict_of(findings, context, champion)
    changes = evidence.changes
    whole, changed = (
        (0, 0) if changes is None else (sum(r.accounts for r in changes.rungs), sum(r.changed for r in changes.rungs))
    )
    blockers = [writer.heading(one) for one in findings if one.severity == BLOCKER]
    return _environment(language, facts.currency).get_template("report.html").render(
        language=language, say=say,
        name=say("name.bundle" if version is None else "name.version", version=version, bundle=bundle),
        facts=facts, champion=champion, verdict=verdict, tone=tone, findings=gravest(findings),
        blockers=[text[0].lower() + text[1:] for text in dict.fromkeys(blockers)],
        warnings=sum(one.severity == WARNING for one in findings),
        changes=changes, whole=whole, changed=changed, share=lambda part, of: _share(part, of, formats),
        change_rows=[] if changes is None else list(_change_rows(context, formats)),
        value=_value(facts), money=evidence.money, fair=evidence.money is not None and evidence.money.on == LATER,
        money_level=_level(evidence.money), money_rows=list(_money_rows(evidence.money, formats)),
        paired=evidence.paired, unreadable=evidence.unreadable,
        paired_parts=list(_paired_parts(evidence.paired, formats)),
        baselines=[_baseline_table(one, language) for one in context.tables],
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
    paired = context.evidence.paired
    if paired is not None and paired.same_recipe:
        days = round(paired.days_more)
        if days < 0:
            return Finding.of("verdict_same_recipe_shorter", NOTE, champion=champion, days=-days), tone
        return Finding.of("verdict_same_recipe", NOTE, champion=champion, days=days), tone
    return Finding.of("verdict_replaces", NOTE, champion=champion), tone


def _say(language: str, key: str, **values: object) -> Markup:
    """Return a text of the page with its holes filled, the values escaped."""
    return Markup(report_text(key, language)).format(**values)


@cache
def _environment(language: str, currency: str) -> jinja2.Environment:
    formats = plain_formats(language, currency)
    writer = Writer(formats)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "tell": writer.tell, "heading": writer.heading, "sentence": capitalised, "date": formats.instant,
        "number": formats.number, "money": formats.money, "percent": formats.percent,
        "code": lambda text: Markup("<code>{}</code>").format(text),
        "strong": lambda text: Markup("<strong>{}</strong>").format(text),
    }  # fmt: skip
    return environment


def _share(part: int, whole: int, formats: Formats) -> str:
    return formats.percent(part / whole) if whole else ""


def _baseline_table(comparison: Comparison, language: str) -> Mapping[str, Any]:
    headings, rows = table_rows(comparison, language)
    return {"title": title(comparison, language), "headings": headings, "rows": rows}


def _change_rows(context: PromotionContext, formats: Formats) -> Iterator[list[str]]:
    assert context.evidence.changes is not None
    for one in context.evidence.changes.rungs:
        counts = [formats.number(count) for count in (one.accounts, one.changed)]
        moves = [formats.number(count) for count in (one.newly, one.dropped)]
        yield [name("rung", one.rung, formats.language), *counts, _share(one.changed, one.accounts, formats), *moves]


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
            name("spending", one.rule, formats.language), formats.money(one.ours.value),
            formats.money(one.theirs.value), formats.money(gap.value, signed=True),
            _range(formats.money(gap.low, signed=True), formats.money(gap.high, signed=True), formats),
            formats.percent(one.picked), formats.percent(one.shared),
        ]  # fmt: skip


def _paired_parts(paired: PairedComparison | None, formats: Formats) -> Iterator[Mapping[str, Any]]:
    """Yield one table for each way in which the champion was judged."""
    results = () if paired is None else paired.results
    for how in dict.fromkeys(result.how for result in results):
        mine = [result for result in results if result.how == how]
        yield {
            "how": name("recipe", how, formats.language), "rows": [_result_cells(result, formats) for result in mine],
            "snapshots": mine[0].snapshots, "origins": mine[0].origins, "level": mine[0].difference.level,
        }  # fmt: skip


def _result_cells(result: ComparisonResult, formats: Formats) -> list[str]:
    digits, gap = 0 if result.metric == "mae" else 4, result.difference
    figures = [formats.number(value, digits) for value in (result.ours, result.theirs)]
    low, value, high = (formats.number(part, digits, signed=True) for part in (gap.low, gap.value, gap.high))
    task, metric = name("task", result.task, formats.language), name("metric", result.metric, formats.language)
    return [capitalised(task), metric, *figures, value, _range(low, high, formats)]


def _range(low: str, high: str, formats: Formats) -> str:
    return _say(formats.language, "range", low=low, high=high)


def _data_rows(facts: Facts, evidence: Evidence, formats: Formats) -> Cells:
    counts, number, say = evidence.counts, formats.number, partial(_say, formats.language)
    rows: Cells = [[say("data.until"), formats.instant(facts.trained_until)]]
    if counts is not None:
        seen = say("data.accounts.found", accounts=number(counts.accounts), snapshots=number(counts.snapshots))
        exposed = say("data.exposed.unknown") if counts.exposed is None else number(counts.exposed)
        rows += [
            [say("data.accounts"), seen], [say("data.events"), number(counts.events)],
            [say("data.left"), number(counts.switched)], [say("data.exposed"), exposed],
            [say("data.late"), say("data.late.found", dated=counts.dated, streams=counts.streams)],
        ]  # fmt: skip
    return [
        *rows, [say("data.horizon"), say("data.horizon.found", days=facts.horizon_days)],
        [say("data.definition"), say(f"definition.{facts.definition}")], [say("data.tables"), ", ".join(facts.tables)],
        [say("data.digests"), f"{facts.data_digest}, {facts.settings_digest}, {facts.catalog}"],
    ]  # fmt: skip
