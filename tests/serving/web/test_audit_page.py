"""The audit log on the page is told in words: every action that the program writes, every field, every value."""

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import commands
import serving
from serving.api.security.key_store import create_key, revoke_key, rotate_key
from serving.api.store_endpoints.feedback_parsing import read_event
from serving.store.audit_log import RETRAINED, Author, Entry, changes, drop_before, record
from serving.store.database import reading, writing
from serving.store.feedback.feedback import keep_feedback, known_options
from serving.store.feedback.feedback_events import KINDS
from serving.store.feedback.work_list import change_work
from serving.store.people.people import ROLES, Person, put_person, remove_person
from serving.store.retention import RETENTION
from serving.store.subjects import Subject, erase
from serving.web.text.catalogue import PAGE_LANGUAGES, TEXTS, say
from tests.serving.sites import Browser
from tests.serving.web.cockpits import engine_of, ids_of, texts_of
from tests.serving.web.markup import hidden, read
from training.model.text.formats import Formats

DAY = 86_400_000_000
NOW = 1_768_910_400_000_000


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _written_in(file: Path, package: Path) -> set[str]:
    """Return the actions that a module writes: literals, constants, kinds of feedback, or what its helper is given."""
    tree, found = ast.parse(file.read_text(encoding="utf-8")), set[str]()
    for call in _calls(tree, "Entry"):
        what = call.args[0]
        if isinstance(what, ast.Constant):
            found.add(str(what.value))
        elif isinstance(what, ast.Attribute) and what.attr == "kind":
            found |= set(KINDS)
        elif isinstance(what, ast.Name) and what.id.isupper():
            holder = "serving.store.audit_log" if package.name == "commands" else _module(file, package)
            found.add(str(getattr(importlib.import_module(holder), what.id)))
        else:
            helpers = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and call in ast.walk(one)]
            place = [one.arg for one in helpers[0].args.args].index(ast.unparse(what))
            given = [one.args[place] for one in _calls(tree, helpers[0].name)]
            assert given
            assert all(isinstance(one, ast.Constant) for one in given)
            found |= {ast.literal_eval(one) for one in given}
    return found


def _module(file: Path, package: Path) -> str:
    return ".".join((package.name, *file.relative_to(package).with_suffix("").parts))


@cache
def _actions() -> set[str]:
    packages = [Path(str(package.__file__)).parent for package in (serving, commands)]
    return {what for package in packages for file in package.rglob("*.py") for what in _written_in(file, package)}


def test_every_action_that_the_program_writes_has_words_and_none_has_words_for_nothing() -> None:
    told = {key.removeprefix("audit.action.") for key in TEXTS if key.startswith("audit.action.")}
    assert told == {what.replace(" ", "_") for what in _actions()}
    assert {f"audit.role.{role}" for role in ROLES} <= set(TEXTS)


def _write_every_action(browser: Browser) -> str:
    """Change everything that can be changed, and return the account that it was about."""
    engine, anna = engine_of(browser), Author("Anna", None)
    account, gone = sorted(ids_of(browser, ""))[:2]
    create_key(engine, "crm", ["score", "feedback"], owners=["Cem"], days=30)
    with reading(engine) as connection:
        key_id = next(one.about for one in changes(connection) if one.what == "key created")
    rotate_key(engine, key_id, 24)
    create_key(engine, "other", ["page"])
    revoke_key(engine, "other")
    page = browser.open("/plan?budget=20000").text
    form = {"token": hidden(page, "token"), "asked": "budget=20000", "plan_id": hidden(page, "plan_id")}
    assert browser.send("/plans", form).status_code == 303
    given: list[dict[str, Any]] = [
        {"investment": "visit_programme", "made_at": "2025-12-01", "cost": 640.0},
        {"override": {"recommended_investment": "visit_programme", "will_switch": True}, "reason": "new buyer"},
        {"outcome": "switched", "switched_at": "2025-12-02"},
        {"forecast": 5_000, "made_at": "2025-12-03"},
        {"assessment": "member", "assessed_at": "2025-12-03"},
        {"withdraw": "e-3"},
    ]
    for number, one in enumerate(given):
        whose = {} if "withdraw" in one else {"account_id": account}
        event = read_event({**whose, "event_id": f"e-{number}", **one}, NOW, known_options(engine))
        (receipt,) = keep_feedback(engine, [event], anna, NOW)
        assert receipt.error is None, receipt
    with writing(engine) as connection:
        begun = {"status": "snoozed", "snoozed_until": "2026-12-24", "due": "2026-12-31", "action": "visit_programme",
                 "outcome": "no_change", "note": "call them", "owner": "Cem"}  # fmt: skip
        change_work(connection, [account], begun, anna, NOW)
        put_person(connection, Person("cem@example.com", "manager", "Cem", None), anna, NOW)
        put_person(connection, Person("cem@example.com", "director", None, "north"), anna, NOW)
        remove_person(connection, "cem@example.com", anna, NOW)
        told = {"version": 7, "promoted": True, "accounts": 60, "model_version": "3b1b68a61a0e"}
        entries = [Entry(RETRAINED, "store", told), Entry(RETENTION, "store", {"removed": {"feedback": 1_234}}),
                   Entry("signed in", "Anna", {}), Entry("signed out", "Anna", {})]  # fmt: skip
        record(connection, NOW, anna, entries)
        record(connection, NOW - 900 * DAY, anna, [Entry("override", gone, {"reason": f"told of {gone}"})])
        erase(connection, Subject("account", gone), anna, NOW)
    return account


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_the_log_is_told_in_words_and_the_values_as_the_reader_writes_them(own: Browser, language: str) -> None:
    account = _write_every_action(own)
    own.language = language
    told = texts_of(own.open("/audit").text)
    actions = {what for what in _actions() if what != "audit shortened"}
    for what in actions:
        assert say(language, f"audit.action.{what.replace(' ', '_')}") in told, what
    assert not re.search(r"[][{}]|\b(True|False|None|null|true|false)\b", told)
    names = re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", told)
    assert names == []
    form = Formats(language, "€")
    for key in ("audit.role.manager", "work.outcome.no_change", "audit.kind.account"):
        assert say(language, key) in told, key
    for value in (form.date("2026-12-24"), form.number(1_234), form.money(20_000), "call them"):
        assert " ".join(value.split()) in told, value
    own_rows = read(own.open(f"/audit?about={account}").text)
    assert account in " ".join(own_rows.texts)


def test_a_shortened_log_says_so_and_a_word_that_nobody_knows_stays(own: Browser) -> None:
    engine = engine_of(own)
    with writing(engine) as connection:
        record(connection, NOW - 900 * DAY, Author("Anna"), [Entry("override", "A1", {})])
        record(connection, NOW, Author("Anna"), [Entry("moon landed", "store", {"flag": "planted"})])
        assert drop_before(connection, NOW - DAY, NOW, Author()) == 1
    told = texts_of(own.open("/audit").text)
    assert say("en", "audit.action.audit_shortened") in told
    assert "moon landed" in told
    assert "flag: planted" in told
