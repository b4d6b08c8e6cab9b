"""The model card: a page of Markdown on what a model is for, what it learnt from, and where it must not be used.

Source: Mitchell et al. (2019), "Model Cards for Model Reporting", FAccT (the headings).
"""

from features.instants import iso
from features.tables import BONDS
from training.evaluation.evaluation import OURS, Comparison
from training.model.text.catalogue import plain_formats, render
from training.model.text.names import name
from training.pipeline import Trained
from training.tracking.provenance import Provenance

LANGUAGE = "en"
LIMITS = (
    "Predictions say what usually follows, not what would follow from an act: only uplift and gain are causal, and "
    "only where their basis is `randomised` or `adjusted`.",
    "`adjusted` assumes that all that drove both the managers' choice and the outcome is among the features.",
    "It knows accounts as this source records them: another country, line of business or way of recording needs a "
    "training of its own.",
    "It decides nothing about persons; contacts enter as counts and roles.",
)


def model_card(trained: Trained, provenance: Provenance) -> str:
    """Write the card.

    It is short enough for the description of a registered version, unless the list of findings is long.
    """
    facts = trained.bundle.facts
    made = ", ".join(f"{name} {number}" for name, number in provenance.packages.items())
    commit = f", commit {provenance.commit[:12]}" if provenance.commit else ""
    lines = [
        f"# loyalty-ladder {trained.bundle.version}",
        "",
        f"Where every account stands on the ladder {facts.horizon_days} days ahead, who leaves, what it brings, and in "
        "whom to invest first.",
        "",
        "## What it learnt from",
        "",
        f"- {trained.accounts:,} accounts, {trained.snapshots:,} snapshots, all of it known before "
        f"{iso(facts.trained_until)}",
        f"- tables: {', '.join(facts.tables)}; data `{facts.data_digest}`, settings `{facts.settings_digest}`, "
        f"features `{facts.catalog}`",
        f"- switching means {facts.definition}",
        f"- Python {provenance.python}, {made}{commit}",
        "",
        "## What it is worth, out of time",
        "",
        *(_table(trained.tables) if trained.comparisons else ["It was not judged on a later period."]),
        "",
        "## Investments",
        "",
        *(_options(trained) if trained.effects else ["None is recorded; nothing is recommended."]),
        "",
        "## Where it must not be used",
        "",
        *(f"- {limit}" for limit in LIMITS),
        "",
        "## Findings",
        "",
        *(f"- {render(finding, LANGUAGE, facts.currency)}" for finding in trained.report),
    ]
    return "\n".join(lines) + "\n"


def _table(comparisons: tuple[Comparison, ...]) -> list[str]:
    """Write the base rate's row first, ours last, with the interval of the difference."""
    lines = []
    for comparison in comparisons:
        measure = comparison.primary.replace("_", " ")
        lines += [
            f"{comparison.task.replace('_', ' ')}: {comparison.snapshots:,} snapshots at "
            f"{', '.join(comparison.origins)}; lower is better",
            "",
            f"| model | {measure} | - ours [{comparison.level:.0%}] |",
            "| --- | --- | --- |",
        ]
        for row in comparison.rows:
            score, own = f"{row.scores[comparison.primary]:.4f}", comparison.intervals.get(comparison.primary)
            if row.model == OURS and own is not None:
                score += f" [{own.low:.4f}, {own.high:.4f}]"
            lines.append(f"| {row.model} | {score} | {row.difference or ''} |")
        lines.append("")
    return lines[:-1]


def _options(trained: Trained) -> list[str]:
    facts = trained.bundle.facts
    formats = plain_formats(LANGUAGE, facts.currency)
    lines = [
        f"| option | bond | cost | basis | average effect on revenue [{formats.percent(facts.level)}] |",
        "| --- | --- | --- | --- | --- |",
    ]
    for effect in trained.effects:
        mean, low, high = (formats.money(value) for value in (effect.mean, effect.low, effect.high))
        told = "" if effect.mean is None else f"{mean} [{low} to {high}]"
        bond = BONDS[effect.bond] if effect.bond >= 0 else ""
        basis = name("basis", effect.basis, LANGUAGE)
        lines.append(f"| {effect.investment} | {bond} | {formats.money(effect.cost)} | {basis} | {told} |")
    return lines
