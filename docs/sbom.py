"""What is installed, for a release: a bill of materials (CycloneDX 1.6, JSON) and a list of licences (CSV).

    python -m docs.sbom build

Written from the metadata of the distributions that are installed and the hashes in requirements.txt; nothing is asked
of the network.
"""

import argparse
import csv
import io
import json
import re
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

OWN = "loyalty-ladder"
LOCK = Path(__file__).resolve().parents[1] / "requirements.txt"


def components() -> list[Distribution]:
    """Return the distributions that are installed, each once, by name."""
    found = {normal(one.metadata["Name"]): one for one in distributions() if one.metadata["Name"]}
    return [found[name] for name in sorted(found)]


def normal(name: str) -> str:
    """Return a distribution's name as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(one: Distribution) -> str:
    """Return the licence that a distribution names: its SPDX expression, its classifiers, or the first line it has."""
    expression = one.metadata.get("License-Expression")
    if expression:
        return str(expression)
    classified = [line for line in one.metadata.get_all("Classifier", []) if line.startswith("License :: ")]
    named = [line.rpartition(" :: ")[2] for line in classified if line.count(" :: ") > 1]
    lines = (one.metadata.get("License") or "").strip().splitlines()
    return "; ".join(named) if named else lines[0][:100] if lines else "not told"


def bill() -> dict[str, Any]:
    """Return the bill of materials."""
    installed, hashes = components(), locked_hashes()
    names = {normal(one.metadata["Name"]) for one in installed}
    references = {normal(one.metadata["Name"]): _purl(one) for one in installed}
    own = next(one for one in installed if normal(one.metadata["Name"]) == OWN)
    listed = [_component(one, hashes) for one in installed if one is not own]
    needs = [
        {
            "ref": _purl(one),
            "dependsOn": sorted({references[name] for name in _needs(one) if name in names}),
        }
        for one in installed
    ]
    content = {"components": listed, "dependencies": needs}
    serial = uuid5(NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}", "version": 1,
        "metadata": {"component": {**_component(own, hashes), "type": "application"}}, **content,
    }  # fmt: skip


def licences() -> str:
    """Return the list of licences as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "version", "licence", "address"))
    for one in components():
        writer.writerow((one.metadata["Name"], one.version, licence_of(one), _address(one)))
    return text.getvalue()


def locked_hashes() -> dict[str, list[str]]:
    """Return the SHA-256 digests that requirements.txt allows: `name==version` -> digests."""
    found: dict[str, list[str]] = {}
    now: list[str] = []
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        pinned = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", line)
        if pinned:
            now = found.setdefault(f"{normal(pinned[1])}=={pinned[2]}", [])
        now += re.findall(r"--hash=sha256:([0-9a-f]{64})", line)
    return found


def _component(one: Distribution, hashes: dict[str, list[str]]) -> dict[str, Any]:
    name, told = normal(one.metadata["Name"]), licence_of(one)
    licence = {"expression": told} if one.metadata.get("License-Expression") else {"license": {"name": told}}
    allowed = [
        {"name": "ladder:sha256-allowed", "value": digest} for digest in hashes.get(f"{name}=={one.version}", ())
    ]
    found = {
        "type": "library", "bom-ref": _purl(one), "name": name, "version": one.version, "purl": _purl(one),
        "licenses": [licence],
    }  # fmt: skip
    return found | ({"properties": allowed} if allowed else {})


def _needs(one: Distribution) -> set[str]:
    return {normal(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]) for line in one.requires or ()}


def _purl(one: Distribution) -> str:
    return f"pkg:pypi/{normal(one.metadata['Name'])}@{one.version}"


def _address(one: Distribution) -> str:
    addresses = one.metadata.get_all("Project-URL", [])
    return str(one.metadata.get("Home-page") or (addresses[0].rpartition(", ")[2] if addresses else ""))


def main() -> None:
    """Write both files into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sbom.json").write_text(json.dumps(bill(), indent=1) + "\n", encoding="utf-8")
    (folder / "licences.csv").write_text(licences(), encoding="utf-8")


if __name__ == "__main__":
    main()
