"""Four trainings at once on a new store, and a kill -9 at any moment: the registry stays whole, the champion in place.

The processes are forked from one that has MLflow imported already: the import alone takes seconds.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.paths import ROOT
from tests.trained import tiny_bundle
from tests.training.tracking.tracking import empty_registry
from training.model.bundle import read_bundle, write_bundle
from training.model.champion import published
from training.tracking.registry import Registry
from training.tracking.tracker import connected

_BEGIN = """
import os, signal, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
import mlflow
from tests.training.tracking.tracking import put
from tests.training import tracking
from training.model.bundle import read_bundle
from training.tracking.registry import Registry
uri, folder = sys.argv[1], Path(sys.argv[2])

def forked(work):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child
"""
_FOUR = """
bundle = read_bundle(folder / "bundle")[0]
children = [forked(lambda k=k: put(Registry(uri), folder / str(k), bundle)) for k in range(4)]
print([os.waitpid(child, 0)[1] for child in children])
"""
_KILLED = """
bundle, other = read_bundle(folder / "bundle")[0], read_bundle(folder / "other")[0]
import training.model.champion, training.tracking.registry

def dying(owner, name, after):
    real, left = getattr(owner, name), [after]
    def call(*arguments, **keywords):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **keywords)
    setattr(owner, name, call)

def die_in(work, name, after):
    def run():
        owner = training.tracking.registry if hasattr(training.tracking.registry, name) else mlflow.MlflowClient
        dying(owner, name, after)
        work()
    return os.waitpid(forked(run), 0)[1]

registry, home = Registry(uri), folder / "champion"
def first():
    registry.promote(put(registry, folder, bundle), home)
assert os.waitpid(forked(first), 0)[1] == 0
for name, after in (("log_batch", 0), ("log_batch", 3), ("log_artifacts", 1), ("log_model", 0), ("_register", 0),
                    ("create_model_version", 0), ("set_tag", 0)):
    print(name, after, die_in(lambda: put(registry, folder, other), name, after))
for name in ("install", "set_registered_model_tag", "set_registered_model_alias", "activate"):
    print(name, 0, die_in(lambda: registry.promote(2, home), name, 0))
"""


def run_program(program: str, registry: Registry, folder: Path) -> str:
    command = [sys.executable, "-c", _BEGIN + program, registry.uri, str(folder)]
    said = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True)
    assert said.returncode == 0, said.stderr[-2000:]
    return said.stdout


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"}


def test_four_trainings_at_once_on_a_new_store_all_get_a_version(tmp_path: Path) -> None:
    registry = Registry(f"sqlite:///{tmp_path / 'mlflow.db'}")
    write_bundle(tiny_bundle(), tmp_path / "bundle")
    assert json.loads(run_program(_FOUR, registry, tmp_path)) == [0, 0, 0, 0]
    with connected(registry.uri) as (_, client):
        versions = client.search_model_versions("name = 'loyalty-ladder'")
        experiment = client.get_experiment_by_name("loyalty-ladder").experiment_id
        done = client.search_runs([experiment], "attributes.status = 'FINISHED'")
    assert sorted(int(one.version) for one in versions) == [1, 2, 3, 4]
    assert len(done) == 4 * 9


def test_kill_9_leaves_the_registry_whole_and_the_champion_in_place(tmp_path: Path) -> None:
    registry, home = empty_registry(tmp_path), tmp_path / "champion"
    write_bundle(tiny_bundle(), tmp_path / "bundle")
    other = replace(tiny_bundle(), switching=None)
    write_bundle(other, tmp_path / "other")
    lines = run_program(_KILLED, registry, tmp_path).splitlines()
    assert len(lines) == 11
    assert {line.split()[-1] for line in lines} == {"9"}, lines
    with connected(registry.uri) as (_, client):
        versions = sorted(int(one.version) for one in client.search_model_versions("name = 'loyalty-ladder'"))
    assert versions == [1, 2]  # the second by the run that died after its version was there
    assert read_bundle(registry.fetch(2, tmp_path))[0] == other
    assert registry.champion() == 2  # the last one died between the alias and the pointer: the old one serves on
    assert read_bundle(published(home))[1] == tiny_bundle().version
    registry.promote(2, home)
    assert read_bundle(published(home))[1] == other.version
    assert registry.rollback(home) == 1
