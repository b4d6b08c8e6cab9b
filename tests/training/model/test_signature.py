"""A bundle that is published where a key is named is signed, and one that is not signed so does not serve."""

import os
import shutil
from pathlib import Path

import pytest

from features.errors import BundleError, SettingsError
from tests.signing import new_keys
from training.model.signature import PUBLIC_KEY, SIGNATURE, SIGNED, SIGNING_KEY, check_signature, sign


def test_a_bundle_is_held_against_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SIGNING_KEY, raising=False)
    monkeypatch.delenv(PUBLIC_KEY, raising=False)
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / SIGNED).write_text('{"files": {}}')
    assert not sign(bundle)
    assert not check_signature(bundle)
    private, public = new_keys(tmp_path, "ours")
    other, _ = new_keys(tmp_path, "other")
    monkeypatch.setenv(PUBLIC_KEY, str(public))
    with pytest.raises(BundleError, match="is not signed"):
        check_signature(bundle)
    monkeypatch.setenv(SIGNING_KEY, str(private))
    assert sign(bundle)
    assert check_signature(bundle)
    (bundle / SIGNED).write_text('{"files": {"a": 1}}')
    with pytest.raises(BundleError, match="not signed with the key"):
        check_signature(bundle)
    monkeypatch.setenv(SIGNING_KEY, str(other))
    sign(bundle)
    with pytest.raises(BundleError, match="not signed with the key"):
        check_signature(bundle)
    for broken in ("", "zz", "é"):
        (bundle / SIGNATURE).write_text(broken, encoding="utf-8")
        with pytest.raises(BundleError):
            check_signature(bundle)
    shutil.copy(private, tmp_path / "wrong")
    monkeypatch.setenv(PUBLIC_KEY, str(tmp_path / "wrong"))
    with pytest.raises(SettingsError, match="no ed25519 public key"):
        check_signature(bundle)
    monkeypatch.setenv(SIGNING_KEY, str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="no ed25519 private key"):
        sign(bundle)


def test_a_signature_is_a_regular_file_as_all_of_a_bundle_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private, public = new_keys(tmp_path, "ours")
    monkeypatch.setenv(SIGNING_KEY, str(private))
    monkeypatch.setenv(PUBLIC_KEY, str(public))
    (tmp_path / SIGNED).write_text("{}")
    sign(tmp_path)
    (tmp_path / SIGNATURE).rename(tmp_path / "elsewhere")
    (tmp_path / SIGNATURE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="is not signed"):
        check_signature(tmp_path)
    (tmp_path / SIGNATURE).unlink()
    os.mkfifo(tmp_path / SIGNATURE)  # which nobody ever writes into
    with pytest.raises(BundleError, match="is not signed"):
        check_signature(tmp_path)
