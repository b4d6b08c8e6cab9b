"""The playbook: the most specific play holds, texts have the account's own facts, and mistakes are refused by name."""

from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from features.errors import SettingsError
from features.tables import RUNGS, TRIGGER_FAMILIES
from serving.scoring import score_columns
from serving.scoring.advice.act_by import act_by_finding
from serving.scoring.advice.playbook import Playbooks, play_facts, play_text, with_plays
from serving.scoring.batch import score_frames
from serving.scoring.scoring import Scorer
from tests.trained import tiny_bundle, tiny_histories
from training.model.playbook import Play, Situation, choose, fill, play_of, tell
from training.model.text.catalogue import plain_formats, render
from training.settings import Settings, parse_settings, read_settings
from training.settings.playbook import ADVICE, CUSTOMER_TYPES, FACTS, default_plays

PLAYS = tiny_bundle().facts.playbook
TEXTS = {f"{name}_{language}": "x" for name in ("do", "say", "whom") for language in ("en", "nl")}


def play(key: str, **more: Any) -> Play:
    return play_of({"key": key, "within_days": 7, **TEXTS, **more})


def test_the_words_of_the_settings_are_those_of_the_scores() -> None:
    assert ADVICE == score_columns.ADVICE
    assert CUSTOMER_TYPES == score_columns.CUSTOMER_TYPES


def test_every_account_that_there_can_be_has_a_play() -> None:
    for values in product(RUNGS, (None, *TRIGGER_FAMILIES), (None, *CUSTOMER_TYPES), (None, *ADVICE), (False, True)):
        situation = Situation(*values)  # type: ignore[arg-type]
        chosen = choose(PLAYS, situation)
        assert chosen is not None
        assert chosen.former == situation.former
        failed = situation.trigger == "reactional" and situation.rung not in ("suspect", "prospect")
        if failed and situation.advice is not None and not situation.former:
            assert chosen.key in ("repair_first", "repair_friends")  # nothing is sold before it is repaired


def test_the_most_specific_play_holds_whatever_their_order() -> None:
    plays = [
        play("all"), play("members", rungs=["member", "advocate"]), play("member", rungs=["member"]),
        play("at_risk", rungs=["member"], advice=["talk"]),
        play("failed", rungs=["member"], triggers=["reactional"]), play("former", former=True),
    ]  # fmt: skip
    asked = {
        Situation("suspect", None, None, None, False): "all",
        Situation("advocate", None, None, "talk", False): "members",
        Situation("member", None, "partner", "invest", False): "member",
        Situation("member", None, None, "talk", False): "at_risk",
        Situation("member", "reactional", None, "talk", False): "failed",
        Situation("member", "reactional", None, "talk", True): "former",
    }  # fmt: skip
    for order in (plays, plays[::-1]):
        for situation, key in asked.items():
            chosen = choose(order, situation)
            assert chosen is not None
            assert chosen.key == key
    assert choose(plays[-1:], Situation("member", None, None, None, False)) is None


def test_a_part_whose_fact_is_missing_is_left_out_and_a_fact_is_no_template() -> None:
    text = "Call {account}[ before {act_by}][, about {investment}]"
    assert fill(text, {"account": "[{rung}]", "act_by": "12 May"}) == "Call [{rung}] before 12 May"
    for one, language in product(default_plays(), ("en", "nl", "de")):
        bare = tell(play_of(asdict(one)), {"account": "Acme", "rung": "member"}, language)
        full = tell(play_of(asdict(one)), dict.fromkeys(FACTS, "FACT"), language)
        assert bare.language == language
        for said in (bare.do, bare.say, bare.whom, full.do, full.say, full.whom):
            assert said
            assert not set("[]{}") & set(said)


ROW = """
[[plays]]
key = "mine"
rungs = ["member"]
do_en = "{do}"
do_nl = "Doe iets"
say_en = "Hello"
say_nl = "Hallo"
whom_en = "all"
whom_nl = "allen"
within_days = 5
"""


def test_own_plays_of_a_file_come_first_and_stay_with_the_settings(tmp_path: Path) -> None:
    (tmp_path / "plays.toml").write_text(ROW.replace("{do}", "Call {account}"))
    (tmp_path / "own.toml").write_text('[playbook]\nfile = "plays.toml"\n')
    settings = read_settings(tmp_path / "own.toml")
    assert [one.key for one in settings.playbook.rows] == ["mine", *(one.key for one in default_plays())]
    assert settings.digest() != Settings().digest()
    (tmp_path / "plays.toml").write_text(ROW.replace("{do}", "Other").replace("mine", "member_privileges"))
    replaced = read_settings(tmp_path / "own.toml").playbook.rows
    assert [one.do_en for one in replaced if one.key == "member_privileges"] == ["Other"]
    assert len(replaced) == len(default_plays())
    (tmp_path / "own.toml").write_text('[playbook]\nfile = "plays.toml"\nbase = "none"\n')
    assert [one.key for one in read_settings(tmp_path / "own.toml").playbook.rows] == ["member_privileges"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("{do}", "Call {owner}"), "mine.do_en asks for {owner}, which is not known of every account"),
        (("{do}", "Call[ {nobody}]"), "play 1 (line 2), 'mine': playbook: mine.do_en asks for {nobody}; the facts are"),
        (
            ('rungs = ["member"]', 'triggers = ["strike"]'),
            "playbook.plays.triggers = 'strike' is none of 'situational'",
        ),
        (
            ('do_nl = "Doe iets"', 'do_de = "Tun"'),
            "do_nl is missing: a play says do, say and whom in English (_en) and",
        ),
        (('key = "mine"', 'key = "mine"\ndo_de = "Tun"'), "mine has do_de, and lacks say_de, whom_de. Write all three"),
        (('key = "mine"\n', ""), "play 1 (line 2): playbook.plays.key is missing"),
        (("{do}", "Call[ {owner}"), "mine.do_en has a bracket without its other one"),
        (('"member"', '"boss"'), "playbook.plays.rungs = 'boss' is none of"),
        (("within_days = 5", "within_days = 5000"), "within_days = 5000 is too large"),
        (("key = ", "colour = "), "colour: nothing of a play is called so"),
        (("[[plays]]", "[[rows]]"), "write [[plays]]"),
        (("[[plays]]", "[[plays"), "is not valid TOML"),
    ],
)
def test_a_mistake_in_a_playbook_is_refused_by_name(changed: tuple[str, str], said: str, tmp_path: Path) -> None:
    text = ROW.replace(*changed).replace("{do}", "Call")
    (tmp_path / "plays.toml").write_text(text)
    with pytest.raises(SettingsError) as refusal:
        parse_settings({"playbook": {"file": "plays.toml"}}, tmp_path)
    assert said in str(refusal.value)


def test_a_file_that_is_not_there_and_a_key_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        parse_settings({"playbook": {"file": "none.toml"}}, tmp_path)
    (tmp_path / "plays.toml").write_text(ROW.replace("{do}", "Call") * 2)
    with pytest.raises(
        SettingsError, match=r"play 2 \(line 13\), 'mine': its key 'mine' is that of play 1 \(line 2\) too"
    ):
        parse_settings({"playbook": {"file": "plays.toml"}}, tmp_path)


def test_a_mistake_among_the_settings_is_found_by_its_line_and_others_are_named(tmp_path: Path) -> None:
    rows = ROW.replace("{do}", "Call").replace("[[plays]]", "[[playbook.plays]]")
    wrong = [rows.replace("mine", "one"), rows.replace("mine", "two").replace('"member"', '"boss"')]
    wrong.append(rows.replace("mine", "three").replace("Hello", "{gift}"))
    (tmp_path / "own.toml").write_text("[outcome]\nhorizon_days = 90\n" + "".join(wrong))
    with pytest.raises(SettingsError) as refusal:
        read_settings(tmp_path / "own.toml")
    assert "own.toml, play 2 (line 15), 'two': playbook.plays.rungs = 'boss' is none of" in str(refusal.value)
    assert str(refusal.value).endswith("Also wrong: play 3 (line 26), 'three'.")
    inline = {"playbook": {"plays": [{"key": "four"}]}}
    with pytest.raises(SettingsError, match="The settings, play 1, 'four': do_en, do_nl"):
        parse_settings(inline, tmp_path)


def test_texts_of_the_settings_go_before_those_of_the_scores_and_the_model() -> None:
    own, kept, model = (replace(play("a"), do_en=name) for name in ("own", "kept", "model"))
    books = Playbooks((own,), (model, replace(model, key="c")))
    assert [(one.key, one.do_en) for one in books.beside((kept, replace(kept, key="b")))] == [
        ("a", "own"), ("b", "kept"), ("c", "model"),
    ]  # fmt: skip
    bundle = tiny_bundle()
    assert with_plays(bundle, ()) is bundle
    assert with_plays(bundle, (own,)).facts.playbook_from == "settings"


def test_every_score_carries_its_play_and_a_day_with_its_cause() -> None:
    known = tiny_histories()
    scores = score_frames(Scorer(tiny_bundle(), "v"), known, known.end, explain=False, horizons=False)[0]
    keys = {one.key for one in PLAYS}
    assert set(scores["playbook"]) <= keys
    assert scores["playbook"].notna().all()
    assert (scores["act_by"].dropna() >= str(scores["as_of"].iloc[0])[:10]).all()
    assert scores["act_by"].notna().equals(scores["act_by_cause"].notna())
    alone = scores[(scores["advice"] == "leave_alone") & ~scores["former"]]
    assert set(alone["act_by_cause"].dropna()) <= {"open_ticket", "contract_end"}
    usual = scores[scores["act_by_cause"] == "next_order"]
    assert len(usual)
    assert (usual["act_by"] == usual["next_order_on"]).all()
    rows = scores.astype(object).where(scores.notna(), None).to_dict("records")
    for row, language in product(rows[:60], ("en", "nl")):
        facts = play_facts(row, {"name": "Acme", "owner": None}, plain_formats(language, "€"))
        told = play_text(PLAYS, row["playbook"], facts, language)
        assert told is not None
        assert "Acme" not in told.key
        assert not set("{}[]") & set(told.do + told.say + told.whom)
        finding = act_by_finding(row)
        assert (finding is None) == (row["act_by"] is None)
        if finding is not None:
            assert plain_formats(language).date(row["act_by"]) in render(finding, language)
    assert render(act_by_finding(usual.iloc[0].to_dict()), "en").endswith("they usually order then")  # type: ignore[arg-type]


def test_a_play_that_nobody_wrote_in_german_is_told_in_english_and_one_that_somebody_did_in_german() -> None:
    facts = {"account": "Acme", "rung": "Mitglied"}
    plain, written = play("plain"), play("written", do_de="Tun", say_de="Sagen", whom_de="wem")
    assert (tell(plain, facts, "de").do, tell(plain, facts, "de").language) == ("x", "en")
    assert (tell(written, facts, "de").do, tell(written, facts, "de").language) == ("Tun", "de")
    assert all(one.do_de and one.say_de and one.whom_de for one in default_plays())
    with pytest.raises(ValueError, match="no language"):
        tell(plain, facts, "fr")
