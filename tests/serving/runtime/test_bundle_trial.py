"""A bundle is tried in a process of its own: whatever it does there, the service goes on with the model that it has."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from features.errors import BundleError
from serving.api.model_holder import ModelHolder, ModelReloader
from serving.api.openapi import EXAMPLE
from serving.runtime.bundle_trial import try_bundle
from training.model.bundle import MANIFEST, read_bundle
from training.model.champion import activate


def _with_other_text(folder: Path, to: Path, change: str) -> Path:
    """A copy of a bundle whose boosters' texts are cut or emptied, with the digests that belong to them."""
    shutil.copytree(folder, to)
    manifest = json.loads((to / MANIFEST).read_text())
    for name in manifest["files"]:
        if name.endswith(".txt"):
            text = (to / name).read_bytes()
            (to / name).write_bytes({"cut": text[: len(text) // 2], "empty": b""}[change])
            manifest["files"][name] = hashlib.sha256((to / name).read_bytes()).hexdigest()
    (to / MANIFEST).write_text(json.dumps(manifest))
    return to


def test_a_bundle_that_breaks_its_reader_is_refused_and_the_service_goes_on(folder: Path, tmp_path: Path) -> None:
    champions = tmp_path / "champions"
    good = shutil.copytree(folder, champions / "good")
    activate(good, champions)
    holder = ModelHolder()
    reloader = ModelReloader(holder, champions, EXAMPLE, trial=try_bundle)
    reloader.look()
    assert (holder.refused, holder.open().scorer.version) == (None, read_bundle(good)[1])
    activate(_with_other_text(folder, champions / "cut", "cut"), champions)
    reloader.look()
    assert holder.refused is not None
    assert holder.open().scorer.version == read_bundle(good)[1]


def test_what_survived_once_is_not_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.runtime.bundle_trial.sys.executable", "/nowhere")
    digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    assert try_bundle(folder, tried=digest) == digest
    with pytest.raises(OSError, match="nowhere"):
        try_bundle(folder, tried="another")


def test_a_trial_says_what_the_reader_says(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be read: No such file"):
        try_bundle(tmp_path)


@pytest.mark.parametrize("kind", ["link", "pipe", "device", "folder"])
def test_only_regular_files_are_read(folder: Path, tmp_path: Path, kind: str) -> None:
    copy = shutil.copytree(folder, tmp_path / "bundle")
    victim = next(copy.glob("*.txt"))
    victim.unlink()
    if kind == "link":
        victim.symlink_to(folder / victim.name)
    elif kind == "device":
        victim.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(victim)
    else:
        victim.mkdir()
    with pytest.raises(BundleError, match=r"no regular file|links are not followed|cannot be read"):
        read_bundle(copy)
