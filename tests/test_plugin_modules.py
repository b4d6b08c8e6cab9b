"""A module of one's own that the settings name is used as a package's is, and no model is a reason to load it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
from distributed import LocalCluster

from features import extensions
from features.catalog import catalog
from features.catalog.added import with_added
from features.catalog.declarations import Context, Family, measure
from features.errors import BundleError, PluginFailed, SettingsError
from features.extensions import FEATURES, Extension, other_packages, use_modules, with_baselines, with_members
from features.histories.views import View
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.api.openapi import EXAMPLE
from serving.scoring.scoring_service import ScoringService
from tests.docs.documents import DOCS, blocks
from tests.paths import ROOT
from tests.serving.client import Client
from tests.trained import small_settings, tiny_bundle, tiny_dataset, tiny_histories
from tests.training.tracking.servers import free_port, wait_for
from training.data.training_task import learn_members
from training.model import serialization
from training.model.bundle import read_bundle
from training.model.findings import BLOCKER, WARNING
from training.model.rules import Constant
from training.model.serialization import check_served, served
from training.model.text.catalogue import heading, render
from training.promotion import added_checks
from training.settings import parse_settings
from training.simulator.simulation import simulate, write

(MINE,) = (one.text for one in blocks(DOCS / "extend.md") if one.text.startswith("# mine.py"))
TRAIN = """
import sys

import ladder
from training.simulator.simulation import simulate

small = {"booster": {"rounds": 5}, "slices": {"every_days": 180}, "outcome": {"further_horizons_days": []}}
small["plugins"] = {"modules": ["mine"]}
source = ladder.read(dict(simulate("tiny", accounts=150, seed=1).tables), small)
model = ladder.train(source, folds=0)
print("ours" in model.bundle.switching.members, "our_days_since_order" in model.bundle.facts.features)
print(model.bundle.facts.packages)
model.save(sys.argv[1])

import numpy as np
from training.data.dataset import build_dataset
from training.models.baselines import BASELINES

data = build_dataset(source.histories, source.settings, source.histories.end)
rows = np.ones(len(data.matrix), bool)
for task, name in (("switching", "our share"), ("next_rung", "our logit"), ("revenue", "our mean")):
    print(task, BASELINES[task][name](data, rows, rows, source.settings).shape[1])
"""


def python(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in a folder, with this program on its path."""
    given = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run([sys.executable, *words], cwd=folder, env=given, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working folder of a team with a module of its own, and the model that it trained."""
    folder = tmp_path_factory.mktemp("team")
    (folder / "mine.py").write_text(MINE)
    done = python(folder, "-c", TRAIN, "bundle")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["True True", "('module mine 0.3',)", "switching 1", "next_rung 7", "revenue 1"]
    return folder


def test_a_model_is_never_a_reason_to_load_a_module_and_says_which_one_it_lacks(team: Path) -> None:
    with pytest.raises(BundleError, match=r"our_days_since_order.*module mine 0\.3, which neither \[plugins\] modules"):
        read_bundle(team / "bundle")
    assert "mine" not in sys.modules


def test_whoever_names_the_module_serves_the_model_from_any_folder(team: Path, tmp_path: Path) -> None:
    named = {"LADDER_PLUGINS": "mine", "LADDER_PLUGINS_FOLDER": str(team)}
    tried = python(tmp_path, "-m", "serving.runtime.bundle_trial", str(team / "bundle"), **named)
    assert tried.returncode == 0, tried.stdout + tried.stderr


WRONG = {
    "no_such": (
        None,
        "module no_such of [plugins] modules, or of LADDER_PLUGINS, cannot be loaded: ModuleNotFoundError",
    ),
    "fails": ("1 / 0", "cannot be loaded: ZeroDivisionError: division by zero. Mend it"),
    "leaves": ("import sys\nsys.exit(3)", "cannot be loaded: SystemExit: 3. Mend it"),
    "numbered": ("MEMBERS = {5: print}", "MEMBERS of the module numbered has the name 5, which is no text"),
    "empty": ("x = 1", "adds nothing: it holds none of FEATURES, MEMBERS, BASELINES, CHECKS, RECIPES, TABLES"),
    "listed": ("MEMBERS = [1]", "MEMBERS of the module listed is a list where a mapping"),
    "of_no_task": ("BASELINES = {'triggers.x': print}", "`next_rung.NAME`, `switching.NAME` or `revenue.NAME`"),
    "no_function": ("BASELINES = {'revenue.x': 3}", "it is a int where a function belongs"),
    "taken_member": ("MEMBERS = {'switching.logit': print}", "adds 'logit', and there is one of that name"),
    "taken_baseline": ("BASELINES = {'revenue.mean': print}", "adds 'mean', and there is one of that name"),
    "taken_feature": (
        "from features.catalog.catalog import FEATURES",
        "adds 'order_days_30d', and there is one of that name",
    ),
    "fails_late": (
        "BASELINES = {'revenue.late': lambda task: 1 / 0}",
        "'revenue.late' of loyalty_ladder.baselines, which the module fails_late adds, failed: ZeroDivisionError",
    ),
    "no_feature": ("FEATURES = print", "holds a builtin_function_or_method where a Feature belongs"),
}


@pytest.fixture
def looked_up_anew() -> Iterator[None]:
    """What is added from outside, as a process finds it that begins now."""
    caches = (extensions.extensions, extensions._modules)
    for one in caches:
        one.cache_clear()
    yield
    for one in caches:
        one.cache_clear()


@pytest.mark.usefixtures("looked_up_anew")
@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_used_is_called_by_its_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, named = WRONG[name]
    if source is not None:
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setenv("LADDER_PLUGINS", f" {name},")
    monkeypatch.setenv("LADDER_PLUGINS_FOLDER", str(tmp_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SettingsError, match=re.escape(named)):
        _add_everything()


def _add_everything() -> None:
    with_added(catalog.FEATURES)
    with_members("switching", {"logit": 1})
    for name, learn in with_baselines("revenue", {"mean": 1}, lambda learn: learn).items():
        assert name == "mean" or learn("a task")


WRONG_FEATURES: Mapping[str, tuple[Any, str]] = {
    "one number": (lambda _view, _: np.array(1.0), r"it gives the shape \(\), and there are \d+ snapshots"),
    "infinite": (lambda view, _: np.full(len(view), np.inf), "infinite numbers; what is not known is NaN"),
    "text": (lambda view, _: np.full(len(view), "x"), "ValueError: could not convert string to float"),
    "a mistake": (lambda view, _: view.orders, "AttributeError: .*orders.*Mend or remove it"),
}


@pytest.mark.parametrize("what", WRONG_FEATURES)
def test_a_feature_that_fails_is_called_by_its_name(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compute, named = WRONG_FEATURES[what]
    mine = Family("ours", "orders").feature("ours", "number", "a number of ours", "never", compute)
    one = Extension("FEATURES", (mine,), "module mine")
    monkeypatch.setattr(extensions, "extensions", lambda _: (one,))
    (feature,) = with_added([])
    histories = tiny_histories()
    with pytest.raises(SettingsError, match=f"The feature ours, which the module mine adds, failed: .*{named}"):
        measure(View(histories, histories.known_at(histories.end)), Context(), [feature])


def test_a_feature_with_a_name_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Family("ours", "orders").recency("orders", "z z; drop", "the last order")
    monkeypatch.setattr(extensions, "extensions", lambda _: (Extension("FEATURES", (mine,), "module mine"),))
    with pytest.raises(SettingsError, match="adds the feature 'z z; drop': a name is of letters, digits and _"):
        with_added([])


def test_a_feature_cannot_change_what_others_are_computed_from(monkeypatch: pytest.MonkeyPatch) -> None:
    def sorts(view: View, _: Context) -> Any:
        view.stream("orders").time.sort()
        return np.zeros(len(view))

    mine = Family("ours", "orders").feature("ours", "number", "a number of ours", "never", sorts)
    monkeypatch.setattr(extensions, "extensions", lambda _: (Extension("FEATURES", (mine,), "module mine"),))
    (feature,) = with_added([])
    histories = tiny_histories()
    with pytest.raises(SettingsError, match=r"ours.*module mine adds, failed: ValueError: .*read-only"):
        measure(View(histories, histories.known_at(histories.end)), Context(), [feature])


ANSWERS: Mapping[str, tuple[Any, int, str]] = {
    "text": (lambda n: np.full((n, 1), "a"), 1, r"predictor Ours\d* of tests.test_plugin_modules failed: ValueError"),
    "a mistake": (lambda _: 1 / 0, 1, r"predictor Ours\d* of tests.test_plugin_modules failed: ZeroDivisionError"),
    "beyond one": (lambda n: np.full((n, 1), 7.0), 1, "numbers from 7 to 7: wanted are chances, 0 to 1"),
    "below zero": (lambda n: np.full((n, 1), -1.0), 1, "numbers from -1 to -1: wanted are chances"),
    "no sum": (lambda n: np.full((n, 7), 0.9), 7, "chances, 0 to 1, that sum to 1 in each row"),
    "NaN of a few": (lambda n: np.where(np.arange(n) < n - 2, 0.5, np.nan)[:, None], 1, "numbers that are none"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_that_is_no_chance_is_refused_by_its_name(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, classes, named = ANSWERS[what]
    monkeypatch.setattr(serialization, "SERVED_CLASSES", {})
    ours = served(dataclass(frozen=True)(type("Ours", (), {
        "__module__": __name__, "__annotations__": {}, "predict": lambda _, matrix: answer(len(matrix)),
    })))  # fmt: skip
    with pytest.raises(SettingsError, match=named):
        check_served("ours", ours(), tiny_dataset().matrix, classes)


def test_a_predictor_that_is_another_once_it_was_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serialization, "SERVED_CLASSES", {})

    @served
    @dataclass(frozen=True)
    class Kept:
        shares: object

        def predict(self, matrix: Any) -> Any:
            return np.full((len(matrix), 1), 0.5)

    @served
    @dataclass(frozen=True)
    class Rolled:
        share: float

        def predict(self, matrix: Any) -> Any:
            return np.random.default_rng().random((len(matrix), 1))

    @served
    class Plain:
        def predict(self, matrix: Any) -> Any:
            return np.full((len(matrix), 1), 0.5)

    matrix = tiny_dataset().matrix
    with pytest.raises(SettingsError, match=r"a Kept that cannot be written and read again.*ndarray"):
        check_served("ours", Kept(np.ones(3)), matrix, 1)
    with pytest.raises(SettingsError, match="a Rolled that answers otherwise once it was written and read"):
        check_served("ours", Rolled(0.5), matrix, 1)
    with pytest.raises(SettingsError, match="a Plain, which no bundle could hold"):
        check_served("ours", Plain(), matrix, 1)


def test_a_baseline_of_money_is_not_below_zero() -> None:
    matrix = tiny_dataset().matrix
    with pytest.raises(SettingsError, match="gives -5: wanted are amounts of money"):
        check_served("ours", Constant(-5.0), matrix, 1, chances=False)
    check_served("ours", Constant(5e6), matrix, 1, chances=False)


def test_the_service_says_that_a_plugin_failed_and_is_no_mistake_of_its_own(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise PluginFailed("The feature ours, which the module mine adds, failed: secret") from ZeroDivisionError()

    service = ScoringService(tiny_bundle(), "v")
    monkeypatch.setattr(service, "score", fails)
    with Client(create_app(ModelHolder(service))) as client, caplog.at_level("ERROR"):
        answer = client.post_json("/score", EXAMPLE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "plugin_failed")
    assert "secret" not in answer.text + caplog.text
    assert "plugin_failed" in caplog.text


def test_a_predictor_that_no_bundle_could_hold_is_refused_before_it_is_weighed() -> None:
    task = tiny_dataset().task(tiny_dataset().labels.switched, small_settings().booster)

    class Ours:
        def predict(self, matrix: Any) -> Any:
            return np.zeros(len(matrix))

    with pytest.raises(SettingsError, match=r"'ours' gives a Ours, which no bundle could hold"):
        learn_members({"ours": lambda _: Ours()}, task)
    with pytest.raises(
        SettingsError, match=r"'ours' gives, of \d+ rows, the shape .*, 1\).*wanted are 7 numbers a row"
    ):
        check_served("ours", Constant(0.5), task.matrix, 7)
    with pytest.raises(SettingsError, match=r"has a class of predictors Constant, and so has training\.model\.rules"):
        served(type("Constant", (), {}))


@pytest.mark.usefixtures("looked_up_anew")
def test_a_module_of_another_version_is_named_with_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "of_version_2.py").write_text("__version__ = 2\nCHECKS = {}\n")
    monkeypatch.setenv("LADDER_PLUGINS", "of_version_2")
    monkeypatch.setenv("LADDER_PLUGINS_FOLDER", str(tmp_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert other_packages(["module of_version_2 2"]) == []
    assert other_packages(["module of_version_2"]) == ["module of_version_2, and module of_version_2 2 is here"]


def test_a_module_is_named_as_python_names_it() -> None:
    for name in ("../mine", "mine.py/", "a b", ""):
        with pytest.raises(SettingsError, match="plugins"):
            parse_settings({"plugins": {"modules": [name]}})


def test_modules_that_come_too_late_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features are a part of every matrix that this process has made already."""
    monkeypatch.delenv("LADDER_PLUGINS", raising=False)
    extensions.extensions(FEATURES)
    with pytest.raises(SettingsError, match=r"mine in \[plugins\] modules.*Start Python anew.*LADDER_PLUGINS=mine"):
        use_modules(["mine"])
    use_modules([])
    assert "LADDER_PLUGINS" not in os.environ


def test_settings_kept_with_a_model_load_nothing() -> None:
    assert parse_settings({"plugins": {"modules": ["no_such_module"]}}).plugins.modules == ("no_such_module",)


def test_an_own_check_is_told_in_its_words_and_one_that_fails_stands_in_the_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dutch(context: Any) -> list[tuple[str, str]]:
        return [(WARNING, f"only {context.dutch}\n Dutch accounts")]

    def broken(_: Any) -> list[tuple[str, str]]:
        raise ZeroDivisionError("no accounts")

    checks: Mapping[str, Any] = {"Dutch accounts": dutch, "broken": broken, "unknown": lambda _: [("grave", "x")]}
    found = tuple(Extension(name, check, "module mine") for name, check in checks.items())
    monkeypatch.setattr(added_checks, "extensions", lambda _: found)
    context: Any = SimpleNamespace(dutch=12)
    told, failed, unknown = added_checks.added_findings(context)
    assert (told.severity, failed.severity, unknown.severity) == (WARNING, BLOCKER, BLOCKER)
    assert (heading(told, "nl"), render(told, "en")) == ("Dutch accounts", "only 12 Dutch accounts")
    assert "check of the module mine says nothing, for it failed: ZeroDivisionError: no accounts" in render(
        failed, "en"
    )
    assert "'grave'" in render(unknown, "nl")


PYFUNC = """
import mlflow
from serving.integrations.pyfunc_model import example
print(mlflow.pyfunc.load_model("models:/loyalty-ladder@champion").predict(example())["status"].tolist())
"""


@pytest.mark.slow
def test_training_scoring_service_pyfunc_and_cluster_load_what_the_settings_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "source").mkdir()
    write(simulate("tiny", accounts=150, seed=1), tmp_path / "source")
    (tmp_path / "own.toml").write_text(
        '[plugins]\nmodules = ["mine"]\n[booster]\nrounds = 5\n[slices]\nevery_days = 90\n[outcome]\n'
        "further_horizons_days = []\n"
    )
    tracked = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}

    def ladder(*words: str) -> "subprocess.CompletedProcess[str]":
        return python(tmp_path, str(ROOT / "ladder.py"), *words, **tracked)

    trained = ladder("train", "--data", "source", "--config", "own.toml", "--folds", "1", "--report", "report.html")
    assert trained.returncode == 0, trained.stderr
    assert re.search(r"^ +our share +0\.", trained.stdout, re.MULTILINE)
    assert re.search(r"^ +our logit +\d\.", trained.stdout, re.MULTILINE)
    assert re.search(r"warning +Three origins +judged at 1 origins", trained.stdout)
    assert "Three origins" in (tmp_path / "report.html").read_text()

    refused = ladder("score", "--data", "source", "--out", "scores")
    assert refused.returncode == 1
    assert "our_days_since_order" in refused.stderr
    assert "module mine 0.3, which neither [plugins] modules" in refused.stderr
    scored = ladder("score", "--data", "source", "--out", "scores", "--config", "own.toml")
    assert scored.returncode == 0, scored.stderr
    asked = python(tmp_path, "-c", PYFUNC, LADDER_PLUGINS="mine", **tracked)
    assert asked.stdout.endswith("['ok', 'ok']\n"), asked.stderr

    port = free_port()
    words = ["serve", "--config", "own.toml", "--port", str(port), "--workers", "2"]
    with serving(tmp_path, words, tracked, port) as url:
        answers = [httpx.post(f"{url}/score", json=EXAMPLE).json() for _ in range(8)]
        assert {one["status"] for answer in answers for one in answer["results"]} == {"ok"}

    parted = ladder("partition", "--data", "source", "--out", "parts", "--parts", "2", "--config", "own.toml")
    assert parted.returncode == 0, parted.stderr
    monkeypatch.chdir(tmp_path)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        address = cluster.scheduler_address
        again = ladder("train", "--data", "parts", "--config", "own.toml", "--folds", "0", "--dask", address)
        assert again.returncode in (0, 4), again.stderr
        plain = ladder("train", "--data", "parts", "--folds", "0", "--dask", address)
        assert "runs another program" in plain.stderr
        assert "with module mine 0.3 (here no plugins)" in plain.stderr


@contextmanager
def serving(folder: Path, words: list[str], environment: Mapping[str, str], port: int) -> Iterator[str]:
    """Run `ladder serve` for the length of the block, ready, and yield its address."""
    given = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    with (folder / "serve.log").open("wb") as log:
        command = [sys.executable, str(ROOT / "ladder.py"), *words]
        process = subprocess.Popen(command, cwd=folder, env=given, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/readyz", process, folder / "serve.log")
        yield url
    finally:
        process.terminate()
        process.wait(60)
