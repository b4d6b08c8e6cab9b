"""Every row of the catalogue says what it is, and keeps to it."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given

from features.catalog.catalog import (
    BY_NAME,
    CODED_COLUMNS,
    FEATURES,
    NAMES,
    Context,
    compute,
    document,
    fingerprint,
    learn_vocabulary,
)
from features.catalog.declarations import NEVER_MISSING, Feature
from features.catalog.fingerprint import reference_histories, reference_snapshots
from features.histories.histories import Histories, build_histories
from features.histories.views import View
from features.sources.source import source_from_rows
from features.tables import TABLE, TRIGGER_FAMILIES
from tests.builders import histories, view
from tests.paths import ROOT
from tests.strategies import Drawn, sources
from training.simulator.simulation import simulate

DOCUMENT = ROOT / "docs" / "features.md"


@cache
def tiny() -> Histories:
    return build_histories(source_from_rows(simulate("tiny", seed=1).tables))


@cache
def tiny_matrix() -> np.ndarray:
    seen = View(tiny(), tiny().known_at(tiny().end))
    return compute(seen, Context(vocabulary=learn_vocabulary(tiny(), seen.snapshots)))


def test_no_two_features_share_a_name() -> None:
    assert len(set(NAMES)) == len(FEATURES) == len(BY_NAME)


@pytest.mark.parametrize("feature", FEATURES, ids=NAMES)
def test_a_feature_says_what_it_is(feature: Feature) -> None:
    assert feature.name == feature.name.lower()
    assert feature.name.replace("_", "").isalnum()
    for text in (feature.unit, feature.meaning, feature.missing, feature.family):
        assert text.strip()
        assert "\n" not in text
        assert "|" not in text
        assert not text.endswith(".")
    assert set(feature.tables) <= set(TABLE)
    assert feature.trigger in (None, *TRIGGER_FAMILIES)


def test_no_two_features_have_one_meaning() -> None:
    assert len({feature.meaning for feature in FEATURES}) == len(FEATURES)


def test_every_table_of_the_contract_is_used() -> None:
    assert {table for feature in FEATURES for table in feature.tables} == set(TABLE)


@pytest.mark.parametrize("absent", sorted(set(TABLE) - {"orders"}))
def test_a_feature_of_an_absent_table_is_missing_everywhere_and_no_other(absent: str) -> None:
    tables = {name: frame for name, frame in simulate("tiny", accounts=60, seed=2).tables.items() if name != absent}
    known = build_histories(source_from_rows(tables))
    matrix = compute(View(known, known.known_at(known.end)), Context(vocabulary=dict.fromkeys(CODED_COLUMNS, ("a",))))
    missing = {name for name, column in zip(NAMES, matrix.T, strict=True) if np.isnan(column).all()}
    assert missing == {feature.name for feature in FEATURES if absent in feature.tables}


def test_on_the_simulator_every_feature_differs_between_accounts() -> None:
    constant = [name for name, column in zip(NAMES, tiny_matrix().T, strict=True) if np.nanstd(column) == 0]
    assert constant == []


def test_what_cannot_be_missing_is_not() -> None:
    for name, column in zip(NAMES, tiny_matrix().T, strict=True):
        if BY_NAME[name].missing == NEVER_MISSING:
            assert not np.isnan(column).any(), name


@given(sources())
def test_no_feature_is_ever_infinite_and_none_is_missing_that_cannot_be(drawn: Drawn) -> None:
    known = build_histories(source_from_rows(drawn.tables))
    matrix = compute(View(known, known.known_at(drawn.at)), Context())
    assert not np.isinf(matrix).any()
    for name, column in zip(NAMES, matrix.T, strict=True):
        feature = BY_NAME[name]
        if feature.missing == NEVER_MISSING and known.tables.issuperset(feature.tables):
            assert not np.isnan(column).any(), name
        if feature.unit in ("number", "days", "persons", "minutes", "hours"):
            assert not (column < 0).any(), name
        if feature.unit.startswith("rung"):
            assert np.isin(column, range(7)).all(), name


def test_an_empty_table_means_none_and_an_absent_one_unknown() -> None:
    row = [("A", "2024-01-01", 10.0)]
    names = ["tickets_90d", "open_tickets", "days_since_survey", "surveys_365d", "contacts_now", "contracts_in_force"]
    empty = histories(orders=row, tickets=[], surveys=[], contacts=[], contracts=[])
    assert np.nan_to_num(compute(view(empty, "2024-02-01"), Context(), names), nan=-1).tolist() == [[0, 0, -1, 0, 0, 0]]
    assert np.isnan(compute(view(histories(orders=row), "2024-02-01"), Context(), names)).all()


def test_a_text_outside_the_vocabulary_has_the_place_beyond_its_end() -> None:
    accounts = [
        {"account_id": name, "country": country} for name, country in zip("ABC", ("NL", "DE", None), strict=True)
    ]
    known = histories(accounts=accounts)
    codes = compute(view(known, "2024-01-01"), Context(vocabulary={"country": ("BE", "NL")}), ["country_code"])[:, 0]
    np.testing.assert_array_equal(codes, [1, 2, np.nan])


def test_the_vocabulary_is_learnt_most_frequent_first_and_alphabetic_where_equal() -> None:
    countries = ["NL", "BE", "NL", "DE", None, "BE"]
    known = histories(accounts=[{"account_id": str(k), "country": name} for k, name in enumerate(countries)])
    assert learn_vocabulary(known, view(known, "2024-01-01").snapshots)["country"] == ("BE", "NL", "DE")
    assert learn_vocabulary(known, view(known, "2024-01-01").snapshots, most=1)["country"] == ("BE",)


def test_the_page_about_the_features_is_fresh() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), (
        "run: python -m features.catalog.catalog > docs/features.md"
    )


def test_the_fingerprint_changes_with_what_a_feature_answers_and_not_only_with_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = fingerprint()
    fingerprint.cache_clear()
    assert fingerprint() == before
    fingerprint.cache_clear()
    monkeypatch.setattr("features.catalog.families.service.OVERDUE_DAYS", 15)
    changed = fingerprint()
    fingerprint.cache_clear()
    assert changed != before


def test_the_fingerprint_rests_on_a_value_of_every_feature() -> None:
    vocabulary = {column: (f"{column}0", f"{column}1") for column in CODED_COLUMNS}
    answers = compute(View(reference_histories(), reference_snapshots()), Context(vocabulary=vocabulary))
    assert [name for name, column in zip(NAMES, answers.T, strict=True) if np.isnan(column).all()] == []
