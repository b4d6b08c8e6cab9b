"""Champion against challenger on the same snapshots, paired: who predicts better, and what cannot be compared.

What is fair. A champion's bundle has seen outcomes up to its `trained_until`.

- On an origin at or after it, the whole outcome lies where the champion has never looked: there it is judged *as it
  stands*, by its own predictors. The challenger is the model of the new recipe as it would have been trained at that
  origin. What is compared is therefore what would have happened: going on with the champion, or retraining. Beside
  that the challenger did without a fifth of the accounts (those held out), which is to its disfavour.
- On an earlier origin the champion itself would be asked about what it was taught. There its *recipe* is judged: its
  settings, kept with its version, fitted anew at the same origin, on the same rows, by this program. What is compared
  is how the two learn; that either has learnt more since takes no part in it.
- Where recipe and catalogue are the same, the second question has no answer but zero: it is said, and not computed.

*Mind* that a recipe is its settings and the members of its pools for rung and switching; what another version of the
program would have made of them is not known.
Nothing is compared where the two predict different things (horizon, ladder, definition of switching), nor where the
champion was made for another catalogue of features, which this program cannot compute.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace

import numpy as np

from features.catalog import catalog
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray, iso
from training.data.dataset import Dataset, Progress, silent
from training.data.splits import held_out, rolling_origins
from training.evaluation.cluster_bootstrap import Interval, cluster_bootstrap_mean
from training.evaluation.evaluation import Comparison
from training.evaluation.holdout_predictions import HoldoutPredictions
from training.evaluation.tasks import TASKS, Task
from training.model.bundle import Bundle, Facts
from training.model.findings import OK, WARNING, Finding
from training.model.serialization import Predictor
from training.models import next_rung, switching
from training.models.fitting import one_linear_algebra_thread
from training.models.rule_that_serves import RULE, fit_rule, rule_of
from training.models.switching import enough_switches
from training.settings import PoolSettings, Settings

AS_IT_STANDS, ITS_RECIPE = "as_it_stands", "its_recipe"


@dataclass(frozen=True)
class Incumbent:
    """The champion that may be replaced.

    version : in the registry.  settings : those it was trained with; None where nobody kept them.
    """

    version: int
    bundle: Bundle
    settings: Settings | None


@dataclass(frozen=True)
class ComparisonResult:
    """One score of one prediction, of both, on the same snapshots.

    how : AS_IT_STANDS or ITS_RECIPE.  difference : the champion's less ours, so that above zero ours is better.
    """

    task: str
    metric: str
    how: str
    ours: float
    theirs: float
    difference: Interval
    snapshots: int
    accounts: int
    origins: tuple[str, ...]


@dataclass(frozen=True)
class PairedComparison:
    """Both models' scores on the same snapshots.

    notes : what was not compared, and why, or that only the data are new.
    same_recipe : whether the champion learnt by the settings of today.  days_more : of data than the champion had.
    losses : task -> the champion's primary score of each evaluated row, shape (n,), for comparisons by segment; NaN
        where it was not evaluated.
    """

    results: tuple[ComparisonResult, ...]
    notes: tuple[Finding, ...]
    same_recipe: bool
    days_more: float
    losses: Mapping[str, FloatArray] = field(default_factory=dict, compare=False, repr=False)


def recipe_of(settings: Settings) -> Settings:
    """Return the settings that decide how models learn; the rest, and the number of threads, by default."""
    pool = PoolSettings(*(tuple(sorted(names)) for names in astuple(settings.pool)))
    return Settings(
        outcome=settings.outcome, ladder=settings.ladder, slices=settings.slices,
        booster=replace(settings.booster, threads=1), pool=pool, uplift=settings.uplift,
    )  # fmt: skip


def _with_its_members(champion: Incumbent) -> Settings | Finding:
    """Return the champion's settings without the members that its pools never had, or why there are none to fit."""
    if champion.settings is None:
        return Finding.of("not_compared_settings", WARNING)
    bundle, without, gone = champion.bundle, {}, []
    for key, pool, members in (
        ("next_rung_without", bundle.next_rung, next_rung.MEMBERS),
        ("switching_without", bundle.switching, switching.MEMBERS),
    ):
        if pool is not None:
            configured = getattr(champion.settings.pool, key)
            never = set() if rule_of(pool) else set(members) - set(pool.members) - {"silence"}
            without[key] = tuple(name for name in members if name in {*configured, *never})
            gone += [name for name in pool.members if name not in members and not name.startswith(RULE)]
    if gone:
        return Finding.of("not_compared_members", WARNING, members=gone)
    return replace(champion.settings, pool=replace(champion.settings.pool, **without))


def different_questions(data: Dataset, settings: Settings, champion: Facts) -> list[str]:
    """Return what the champion predicts otherwise than the challenger; empty where the two may be compared at all."""
    answers = {
        "horizon": (champion.horizon_days, settings.outcome.horizon_days),
        "definition": (champion.definition, data.definition),
        "rules": (champion.rules, settings.ladder),
    }
    if data.definition == "silence":
        answers["silence_days"] = (champion.silence_days, settings.outcome.silence_days)
    return [what for what, (theirs, ours) in answers.items() if theirs != ours]


@one_linear_algebra_thread()
def compare_paired(
    data: Dataset,
    comparisons: Sequence[Comparison],
    incumbent: Incumbent,
    settings: Settings,
    progress: Progress = silent,
) -> PairedComparison:
    """Compare every proper score of every prediction that both models make."""
    facts, notes = incumbent.bundle.facts, list[Finding]()
    more = (data.end - facts.trained_until) / MICROSECONDS_PER_DAY
    recipe = _with_its_members(incumbent)
    theirs = None if isinstance(recipe, Finding) else recipe
    same = theirs is not None and recipe_of(theirs) == recipe_of(settings)
    apart = different_questions(data, settings, facts)
    if apart:
        return PairedComparison((), (Finding.of("not_compared_questions", WARNING, questions=apart),), same, more)
    results: list[ComparisonResult] = []
    losses: dict[str, FloatArray] = {}
    for done, comparison in enumerate(comparisons):
        progress("champion and challenger", done / len(comparisons))
        task = next(task for task in TASKS if task.name == comparison.task)
        if comparison.holdout is None:
            continue
        found, lost = _compare(
            data,
            task,
            comparison=comparison,
            judged=comparison.holdout,
            champion=incumbent.bundle,
            theirs=theirs,
            settings=settings,
            same=same,
        )
        results += found
        losses[task.name] = lost
        if _predictor(incumbent.bundle, task) is None:
            notes.append(Finding.of("not_compared_task", WARNING, task=task.name))
    progress("champion and challenger", 1.0)
    if same:
        days = round(more)
        notes.append(
            Finding.of("same_recipe", OK, days=days) if days >= 0 else Finding.of("same_recipe_shorter", OK, days=-days)
        )
    elif isinstance(recipe, Finding):
        notes.append(recipe)
    return PairedComparison(tuple(results), tuple(notes), same, more, losses)


def _compare(
    data: Dataset, task: Task, *, comparison: Comparison, judged: HoldoutPredictions, champion: Bundle,
    theirs: Settings | None, settings: Settings, same: bool,
) -> tuple[list[ComparisonResult], FloatArray]:  # fmt: skip
    as_of = data.snapshots.as_of[judged.rows]
    later = as_of >= champion.facts.trained_until
    results: list[ComparisonResult] = []
    losses = np.full(len(judged.rows), np.nan)
    score = task.row_scores[comparison.primary]
    model = _predictor(champion, task)
    if later.any() and model is not None:
        predicted = model.predict(_seen_by(champion, data, judged.rows[later]))
        results += _results(data, task, judged, which=later, predicted=predicted, how=AS_IT_STANDS)
        losses[later] = score(predicted, task.target(data)[judged.rows[later]])
    if not later.all() and not same and theirs is not None:
        again = _by_recipe(
            data, task, judged.rows[~later], theirs=theirs, settings=settings, rule=rule_of(_predictor(champion, task))
        )
        if again is not None:
            results += _results(data, task, judged, which=~later, predicted=again, how=ITS_RECIPE)
            losses[~later] = score(again, task.target(data)[judged.rows[~later]])
    return results, losses


def _predictor(bundle: Bundle, task: Task) -> Predictor | None:
    return {"next_rung": bundle.next_rung, "switching": bundle.switching, "revenue": bundle.revenue}[task.name]


def _seen_by(bundle: Bundle, data: Dataset, rows: IntArray) -> FloatArray:
    """Return the rows' features, coded with the champion's own vocabulary."""
    if bundle.context == data.context:
        return data.matrix[rows]
    return catalog.compute(View(data.histories, data.snapshots.take(rows)), bundle.context)


def _by_recipe(
    data: Dataset, task: Task, rows: IntArray, *, theirs: Settings, settings: Settings, rule: str | None
) -> FloatArray | None:
    """Return predictions of the champion's recipe or rule, fitted at each origin on what was complete by then."""
    as_of, eligible = data.snapshots.as_of, task.rows(data)
    secret = held_out(data.histories, settings.slices.held_out_share)
    predictions = []
    for fold in rolling_origins(data.sample, secret, settings, len(data.sample.slices)):
        mine = rows[as_of[rows] == fold.origin]
        if not len(mine):
            continue
        train = fold.train & eligible
        if task.name == "switching" and not enough_switches(data, train):
            return None
        fitted = fit_rule(data, task.name, rule, train, theirs) or task.fit(data, train, theirs)[0]
        predictions.append(fitted.predict(data.matrix[mine]))
    return np.concatenate(predictions) if predictions else None


def _results(
    data: Dataset, task: Task, judged: HoldoutPredictions, *, which: BoolArray, predicted: FloatArray, how: str
) -> Iterator[ComparisonResult]:
    rows = judged.rows[which]
    happened, account = task.target(data)[rows], data.snapshots.account[rows]
    origins = tuple(iso(at) for at in np.unique(data.snapshots.as_of[rows]).tolist())
    for metric, function in task.row_scores.items():
        ours, theirs = function(judged.predictions[which], happened), function(predicted, happened)
        yield ComparisonResult(
            task=task.name, metric=metric, how=how, ours=float(ours.mean()), theirs=float(theirs.mean()),
            difference=cluster_bootstrap_mean(theirs - ours, account), snapshots=len(rows),
            accounts=len(np.unique(account)), origins=origins,
        )  # fmt: skip
