"""One HTML file that says whether a model should serve, for somebody who pays for it: no assets, prints on paper.

Everything in it comes from the context that the checks looked at, and from what they found.
"""

from collections.abc import Iterable, Sequence
from html import escape

from features.instants import iso
from training.evaluation.tables import table_rows, title
from training.model.bundle import Facts
from training.model.footprint import Changes
from training.promotion.checks import passes
from training.promotion.context import BLOCKER, OK, WARNING, Evidence, Finding, PromotionContext
from training.promotion.paired_comparison import ComparisonResult
from training.promotion.policy_value import LATER, PolicyValue
from training.promotion.style import STYLE

WORDS = {OK: "in order", WARNING: "mind", BLOCKER: "stands in the way"}
TASKS = {"next_rung": "Next rung", "switching": "Leaving", "revenue": "Expected revenue"}
METRICS = {
    "log_loss": "log loss", "rps": "ranked probability score", "brier": "Brier score", "deviance": "deviance",
    "mae": "mean error, money",
}  # fmt: skip
Cells = Sequence[Sequence[str]]


def render(
    context: PromotionContext,
    findings: Sequence[Finding],
    bundle: str,
    champion: int | None,
    version: int | None = None,
) -> str:
    """The whole page.

    bundle : digest of the new model.  champion : the version that serves now; None where none does.
    version : of the new model, where it is registered already.
    """
    name = f"version {version} ({bundle})" if version is not None else f"bundle {bundle}"
    verdict, tone = verdict_of(findings, context, champion)
    evidence = context.evidence
    parts = [
        f'<p class="verdict {tone}" role="status">{escape(verdict)}</p>',
        _changes(evidence.changes, champion),
        _money(evidence.money, context.facts),
        _checks(findings),
        _duel(evidence, champion),
        _baselines(context),
        _data(context),
        _back(champion),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>May this model serve? {escape(name)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<header><h1>May this model serve?</h1>\n<p class="what">Loyalty ladder, {escape(name)}, '
        f"data until {iso(context.facts.trained_until)}</p></header>\n{body}\n</main>\n</body>\n</html>\n"
    )


def verdict_of(findings: Sequence[Finding], context: PromotionContext, champion: int | None) -> tuple[str, str]:
    """The verdict in one sentence, and its tone: good, fair or bad."""
    blockers = [one for one in findings if one.severity == BLOCKER]
    warnings = sum(one.severity == WARNING for one in findings)
    mind = f" {warnings} {'point' if warnings == 1 else 'points'} to mind." if warnings else ""
    if not passes(list(findings)):
        stays = (
            f"Version {champion} should go on serving: " if champion is not None else "This model should not serve: "
        )
        return f"{stays}{_list(one.title.lower() for one in blockers)}.{mind}", "bad"
    tone = "fair" if warnings else "good"
    if champion is None:
        return f"This model may serve: nothing stands in the way, and there is no other yet.{mind}", tone
    if any(one.title.startswith(("Better than the champion", "Earns more")) for one in findings):
        return f"This model may replace version {champion}: it does better on the same accounts.{mind}", tone
    duel = context.evidence.duel
    if duel is not None and duel.same_recipe:
        days = f"{duel.days_more:.0f} days more data" if duel.days_more >= 1 else "the same data"
        return f"This model may replace version {champion}: the same recipe, {days}.{mind}", tone
    return f"This model may replace version {champion}: nothing stands in the way.{mind}", tone


def _list(names: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(names))


def _changes(changes: Changes | None, champion: int | None) -> str:
    if changes is None:
        told = "There is no champion to compare with: every score is new." if champion is None else "Not compared."
        return _section("What changes, and for whom", f"<p>{told}</p>")
    whole, changed = sum(one.accounts for one in changes.rungs), sum(one.changed for one in changes.rungs)
    sample = "" if changes.share >= 0.999 else f" (a sample of {changes.share:.0%} of all)"
    lead = f"Of {whole:,} accounts{sample}, {changed:,} ({_share(changed, whole)}) are recommended something else."
    rows = [
        [one.rung.replace("_", " "), f"{one.accounts:,}", f"{one.changed:,}", _share(one.changed, one.accounts),
         f"{one.newly:,}", f"{one.dropped:,}"]
        for one in changes.rungs
    ]  # fmt: skip
    table = _table(
        "Accounts whose recommendation changes, by today's rung",
        ["rung", "accounts", "change", "share", "from nothing to something", "from something to nothing"], rows,
    )  # fmt: skip
    example = changes.example
    if example is None:
        return _section("What changes, and for whom", f"<p>{lead}</p>{table}<p>Neither model would spend anything.</p>")
    words = (
        f"For example, with {example.budget:,.0f} to spend on these accounts, the new model would choose "
        f"{example.ours:,} of them and the champion {example.theirs:,}; {example.both:,} are the same. By its own "
        f"estimate the new choice is worth {example.promised:,.0f}, margin less cost; see below what such promises "
        "have been worth."
    )
    return _section("What changes, and for whom", f"<p>{lead}</p>{table}<p>{words}</p>")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else ""


def _money(money: PolicyValue | None, facts: Facts) -> str:
    parts = []
    value = facts.figures.get("recommended_value")
    if value is None:
        parts.append("<p>No trials bear an estimate of effects: what recommending brings cannot be judged.</p>")
    else:
        low, high = facts.figures["recommended_value_low"], facts.figures["recommended_value_high"]
        promised = facts.figures["recommended_promised"]
        if low == value == high == 0:
            parts.append("<p>Nothing is recommended: no effect promises more than it costs.</p>")
        else:
            parts.append(
                f"<p>On accounts that had no part in the estimates, recommending by this model brought "
                f"<strong>{value:,.0f}</strong> per account more than doing nothing, margin less cost, "
                f"{facts.level:.0%} interval {low:,.0f} to {high:,.0f}; promised were {promised:,.0f}.</p>"
            )
    if money is None:
        return _section("PolicyValue", "".join(parts))
    if not money.policies:
        parts.append(f"<p>Not compared with the champion: {escape(money.note)}.</p>")
        return _section("PolicyValue", "".join(parts))
    fair = (
        "The champion has learnt from none of them."
        if money.on == LATER
        else "The champion has learnt from some of them, which is to its favour: that it is ahead proves nothing."
    )
    lots = "drawn by lot" if money.random else "chosen by managers, adjusted for what was known"
    rows = [
        [one.rule, f"{one.ours.value:,.0f}", f"{one.theirs.value:,.0f}", f"{one.difference.value:+,.0f}",
         f"{one.difference.low:+,.0f} to {one.difference.high:+,.0f}", f"{one.picked:.0%}", f"{one.shared:.0%}"]
        for one in money.policies
    ]  # fmt: skip
    parts.append(
        _table(
            "What recommending brings per account, margin less cost, on the same trials",
            ["spending", "new model", "champion", "difference", "95 % interval", "accounts chosen",
             "of them also by the champion"], rows,
        )
        + f"<p>{money.trials:,} trials, {money.exposed:,} of them with an investment, {lots}. {fair}</p>"
    )  # fmt: skip
    return _section("PolicyValue", "".join(parts))


def _checks(findings: Sequence[Finding]) -> str:
    order = {BLOCKER: 0, WARNING: 1, OK: 2}
    rows = "".join(
        f'<tr><td><span class="mark {one.severity}">{WORDS[one.severity]}</span></td>'
        f'<th scope="row">{escape(one.title.replace("_", " "))}</th><td>{escape(one.detail)}</td></tr>'
        for one in sorted(findings, key=lambda one: order[one.severity])
    )
    head = '<tr><th scope="col">verdict</th><th scope="col">check</th><th scope="col">found</th></tr>'
    caption = "<caption>What was checked, the gravest first</caption>"
    table = f'<table class="checks">{caption}<thead>{head}</thead><tbody>{rows}</tbody>'
    return _section("The checks", f'<div class="wide">{table}</table></div>')


def _duel(evidence: Evidence, champion: int | None) -> str:
    if champion is None:
        return ""
    duel = evidence.duel
    if duel is None:
        told = evidence.unreadable or "it was not asked"
        return _section("Champion against challenger", f"<p>Not compared: {escape(told)}.</p>")
    notes = "".join(f"<li>{escape(note)}</li>" for note in duel.notes)
    parts = [f"<ul>{notes}</ul>"] if notes else []
    for how in dict.fromkeys(bout.how for bout in duel.bouts):
        mine = [bout for bout in duel.bouts if bout.how == how]
        caption = f"Version {champion} {how}, on the same snapshots; above zero the new model is better"
        headings = ["prediction", "score (lower is better)", "new model", "champion", "difference", "95 % interval"]
        parts.append(_table(caption, headings, [_bout_cells(bout) for bout in mine]))
        parts.append(f"<p>{mine[0].snapshots:,} snapshots at {', '.join(mine[0].origins)}.</p>")
    return _section("Champion against challenger", "".join(parts))


def _bout_cells(bout: ComparisonResult) -> list[str]:
    digits = 0 if bout.metric == "mae" else 4
    gap = bout.difference
    figures = [f"{value:,.{digits}f}" for value in (bout.ours, bout.theirs)]
    return [
        TASKS[bout.task], METRICS[bout.metric], *figures, f"{gap.value:+,.{digits}f}",
        f"{gap.low:+,.{digits}f} to {gap.high:+,.{digits}f}",
    ]  # fmt: skip


def _baselines(context: PromotionContext) -> str:
    parts = []
    for comparison in context.comparisons:
        headings, cells = table_rows(comparison)
        parts.append(_table(title(comparison), headings, cells))
    told = "<p>Not judged out of time: the history is too short.</p>"
    return _section("Beside simple rules, out of time", "".join(parts) or told)


def _data(context: PromotionContext) -> str:
    facts, counts = context.facts, context.evidence.counts
    rows = [
        ["data until", iso(facts.trained_until)], ["looks ahead", f"{facts.horizon_days} days"],
        ["leaving means", "a recorded switch" if facts.definition == "recorded" else "no order in that time"],
        ["tables", ", ".join(facts.tables)],
        ["data, settings, features", f"{facts.data_digest}, {facts.settings_digest}, {facts.catalog}"],
    ]  # fmt: skip
    if counts is not None:
        rows[1:1] = [
            ["accounts learnt from", f"{counts.accounts:,}, seen {counts.snapshots:,} times"],
            ["events", f"{counts.events:,}"], ["accounts that left", f"{counts.switched:,}"],
            ["accounts with investments", "not recorded" if counts.exposed is None else f"{counts.exposed:,}"],
            ["kinds of events with late recordings", f"{counts.dated} of {counts.streams}"],
        ]  # fmt: skip
    found = "".join(f"<li>{escape(line)}</li>" for line in facts.report)
    more = f"<details><summary>All findings of the training</summary><ul>{found}</ul></details>" if found else ""
    return _section("The data it rests on", _table("What was learnt from", ["what", "found"], rows) + more)


def _back(champion: int | None) -> str:
    if champion is None:
        told = (
            "There is no champion before this one, so nothing to go back to; <code>ladder promote VERSION</code> makes "
            "any other version champion."
        )
    else:
        told = (
            "<code>ladder rollback</code> makes the champion before it champion again "
            f"(version {champion}, as long as none came in between) and publishes its bundle into the champion's "
            "folder in one step; the service takes it up without a restart. Nothing is lost: "
            "<code>ladder promote VERSION</code> brings any version back. Scores that were written stay until "
            "<code>ladder score</code> runs again."
        )
    return _section("How to go back", f"<p>{told}</p>")


def _section(heading: str, content: str) -> str:
    return f"<section>\n<h2>{heading}</h2>\n{content}\n</section>"


def _table(caption: str, headings: Sequence[str], rows: Cells) -> str:
    """The first cell of every row is its heading."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in headings)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
