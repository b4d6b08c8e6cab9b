"""Of `import ladder`, what goes beyond the commands: rungs and features on any day, outcomes, effects, plans.

Everything heavy is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from commands.arguments import language_of, of_kind, several, whole
from commands.library import Day, Frame, Model, Source, give_back, read_first
from features.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from features.catalog.declarations import Feature
    from features.histories.snapshots import Snapshots as Pairs
    from features.instants import FloatArray
    from serving.planning.plan import Plan
    from training.data.dataset import Dataset
    from training.effects.plans.plan_evaluation import PlanResult
    from training.evaluation.evaluation import Comparison
    from training.model.findings import Finding
    from training.simulator.scenarios import Scenario
    from training.simulator.simulation import Simulation

SNAPSHOTS, EVALUATED = "what `ladder.snapshots` returned", "what `ladder.evaluate` returned"


def rungs(source: Source, *, as_of: Day | Sequence[Day] | None = None, accounts: Sequence[str] | None = None) -> Frame:
    """Return the rung of every account on one day or on several, and what its rules counted.

    as_of : None = the midnight after the last event.  accounts : of which, known by then or not; None = all known.
    """
    import pandas as pd

    from features.histories.views import View
    from features.ladder.rules import rule_counts
    from features.tables import RUNGS

    pairs = _pairs(source, as_of, accounts)
    counted = rule_counts(View(source.histories, pairs), source.settings.ladder)
    frame = pd.DataFrame({**_keys(source, pairs), "rung": pd.Categorical.from_codes(counted.rung, pd.Index(RUNGS)),
                          "approaches": counted.approaches, "order_days": counted.order_days,
                          "periods_with_order": counted.periods_with_order,
                          "referrals": counted.referrals})  # fmt: skip
    return give_back(frame, source.library)


def features(
    source: Source,
    *,
    as_of: Day | Sequence[Day] | None = None,
    accounts: Sequence[str] | None = None,
    more: Sequence[Feature] = (),
    like: Snapshots | Model | None = None,
) -> Frame:
    """Return the features of every account on one day or on several, a column each.

    more : features of one's own, behind those of the catalogue.  like : snapshots whose codes of text are used, such as
    that of a country, or a model whose are; None = no text has one.
    """
    import pandas as pd

    from features.catalog.catalog import FEATURES
    from features.catalog.declarations import Context, Feature, measure
    from features.histories.views import View

    pairs = _pairs(source, as_of, accounts)
    for one in several(more):
        of_kind("one of `more`", one, Feature, "features (docs/extend.md)")
    of_kind("like", like, (Snapshots, Model, type(None)), "snapshots or a model, or nothing")
    alone = Context(source.settings.ladder, source.settings.outcome.horizon_days)
    every = (*FEATURES, *more)
    context = alone if like is None else like.bundle.context if isinstance(like, Model) else like.data.context
    values = measure(View(source.histories, pairs), context, every)
    measured = pd.DataFrame(values, columns=[feature.name for feature in every])
    return give_back(pd.concat([pd.DataFrame(_keys(source, pairs)), measured], axis=1), source.library)


def contract() -> pd.DataFrame:
    """Return the tables that a source may hold: what a row is, which column is its time, and its key."""
    import pandas as pd

    from features.tables import TABLES

    rows = [(table.name, table.meaning, table.time, table.key) for table in TABLES]
    return pd.DataFrame(rows, columns=["table", "meaning", "time", "key"]).set_index("table")


@dataclass(frozen=True)
class Snapshots:
    """Accounts on the days from which models learn, with what was known then and what came of it.

    data : as training takes it.  source : whose accounts they are.
    """

    data: Dataset
    source: Source

    def __len__(self) -> int:
        return len(self.data.matrix)

    @property
    def definition(self) -> str:
        """Return what switching means here: `recorded`, `rhythm` or `silence`."""
        return self.data.definition

    @property
    def features(self) -> pd.DataFrame:
        """Return what was known of each: account_id, as_of, and a column for each feature."""
        import pandas as pd

        from features.catalog.catalog import NAMES

        known = pd.DataFrame(self.data.matrix, columns=list(NAMES))
        return pd.concat([pd.DataFrame(_keys(self.source, self.data.snapshots)), known], axis=1)

    @property
    def outcomes(self) -> pd.DataFrame:
        """Return what came of each within the horizon: rung, next_rung, can_switch, switched, revenue, ordered."""
        import pandas as pd

        labels = self.data.labels
        named = ("rung", "next_rung", "can_switch", "switched", "revenue", "ordered")
        return pd.DataFrame({name: column for name, column in vars(labels).items() if name in named}, columns=named)

    def measure(self, feature: Feature) -> FloatArray:
        """Return a feature of one's own, shape (n,)."""
        from features.catalog.declarations import measure
        from features.histories.views import View

        return measure(View(self.source.histories, self.data.snapshots), self.data.context, [feature])[:, 0]

    def beside(self, feature: Feature) -> Snapshots:
        """Return the same snapshots with a feature of one's own beside those of the catalogue.

        It is for judging the idea on `next_rung` and `switching`; to serve, a feature comes from a package.
        """
        import numpy as np

        matrix = np.asfortranarray(np.column_stack([self.data.matrix, self.measure(feature)]))
        return replace(self, data=replace(self.data, matrix=matrix))


def snapshots(source: Source, *, as_of: Day | None = None) -> Snapshots:
    """Return what models learn from: snapshots whose horizon is over at as_of."""
    from training.data.dataset import build_dataset

    return Snapshots(build_dataset(read_first(source).histories, source.settings, source.instant(as_of)), source)


def evaluate(of: Snapshots, *, folds: int = 3, only: Sequence[str] = ()) -> Mapping[str, Comparison]:
    """Judge every model beside every baseline out of time, and return the comparison of each task.

    only : of `next_rung`, `switching`, `revenue` and others; empty = all.
    """
    from training.evaluation.evaluation import evaluate as evaluate_all

    of_kind("of", of, Snapshots, SNAPSHOTS)
    found = evaluate_all(of.data, of.source.settings, folds, wanted=lambda task: not only or task in only)
    return {one.task: one for one in found}


def grades(comparisons: Mapping[str, Comparison], *, language: str = "en") -> tuple[str, ...]:
    """Return what the comparisons come to, in sentences."""
    from training.evaluation.evaluation import Comparison
    from training.evaluation.grading import grade_report

    of_kind("comparisons", comparisons, Mapping, EVALUATED)
    for one in comparisons.values():
        of_kind("one of the comparisons", one, Comparison, EVALUATED)
    return _sentences(grade_report(tuple(comparisons.values())), language)


def draw(axes: Axes, plot: str, comparison: Comparison) -> bool:
    """Draw a plot of the evaluation and return whether there is anything to show.

    plot : `skill`, `reliability`, `skill_by_rung`, `gains`, `transitions` and others; an unknown name lists them.

    Raises
    ------
    SettingsError
        If there is no such plot.
    """
    from features.errors import SettingsError
    from training.evaluation.curves import Curves
    from training.evaluation.evaluation import Comparison
    from training.tracking.plots import PLOTS

    by_name = {one.name: one for one in PLOTS}
    if not isinstance(plot, str) or plot not in by_name:
        raise SettingsError(f"There is no plot {plot!r}. Choose one of {', '.join(by_name)}.")
    of_kind("comparison", comparison, Comparison, EVALUATED)
    for _, content in by_name[plot].needs([comparison], Curves()):
        by_name[plot].draw(axes, content)
        return True
    return False


def trials(of: Snapshots, investment: str) -> pd.DataFrame:
    """Return those who got an investment and those who got none: treated, by_lot, revenue, and what was known.

    revenue : over the horizon from the day on which it was made, or might have been.

    Raises
    ------
    NotEnoughData
        If the source holds no such investment.
    """
    import pandas as pd

    from features.catalog.catalog import NAMES
    from features.errors import NotEnoughData
    from training.effects.target_trials import build_trials

    of_kind("of", of, Snapshots, SNAPSHOTS)
    names, built = list(of.source.histories.options.names), build_trials(of.data, of.source.settings)
    if built is None or investment not in names:
        raise NotEnoughData(f"there is no {investment!r} in investments; there are {', '.join(names) or 'none'}")
    asked = (built.arm == 1 + names.index(investment)) | (built.arm == 0)
    frame = pd.DataFrame({
        **_keys(of.source, built.snapshots), "treated": built.arm > 0, "by_lot": built.random,
        "revenue": built.revenue,
    })  # fmt: skip
    whole: pd.DataFrame = pd.concat([frame, pd.DataFrame(built.matrix, columns=list(NAMES))], axis=1)
    kept: pd.DataFrame = whole.loc[asked]
    return kept.reset_index(drop=True)


@dataclass(frozen=True)
class EffectFound:
    """The effect of an investment.  basis : `randomised`, `adjusted` or `insufficient`."""

    basis: str
    mean: float | None
    low: float | None
    high: float | None
    sentences: tuple[str, ...]


def effects(of: Snapshots, *, language: str = "en") -> Mapping[str, EffectFound]:
    """Estimate the effect of every investment as `ladder train` does, and say what speaks for it and against it."""
    from training.effects.uplift import fit_uplift

    of_kind("of", of, Snapshots, SNAPSHOTS)
    found = fit_uplift(of.data, of.source.settings).options
    return {
        one.investment: EffectFound(one.basis, one.mean, one.low, one.high, _sentences(one.findings, language))
        for one in found
    }


@dataclass(frozen=True)
class PlanOutcome:
    """What a plan that was carried out has earned.  result : the figures.  sentences : the same in words."""

    result: PlanResult
    sentences: tuple[str, ...]


def evaluate_plan(plan: Plan, later: Source, *, as_of: Day | None = None, language: str = "en") -> PlanOutcome:
    """Compare those whom a plan invested in with those whom it held out.

    later : the source as it stood after the plan was carried out.  as_of : None = the midnight after its last event.
    """
    from serving.planning.plan import Plan
    from training.effects.plans.plan_evaluation import evaluate_plan as evaluate_accounts
    from training.effects.plans.plan_findings import plan_outcome
    from training.effects.plans.plan_outcomes import plan_outcomes, plan_rows

    of_kind("plan", plan, Plan, "what `ladder.plan` returned")
    level = read_first(later).settings.uplift.level
    accounts = plan_outcomes(plan_rows(plan.rows, plan.record), later.histories, later.instant(as_of), later.settings)
    result = evaluate_accounts(accounts, level)
    return PlanOutcome(result, _sentences(plan_outcome(result, level), language))


@dataclass(frozen=True)
class Simulated:
    """A supplier that was made up, and the truth about it, as `ladder simulate` writes them."""

    simulation: Simulation
    world: Scenario
    accounts: int
    months: int
    seed: int

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Return its tables, which `ladder.read` takes."""
        return self.simulation.tables

    @property
    def truth(self) -> pd.DataFrame:
        """Return what will truly happen, a row for each account: see `docs/science.md`."""
        return self.simulation.truth

    @property
    def as_of(self) -> pd.Timestamp:
        """Return the midnight after its last event."""
        return self.simulation.as_of

    def write(self, folder: str) -> None:
        """Write a file for each table into a folder."""
        from pathlib import Path

        from training.simulator.simulation import write

        write(self.simulation, Path(folder))

    def carry_out(self, plan: Plan, *, months: int = 6) -> Mapping[str, pd.DataFrame]:
        """Return its tables after a plan was carried out and so many steps of thirty days have passed."""
        import numpy as np
        import pandas as pd

        from training.simulator.population import STEP_DAYS
        from training.simulator.simulation import Supplier
        from training.simulator.tables import account_ids, build_tables

        business = Supplier(self.world, self.accounts, self.months, np.random.SeedSequence(self.seed).spawn(3)[0])
        for _ in range(self.months):
            business.advance(business.choose())
        given = plan.rows[plan.rows["arm"] == "treat"].set_index("account_id")["investment"]
        arms = {option.name: 1 + place for place, option in enumerate(self.world.options)}
        business.advance(np.array([arms[given[name]] if name in given.index else 0
                                   for name in account_ids(self.accounts)]))  # fmt: skip
        for _ in range(months - 1):
            business.advance(np.zeros(self.accounts, np.int64))
        begin = self.as_of - pd.Timedelta(days=self.months * STEP_DAYS)
        days = (self.months + months) * STEP_DAYS
        return build_tables(business.recorder, begin, days, np.random.default_rng(self.seed))


def simulate(
    scenario: str = "default", *, accounts: int = 3000, months: int = 48, seed: int = 0, **changes: float
) -> Simulated:
    """Make up a supplier whose truth is known, as `ladder simulate` does.

    changes : numbers of the scenario that are other than usual, such as effect_scale=3.0.

    Raises
    ------
    SettingsError
        If there is no such scenario, or a number is out of range.
    """
    from training.simulator.scenarios import Scenario
    from training.simulator.simulation import SCENARIOS
    from training.simulator.simulation import simulate as make

    strange = sorted(set(changes) - set(Scenario.__dataclass_fields__))
    if strange:
        raise SettingsError(f"A scenario has no {strange[0]!r}; it has {', '.join(Scenario.__dataclass_fields__)}.")
    of_kind("scenario", scenario, (str, Scenario), f"a name, of {', '.join(SCENARIOS)}")
    world = replace(SCENARIOS[scenario], **changes) if isinstance(scenario, str) and scenario in SCENARIOS else scenario  # type: ignore[arg-type]
    accounts, months, seed = whole("accounts", accounts), whole("months", months), whole("seed", seed)
    made = make(world, accounts=accounts, months=months, seed=seed)
    return Simulated(made, SCENARIOS[scenario] if isinstance(world, str) else world, accounts, months, seed)


def findings(checks: Sequence[Mapping[str, object]], *, language: str = "en") -> pd.DataFrame:
    """Return what checks found, the gravest first: severity, heading, text.  checks : as `checks.json` has them."""
    import pandas as pd

    from training.model.findings import from_json, gravest
    from training.model.text.catalogue import heading, render

    rows = [(one.severity, heading(one, language), render(one, language)) for one in gravest(from_json(checks))]
    return pd.DataFrame(rows, columns=["severity", "heading", "text"])


def _sentences(found: Sequence[Finding], language: str) -> tuple[str, ...]:
    from training.model.text.catalogue import render

    return tuple(render(one, language_of(language)) for one in found)


def _pairs(source: Source, as_of: Day | Sequence[Day] | None, accounts: Sequence[str] | None) -> Pairs:
    """Return accounts on days: a row for each."""
    import numpy as np

    from features.histories.snapshots import Snapshots as Found

    instants = [read_first(source).instant(day) for day in several(as_of)]
    if not instants:
        return Found(*np.empty((2, 0), np.int64))
    if accounts is None:
        known = [source.histories.known_at(instant) for instant in instants]
        return Found(np.concatenate([k.account for k in known]), np.concatenate([k.as_of for k in known]))
    place = {name: at for at, name in enumerate(source.histories.account_ids.tolist())}
    names = several(accounts)
    unknown = [name for name in names if not isinstance(name, str) or name not in place]
    if unknown:
        raise SettingsError(f"There is no account {unknown[0]!r} in the source ({len(unknown):,} of {len(names):,}).")
    chosen = np.array([place[name] for name in names], np.int64)
    return Found(np.tile(chosen, len(instants)), np.repeat(np.array(instants, np.int64), len(chosen)))


def _keys(source: Source, pairs: Pairs) -> dict[str, object]:
    return {
        "account_id": source.histories.account_ids[pairs.account],
        "as_of": pairs.as_of.astype("datetime64[us]"),
    }
