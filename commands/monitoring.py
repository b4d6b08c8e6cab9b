"""ladder monitor: what became of the champion, what plans brought, who was right where managers overruled."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from commands.inputs import Loaded, load_source, settings_of, store_of
from commands.terminal import show_list
from commands.watching import find_champion, watch
from features.errors import BundleError


def monitor_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from serving.planning.files import read_plan

    url = store_of(options)
    champion = find_champion(options, settings_of(options))
    if champion is None and not options.plan and url is None:
        raise BundleError(
            "There is nothing to monitor: no champion was promoted here, no plan is given and no store is there. Run "
            "`ladder train`, or give --model URI, --plan FILE or --store URL."
        )
    plans = [(file, read_plan(Path(file))) for file in options.plan]
    accepted = [] if url is None else _accepted_plans(url)
    loaded = load_source(options)
    watched = {} if champion is None else watch(champion, loaded, options)
    if url is not None and "model_version" in watched:
        _keep_verdicts(url, loaded.as_of, [("model", watched["model_version"], watched)])
    brought = _judge_plans([*plans, *accepted], loaded, bool(plans), url) if plans or accepted else {}
    overruled = {} if url is None else _judge_overrides(url, loaded)
    return {**watched, **brought, **overruled}


def _keep_verdicts(url: str, as_of: int, found: Sequence[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Keep for the page what was found.  found : kind, name and figures of each."""
    from serving.store.database import open_store, writing
    from serving.store.verdicts import keep_verdict

    engine = open_store(url, make=False)
    try:
        with writing(engine) as connection:
            for kind, name, figures in found:
                keep_verdict(connection, kind, name, as_of, figures)
    finally:
        engine.dispose()


def _accepted_plans(url: str) -> Sequence[tuple[str, Any]]:
    """The plans that were accepted on the managers' page, latest first, each with what it is called."""
    from serving.planning.accepted import accepted_plan, accepted_plans
    from serving.store.database import open_store, reading

    engine = open_store(url, make=False)
    try:
        with reading(engine) as connection:
            ids = [one.plan_id for one in accepted_plans(connection)]
            return [(f"Accepted plan {plan_id}", accepted_plan(connection, plan_id)[1]) for plan_id in ids]
    finally:
        engine.dispose()


def _judge_overrides(url: str, loaded: Loaded) -> Mapping[str, Any]:
    """Who was right where managers overruled the model about switching; nothing where they never did."""
    from serving.store.database import open_store, reading
    from serving.store.overrides import claims
    from training.account_managers.overruled import definition_of, judge, verdict_in_words

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
    show_list("Managers' overrides of switching", verdict_in_words(verdict, level))
    told = {"waiting": verdict.waiting, "switched": verdict.switched, "compared": verdict.compared}
    by = {name: list(counts) for name, counts in verdict.by_manager.items()}
    _keep_verdicts(url, loaded.as_of, [("overrides", "all", {**verdict.figures(), **told, "by_manager": by})])
    return verdict.figures()


def _judge_plans(plans: Sequence[tuple[str, Any]], loaded: Loaded, asked: bool, url: str | None) -> Mapping[str, Any]:
    """What plans brought, each and together, kept for the page where there is a store.

    asked : for plans; else that none can be judged is only said.
    """
    from features.errors import NotEnoughData
    from training.effects.plan_evaluation import evaluate_plan, pool_plans
    from training.effects.plan_evaluation_text import pooled_in_words, realised_in_words
    from training.effects.plan_outcomes import plan_outcomes, plan_rows

    level, parts, figures = loaded.settings.uplift.level, [], {}
    kept: list[tuple[str, str, Mapping[str, Any]]] = []
    for file, plan in plans:
        try:
            selected = plan_outcomes(plan_rows(plan.rows, plan.record), loaded.histories, loaded.as_of, loaded.settings)
            result = evaluate_plan(selected, level)
        except NotEnoughData as error:
            if len(plans) == 1 and asked:
                raise
            print(f"\n{file}: {error}")
            continue
        parts.append((selected, result))
        figures[file] = result.figures()
        made = {"made_for": plan.record["as_of"], "treated": result.treated, "held_out": result.held_out}
        kept.append(("plan", str(plan.record.get("plan_id") or Path(file).name), {**figures[file], **made}))
        show_list(f"{file}, made for {plan.record['as_of']}", realised_in_words(result, level))
    if not parts and not asked:
        return {}
    if not parts:
        raise NotEnoughData("None of these plans can be judged yet; what stands above says why.")
    if url is not None:
        _keep_verdicts(url, loaded.as_of, kept)
    gain, promised = pool_plans(parts, level)
    if len(parts) > 1:
        print(f"\n{pooled_in_words(gain, promised, len(parts))}")
    return {
        "plans": figures, "gain": gain.value, "gain_low": gain.low, "gain_high": gain.high, "promised": promised,
    }  # fmt: skip
