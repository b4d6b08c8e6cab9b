"""The plots of a training: each a row of a table that says what it shows, what it needs and who draws it.

A plot is drawn where what it needs is there. Nothing is learnt, refitted or predicted here: everything comes from the
tables of results and from `training.evaluation.curves`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from features.tables import RUNGS
from training.evaluation.cluster_bootstrap import Interval
from training.evaluation.curves import Curves, Importance, Overlap, Part, Targeting
from training.evaluation.evaluation import OURS, Comparison
from training.evaluation.tables import title

OWN, OTHER, BAND = "#c50", "#7a95a8", 0.2
"""The colours of ours and of the others, and the opacity of a band."""
WORDS = {"next_rung": "climbing", "switching": "leaving"}
"""Prediction -> the event that its probability is about."""


@dataclass(frozen=True)
class Plot:
    """One kind of plot.

    needs : yields (name, content) for every plot of that kind that can be drawn.
    draw : puts the content on the axes.
    size : inches.
    """

    name: str
    shows: str
    needs: Callable[[Sequence[Comparison], Curves], Iterator[tuple[str, Any]]]
    draw: Callable[[Any, Any], None]
    size: tuple[float, float] = (7.0, 4.0)


def draw_plots(comparisons: Sequence[Comparison], curves: Curves, folder: Path) -> list[str]:
    """Write every plot that can be drawn as FOLDER/NAME.png and return the names."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = []
    for plot in PLOTS:
        for name, content in plot.needs(comparisons, curves):
            figure = Figure(figsize=plot.size, layout="constrained")
            plot.draw(figure.add_subplot(), content)
            FigureCanvasAgg(figure)
            figure.savefig(folder / f"{name}.png")
            drawn.append(name)
    return drawn


def _results(comparisons: Sequence[Comparison], _: Curves) -> Iterator[tuple[str, Any]]:
    for comparison in comparisons:
        yield comparison.task, comparison


def _draw_results(axes: Any, comparison: Comparison) -> None:
    names = [row.model for row in comparison.rows]
    values = [row.scores[comparison.primary] for row in comparison.rows]
    axes.barh(names, values, color=[OWN if name == OURS else OTHER for name in names])
    axes.set_xlim(0, float(np.quantile(values, 0.8)) * 1.3)
    axes.set_title(title(comparison), fontsize=9)
    axes.set_xlabel(f"{comparison.primary.replace('_', ' ')} (lower is better)")


def _bands(comparisons: Sequence[Comparison], _: Curves) -> Iterator[tuple[str, Any]]:
    for comparison in comparisons:
        if comparison.bands:
            yield f"{comparison.task}_reliability", comparison


def _draw_bands(axes: Any, comparison: Comparison) -> None:
    content = [band.predicted for band in comparison.bands]
    _with_errors(axes, content, [band.observed for band in comparison.bands], fmt="o-", color=OWN)
    axes.plot([0, 1], [0, 1], color=OTHER, linestyle="--")
    for band in comparison.bands:
        axes.annotate(f"{band.snapshots:,}", (band.predicted, band.observed.high), fontsize=7, ha="center", va="bottom")
    axes.set_xlabel("chance given")
    axes.set_ylabel("share that it happened to")
    axes.set_title(f"Chance of {WORDS[comparison.task]}: given and come true (counts: snapshots)", fontsize=9)


def _by_rung(comparisons: Sequence[Comparison], _: Curves) -> Iterator[tuple[str, Any]]:
    for comparison in comparisons:
        if any(part.difference for part in comparison.by_rung):
            yield f"{comparison.task}_skill_by_rung", (comparison, comparison.by_rung)


def _by_origin(comparisons: Sequence[Comparison], _: Curves) -> Iterator[tuple[str, Any]]:
    for comparison in comparisons:
        if sum(part.difference is not None for part in comparison.by_origin) > 1:
            yield f"{comparison.task}_skill_by_origin", (comparison, comparison.by_origin)


def _draw_skill(axes: Any, content: tuple[Comparison, Sequence[Part]]) -> None:
    comparison, parts = content
    told = [part for part in parts if part.difference is not None]
    positions = range(len(told))
    _with_errors(axes, positions, [part.difference for part in told if part.difference], fmt="o", color=OWN)
    axes.axhline(0, color=OTHER, linestyle="--")
    axes.set_xticks(positions, [f"{part.name}\n{part.snapshots:,}" for part in told], fontsize=8)
    axes.set_ylabel(f"{comparison.primary.replace('_', ' ')}: simplest rule - ours\n(above zero = ours is better)")
    axes.set_title(title(comparison), fontsize=9)


def _gains(comparisons: Sequence[Comparison], _: Curves) -> Iterator[tuple[str, Any]]:
    for comparison in comparisons:
        if comparison.gains:
            yield f"{comparison.task}_lift", comparison


def _draw_gains(axes: Any, comparison: Comparison) -> None:
    shares, reached = zip(*comparison.gains, strict=True)
    axes.plot(shares, reached, color=OWN, label=OURS)
    axes.plot([0, 1], [0, 1], color=OTHER, linestyle="--", label="by chance")
    at = int(np.searchsorted(shares, 0.1))
    lift = reached[at] / shares[at]
    axes.annotate(f"lift {lift:.1f}", (shares[at], reached[at]), textcoords="offset points", xytext=(8, -4))
    axes.set_xlabel(f"share of accounts, highest chance of {WORDS[comparison.task]} first")
    axes.set_ylabel("share of all to whom it happened")
    axes.set_title(title(comparison), fontsize=9)
    axes.legend(fontsize=8)


def _moves(comparisons: Sequence[Comparison], _: Curves) -> Iterator[tuple[str, Any]]:
    for comparison in comparisons:
        if comparison.moves:
            yield "transitions", comparison


def _draw_moves(axes: Any, comparison: Comparison) -> None:
    assert comparison.moves is not None
    observed, expected = np.array(comparison.moves.observed), np.array(comparison.moves.expected)
    total = np.maximum(observed.sum(axis=1, keepdims=True), 1)
    axes.imshow(observed / total, cmap="Oranges", vmin=0, vmax=1)
    for row, column in np.ndindex(*observed.shape):
        if observed[row, column] or expected[row, column] >= 1:
            words = f"{observed[row, column] / total[row, 0]:.0%}\n({expected[row, column] / total[row, 0]:.0%})"
            axes.text(column, row, words, ha="center", va="center", fontsize=7)
    names = [rung.replace("_", " ") for rung in RUNGS]
    axes.set_xticks(range(len(names)), names, fontsize=8, rotation=30)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("rung at the horizon")
    axes.set_ylabel("rung at the origin")
    axes.set_title("Moves seen (and expected), out of time", fontsize=9)


def _importances(_: Sequence[Comparison], curves: Curves) -> Iterator[tuple[str, Any]]:
    for importance in curves.importances:
        if importance.features:
            yield f"{importance.model}_importances", importance


def _draw_importance(axes: Any, content: Importance) -> None:
    colours = [OWN if way > 0.1 else "#28668a" if way < -0.1 else OTHER for way in content.direction]
    axes.barh(content.features[::-1], content.size[::-1], color=colours[::-1])
    axes.tick_params(axis="y", labelsize=7)
    axes.set_xlabel("mean size of what it adds to the log odds (TreeSHAP)")
    axes.set_title(f"{content.model}: orange = more of it raises the chance, blue = lowers it", fontsize=9)


def _overlaps(_: Sequence[Comparison], curves: Curves) -> Iterator[tuple[str, Any]]:
    for overlap in curves.overlaps:
        yield f"overlap_{_file(overlap.option)}", overlap


def _draw_overlap(axes: Any, content: Overlap) -> None:
    edges = np.linspace(0, content.most, len(content.exposed) + 1)
    axes.stairs(content.exposed, edges, fill=True, alpha=0.5, color=OWN, label="got it, by choice")
    axes.stairs(content.others, edges, fill=True, alpha=0.5, color=OTHER, label="got none")
    axes.set_xlabel(f"chance of {content.option}, by what was known")
    axes.set_ylabel("share of each group")
    axes.set_title("Overlap: where both groups stand, they can be compared", fontsize=9)
    axes.legend(fontsize=8)


def _targeting(_: Sequence[Comparison], curves: Curves) -> Iterator[tuple[str, Any]]:
    for targeting in curves.targeting:
        yield f"targeting_{_file(targeting.option)}", targeting


def _draw_targeting(axes: Any, content: Targeting) -> None:
    axes.plot(content.share, [one.value for one in content.toc], color=OWN)
    _fill(axes, content.share, content.toc)
    axes.axhline(0, color=OTHER, linestyle="--")
    axes.set_xlabel("share of accounts, highest estimated effect first")
    axes.set_ylabel("their mean effect less that of all, money")
    axes.set_title(f"{content.option}: AUTOC {_money(content.autoc)}, Qini {_money(content.qini)}", fontsize=9)


def _budget(_: Sequence[Comparison], curves: Curves) -> Iterator[tuple[str, Any]]:
    if curves.budget:
        yield "policy_value_by_budget", curves.budget


def _draw_budget(axes: Any, content: Any) -> None:
    axes.plot(content.spent, [one.value for one in content.value], color=OWN, label="brought, by the trials")
    _fill(axes, content.spent, content.value)
    axes.plot(content.spent, content.promised, color=OTHER, linestyle="--", label="promised")
    axes.axhline(0, color=OTHER, linewidth=0.5)
    axes.set_xlabel("spent, money per account, best promises first")
    axes.set_ylabel("margin less cost, money per account")
    axes.set_title("What the recommendations bring by budget, on accounts they were not learnt from", fontsize=9)
    axes.legend(fontsize=8)


def _with_errors(axes: Any, positions: Sequence[float] | range, content: Sequence[Interval], **style: Any) -> None:
    values = np.array([one.value for one in content])
    low, high = np.array([one.low for one in content]), np.array([one.high for one in content])
    axes.errorbar(list(positions), values, [np.maximum(values - low, 0), np.maximum(high - values, 0)], **style)


def _fill(axes: Any, positions: Sequence[float], content: Sequence[Interval]) -> None:
    axes.fill_between(positions, [one.low for one in content], [one.high for one in content], color=OWN, alpha=BAND)


def _money(content: Interval) -> str:
    return f"{content.value:,.0f} [{content.low:,.0f}, {content.high:,.0f}]"


def _file(name: str) -> str:
    """Return an option's name, which people choose freely, as part of a file name."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)[:80]


PLOTS: tuple[Plot, ...] = (
    Plot("results", "every model beside its baselines", _results, _draw_results),
    Plot("reliability", "do chances come true", _bands, _draw_bands),
    Plot("skill_by_rung", "where on the ladder we beat the simplest rule", _by_rung, _draw_skill),
    Plot("skill_by_origin", "when we beat it", _by_origin, _draw_skill),
    Plot("lift", "how many the first accounts of the list hold", _gains, _draw_gains),
    Plot("transitions", "who moves where, seen and expected", _moves, _draw_moves, (7.0, 6.0)),
    Plot("importances", "what the boosters look at", _importances, _draw_importance, (7.0, 5.0)),
    Plot("overlap", "can those who got an option be compared with those who did not", _overlaps, _draw_overlap),
    Plot("targeting", "does ranking by estimated effect find effects (TOC, Qini)", _targeting, _draw_targeting),
    Plot("policy_value", "what the recommendations bring, by budget", _budget, _draw_budget),
)
