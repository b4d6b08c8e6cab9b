"""What README.md and docs/ show works as it stands there: every command, setting, query, request and program."""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from commands.command_line import COMMANDS, make_parser
from commands.parser import arguments_of
from serving.api.openapi import document
from tests.docs.documents import DOCUMENTS, ROOT, Block, blocks, calls, prose, table_rows
from tests.serving.api.test_documentation import _agrees
from tests.trained import tiny
from training.settings import parse_settings
from training.simulator.simulation import write

LANGUAGES = {"sh", "console", "text", "json", "toml", "python", "sql", "cron", "nginx", "yaml", "html"}
BLOCKS = [block for path in DOCUMENTS for block in blocks(path)]
TESTED_ELSEWHERE = {
    "crm.md": "tests/serving/integrations/test_crm_document.py",
    "estimators.md": "tests/training/estimators/test_estimators.py",
    "extend.md": "tests/docs/test_extend_document.py",
    "start.md": "tests/docs/test_first_day.py",
}
"""Documents whose programs have a test of their own, which names them."""
REQUESTS = {
    "accounts": "ScoreRequest", "account_ids": "LookupRequest", "budget": "PlanRequest", "events": "FeedbackRequest"
}  # fmt: skip
"""The list that only this request has -> its schema."""
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def _of(*languages: str) -> Any:
    found = [block for block in BLOCKS if block.language in languages]
    return pytest.mark.parametrize("block", found, ids=[block.name for block in found])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_has_a_language_and_every_mark_its_reason(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("```") == 2 * len(blocks(path)), "a fence is not closed"
    for block in blocks(path):
        assert block.language in LANGUAGES, f"{block.name}: output is `text`, a shell's lines are `sh`"
        assert not block.mark or re.match(r"not run: \w+ \w+", block.mark), f"{block.name}: {block.mark}"


@_of("sh", "console", "cron")
def test_the_commands_can_be_given_as_they_stand_there(block: Block) -> None:
    text = re.sub(r"^([\d*/,-]+ +){5}", "", block.text, flags=re.MULTILINE) if block.language == "cron" else block.text
    if block.language == "console":
        text = "\n".join(line for line in text.splitlines() if line.startswith("$ "))
    for words in calls(text):
        _can_be_called(words, block.name)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_named_in_a_sentence_exist_with_their_options(path: Path) -> None:
    for said in re.findall(r"`(ladder [a-z][^`]*)`", prose(path)):
        command, *rest = said.split()[1:]
        if command == "COMMAND":
            continue
        assert command in COMMANDS, said
        declared = {one.flag for one in arguments_of(COMMANDS[command].options)}
        assert {word for word in rest if word.startswith("--")} <= declared | {"--help"}, said
    for target in re.findall(r"`make ([a-z-]+)`", prose(path)):
        assert target in TARGETS, target
    for said in re.findall(r"`(python [^`]*)`", prose(path)):
        _can_be_called(said.split(), path.name)


def _can_be_called(words: list[str], where: str) -> None:
    program, *rest = words
    if Path(program).name == "ladder":
        try:
            make_parser().parse_args(rest)
        except SystemExit as refusal:
            pytest.fail(f"{where}: {' '.join(words)}") if refusal.code else None
    elif program == "make":
        assert {word for word in rest if "=" not in word} <= TARGETS, where
    elif re.fullmatch(r"python3?", Path(program).name) and rest[:1] == ["-m"] and "." in rest[1]:
        assert (ROOT / (rest[1].replace(".", "/") + ".py")).exists(), f"{where}: {rest[1]}"
    elif re.fullmatch(r"python3?", Path(program).name) and rest[0].startswith(("benchmarks/", "docs/", "tests/")):
        assert (ROOT / rest[0]).exists(), f"{where}: {rest[0]}"


@_of("sh", "console")
def test_requests_of_curl_are_what_the_service_takes(block: Block) -> None:
    for path, body in re.findall(r"curl [^\n]*:3000(/[a-z]+)[^\n]* -d '([^']*)'", block.text.replace("\\\n", " ")):
        _is_a_request(json.loads(body), document("0")["paths"][path]["post"]["requestBody"])


@_of("json")
def test_json_is_json_and_requests_are_what_the_service_takes(block: Block) -> None:
    content = json.loads(block.text)
    for field, name in REQUESTS.items():
        if isinstance(content.get(field), list):
            _is_a_request(
                content, {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
            )


def _is_a_request(content: Any, body: dict[str, Any]) -> None:
    _agrees(content, body["content"]["application/json"]["schema"], document("0")["components"]["schemas"])


@_of("toml")
def test_settings_are_settings(block: Block) -> None:
    content = tomllib.loads(block.text)
    if not block.mark:
        parse_settings(content)


@_of("sql")
def test_queries_can_be_read(block: Block) -> None:
    assert duckdb.extract_statements(block.text)


def test_documents_tested_elsewhere_are() -> None:
    for name, test in TESTED_ELSEWHERE.items():
        assert name in (ROOT / test).read_text(encoding="utf-8")


def _runs(block: Block) -> bool:
    return block.language == "python" and not block.mark and block.document.name not in TESTED_ELSEWHERE


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the tiny supplier in source/, in which the program may leave what it likes."""
    (tmp_path / "source").mkdir()
    write(tiny(), tmp_path / "source")
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)


WITH_PROGRAMS = [path for path in DOCUMENTS if any(b.document == path and _runs(b) for b in BLOCKS)]


@pytest.mark.usefixtures("scratch")
@pytest.mark.parametrize("path", WITH_PROGRAMS, ids=lambda path: path.name)
def test_programs_run_as_they_stand_there_one_after_the_other(path: Path) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(path):
        if _runs(block):
            lines = "\n" * block.line + block.text  # so that a traceback names the document's own line
            exec(compile(lines, str(path), "exec"), names)  # noqa: S102 - the document is ours


FIGURE = re.compile(r"(?<![\w.])[+-]?\d+(?:,\d{3})*(?:\.\d+)?%?")
INTERVAL = re.compile(r"\S+ \[[^]]+\]")


def test_every_figure_of_the_benchmarks_stands_in_the_file_that_its_row_names() -> None:
    rows = [row for row in table_rows(ROOT / "docs" / "benchmarks.md") if "../benchmarks/" in row[-1]]
    assert len(rows) > 20
    command = ""
    for what, ours, peer, difference, found, origin in rows:
        named = re.fullmatch(r"\[(\w+)\]\(\.\./benchmarks/\1\.md\): (the same|`[^`]+`)", origin)
        assert named, origin
        command = named[2].strip("`") if named[2] != "the same" else command
        _can_be_called(command.split(), origin)
        told = (ROOT / "benchmarks" / f"{named[1]}.md").read_text(encoding="utf-8")
        assert command.partition(" --")[0] in told, f"{named[1]}.md is not made by {command}"
        for text in (what, ours, peer, difference, found):
            for figure in (*INTERVAL.findall(text), *FIGURE.findall(INTERVAL.sub("", text))):
                assert _stands_in(told, figure), f"{figure} of '{what}' does not stand in {named[1]}.md"
        of_ours = [line for line in told.splitlines() if re.search(r"loyalty-ladder|\bours\b", line)]
        assert any(_stands_in(line, FIGURE.findall(ours)[0]) for line in of_ours), f"{ours} of '{what}' is not ours"
        name, figure = FIGURE.split(peer)[0].strip(" ("), FIGURE.findall(peer)[0]
        of_theirs = [line for line in told.splitlines() if name in line and _stands_in(line, figure)]
        assert of_theirs, f"{figure} of '{what}' is not that of {name}"
        if INTERVAL.fullmatch(difference):
            assert any(difference in line for line in of_theirs), f"{difference} of '{what}' is not that of {name}"


def _stands_in(text: str, figure: str) -> bool:
    """Whether the figure stands there by itself, not as a part of another one."""
    return re.search(rf"(?<![\w.,]){re.escape(figure)}(?!\d|[.,]\d)", text) is not None


def test_every_fault_names_tests_that_there_are() -> None:
    table = (ROOT / "docs/security.md").read_text().split("## Faults that were found")[1]
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", table)
    assert len(named) > 50
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(), (file, test)
