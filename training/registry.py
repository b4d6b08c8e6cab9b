"""The one module that knows MLflow: runs, the registered model `loyalty-ladder`, its alias `champion`.

A promotion also publishes the champion's bundle into a folder, from which the service reads it.
"""

import dataclasses
import io
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from features.errors import RegistryError
from training.bundle import MANIFEST, NAME, Bundle, write_bundle
from training.champion import publish
from training.settings import Settings

ALIAS = "champion"
HISTORY_TAG = "former_champions"
DEFAULT_URI = "sqlite:///mlflow.db"


class Registry:
    """An MLflow tracking store and its registry.

    Raises
    ------
    RegistryError
        By every method, if the store cannot be reached or knows no such version.
    """

    def __init__(self, uri: str = DEFAULT_URI) -> None:
        self.uri = uri

    def record(
        self, bundle: Bundle, settings: Settings, metrics: Mapping[str, float], texts: Mapping[str, str], plots: Path
    ) -> int:
        """Log a run with its parameters, metrics, tables and plots, register its bundle, return the version.

        texts : file name -> content.  plots : a folder whose files are logged as they are.
        """
        with self._mlflow() as (mlflow, client), tempfile.TemporaryDirectory() as scratch:
            mlflow.set_experiment(settings.registry.experiment)
            folder = Path(scratch) / "bundle"
            digest = write_bundle(bundle, folder)
            with mlflow.start_run(run_name=digest):
                mlflow.log_params(_flat(dataclasses.asdict(settings)))
                mlflow.log_metrics({name: value for name, value in metrics.items() if value == value})
                mlflow.set_tags(
                    {"bundle": digest, "data": bundle.facts.data_digest, "settings": bundle.facts.settings_digest}
                )
                for name, text in texts.items():
                    mlflow.log_text(text, name)
                mlflow.log_artifacts(str(plots), "plots")
                with redirect_stderr(io.StringIO()):  # MLflow announces every version there; the command line does too
                    info = mlflow.pyfunc.log_model(
                        name="model",
                        loader_module="serving.pyfunc_model",
                        data_path=str(folder),
                        pip_requirements=["loyalty-ladder"],
                        registered_model_name=NAME,
                    )
            version = int(info.registered_model_version)
            client.set_model_version_tag(NAME, str(version), "bundle", digest)
            return version

    def champion(self) -> int | None:
        """The version that serves; None where there is none yet."""
        with self._mlflow() as (_, client):
            return self._champion(client)

    def promote(self, version: int, folder: Path) -> None:
        """Make that version champion and write its bundle into the folder."""
        with self._mlflow() as (mlflow, client):
            before = self._champion(client)
            self._export(mlflow, client, version, folder)
            former = self._former(client)
            if before is not None and before != version:
                former.append(before)
            client.set_registered_model_tag(NAME, HISTORY_TAG, json.dumps(former))
            client.set_registered_model_alias(NAME, ALIAS, str(version))

    def rollback(self, folder: Path) -> int:
        """Make the former champion champion again, write its bundle, return its version."""
        with self._mlflow() as (mlflow, client):
            former = self._former(client)
            if not former:
                raise RegistryError(
                    "There is no former champion to go back to. See the versions in MLflow and use `ladder promote`."
                )
            version = former.pop()
            self._export(mlflow, client, version, folder)
            client.set_registered_model_tag(NAME, HISTORY_TAG, json.dumps(former))
            client.set_registered_model_alias(NAME, ALIAS, str(version))
            return int(version)

    def fetch(self, version: int | str, into: Path) -> Path:
        """Copy the bundle of a version (a number, or `champion`) into a folder and return where it lies."""
        with self._mlflow() as (mlflow, client):
            if version == ALIAS:
                number = self._champion(client)
                if number is None:
                    raise RegistryError("There is no champion yet. Run `ladder train` first, or name a version.")
                version = number
            return _download(mlflow, client, int(version), into)

    def _export(self, mlflow: Any, client: Any, version: int, folder: Path) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            publish(_download(mlflow, client, version, Path(scratch)), folder)

    def _champion(self, client: Any) -> int | None:
        if not client.search_registered_models(f"name = '{NAME}'"):
            return None
        alias = client.get_registered_model(NAME).aliases.get(ALIAS)
        return None if alias is None else int(alias)

    def _former(self, client: Any) -> list[int]:
        if not client.search_registered_models(f"name = '{NAME}'"):
            return []
        return [int(v) for v in json.loads(client.get_registered_model(NAME).tags.get(HISTORY_TAG, "[]"))]

    @contextmanager
    def _mlflow(self) -> Iterator[tuple[Any, Any]]:
        """MLflow's module and client, quiet, with its errors turned into ours."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow's own deprecations are not the user's to mend
            os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
            os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # of files that lie on this disk
            import mlflow
            from mlflow.exceptions import MlflowException
            from sqlalchemy.exc import SQLAlchemyError

            for name in ("mlflow", "alembic"):
                logging.getLogger(name).setLevel(logging.ERROR)
            try:
                mlflow.set_tracking_uri(self.uri)
                yield mlflow, mlflow.MlflowClient()
            except (MlflowException, SQLAlchemyError) as error:
                first = str(error).strip().splitlines()[0].replace(self.uri, _public(self.uri))
                raise RegistryError(
                    f"The registry at {_public(self.uri)} answers: {first} Check MLFLOW_TRACKING_URI."
                ) from None


def _download(mlflow: Any, client: Any, version: int, into: Path) -> Path:
    known = sorted(int(v.version) for v in client.search_model_versions(f"name = '{NAME}'"))
    if version not in known:
        have = f"it has {', '.join(map(str, known))}" if known else "it has none; run `ladder train` first"
        raise RegistryError(f"The registry has no version {version} of {NAME}; {have}.")
    found = Path(mlflow.artifacts.download_artifacts(f"models:/{NAME}/{version}", dst_path=str(into)))
    manifests = sorted(found.glob(f"data/*/{MANIFEST}")) + sorted(found.glob(f"data/{MANIFEST}"))
    if not manifests:
        raise RegistryError(f"Version {version} of {NAME} holds no bundle. Train it anew.")
    return manifests[0].parent


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _public(uri: str) -> str:
    """The address without user, password or query."""
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.split('@')[-1].split('?')[0]}" if rest else uri
