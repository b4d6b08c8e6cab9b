"""Another champion takes over without a restart, and one that cannot be used never does."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features.errors import BundleError, NotReady
from features.histories.histories import Histories
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder, ModelReloader
from serving.api.openapi import EXAMPLE
from tests.serving import builders
from tests.serving.client import Client
from tests.signing import new_keys
from training.model.bundle import EXAMPLES, MANIFEST, Bundle, read_bundle, read_proven_bundle, write_bundle
from training.model.champion import bundle_folder, publish, published
from training.model.signature import PUBLIC_KEY, SIGNING_KEY


class Witness:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def serves(self, version: str, _trained_until: int, swapped: bool) -> None:
        self.told.append((version, swapped))

    def refuses(self, refused: bool) -> None:
        self.told.append(refused)


@pytest.fixture(scope="module")
def two(histories: Histories, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of two bundles that answer differently."""
    folders = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    first: Bundle = builders.bundle(histories)
    write_bundle(first, folders[0])
    write_bundle(replace(first, facts=replace(first.facts, horizon_days=90)), folders[1])
    return folders


def _version(folder: Path) -> str:
    return read_bundle(folder)[1]


def _serving(holder: ModelHolder) -> str:
    return str(holder.open().scorer.version)


def test_the_next_champion_takes_over_and_the_former_one_comes_back(two: tuple[Path, Path], tmp_path: Path) -> None:
    home, holder, witness = tmp_path / "champion", ModelHolder(), Witness()
    publish(two[0], home)
    reloader = ModelReloader(holder, home, EXAMPLE, witness)
    assert not reloader.look()
    assert _serving(holder) == _version(two[0])
    assert not reloader.look()
    publish(two[1], home)
    assert reloader.look()
    assert _serving(holder) == _version(two[1])
    publish(two[0], home)
    assert reloader.look()
    assert _serving(holder) == _version(two[0])
    swaps = [told for told in witness.told if isinstance(told, tuple)]
    one, other = _version(two[0]), _version(two[1])
    assert swaps == [(one, False), (other, True), (one, True)]


def test_a_service_on_a_bundle_of_its_own_sees_when_it_is_written_anew(two: tuple[Path, Path], tmp_path: Path) -> None:
    holder, folder = ModelHolder(), tmp_path / "bundle"
    shutil.copytree(two[0], folder)
    reloader = ModelReloader(holder, folder, EXAMPLE)
    reloader.look()
    shutil.copytree(two[1], folder, dirs_exist_ok=True)
    assert reloader.look()
    assert _serving(holder) == _version(two[1])


def _older(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_text(json.dumps(manifest | {"format": 2}))


def _tampered(folder: Path) -> None:
    with (folder / "revenue.json").open("a") as file:
        file.write(" ")


def _half_there(folder: Path) -> None:
    (folder / "next_rung.json").unlink()


def _gone(folder: Path) -> None:
    shutil.rmtree(folder)


def _no_json(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b"\xff\xfe")


def _points_elsewhere(folder: Path) -> None:
    (folder.parent / "current").write_text("../../nothing\n")


@pytest.mark.parametrize("spoil", [_older, _tampered, _half_there, _gone, _no_json, _points_elsewhere])
def test_a_champion_that_cannot_be_used_is_refused_once_and_the_old_one_serves_on(
    two: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Any
) -> None:
    home, holder, witness = tmp_path / "champion", ModelHolder(), Witness()
    publish(two[0], home)
    reloader = ModelReloader(holder, home, EXAMPLE, witness)
    reloader.look()
    spoil(publish(two[1], home))
    for _ in range(3):
        assert not reloader.look()
    assert not reloader.look(again=True)
    assert _serving(holder) == _version(two[0])
    assert holder.refused
    assert witness.told.count(True) == 1
    assert [record.message for record in caplog.records if record.levelno >= 40] == ["model refused"]
    with Client(create_app(holder)) as client:
        assert client.get("/version").json()["refused"] is True
        assert client.get("/readyz").status_code == 200
        assert client.post_json("/score", EXAMPLE).status_code == 200
    publish(two[1], home)  # mends what was damaged
    assert reloader.look()
    assert holder.refused is None
    assert witness.told[-2:] == [False, (_version(two[1]), True)]


def test_a_champion_that_answers_otherwise_than_it_did_is_refused(two: tuple[Path, Path], tmp_path: Path) -> None:
    """Every file is whole by its digest, and still the model is not the one that was judged."""
    import hashlib

    folder = tmp_path / "bundle"
    shutil.copytree(two[0], folder)
    examples = json.loads((folder / f"{EXAMPLES}.json").read_bytes())
    examples["expected"]["revenue"][0][0] *= 1.001
    content = json.dumps(examples).encode()
    (folder / f"{EXAMPLES}.json").write_bytes(content)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["files"][f"{EXAMPLES}.json"] = hashlib.sha256(content).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    read_bundle(folder)
    with pytest.raises(BundleError, match="answers its own examples otherwise"):
        read_proven_bundle(folder)
    with pytest.raises(BundleError, match="answers its own examples otherwise"):
        publish(folder, tmp_path / "champion")
    holder = ModelHolder()
    ModelReloader(holder, folder, EXAMPLE).look()
    with pytest.raises(NotReady):
        holder.open()


def test_the_examples_are_of_nobody(two: tuple[Path, Path]) -> None:
    examples = json.loads((two[0] / f"{EXAMPLES}.json").read_bytes())
    facts = read_bundle(two[0])[0].facts
    assert examples["rows"] == [*facts.peers, {}]
    assert len(examples["expected"]) == len(read_bundle(two[0])[0].parts)


def test_a_reload_on_request_answers_what_serves_now(two: tuple[Path, Path], tmp_path: Path) -> None:
    home, holder = tmp_path / "champion", ModelHolder()
    publish(two[0], home)
    ModelReloader(holder, home, EXAMPLE).look()
    with Client(create_app(holder)) as client:
        told = {"version": _version(two[0]), "refused": None, "swapped": False}
        assert client.post("/admin/reload").json() == told
        publish(two[1], home)
        told = {"version": _version(two[1]), "refused": None, "swapped": True}
        assert client.post("/admin/reload").json() == told
        _tampered(published(home))
        answer = client.post("/admin/reload").json()
        assert answer["version"] == _version(two[1])
        assert "changed after it was written" in answer["refused"]


def test_a_folder_stands_for_itself_or_for_its_champion(two: tuple[Path, Path], tmp_path: Path) -> None:
    assert bundle_folder(two[0]) == two[0]
    assert bundle_folder(publish(two[0], tmp_path / "champion").parent) == published(tmp_path / "champion")
    with pytest.raises(BundleError, match="No champion"):
        bundle_folder(tmp_path)


def test_a_bundle_that_is_put_there_after_its_signature_was_checked_does_not_serve(
    two: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial takes seconds, in which who may write into the folder but has no key could put another one there."""
    private, public = new_keys(tmp_path, "ours")
    monkeypatch.setenv(SIGNING_KEY, str(private))
    monkeypatch.setenv(PUBLIC_KEY, str(public))
    home, holder = tmp_path / "champion", ModelHolder()
    publish(two[0], home)
    monkeypatch.delenv(SIGNING_KEY)

    def swap(folder: Path) -> None:
        for file in two[1].iterdir():
            shutil.copy(file, folder / file.name)

    assert not ModelReloader(holder, home, EXAMPLE, trial=swap).look()
    with pytest.raises(NotReady):
        holder.open()
    assert "not signed with the key" in str(holder.refused)
