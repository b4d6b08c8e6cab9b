"""The provenance of a model: the program's commit and version, Python, and the packages that its figures depend on."""

import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("loyalty-ladder", "numpy", "pandas", "lightgbm", "scikit-learn", "mlflow")


@dataclass(frozen=True)
class Provenance:
    """The program that made a model.

    commit : of git, with `-dirty` where files differ from it; empty where the program is not in a checkout.
    """

    commit: str
    python: str
    packages: Mapping[str, str]

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags by which runs are found."""
        git = {"mlflow.source.git.commit": self.commit} if self.commit else {}
        return {"python": self.python, "program": self.packages.get("loyalty-ladder", ""), **git}

    def as_json(self) -> str:
        """Return everything as JSON."""
        content = {"commit": self.commit, "python": self.python, "packages": dict(self.packages)}
        return json.dumps(content, indent=1) + "\n"


def provenance() -> Provenance:
    """Return the provenance of this process."""
    return Provenance(_commit(Path(__file__).parent), platform.python_version(), dict(_installed()))


def _installed() -> list[tuple[str, str]]:
    installed = []
    for name in PACKAGES:
        try:
            installed.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return installed


def _commit(folder: Path) -> str:
    """Return the checkout's commit, if this very file is in it; else an empty string.

    The program may be installed in another project's checkout.
    """
    output = [
        _git(folder, *arguments)
        for arguments in (("ls-files", "--error-unmatch", Path(__file__).name), ("rev-parse", "HEAD"))
    ]
    if None in output:
        return ""
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{output[1]}{'-dirty' if changed else ''}"


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        output = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return output.stdout.strip() if output.returncode == 0 else None
