"""Signatures of bundles: ed25519 over the manifest, which holds the digest of every other file.

A bundle is signed when it is made and when it is published, where the environment names a private key, and held against
the public key before it is used, where the environment names one. Both are PEM files, as `openssl genpkey -algorithm
ed25519` and `openssl pkey -pubout` write them.
"""

import os
from contextlib import suppress
from pathlib import Path

from features.atomic_write import write_whole
from features.errors import BundleError, SettingsError
from training.model.bundle_files import read_bytes

SIGNING_KEY, PUBLIC_KEY = "LADDER_SIGNING_KEY", "LADDER_PUBLIC_KEY"
"""Environment variables: the files of the keys."""
SIGNED, SIGNATURE = "manifest.json", "manifest.sig"


def sign(folder: Path, manifest: bytes | None = None) -> bool:
    """Sign the bundle in a folder; False where no key is named.  Raises SettingsError where the key is none.

    manifest : its content as it was checked; None = as it stands there.
    """
    file = os.environ.get(SIGNING_KEY, "")
    if not file:
        return False
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = None
    with suppress(OSError, ValueError, TypeError):
        key = load_pem_private_key(Path(file).read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{SIGNING_KEY} = {file} holds no ed25519 private key without a password, as PEM.")
    content = read_bytes(folder / SIGNED) if manifest is None else manifest
    write_whole(folder / SIGNATURE, key.sign(content).hex() + "\n")
    return True


def check_signature(folder: Path, manifest: bytes | None = None) -> bool:
    """Hold a bundle against the public key; False where no key is named.

    manifest : its content as it was read, so that nobody can put another one there in between; None = as it stands.

    Raises
    ------
    BundleError
        If it is not signed, or not with that key.
    SettingsError
        If the key is none.
    """
    file = os.environ.get(PUBLIC_KEY, "")
    if not file:
        return False
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = None
    with suppress(OSError, ValueError):
        key = load_pem_public_key(Path(file).read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(f"{PUBLIC_KEY} = {file} holds no ed25519 public key as PEM.")
    content = read_bytes(folder / SIGNED) if manifest is None else manifest
    try:
        key.verify(bytes.fromhex(read_bytes(folder / SIGNATURE).decode("ascii").strip()), content)
    except (BundleError, ValueError):
        raise BundleError(f"The bundle in {folder} is not signed. Publish it where {SIGNING_KEY} is set.") from None
    except InvalidSignature:
        raise BundleError(f"The bundle in {folder} is not signed with the key that {PUBLIC_KEY} names.") from None
    return True
