"""Records written as MLflow's runs, in as few calls as it allows: a tracker may be far away.

A run that is killed stays RUNNING in the store; the next training of the same machine marks it KILLED.
"""

import getpass
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from training.tracking.run_records import DataRecord, RunRecord, TrainingRecord
from training.tracking.tracker import use_experiment

MAX_ITEMS, MAX_METRICS = 100, 800
"""The most params or tags, and the most metrics, that MLflow takes in one call: a thousand of all together."""
MAX_TAG = 5_000
PROCESS_TAG = "process"
LOADER = "serving.integrations.pyfunc_model"
"""The module that is imported by name when the model is loaded; no pickle is involved."""


@dataclass(frozen=True)
class ModelForm:
    """The inputs and outputs of the model, for its signature.

    inputs : name -> `string`, or `any` for rows as a request has them; the first is required.
    outputs : name -> `string`, `double` or `any`.
    params : name -> its default.
    example : one call's input.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    params: Mapping[str, str | bool]
    example: pd.DataFrame


@contextmanager
def training_run(
    mlflow: Any, client: Any, record: TrainingRecord, *, plots: Path, experiment: str, run_id: str | None
) -> Iterator[str]:
    """Open a run with all of the record and its children; an error within the block fails it."""
    if run_id is None:
        use_experiment(mlflow, client, experiment)
    with mlflow.start_run(run_id=run_id, run_name=None if run_id else record.run.name) as run:
        parent, where = run.info.run_id, run.info.experiment_id
        own = {PROCESS_TAG: _process(), "mlflow.source.name": "ladder train", "mlflow.source.type": "LOCAL"}
        _log(mlflow, client, parent, record.run, own)
        client.log_inputs(parent, [_dataset(mlflow, record.data)])
        with tempfile.TemporaryDirectory() as scratch:
            for name, text in record.files.items():
                (Path(scratch) / name).write_text(text, encoding="utf-8")
            client.log_artifacts(parent, scratch)
        client.log_artifacts(parent, str(plots), "plots")
        _write_children(mlflow, client, where, parent, record.run.children)
        yield parent


def _write_children(mlflow: Any, client: Any, experiment: str, parent: str, children: tuple[RunRecord, ...]) -> None:
    for child in children:
        tags = {"mlflow.parentRunId": parent, "mlflow.user": _user(), PROCESS_TAG: _process()}
        run = client.create_run(experiment, tags=tags, run_name=child.name).info.run_id
        _log(mlflow, client, run, child, {})
        _write_children(mlflow, client, experiment, run, child.children)
        client.set_terminated(run)


def _log(mlflow: Any, client: Any, run: str, record: RunRecord, more: Mapping[str, str]) -> None:
    note = {"mlflow.note.content": record.note} if record.note else {}
    tags = [mlflow.entities.RunTag(k, v[:MAX_TAG]) for k, v in {**record.tags, **note, **more}.items() if v]
    params = [mlflow.entities.Param(k, v) for k, v in record.params.items()]
    at = int(time.time() * 1000)
    metrics = [mlflow.entities.Metric(k, float(v), at, 0) for k, v in record.metrics.items() if v == v]
    calls = max(-(-len(metrics) // MAX_METRICS), -(-len(params) // MAX_ITEMS), -(-len(tags) // MAX_ITEMS))
    for k in range(calls):
        client.log_batch(
            run,
            metrics[k * MAX_METRICS : (k + 1) * MAX_METRICS],
            params[k * MAX_ITEMS : (k + 1) * MAX_ITEMS],
            tags[k * MAX_ITEMS : (k + 1) * MAX_ITEMS],
        )


def _dataset(mlflow: Any, data: DataRecord) -> Any:
    """Return the input as MLflow shows it: digest, counts, address; no row of it."""
    source = json.dumps({"tags": {"mlflow.source.name": data.where, "mlflow.source.type": "LOCAL"}})
    entity = mlflow.entities.Dataset("source", data.digest, "code", source, profile=data.profile)
    return mlflow.entities.DatasetInput(entity, [mlflow.entities.InputTag("mlflow.data.context", "training")])


def log_model(mlflow: Any, folder: Path, form: ModelForm) -> Any:
    """Log the bundle in a folder as the open run's model, and return MLflow's record of it."""
    from importlib.metadata import version

    with redirect_stderr(StringIO()):  # MLflow writes much there; the command line says what matters
        return mlflow.pyfunc.log_model(
            name="model",
            loader_module=LOADER,
            data_path=str(folder),
            pip_requirements=[f"loyalty-ladder[serve]=={version('loyalty-ladder')}"],
            signature=signature(mlflow, form),
            input_example=form.example,
        )


def signature(mlflow: Any, form: ModelForm) -> Any:
    """Build the model's signature.

    Rows stay as a request has them (`any`): what they must hold is checked by the model, account by account.
    """
    types = mlflow.types.schema

    def columns(named: Mapping[str, str], required: int) -> Any:
        return types.Schema(
            [
                types.ColSpec(types.AnyType() if kind == "any" else kind, name, required=k < required)
                for k, (name, kind) in enumerate(named.items())
            ]
        )

    kinds = {bool: "boolean", str: "string"}
    params = types.ParamSchema(
        [types.ParamSpec(name, kinds[type(default)], default) for name, default in form.params.items()]
    )
    return mlflow.models.ModelSignature(columns(form.inputs, 1), columns(form.outputs, 1), params)


def end_killed(client: Any, experiment: str) -> None:
    """Mark as KILLED the runs that processes of this machine began and did not live to end."""
    experiment_found = client.get_experiment_by_name(experiment)
    if experiment_found is None:
        return
    host = platform.node()
    running = "attributes.status = 'RUNNING'"
    for run in client.search_runs(
        [experiment_found.experiment_id], f"{running} and tags.{PROCESS_TAG} LIKE '{host}:%'"
    ):
        process = run.data.tags[PROCESS_TAG].rpartition(":")[2]
        if not process.isdigit() or _alive(int(process)):
            continue
        if client.get_run(run.info.run_id).info.status == "RUNNING":  # else it ended, and then its process, meanwhile
            client.set_terminated(run.info.run_id, "KILLED")


def _process() -> str:
    return f"{platform.node()}:{os.getpid()}"


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's process
        return True
    return True


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an id that the machine has no name for, as in a container
        return ""
