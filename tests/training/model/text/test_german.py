"""What the managers' page may show is there in German: every sentence, every name, with the same values."""

import re

import pytest

from tests.training.model.text.test_catalogue import Produced, params_of, produced, sample, whole
from training.model.findings import NOTE, Finding
from training.model.text.catalogue import GERMAN_ROWS, ROWS, heading, holes, render
from training.model.text.german_names import GERMAN_NAMES
from training.model.text.names import NAMES
from training.model.text.rows import (
    account_managers,
    effects,
    evaluation,
    monitoring,
    plan_outcomes,
    plans,
    training,
)
from training.model.text.words import WORDS

SHOWN = (evaluation, training, effects, account_managers, monitoring, plans, plan_outcomes)
"""Of reports, plans and what watching finds. What only programs tell, as of promotion, is in English and Dutch."""
ELSEWHERE = ("training/promotion/", "serving/scoring/", "serving/store/", "commands/")


def _texts(code: str) -> tuple[str, ...]:
    told = GERMAN_ROWS[code]
    return (told,) if isinstance(told, str) else told


def test_german_has_every_sentence_that_the_page_may_show_and_no_other() -> None:
    assert set(GERMAN_ROWS) == {row.code for module in SHOWN for row in module.ROWS}


@pytest.mark.parametrize("made", produced(), ids=lambda made: f"{made[2]} {made[0]}")
def test_whoever_makes_a_finding_of_the_page_has_german_for_it(made: Produced) -> None:
    code, _, where = made
    assert code in GERMAN_ROWS or any(place in where for place in ELSEWHERE)


@pytest.mark.parametrize("code", GERMAN_ROWS)
def test_a_german_sentence_holds_the_same_values_written_the_same_way(code: str) -> None:
    row, texts = ROWS[code], _texts(code)
    assert params_of("".join(texts)) == params_of(whole(row))
    assert len(texts) == (1 if row.headings is None else 2)
    english = row.texts[0] + (row.headings or ("",))[0]
    plain = {(hole, kind) for hole, kind in holes(english) if "|" not in kind}
    counted = {hole: kind.count("|") for hole, kind in holes(english) if "|" in kind}
    for text in texts:
        assert text == text.strip() != ""
        assert not set("<>&") & set(text)
        assert not re.search(r"\b(?<!nicht )bewiesen\b|\bbeweist\b|\bBeweis\b", text)
        for hole, kind in holes(text):
            if "|" in kind:
                assert (hole in counted, kind.count("|")) == (True, counted[hole]), hole
            else:
                assert (hole, kind) in plain, hole


def test_german_is_not_the_english_sentence() -> None:
    for code in GERMAN_ROWS:
        for text, english in zip(_texts(code), (ROWS[code].texts[0], *(ROWS[code].headings or ())), strict=False):
            assert text != english or not re.search("[a-z]{4}", re.sub(r"\{[^}]*\}", "", text)), code


def test_every_sentence_is_told_in_german_with_its_values() -> None:
    for code in GERMAN_ROWS:
        params = sample(whole(ROWS[code]))
        finding = Finding(code, NOTE, params)
        for told in (render(finding, "de", "€"), heading(finding, "de", "€")):
            assert "{" not in told, told
            assert code not in told.split() or "_" not in code, told


def test_every_name_has_german_words() -> None:
    assert {kind: set(names) for kind, names in GERMAN_NAMES.items()} == {
        kind: set(names) for kind, names in NAMES.items()
    }
    for kind, names in GERMAN_NAMES.items():
        for name, words in names.items():
            assert words != NAMES[kind][name][0] or len(words.split()) < 3, (kind, name)
    assert tuple(GERMAN_NAMES["rung"].values()) == WORDS["de"].rungs


def test_a_plan_reads_as_a_german_would_write_it() -> None:
    found = Finding.of("plan_brought_open", NOTE, gain=-1234.4, low=-9000, high=10.5, level=0.9, elapsed=0.4,
                       promised=2_000_000, verdict="less")  # fmt: skip
    assert render(found, "de", "€").replace("\u00a0", " ") == (
        "zwischen den Kunden des Plans und der Kontrollgruppe ist kein Unterschied zu erkennen: -1.234 € [90 %: "
        "-9.000 € bis 10 €] Marge abzüglich Kosten je Kunde in den bisherigen 40 % der Laufzeit; versprochen waren "
        "2.000.000 €: weniger als versprochen"
    )
    assert heading(found, "de") == (
        "Er kann Geld gebracht oder gekostet haben: zu wenige Kunden, oder zu früh. Weniger als versprochen."
    )
    seen = Finding.of("reliability", NOTE, low=0.1, high=0.2, outcome="left", seen=0.14, seen_low=0.1, seen_high=0.2,
                      level=0.9, snapshots=1_200)  # fmt: skip
    assert heading(seen, "de").replace("\u00a0", " ") == (
        "von den Kunden, denen wir 10–20 % gaben: 14 % abgewandert (zwischen 10 % und 20 %, neun von zehn Mal)"
    )
