"""ladder plan: which accounts get which investment, under a budget."""

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commands.inputs import load_source, settings_of
from commands.terminal import progress_bar, show_findings


def plan_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from serving.planning.arms import Draw
    from serving.planning.files import form_of, read_run, write_plan
    from serving.planning.integer_program import solve
    from serving.planning.plan import Allowance, make_plan, plan_from
    from serving.planning.plan_findings import plan_findings
    from serving.scoring.batch import ModelTerms, read_terms

    settings, out = settings_of(options), Path(options.out)
    form_of(out)
    if (options.scores is None) == (options.store is None):
        options.refuse("Say where the scores are: --scores DIR or --store URL, one of the two.")
    allowance = Allowance(
        options.budget, options.owner_budget, dict(options.bond_budget), settings.plan.hours, options.hours
    )
    owners = _owners(options) if options.data else None
    if options.store is None:
        tables = read_run(Path(options.scores))
    else:
        offered = _read_stored_options(options.store, owners)
    with progress_bar() as progress:
        progress("planning", 0.0)
        draw = Draw(options.holdout, options.explore, options.seed)
        if options.store is None:
            model = tables[0]["model_version"]
            terms = read_terms(Path(options.scores), str(model.iloc[0])) if len(model) else ModelTerms()
            plan = make_plan(
                *tables, allowance, draw, options.on, owners, solve, terms.claim_ratio, terms.level, terms.currency
            )
        else:
            plan = plan_from(offered.menu, offered.run, allowance, draw, options.on, solve, offered.claim_ratio)
    show_findings("The plan", plan_findings(plan.record), plan.record["currency"])
    print(f"\n{' and '.join(str(path) for path in write_plan(plan, out))} written")
    left_out = ("strata", "limits")
    return {name: value for name, value in plan.record.items() if name not in left_out} | {"out": str(out)}


def _read_stored_options(url: str, owners: Mapping[str, str] | None) -> Any:
    """What a plan is made from, as the store and the managers' decisions in it have it."""
    from dataclasses import replace

    import numpy as np

    from serving.planning.planner import Planner, narrow
    from serving.store.database import open_store

    engine = open_store(url, make=False)
    try:
        offered, wishes = Planner().read(engine, time.time_ns() // 1000)
    finally:
        engine.dispose()
    menu, narrowed = narrow(offered.menu, wishes)
    if owners is not None:
        menu = replace(menu, owner=np.array([owners.get(account) for account in menu.accounts], object))
    if narrowed:
        print(f"Note: managers' decisions narrow the options of {narrowed:,} accounts", file=sys.stderr)
    return replace(offered, menu=menu)


def _owners(options: argparse.Namespace) -> Mapping[str, str]:
    """Account -> its manager, as far as the source says."""
    histories = load_source(options).histories
    owner = histories.profile.get("owner", [])
    return {a: o for a, o in zip(histories.account_ids, owner, strict=False) if o is not None}
