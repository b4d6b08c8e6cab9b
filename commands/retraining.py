"""ladder retrain: check, train, compare, promote if better, score, export, monitor; each once, whatever breaks off."""

import argparse
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.inputs import Loaded, load_source, registry_uri, settings_of
from commands.models import Wishes, train_source
from commands.plans import plan_command
from commands.scores import score_with
from commands.steps import Steps, alone, read_state
from commands.stores import check_store, store_background, store_frames
from commands.terminal import say_step, show_findings, show_table
from commands.watching import measure, show
from features.errors import BundleError, NotEnoughData

LOCK = ".retrain.lock"


@dataclass(frozen=True)
class Work:
    """What every step is given.  before : the champion's bundle when the work began, "" where there was none."""

    options: argparse.Namespace
    loaded: Loaded
    champions: Path
    out: Path
    before: str

    @property
    def scores(self) -> Path:
        """Where the scores go."""
        return self.out / "scores"


Found = Mapping[str, Mapping[str, Any]]
"""Step -> what it found, of the steps before."""


def retrain_command(options: argparse.Namespace) -> Mapping[str, Any]:
    out = Path(options.out)
    if options.to is not None:
        check_store(options.to)  # before an hour's work
    champions = Path(settings_of(options).registry.champion_folder)
    with alone(champions / LOCK):
        loaded = load_source(options)
        return _retrain(options, loaded, champions, out)


def _retrain(options: argparse.Namespace, loaded: Loaded, champions: Path, out: Path) -> Mapping[str, Any]:
    asked = {"to": options.to, "export_crm": options.export_crm, "budget": options.budget}
    key = {"data": _source_digest(loaded), "settings": loaded.settings.digest(), "asked": str(sorted(asked.items()))}
    kept, standing = read_state(out), _standing(champions)
    same = all(kept.get("key", {}).get(name) == value for name, value in key.items())
    if same and kept.get("finished") and kept.get("champion") == standing:
        print("Nothing to do: the same data, settings and champion as when this was last finished.")
        return {**kept.get("figures", {}), "done": "nothing"}
    begun = same and not kept.get("finished") and standing in _ours(kept)  # else somebody promoted in between
    before = kept["key"].get("before", "") if begun else standing
    work, steps = Work(options, loaded, champions, out, before), Steps(out, {**key, "before": before})
    found: dict[str, Mapping[str, Any]] = {}
    for number, (name, step) in enumerate(STEPS.items(), 1):
        again = " (finished by the run that was broken off)" if steps.done(name) else ""
        say_step(f"{number}. {name}{again}")
        found[name] = steps.run(name, lambda step=step: step(work, dict(found)))  # type: ignore[misc]
    figures = {
        "version": found["train"]["version"], "bundle": found["train"]["bundle"],
        "promoted": found["promote"]["promoted"], "accounts": found["score"]["accounts"],
        "model_version": found["score"]["model_version"],
    }  # fmt: skip
    steps.finish(champion=_standing(champions), figures=figures)
    return {**figures, "done": "all"}


def _check(work: Work, _: Found) -> Mapping[str, Any]:
    """Refuse before the models are trained what cannot be learnt from."""
    source, histories = work.loaded.source, work.loaded.histories
    known = len(histories.known_at(work.loaded.as_of))
    if not known:
        raise NotEnoughData("No account is known at --as-of; nothing can be learnt. Check --as-of and the source.")
    show_table("Rows read", ["table", "rows"], [[name, f"{rows:,}"] for name, rows in source.rows_read.items()])
    return {"accounts": known, "set_aside": len(source.set_aside)}


def _train(work: Work, _: Found) -> Mapping[str, Any]:
    """Train and register; a first model that passes its checks becomes champion at once."""
    return train_source(work.loaded, Wishes(registry_uri(), work.champions, work.options.data))


def _compare(_: Work, found: Found) -> Mapping[str, Any]:
    """Whether the new model may replace the champion: no check refuses it, and none finds it worse.

    Training itself has compared the two, on the same snapshots and trials; its report says how.
    """
    trained = found["train"]
    if trained["champion"]:
        return {"better": True, "already": True}
    if not trained["passes"]:
        print("A check refuses the new model; the champion stays.")
        return {"better": False, "already": False}
    return {"better": bool(trained["not_worse"]), "already": False}


def _promote(work: Work, found: Found) -> Mapping[str, Any]:
    from training.tracking.registry import Registry

    version, compared = found["train"]["version"], found["compare"]
    if not compared["better"]:
        print(f"loyalty-ladder version {version} is not better; the champion stays")
        return {"promoted": False}
    if not compared["already"]:
        Registry(registry_uri()).promote(version, work.champions)
    print(f"loyalty-ladder version {version} is champion now")
    return {"promoted": True}


def _score(work: Work, _: Found) -> Mapping[str, Any]:
    """Score with whoever is champion now, into the folder and, where asked for, the store."""
    from training.model.bundle import read_bundle
    from training.model.champion import published

    bundle, version = read_bundle(published(work.champions))
    frames, figures = score_with(bundle, version, work.loaded, work.scores, "parquet")
    stored: Mapping[str, Any] = {}
    if work.options.to is not None:
        loaded = work.loaded
        stored = store_frames(work.options.to, frames, bundle, loaded.source)
        store_background(work.options.to, bundle, loaded.as_of, [(loaded.histories, loaded.source)])
    return {**figures, **stored}


def _export(work: Work, _: Found) -> Mapping[str, Any]:
    from serving.integrations.exports import export
    from serving.scoring.batch import read_scores

    crm = work.options.export_crm
    if crm is None:
        print("not asked for (--export-crm)")
        return {"files": []}
    done = export(read_scores(work.scores), crm, work.out / f"{crm}.csv")
    print(f"{done.accounts:,} accounts for {crm}: {', '.join(str(file) for file in done.files)}")
    return {"files": [str(file) for file in done.files], "accounts": done.accounts}


def _plan(work: Work, _: Found) -> Mapping[str, Any]:
    """A plan of the new scores, only where there is a budget: who follows a plan should have asked for it."""
    if work.options.budget is None:
        print("not asked for (--budget)")
        return {"plan": None}
    wanted = argparse.Namespace(
        config=work.options.config, scores=str(work.scores), store=None, budget=work.options.budget, holdout=0.1,
        explore=0.0, on="expected", data=None, owner_budget=None, bond_budget=[], hours=None, seed=0,
        out=str(work.out / "plan.csv"), refuse=work.options.refuse,
    )  # fmt: skip
    return {"plan": plan_command(wanted)["out"]}


def _monitor(work: Work, _: Found) -> Mapping[str, Any]:
    """What became of the champion that stood when the work began: nothing has happened yet since the new one."""
    from training.model.bundle import read_bundle
    from training.monitoring.advice import advice_of, reasons_of
    from training.monitoring.monitor_report import write_report

    if not work.before:
        print("there was no champion before this one")
        return {"advice": None}
    try:
        bundle, version = read_bundle(work.champions / work.before)
    except BundleError as error:
        print(f"The former champion cannot be looked at: {error}")
        return {"advice": None}
    found = measure(bundle, version, work.loaded)
    show(found)
    reasons = reasons_of(found)
    show_findings(f"Advice on {version}, before this run: {advice_of(reasons)}", reasons)
    files = write_report(found, reasons, work.out / "monitor")
    return {"advice": advice_of(reasons), "files": [str(file) for file in files]}


STEPS: dict[str, Callable[[Work, Found], Mapping[str, Any]]] = {
    "check": _check, "train": _train, "compare": _compare, "promote": _promote, "score": _score, "export": _export,
    "plan": _plan, "monitor": _monitor,
}  # fmt: skip
"""In their order. Every one may be run again after it was broken off half-way."""


def _source_digest(loaded: Loaded) -> str:
    """Twelve hexadecimal digits of all that was known at as_of, and of as_of itself: scores are of a day."""
    from training.data.population_totals import checksums

    sums = checksums(loaded.histories.as_it_stood(loaded.as_of), loaded.as_of)
    text = "\n".join([str(loaded.as_of), *(f"{name} {value}" for name, value in sorted(sums.items()))])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _ours(kept: Mapping[str, Any]) -> set[str]:
    """The champions that may stand while that run is not finished: the one before it, and its own."""
    return {kept["key"].get("before", ""), kept["steps"].get("train", {}).get("bundle", "")}


def _standing(champions: Path) -> str:
    """The champion's bundle by its digest; "" where there is none."""
    from training.model.champion import published

    try:
        return published(champions).name
    except BundleError:
        return ""
