"""A trained model on disk with all that belongs to it, until it is registered: nothing that was trained is lost.

`FOLDER/bundle/` holds the model, `FOLDER/plots/` the pictures, `FOLDER/training.json` the record. It is written before
the model is registered, and removed when the version is there.
"""

import dataclasses
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.atomic_write import write_whole
from features.errors import RegistryError
from features.finite import without_nan
from features.instants import iso
from training.model.bundle import MANIFEST, Bundle, read_bundle, write_bundle
from training.tracking.run_records import DataRecord, RunRecord, TrainingRecord, as_file, note_of

BUNDLE, PLOTS, RECORD = "bundle", "plots", "training.json"
UNREGISTERED = "unregistered"
"""The folder, in that of the champion, where models wait that could not be registered."""


@dataclass(frozen=True)
class TrainingPackage:
    """A training to register.

    bundle, plots : folders.  run_id : of the run that was opened for it; None where none was.
    passes : what the promotion checks said; None = they never looked.  ended : the training did, milliseconds.
    """

    bundle: Path
    plots: Path
    record: TrainingRecord
    run_id: str | None = None
    passes: bool | None = None
    ended: int | None = None


def write_package(
    folder: Path,
    bundle: Bundle,
    record: TrainingRecord,
    *,
    draw: Callable[[Path], object],
    run_id: str | None = None,
    passes: bool | None = None,
    ended: int | None = None,
) -> TrainingPackage:
    """Write a training into a folder, in place of what may lie there.  draw : draws its pictures into a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    plots = folder / PLOTS
    plots.mkdir(parents=True)
    write_bundle(bundle, folder / BUNDLE)
    draw(plots)
    package = TrainingPackage(folder / BUNDLE, plots, record, run_id=run_id, passes=passes, ended=ended)
    about = {"run_id": run_id, "passes": passes, "ended": ended, "record": dataclasses.asdict(record)}
    write_whole(folder / RECORD, json.dumps(without_nan(about), indent=1, allow_nan=False) + "\n")
    return package


def read_package(folder: Path) -> TrainingPackage:
    """Read what `write_package` wrote, or a bare bundle, of which only its own facts are known.

    Raises
    ------
    RegistryError, BundleError
        If it is neither, or damaged.
    """
    if (folder / RECORD).is_file():
        about = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        record = _record(about["record"])
        return TrainingPackage(
            folder / BUNDLE,
            folder / PLOTS,
            record,
            run_id=about["run_id"],
            passes=about["passes"],
            ended=about["ended"],
        )
    for where in (folder, folder / BUNDLE):
        if (where / MANIFEST).is_file():
            return TrainingPackage(where, folder / PLOTS, bundle_record(read_bundle(where)[0]))
    raise RegistryError(f"{folder} holds no model: give the folder that `ladder train` named, or that of a bundle.")


def bundle_record(bundle: Bundle) -> TrainingRecord:
    """Return the record of a bundle of which nothing else is left: what it learnt from, and what it is worth."""
    facts = bundle.facts
    as_of = iso(facts.trained_until)
    tags = {
        "data": facts.data_digest, "settings": facts.settings_digest, "catalog": facts.catalog, "as_of": as_of,
        "definition": facts.definition, "horizon_days": str(facts.horizon_days), "bundle": bundle.version,
        "kind": "training", "tables": ",".join(facts.tables),
    }  # fmt: skip
    note = note_of(facts.report, facts.currency)
    run = RunRecord(f"bundle {bundle.version}, {as_of}, {facts.horizon_days} days", tags, dict(facts.figures), {}, note)
    data = DataRecord(facts.data_digest, "", "source", snapshots=0, accounts=0, as_of=as_of, tables=facts.tables)
    kept = {key: tags[key] for key in ("data", "settings", "catalog", "as_of")}
    card = f"# loyalty-ladder {bundle.version}\n\n{note}\n"
    return TrainingRecord(run, data, card, {"model_card.md": card, "findings.json": as_file(facts.report)}, kept)


def _record(content: Mapping[str, Any]) -> TrainingRecord:
    data = {**content["data"], "tables": tuple(content["data"]["tables"])}
    return TrainingRecord(
        _run(content["run"]), DataRecord(**data), content["card"], content["files"], content["version_tags"]
    )


def _run(content: Mapping[str, Any]) -> RunRecord:
    metrics = {name: value for name, value in content["metrics"].items() if value is not None}
    children = tuple(_run(child) for child in content["children"])
    return RunRecord(**{**content, "metrics": metrics, "children": children})
