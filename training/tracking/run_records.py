"""The record of a training as plain values: a run, its models' runs, and their origins' runs.

Nothing here knows MLflow. Metrics of a child carry no prefix, so that the same model of several trainings stands in one
column of the tracker's comparison; an interval is NAME_low and NAME_high (95 %, as in the report).
"""

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from features.instants import iso
from features.tables import BONDS, RUNGS
from training.effects.uplift import InvestmentEffect
from training.evaluation.cluster_bootstrap import Interval
from training.evaluation.curves import Part
from training.evaluation.evaluation import OURS, Comparison
from training.model.findings import Finding, to_json
from training.model.text.catalogue import render
from training.models.baselines import SIMPLEST
from training.pipeline import Trained
from training.settings import Settings
from training.tracking.model_card import model_card
from training.tracking.provenance import Provenance

FINDINGS = "findings.json"
"""The file of a run that holds what its training found."""


@dataclass(frozen=True)
class RunRecord:
    """One run.

    tags : to filter and group by.
    note : shown above the run, Markdown.
    """

    name: str
    tags: Mapping[str, str]
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    children: tuple["RunRecord", ...] = ()


@dataclass(frozen=True)
class DataRecord:
    """What was learnt from: figures about it, and no row of it.

    where : its address without passwords.  name : by which people know it.
    """

    digest: str
    where: str
    name: str
    snapshots: int
    accounts: int
    as_of: str
    tables: tuple[str, ...]

    @property
    def profile(self) -> str:
        """Return the figures as JSON."""
        return json.dumps({k: v for k, v in dataclasses.asdict(self).items() if k not in ("digest", "where", "name")})


@dataclass(frozen=True)
class TrainingRecord:
    """A training.

    files : name -> text.
    card : the model's card, Markdown.
    """

    run: RunRecord
    data: DataRecord
    card: str
    files: Mapping[str, str]
    version_tags: Mapping[str, str]


def training_record(
    trained: Trained,
    settings: Settings,
    *,
    provenance: Provenance,
    where: str,
    files: Mapping[str, str],
    metrics: Mapping[str, float],
    tuning: Sequence[Finding] = (),
) -> TrainingRecord:
    """Return the record of a training.

    files, metrics : further ones, for the training as a whole.  tuning : what the search for settings found.
    """
    found = [*tuning, *trained.report]
    facts = trained.bundle.facts
    as_of = iso(facts.trained_until)
    data = DataRecord(
        digest=facts.data_digest,
        where=where,
        name=source_name(where),
        snapshots=trained.snapshots,
        accounts=trained.accounts,
        as_of=as_of,
        tables=facts.tables,
    )
    tags = {
        "data": facts.data_digest, "settings": facts.settings_digest, "catalog": facts.catalog, "as_of": as_of,
        "definition": facts.definition, "horizon_days": str(facts.horizon_days), **provenance.tags,
    }  # fmt: skip
    whole = {
        "bundle": trained.bundle.version, "kind": "training", "source": data.name,
        "tables": ",".join(facts.tables),
    }  # fmt: skip
    counts = {"accounts": float(trained.accounts), "snapshots": float(trained.snapshots)}
    named = {key: value for c in trained.comparisons for key, value in _whole_metrics(c)}
    card = model_card(trained, provenance)
    name = run_name(where, facts.trained_until, facts.horizon_days)
    children = (
        *(_task_run(comparison, tags) for comparison in trained.comparisons),
        *(_option_run(effect, trained, tags) for effect in trained.effects),
        _upgrade_run(trained, tags),
    )
    run = RunRecord(
        name=name,
        tags=tags | whole,
        metrics=counts | dict(facts.figures) | named | dict(metrics),
        params={**settings_params(settings), "source": data.name},
        note=note_of(found, facts.currency),
        children=tuple(_named_after(child, name) for child in children),
    )
    texts = {"model_card.md": card, "environment.json": provenance.as_json(), FINDINGS: as_file(found), **files}
    kept = {key: tags[key] for key in ("data", "settings", "catalog", "as_of")}
    return TrainingRecord(run, data, card, texts, kept)


def source_name(where: str) -> str:
    """Return the name by which people know a source: its folder's, its file's or its database's, without the rest."""
    last = re.split(r"[?#]", where)[0].rstrip("/").rpartition("/")[2]
    return PurePosixPath(last).stem if last.strip(".") else "source"


def run_name(where: str, as_of: int, horizon_days: int) -> str:
    """Return the name of a training's run, by which a person tells it apart from others."""
    return f"{source_name(where)}, {iso(as_of)}, {horizon_days} days"


def _named_after(record: RunRecord, training: str) -> RunRecord:
    """Return a child's record with what its figures are of: in its name for people, in its params for comparisons."""
    about = {key: record.tags[key] for key in ("horizon_days", "definition", "origin") if key in record.tags}
    children = tuple(_named_after(child, training) for child in record.children)
    return dataclasses.replace(
        record, name=f"{record.name}, {training}", params={**record.params, **about}, children=children
    )


def settings_params(settings: Settings) -> dict[str, str]:
    """Return every setting by its name in the settings file."""
    return {name: str(value) for name, value in _flat(dataclasses.asdict(settings), "")}


def _flat(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def with_interval(name: str, interval: Interval) -> dict[str, float]:
    """Return the value and both ends of an interval by name."""
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _whole_metrics(comparison: Comparison) -> Iterator[tuple[str, float]]:
    for name, interval in {**comparison.intervals, **comparison.sets}.items():
        yield from with_interval(f"{comparison.task}_{name}", interval).items()


def _task_run(comparison: Comparison, tags: Mapping[str, str]) -> RunRecord:
    """Return the run of a model beside its baselines.

    `ahead_of_BASELINE` is the baseline's score minus ours: above zero = ours is better.
    """
    metrics = dict(comparison.scores(OURS)) | {f"unseen_{k}": v for k, v in comparison.unseen.items()}
    for name, interval in {**comparison.intervals, **comparison.sets}.items():
        metrics |= with_interval(name, interval)
    for row in comparison.rows:
        if row.difference is not None:
            metrics |= with_interval(f"ahead_of_{slug(row.model)}", row.difference)
            metrics[f"{comparison.primary}_of_{slug(row.model)}"] = row.scores[comparison.primary]
    mine = {**tags, "kind": "model", "task": comparison.task, "primary": comparison.primary}
    origins = tuple(_origin_run(comparison, part, mine) for part in comparison.by_origin)
    return RunRecord(
        name=comparison.task,
        tags=mine,
        metrics=metrics,
        params={"snapshots": str(comparison.snapshots)},
        note="",
        children=origins,
    )


def _origin_run(comparison: Comparison, part: Part, tags: Mapping[str, str]) -> RunRecord:
    metrics = dict(part.scores[OURS]) | {"snapshots": float(part.snapshots)}
    for model, scores in part.scores.items():
        if model != OURS:
            metrics[f"{comparison.primary}_of_{slug(model)}"] = scores[comparison.primary]
    if part.difference is not None:
        metrics |= with_interval(f"ahead_of_{slug(SIMPLEST[comparison.task])}", part.difference)
    return RunRecord(f"{comparison.task} {part.name}", {**tags, "kind": "origin", "origin": part.name}, metrics)


def _option_run(effect: InvestmentEffect, trained: Trained, tags: Mapping[str, str]) -> RunRecord:
    """Return the run of an investment: its effect, and how well ranking by it finds the largest effects."""
    metrics = {"cost": effect.cost}
    if effect.mean is not None and effect.low is not None and effect.high is not None:
        metrics |= {"effect": effect.mean, "effect_low": effect.low, "effect_high": effect.high}
    for interval in trained.curves.targeting:
        if interval.option == effect.investment:
            metrics |= with_interval("autoc", interval.autoc) | with_interval("qini", interval.qini)
    bond = BONDS[effect.bond] if effect.bond >= 0 else ""
    mine = {**tags, "kind": "model", "task": "uplift", "option": effect.investment, "basis": effect.basis, "bond": bond}
    params = {"rungs": ",".join(RUNGS[rung] for rung in effect.rungs)}
    return RunRecord(
        f"uplift {effect.investment}", mine, metrics, params, note_of(effect.findings, trained.bundle.facts.currency)
    )


def _upgrade_run(trained: Trained, tags: Mapping[str, str]) -> RunRecord:
    facts = trained.bundle.facts
    gaps = zip(RUNGS, facts.value_gaps, strict=False)
    metrics = {f"value_gap_from_{rung}": gap for rung, gap in gaps if gap is not None}
    params = {f"basis_from_{rung}": basis for rung, basis in zip(RUNGS, facts.upgrade_basis, strict=False)}
    return RunRecord("upgrade", {**tags, "kind": "model", "task": "upgrade"}, metrics, params)


def as_file(findings: Iterable[Finding]) -> str:
    """Return findings as a JSON document."""
    return json.dumps(to_json(findings), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def note_of(findings: Iterable[Finding], currency: str) -> str:
    """Return findings as a list in Markdown, for whoever looks at a run."""
    return "\n".join(f"- {render(finding, 'en', currency)}" for finding in findings)


def slug(name: str) -> str:
    """Return a name in the characters that trackers allow in metrics."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
