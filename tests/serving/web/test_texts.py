"""Every word of the page is in both languages, and in nobody's way."""

import re
import string
from pathlib import Path

import pytest

from features.tables import BONDS, RUNGS, TRIGGER_FAMILIES
from serving.web import visit as visits
from serving.web.amounts import read_number
from serving.web.text.catalogue import TEXTS, say
from serving.web.text.german import GERMAN
from serving.web.visit import language_of
from tests.paths import ROOT
from training.evaluation.grading import HAPPENED
from training.model.text.formats import Formats

PAGE = Path(visits.__file__).parent
_LITERAL = re.compile(r"""\bsay\(\s*f?["']([a-z_.]+)["'](\s*~)?""")
_COUNTED = re.compile(r"""\bcount\(["']([a-z_.]+)["'],""")
_ANY = re.compile(r"""["']([a-z_]+(?:\.[a-z_]+)+)["']""")
_BEGUN = re.compile(r"""["']([a-z_]+\.(?:[a-z_]+\.)*)["']""")
_TABLE = re.compile(r"""["']((?:nav)\.[a-z_]+)["']""")


def _used() -> tuple[set[str], set[str]]:
    """Keys that templates and modules name, and beginnings of those that they put together."""
    keys, beginnings = set(), set()
    sources = [file for file in PAGE.rglob("*.py") if PAGE / "text" not in file.parents]
    for file in [*PAGE.glob("templates/*.html"), *sources]:
        content = file.read_text(encoding="utf-8")
        for key, joined in _LITERAL.findall(content):
            (beginnings if joined or key.endswith(".") else keys).add(key)
        keys |= {f"{key}.{many}" for key in _COUNTED.findall(content) for many in ("one", "many")}
        if not file.name.endswith("texts.py"):
            keys |= set(_TABLE.findall(content))
            keys |= set(_ANY.findall(content)) & set(TEXTS)  # such as the one of two that a condition picks
            beginnings |= {one for one in _BEGUN.findall(content) if any(key.startswith(one) for key in TEXTS)}
        for name, _beginning in re.findall(r"""say\(f["']([a-z_.]+\.)\{(\w+)""", content):
            beginnings.add(name)
        if ', "rung.")' in content:
            beginnings |= {"rung.", "state.", "bond.", "trigger."}
    return keys, beginnings


def test_every_key_that_is_used_has_a_text_and_every_text_is_used() -> None:
    keys, beginnings = _used()
    assert keys - set(TEXTS) == set()
    left_over = {key for key in TEXTS if key not in keys and not key.startswith(tuple(beginnings))}
    assert left_over == set()
    assert all(any(key.startswith(one) for key in TEXTS) for one in beginnings)


def _holes(text: str) -> set[str]:
    return {hole for _, hole, _, _ in string.Formatter().parse(text) if hole}


def test_both_languages_say_the_same_things_with_the_same_holes() -> None:
    for key, (english, dutch) in TEXTS.items():
        assert _holes(english) == _holes(dutch), key
        for text in (english, dutch):
            assert text == text.strip() != "", key


def test_german_is_complete_and_has_the_same_holes() -> None:
    assert set(GERMAN) == set(TEXTS)
    for key, text in GERMAN.items():
        assert _holes(text) == _holes(TEXTS[key][0]), key
        assert text == text.strip() != "", key
    same = [key for key, text in GERMAN.items() if text == TEXTS[key][0] and len(text.split()) > 2]
    assert same == []


def test_no_page_shows_a_command_but_the_start() -> None:
    for key, texts in TEXTS.items():
        assert not any(re.search(r"\bladder (keys|monitor|score|check|train)\b|--[a-z]", text) for text in texts), key


PROVED = re.compile(r"\b(?<!not )prove[sdn]?\b|\bproof\b|\b(?<!niet )bewezen\b|\bbewi?j(?:s|zen|st)\b", re.IGNORECASE)


def test_nothing_is_said_to_be_proven() -> None:
    for key, texts in TEXTS.items():
        assert not any(PROVED.search(text) for text in texts), key
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        assert not PROVED.search(document.read_text(encoding="utf-8")), document


def test_rungs_triggers_and_bonds_have_their_labels() -> None:
    assert [say("nl", f"rung.{rung}") for rung in RUNGS] == [
        "Suspect", "Prospect", "Shopper", "Klant", "Lid", "Pleitbezorger", "Enthousiaste fan",
    ]  # fmt: skip
    for kind, names in (("trigger", TRIGGER_FAMILIES), ("bond", BONDS)):
        assert {say("en", f"{kind}.{name}") for name in names} == {TEXTS[f"{kind}.{name}"][0] for name in names}


def test_whatever_a_model_is_judged_by_has_its_heading_on_the_page_trust() -> None:
    assert {f"trust.bands.{happened}" for happened in HAPPENED.values()} <= set(TEXTS)


def test_money_numbers_and_dates_are_written_as_the_reader_writes_them() -> None:
    english, dutch = Formats("en", "€"), Formats("nl", "€")
    assert (english.money(1234.5, 2), dutch.money(1234.5, 2)) == ("€1,234.50", "€\u00a01.234,50")
    assert (english.money(-1234.5), dutch.money(-7)) == ("\u2212€1,234", "\u2212€\u00a07")
    assert (english.number(-0.2), english.number(None), english.number(float("nan"))) == ("0", "–", "–")
    assert (english.percent(0.123), dutch.percent(0.123, 1), english.percent(0.0001)) == ("12%", "12,3\u00a0%", "<1%")
    at = 1_772_496_000_000_000
    assert (english.date(at), dutch.date(at)) == ("3 March 2026", "3 maart 2026")
    german = Formats("de", "€")
    assert (german.money(-1234.5, 2), german.percent(0.123)) == ("\u22121.234,50\u00a0€", "12\u00a0%")
    assert (german.date(at), english.day(at)) == ("3. März 2026", "3 Mar 2026")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("20000", 20_000), ("20,000", 20_000), ("20.000", 20_000), ("1.234,50", 1234.5), ("1,234.50", 1234.5),
        ("€ 20.000", 20_000), ("12,5", 12.5), ("12.5", 12.5), ("1.000.000", 1_000_000), ("0", 0), ("1 000", 1000),
        ("", None), ("x", None), ("-5", None), ("1e9", None), ("nan", None), (".", None), ("9" * 30, None),
        ("١٢٣", None), ("1,2,3.4.5", None),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_it_was_meant(typed: str, meant: float | None) -> None:
    assert read_number(typed) == meant


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "nl-NL,nl;q=0.9,en;q=0.8", "nl"), (None, "fr,en;q=0.3,nl;q=0.7", "nl"),
        (None, "de-AT,en;q=0.3", "de"), (None, "fr", "en"),
        (None, "", "en"), ("nl", "en", "nl"), ("xx", "nl", "nl"), (None, "nl;q=x,en", "en"), (None, "," * 9999, "en"),
        (None, "nl;q=0, en;q=0.1", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_one_chosen_else_the_browsers_first(
    cookie: str | None, accepted: str, language: str
) -> None:
    assert language_of(cookie, accepted) == language


def test_every_outcome_whose_chances_are_judged_has_a_heading() -> None:
    for outcome in HAPPENED.values():
        assert f"trust.bands.{outcome}" in TEXTS  # else the page Trust of a source that has it would fail
