"""The record of a monitoring as a run in the tracker, beside the trainings, tagged `monitor`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from training.tracking.tracker import connected, use_experiment


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
        if run_id is None:
            use_experiment(mlflow, client, experiment)
        with mlflow.start_run(run_id=run_id, run_name=None if run_id else name) as run:
            mlflow.set_tags({"kind": "monitor", **tags})
            mlflow.log_metrics({key: float(value) for key, value in figures.items() if value == value})
            for file in files:
                mlflow.log_artifact(str(file))
        return str(run.info.run_id)
