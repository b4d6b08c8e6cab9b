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

SIGNING_KEY, PUBLIC_KEY = "LADDER_SIGNING_KEY", "LADDER_PUBLIC_KEY"
"""Environment variables: the files of the keys."""
SIGNED, SIGNATURE = "manifest.json", "manifest.sig"


def sign(folder: Path) -> bool:
    """Sign the bundle in a folder; False where no key is named.  Raises SettingsError where the key is none."""
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
    write_whole(folder / SIGNATURE, key.sign((folder / SIGNED).read_bytes()).hex() + "\n")
    return True


def check_signature(folder: Path) -> bool:
    """Hold a bundle against the public key; False where no key is named.

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
    try:
        given = bytes.fromhex((folder / SIGNATURE).read_text(encoding="ascii").strip())
        key.verify(given, (folder / SIGNED).read_bytes())
    except (OSError, ValueError):
        raise BundleError(f"The bundle in {folder} is not signed. Publish it where {SIGNING_KEY} is set.") from None
    except InvalidSignature:
        raise BundleError(f"The bundle in {folder} is not signed with the key that {PUBLIC_KEY} names.") from None
    return True
