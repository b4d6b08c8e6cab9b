"""ladder retrain: check, train, compare, promote if better, score, export, monitor; each once, whatever breaks off."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from commands.champion_watch import watch_former
from commands.champions import refresh_copy
from commands.inputs import Loaded, feedback_store, load_source, registry_uri, source_digest
from commands.options import AsOf, CommonOptions, CrmName, Data, Feedback, Option, amount_or_none
from commands.planning import plan_scores
from commands.playbook import with_playbook
from commands.resumable_steps import State, Steps, alone, read_state
from commands.scoring import score_source
from commands.store_writing import check_store, store_background, store_frames
from commands.subjects import remove_old
from commands.terminal import Figures, say_step, show_table
from commands.training import Registered, TrainingRequest, train_source
from features.errors import BundleError, NotEnoughData

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Result = TypeVar("Result", bound=DataclassInstance)

LOCK = ".retrain.lock"
STEPS = ("check", "train", "compare", "promote", "score", "export", "plan", "monitor")
"""In their order. Every one may be run again after it was broken off half-way."""


@dataclass(frozen=True, kw_only=True)
class RetrainOptions(CommonOptions):
    data: Data
    as_of: AsOf = None
    store: Feedback = None
    out: Annotated[
        Path,
        Option(metavar="DIR", help="scores, exports, the log and what is done so far: the same folder every time"),
    ]
    to: Annotated[
        str | None,
        Option(metavar="URL", help="store that the scores go to as well: sqlite:///FILE or postgresql://..."),
    ] = None
    export_crm: Annotated[CrmName | None, Option(help="also write its import file")] = None
    budget: Annotated[
        float | None,
        Option(
            metavar="EUR",
            parse=amount_or_none,
            help="also make a plan under this budget, a tenth of it held out; none = no plan",
        ),
    ] = None


@dataclass(frozen=True)
class Work:
    """What the steps work on.  before : the champion's bundle when the work began, "" where there was none."""

    options: RetrainOptions
    loaded: Loaded
    champions: Path
    before: str

    @property
    def model(self) -> str:
        """Return the name of the registered model."""
        return self.loaded.settings.registry.model

    @property
    def scores(self) -> Path:
        """Return the folder of the scores."""
        return self.options.out / "scores"


@dataclass(frozen=True)
class Checked:
    accounts: int
    set_aside: int  # rows


@dataclass(frozen=True)
class Compared:
    """better : the new model may replace the champion.  already : it is champion."""

    better: bool
    already: bool


@dataclass(frozen=True)
class Promoted:
    promoted: bool


@dataclass(frozen=True)
class Scored:
    accounts: int
    model_version: str


@dataclass(frozen=True)
class Written:
    """Files that a step wrote; none where it was not asked for."""

    files: list[str] = field(default_factory=list)


def retrain_command(options: RetrainOptions) -> Figures:
    from training.settings import read_settings

    if options.to is not None:
        check_store(options.to)  # before an hour's work
    settings = read_settings(options.config)
    champions = settings.registry.champions
    with alone(champions / LOCK):
        refresh_copy(settings.registry)
        feedback = feedback_store(options.store, options.to)
        loaded = load_source(options.data, settings, as_of=options.as_of, feedback=feedback)
        figures = _retrain(options, loaded, champions)
    if options.to is not None:
        remove_old(options.to, settings.governance)
    return figures


def _retrain(options: RetrainOptions, loaded: Loaded, champions: Path) -> Figures:
    asked = {"to": options.to, "export_crm": options.export_crm, "budget": options.budget}
    key = {"data": source_digest(loaded), "settings": loaded.settings.digest(), "asked": str(sorted(asked.items()))}
    kept, standing = read_state(options.out), _standing(champions)
    same = all(kept.key.get(name) == value for name, value in key.items())
    if same and kept.finished and kept.champion == standing:
        print("Nothing to do: the same data, settings and champion as when this was last finished.")
        _tell_finished(options.to, kept.figures)
        return {**kept.figures, "done": "nothing"}
    begun = same and not kept.finished and standing in _ours(kept)  # else somebody promoted in between
    before = kept.key.get("before", "") if begun else standing
    work, steps = Work(options, loaded, champions, before), Steps(options.out, {**key, "before": before})
    figures = _run_steps(work, steps)
    steps.finish(_standing(champions), figures)
    _tell_finished(options.to, figures)
    return {**figures, "done": "all"}


def _tell_finished(store: str | None, figures: Figures) -> None:
    """Write into the store that the job was done, which the service's metrics tell."""
    if store is None:
        return
    from serving.store.audit_log import RETRAINED, Author, Entry, record
    from serving.store.database import open_store, writing

    told = {name: figures[name] for name in ("version", "promoted", "accounts", "model_version") if name in figures}
    engine = open_store(store)
    try:
        with writing(engine) as connection:
            record(connection, time.time_ns() // 1000, Author(), [Entry(RETRAINED, "store", told)])
    finally:
        engine.dispose()


def _run_steps(work: Work, steps: Steps) -> Figures:
    def step(name: str, kind: type[Result], do: Callable[[], Result]) -> Result:
        again = " (finished by the run that was broken off)" if steps.done(name) else ""
        say_step(f"{STEPS.index(name) + 1}. {name}{again}")
        return steps.run(name, kind, do)

    step("check", Checked, lambda: _check(work))
    trained = step("train", Registered, lambda: _train(work))
    compared = step("compare", Compared, lambda: _compare(trained))
    promoted = step("promote", Promoted, lambda: _promote(work, trained, compared))
    scored = step("score", Scored, lambda: _score(work))
    step("export", Written, lambda: _export(work))
    step("plan", Written, lambda: _plan(work))
    step("monitor", Written, lambda: _monitor(work))
    return {
        "version": trained.version, "bundle": trained.bundle, "promoted": promoted.promoted,
        "accounts": scored.accounts, "model_version": scored.model_version,
    }  # fmt: skip


def _check(work: Work) -> Checked:
    """Refuse before the models are trained what cannot be learnt from."""
    source, histories = work.loaded.source, work.loaded.histories
    known = len(histories.known_at(work.loaded.as_of))
    if not known:
        raise NotEnoughData("No account is known at --as-of; nothing can be learnt. Check --as-of and the source.")
    show_table("Rows read", ["table", "rows"], [[name, f"{rows:,}"] for name, rows in source.rows_read.items()])
    return Checked(known, len(source.set_aside))


def _train(work: Work) -> Registered:
    """Train and register; a first model that passes its checks becomes champion at once."""
    return train_source(work.loaded, TrainingRequest(registry_uri(), work.champions, work.options.data))


def _compare(trained: Registered) -> Compared:
    """Return whether the new model may replace the champion: no check refuses it and none finds it worse.

    Training itself has compared the two, on the same snapshots and trials; its report says how.
    """
    if trained.champion:
        return Compared(better=True, already=True)
    if not trained.passes:
        print("A check refuses the new model; the champion stays.")
        return Compared(better=False, already=False)
    found = "no comparison" if trained.not_worse else "a comparison"
    print(f"No check refuses the new model, and {found} finds the champion better.")
    return Compared(better=trained.not_worse, already=False)


def _promote(work: Work, trained: Registered, compared: Compared) -> Promoted:
    from training.tracking.registry import Registry

    if not compared.better:
        print(f"{work.model} version {trained.version} is not better; the champion stays")
        return Promoted(False)
    if not compared.already:
        Registry(registry_uri(), work.model).promote(trained.version, work.champions)
    print(f"{work.model} version {trained.version} is champion now")
    return Promoted(True)


def _score(work: Work) -> Scored:
    """Score with whoever is champion now, into the folder and, where asked for, the store."""
    from training.model.champion import published, read_trusted_bundle

    loaded, to = work.loaded, work.options.to
    bundle, version = read_trusted_bundle(published(work.champions))
    bundle = with_playbook(bundle, loaded.settings)
    frames, _ = score_source(bundle, version, loaded, work.scores)
    if to is not None:
        store_frames(to, frames, bundle, loaded.source)
        store_background(to, bundle, loaded.as_of, [(loaded.histories, loaded.source)])
    return Scored(len(frames[0]), version)


def _export(work: Work) -> Written:
    from serving.integrations.exports import export
    from serving.scoring.batch import read_scores

    crm = work.options.export_crm
    if crm is None:
        print("not asked for (--export-crm)")
        return Written()
    done = export(read_scores(work.scores), crm, work.options.out / f"{crm}.csv")
    print(f"{done.accounts:,} accounts for {crm}: {', '.join(str(file) for file in done.files)}")
    return Written([str(file) for file in done.files])


def _plan(work: Work) -> Written:
    """Return a plan of the new scores where there is a budget; without one nobody asked for a plan."""
    if work.options.budget is None:
        print("not asked for (--budget)")
        return Written()
    file = work.options.out / "plan.csv"
    plan_scores(work.scores, work.options.budget, work.loaded.settings.plan.hours, file)
    return Written([str(file)])


def _monitor(work: Work) -> Written:
    """Monitor the champion that served when the run began; the new one has no outcomes yet."""
    if not work.before:
        print("there was no champion before this one")
        return Written()
    return Written(
        [str(file) for file in watch_former(work.champions / work.before, work.loaded, work.options.out / "monitor")]
    )


def _ours(kept: State) -> set[str]:
    """Return the champions that may serve while the run is unfinished: the former one and its own."""
    return {kept.key.get("before", ""), str(kept.steps.get("train", {}).get("bundle", ""))}


def _standing(champions: Path) -> str:
    """Return the digest of the champion's bundle; empty where there is none."""
    from training.model.champion import published

    try:
        return published(champions).name
    except BundleError:
        return ""
