"""How far managers, surveys and service see an account on the rung where the rule puts it, and who foretold the next.

Agreement is Cohen's kappa with quadratic weights: 1 = always the same rung, 0 = no more than by chance; a rung apart
counts little, three count much. Foresight: each view alone is turned into chances of the rung that came a horizon
later, by what came of other accounts that it put on the same rung; its mean log score and ranked probability score
stand beside those of the rule on the same cases. Cases are assessments whose horizon is over, drawn by account.

Source: Cohen (1968), weighted kappa; Fleiss & Cohen (1973), quadratic weights; Epstein (1969), ranked probability.
"""

from collections.abc import Mapping

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from features.tables import RUNGS
from training.data.resolved_assessments import ResolvedAssessments
from training.evaluation.cluster_bootstrap import cluster_bootstrap, mean, rounded
from training.model.findings import NOTE, Finding

MIN_CASES = 30
"""Assessments whose horizon is over, without which nothing is said of who was right."""
PRIOR = 5.0
"""Cases that the usual rungs count for, so that a rung of few cases promises nothing."""
VIEWS = ("manager", "surveys", "service")
Row = Mapping[str, str | int | float | None]


def quadratic_kappa(sums: FloatArray) -> float:
    """Return the weighted kappa of two columns of ranks.

    sums : number of rows, and the sums of both columns, of their squares and of their product.
    """
    n, a, b, aa, ab, bb = sums
    apart, expected = (aa + bb - 2 * ab) / n, (aa + bb) / n - 2 * a * b / n**2
    return float(1 - apart / expected) if expected > 0 else np.nan


def judge_views(resolved: ResolvedAssessments | None) -> tuple[tuple[Row, ...], tuple[Finding, ...]]:
    """Return a row for the rule, all managers together, surveys, service and each manager; and what is to be said."""
    if resolved is None:
        return (), ()
    rule = resolved.column("rule")
    everybody = np.ones(len(rule), bool)
    rows = [_row("rule", None, resolved, everybody, rule)]
    for view in VIEWS:
        seen = resolved.column(view)
        rows.append(_row("managers" if view == "manager" else view, None, resolved, seen >= 0, seen))
    author, seen = resolved.column("author"), resolved.column("manager")
    for code, name in enumerate(resolved.authors):
        if (author == code).any():
            rows.append(_row("manager", name, resolved, author == code, seen))
    return tuple(rows), _findings(rows)


def _row(who: str, name: str | None, resolved: ResolvedAssessments, told: BoolArray, seen: IntArray) -> Row:
    account, rule, later = (resolved.column(column)[told] for column in ("account", "rule", "later"))
    seen = seen[told]
    own, of_rule = foresight(seen, later, account), foresight(rule, later, account)
    kappa = cluster_bootstrap(account, [seen.astype(np.float64), rule.astype(np.float64)], quadratic_kappa)
    better = cluster_bootstrap(account, [own[0] - of_rule[0]], mean)
    if who == "rule":
        kappa = better = (None, None, None)
    return {
        "who": who, "manager": name, "cases": len(seen), "accounts": len(np.unique(account)),
        **dict(zip(("kappa", "kappa_low", "kappa_high"), kappa, strict=True)),
        "above": rounded(float((seen > rule).mean())) if len(seen) else None,
        "below": rounded(float((seen < rule).mean())) if len(seen) else None,
        "log_score": rounded(float(own[0].mean())) if len(seen) else None,
        "rps": rounded(float(own[1].mean())) if len(seen) else None,
        **dict(zip(("better_than_rule", "better_low", "better_high"), better, strict=True)),
    }  # fmt: skip


def foresight(seen: IntArray, later: IntArray, account: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the log of the chance that a view gave to what came, and its ranked probability score, shape (n,) each.

    The chances are the shares among other accounts on the same rung in this view, drawn to the usual shares.
    """
    n = len(RUNGS)
    outcome = np.eye(n)[later]
    whole, usual = np.zeros((n, n)), outcome.sum(axis=0)
    np.add.at(whole, seen, outcome)
    _, who, where = np.unique(account * n + seen, return_inverse=True, return_index=True)
    own = np.zeros((len(who), n))
    np.add.at(own, where.ravel(), outcome)
    shares = (usual + 1.0) / (len(later) + n)
    counts = whole[seen] - own[where.ravel()]
    chances = (counts + PRIOR * shares) / (counts.sum(axis=1, keepdims=True) + PRIOR)
    scores: FloatArray = np.log(chances[np.arange(len(later)), later])
    missed = ((np.cumsum(chances, axis=1) - np.cumsum(outcome, axis=1)) ** 2).sum(axis=1) / (n - 1)
    return scores, missed


def _findings(rows: list[Row]) -> tuple[Finding, ...]:
    managers = rows[1]
    if int(managers["cases"] or 0) < MIN_CASES or managers["kappa"] is None:
        return (Finding.of("views_few", NOTE, needed=MIN_CASES, cases=managers["cases"]),)
    figures = {
        "cases": managers["cases"], "accounts": managers["accounts"], "kappa": managers["kappa"],
        "kappa_low": managers["kappa_low"], "kappa_high": managers["kappa_high"],
    }  # fmt: skip
    lead = Finding.of("views_agree", NOTE, **figures)
    better, low, high = (managers[name] for name in ("better_than_rule", "better_low", "better_high"))
    gap = {"better": better, "low": low, "high": high}
    if low is not None and float(low) > 0:
        return lead, Finding.of("managers_foretold_better", NOTE, **gap)
    if high is not None and float(high) < 0:
        return lead, Finding.of("rule_foretold_better", NOTE, **gap)
    return lead, Finding.of("views_foretold_alike", NOTE, **gap)
