"""The page before there are scores: how far one is, and the command that comes next, ready to copy."""

import html
from pathlib import Path

import pytest

from commands.command_line import make_parser
from serving.web.start import Standing, steps
from tests.serving.sites import Browser

STORE = "sqlite:////var/lib/ladder.db"


def states(standing: Standing) -> list[str]:
    return [step.state for step in steps(standing, STORE)]


def test_the_next_step_follows_from_what_is_there() -> None:
    assert states(Standing()) == ["next", "later", "later", "later"]
    assert states(Standing(settings="own.toml")) == ["done", "next", "later", "later"]
    assert states(Standing(trained=True)) == ["done", "done", "done", "next"]


@pytest.mark.parametrize("standing", [Standing(), Standing(data="my exports", settings="it's.toml")])
def test_every_command_is_one_that_the_program_reads(standing: Standing) -> None:
    import shlex

    for step in steps(standing, STORE):
        program, *arguments = shlex.split(step.command)
        assert program == "ladder"
        assert make_parser().parse_args(arguments).data == (standing.data or "exports")


@pytest.mark.parametrize(("language", "title"), [("en", "No scores yet"), ("nl", "Nog geen scores")])
def test_a_browser_is_told_what_to_do_and_a_program_that_nothing_is_ready(
    language: str, title: str, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path / 'empty.db'}"
    with Browser(store, language=language) as browser:
        answer = browser.open("/")
        assert answer.status_code == 503
        assert title in answer.text
        for step in steps(Standing(), store):
            assert html.escape(step.command, quote=False) in html.unescape(answer.text)
        assert answer.text.count("data-copy=") == 4
        assert browser.get("/readyz").status_code == 503
