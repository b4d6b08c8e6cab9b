"""The examples for schedulers say commands that the program has."""

import ast
import re
import shlex

import pytest
import yaml

from commands.command_line import make_parser
from tests.paths import ROOT

SCHEDULES = ROOT / "conf" / "schedules"
COMMAND = re.compile(r"\bladder (?:monitor|retrain|score|train)\b[^\n|>&`]*")


def commands() -> list[str]:
    """Every command line of the examples; those of the documents are seen to in test_documents.py."""
    workflow = yaml.safe_load((SCHEDULES / "ladder.yml").read_text(encoding="utf-8"))
    texts = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    dag = ast.parse((SCHEDULES / "ladder_dag.py").read_text(encoding="utf-8"))
    texts += [
        word.value.value for node in ast.walk(dag) if isinstance(node, ast.Call) for word in node.keywords
        if word.arg == "bash_command" and isinstance(word.value, ast.Constant)
    ]  # fmt: skip
    crontab = (SCHEDULES / "ladder.cron").read_text(encoding="utf-8").splitlines()
    texts += [line for line in crontab if line and not line.startswith("#")]
    return [found.partition("  #")[0].strip() for text in texts for found in COMMAND.findall(text)]


@pytest.mark.parametrize("command", commands())
def test_a_scheduled_command_is_one_that_the_program_reads(command: str) -> None:
    options = make_parser().parse_args(shlex.split(command)[1:])
    assert options.data == "exports/"


def test_every_example_retrains_and_monitors() -> None:
    for file in SCHEDULES.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "ladder retrain " in text
        assert "ladder monitor " in text
    lines = [line for line in (SCHEDULES / "ladder.cron").read_text(encoding="utf-8").splitlines() if "ladder " in line]
    timed = [line for line in lines if not line.startswith("#")]
    assert all(re.match(r"(\S+ ){5}cd /srv/ladder && ladder ", line) for line in timed)


def test_the_steps_of_the_document_are_those_of_the_command() -> None:
    from commands.retraining import STEPS

    document = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
    table = document.partition("| step | does |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (\w+) \|", table, re.MULTILINE) == list(STEPS)
