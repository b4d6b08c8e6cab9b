"""A bundle tried in a process of its own, before one that serves reads it.

The parser of boosters is not ours: a text that it cannot make sense of may end the process that reads it, whatever its
digest says. So a child reads the bundle first, asks it its own examples and scores an account, and only what it
survives is read by the service. Run as `python -m serving.runtime.bundle_trial FOLDER`.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from features.errors import BundleError, LadderError
from training.model.bundle import MANIFEST
from training.model.bundle_files import read_bytes

TRIAL_SECONDS = 120.0
"""For all of it, beside whatever else the machine does."""
_REFUSED = 3
_ROOT = Path(__file__).resolve().parents[2]


def try_bundle(folder: Path, tried: str | None = None) -> str:
    """Try a bundle in a child process, and return its digest.

    tried : digest of a bundle that survived already, which is not tried again: so a worker that is replaced is there at
        once. The digest is that of the manifest, which holds those of all files.

    Raises
    ------
    BundleError
        If it cannot be used: why the child says, or that it did not survive.
    """
    digest = hashlib.sha256(read_bytes(folder / MANIFEST)).hexdigest()
    if digest == tried:
        return digest
    command = [sys.executable, "-m", "serving.runtime.bundle_trial", str(folder.resolve())]
    try:
        done = subprocess.run(
            command, cwd=_ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=TRIAL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise BundleError(
            f"The bundle in {folder} was not read within {TRIAL_SECONDS:.0f} seconds. Export it anew."
        ) from None
    if done.returncode == _REFUSED:
        raise BundleError(done.stdout.decode("utf-8", "replace").strip())
    if done.returncode:
        raise BundleError(
            f"The bundle in {folder} ends the process that reads it, with status {done.returncode}. Export it anew."
        )
    return digest


def main(folder: Path) -> int:
    """Read, ask and score; returns the status that the process ends with."""
    sys.modules.setdefault("sklearn", None)  # type: ignore[arg-type]  # LightGBM would import it, for nothing
    from serving.api.openapi import EXAMPLE
    from serving.api.queries import score_query_of
    from serving.scoring.scoring_service import ScoringService
    from training.model.bundle import read_proven_bundle

    try:
        ScoringService(*read_proven_bundle(folder)).score(score_query_of(EXAMPLE))
    except LadderError as error:
        sys.stdout.write(str(error))
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
