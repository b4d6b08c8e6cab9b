"""The functions of `import ladder`: what the commands do, on values instead of files, with nothing left in any folder.

Everything heavy is imported when it is used.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from commands.arguments import amount, instant_of, language_of, of_kind, several, whole, with_columns
from features.errors import BundleError, RegistryError, SettingsError, SourceUnreadable
from features.extensions import use_modules

if TYPE_CHECKING:
    from features.data_report import DataReport
    from features.histories.histories import Histories
    from features.sources.source import Location
    from features.sources.source import Source as Tables
    from serving.planning.plan import Plan
    from training.model.bundle import Bundle
    from training.pipeline import Trained
    from training.settings import Settings

Frame = Any
"""A frame of the library that the source came in: pandas, Polars or Arrow; pandas for files and databases."""

Day = str | date
"""A day or a time: as 2026-01-31, or a date or time of Python or pandas; without a zone it is UTC."""


@dataclass(frozen=True)
class Source:
    """A source that was read.

    cleaned : its tables, typed and clean, and what was understood, noted and set aside.
    settings : by which it was read, and by which it is trained.
    library : of its frames, `pandas`, `polars` or `pyarrow`.  where : its address, for the tracker; empty for frames.
    """

    cleaned: Tables
    settings: Settings
    library: str = "pandas"
    where: str = ""

    @cached_property
    def histories(self) -> Histories:
        """Return the histories of all accounts."""
        from features.histories.histories import build_histories

        return build_histories(self.cleaned)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was noted while reading, in sentences."""
        return self.cleaned.notes

    @property
    def tables(self) -> Mapping[str, Frame]:
        """Return the rows that are used, table by name."""
        from features.sources.frames import frame_of

        return {name: give_back(frame_of(name, table), self.library) for name, table in self.cleaned.tables.items()}

    @property
    def set_aside(self) -> Frame:
        """Return the rows that cannot be used: table, row, column, reason, account_id."""
        from features.sources.source import set_aside_frame

        return give_back(set_aside_frame(self.cleaned), self.library)

    def instant(self, as_of: object) -> int:
        """Return the instant to look from, microseconds.  as_of : None = the midnight after the last event."""
        return self.histories.end if as_of is None or as_of == "" else instant_of(as_of)


class Scores(NamedTuple):
    """The scores of every account: the tables of docs/scores.md."""

    scores: Frame
    investment_scores: Frame
    horizons: Frame
    reasons: Frame


class Made(NamedTuple):
    """How a model was trained.  where : its source.  began, ended : milliseconds."""

    settings: Settings
    where: str
    began: int
    ended: int


@dataclass(frozen=True)
class Model:
    """A model: one just trained, or one that was loaded.

    bundle : all that serves.  version : its name, the digest of its files.
    trained : what training found beside it; None for a model that was loaded.
    made : how it was trained; None for a model that was loaded.
    """

    bundle: Bundle
    version: str
    trained: Trained | None = None
    made: Made | None = None

    @property
    def report(self) -> tuple[str, ...]:
        """Return what the models are worth and what they rest on, in sentences."""
        return self.sentences("en")

    def sentences(self, language: str) -> tuple[str, ...]:
        """Return the report in a language, `en`, `nl` or `de`."""
        from training.model.text.catalogue import render

        language_of(language)
        facts = self.bundle.facts
        return tuple(render(finding, language, facts.currency) for finding in facts.report)

    @property
    def comparisons(self) -> Mapping[str, Frame]:
        """Return every model beside every baseline, by task, out of time; empty for a model that was loaded."""
        import pandas as pd

        from training.evaluation.tables import table_rows

        found = {}
        for table in () if self.trained is None else self.trained.tables:
            headings, rows = table_rows(table)
            found[table.task] = pd.DataFrame([list(row) for row in rows], columns=list(headings))
        return found

    def score(self, source: Source, *, as_of: Day | None = None, language: str = "en") -> Scores:
        """Return the scores of every account of a source.

        as_of : as 2026-01-31, or a date or time of Python or pandas; None = the midnight after the last event.
        language : of the reasons.

        Raises
        ------
        SettingsError
            If the source's settings say other rules of the ladder than those the model was trained by.
        """
        from commands.champions import check_rules
        from commands.playbook import with_playbook
        from serving.scoring.batch import score_frames
        from serving.scoring.scoring import Scorer

        check_rules(read_first(source).settings, self.bundle.facts)
        language_of(language)
        scorer = Scorer(with_playbook(self.bundle, source.settings), self.version)
        frames = score_frames(scorer, source.histories, source.instant(as_of), language=language)
        return Scores(*(give_back(_dated(frame), source.library) for frame in frames))

    def save(self, folder: str | Path) -> Path:
        """Write the model as a bundle, which `load` and `ladder score --model` take, and return its folder."""
        from training.model.bundle import write_bundle

        if Path(folder).is_file():
            raise BundleError(f"{folder} is a file, and a bundle is a folder: name another place.")
        write_bundle(self.bundle, Path(folder))
        return Path(folder)

    def register(
        self, model: str | None = None, *, run_name: str | None = None, tags: Mapping[str, str] | None = None
    ) -> int:
        """Log the model into MLflow as `ladder train` does, and return its number as a new version.

        Its run is a child of the one that is open in this process, if any, and else stands in the experiment that
        `mlflow.set_experiment` chose, or that of the settings. It serves once `ladder promote VERSION`, or MLflow's
        own client, gives it the alias `champion`.

        model : name of the registered model; None = that of the settings.  run_name, tags : of the run.

        Raises
        ------
        RegistryError, SettingsError
            If the registry cannot be reached, or refuses, or the name is none. The model is as it was: register it
            again, or save it.
        """
        from commands.registration import register_model

        return register_model(self, model, run_name, tags or {})

    def draw(self, folder: str | Path) -> list[Path]:
        """Draw the plots of the evaluation into a folder and return the files; none for a model that was loaded."""
        from training.tracking.plots import draw_plots

        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        if self.trained is not None:
            draw_plots(self.trained.comparisons, self.trained.curves, target)
        return sorted(target.glob("*.png"))


def read(
    data: Location, settings: Settings | Mapping[str, Any] | str | Path | None = None, *, look: bool = False
) -> Source:
    """Read a source: a folder, a file, a database's URL, or frames by table.

    settings : a TOML file, or what would stand in one; None = the defaults.
    look : to be looked at only: whatever would be refused stands in `check`.

    Raises
    ------
    SourceError, NotEnoughData, SettingsError
        If it cannot be used as it is.
    """
    from features.sources.partitioned import read_partitions
    from features.sources.source import read_source

    if not isinstance(data, (str, os.PathLike, Mapping)):
        raise SourceUnreadable(
            f"a {type(data).__name__} is no source: give a folder, a file, a database's URL, or frames by the name of "
            'their table, as {"orders": frame}'
        )
    chosen = _settings(settings)
    frames = data if isinstance(data, Mapping) else {}
    parted = not isinstance(data, Mapping) and read_partitions(data) is not None  # it was mapped when it was cut
    cleaned = read_source(
        data, {} if parted else chosen.tables, max_bad_share=1.0 if look else chosen.source.max_bad_share,
        rules=chosen.source.rules(time.time_ns() // 1000), look=look,
    )  # fmt: skip
    return Source(cleaned, chosen, _library(frames), "" if isinstance(data, Mapping) else str(data))


def check(source: Source, *, as_of: Day | None = None) -> DataReport:
    """Return the data report: what was understood and set aside, the ladder, and which models can be trained."""
    from commands.checking import data_report
    from commands.inputs import Loaded

    read_first(source)
    return data_report(Loaded(source.settings, source.cleaned, source.histories, source.instant(as_of)))


def train(
    source: Source,
    *,
    as_of: Day | None = None,
    folds: int | None = None,
    fast: bool = False,
    horizons: int | Sequence[int] | None = None,
    only: str | Sequence[str] = (),
) -> Model:
    """Train all models that a source allows; nothing is registered, and nothing is written.

    folds : origins of the evaluation out of time, three by default; 0 skips it.
    fast : the main horizon alone and no folds, where neither is said: a first answer in seconds.
    horizons : days of the horizons beside the main one; None = those of the settings.
    only : of `rung`, `switching`, `revenue` and `uplift`; the others by their simplest rule. Empty = all.

    Raises
    ------
    NotEnoughData, SettingsError
        If the history is too short, or what is asked for cannot be.
    """
    from training.models.scope import FAST, Scope
    from training.pipeline import train as train_all

    began = time.time_ns()
    base = FAST if fast else Scope()
    further = base.further if horizons is None else tuple(whole("a horizon", days) for days in several(horizons))
    number = base.folds if folds is None else whole("folds", folds)
    scope = replace(base, folds=number, only=tuple(map(str, several(only))), further=further)
    trained = train_all(read_first(source).histories, source.settings, source.instant(as_of), scope=scope)
    made = Made(scope.applied(source.settings), source.where, began // 1_000_000, time.time_ns() // 1_000_000)
    return Model(trained.bundle, trained.bundle.version, trained, made)


def load(model: str | Path) -> Model:
    """Load a model: `models:/loyalty-ladder@champion`, `models:/loyalty-ladder/3`, or the folder of a bundle.

    `models:/loyalty-ladder/latest`, `runs:/RUN/model` and MLflow's `models:/m-...` are understood too.

    Raises
    ------
    RegistryError, BundleError
        If there is none, or it is damaged.
    """
    from commands.champions import find_bundle
    from commands.inputs import registry_uri
    from training.model.champion import read_trusted_bundle
    from training.settings import RegistrySettings
    from training.tracking.registry import DEFAULT_URI

    of_kind("model", model, (str, Path), "its name, as models:/loyalty-ladder@champion, or the folder of a bundle")
    uri = registry_uri()
    if (
        str(model).startswith(("models:", "runs:"))
        and uri == DEFAULT_URI
        and not Path(uri.removeprefix("sqlite:///")).is_file()
    ):
        raise RegistryError(f"No tracking server is named by MLFLOW_TRACKING_URI, and {uri} is not here.")
    with tempfile.TemporaryDirectory() as scratch:
        return Model(*read_trusted_bundle(find_bundle(str(model), RegistrySettings(), Path(scratch))))


def plan(
    scores: Scores,
    budget: float,
    *,
    holdout: float = 0.1,
    explore: float = 0.0,
    seed: int = 0,
    settings: Settings | Mapping[str, Any] | str | Path | None = None,
    model: Model | None = None,
) -> Plan:
    """Plan which account gets which investment under a budget.

    scores : as `Model.score` returned them.  holdout, explore : as of `ladder plan`.  settings : hours of each option.
    model : whose record of promises counts.

    Raises
    ------
    SettingsError, NotEnoughData
        If the plan cannot be made.
    """
    from serving.planning.arms import Draw
    from serving.planning.files import NEEDED, NEEDED_OF_SCORES
    from serving.planning.integer_program import solve
    from serving.planning.plan import Allowance, make_plan
    from serving.scoring.terms import terms_of

    if not isinstance(scores, Scores):
        raise SettingsError(f"a {type(scores).__name__} holds no scores: give what `Model.score` returned")
    of_kind("model", model, (Model, type(None)), "what `ladder.train` or `ladder.load` returned")
    hours = {} if settings is None else _settings(settings).plan.hours
    return make_plan(
        with_columns("scores", _pandas(scores.scores), NEEDED_OF_SCORES),
        with_columns("investment_scores", _pandas(scores.investment_scores), NEEDED),
        Allowance(amount("the budget", budget), hours=hours),
        Draw(amount("holdout", holdout), amount("explore", explore), whole("seed", seed)),
        exact=solve,
        terms=None if model is None else terms_of(model.bundle.facts),
    )


def read_first(source: Source) -> Source:
    """Return a source that was read.  Raises SettingsError where it is still to be."""
    if not isinstance(source, Source):
        raise SettingsError(f"a {type(source).__name__} is no source that was read: give what `ladder.read` returned")
    return source


def _settings(settings: Settings | Mapping[str, Any] | str | Path | None) -> Settings:
    from training.settings import Settings, parse_settings, read_settings

    if settings is None or isinstance(settings, (str, Path)):
        read = read_settings(None if settings is None else Path(settings))
    else:
        read = parse_settings(settings) if isinstance(settings, Mapping) else settings
    if not isinstance(read, Settings):
        raise SettingsError(f"A {type(read).__name__} holds no settings: name a TOML file, or give what one holds.")
    use_modules(read.plugins.modules)
    return read


def _library(frames: Mapping[str, Any]) -> str:
    """Return the library of the first frame, where its frames can be given back."""
    first = type(next(iter(frames.values()), None)).__module__.split(".")[0]
    return first if first in ("polars", "pyarrow") else "pandas"


def _dated(frame: Any) -> Any:
    """Return a table of scores with its dates, which are text in files and answers, as datetimes at midnight UTC."""
    import pandas as pd

    from serving.scoring.score_columns import SCORES, Kind

    names = [column.name for column in SCORES if column.kind is Kind.DATE and column.name in frame]
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in names})


def give_back(frame: Any, library: str) -> Frame:
    """Return a DataFrame of pandas as one of another library."""
    if library == "pandas":
        return frame
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)
    if library == "pyarrow":
        return table
    return import_module("polars").from_arrow(table)


def _pandas(frame: Frame) -> Any:
    """Return a frame of any library as one of pandas, with the types that scores are kept in."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(frame, pd.DataFrame):
        return frame
    kinds = {pa.string(): pd.StringDtype(), pa.large_string(): pd.StringDtype(), pa.int64(): pd.Int64Dtype()}
    return pa.table(frame).to_pandas(types_mapper=kinds.get)
