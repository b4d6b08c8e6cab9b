"""The registered model `loyalty-ladder`: its versions, and the alias `champion`.

A promotion also publishes the champion's bundle into a folder, from which the service reads it. Whenever a command is
killed, the alias names a whole version and the folder a whole bundle: a version appears in one step, and so does a
champion.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from features.errors import RegistryError
from training.model.bundle import MANIFEST, NAME, Bundle, write_bundle
from training.model.champion import activate, install
from training.tracking.run_records import TrainingRecord
from training.tracking.runs import ModelForm, end_killed, log_model, training_run
from training.tracking.tracker import DEFAULT_URI, connected

__all__ = ["ALIAS", "DEFAULT_URI", "Registry"]

ALIAS = "champion"
HISTORY_TAG = "former_champions"
MAX_DESCRIPTION = 4_900
"""The longest description, characters: MLflow's databases hold 5,000."""


class Registry:
    """An MLflow tracking store and its registry.

    Raises
    ------
    RegistryError
        From every method, if the store cannot be reached or knows no such version.
    """

    def __init__(self, uri: str = DEFAULT_URI) -> None:
        self.uri = uri

    def record(
        self,
        bundle: Bundle,
        record: TrainingRecord,
        *,
        plots: Path,
        form: ModelForm,
        experiment: str,
        run_id: str | None = None,
    ) -> int:
        """Log a training with its models and origins, register its bundle, and return the version.

        plots : a folder whose files are logged as they are.
        run_id : of a run that is open already, as `mlflow run` opens one; None makes a new one in the experiment.
        """
        with connected(self.uri) as (mlflow, client), tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "bundle"
            digest = write_bundle(bundle, folder)
            end_killed(client, experiment)
            with training_run(mlflow, client, record, plots=plots, experiment=experiment, run_id=run_id) as run:
                model = log_model(mlflow, folder, form)
                _register(client)
                version = client.create_model_version(  # last and complete, so that a version is whole or absent
                    NAME, model.model_uri, run, tags={"bundle": digest, **record.version_tags},
                    description=_shortened(record.card), model_id=model.model_id,
                )  # fmt: skip
                client.set_tag(run, "version", str(version.version))
            return int(version.version)

    def champion(self) -> int | None:
        """Return the version that serves; None where there is none yet."""
        with connected(self.uri) as (_, client):
            return _champion(client)

    def promote(self, version: int, folder: Path) -> None:
        """Make a version champion and write its bundle into the folder.

        The bundle is copied and checked first, then the alias moves, then the folder's pointer. Killed in between, the
        folder serves the old champion; the same command again finishes the work.
        """
        with connected(self.uri) as (mlflow, client), tempfile.TemporaryDirectory() as scratch:
            target = install(_download(mlflow, client, version, Path(scratch)), folder)
            before, former = _champion(client), _former(client)
            if before is not None and before != version:
                client.set_registered_model_tag(NAME, HISTORY_TAG, json.dumps([*former, before]))
            client.set_registered_model_alias(NAME, ALIAS, str(version))
            activate(target, folder)

    def rollback(self, folder: Path) -> int:
        """Make the former champion champion again, write its bundle, and return its version."""
        with connected(self.uri) as (mlflow, client), tempfile.TemporaryDirectory() as scratch:
            former = _former(client)
            if not former:
                raise RegistryError(
                    "There is no former champion to go back to. See the versions in MLflow and use `ladder promote`."
                )
            version = former.pop()
            target = install(_download(mlflow, client, version, Path(scratch)), folder)
            client.set_registered_model_alias(NAME, ALIAS, str(version))
            activate(target, folder)
            client.set_registered_model_tag(NAME, HISTORY_TAG, json.dumps(former))
            return int(version)

    def fetch(self, version: int | str, into: Path) -> Path:
        """Copy the bundle of a version (a number, or `champion`) into a folder and return where it lies."""
        with connected(self.uri) as (mlflow, client):
            if version == ALIAS:
                number = _champion(client)
                if number is None:
                    raise RegistryError("There is no champion yet. Run `ladder train` first, or name a version.")
                version = number
            return _download(mlflow, client, int(version), into)

    def text(self, version: int, name: str) -> str | None:
        """Return a text file of the run that made a version; None where that run kept no file of that name."""
        with connected(self.uri) as (mlflow, client), tempfile.TemporaryDirectory() as scratch:
            run = _version_of(client, version).run_id
            if not run or name not in {item.path for item in client.list_artifacts(run)}:
                return None
            version_found = mlflow.artifacts.download_artifacts(run_id=run, artifact_path=name, dst_path=scratch)
            return Path(version_found).read_text(encoding="utf-8")


def _register(client: Any) -> None:
    """Create the registered model where it does not exist; somebody else may be doing the same."""
    if client.search_registered_models(f"name = '{NAME}'"):
        return
    try:
        client.create_registered_model(NAME, description="Where every account stands, and where it goes next.")
    except Exception as error:
        if getattr(error, "error_code", "") != "RESOURCE_ALREADY_EXISTS":
            raise


def _champion(client: Any) -> int | None:
    if not client.search_registered_models(f"name = '{NAME}'"):
        return None
    alias = client.get_registered_model(NAME).aliases.get(ALIAS)
    return None if alias is None else int(alias)


def _former(client: Any) -> list[int]:
    """Return the former champions, the last one last.

    Today's champion at the end was left by a promotion or rollback that was killed, and is dropped.
    """
    if not client.search_registered_models(f"name = '{NAME}'"):
        return []
    former = [int(v) for v in json.loads(client.get_registered_model(NAME).tags.get(HISTORY_TAG, "[]"))]
    today = _champion(client)
    while former and former[-1] == today:
        former.pop()
    return former


def _version_of(client: Any, version: int) -> Any:
    """Return MLflow's record of a version."""
    known = {
        int(version_found.version): version_found for version_found in client.search_model_versions(f"name = '{NAME}'")
    }
    if version not in known:
        have = f"it has {', '.join(map(str, sorted(known)))}" if known else "it has none; run `ladder train` first"
        raise RegistryError(f"The registry has no version {version} of {NAME}; {have}.")
    return known[version]


def _download(mlflow: Any, client: Any, version: int, into: Path) -> Path:
    _version_of(client, version)
    version_found = Path(mlflow.artifacts.download_artifacts(f"models:/{NAME}/{version}", dst_path=str(into)))
    manifests = sorted(version_found.glob(f"data/*/{MANIFEST}")) + sorted(version_found.glob(f"data/{MANIFEST}"))
    if not manifests:
        raise RegistryError(f"Version {version} of {NAME} holds no bundle. Train it anew.")
    return manifests[0].parent


def _shortened(card: str) -> str:
    if len(card) <= MAX_DESCRIPTION:
        return card
    return card[:MAX_DESCRIPTION].rsplit("\n", 1)[0] + "\n\nThe rest stands in the run's model_card.md."
