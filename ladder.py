"""The command line: parses, calls, prints. The one module above all packages, and the one door to the terminal."""

import argparse
import json
import math
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from features.errors import LadderError

DEFAULT_DEMO_FOLDER = Path("demo")
EXIT_DONE, EXIT_REFUSED, EXIT_INTERRUPTED = 0, 1, 130


@dataclass(frozen=True)
class Loaded:
    """A source read as the settings say: what every command on data begins with."""

    settings: Any
    source: Any
    histories: Any
    as_of: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused with one message, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        figures = options.command(options)
    except LadderError as error:
        print(f"ladder: {error}", file=sys.stderr)
        return EXIT_REFUSED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"ladder: {where}{error.strerror or error}. Check the path, and whether there is room.", file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        print("ladder: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except Exception as error:  # whatever went wrong, a user gets a sentence, not a traceback
        if os.environ.get("LADDER_DEBUG"):
            raise
        detail = str(error).splitlines()[0] if str(error) else ""
        print(f"ladder: a mistake of the program: {type(error).__name__}: {detail}", file=sys.stderr)
        print("Set LADDER_DEBUG=1 to see where, and please report it.", file=sys.stderr)
        return EXIT_REFUSED
    if options.json:
        known = {name: None if value != value else value for name, value in figures.items()}  # JSON has no NaN
        print(json.dumps(known, default=str, allow_nan=False))
    return EXIT_DONE


def _check(options: argparse.Namespace) -> Mapping[str, Any]:
    from features.checking import Needs, check_source
    from features.sources import set_aside_frame

    loaded = _load(options, max_bad_share=1.0)
    settings = loaded.settings
    needs = Needs(
        settings.outcome.horizon_days, settings.slices.least_history_days, settings.outcome.recorded_at_least,
        settings.uplift.least_treated,
    )  # fmt: skip
    report = check_source(loaded.source, loaded.histories, settings.ladder, needs, loaded.as_of)
    rows = [[name, f"{read:,}", f"{aside:,}"] for name, (read, aside) in report.tables.items()]
    _show("Tables", ["table", "rows read", "set aside"], rows)
    if report.reasons:
        reasons = [[*key, f"{count:,}"] for key, count in report.reasons.items()]
        _show("Set aside, by reason", ["table", "column", "reason", "rows"], reasons)
    if report.absent:
        print(f"\nNot there: {', '.join(report.absent)}")
    for note in report.notes:
        print(f"Note: {note}")
    _show(f"The ladder at {report.as_of}", ["rung", "accounts"], [[k, f"{v:,}"] for k, v in report.ladder.items()])
    models = [[name, "yes" if ready else "not yet", words] for name, ready, words in report.models]
    _show("What can be trained", ["model", "ready", "why"], models)
    if options.report:
        set_aside_frame(loaded.source).to_csv(options.report, index=False)
        print(f"\nEvery row that was set aside: {options.report}")
    limit = settings.source.max_bad_share
    too_bad = [name for name, (read, aside) in report.tables.items() if aside > limit * max(read, 1)]
    if too_bad:
        print(f"\nTraining and scoring would refuse {', '.join(too_bad)}: more than {limit:.0%} is set aside.")
    return {
        "as_of": report.as_of,
        "ladder": report.ladder,
        "set_aside": len(loaded.source.set_aside),
        "refused": too_bad,
    }


def _partition(options: argparse.Namespace) -> Mapping[str, Any]:
    from features.partitioning import partition

    settings, out = _settings(options), Path(options.out)
    with _progress() as progress:
        cut = partition(options.data, out, options.parts, settings.tables, lambda words: progress(words, 0.0))
    for note in cut.notes:
        print(f"Note: {note}", file=sys.stderr)
    _show("Rows", ["table", "rows"], [[name, f"{rows:,}"] for name, rows in cut.rows.items()])
    print(f"{options.parts:,} parts in {out}; `ladder train` and `ladder score` take it as --data")
    return {"parts": options.parts, "rows": cut.rows, "split_keys": cut.partitions.split_keys, "out": str(out)}


def _train(options: argparse.Namespace) -> Mapping[str, Any]:
    settings = _settings(options)
    _check_cluster(options)
    partitions = _partitions(options)
    folder = Path(settings.registry.champion_folder)
    if partitions is None:
        return _train_on(_load(options), _uri(), options.promote, folder, options.tune)
    from training.gathering import gather_dataset
    from training.pipeline import train_on

    with _crew(options) as (crew, grow), _progress() as progress:
        end = _end_of_parts(partitions, crew, options, progress)
        data = gather_dataset(partitions, crew, settings, end, grow, progress, _note_set_aside)
        tuned = _tune(data, settings, options.tune, progress)
        settings = tuned.settings if tuned else settings
        trained = train_on(data, settings, progress=progress)
    return _record(trained, settings, _uri(), options.promote, folder, tuned)


def _train_on(
    loaded: Loaded, uri: str, force: bool, champion_folder: Path, minutes: float | None = None
) -> Mapping[str, Any]:
    """Tune where minutes are given for it; train, record, register, and promote where that is due."""
    from training.dataset import build_dataset
    from training.pipeline import train_on

    settings, as_of = loaded.settings, loaded.as_of
    with _progress() as progress:
        data = build_dataset(loaded.histories.as_it_stood(as_of), settings, as_of, progress=progress)
        tuned = _tune(data, settings, minutes, progress)
        settings = tuned.settings if tuned else settings
        trained = train_on(data, settings, progress=progress)
    return _record(trained, settings, uri, force, champion_folder, tuned)


def _tune(data: Any, settings: Any, minutes: float | None, progress: Callable[[str, float], None]) -> Any:
    """The settings found in that time, with their trials; None where no tuning was asked for."""
    if minutes is None:
        return None
    from training.tuning import judge_choice, tune

    return judge_choice(data, tune(data, settings, 60 * minutes, progress=progress))


def _record(
    trained: Any, settings: Any, uri: str, force: bool, champion_folder: Path, tuned: Any = None
) -> Mapping[str, Any]:
    """Show what was learnt, register it, and promote it where that is due."""
    from training.promotion import PromotionContext, examine, passes
    from training.registry import ALIAS, Registry
    from training.reporting import as_text, draw_plots, record_cells, record_csv

    for comparison in trained.comparisons:
        _show_comparison(comparison)
    facts = trained.bundle.facts
    records = {
        "managers": ("What account managers' forecasts have been worth, money over the horizon", facts.track_record),
        "acquisition": ("What winning accounts and moving them up bring, money per account", facts.acquisition),
    }
    records = {name: record for name, record in records.items() if record[1]}
    for heading, rows in records.values():
        _show(heading, *record_cells(rows))
    report = [*(tuned.words() if tuned else []), *trained.report]
    _list("What the models are worth, and what they rest on", report)
    if tuned and tuned.changed:
        print(
            f"\nFor the settings file (--config), so that the same data give the same bundle again:\n\n{tuned.toml()}"
        )
    registry = Registry(uri)
    champion = registry.champion()
    champion_facts = None
    if champion is not None:
        from training.bundle import read_bundle

        with tempfile.TemporaryDirectory() as scratch:
            champion_facts = _facts_or_none(lambda: read_bundle(registry.fetch(ALIAS, Path(scratch)))[0].facts)
    findings = examine(PromotionContext(trained.bundle.facts, trained.comparisons, champion_facts, settings.promotion))
    _show("Promotion checks", ["", "check", "found"], [[f.severity, f.title, f.detail] for f in findings])
    with tempfile.TemporaryDirectory() as scratch:
        draw_plots(trained.bundle, trained.comparisons, Path(scratch))
        texts = {f"{c.task}.txt": as_text(c) for c in trained.comparisons} | {"report.txt": "\n".join(report)}
        texts |= {f"{name}.csv": record_csv(rows) for name, (_, rows) in records.items()}
        metrics = dict(trained.bundle.facts.figures)
        if tuned:
            texts |= {"tuning.csv": tuned.table(), "tuned.toml": tuned.toml()}
            metrics |= tuned.figures()
        version = registry.record(trained.bundle, settings, metrics, texts, Path(scratch))
    good, wanted = passes(findings), force or champion is None
    if wanted and good:
        registry.promote(version, champion_folder)
    said = "is champion now" if wanted and good else "was not promoted"
    why = "" if good else f": a check refused it. See why above; `ladder promote {version}` overrules the checks"
    why = why or (
        "" if wanted else f": version {champion} stays champion (use --promote, or `ladder promote {version}`)"
    )
    print(f"\nloyalty-ladder version {version} ({trained.bundle.version}) {said}{why}")
    return {
        "version": version,
        "bundle": trained.bundle.version,
        "champion": wanted and good,
        **trained.bundle.facts.figures,
        **(tuned.figures() if tuned else {}),
    }


def _facts_or_none(read: Callable[[], Any]) -> Any:
    """The champion's facts; None, said aloud, where its bundle is of another catalogue."""
    try:
        return read()
    except LadderError as error:
        print(f"Note: the champion cannot be compared with: {error}", file=sys.stderr)
        return None


def _backtest(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.dataset import build_dataset
    from training.evaluation import evaluate
    from training.grading import grade_report

    loaded = _load(options)
    with _progress() as progress:
        known = loaded.histories.as_it_stood(loaded.as_of)
        data = build_dataset(known, loaded.settings, loaded.as_of, progress=progress)
        comparisons = evaluate(data, loaded.settings, options.folds, progress)
    for comparison in comparisons:
        _show_comparison(comparison)
    if not any(comparison.task == "switching" for comparison in comparisons):
        print("\nSwitching: left out; too few switched before the origins. `ladder check` says what it takes.")
    _list("What the models are worth", grade_report(comparisons))
    return {name: value for comparison in comparisons for name, value in comparison.figures().items()}


def _promote(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.registry import Registry

    settings = _settings(options)
    Registry(_uri()).promote(options.version, Path(settings.registry.champion_folder))
    print(f"loyalty-ladder version {options.version} is champion now")
    return {"champion": options.version}


def _rollback(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.registry import Registry

    version = Registry(_uri()).rollback(Path(_settings(options).registry.champion_folder))
    print(f"loyalty-ladder version {version} is champion again")
    return {"champion": version}


def _score(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.bundle import read_bundle

    if options.out is None and options.to is None:
        options.refuse("Say where the scores go: --out DIR for files, --to URL for the store, or both.")
    _check_cluster(options)
    settings = _settings(options)
    with tempfile.TemporaryDirectory() as scratch:
        bundle, version = read_bundle(_find_bundle(options.model, settings, Path(scratch)))
    if options.to is not None:
        _check_store(options.to)  # before an hour's work
    partitions = _partitions(options, bundle.facts.tables)
    if partitions is None:
        loaded = _load(options, only=bundle.facts.tables)
        out = None if options.out is None else Path(options.out)
        frames, figures = _score_with(bundle, version, loaded, out, options.format, options.language)
        stored = {} if options.to is None else _store_frames(options.to, frames, bundle, loaded.source)
        if stored and options.timelines:
            _store_background(options.to, bundle, loaded.as_of, [(loaded.histories, loaded.source)])
        return {**figures, **stored}
    from serving.batch import read_columns, write_run
    from serving.forecasts import COLUMNS as DISAGREEMENT
    from serving.parts import score_parts
    from serving.result_files import profiles_of
    from serving.scoring import Scorer

    scorer = Scorer(bundle, version)
    with tempfile.TemporaryDirectory() as scratch, _crew(options) as (crew, _), _progress() as progress:
        out, form = (Path(scratch), "parquet") if options.out is None else (Path(options.out), options.format)
        as_of = _end_of_parts(partitions, crew, options, progress)
        written = score_parts(
            partitions, crew, scorer, as_of, settings.source.max_bad_share, out,
            form, progress, _note_set_aside, options.language,
        )  # fmt: skip
        write_run(out, scorer)
        differing = read_columns(written.files[0], DISAGREEMENT)
        profiles = profiles_of(partitions) if "accounts" in partitions.tables else None
        stored = {} if options.to is None else _store_folder(options.to, out, bundle, profiles)
    if stored and options.timelines:
        _store_background(options.to, bundle, as_of, _parts_of(partitions))
    _show_disagreements(differing)
    figures = _say_scored(version, written.accounts, written.investments, written.files if options.out else ())
    return {**figures, **stored}


def _check_store(url: str) -> None:
    """Make the store, or refuse, before there is anything to lose."""
    from serving.store import open_store

    open_store(url).dispose()


def _store_frames(url: str, frames: Sequence[Any], bundle: Any, source: Any) -> Mapping[str, Any]:
    """Write the run into the store, with what the source says of its accounts."""
    from serving.batch import TABLES
    from serving.result_files import facts_of, profile_frame

    known = source.tables.get("accounts")
    profiles = None if known is None else [profile_frame(known)]
    return _store_run(url, facts_of(frames[0], bundle), [dict(zip(TABLES, frames, strict=True))], profiles)


def _store_folder(url: str, folder: Path, bundle: Any, profiles: Any) -> Mapping[str, Any]:
    """Write the run in a folder into the store.  bundle : that scored, None = not at hand."""
    from serving.result_files import read_folder

    return _store_run(url, *read_folder(folder, bundle), profiles)


def _store_run(url: str, facts: Any, chunks: Any, profiles: Any) -> Mapping[str, Any]:
    from serving.results import write_run
    from serving.store import label_of, open_store

    engine = open_store(url)
    try:
        with _progress() as progress:
            progress("writing to the store", 0.0)
            written = write_run(engine, facts, chunks, profiles)
    finally:
        engine.dispose()
    changed = f"{written.changed:,} of {written.accounts:,} accounts changed, {written.removed:,} removed"
    print(f"{label_of(url)}: {changed}")
    return {"changed": written.changed, "removed": written.removed, "run": written.run_id}


def _store_background(url: str, bundle: Any, as_of: int, parts: Any) -> None:
    """Write what stands behind the scores, for the page.  parts : histories and sources."""
    from serving.background import background_of, write_background
    from serving.results import current_run
    from serving.store import open_store, reading

    engine = open_store(url)
    try:
        with reading(engine) as connection:
            current = current_run(connection)
        with _progress() as progress:
            progress("writing the timelines", 0.0)
            made = (background_of(histories, source, as_of, bundle.facts) for histories, source in parts)
            changed = write_background(engine, current.run_id, bundle.facts, made) if current is not None else 0
    finally:
        engine.dispose()
    print(f"{changed:,} timelines changed")


def _parts_of(partitions: Any) -> Iterator[tuple[Any, Any]]:
    """Histories and source of each part, one in memory at a time."""
    from features.histories import build_histories
    from features.outlines import read_part

    for part in partitions.parts:
        source = read_part(part)
        yield build_histories(source, consume=True), source


def _score_with(
    bundle: Any, version: str, loaded: Loaded, out: Path | None, form: str, language: str = "en"
) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """The tables of the run, written into a folder where there is one, and what is said of them."""
    from serving.batch import TABLES, score_frames, write_frames, write_run
    from serving.scoring import Scorer

    with _progress() as progress:
        progress("scoring", 0.0)
        scorer = Scorer(bundle, version)
        frames = score_frames(scorer, loaded.histories, loaded.as_of, language)
        progress("scoring", 1.0)
    written = [] if out is None else write_frames(dict(zip(TABLES, frames, strict=True)), out, form)
    if out is not None:
        write_run(out, scorer)
    _show_disagreements(frames[0])
    return frames, _say_scored(version, len(frames[0]), len(frames[1]), written)


def _say_scored(version: str, accounts: int, investments: int, written: Sequence[Path]) -> Mapping[str, Any]:
    where = f": {', '.join(str(path) for path in written)}" if written else ""
    print(f"{accounts:,} accounts scored with {version}{where}")
    if not investments:
        print("No uplift: the model knows no investments. `ladder check` says what it takes.")
    return {"accounts": accounts, "model_version": version, "files": [str(path) for path in written]}


def _changes(options: argparse.Namespace) -> Mapping[str, Any]:
    from features.errors import SettingsError
    from serving.changes import PARTS, largest_changes, split_changes

    out = Path(options.out)
    if out.suffix not in (".parquet", ".csv"):
        raise SettingsError(f"--out {out} must end in .parquet or .csv.")
    settings = _settings(options)
    before, after = (_run(Path(folder), model, name, settings) for folder, model, name in (
        (options.before, options.model_before, "before"), (options.after, options.model_after, "after"),
    ))  # fmt: skip
    source = _load(options, keep=True).source
    with _progress() as progress:
        progress("scoring at every step", 0.0)
        changes = split_changes(before, after, source)
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".csv":
        changes.to_csv(out, index=False)
    else:
        changes.to_parquet(out, index=False)
    _list("The largest changes", largest_changes(changes))
    parts = {part: float(changes[f"p_switch_{part}"].abs().mean()) for part in PARTS}
    said = ", ".join(f"{part} {share:.4f}" for part, share in parts.items())
    print(f"\n{len(changes):,} accounts in {out}; mean absolute part of the change in p_switch: {said}")
    return {"accounts": len(changes), "out": str(out), **{f"p_switch_{part}": share for part, share in parts.items()}}


def _plan(options: argparse.Namespace) -> Mapping[str, Any]:
    from serving.arms import Draw
    from serving.batch import read_claim_ratio
    from serving.plan import Allowance, make_plan, plan_from
    from serving.plan_files import form_of, read_run, write_plan
    from serving.plan_words import plan_in_words
    from training.integer_program import solve

    settings, out = _settings(options), Path(options.out)
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
    with _progress() as progress:
        progress("planning", 0.0)
        draw = Draw(options.holdout, options.explore, options.seed)
        if options.store is None:
            model = tables[0]["model_version"]
            ratio = read_claim_ratio(Path(options.scores), str(model.iloc[0])) if len(model) else None
            plan = make_plan(*tables, allowance, draw, options.on, owners, solve, ratio)
        else:
            plan = plan_from(offered.menu, offered.run, allowance, draw, options.on, solve, offered.claim_ratio)
    _list("The plan", plan_in_words(plan.record))
    print(f"\n{' and '.join(str(path) for path in write_plan(plan, out))} written")
    left_out = ("strata", "limits")
    return {name: value for name, value in plan.record.items() if name not in left_out} | {"out": str(out)}


def _read_stored_options(url: str, owners: Mapping[str, str] | None) -> Any:
    """What a plan is made from, as the store and the managers' decisions in it have it."""
    from dataclasses import replace

    import numpy as np

    from features.errors import SettingsError
    from serving.plans import Planner, narrow
    from serving.refusals import Refusal
    from serving.store import open_store

    engine = open_store(url, make=False)
    try:
        offered, wishes = Planner().read(engine, time.time_ns() // 1000)
    except Refusal as refusal:
        raise SettingsError(refusal.message) from None
    finally:
        engine.dispose()
    menu, narrowed = narrow(offered.menu, wishes)
    if owners is not None:
        menu = replace(menu, owner=np.array([owners.get(account) for account in menu.accounts], object))
    if narrowed:
        print(f"Note: managers' decisions narrow the options of {narrowed:,} accounts", file=sys.stderr)
    return replace(offered, menu=menu)


def _export(options: argparse.Namespace) -> Mapping[str, Any]:
    from serving.batch import read_scores
    from serving.exports import export, stored_scores
    from serving.store import open_store

    url = _store_of(options) if options.scores is None else None
    if options.scores is not None and (options.store is not None or options.changed):
        options.refuse("--scores DIR stands alone: --store and --changed are about the store.")
    if options.scores is not None:
        scores = read_scores(Path(options.scores))
    elif url is None:
        options.refuse("Say where the scores are: --scores DIR or --store URL.")
    else:
        engine = open_store(url, make=False)
        try:
            scores = stored_scores(engine, options.changed)
        finally:
            engine.dispose()
    done = export(scores, options.crm, Path(options.out))
    print(f"{done.accounts:,} accounts for {options.crm}: {', '.join(str(file) for file in done.files)}")
    if done.left_out:
        print(
            f"Note: {done.left_out:,} accounts are left out: their ids would be run as formulas or misread.",
            file=sys.stderr,
        )
    return {"accounts": done.accounts, "left_out": done.left_out, "files": [str(file) for file in done.files]}


def _owners(options: argparse.Namespace) -> Mapping[str, str]:
    """Account -> its manager, as far as the source says."""
    histories = _load(options).histories
    owner = histories.profile.get("owner", [])
    return {a: o for a, o in zip(histories.account_ids, owner, strict=False) if o is not None}


def _monitor(options: argparse.Namespace) -> Mapping[str, Any]:
    from serving.plan_files import read_plan

    url = _store_of(options)
    if not options.plan and url is None:
        options.refuse(
            "Say what to look at: --plan FILE for plans, --store URL for accepted plans and overrides, or both."
        )
    plans = [(file, read_plan(Path(file))) for file in options.plan]
    accepted = [] if url is None else _accepted_plans(url)
    loaded = _load(options)
    brought = _judge_plans([*plans, *accepted], loaded, bool(plans), url) if plans or accepted else {}
    overruled = {} if url is None else _judge_overrides(url, loaded)
    return {**brought, **overruled}


def _keep_verdicts(url: str, as_of: int, found: Sequence[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Keep for the page what was found.  found : kind, name and figures of each."""
    from serving.store import open_store, writing
    from serving.verdicts import keep_verdict

    engine = open_store(url, make=False)
    try:
        with writing(engine) as connection:
            for kind, name, figures in found:
                keep_verdict(connection, kind, name, as_of, figures)
    finally:
        engine.dispose()


def _accepted_plans(url: str) -> Sequence[tuple[str, Any]]:
    """The plans that were accepted on the managers' page, latest first, each with what it is called."""
    from serving.accepted import accepted_plan, accepted_plans
    from serving.store import open_store, reading

    engine = open_store(url, make=False)
    try:
        with reading(engine) as connection:
            ids = [one.plan_id for one in accepted_plans(connection)]
            return [(f"Accepted plan {plan_id}", accepted_plan(connection, plan_id)[1]) for plan_id in ids]
    finally:
        engine.dispose()


def _judge_overrides(url: str, loaded: Loaded) -> Mapping[str, Any]:
    """Who was right where managers overruled the model about switching; nothing where they never did."""
    from serving.overrides import claims
    from serving.store import open_store, reading
    from training.overruled import definition_of, judge, verdict_in_words

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
    _list("Managers' overrides of switching", verdict_in_words(verdict, level))
    told = {"waiting": verdict.waiting, "switched": verdict.switched, "compared": verdict.compared}
    by = {name: list(counts) for name, counts in verdict.by_manager.items()}
    _keep_verdicts(url, loaded.as_of, [("overrides", "all", {**verdict.figures(), **told, "by_manager": by})])
    return verdict.figures()


def _judge_plans(plans: Sequence[tuple[str, Any]], loaded: Loaded, asked: bool, url: str | None) -> Mapping[str, Any]:
    """What plans brought, each and together, kept for the page where there is a store.

    asked : for plans; else that none can be judged is only said.
    """
    from features.errors import NotEnoughData
    from training.followed import follow, listed
    from training.realised import pooled, realised
    from training.realised_words import pooled_in_words, realised_in_words

    level, parts, figures = loaded.settings.uplift.level, [], {}
    kept: list[tuple[str, str, Mapping[str, Any]]] = []
    for file, plan in plans:
        try:
            selected = follow(listed(plan.rows, plan.record), loaded.histories, loaded.as_of, loaded.settings)
            result = realised(selected, level)
        except NotEnoughData as error:
            if len(plans) == 1 and asked:
                raise
            print(f"\n{file}: {error}")
            continue
        parts.append((selected, result))
        figures[file] = result.figures()
        made = {"made_for": plan.record["as_of"], "treated": result.treated, "held_out": result.held_out}
        kept.append(("plan", str(plan.record.get("plan_id") or Path(file).name), {**figures[file], **made}))
        _list(f"{file}, made for {plan.record['as_of']}", realised_in_words(result, level))
    if not parts and not asked:
        return {}
    if not parts:
        raise NotEnoughData("None of these plans can be judged yet; what stands above says why.")
    if url is not None:
        _keep_verdicts(url, loaded.as_of, kept)
    gain, promised = pooled(parts, level)
    if len(parts) > 1:
        print(f"\n{pooled_in_words(gain, promised, len(parts))}")
    return {
        "plans": figures, "gain": gain.value, "gain_low": gain.low, "gain_high": gain.high, "promised": promised,
    }  # fmt: skip


def _run(folder: Path, model: str | None, name: str, settings: Any) -> Any:
    """A run's scores and the model that made them: the one given, else the one of that version among the champions."""
    from features.errors import RegistryError
    from serving.batch import read_scores
    from serving.changes import Run
    from serving.scoring import Scorer
    from training.bundle import read_bundle

    scores = read_scores(folder)
    version = str(scores["model_version"].iloc[0]) if len(scores) else ""
    kept = Path(settings.registry.champion_folder) / version
    if model is None and not kept.is_dir():
        raise RegistryError(
            f"The scores in {folder} were made by model {version}, which is not in {kept.parent}. Give it with "
            f"--model-{name}, as models:/loyalty-ladder/VERSION or the folder of its bundle."
        )
    with tempfile.TemporaryDirectory() as scratch:
        return Run(
            scores, Scorer(*read_bundle(kept if model is None else _find_bundle(model, settings, Path(scratch))))
        )


def _simulate(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.simulation import simulate, write

    out = Path(options.out)
    with _progress() as progress:
        simulation = simulate(
            options.scenario, accounts=options.accounts, months=options.months, seed=options.seed,
            progress=lambda done: progress("simulating", done),
        )  # fmt: skip
    write(simulation, out)
    print(f"{len(simulation.truth):,} accounts over {options.months} months in {out}; the truth beside it")
    return {"accounts": len(simulation.truth), "out": str(out), "truth": str(out.parent / "truth.parquet")}


def _serve(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.champion import standing

    settings = _settings(options)
    with tempfile.TemporaryDirectory() as scratch:
        if options.model is None:  # the folder itself, so that the next champion takes over without a restart
            folder = Path(settings.registry.champion_folder)
        else:
            folder = _find_bundle(options.model, settings, Path(scratch))
        _fill_store(standing(folder), options)
        _serve_until_stopped(
            folder, settings, options, lambda url: print(f"Serving at {url}; Ctrl-C ends it", flush=True)
        )
    return {"port": options.port}


def _fill_store(folder: Path, options: argparse.Namespace) -> None:
    """Make the store, with the scores and the accounts that were given.  folder : of the model that is served."""
    from serving.result_files import read_folder
    from serving.results import put_profiles
    from serving.store import open_store, writing
    from training.bundle import read_bundle

    _check_store(options.store)
    profiles = None if options.data is None else _profiles(options)
    if options.scores is not None:
        bundle, version = read_bundle(folder)
        facts, chunks = read_folder(Path(options.scores))
        if version == facts.model_version:
            facts, chunks = read_folder(Path(options.scores), bundle)
        _store_run(options.store, facts, chunks, profiles)
    elif profiles is not None:
        engine = open_store(options.store)
        try:
            with writing(engine) as connection:
                put_profiles(connection, profiles)
        finally:
            engine.dispose()
    if options.data is not None:
        _look_back(read_bundle(folder)[0], options)


def _look_back(bundle: Any, options: argparse.Namespace) -> None:
    """Write what stands behind the store's scores, from the source that was given; nothing where there are none."""
    from serving.results import current_run
    from serving.store import open_store, reading

    engine = open_store(options.store)
    try:
        with reading(engine) as connection:
            current = current_run(connection)
    finally:
        engine.dispose()
    if current is None:
        return
    partitions = _partitions(options, bundle.facts.tables)
    if partitions is None:
        loaded = _load(options, only=bundle.facts.tables)
        parts = iter([(loaded.histories, loaded.source)])
    else:
        parts = _parts_of(partitions)
    _store_background(options.store, bundle, current.facts.as_of, parts)


def _profiles(options: argparse.Namespace) -> Sequence[Any] | None:
    """What the source says of its accounts; None where it has no such table."""
    from features.partitions import read_partitions
    from features.sources import read_one
    from serving.result_files import profile_frame, profiles_of

    partitions = read_partitions(options.data)
    if partitions is not None:
        return list(profiles_of(partitions)) if "accounts" in partitions.tables else None
    columns = read_one(options.data, "accounts", _settings(options).tables)
    return None if columns is None else [profile_frame(columns)]


def _serve_until_stopped(
    folder: Path, settings: Any, options: argparse.Namespace, announce: Callable[[str], None]
) -> None:
    from serving.server import Terms, serve

    limits = settings.service
    terms = Terms(
        getattr(options, "host", "127.0.0.1"), getattr(options, "workers", 1), getattr(options, "store", None),
        limits.requests_per_second, limits.requests_at_once, limits.most_waiting, limits.proxy_user_header,
        limits.currency,
    )  # fmt: skip
    if serve(folder, options.port, terms, announce) != EXIT_DONE:
        raise LadderError("The service ended by itself; what it wrote above says why.")


def _keys(options: argparse.Namespace) -> Mapping[str, Any]:
    from features.errors import SettingsError
    from serving.keys import create_key, list_keys, revoke_key
    from serving.store import open_store

    engine = open_store(options.store)
    try:
        if options.action == "create":
            if options.name is None:
                raise SettingsError("A key needs a name: give --name, such as the program that will use it.")
            secret = create_key(engine, options.name, set(options.scopes.split(",")))
            print("This is the key. It is shown this once and kept nowhere:", file=sys.stderr)
            print(secret)
        elif options.action == "revoke":
            if options.key is None:
                raise SettingsError("Say which key: `ladder keys revoke ID`. `ladder keys list` shows them.")
            print(f"Key {revoke_key(engine, options.key)} is revoked; running services refuse it within seconds")
        keys = list_keys(engine)
    finally:
        engine.dispose()
    if options.action == "list":
        rows = [[k.key_id, k.name, k.scopes, k.created_at, k.revoked_at or ""] for k in keys]
        _show("Keys", ["id", "name", "scopes", "created", "revoked"], rows)
    return {"keys": sum(key.revoked_at is None for key in keys)}


def _demo(options: argparse.Namespace) -> Mapping[str, Any]:
    import pandas as pd

    from training.bundle import read_bundle
    from training.champion import published
    from training.truth import against_truth

    folder = Path(options.folder)
    _clear_demo(folder)
    folder.mkdir(parents=True, exist_ok=True)
    options.out, options.data, options.as_of = folder / "source", str(folder / "source"), None
    options.scenario, options.report = "default", None
    _say(f"1. A supplier is simulated: {options.accounts:,} accounts over {options.months} months")
    _simulate(options)
    _say("2. What the data hold (ladder check)")
    _check(options)
    _say("3. Models are trained and judged beside the baselines, out of time (ladder train)")
    loaded = _load(options)
    uri = os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    trained = _train_on(loaded, uri, True, folder / "champion")
    _say("4. Every account is scored (ladder score)")
    bundle, version = read_bundle(published(folder / "champion"))
    frames, _ = _score_with(bundle, version, loaded, folder / "scores", "parquet")
    options.store = f"sqlite:///{folder / 'ladder.db'}"
    _store_frames(options.store, frames, bundle, loaded.source)
    _store_background(options.store, bundle, loaded.as_of, [(loaded.histories, loaded.source)])
    scores = pd.read_parquet(folder / "scores" / "scores.parquet")
    _show_ladder(scores)
    _show_first(scores, 10)
    _say("5. The scores against the simulation's truth, which no model has seen")
    figures = against_truth(scores, pd.read_parquet(folder / "truth.parquet"))
    _show("Against the truth", ["figure", "value"], [[k.replace("_", " "), f"{v:,.3f}"] for k, v in figures.items()])
    if options.serve:
        _serve_demo(folder / "champion", loaded.settings, options)
    return {**trained, **figures}


def _clear_demo(folder: Path) -> None:
    """Remove what an earlier demonstration left, and only that."""
    for name in ("source", "champion", "scores", "mlruns"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("truth.parquet", "mlflow.db", "request.json", "ladder.db", "ladder.db-wal", "ladder.db-shm"):
        (folder / name).unlink(missing_ok=True)


def _serve_demo(champion: Path, settings: Any, options: argparse.Namespace) -> None:
    """Serve the champion, ask it once, and show how to ask it again."""
    _say("6. The champion is served (ladder serve); Ctrl-C ends it")
    orders = [{"ordered_at": "2025-09-18", "revenue": 950.0}, {"ordered_at": "2025-11-04", "revenue": 1200.0}]
    body = json.dumps({"as_of": "2026-01-01", "accounts": [{"account_id": "NEW-1", "orders": orders}]})

    def announce(url: str) -> None:
        request = Request(f"{url}/score", body.encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=30) as response:
            answered = json.load(response)["results"][0]["scores"]
        shown = {name: answered[name] for name in ("account_id", "rung", "next_rung", "p_switch", "expected_revenue")}
        print(f"First answer: {json.dumps(shown)}\n\nAsk it yourself, in another terminal:\n")
        print(f"curl -s {url}/score -H 'Content-Type: application/json' -d '{body}'\n", flush=True)

    _serve_until_stopped(champion, settings, options, announce)


def _settings(options: argparse.Namespace) -> Any:
    from training.settings import read_settings

    return read_settings(Path(options.config) if options.config else None)


def _load(
    options: argparse.Namespace,
    max_bad_share: float | None = None,
    keep: bool = False,
    only: Sequence[str] | None = None,
) -> Loaded:
    """The settings, the source, its histories and the as_of of a command.

    keep : the source's tables too.  only : tables that feedback may add rows to.
    """
    from features.additions import add_rows
    from features.histories import build_histories
    from features.partitions import read_partitions
    from features.snapshots import instant
    from features.sources import read_source
    from features.strays import strays

    settings = _settings(options)
    share = settings.source.max_bad_share if max_bad_share is None else max_bad_share
    mapped = {} if read_partitions(options.data) else settings.tables  # a part has the contract's names already
    with _progress() as progress:
        source = read_source(options.data, mapped, max_bad_share=share, progress=lambda name: progress(f"{name}", 0.0))
        told = _feedback(options)
        if told:
            source = add_rows(source, told, only)
        consume = max_bad_share is None and not keep  # else a report looks into the tables
        histories = build_histories(source, consume=consume)
    if max_bad_share is None:
        for note in source.notes:
            print(f"Note: {note}", file=sys.stderr)
        _note_set_aside(len(source.set_aside))
    as_of = getattr(options, "as_of", None)
    if not as_of:
        _note_strays(strays(histories))
    return Loaded(settings, source, histories, instant(as_of) if as_of else histories.end)


def _feedback(options: argparse.Namespace) -> Mapping[str, Any]:
    """What the CRM told the service, as rows of a source; nothing where a command takes none or there is no store."""
    if not hasattr(options, "store"):
        return {}
    url = _store_of(options)
    if url is None:
        return {}
    from serving.feedback import feedback_rows
    from serving.store import open_store, reading

    engine = open_store(url, make=False)
    try:
        with reading(engine) as connection:
            return feedback_rows(connection, time.time_ns() // 1000)
    finally:
        engine.dispose()


def _store_of(options: argparse.Namespace) -> str | None:
    """The URL given, or the store that the scores go to, or that of the default file where there is one."""
    from serving.store import DEFAULT_URL, file_of

    given = options.store if options.store is not None else getattr(options, "to", None)
    if given is not None:
        return str(given)
    file = file_of(DEFAULT_URL)
    return DEFAULT_URL if file is not None and file.is_file() else None


def _partitions(options: argparse.Namespace, only: Sequence[str] | None = None) -> Any:
    """The parts of a partitioned source with their feedback; None where it is none.

    only : tables that feedback may add rows to.
    """
    from features.additions import add_rows_to_parts
    from features.partitions import read_partitions

    partitions = read_partitions(options.data)
    if partitions is None:
        return None
    told = _feedback(options)
    return add_rows_to_parts(partitions, told, only) if told else partitions


def _check_cluster(options: argparse.Namespace) -> None:
    """Refuse a cluster for a source that is in one piece, before anything else is looked for."""
    from features.errors import SettingsError
    from features.partitions import read_partitions

    if options.dask and read_partitions(options.data) is None:
        raise SettingsError(
            "--dask works on a partitioned source, and --data is none. Cut it into parts first: "
            "`ladder partition --data SOURCE --out DIR`, where DIR is a folder that all workers see."
        )


@contextmanager
def _crew(options: argparse.Namespace) -> Iterator[Any]:
    """Who works on the parts and who grows the boosters: this process, or the cluster that was asked for."""
    if options.dask:
        from training.distributed import connect

        with connect(options.dask) as cluster:
            yield cluster, cluster.grow
    else:
        from features.partitions import Alone
        from training.growing import grow_here

        yield Alone(), grow_here


def _end_of_parts(
    partitions: Any, crew: Any, options: argparse.Namespace, progress: Callable[[str, float], None]
) -> int:
    """The as_of that was asked for, or the midnight after the last event of all parts."""
    from features.outlines import join_outlines, outline
    from features.snapshots import instant

    for note in partitions.notes():
        print(f"Note: {note}", file=sys.stderr)
    if options.as_of:
        return instant(options.as_of)
    outlines = []
    for one in crew.answers(outline, partitions.parts):
        outlines.append(one)
        progress("parts read", len(outlines) / len(partitions.parts))
    whole = join_outlines(outlines)
    _note_strays(whole.strays())
    return whole.end


def _note_set_aside(rows: int) -> None:
    if rows:
        print(f"Note: {rows:,} rows were set aside; `ladder check` lists them.", file=sys.stderr)


def _note_strays(far: Any) -> None:
    from features.snapshots import iso

    if far is not None:
        where = ", ".join(f"{count} of {name}" for name, count in far.tables.items())
        words = f"lie {far.gap_days:,.0f} days after all other events, and the default --as-of"
        print(f"Note: {where} {words}", file=sys.stderr)
        print(f"      follows them. If that is a typing error, give --as-of {iso(far.last_before)}.", file=sys.stderr)


def _find_bundle(model: str | None, settings: Any, scratch: Path) -> Path:
    """The folder of the model that was asked for: a folder, `models:/...`, or by default the champion."""
    from features.errors import RegistryError
    from training.bundle import MANIFEST, NAME
    from training.champion import published
    from training.registry import ALIAS, Registry

    folder = Path(settings.registry.champion_folder)
    if model is None:
        return published(folder)
    for prefix in (f"models:/{NAME}/", f"models:/{NAME}@"):
        if model.startswith(prefix):
            wanted = model.removeprefix(prefix)
            if wanted != ALIAS and not wanted.isdigit():
                break
            return Registry(_uri()).fetch(wanted, scratch)
    if (Path(model) / MANIFEST).is_file():
        return Path(model)
    raise RegistryError(
        f"{model} is no model: give models:/{NAME}/VERSION, models:/{NAME}@{ALIAS}, or the folder of a bundle."
    )


def _uri() -> str:
    from training.registry import DEFAULT_URI

    return os.environ.get("MLFLOW_TRACKING_URI", DEFAULT_URI)


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """A progress bar on the terminal's error channel; it vanishes when the work is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def advance(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=1.0)
            bar.update(tasks[what], completed=share)

        yield advance


def _say(text: str) -> None:
    print(f"\n=== {text}", flush=True)


def _list(title: str, lines: Sequence[str]) -> None:
    print(f"\n{title}")
    for line in lines:
        print(f"  - {line}")


def _show(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table in plain columns; numbers stand right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, title_style="bold")
    for position, heading in enumerate(headings):
        numeric = all(_NUMBER.fullmatch(row[position]) for row in rows)
        table.add_column(heading, justify="right" if numeric and position else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    width = shutil.get_terminal_size((140, 40)).columns
    Console(width=max(width, 100), highlight=False, markup=False).print(table)


_NUMBER = re.compile(r"|[+-]?[0-9][0-9,.]*%?( \[.*\])?")
"""What stands right in a column: nothing, or a number, perhaps with its interval."""


def _show_comparison(comparison: Any) -> None:
    from training.reporting import table_rows, title

    headings, rows = table_rows(comparison)
    _show(title(comparison), headings, rows)
    if comparison.unseen:
        unseen = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in comparison.unseen.items())
        print(f"On accounts never learnt from: {unseen}")


def _show_ladder(scores: Any) -> None:
    from features.tables import RUNGS

    now, then = scores["rung"].value_counts(), scores[[f"p_{rung}" for rung in RUNGS]].sum()
    rows = [[rung, f"{now.get(rung, 0):,}", f"{then[f'p_{rung}']:,.0f}"] for rung in reversed(RUNGS)]
    _show("The ladder", ["rung", "accounts now", "expected at the horizon"], rows)


def _show_first(scores: Any, most: int) -> None:
    first = scores.dropna(subset=["rank"]).sort_values("rank").head(most)
    rows = []
    for row in first.itertuples():
        switch = "" if row.p_switch != row.p_switch else f"{row.p_switch:.0%}"
        reasons = "\n".join(json.loads(row.reasons))
        figures = [f"{row.expected_gain:,.0f}", f"{row.roi:.1f}", switch]
        rows.append([str(row.rank), row.account_id, row.rung, row.recommended_investment, *figures, reasons])
    headings = ["rank", "account", "rung", "investment", "expected gain", "ROI", "p switch", "reasons"]
    if rows:
        _show(f"The first {len(rows)} accounts by ROI", headings, rows)
    else:
        print("\nNo investment is expected to earn more than it costs, for any account.")


def _show_disagreements(scores: Any) -> None:
    """Where account manager and history expect the most different of a climb."""
    from serving.forecasts import HEADINGS, disagreement_cells, strongest_disagreements

    rows = disagreement_cells(strongest_disagreements(scores, 10))
    if rows:
        _show("Where account managers and history differ most about a climb (not causal)", HEADINGS, rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ladder", description="Where every account stands, where it goes, whom to invest in."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (run, text, arguments) in COMMANDS.items():
        command = commands.add_parser(
            name, help=text, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter
        )
        for flags, keywords in (*arguments, *EVERYWHERE):
            command.add_argument(*flags, **keywords)
        command.set_defaults(command=run, refuse=command.error)
    return parser


def _at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above zero")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes above zero")
    return minutes


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not 0 <= amount < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of zero or more")
    return amount


def _bond_amount(text: str) -> tuple[str, float]:
    bond, _, amount = text.partition("=")
    return bond, _amount(amount)


Argument = tuple[tuple[str, ...], dict[str, Any]]


def _argument(*flags: str, **keywords: Any) -> Argument:
    return flags, keywords


EVERYWHERE = (
    _argument("--config", metavar="FILE", help="settings, TOML; conf/ladder.toml explains every one"),
    _argument("--json", action="store_true", help="make the last line a JSON object with the main figures"),
)
DATA = _argument("--data", required=True, metavar="SOURCE", help="a folder of Parquet or CSV files, or a database URL")
AS_OF = _argument(
    "--as-of", metavar="T", help="look from here, UTC, as 2026-01-31; else the midnight after the last event"
)
DASK = _argument(
    "--dask",
    metavar="ADDRESS",
    help="run on the Dask cluster whose scheduler is at tcp://HOST:PORT; --data is partitioned",
)
FEEDBACK = _argument(
    "--store",
    metavar="URL",
    help="store whose feedback is read too; else that of --to, or sqlite:///ladder.db if there",
)
MODEL = _argument(
    "--model", metavar="URI", help="models:/loyalty-ladder/VERSION or a bundle's folder; else the champion"
)
PORT = _argument("--port", type=int, default=3000, help="TCP port")
STORE = _argument(
    "--store", metavar="URL", default="sqlite:///ladder.db", help="where keys, scores and feedback are kept"
)
ACCOUNTS = _argument("--accounts", type=int, default=3000, metavar="N", help="number of accounts")
MONTHS = _argument("--months", type=int, default=48, metavar="M", help="months of 30 days")
SEED = _argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same bytes")

COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], Mapping[str, Any]], str, tuple[Argument, ...]]] = {
    "demo": (_demo, "the main job, end to end, on simulated accounts; then serve it", (
        ACCOUNTS, MONTHS, SEED, PORT,
        _argument("--folder", default=str(DEFAULT_DEMO_FOLDER), help="where everything is written"),
        _argument("--no-serve", dest="serve", action="store_false", help="stop before serving"),
    )),
    "simulate": (_simulate, "a source with known truth (truth.parquet beside it, never inside)", (
        _argument("--out", required=True, metavar="DIR", help="folder of the tables"),
        _argument("--scenario", default="default", help="which world; an unknown name lists them"),
        ACCOUNTS, MONTHS, SEED,
    )),
    "partition": (_partition, "cut a source by account into parts, for one larger than memory or for a cluster", (
        DATA,
        _argument("--out", required=True, metavar="DIR", help="an empty folder, for a cluster one that it sees too"),
        _argument("--parts", type=_at_least_one, default=16, metavar="N",
                  help="how many; each must fit into a worker's memory, as docs/scale.md tells"),
    )),
    "check": (_check, "the data report: rows set aside, the ladder, what can be trained", (
        DATA, AS_OF, FEEDBACK, _argument("--report", metavar="FILE", help="write every row set aside to this CSV file"),
    )),
    "train": (_train, "train all models, track and register them", (
        DATA, AS_OF, FEEDBACK, DASK,
        _argument("--promote", action="store_true", help="make it champion if it passes the checks"),
        _argument("--tune", type=_minutes, metavar="MINUTES",
                  help="first search the boosters' settings for so long, on origins before any that is judged; the "
                       "clock decides how many are tried, so the same data and seed may end with others: what was "
                       "taken is printed as TOML for --config, with which the bundle is the same again"),
    )),
    "backtest": (_backtest, "out-of-time evaluation beside the baselines", (
        DATA, AS_OF, FEEDBACK, _argument("--folds", type=_at_least_one, default=3, metavar="K", help="rolling origins"),
    )),
    "promote": (_promote, "make a version champion", (_argument("version", type=int, help="number in the registry"),)),
    "rollback": (_rollback, "make the former champion champion again", ()),
    "score": (_score, "score every account", (
        DATA, AS_OF, FEEDBACK, MODEL, DASK, _argument("--out", metavar="DIR", help="where the files go"),
        _argument("--to", metavar="URL", help="store that the run goes to: sqlite:///FILE or postgresql://..."),
        _argument("--format", default="parquet", choices=("parquet", "csv", "xlsx"), help="of the files"),
        _argument("--language", default="en", choices=("en", "nl"), help="of the reasons: English or Dutch"),
        _argument("--no-timelines", dest="timelines", action="store_false",
                  help="write scores only into the store, not what the page shows behind them"),
    )),
    "changes": (_changes, "why scores changed between two runs: behaviour, corrected data, another model", (
        _argument("--before", required=True, metavar="DIR", help="folder of the earlier run's scores"),
        _argument("--after", required=True, metavar="DIR", help="folder of the later run's scores"),
        DATA, FEEDBACK,
        _argument("--model-before", metavar="URI", help="of the earlier run; else looked up among the champions"),
        _argument("--model-after", metavar="URI", help="of the later run; else looked up among the champions"),
        _argument("--out", required=True, metavar="FILE", help="the table, .parquet or .csv"),
    )),
    "plan": (_plan, "which accounts get which investment, under a budget", (
        _argument("--scores", metavar="DIR", help="folder that `ladder score` wrote"),
        _argument("--store", metavar="URL",
                  help="instead: the store that `ladder score --to` wrote to, with owners and managers' decisions"),
        _argument("--budget", required=True, type=_amount, metavar="EUR", help="money for investments; never exceeded"),
        _argument("--out", required=True, metavar="FILE", help=".csv, .parquet or .xlsx; FILE.json tells of the whole"),
        _argument("--holdout", type=_amount, default=0.1, metavar="SHARE",
                  help="of the selected, held out by lot so that the plan's worth can be measured, 0 .. 0.5"),
        _argument("--explore", type=_amount, default=0.0, metavar="SHARE",
                  help="of the selected, given another option that pays by lot, so that all stay known, 0 .. 0.5"),
        _argument("--on", default="expected", choices=("expected", "low"), help="the gain, or its interval's low end"),
        _argument("--data", metavar="SOURCE", help="whose accounts.owner says who manages what"),
        _argument("--owner-budget", type=_amount, metavar="EUR", help="money for each owner's accounts"),
        _argument("--bond-budget", type=_bond_amount, action="append", default=[], metavar="BOND=EUR",
                  help="money for all options of a bond: financial, social or structural; may be repeated"),
        _argument("--hours", type=_amount, metavar="N", help="of each owner; what options take is set in plan.hours"),
        _argument("--seed", type=int, default=0, metavar="S", help="of the lots"),
    )),
    "monitor": (_monitor, "what plans brought: the treated against the held-out, beside what was promised", (
        DATA, AS_OF, FEEDBACK,
        _argument("--plan", nargs="+", action="extend", default=[], metavar="FILE",
                  help="plans that `ladder plan` wrote, with their FILE.json beside them"),
    )),
    "export": (_export, "scores as a CSV file that a CRM imports", (
        _argument("--crm", required=True, choices=("salesforce", "dynamics", "hubspot"), help="whose importer"),
        _argument("--scores", metavar="DIR", help="folder that `ladder score` wrote"), FEEDBACK,
        _argument("--changed", action="store_true", help="only the accounts that the store's last run changed"),
        _argument("--out", required=True, metavar="FILE", help=".csv; FILE-1.csv, FILE-2.csv, ... if it is too large"),
    )),
    "serve": (_serve, "serve the champion over HTTP", (
        MODEL, PORT, STORE,
        _argument("--scores", metavar="DIR", help="folder that `ladder score` wrote: put into the store at the start"),
        _argument("--data", metavar="SOURCE", help="whose accounts (names, owners) are put into the store"),
        _argument("--host", default="127.0.0.1", help="address to listen on; beyond this machine only with keys"),
        _argument("--workers", type=_at_least_one, default=1, help="processes"),
    )),
    "keys": (_keys, "make, list and revoke the service's API keys", (
        _argument("action", choices=("create", "list", "revoke"), help="what to do"),
        _argument("key", nargs="?", help="to revoke: id or name"), STORE,
        _argument("--name", metavar="N", help="to create: which program will use it"),
        _argument("--scopes", default="score", metavar="S,S",
                  help="to create: what it is good for, of score, plan, feedback, admin, page"),
    )),
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
