"""Versions, their champion, and the way back; on a store of its own."""

import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from features.errors import RegistryError
from tests.trained import small_settings, tiny_bundle
from training.bundle import Bundle, read_bundle
from training.champion import published
from training.registry import Registry

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    return Registry(f"sqlite:///{tmp_path / 'mlflow.db'}")


@cache
def other_bundle() -> Bundle:
    return replace(tiny_bundle(), switching=None)


def record(registry: Registry, bundle: Bundle, tmp_path: Path) -> int:
    plots = tmp_path / "plots"
    plots.mkdir(exist_ok=True)
    (plots / "one.png").write_bytes(b"a picture")
    figures = {"next_rung_log_loss": 0.5, "switching_auc": float("nan")}
    return registry.record(bundle, small_settings(), figures, {"report.txt": "found"}, plots)


def test_a_version_is_recorded_promoted_and_taken_back(registry: Registry, tmp_path: Path) -> None:
    home = tmp_path / "champion"
    assert registry.champion() is None
    with pytest.raises(RegistryError, match="no champion yet"):
        registry.fetch("champion", tmp_path / "into")
    with pytest.raises(RegistryError, match="no former champion"):
        registry.rollback(home)
    with pytest.raises(RegistryError, match="it has none"):
        registry.promote(1, home)

    assert record(registry, tiny_bundle(), tmp_path) == 1
    assert record(registry, other_bundle(), tmp_path) == 2
    assert registry.champion() is None
    assert not home.exists()

    registry.promote(1, home)
    assert registry.champion() == 1
    assert read_bundle(published(home)) == (tiny_bundle(), tiny_bundle().version)
    with pytest.raises(RegistryError, match="no former champion"):
        registry.rollback(home)

    registry.promote(2, home)
    registry.promote(2, home)
    assert registry.champion() == 2
    assert read_bundle(published(home))[0] == other_bundle()

    for wrong in (3, 0, -1):
        with pytest.raises(RegistryError, match=f"no version {wrong} of loyalty-ladder; it has 1, 2"):
            registry.promote(wrong, home)
    assert registry.champion() == 2

    assert registry.rollback(home) == 1
    assert registry.champion() == 1
    assert read_bundle(published(home))[0] == tiny_bundle()
    with pytest.raises(RegistryError, match="no former champion"):
        registry.rollback(home)

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert read_bundle(registry.fetch("champion", tmp_path / "a"))[0] == tiny_bundle()
    assert read_bundle(registry.fetch("2", tmp_path / "b"))[0] == other_bundle()


def test_the_run_holds_what_was_learnt_from_and_how_it_did(registry: Registry, tmp_path: Path) -> None:
    version = record(registry, tiny_bundle(), tmp_path)
    with registry._mlflow() as (mlflow, client):
        run = client.get_run(client.get_model_version("loyalty-ladder", str(version)).run_id)
        files = {item.path for item in client.list_artifacts(run.info.run_id)}
        loaded = mlflow.pyfunc.load_model(f"models:/loyalty-ladder/{version}")
        import pandas as pd

        from features import catalog
        from tests.trained import tiny_dataset

        matrix = pd.DataFrame(tiny_dataset().matrix[:5], columns=list(catalog.NAMES))
        chances = loaded.predict(matrix)
    assert run.data.params["booster.rounds"] == "20"
    assert run.data.metrics == {"next_rung_log_loss": 0.5}
    assert run.data.tags["bundle"] == tiny_bundle().version
    assert run.data.tags["data"] == tiny_bundle().facts.data_digest
    assert {"report.txt", "plots"} <= files
    assert chances["p_customer"].tolist() == tiny_bundle().next_rung.predict(matrix.to_numpy())[:, 3].tolist()


def test_mlflow_is_imported_only_when_it_is_used() -> None:
    program = (
        "import sys\n"
        "import training.registry, serving.batch, ladder\n"
        "training.registry.Registry()\n"
        "print([name for name in ('mlflow', 'matplotlib', 'bentoml') if name in sys.modules])\n"
    )
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_where_the_registry_is_is_said_without_the_password() -> None:
    from training.registry import _public

    assert _public("postgresql://ann:s3cret@db.example/mlflow?sslkey=x") == "postgresql://db.example/mlflow"
    assert _public("mlruns") == "mlruns"
