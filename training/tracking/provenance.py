"""By what a model was made: the program's commit and version, Python, and the packages that the figures depend on."""

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
    """commit : of git, with `-dirty` where files differ from it; empty where the program lies in no checkout."""

    commit: str
    python: str
    packages: Mapping[str, str]

    @property
    def tags(self) -> dict[str, str]:
        """What runs are found by."""
        git = {"mlflow.source.git.commit": self.commit} if self.commit else {}
        return {"python": self.python, "program": self.packages.get("loyalty-ladder", ""), **git}

    def as_json(self) -> str:
        """All of it."""
        content = {"commit": self.commit, "python": self.python, "packages": dict(self.packages)}
        return json.dumps(content, indent=1) + "\n"


def provenance() -> Provenance:
    """Of this process."""
    return Provenance(_commit(Path(__file__).parent), platform.python_version(), dict(_installed()))


def _installed() -> list[tuple[str, str]]:
    found = []
    for name in PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found


def _commit(folder: Path) -> str:
    """The checkout's commit, if this very file is in it: another project's folder may hold the installed program."""
    said = [
        _git(folder, *arguments)
        for arguments in (("ls-files", "--error-unmatch", Path(__file__).name), ("rev-parse", "HEAD"))
    ]
    if None in said:
        return ""
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{said[1]}{'-dirty' if changed else ''}"


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        said = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() if said.returncode == 0 else None
