"""The record of a monitoring as a run in the tracker, beside the trainings, tagged `monitor`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from training.tracking.run_records import RunRecord
from training.tracking.runs import log_record, open_run
from training.tracking.tracker import connected


def record_monitoring(
    uri: str, *, experiment: str, name: str, figures: Mapping[str, float], tags: Mapping[str, str],
    files: Sequence[Path], run_id: str | None,
) -> str:  # fmt: skip
    """Log a run and return its id.

    uri : of the tracker.
    files : logged as they are.
    run_id : a run that is open already, which is then used, whatever its experiment; None opens one.

    Raises
    ------
    RegistryError
        If the store cannot answer.
    """
    with connected(uri) as (mlflow, client):
        made = {"mlflow.source.name": "ladder monitor"}
        run = run_id or open_run(mlflow, client, experiment=experiment, name=name, tags=made)
        record = RunRecord(name, {"kind": "monitor", **tags}, figures)
        log_record(mlflow, client, run, record)
        for file in files:
            client.log_artifact(run, str(file))
        client.set_terminated(run)
        return run
