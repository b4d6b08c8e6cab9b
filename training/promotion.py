"""May this model become champion: pure functions of one context, each giving findings in plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from training.bundle import Facts
from training.evaluation import OURS, Comparison
from training.settings import PromotionSettings


@dataclass(frozen=True)
class PromotionContext:
    """Everything that a check may look at: what the candidate is, how it did, and what the champion is, if any."""

    facts: Facts
    comparisons: tuple[Comparison, ...]
    champion: Facts | None
    settings: PromotionSettings


@dataclass(frozen=True)
class Finding:
    """What a check found.

    code : stable name.  severity : `ok`, `warning` or `blocker`; any blocker refuses the promotion.
    """

    code: str
    severity: str
    title: str
    detail: str
    evidence: Mapping[str, float | str]


def judged_out_of_time(context: PromotionContext) -> list[Finding]:
    """A model that was never judged on a later period may serve, but not without saying so."""
    if context.comparisons:
        origins = context.comparisons[0].origins
        return [
            Finding("judged", "ok", "Judged out of time", f"on {len(origins)} later periods", {"last": origins[-1]})
        ]
    detail = "the history is too short for a later period to judge on; look at the scores with that in mind"
    return [Finding("judged", "warning", "Not judged out of time", detail, {})]


def beats_baselines(context: PromotionContext) -> list[Finding]:
    """No baseline may be better than the model beyond its interval (and the tolerance)."""
    findings = []
    for table in context.comparisons:
        if table.task == "revenue":  # judged and shown, but no scale-free tolerance exists for it
            continue
        rivals = [row for row in table.rows if row.difference is not None]
        best = min(rivals, key=lambda row: row.scores[table.primary])
        assert best.difference is not None
        evidence = {"ours": table.scores(OURS)[table.primary], "best_baseline": best.scores[table.primary]}
        lost = best.difference.high < -context.settings.tolerance
        detail = (
            f"{table.primary} {evidence['ours']:.4f}; the best baseline, {best.model}, {evidence['best_baseline']:.4f}"
        )
        severity, title = ("blocker", "A baseline is better") if lost else ("ok", "Not worse than any baseline")
        findings.append(Finding(f"baselines_{table.task}", severity, f"{title}: {table.task}", detail, evidence))
    return findings


def calibrated(context: PromotionContext) -> list[Finding]:
    """Of the accounts given a chance of one in three, about one in three must have left."""
    findings = []
    for table in context.comparisons:
        error = table.scores(OURS).get("ece", table.scores(OURS).get("ece_up"))
        if error is not None:
            limit = context.settings.most_calibration_error
            severity = "ok" if error <= limit else "warning"
            detail = f"chances are off by {error:.3f} on average; {limit:.3f} is the limit"
            findings.append(
                Finding(f"calibration_{table.task}", severity, f"Calibration: {table.task}", detail, {"ece": error})
            )
    return findings


def beats_champion(context: PromotionContext) -> list[Finding]:
    """The champion's own out-of-time figures, where it has them, must not be clearly better."""
    if context.champion is None:
        return [Finding("champion", "ok", "There is no champion yet", "nothing to compare with", {})]
    findings = []
    for name in ("next_rung_log_loss", "switching_log_loss"):
        ours, theirs = context.facts.figures.get(name), context.champion.figures.get(name)
        if ours is not None and theirs is not None:
            worse = ours > theirs + context.settings.tolerance
            same = context.facts.data_digest == context.champion.data_digest
            where = "on the same data" if same else "each on its own data"
            severity = ("blocker" if same else "warning") if worse else "ok"
            detail = f"{name} {ours:.4f}, the champion has {theirs:.4f}, {where}"
            findings.append(
                Finding(
                    f"champion_{name}", severity, "Against the champion", detail, {"ours": ours, "champion": theirs}
                )
            )
    return findings


def forgets_nothing(context: PromotionContext) -> list[Finding]:
    """A champion that knew switching or investments is not replaced by a model that does not."""
    if context.champion is None:
        return []
    lost = set(context.champion.tables) - set(context.facts.tables)
    if not lost:
        return []
    detail = f"the champion learnt from {', '.join(sorted(lost))}; this source lacks them"
    return [Finding("tables", "warning", "Fewer tables than the champion", detail, {"lost": ", ".join(sorted(lost))})]


CHECKS: tuple[Callable[[PromotionContext], list[Finding]], ...] = (
    judged_out_of_time,
    beats_baselines,
    calibrated,
    beats_champion,
    forgets_nothing,
)


def examine(context: PromotionContext) -> list[Finding]:
    """What all checks found, in their order."""
    return [finding for check in CHECKS for finding in check(context)]


def passes(findings: list[Finding]) -> bool:
    """Whether nothing stands in the way."""
    return all(finding.severity != "blocker" for finding in findings)
