"""A registered model: its versions, and the alias `champion`, which decides what is used.

A promotion also publishes the champion's bundle into a folder, from which the service reads it. Whenever a command is
killed, the alias names a whole version and the folder a whole bundle: a version appears in one step, and so does a
champion.
"""

import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from features.atomic_write import write_whole
from features.errors import RegistryError
from training.model.bundle import MANIFEST, NAME, Bundle, write_bundle
from training.model.champion import OWNER, activate, install
from training.tracking.experiment_page import runs_page
from training.tracking.run_records import TrainingRecord
from training.tracking.runs import (
    ModelForm,
    end_killed,
    log_metrics,
    log_model,
    open_run,
    training_run,
    try_artifacts,
)
from training.tracking.tracker import DEFAULT_URI, connected

__all__ = ["ALIAS", "DEFAULT_URI", "Registry"]

ALIAS, LATEST = "champion", "latest"
HISTORY_TAG = "former_champions"
MAX_DESCRIPTION = 4_900
"""The longest description, characters: MLflow's databases hold 5,000."""


class Registry:
    """An MLflow tracking store and one registered model in its registry.

    model : its name; versions, aliases and the way back are each model's own.

    Raises
    ------
    RegistryError
        From every method, if the store cannot be reached or knows no such version.
    """

    def __init__(self, uri: str = DEFAULT_URI, model: str = NAME) -> None:
        self.uri = uri
        self.model = model

    def begin(
        self,
        experiment: str,
        name: str,
        *,
        tags: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        run_id: str | None = None,
        began: int | None = None,
    ) -> str:
        """Open the run of a training and return its id, having tried all that will be needed to register its model.

        files : logged first, name -> text: artifacts can be kept.
        run_id : of a run that is open already, as `mlflow run` opens one; None makes a new one in the experiment,
            within the run that the user has open in this process.
        began : when the training did, milliseconds; None = now.
        """
        with connected(self.uri) as (mlflow, client):
            end_killed(client, experiment)
            _register(client, self.model)
            run = run_id or open_run(mlflow, client, experiment=experiment, name=name, tags=tags or {}, began=began)
            try:
                try_artifacts(client, run, files or {})
            except BaseException:
                if run_id is None:
                    client.set_terminated(run, "FAILED")
                raise
            return run

    def fail(self, run: str, *, killed: bool = False) -> None:
        """End the run of a training that came to nothing; a store that does not answer is no further error."""
        with suppress(RegistryError), connected(self.uri) as (_, client):
            client.set_terminated(run, "KILLED" if killed else "FAILED")

    def has_run(self, run: str) -> bool:
        """Return whether a run is known here, and not deleted."""
        from mlflow.exceptions import MlflowException

        with connected(self.uri) as (_, client):
            try:
                return bool(client.get_run(run).info.lifecycle_stage == "active")
            except MlflowException as error:
                if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                    return False
                raise

    def record(
        self,
        bundle: Bundle,
        record: TrainingRecord,
        *,
        plots: Path,
        form: ModelForm,
        experiment: str,
        run_id: str | None = None,
        ended: int | None = None,
    ) -> int:
        """Log a training with its models and origins, register its bundle, and return the version.

        plots : a folder whose files are logged as they are; nothing where it is not there.
        run_id : what `begin` returned; None begins one now.
        ended : when the training did, milliseconds; None = now.
        """
        run = self.begin(experiment, record.run.name, run_id=run_id)
        with connected(self.uri) as (mlflow, client), tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "bundle"
            digest = write_bundle(bundle, folder)
            with training_run(mlflow, client, record, plots=plots, run_id=run, ended=ended):
                about = {"bundle": digest, **record.version_tags}
                model = log_model(mlflow, folder, form, name=self.model, params=about)
                log_metrics(mlflow, client, run, record, model.model_id)
                _register(client, self.model)
                version = client.create_model_version(  # last and complete, so that a version is whole or absent
                    self.model, model.model_uri, run, tags=about, description=_shortened(record.card),
                    model_id=model.model_id,
                )  # fmt: skip
                client.set_tag(run, "version", str(version.version))
            if client.get_run(run).info.run_name == record.run.name:
                client.update_run(run, name=f"v{version.version}, {record.run.name}")
            return int(version.version)

    def champion(self) -> int | None:
        """Return the version that the alias `champion` names; None where there is none yet."""
        with connected(self.uri) as (_, client):
            return _champion(client, self.model)

    def digest(self, version: int) -> str | None:
        """Return the digest of a version's bundle; None where it was registered without it."""
        with connected(self.uri) as (_, client):
            found: str | None = _version_of(client, self.model, version).tags.get("bundle")
            return found

    def promote(self, version: int, folder: Path) -> None:
        """Make a version champion and write its bundle into the folder.

        The bundle is copied and checked first, then the alias moves, then the folder's pointer. Killed in between, the
        folder serves the old champion; the same command again finishes the work.
        """
        with connected(self.uri) as (mlflow, client), tempfile.TemporaryDirectory() as scratch:
            target = self._install(mlflow, client, version=version, scratch=Path(scratch), folder=folder)
            before, former = _champion(client, self.model), _former(client, self.model)
            if before is not None and before != version:
                client.set_registered_model_tag(self.model, HISTORY_TAG, json.dumps([*former, before]))
            client.set_registered_model_alias(self.model, ALIAS, str(version))
            activate(target, folder)

    def publish(self, version: int, folder: Path) -> None:
        """Write a version's bundle into the folder, as the one that serves; the alias stays where it is."""
        with connected(self.uri) as (mlflow, client), tempfile.TemporaryDirectory() as scratch:
            activate(self._install(mlflow, client, version=version, scratch=Path(scratch), folder=folder), folder)

    def rollback(self, folder: Path) -> int:
        """Make the former champion champion again, write its bundle, and return its version."""
        with connected(self.uri) as (mlflow, client), tempfile.TemporaryDirectory() as scratch:
            former = _former(client, self.model)
            if not former:
                raise RegistryError(
                    "There is no former champion to go back to. See the versions in MLflow and use `ladder promote`."
                )
            version = former.pop()
            target = self._install(mlflow, client, version=version, scratch=Path(scratch), folder=folder)
            client.set_registered_model_alias(self.model, ALIAS, str(version))
            activate(target, folder)
            client.set_registered_model_tag(self.model, HISTORY_TAG, json.dumps(former))
            return int(version)

    def fetch(self, version: int | str, into: Path) -> Path:
        """Copy the bundle of a version into a folder; return where it lies.

        version : a number, an alias as `champion`, or `latest` for the one with the highest number.
        """
        with connected(self.uri) as (mlflow, client):
            if version == LATEST:
                numbers = _versions(client, self.model)
                if not numbers:
                    raise RegistryError(f"There is no version of {self.model} yet. Run `ladder train` first.")
                version = max(numbers)
            elif not str(version).isdigit():
                number = _alias(client, self.model, str(version))
                if number is None:
                    raise RegistryError(
                        f"There is no {version} yet of {self.model}. Run `ladder train` first, or name a version."
                    )
                version = number
            return _download(mlflow, client, self.model, int(version), into)

    def fetch_logged(self, uri: str, into: Path) -> Path:
        """Copy the bundle of a model that MLflow names by its run or its id into a folder; return where it lies."""
        with connected(self.uri) as (mlflow, _):
            return _bundle_of(mlflow, uri, uri, into)

    def text(self, version: int, name: str) -> str | None:
        """Return a text file of the run that made a version; None where that run kept no file of that name."""
        with connected(self.uri) as (mlflow, client), tempfile.TemporaryDirectory() as scratch:
            run = _version_of(client, self.model, version).run_id
            if not run or name not in {item.path for item in client.list_artifacts(run)}:
                return None
            version_found = mlflow.artifacts.download_artifacts(run_id=run, artifact_path=name, dst_path=scratch)
            return Path(version_found).read_text(encoding="utf-8")

    def page(self, run: str) -> str | None:
        """Return the address of the table of trainings on the server's page; None where the store is no server."""
        if not self.uri.startswith("http"):
            return None
        with connected(self.uri) as (_, client):
            return runs_page(self.uri, client.get_run(run).info.experiment_id)

    def _install(self, mlflow: Any, client: Any, *, version: int, scratch: Path, folder: Path) -> Path:
        """Put a version's bundle into a champion's folder, which is of this model and no other."""
        owner = folder / OWNER
        if owner.is_file() and (of := owner.read_text(encoding="utf-8").strip()) != self.model:
            raise RegistryError(
                f"{folder} holds the champion of {of!r}, and this is {self.model!r}. Name another folder: "
                "registry.champion_folder in the settings."
            )
        target = install(_download(mlflow, client, self.model, version, scratch), folder)
        write_whole(owner, f"{self.model}\n")
        return target


def _register(client: Any, model: str) -> None:
    """Create the registered model where it does not exist; somebody else may be doing the same."""
    from mlflow.exceptions import MlflowException

    if client.search_registered_models(f"name = '{model}'"):
        return
    try:
        client.create_registered_model(model, description="Where every account stands, and where it goes next.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _champion(client: Any, model: str) -> int | None:
    return _alias(client, model, ALIAS)


def _alias(client: Any, model: str, alias: str) -> int | None:
    if not client.search_registered_models(f"name = '{model}'"):
        return None
    version = client.get_registered_model(model).aliases.get(alias)
    return None if version is None else int(version)


def _former(client: Any, model: str) -> list[int]:
    """Return the former champions, the last one last.

    Today's champion at the end was left by a promotion or rollback that was killed, and is dropped.
    """
    if not client.search_registered_models(f"name = '{model}'"):
        return []
    former = [int(v) for v in json.loads(client.get_registered_model(model).tags.get(HISTORY_TAG, "[]"))]
    today = _champion(client, model)
    while former and former[-1] == today:
        former.pop()
    return former


def _versions(client: Any, model: str) -> dict[int, Any]:
    """Return MLflow's record of every version, by its number."""
    return {int(one.version): one for one in client.search_model_versions(f"name = '{model}'")}


def _version_of(client: Any, model: str, version: int) -> Any:
    """Return MLflow's record of a version."""
    known = _versions(client, model)
    if version not in known:
        have = f"it has {', '.join(map(str, sorted(known)))}" if known else "it has none; run `ladder train` first"
        raise RegistryError(f"The registry has no version {version} of {model}; {have}.")
    return known[version]


def _download(mlflow: Any, client: Any, model: str, version: int, into: Path) -> Path:
    _version_of(client, model, version)
    return _bundle_of(mlflow, f"models:/{model}/{version}", f"Version {version} of {model}", into)


def _bundle_of(mlflow: Any, uri: str, what: str, into: Path) -> Path:
    """Fetch a logged model and return the folder of the bundle within it.  what : it is called in a refusal."""
    found = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(into)))
    manifests = sorted(found.glob(f"data/*/{MANIFEST}")) + sorted(found.glob(f"data/{MANIFEST}"))
    if not manifests:
        raise RegistryError(f"{what} holds no bundle. Name another model, or train it anew.")
    return manifests[0].parent


def _shortened(card: str) -> str:
    if len(card) <= MAX_DESCRIPTION:
        return card
    return card[:MAX_DESCRIPTION].rsplit("\n", 1)[0] + "\n\nThe rest stands in the run's model_card.md."
