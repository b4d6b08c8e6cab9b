"""The command line itself: options as fields, figures as JSON, and the status that a command ends with."""

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

import pytest

import ladder
from commands.command_line import COMMANDS, make_parser
from commands.options import CommonOptions, Option, UsageError, amount
from commands.parser import arguments_of, read_options
from commands.planning import PlanOptions
from commands.scoring import ScoreOptions
from commands.terminal import show_figures
from features.errors import SettingsError
from features.program_version import program_version
from tests.paths import ROOT
from training.tracking.registry import Registry


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LADDER_DEBUG", raising=False)
    return tmp_path


def rollback_that(raises: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """The status of `ladder rollback` where the registry raises that."""

    def fails(*_: object) -> int:
        raise raises

    monkeypatch.setattr(Registry, "rollback", fails)
    return ladder.main(["rollback"])


def test_a_fault_of_the_program_ends_with_seventy_and_a_refusal_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rollback_that(ZeroDivisionError("division by zero\nin line 3"), monkeypatch) == 70
    said = capsys.readouterr().err
    assert said.splitlines()[0] == "ladder: a mistake of the program: ZeroDivisionError: division by zero"
    assert "LADDER_DEBUG=1" in said
    assert "Traceback" not in said
    assert rollback_that(SettingsError("No such thing. Give another."), monkeypatch) == 1
    assert capsys.readouterr().err == "ladder: No such thing. Give another.\n"
    assert rollback_that(OSError(28, "No space left on device", "model.db"), monkeypatch) == 1
    assert "model.db: No space left" in capsys.readouterr().err
    assert rollback_that(KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr().err == "ladder: interrupted\n"


def test_the_program_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        ladder.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"ladder {program_version()}\n"
    assert re.fullmatch(r"\d+\.\d+\.\d+|unknown", program_version())


def test_whoever_looks_for_a_fault_sees_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADDER_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        rollback_that(ZeroDivisionError(), monkeypatch)
    assert rollback_that(SettingsError("refused"), monkeypatch) == 1


def test_what_is_done_ends_with_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(Registry, "rollback", lambda *_: 3)
    assert ladder.main(["rollback", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"champion": 3}


def test_options_that_do_not_go_together_end_with_two_and_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["plan", "--budget", "1", "--out", "p.csv"], ["score", "--data", "x"], ["export", "--crm", "hubspot",
                  "--out", "x.csv", "--scores", "s", "--changed"]):  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            ladder.main(words)
        assert ended.value.code == 2
        assert f"usage: ladder {words[0]}" in capsys.readouterr().err
    with pytest.raises(UsageError):
        ScoreOptions(data="x")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_declared_once_in_a_frozen_value(name: str) -> None:
    kind = COMMANDS[name].options
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    declared = list(arguments_of(kind))
    assert {one.name for one in declared} == {field.name for field in fields(kind)}
    assert [one.name for one in declared][-2:] == ["config", "json"]
    assert all(len(one.option.help) > 5 for one in declared)


@dataclass(frozen=True, kw_only=True)
class Everything(CommonOptions):
    """An option of every kind."""

    place: Annotated[str, Option(positional=True, help="where")]
    other: Annotated[str | None, Option(positional=True, help="where else")] = None
    count: Annotated[int, Option(help="how many")]
    share: Annotated[float, Option(parse=amount, help="how much")] = 0.5
    file: Annotated[Path | None, Option(help="into")] = None
    form: Annotated[Literal["a", "b"], Option(help="which")] = "a"
    quiet: Annotated[bool, Option(help="say nothing")] = False
    loud: Annotated[bool, Option(flag="--no-loud", help="say little")] = True
    plans: Annotated[tuple[str, ...], Option(many="extend", help="several")] = ()
    parts: Annotated[tuple[float, ...], Option(parse=amount, help="one each")] = ()


def read(*words: str, monkeypatch: pytest.MonkeyPatch) -> Everything:
    from commands import command_line

    command = command_line.Command("does it", Everything, lambda _: 0)
    monkeypatch.setattr(command_line, "COMMANDS", {"do": command})
    return read_options(Everything, make_parser().parse_args(["do", *words]))


def test_options_are_read_as_their_fields_say(monkeypatch: pytest.MonkeyPatch) -> None:
    least = read("here", "--count", "3", monkeypatch=monkeypatch)
    assert least == Everything(place="here", count=3)
    every = read(
        "here", "there", "--count", "3", "--share", "1", "--file", "x/y.csv", "--form", "b", "--quiet", "--no-loud",
        "--plans", "p", "q", "--plans", "r", "--parts", "1", "--parts", "2.5", "--config", "c.toml", "--json",
        monkeypatch=monkeypatch,
    )  # fmt: skip
    assert every == Everything(
        place="here", other="there", count=3, share=1.0, file=Path("x/y.csv"), form="b", quiet=True, loud=False,
        plans=("p", "q", "r"), parts=(1.0, 2.5), config=Path("c.toml"), json=True,
    )  # fmt: skip
    assert read("here", "--count", "3", "--config", "", monkeypatch=monkeypatch).config is None
    with pytest.raises(FrozenInstanceError):
        least.count = 4  # type: ignore[misc]
    for wrong in (["here"], ["--count", "3"], ["here", "--count", "few"], ["here", "--count", "3", "--form", "c"],
                  ["here", "--count", "3", "--share", "-1"]):  # fmt: skip
        with pytest.raises(SystemExit):
            read(*wrong, monkeypatch=monkeypatch)


def test_the_limits_of_a_plan_may_be_repeated() -> None:
    words = ["plan", "--scores", "s", "--budget", "1", "--out", "p", "--bond-budget", "social=2", "--bond-budget"]
    typed = make_parser().parse_args([*words, "financial=3"])
    assert read_options(PlanOptions, typed).bond_budget == (("social", 2.0), ("financial", 3.0))


def test_figures_are_one_line_of_json_that_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    nan, inf = float("nan"), float("inf")
    show_figures({"a": 1, "b": nan, "c": {"d": [inf, 0.5]}, "e": None, "f": "text", "g": True})
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"a": 1, "b": None, "c": {"d": [None, 0.5]}, "e": None, "f": "text", "g": True}


def test_nothing_in_the_command_line_escapes_its_types() -> None:
    for file in [ROOT / "ladder.py", *(ROOT / "commands").glob("*.py")]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        free = {"Any"} if file.name == "library.py" else set()  # frames of pandas, Polars and Arrow share no type
        assert not names & ({"Any", "hasattr", "getattr", "setattr"} - free), file.name


def test_a_command_that_ran_a_query_ends_without_a_word_of_duckdb(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(
        "who,day,net\n" + "".join(f"A{k % 4},2024-01-{k + 1:02},9\n" for k in range(28))
    )
    query = "select who as account_id, day as ordered_at, net as revenue from sales"
    (tmp_path / "own.toml").write_text(f"[tables.orders]\nquery = '{query}'\n")
    program = "import sys; from commands.command_line import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "check", "--data", ".", "--config", "own.toml"], cwd=tmp_path, check=False,
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
