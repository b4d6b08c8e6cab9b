"""The settings file explains every setting, and says no by name."""

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from features.errors import SettingsError
from features.instants import instant
from features.ladder.rules import LadderRules
from features.sources.source import TableMapping
from tests.docs.documents import DOCS
from tests.paths import ROOT
from training.settings import BoosterSettings, Settings, parse_settings, read_settings
from training.settings.playbook import default_plays
from training.settings.reference import document, settings_file

CONF = ROOT / "conf" / "ladder.toml"
SECTIONS = [field.name for field in dataclasses.fields(Settings) if field.name != "tables"]
KEYS = [(name, key.name) for name in SECTIONS for key in dataclasses.fields(getattr(Settings(), name))]


def test_the_file_of_defaults_is_the_defaults() -> None:
    assert read_settings(CONF) == Settings()
    assert read_settings(CONF).digest() == Settings().digest()
    assert read_settings(None) == Settings()


def test_the_file_of_defaults_and_the_page_are_written_from_the_fields() -> None:
    assert CONF.read_text(encoding="utf-8") == settings_file(), "run: make reference"
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == document(), "run: make reference"
    assert all(len(line) <= 120 for line in settings_file().splitlines())


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_setting_is_in_the_file_with_its_limits_and_reason(section: str, key: str) -> None:
    default = tomllib.loads(CONF.read_text(encoding="utf-8"))[section][key]
    (line,) = re.findall(rf"^{key} = .*", CONF.read_text(encoding="utf-8").partition(f"[{section}]")[2], re.MULTILINE)[
        :1
    ]
    comment = line.partition("# ")[2]
    assert len(comment) >= 20
    number = isinstance(default, int | float | dict) or default == [90, 365]
    assert comment.startswith("[") == (
        number or "list" in comment or key in ("switching", "drop_copies", "track_records", "base")
    )


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_setting_is_on_the_page_with_its_whole_reason(section: str, key: str) -> None:
    part = document().partition(f"## [{section}]\n")[2].partition("\n## ")[0]
    (row,) = (line for line in part.splitlines() if line.startswith(f"| `{key}` |"))
    _, default, allowed, reason = row.strip("| ").split(" | ")
    assert default.strip("`")
    assert allowed
    assert len(reason) >= 20


def test_the_commented_example_of_a_mapping_is_one() -> None:
    lines = CONF.read_text(encoding="utf-8").splitlines()
    begin = lines.index("# [tables.orders]")
    example = "\n".join(line.removeprefix("# ") for line in lines[begin : begin + 3])
    mapped = parse_settings(tomllib.loads(example)).tables["orders"]
    assert mapped.query is not None
    assert set(mapped.columns) == {"account_id", "ordered_at", "revenue", "cost"}


def test_what_a_file_does_not_say_keeps_its_default(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[outcome]\nhorizon_days = 90\n[tables.orders.columns]\nrevenue = "bedrag"\n')
    settings = read_settings(path)
    assert settings.outcome == dataclasses.replace(Settings().outcome, horizon_days=90)
    assert settings.booster == Settings().booster
    assert settings.tables == {"orders": TableMapping(query=None, columns={"revenue": "bedrag"})}


OTHERS = {
    "deflator": {"2024-01-01": 100.0},
    "leave_out": (("2020-03-15", "2020-06-01"),),
    "exported_at": "2026-01-31",
    "time_zone": "Europe/Amsterdam",
    "encoding": "cp850",
    "drop_copies": "yes",
    "track_records": "own",
    "base": "none",
    "plays": (default_plays()[0],),
    "names": {"visit": "Visit"},
}


def other_than(value: Any, key: str) -> Any:
    """Another value that the same setting may have."""
    if key in OTHERS:
        return OTHERS[key]
    if isinstance(value, str):
        return "recorded" if value == "auto" else f"{value}x"
    if isinstance(value, tuple):
        return (*value, 7 if value else "booster")
    if isinstance(value, float):
        return value * 0.999 or 0.1
    return value + 1 if isinstance(value, int) else {"visit": 1.0}


def test_every_setting_changes_the_digest() -> None:
    digests = {Settings().digest()}
    for section, key in KEYS:
        part = getattr(Settings(), section)
        changed = dataclasses.replace(part, **{key: other_than(getattr(part, key), key)})
        digests.add(dataclasses.replace(Settings(), **{section: changed}).digest())
    assert len(digests) == len(KEYS) + 1


def test_settings_that_contradict_each_other_are_refused() -> None:
    for content, named in (
        (
            {"ladder": {"customer_order_days": 5}},
            ("customer_order_days = 5", "member_periods_with_order = 4", "is a customer too"),
        ),
        ({"source": {"currency": "EUR", "exchange_rates": {"EUR": 2.0}}}, ("one EUR is worth 2 EUR",)),
        ({"ladder": {"member_periods_with_order": 9}}, ("member_periods_with_order = 9", "member_periods = 6")),
        ({"ladder": {"advocate_referrals": 4}}, ("advocate_referrals = 4", "raving_fan_referrals = 3")),
        ({"promotion": {"most_lost_to_a_day": 0.6}}, ("most_lost_to_a_day = 0.6", "most_lost_to_a_week = 0.5")),
        ({"promotion": {"most_lost_to_a_week": 0.2}}, ("most_lost_to_a_day = 0.25", "most_lost_to_a_week = 0.2")),
    ):
        with pytest.raises(SettingsError) as refusal:
            parse_settings(content)
        assert all(words in str(refusal.value) for words in named)
    assert parse_settings({"ladder": {"member_periods_with_order": 6, "advocate_referrals": 3}})
    with pytest.raises(SettingsError, match="9 is more than"):
        dataclasses.replace(Settings(), ladder=LadderRules(member_periods_with_order=9))


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_no_number_is_read_from_a_text_a_flag_or_out_of_its_limits(section: str, key: str) -> None:
    default: Any = getattr(getattr(Settings(), section), key)
    if not isinstance(default, int | float):
        return
    for wrong in (str(default), True, -1, float("nan"), 1e12, [default]):
        with pytest.raises(SettingsError, match=f"^{section}.{key} = "):
            parse_settings({section: {key: wrong}})
    if isinstance(default, int):
        with pytest.raises(SettingsError, match="whole number"):
            parse_settings({section: {key: float(default)}})


def test_a_copy_with_other_values_is_checked_too() -> None:
    booster = Settings().booster
    assert dataclasses.replace(booster, rounds=7).rounds == 7
    for wrong in ({"rounds": 0}, {"rounds": "7"}, {"wings": 2}):
        with pytest.raises(SettingsError, match=r"^booster\."):
            dataclasses.replace(booster, **wrong)
    with pytest.raises(SettingsError, match=r"^booster\.rounds = 0 is too small: it is at least 1"):
        BoosterSettings(0)
    with pytest.raises(SettingsError, match=r"^ladder\.order_days = -3"):
        dataclasses.replace(Settings(), ladder=LadderRules(order_days=-3))
    with pytest.raises(dataclasses.FrozenInstanceError):
        booster.rounds = 8  # type: ignore[misc]


WRONG = {
    "an unknown section": ("[boosters]\nrounds = 3\n", "boosters"),
    "an unknown key": ("[booster]\nround = 3\n", "booster.round"),
    "a text for a number": ('[booster]\nrounds = "3"\n', "booster.rounds"),
    "a fraction for a whole number": ("[booster]\nrounds = 3.5\n", "booster.rounds"),
    "a flag for a number": ("[booster]\nrounds = true\n", "booster.rounds"),
    "a number for a text": ("[registry]\nexperiment = 3\n", "registry.experiment"),
    "too small": ("[outcome]\nhorizon_days = 0\n", "outcome.horizon_days"),
    "below zero": ("[ladder]\norder_days = -1\n", "ladder.order_days"),
    "too large": ("[source]\nmax_bad_share = 5\n", "source.max_bad_share"),
    "not a number": ("[booster]\nlearning_rate = nan\n", "booster.learning_rate"),
    "infinite": ("[booster]\nl2 = inf\n", "booster.l2"),
    "no such definition of switching": ('[outcome]\nswitching = "left"\n', "outcome.switching"),
    "a horizon too short": ("[outcome]\nfurther_horizons_days = [90, 3]\n", "outcome.further_horizons_days"),
    "a horizon that is no whole number": ("[outcome]\nfurther_horizons_days = [90.5]\n", "further_horizons_days"),
    "a horizon in a list of its own": ("[outcome]\nfurther_horizons_days = [[90]]\n", "further_horizons_days"),
    "a key outside any section": ("rounds = 3\n", "rounds"),
    "a value where a section belongs": ("booster = 3\n", "booster"),
    "a table that is no section": ("[tables]\norders = 3\n", "tables.orders"),
    "an unknown key of a table": ("[tables.orders]\nsql = 'SELECT 1'\n", "tables.orders.sql"),
    "columns that are no names": ("[tables.orders.columns]\nrevenue = 3\n", "tables.orders.columns"),
    "a query that is no text": ("[tables.orders]\nquery = 3\n", "tables.orders.query"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(what: str, tmp_path: Path) -> None:
    content, named = WRONG[what]
    path = tmp_path / "own.toml"
    path.write_text(content)
    with pytest.raises(SettingsError) as refusal:
        read_settings(path)
    assert named in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"[booster\n", b"\xff\xfe\x00", b"[booster]\nrounds = 1\nrounds = 2\n"])
def test_a_file_that_is_no_toml_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"own\.toml"):
        read_settings(path)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml"):
        read_settings(tmp_path / "absent.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path)


def test_a_whole_number_may_stand_for_a_fraction() -> None:
    rate = parse_settings({"booster": {"learning_rate": 1}}).booster.learning_rate
    assert (rate, type(rate)) == (1.0, float)


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_no_setting_takes_a_list_but_those_that_are_one(section: str, key: str) -> None:
    default: Any = getattr(getattr(Settings(), section), key)
    if isinstance(default, tuple):
        assert parse_settings({section: {key: [*default]}}) == Settings()
        default = default[0] if default else "booster"
        with pytest.raises(SettingsError, match=f"{section}.{key}.* list"):
            parse_settings({section: {key: default}})
        default = 1.5 if isinstance(default, str) else str(default)
    with pytest.raises(SettingsError, match=f"{section}.{key}"):
        parse_settings({section: {key: [default]}})


def test_further_horizons_are_ascending_each_once_and_without_the_main_one(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[outcome]\nhorizon_days = 90\nfurther_horizons_days = [365, 90, 30, 365]\n")
    assert read_settings(path).outcome.further == (30, 365)
    path.write_text("[outcome]\nfurther_horizons_days = []\n")
    assert read_settings(path).outcome.further == ()


def test_a_day_a_zone_or_an_encoding_that_there_is_not_is_refused_by_name() -> None:
    for key, value in (("exported_at", "soon"), ("time_zone", "Mars/Olympus"), ("encoding", "utf-9")):
        with pytest.raises(SettingsError, match=value):
            parse_settings({"source": {key: value}})


def test_the_rules_of_a_source_end_with_the_day_of_the_export_or_with_today_on_the_zone_s_clock() -> None:
    evening = instant("2026-11-29T23:30")
    assert parse_settings({}).source.rules(evening).until == instant("2026-11-30")
    amsterdam = {"source": {"time_zone": "Europe/Amsterdam"}}
    assert parse_settings(amsterdam).source.rules(evening).until == instant("2026-12-01")
    assert parse_settings({"source": {"exported_at": "2026-01-31"}}).source.rules(evening).until == instant(
        "2026-02-01"
    )


def test_a_booster_at_the_limits_of_its_settings_can_be_patient() -> None:
    patient = BoosterSettings(rounds=10_000, learning_rate=1e-4, column_share=0.05).patient()
    assert (patient.rounds, patient.learning_rate, patient.column_share) == (10_000, 1e-4, 0.05)
    patient = BoosterSettings(rounds=100, learning_rate=0.08, column_share=0.3).patient()
    assert (patient.rounds, patient.learning_rate) == (200, 0.04)
    assert patient.column_share == pytest.approx(0.2)
