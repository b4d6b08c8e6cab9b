"""Where a public key is named, no command uses a bundle that is not signed with it, and none makes one champion."""

from pathlib import Path

import pytest

from features.errors import BundleError
from serving.integrations.pyfunc_model import _load_pyfunc
from tests.commands import test_cli
from tests.commands.test_cli import Run, refused
from tests.signing import new_keys
from tests.trained import earlier_bundle
from tests.training.tracking.tracking import empty_registry, put
from training.model.bundle import write_bundle
from training.model.champion import publish, published, read_trusted_bundle
from training.model.signature import PUBLIC_KEY, SIGNATURE, SIGNING_KEY

run, data = test_cli.run, test_cli.data


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.delenv(SIGNING_KEY, raising=False)
    monkeypatch.delenv(PUBLIC_KEY, raising=False)
    return new_keys(tmp_path, "ours")


def test_what_is_not_signed_is_not_used(
    run: Run, data: str, keys: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    champions, made = tmp_path / "champion", tmp_path / "made"
    write_bundle(earlier_bundle(), made)
    publish(made, champions)
    assert run("score", "--data", data, "--out", "scores").status == 0
    monkeypatch.setenv(PUBLIC_KEY, str(keys[1]))
    commands = (
        ("score", "--data", data, "--out", "scores"),
        ("score", "--data", data, "--out", "scores", "--model", str(made)),
        ("monitor", "--data", data, "--model", str(made)),
        ("changes", "--data", data, "--before", "scores", "--after", "scores", "--out", "changes.csv"),
        ("serve", "--port", "0", "--store", f"sqlite:///{tmp_path / 'ladder.db'}", "--scores", "scores"),
    )
    for command in commands:
        assert "is not signed" in refused(run(*command)), command
    said = run("monitor", "--data", data)  # the champion: nothing to measure with, so the advice is to train
    assert "is not signed" in said.out
    with pytest.raises(BundleError, match="is not signed"):
        _load_pyfunc(str(made))
    with pytest.raises(BundleError, match="is not signed"):
        publish(made, champions)

    monkeypatch.setenv(SIGNING_KEY, str(keys[0]))
    publish(made, champions)
    write_bundle(earlier_bundle(), tmp_path / "another")
    monkeypatch.delenv(SIGNING_KEY)
    assert read_trusted_bundle(tmp_path / "another")  # signed when it was made
    assert read_trusted_bundle(published(champions))[1] == published(champions).name
    assert run(*commands[0]).status == 0
    (published(champions) / SIGNATURE).write_text("00" * 64)
    assert "not signed with the key" in refused(run(*commands[0]))


@pytest.mark.slow  # MLflow
def test_what_the_registry_hands_out_is_signed(
    run: Run, keys: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = empty_registry(tmp_path)
    monkeypatch.setenv(PUBLIC_KEY, str(keys[1]))
    monkeypatch.setenv(SIGNING_KEY, str(keys[0]))
    version = put(registry, tmp_path)
    monkeypatch.delenv(SIGNING_KEY)
    (tmp_path / "fetched").mkdir()
    assert read_trusted_bundle(registry.fetch(version, tmp_path / "fetched"))  # signed when it was made
    assert run("promote", str(version)).status == 0
    assert read_trusted_bundle(published(tmp_path / "champion"))
