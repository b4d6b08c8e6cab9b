"""ladder monitor: how the champion, the plans and managers' overrides turned out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.champion_watch import find_champion, watch
from commands.inputs import Loaded, feedback_store, load_source
from commands.options import AsOf, CommonOptions, Data, Feedback, Model, Option
from commands.terminal import Figures, show_findings
from features.errors import BundleError, NotEnoughData

if TYPE_CHECKING:
    from serving.planning.plan import Plan
    from training.monitoring.advice import PlanHoldout


@dataclass(frozen=True, kw_only=True)
class MonitorOptions(CommonOptions):
    data: Data
    as_of: AsOf = None
    store: Feedback = None
    model: Model = None
    plan: Annotated[
        tuple[str, ...],
        Option(metavar="FILE", many="extend", help="plans that `ladder plan` wrote, with their FILE.json beside them"),
    ] = ()
    out: Annotated[
        Path | None, Option(metavar="DIR", help="write monitor.json and drift.csv, a row a column, there")
    ] = None
    metrics: Annotated[
        Path | None, Option(metavar="FILE", help="write the figures for Prometheus' textfile collector, .prom")
    ] = None
    html: Annotated[
        Path | None,
        Option(metavar="FILE", help="write one page: this run, beside the earlier ones that --out DIR keeps"),
    ] = None
    exit_code: Annotated[bool, Option(help="end with status 3 where the advice is to retrain")] = False


def advises_retraining(options: MonitorOptions, figures: Figures) -> bool:
    """Return whether the command ends with the status "retrain" that a scheduler asked for."""
    return options.exit_code and figures.get("advice") == "retrain"


def monitor_command(options: MonitorOptions) -> Figures:
    from serving.planning.files import read_plan
    from training.settings import read_settings

    url, settings = feedback_store(options.store), read_settings(options.config)
    champion = find_champion(options.model, settings.registry)
    if champion is None and not options.plan and url is None:
        raise BundleError(
            "There is nothing to monitor: no champion was promoted here, no plan is given and no store is there. Run "
            "`ladder train`, or give --model URI, --plan FILE or --store URL."
        )
    plans = [(file, read_plan(Path(file))) for file in options.plan]
    accepted = [] if url is None else _accepted_plans(url)
    loaded = load_source(options.data, settings, as_of=options.as_of, feedback=url)
    if options.as_of is None:
        _tell_age(loaded)
    judged = _judge_plans([*plans, *accepted], loaded, bool(plans), url)
    watched: Figures = {}
    if champion is not None:
        watched = watch(
            champion, loaded, report_to=options.out, metrics_to=options.metrics, page_to=options.html,
            plans=judged.holdouts,
        )  # fmt: skip
    if url is not None and "model_version" in watched:
        kept = {name: value for name, value in watched.items() if name not in ("reasons", "run_id")}
        _keep_verdicts(url, loaded.as_of, [("model", str(watched["model_version"]), kept)])
    if judged.refusal is not None:
        raise judged.refusal
    overruled = {} if url is None else _judge_overrides(url, loaded)
    return {**watched, **judged.figures, **overruled}


def _tell_age(loaded: Loaded) -> None:
    """Say how long ago the data end: what no table has, no comparison of its tables can miss."""
    from features.instants import MICROSECONDS_PER_DAY, iso

    days = (time.time_ns() // 1_000 - loaded.as_of) // MICROSECONDS_PER_DAY
    if days >= loaded.settings.monitor.least_silent_days:
        print(
            f"The data end before {iso(loaded.as_of)}, {days:,} days ago: what came since is not looked at. If this is "
            "the newest export, see why it brings nothing."
        )


def _keep_verdicts(url: str, as_of: int, found: Sequence[tuple[str, str, Figures]]) -> None:
    """Keep for the page what was found.  found : kind, name and figures of each."""
    from serving.store.database import open_store, writing
    from serving.store.feedback.verdicts import keep_verdict

    engine = open_store(url, make=False)
    try:
        with writing(engine) as connection:
            for kind, name, figures in found:
                keep_verdict(connection, kind, name, as_of, figures)
    finally:
        engine.dispose()


def _accepted_plans(url: str) -> Sequence[tuple[str, Plan]]:
    """Return the plans accepted on the managers' page, latest first, each with its title."""
    from serving.planning.accepted import accepted_plan
    from serving.store.database import open_store, reading
    from serving.store.feedback.accepted_plans import accepted_plans

    engine = open_store(url, make=False)
    try:
        with reading(engine) as connection:
            ids = [one.plan_id for one in accepted_plans(connection)]
            return [(f"Accepted plan {plan_id}", accepted_plan(connection, plan_id)[1]) for plan_id in ids]
    finally:
        engine.dispose()


def _judge_overrides(url: str, loaded: Loaded) -> Figures:
    """Return how managers' overrides about switching compare with the model; nothing where there were none."""
    from serving.store.database import open_store, reading
    from serving.store.feedback.overrides import claims
    from training.account_managers.overruled import definition_of, judge, overrides_findings
    from training.model.findings import to_json

    engine = open_store(url, make=False)
    try:
        with reading(engine) as connection:
            made = claims(connection)
    finally:
        engine.dispose()
    if not len(made):
        print("\nNo manager has overruled the model about switching.")
        return {}
    outcome, level = loaded.settings.outcome, loaded.settings.uplift.level
    definition = definition_of(loaded.histories, outcome.switching, outcome.recorded_at_least)
    verdict = judge(made, loaded.histories, loaded.as_of, definition, level)
    found = overrides_findings(verdict, level)
    show_findings("Managers' overrides of switching", found)
    kept: Figures = {**verdict.figures(), "findings": to_json(found)}
    _keep_verdicts(url, loaded.as_of, [("overrides", "all", kept)])
    return verdict.figures()


@dataclass(frozen=True)
class JudgedPlans:
    """What plans brought: each against its held-out accounts, and the figures of all together.

    refusal : why none of those that were asked for can be judged yet; None where one was, or none was asked for.
    """

    holdouts: tuple[PlanHoldout, ...] = ()
    figures: Figures = field(default_factory=dict)
    refusal: NotEnoughData | None = None


def _judge_plans(plans: Sequence[tuple[str, Plan]], loaded: Loaded, asked: bool, url: str | None) -> JudgedPlans:
    """Judge plans, each and together, and keep that for the page where there is a store.

    asked : for plans; else that none can be judged is only said.
    """
    from training.effects.plans.plan_evaluation import evaluate_plan, pool_plans
    from training.effects.plans.plan_findings import plan_outcome, plans_outcome
    from training.effects.plans.plan_outcomes import plan_outcomes, plan_rows
    from training.model.findings import to_json
    from training.model.text.catalogue import capitalised, render
    from training.monitoring.advice import PlanHoldout

    level, currency = loaded.settings.uplift.level, loaded.settings.service.currency
    parts, figures, holdouts = [], {}, []
    kept: list[tuple[str, str, Figures]] = []
    for file, plan in plans:
        try:
            selected = plan_outcomes(plan_rows(plan.rows, plan.record), loaded.histories, loaded.as_of, loaded.settings)
            result = evaluate_plan(selected, level)
        except NotEnoughData as error:
            if len(plans) == 1 and asked:
                return JudgedPlans(refusal=error)
            print(f"\n{file}: {error}")
            continue
        parts.append((selected, result))
        figures[file] = result.figures()
        found = plan_outcome(result, level)
        made_for, name = str(plan.record["as_of"]), str(plan.record.get("plan_id") or Path(file).name)
        kept.append(("plan", name, {**figures[file], "made_for": made_for, "findings": to_json(found)}))
        holdouts.append(PlanHoldout(
            name=name, made_for=made_for, level=level, treated=result.treated, held_out=result.held_out,
            gain=result.gain.value, gain_low=result.gain.low, gain_high=result.gain.high, promised=result.promised,
            elapsed=result.elapsed, compliance=result.compliance, contamination=result.contamination,
        ))  # fmt: skip
        show_findings(f"{file}, made for {made_for}", found, plan.record.get("currency") or currency)
    if not parts:
        none = NotEnoughData("None of these plans can be judged yet; what stands above says why.") if asked else None
        return JudgedPlans(refusal=none)
    if url is not None:
        _keep_verdicts(url, loaded.as_of, kept)
    gain, promised = pool_plans(parts, level)
    if len(parts) > 1:
        print(f"\n{capitalised(render(plans_outcome(gain, promised, len(parts), level), 'en', currency))}")
    together: Figures = {
        "plans": figures, "gain": gain.value, "gain_low": gain.low, "gain_high": gain.high, "promised": promised,
    }  # fmt: skip
    return JudgedPlans(tuple(holdouts), together)
