"""What monitoring found, as a run in the tracker beside the trainings, tagged `monitor`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from training.registry import Registry


def record_monitoring(
    registry: Registry, experiment: str, name: str, figures: Mapping[str, float], tags: Mapping[str, str],
    files: Sequence[Path],
) -> str:  # fmt: skip
    """Log one run and return its id.  files : logged as they are.  Raises RegistryError if the store cannot answer."""
    with registry._mlflow() as (mlflow, _):  # one door to the tracker; this stands beside it
        mlflow.set_experiment(experiment)
        with mlflow.start_run(run_name=name) as run:
            mlflow.set_tags({"kind": "monitor", **tags})
            mlflow.log_metrics({key: float(value) for key, value in figures.items() if value == value})
            for file in files:
                mlflow.log_artifact(str(file))
        return str(run.info.run_id)
