"""ladder register: a model that was trained becomes a version; and all that stands around a training in the registry.

What a registration needs is tried before the training, and what was trained lies on disk until its version is there: a
tracker that dies in between costs nothing but the command that finishes the work.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.inputs import open_run, registry_uri
from commands.options import CommonOptions, Option
from commands.promotion import Standing, standing_champion
from commands.terminal import Figures
from features.errors import LadderError, RegistryError, SettingsError

if TYPE_CHECKING:
    from commands.library import Model
    from training.model.bundle import Bundle
    from training.settings import Settings
    from training.tracking.registry import Registry
    from training.tracking.training_package import TrainingPackage

MIN_FREE_MB = 200
"""Room that a bundle, its pictures and its copies need at most."""


@dataclass(frozen=True, kw_only=True)
class RegisterOptions(CommonOptions):
    folder: Annotated[
        Path, Option(positional=True, help="of the model: the one that `ladder train` named, or that of a bundle")
    ]
    promote: Annotated[bool, Option(help="make it champion too, if it passed its checks")] = False


@dataclass(frozen=True)
class RunWish:
    """What the user wants the run of a training to be called, and to be found by."""

    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Begun:
    """A training that has begun.  run : of the tracker.  standing : the champion, as it was then."""

    registry: Registry
    run: str
    name: str
    standing: Standing


@contextmanager
def tracked_training(
    registry: Registry, settings: Settings, *, champions: Path, where: str, as_of: int, wish: RunWish
) -> Iterator[Begun]:
    """Try registry, experiment, artifacts and disk, open the run, and fail it where the training fails.

    Raises
    ------
    RegistryError
        Before any work, if the model could not be kept afterwards.
    """
    from training.settings import write_settings
    from training.tracking.run_records import run_name
    from training.tracking.tracker import without_secrets

    _check_room(champions)
    standing = standing_champion(registry)
    name = wish.name or run_name(without_secrets(where), as_of, settings.outcome.horizon_days)
    run = registry.begin(
        settings.registry.experiment, name, tags={"kind": "training", **wish.tags},
        files={"settings.json": write_settings(settings)}, run_id=open_run(),
    )  # fmt: skip
    try:
        yield Begun(registry, run, name, standing)
    except BaseException as error:
        if not isinstance(error, NotRegistered):
            registry.fail(run, killed=not isinstance(error, Exception))
        raise


class NotRegistered(RegistryError):
    """A model was trained and could not be registered; it is kept, and its run stays open for it."""


def _check_room(champions: Path) -> None:
    """Refuse to train where a model could not be written."""
    try:
        champions.mkdir(parents=True, exist_ok=True)
        probe = champions / ".room"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise RegistryError(
            f"Nothing can be written in {champions}, where the model would go: {error.strerror}. Check its "
            "permissions, or name another folder: registry.champion_folder in the settings."
        ) from None
    free = shutil.disk_usage(champions).free / 1e6
    if free < MIN_FREE_MB:
        raise RegistryError(
            f"{free:,.0f} MB are free in {champions}, where the model would go; it takes up to {MIN_FREE_MB}. "
            "Make room."
        )


def register_package(
    package: TrainingPackage, registry: Registry, experiment: str, kept: Path | None, bundle: Bundle | None = None
) -> int:
    """Register a training that lies on disk, and return its version.

    kept : removed then; else named in the refusal.  bundle : where it was just written; else it is read.

    Raises
    ------
    NotRegistered
        If the registry fails; the training stays where it is.
    """
    from serving.integrations.pyfunc_model import INPUTS, OUTPUTS, PARAMS, example
    from training.model.bundle import read_bundle
    from training.tracking.runs import ModelForm

    bundle = bundle or read_bundle(package.bundle)[0]
    form = ModelForm(INPUTS, OUTPUTS, PARAMS, example())
    try:
        version = registry.record(
            bundle, package.record, plots=package.plots, form=form, experiment=experiment, run_id=package.run_id,
            ended=package.ended,
        )  # fmt: skip
    except Exception as error:  # a store's own libraries raise what they like, and no mistake may cost the training
        where = kept or package.bundle
        raise NotRegistered(
            f"The model {bundle.version} is trained, and is kept in {where}, but it was not registered: "
            f"{_told(error)} When that is mended, `ladder register {where}` finishes the work."
        ) from error
    if kept is not None:
        shutil.rmtree(kept, ignore_errors=True)
        with suppress(OSError):
            kept.parent.rmdir()  # if it was the last
    return version


def register_model(model: Model, registered: str | None, run_name: str | None, tags: Mapping[str, str]) -> int:
    """Log and register a model of `import ladder`; as `Model.register`, whose names these are."""
    from serving.integrations.pyfunc_model import INPUTS, OUTPUTS, PARAMS, example
    from training.settings import Settings, parse_settings
    from training.tracking.provenance import provenance
    from training.tracking.registry import Registry
    from training.tracking.run_records import training_record
    from training.tracking.runs import ModelForm
    from training.tracking.tracker import without_secrets
    from training.tracking.training_package import bundle_record

    if not isinstance(tags, Mapping):
        raise SettingsError(f"tags are a mapping from names to texts, and not a {type(tags).__name__}.")
    if registered is not None:
        parse_settings({"registry": {"model": registered}})  # a name that settings could not say is refused
    made, trained = model.made, model.trained
    settings = Settings() if made is None else made.settings
    if made is None or trained is None:
        record = bundle_record(model.bundle)
    else:
        record = training_record(
            trained, settings, provenance=provenance(), where=without_secrets(made.where), files={}, metrics={}
        )
    registry, experiment = Registry(registry_uri(), registered or settings.registry.model), settings.registry.experiment
    run = registry.begin(
        experiment, run_name or record.run.name, tags={"kind": "training", **tags}, began=made and made.began
    )
    with tempfile.TemporaryDirectory() as plots:
        model.draw(plots)
        form = ModelForm(INPUTS, OUTPUTS, PARAMS, example())
        try:
            return registry.record(
                model.bundle, record, plots=Path(plots), form=form, experiment=experiment, run_id=run,
                ended=made and made.ended,
            )  # fmt: skip
        except BaseException:
            registry.fail(run)
            raise


def _told(error: Exception) -> str:
    """Return what went wrong in a line; with its kind where that is not one of a registry, a disk or a network."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return text if isinstance(error, (LadderError, OSError)) else f"{type(error).__name__}: {text}."


def now_ms() -> int:
    """Return the time as MLflow counts it."""
    return time.time_ns() // 1_000_000


def register_command(options: RegisterOptions) -> Figures:
    from training.settings import read_settings
    from training.tracking.registry import Registry
    from training.tracking.training_package import RECORD, read_package

    settings = read_settings(options.config)
    registry = Registry(registry_uri(), settings.registry.model)
    package = read_package(options.folder)
    if options.promote and not package.passes:
        why = "a check refused it" if package.passes is False else "it was never put to the promotion checks"
        raise RegistryError(
            f"{options.folder} cannot be promoted: {why}. Leave --promote out; `ladder promote VERSION` overrules the "
            "checks."
        )
    if package.run_id is not None and not registry.has_run(package.run_id):
        package = _without_run(package)
    kept = options.folder if (options.folder / RECORD).is_file() else None
    version = register_package(package, registry, settings.registry.experiment, kept)
    print(f"{registry.model} version {version} is registered")
    promoted = bool(package.passes) and (options.promote or registry.champion() is None)
    if promoted:
        registry.promote(version, settings.registry.champions)
        print(f"{registry.model} version {version} is champion now")
    else:
        print(f"`ladder promote {version}` makes it champion")
    return {"version": version, "champion": promoted}


def _without_run(package: TrainingPackage) -> TrainingPackage:
    """Return a training whose run is unknown here: its own is opened anew."""
    from dataclasses import replace

    return replace(package, run_id=None)
