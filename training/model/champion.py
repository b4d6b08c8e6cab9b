"""The champion on disk: what the service reads, so that it never needs the tracking server.

`FOLDER/DIGEST/` holds a bundle, and the small file `FOLDER/current`, replaced in one step, names the one that serves. A
bundle is never there in part.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

from features.atomic_write import write_whole
from features.errors import BundleError
from training.model.bundle import MANIFEST, Bundle, read_bundle, read_proven_bundle
from training.model.bundle_files import read_bytes
from training.model.signature import check_signature, sign

OWNER = "model"
"""The file in a champion's folder that names the registered model whose champion it is."""


def publish(bundle: Path, folder: Path) -> Path:
    """Install a bundle in the champion's folder and make it the one that serves; return where it lies."""
    target = install(bundle, folder)
    activate(target, folder)
    return target


def install(bundle: Path, folder: Path) -> Path:
    """Copy a bundle into the champion's folder after checking it, and return where it lies; it does not serve yet.

    Raises
    ------
    BundleError
        If the bundle fails its checks (`read_proven_bundle`), or would not be signed with the key that is asked for.
    """
    _, digest = read_proven_bundle(bundle)
    manifest = read_bytes(bundle / MANIFEST)
    if not hashlib.sha256(manifest).hexdigest().startswith(digest):
        raise BundleError(f"The bundle in {bundle} was changed while it was read. Try again.")
    target = folder / digest
    if target.exists() and not _sound(target):  # a damaged earlier copy: a rollback must be able to replace it
        shutil.rmtree(target)
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
        shutil.copytree(bundle, scratch, dirs_exist_ok=True)
        scratch.rename(target)
    sign(target, manifest)  # not what stands there by now
    check_signature(target)
    return target


def activate(target: Path, folder: Path) -> None:
    """Make an installed bundle the one that serves, in one step."""
    write_whole(folder / "current", f"{target.name}\n")


def bundle_folder(folder: Path) -> Path:
    """Return the folder of a bundle: the folder itself, or that of the champion that it names.

    Raises
    ------
    BundleError
        If it is neither a bundle nor a champion's folder.
    """
    return folder if (folder / MANIFEST).is_file() else published(folder)


def read_trusted_bundle(folder: Path) -> tuple[Bundle, str]:
    """Read a bundle that is to be used as `read_bundle` does, signed with the key that is asked for, where one is.

    Raises
    ------
    BundleError
        As read_bundle does, and if it is not signed, or with another key.
    SettingsError
        If the key is none.
    """
    return read_bundle(folder, signed=True)


def _sound(folder: Path) -> bool:
    try:
        read_bundle(folder)
    except BundleError:
        return False
    return True


def published(folder: Path) -> Path:
    """Return the folder of the champion's bundle.

    Raises
    ------
    BundleError
        If no champion was published into that folder.
    """
    pointer = folder / "current"
    if not is_published(folder):
        raise BundleError(
            f"No champion is in {folder}. Run `ladder train`; if its checks refused the model, "
            "`ladder promote VERSION` overrules them."
        )
    return folder / read_bytes(pointer).decode("ascii", "replace").strip()


def is_published(folder: Path) -> bool:
    """Return whether a champion was published into that folder."""
    return (folder / "current").is_file()
