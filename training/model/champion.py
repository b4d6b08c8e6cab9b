"""The champion on disk: what the service reads, so that it never needs the tracking server.

`FOLDER/DIGEST/` holds a bundle, and the small file `FOLDER/current`, replaced in one step, names the one that
serves. Nothing is ever half there.
"""

import shutil
import tempfile
from pathlib import Path

from features.atomic_write import write_whole
from features.errors import BundleError
from training.model.bundle import MANIFEST, read_bundle, read_proven_bundle


def publish(bundle: Path, folder: Path) -> Path:
    """Put a checked copy of a bundle into the champion's folder and point `current` to it."""
    target = place(bundle, folder)
    point(target, folder)
    return target


def place(bundle: Path, folder: Path) -> Path:
    """Put a checked copy of a bundle into the champion's folder and return where it lies; it does not serve yet."""
    _, digest = read_proven_bundle(bundle)
    target = folder / digest
    if target.exists() and not _sound(target):  # an earlier copy that was damaged since: a rollback must mend it
        shutil.rmtree(target)
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
        shutil.copytree(bundle, scratch, dirs_exist_ok=True)
        scratch.rename(target)
    return target


def point(target: Path, folder: Path) -> None:
    """Make a bundle that was placed there the one that serves, in one step."""
    write_whole(folder / "current", f"{target.name}\n")


def standing(folder: Path) -> Path:
    """Where the bundle lies that a folder stands for: the folder itself, or the champion that it names.

    Raises BundleError if it is neither a bundle nor a champion's folder.
    """
    return folder if (folder / MANIFEST).is_file() else published(folder)


def _sound(folder: Path) -> bool:
    try:
        read_bundle(folder)
    except BundleError:
        return False
    return True


def published(folder: Path) -> Path:
    """Where the champion's bundle lies.  Raises BundleError if none was promoted into that folder."""
    pointer = folder / "current"
    if not pointer.is_file():
        raise BundleError(
            f"No champion is in {folder}. Run `ladder train`; if its checks refused the model, "
            "`ladder promote VERSION` overrules them."
        )
    return folder / pointer.read_text(encoding="ascii").strip()
