"""ladder plan: which accounts get which investment, under a budget."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from commands.inputs import feedback_store, load_source
from commands.options import CommonOptions, Option, UsageError, amount, bond_amount
from commands.progress_lines import progress_bar
from commands.terminal import Figures, show_findings

if TYPE_CHECKING:
    from serving.planning.arms import Draw
    from serving.planning.plan import Allowance, Plan
    from serving.planning.planner import Options as StoredOptions
    from training.settings import Settings

OF_EARLIER = frozenset(("plan_brought_won", "plan_brought_lost", "plan_brought_open", "plan_brought_compliance"))
"""Findings about earlier plans: realised beside promised, and the share that was carried out."""
Known = tuple[Mapping[str, str] | None, Mapping[str, str] | None]
"""Account -> manager, and account -> the top of its group; None where nobody said."""
HOLDOUT = 0.1
"""Share of the selected that is held out by lot where nobody says another."""


@dataclass(frozen=True, kw_only=True)
class PlanOptions(CommonOptions):
    scores: Annotated[Path | None, Option(metavar="DIR", help="folder that `ladder score` wrote")] = None
    store: Annotated[
        str | None,
        Option(
            metavar="URL",
            help="instead: the store that `ladder score --to` wrote to, with owners and managers' decisions",
        ),
    ] = None
    budget: Annotated[float, Option(metavar="EUR", parse=amount, help="money for investments; never exceeded")]
    out: Annotated[Path, Option(metavar="FILE", help=".csv, .parquet or .xlsx; FILE.json tells of the whole")]
    holdout: Annotated[
        float,
        Option(
            metavar="SHARE",
            parse=amount,
            help="of the selected, held out by lot so that the plan's worth can be measured, 0 .. 0.5",
        ),
    ] = HOLDOUT
    explore: Annotated[
        float,
        Option(
            metavar="SHARE",
            parse=amount,
            help="of the selected, given another option that pays by lot, so that all stay known, 0 .. 0.5",
        ),
    ] = 0.0
    on: Annotated[Literal["expected", "low"], Option(help="the gain, or its interval's low end")] = "expected"
    data: Annotated[str | None, Option(metavar="SOURCE", help="whose accounts.owner says who manages what")] = None
    owner_budget: Annotated[
        float | None, Option(metavar="EUR", parse=amount, help="money for each owner's accounts")
    ] = None
    group_budget: Annotated[
        float | None, Option(metavar="EUR", parse=amount, help="money for each group of companies")
    ] = None
    bond_budget: Annotated[
        tuple[tuple[str, float], ...],
        Option(
            metavar="BOND=EUR",
            parse=bond_amount,
            help="money for all options of a bond: financial, social or structural; may be repeated",
        ),
    ] = ()
    hours: Annotated[
        float | None, Option(metavar="N", parse=amount, help="of each owner; what options take is set in plan.hours")
    ] = None
    seed: Annotated[int, Option(metavar="S", help="of the lots")] = 0

    def __post_init__(self) -> None:
        if (self.scores is None) == (self.store is None):
            raise UsageError("Say where the scores are: --scores DIR or --store URL, one of the two.")


def plan_command(options: PlanOptions) -> Figures:
    from serving.planning.arms import Draw
    from serving.planning.files import form_of
    from serving.planning.plan import Allowance
    from training.settings import read_settings

    settings = read_settings(options.config)
    form_of(options.out)
    allowance = Allowance(
        options.budget,
        owner_budget=options.owner_budget,
        bonds=dict(options.bond_budget),
        hours=settings.plan.hours,
        owner_hours=options.hours,
        group_budget=options.group_budget,
    )
    draw = Draw(options.holdout, options.explore, options.seed)
    owners = groups = None
    if options.data is not None:
        owners, groups = _owners(options.data, settings, feedback_store(options.store))
    if options.store is not None:
        plan = _plan_from_store(options.store, allowance, draw, options.on, (owners, groups))
    else:
        assert options.scores is not None
        plan = _plan_from_folder(options.scores, allowance, draw, options.on, (owners, groups))
    figures = _write(plan, options.out)
    if options.store is not None:
        show_earlier(options.store)
    return figures


def show_earlier(url: str) -> None:
    """Show what became of the plans that were accepted before, beside what they promised."""
    from serving.store.database import open_store, reading
    from serving.store.feedback.accepted_plans import accepted_plans
    from serving.store.feedback.verdicts import plan_verdicts
    from training.model.findings import from_json

    engine = open_store(url, make=False)
    try:
        with reading(engine) as connection:
            accepted, judged = accepted_plans(connection), plan_verdicts(connection)
    finally:
        engine.dispose()
    for one in accepted:
        verdict = judged.get(one.plan_id)
        title = f"Accepted plan {one.plan_id}, made for {one.record['as_of']}"
        if verdict is None:
            print(f"\n{title}: not judged yet; `ladder monitor` does")
            continue
        found = [finding for finding in from_json(verdict.figures.get("findings", [])) if finding.code in OF_EARLIER]
        show_findings(f"{title}, what became of it", found, one.record.get("currency") or "")


def plan_scores(scores: Path, budget: float, hours: Mapping[str, float], out: Path) -> Figures:
    """Make and write the plan of a folder's scores under a budget, with the usual share held out.

    hours : option -> hours of an account manager's time that it takes.
    """
    from serving.planning.arms import Draw
    from serving.planning.plan import Allowance

    allowance = Allowance(budget, hours=hours)
    return _write(_plan_from_folder(scores, allowance, Draw(HOLDOUT), "expected", (None, None)), out)


def _plan_from_folder(folder: Path, allowance: Allowance, draw: Draw, on: str, known: Known) -> Plan:
    from serving.planning.files import read_run
    from serving.planning.integer_program import solve
    from serving.planning.plan import make_plan
    from serving.scoring.batch import read_terms
    from serving.scoring.terms import ModelTerms

    scores, investments = read_run(folder)
    model = scores["model_version"]
    terms = read_terms(folder, str(model.iloc[0])) if len(model) else ModelTerms()
    with progress_bar() as progress:
        progress("planning", 0.0)
        return make_plan(
            scores, investments, allowance, draw, on=on, owners=known[0], groups=known[1], exact=solve, terms=terms
        )


def _plan_from_store(url: str, allowance: Allowance, draw: Draw, on: str, known: Known) -> Plan:
    from serving.planning.integer_program import solve
    from serving.planning.plan import plan_from

    offered = _read_stored_options(url, known)
    with progress_bar() as progress:
        progress("planning", 0.0)
        return plan_from(offered.menu, offered.run, allowance, draw, on=on, exact=solve, terms=offered.terms)


def _read_stored_options(url: str, known: Known) -> StoredOptions:
    """Return what a plan is made from, read from the store with managers' overrides."""
    import numpy as np

    from serving.planning.candidates import in_groups
    from serving.planning.planner import Planner, narrow
    from serving.store.database import open_store

    engine = open_store(url, make=False)
    try:
        offered, wishes = Planner().read(engine, time.time_ns() // 1000)
    finally:
        engine.dispose()
    menu, narrowed = narrow(offered.menu, wishes)
    owners, groups = known
    if groups is not None:
        menu = replace(menu, group=in_groups(menu.accounts, groups))
    if owners is not None:
        menu = replace(menu, owner=np.array([owners.get(account) for account in menu.accounts], object))
    if narrowed:
        print(f"Note: managers' decisions narrow the options of {narrowed:,} accounts", file=sys.stderr)
    return replace(offered, menu=menu)


def _owners(data: str, settings: Settings, feedback: str | None) -> Known:
    """Return each account's manager, as far as the source names one, and its group, where it tells of groups."""
    from features.accounts.groups import groups_of

    histories = load_source(data, settings, feedback=feedback).histories
    ids, owner = histories.account_ids.tolist(), histories.profile.get("owner")
    parent = histories.profile.get("parent_account_id")
    owners = {} if owner is None else {a: o for a, o in zip(ids, owner, strict=True) if o is not None}
    if parent is None:
        return owners, None
    found = groups_of(ids, parent.tolist())
    if found.unknown_parents or found.cyclic:
        print(
            f"Note: {found.unknown_parents:,} parents are no account, {found.cyclic:,} accounts stand above themselves",
            file=sys.stderr,
        )
    return owners, dict(zip(ids, found.root, strict=True))


def _write(plan: Plan, out: Path) -> Figures:
    from serving.planning.files import write_plan
    from serving.planning.plan_findings import plan_findings

    show_findings("The plan", plan_findings(plan.record), plan.record["currency"])
    print(f"\n{' and '.join(str(path) for path in write_plan(plan, out))} written")
    return {name: value for name, value in plan.record.items() if name not in ("strata", "limits")} | {"out": str(out)}
