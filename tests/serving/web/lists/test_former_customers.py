"""Former customers stand apart: with what they were and how likely they return, not with a chance of leaving."""

import io
import re

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from features.accounts.account_timeline import quarter_days
from features.instants import MICROSECONDS_PER_DAY
from features.tables import RUNGS
from serving.store.database import reading, writing
from serving.store.scores.previous_scores import PREVIOUS
from serving.store.scores.scoring_runs import SCORES, current_run
from serving.store.scores.timelines import TIMELINES, pack, timeline_of
from serving.store.views.run_figures import figures_query
from serving.web.text.catalogue import PAGE_LANGUAGES, say
from tests.serving.sites import Browser
from tests.serving.web.cockpits import engine_of, ids_of, keep_again, some, texts_of
from tests.serving.web.markup import hidden
from training.model.reasons import Reason, write_reasons
from training.model.text.formats import Formats

CHANCE, SHARE = 0.4567, r"45[.,]7|46\s?%"
LEAVES = Reason("leaving", "days_since_last_order", 400.0, 30.0, 1, 2.0)


@pytest.fixture
def gone(own: Browser) -> str:
    """An account that is in danger by its chance, until it turns out to be a former customer."""
    account = some(own, SCORES.c.p_switch.is_not(None), SCORES.c.recommended_investment.is_not(None))
    with writing(engine_of(own)) as connection:
        leaving = {"p_switch": CHANCE, "value_at_risk": 98_765.0, "switch_trigger": "influential", "overdue_days": 77}
        values = {**leaving, "former": True, "p_win_back": 0.123, "win_back_value": 5_000.0,
                  "reasons": write_reasons([LEAVES])}  # fmt: skip
        connection.execute(SCORES.update().values(former=False))
        connection.execute(SCORES.update().where(SCORES.c.account_id == account).values(values))
        before = PREVIOUS.update().where(PREVIOUS.c.account_id == account)
        connection.execute(before.values(p_switch=0.01, rung="raving_fan", reasons=write_reasons([LEAVES])))
        keep_again(connection)
    return account


def _says_no_chance(text: str) -> None:
    told = " ".join(text.split())
    assert not re.search(SHARE, told)
    assert not re.search(r"98[.,]765|0\.4567", told)


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_no_view_of_a_former_customer_tells_a_chance_of_leaving(own: Browser, gone: str, language: str) -> None:
    own.language = language
    columns = "&".join(f"columns={name}" for name in ("rung", "risk", "margin", "why", "next", "win_back"))
    former, chance = say(language, "priorities.former.tag"), "12"
    for path in (
        f"/accounts?q={gone}",
        f"/accounts?q={gone}&{columns}",
        "/accounts?former=yes",
        f"/accounts/{gone}",
        "/",
    ):
        told = texts_of(own.open(path).text)
        _says_no_chance(told)
        assert path == "/" or former.lower() in told.lower(), path
        assert re.search(rf"\b{chance}\s?%", told), path
    row = own.open(f"/accounts.csv?q={gone}").content.decode("utf-8-sig").splitlines()
    cells = dict(zip(row[0].split(","), row[1].split(","), strict=False))
    assert (cells["p_switch"], cells["switch_trigger"], cells["former"]) == ("", "", "True")
    assert float(cells["p_win_back"]) == pytest.approx(0.123)
    whole = own.open(f"/accounts/{gone}").text
    assert say(language, "account.triggers") not in whole
    assert 'name="leaves"' not in whole
    assert say(language, "former.title") in whole


def test_who_is_at_risk_is_counted_without_former_customers(own: Browser, gone: str) -> None:
    assert gone not in ids_of(own, "?risk=yes") | ids_of(own, "?overdue=yes") | ids_of(own, "?trigger=influential")
    assert gone in ids_of(own, "?former=yes")
    with reading(engine_of(own)) as connection:
        run = current_run(connection)
        assert run is not None
        (figures,) = connection.execute(figures_query(run.run_id, None)).mappings()
        others = SCORES.c.account_id != gone
        margin = sa.select(sa.func.sum(SCORES.c.value_at_risk)).where(others)
        risky = sa.select(sa.func.count()).where(others, SCORES.c.p_switch >= 0.2)
        assert figures["margin_at_risk"] == pytest.approx(connection.execute(margin).scalar_one())
        assert figures["at_risk"] == connection.execute(risky).scalar_one()
    listed = own.open("/accounts.csv?sort=leaving").content.decode("utf-8-sig").splitlines()
    assert not listed[1].startswith(gone)
    for path in ("/risk", "/risk?by=trigger", "/risk.csv", "/accounts"):
        _says_no_chance(own.open(path).text)


def test_a_manager_who_gets_a_former_customer_in_hand_is_told_so(own: Browser, gone: str) -> None:
    with writing(engine_of(own)) as connection:
        connection.execute(SCORES.update().where(SCORES.c.account_id == gone).values(expected_gain=90_000.0))
    token = hidden(own.open("/accounts").text, "token")
    own.send("/work", {"token": token, "account": gone, "status": "todo"})
    assert say("en", "priorities.former.tag") in texts_of(own.open("/work").text)
    page = own.open("/plan?budget=900000&holdout=0").text
    form = {"token": token, "asked": "budget=900000&holdout=0", "plan_id": hidden(page, "plan_id")}
    path = own.send("/plans", form).headers["location"].partition("?")[0]
    for shown in (path, f"{path}?page=2"):
        _says_no_chance(own.open(shown).text)
    book = load_workbook(io.BytesIO(own.open(f"{path}.handout").content))
    rungs = {str(row[0]): str(row[1]) for sheet in book for row in sheet.iter_rows(min_row=2, values_only=True)}
    mine = [rung for account, rung in rungs.items() if gone in account]
    assert [rung.partition(":")[0] for rung in mine] == ["former customer"]


@pytest.mark.parametrize(
    ("how", "rung", "ago"),
    [
        ("switched", "advocate", 200),
        ("silent", "member", 300),
        ("contract", "member", 150),
        ("long ago", "customer", None),
    ],
)
def test_what_a_former_customer_was_and_until_when(
    own: Browser, gone: str, how: str, rung: str, ago: int | None
) -> None:
    with reading(engine_of(own)) as connection:
        run, timeline = current_run(connection), timeline_of(connection, gone)
    assert run is not None
    assert timeline is not None
    today = run.facts.as_of // MICROSECONDS_PER_DAY
    quarters = quarter_days(run.facts.as_of)
    timeline["rungs"] = [RUNGS.index(rung) if day < today - (ago or 0) else 0 for day in quarters]
    orders = [[today - 400, today - 300], [10.0, 10.0]]
    timeline["events"] = {
        "switched": {"orders": orders, "switches": [[today - 200], [0]]}, "silent": {"orders": orders},
        "contract": {"orders": orders, "contracts": [[today - 900], [today - 150], [None], [1.0]]}, "long ago": {},
    }[how]  # fmt: skip
    with writing(engine_of(own)) as connection:
        ((content, digest),) = pack([timeline])
        kept = TIMELINES.update().where(TIMELINES.c.account_id == gone)
        connection.execute(kept.values(content=content, digest=digest))
    told = texts_of(own.open(f"/accounts/{gone}").text)
    if ago is None:
        assert f"Former customer , {say('en', 'former.long_ago')}." in told
    else:
        date = Formats("en", "€").date((today - ago) * MICROSECONDS_PER_DAY)
        assert f"Former customer , was {say('en', f'rung.{rung}')} until {date}. 12% chance of winning it back" in told


def test_the_ladder_says_how_many_on_a_rung_are_gone(own: Browser, gone: str) -> None:
    with reading(engine_of(own)) as connection:
        rung = connection.execute(sa.select(SCORES.c.rung).where(SCORES.c.account_id == gone)).scalar_one()
    page = own.open("/ladder").text
    assert say("en", "ladder.gone.one", count="1") in page
    assert ids_of(own, f"?rung={rung}&former=yes") == {gone}
