"""Records written as MLflow's runs, in as few calls as it allows: a tracker may be far away.

A run that is killed stays RUNNING in the store; the next training of the same machine marks it KILLED.
"""

import dataclasses
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


def open_run(
    mlflow: Any, client: Any, *, experiment: str, name: str, tags: Mapping[str, str], began: int | None = None
) -> str:
    """Open a run and return its id: a child of the run that the user has open in this process, if there is one.

    experiment : name of the experiment, where the user chose none.  began : when, milliseconds; None = now.
    """
    user = mlflow.active_run()
    where = user.info.experiment_id if user else use_experiment(client, experiment)
    own = {
        PROCESS_TAG: _process(), "mlflow.user": _user(), "mlflow.source.name": "ladder train",
        "mlflow.source.type": "LOCAL", **({"mlflow.parentRunId": user.info.run_id} if user else {}), **tags,
    }  # fmt: skip
    made = client.create_run(where, start_time=began, tags={k: v for k, v in own.items() if v}, run_name=name)
    return str(made.info.run_id)


def try_artifacts(client: Any, run: str, files: Mapping[str, str]) -> None:
    """Log a run's first files: if they cannot be kept, nothing can, and it is better known before an hour's work."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in files.items():
            (Path(scratch) / name).write_text(text, encoding="utf-8")
        client.log_artifacts(run, scratch)


@contextmanager
def training_run(
    mlflow: Any, client: Any, record: TrainingRecord, *, plots: Path, run_id: str, ended: int | None = None
) -> Iterator[str]:
    """Go on with an open run: log all of the record and its children; an error within the block fails it.

    A tag that the run has already is the user's, and stays.  ended : when the training did, milliseconds; None = now.
    """
    with mlflow.start_run(run_id=run_id, nested=mlflow.active_run() is not None) as run:
        where, kept = run.info.experiment_id, run.data.tags
        tags = {name: value for name, value in record.run.tags.items() if name not in kept}
        note = "" if "mlflow.note.content" in kept else record.run.note
        log_record(mlflow, client, run_id, dataclasses.replace(record.run, tags=tags, note=note, metrics={}))
        client.log_inputs(run_id, [_dataset(mlflow, record.data)])
        try_artifacts(client, run_id, record.files)
        if plots.is_dir():
            client.log_artifacts(run_id, str(plots), "plots")
        _write_children(mlflow, client, where, run_id, record.run.children)
        yield run_id
    if ended is not None:
        client.set_terminated(run_id, end_time=ended)


def log_metrics(mlflow: Any, client: Any, run: str, record: TrainingRecord, model_id: str) -> None:
    """Log a training's figures, of the run and of the model that it made, on the data that it learnt from."""
    of = {"model_id": model_id, "dataset_name": record.data.name, "dataset_digest": record.data.digest, "run_id": run}
    _log_in_batches(client, run, _metrics(mlflow, record.run.metrics, **of), [], [])


def _write_children(mlflow: Any, client: Any, experiment: str, parent: str, children: tuple[RunRecord, ...]) -> None:
    for child in children:
        tags = {"mlflow.parentRunId": parent, "mlflow.user": _user(), PROCESS_TAG: _process()}
        run = client.create_run(experiment, tags=tags, run_name=child.name).info.run_id
        log_record(mlflow, client, run, child)
        _write_children(mlflow, client, experiment, run, child.children)
        client.set_terminated(run)


def log_record(mlflow: Any, client: Any, run: str, record: RunRecord) -> None:
    """Log the figures, params, tags and note of a run that is open; of what is no number nothing."""
    note = {"mlflow.note.content": record.note} if record.note else {}
    tags = [mlflow.entities.RunTag(k, v[:MAX_TAG]) for k, v in {**record.tags, **note}.items() if v]
    params = [mlflow.entities.Param(k, v) for k, v in record.params.items()]
    _log_in_batches(client, run, _metrics(mlflow, record.metrics), params, tags)


def _metrics(mlflow: Any, metrics: Mapping[str, float], **of: str) -> list[Any]:
    at = int(time.time() * 1000)
    return [mlflow.entities.Metric(k, float(v), at, 0, **of) for k, v in metrics.items() if v == v]


def _log_in_batches(client: Any, run: str, metrics: list[Any], params: list[Any], tags: list[Any]) -> None:
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
    entity = mlflow.entities.Dataset(data.name, data.digest, "code", source, profile=data.profile)
    return mlflow.entities.DatasetInput(entity, [mlflow.entities.InputTag("mlflow.data.context", "training")])


def log_model(mlflow: Any, folder: Path, form: ModelForm, *, name: str, params: Mapping[str, str]) -> Any:
    """Log the bundle in a folder as the open run's model, and return MLflow's record of it.

    name, params : of the model, by which it is told apart from others of the experiment.
    """
    from importlib.metadata import version

    with redirect_stderr(StringIO()):  # MLflow writes much there; the command line says what matters
        return mlflow.pyfunc.log_model(
            name=name.replace(".", "-"),
            params=dict(params),
            loader_module=LOADER,
            data_path=str(folder),
            pip_requirements=[f"loyalty-ladder[serve]=={version('loyalty-ladder')}"],
            signature=signature(mlflow, form),
            input_example=form.example,
        )


def signature(mlflow: Any, form: ModelForm) -> Any:
    """Build the model's signature.

    Rows stay as a request has them (`any`): what they must hold is checked by the model, account by account. No column
    must be there: where one is a list (`list`), MLflow hands a mapping of whole tables on as a single row of them.
    """
    types = mlflow.types.schema
    own = {"any": types.AnyType(), "list": types.Array(types.AnyType())}

    def columns(named: Mapping[str, str]) -> Any:
        return types.Schema([types.ColSpec(own.get(kind, kind), name, required=False) for name, kind in named.items()])

    kinds = {bool: "boolean", str: "string"}
    params = types.ParamSchema(
        [types.ParamSpec(name, kinds[type(default)], default) for name, default in form.params.items()]
    )
    return mlflow.models.ModelSignature(columns(form.inputs), columns(form.outputs), params)


def end_killed(client: Any, experiment: str) -> None:
    """Mark as KILLED the runs that processes of this machine began and did not live to end."""
    experiment_found = client.get_experiment_by_name(experiment)
    if experiment_found is None or experiment_found.lifecycle_stage == "deleted":
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
