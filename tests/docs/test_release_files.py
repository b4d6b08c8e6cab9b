"""What a release and a container are made of: the bill of materials, the Dockerfile, compose.yaml. Without Docker."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from commands.command_line import make_parser
from docs.sbom import bill, components, licences

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_bill_of_materials_is_one_and_names_all_that_is_installed() -> None:
    made = bill()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(made)) is None
    named = {one["name"] for one in made["components"]}
    assert len(named) == len(components()) - 1
    assert {"numpy", "lightgbm", "bentoml", "joserfc", "cryptography"} <= named
    locked = [one for one in made["components"] if one.get("properties")]
    assert len(locked) > len(named) / 2
    assert made == bill()
    listed = licences().splitlines()
    assert len(listed) == len(components()) + 1
    assert sum("not told" in line for line in listed) < 10


def test_the_dockerfile_copies_what_there_is_and_runs_as_nobody_special() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith(("#", " "))]
    assert {step for step, _ in steps} <= {
        "FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD",
    }  # fmt: skip
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for step, rest in steps:
        if step == "COPY" and not rest.startswith("--from"):
            for name in rest.split()[:-1]:
                assert (ROOT / name).exists(), name
                assert f"!{name}" in allowed
    packages = {name.removesuffix("*") for name in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= {name.removeprefix("!") for name in allowed}
    assert [rest for step, rest in steps if step == "USER"] == ["10001"]
    whole = "\n".join(lines)
    assert "--require-hashes" in whole
    assert re.search(r"^UV_VERSION := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1] in whole  # type: ignore[index]
    assert "ADD " not in whole
    assert "latest" not in whole
    command = json.loads(next(rest for step, rest in steps if step == "CMD"))
    make_parser().parse_args(command)


def test_compose_runs_commands_that_there_are_with_secrets_in_files() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    told: dict[str, Any] = yaml.safe_load(text)
    services = told["services"]
    assert set(services) == {"postgres", "mlflow", "service", "nightly"}
    make_parser().parse_args(services["service"]["command"])
    for line in services["nightly"]["command"][0].splitlines():
        if line.strip().startswith("ladder "):
            make_parser().parse_args(line.split()[1:])
    for name, service in services.items():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), "a proxy with TLS stands before it"
        for secret in service.get("secrets", ()):
            assert secret in told["secrets"], name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source.startswith("./") or source in told["volumes"]
        if name != "postgres":
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
    assert not re.search(r"PASSWORD: \S|://\w+:\w+@", text), "no password in the file, nor on a command line"
