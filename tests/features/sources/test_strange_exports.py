"""What exports of strangers did: money, copies, refunds, accounts that do not meet, events in the future."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from features.errors import SourceUnreadable, TooManyBadRows
from features.histories.histories import build_histories
from features.histories.outlier_dates import outlier_dates
from features.instants import instant, iso
from features.sources.cleaning.rules import SourceRules
from features.sources.source import Source, TableMapping, read_source


def orders(*rows: str, columns: str = "account_id,order_id,ordered_at,revenue") -> str:
    return "\n".join([columns, *rows]) + "\n"


def read(folder: Path, files: dict[str, str], **more: Any) -> Source:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
    rules = SourceRules(**{"until": instant("2026-01-01"), **more.pop("rules", {})})
    return read_source(folder, rules=rules, **({"max_bad_share": 1.0} | more))


FOREIGN = orders("K1,F1,2024-01-05,100,EUR", "K1,F2,2024-03-05,110,usd", "K2,F3,2024-01-09,1460000,COP",
                 columns="account_id,order_id,ordered_at,revenue,currency")  # fmt: skip


def test_more_than_one_currency_is_refused_by_name_with_what_to_say(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable) as refused:
        read(tmp_path, {"orders": FOREIGN})
    assert str(refused.value) == (
        "orders.currency holds EUR (1), USD (1), COP (1) rows: money must be in one currency. Bring a table "
        "exchange_rates (currency, rate, valid_from), or say what a unit of each is worth in EUR, in the settings:"
        ' source = { currency = "EUR", exchange_rates = { USD = ..., COP = ... } }'
    )
    with pytest.raises(SourceUnreadable, match="has no rate for COP"):
        read(tmp_path, {}, rules={"currency": "EUR", "exchange_rates": {"USD": 0.9}})


def test_amounts_are_turned_into_the_one_currency_by_settings_or_by_a_table_with_dates(tmp_path: Path) -> None:
    rates = {"currency": "EUR", "exchange_rates": {"USD": 0.5, "cop": 0.001}}
    source = read(tmp_path, {"orders": FOREIGN}, rules=rates)
    assert source.tables["orders"]["revenue"].tolist() == [100.0, 55.0, 1460.0]
    assert "orders: money is in EUR; turned into it by the exchange rates: 1 in USD, 1 in COP" in source.notes
    table = "currency,rate,valid_from\nUSD,0.8,2024-01-01\nUSD,0.9,2024-03-01\nCOP,0.0002,\n"
    dated = read(tmp_path, {"exchange_rates": table}, rules={"currency": "EUR"})
    assert dated.tables["orders"]["revenue"].tolist() == pytest.approx([100.0, 99.0, 292.0])
    assert dated.notes[0].startswith("orders: money is in EUR")


def test_amounts_are_told_in_the_prices_of_index_100(tmp_path: Path) -> None:
    rows = orders("K1,1,2023-06-01,80", "K1,2,2024-01-01,100", "K1,3,2025-03-01,110")
    index = {instant("2024-01-01"): 100.0, instant("2025-01-01"): 110.0}
    source = read(tmp_path, {"orders": rows}, rules={"deflator": index})
    assert source.tables["orders"]["revenue"].tolist() == pytest.approx([80.0, 100.0, 100.0])
    assert source.notes[0].startswith(
        "orders: money is in the prices of index 100 ([source] deflator, 2 values from 100"
    )


def test_amounts_that_name_their_own_currencies_are_not_added_up(tmp_path: Path) -> None:
    rows = orders("K1,1,2024-01-05,$5", "K1,2,2024-01-06,€ 6")
    with pytest.raises(SourceUnreadable, match=r"orders.currency holds USD \(1\), EUR \(1\) rows"):
        read(tmp_path, {"orders": rows})
    source = read(tmp_path, {}, rules={"currency": "EUR", "exchange_rates": {"USD": 0.5}})
    assert source.tables["orders"]["revenue"].tolist() == [2.5, 6.0]


def test_a_query_that_leaves_out_the_currency_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "invoices.csv").write_text(FOREIGN.replace("currency", "Currency Code"))
    query = "select account_id, ordered_at, revenue from invoices"
    source = read(tmp_path, {}, mapped={"orders": TableMapping(query)})
    assert source.notes[0] == (
        "the query of orders leaves out 'Currency Code', which holds COP, EUR, usd: select it as currency, else "
        "amounts in different currencies are added up"
    )
    with pytest.raises(SourceUnreadable, match="money must be in one currency"):
        read(tmp_path, {}, mapped={"orders": TableMapping('select *, "Currency Code" as currency from invoices')})


def test_one_currency_is_no_news(tmp_path: Path) -> None:
    one = orders("K1,2024-01-05,1,EUR", "K1,2024-01-06,2,", columns="account_id,ordered_at,revenue,currency")
    assert read(tmp_path, {"orders": one}).notes == ()


def copies(rows: int, repeated: int, more: str = "") -> str:
    lines = [f"K{k},2024-01-{k % 28 + 1:02d},{k}{more}" for k in range(rows)]
    return orders(*lines, *lines[:repeated], columns="account_id,ordered_at,revenue" + (",line" if more else ""))


def test_exact_copies_are_refused_kept_with_a_note_or_left_out_as_the_settings_say(tmp_path: Path) -> None:
    many = copies(100, 66)
    with pytest.raises(SourceUnreadable, match=r"orders: 66 of 166 rows are exact copies of another"):
        read(tmp_path, {"orders": many})
    without = read(tmp_path, {}, rules={"drop_copies": "yes"}, max_bad_share=0.05)
    assert without.rows("orders") == 100
    assert without.notes == ("orders: 66 exact copies of another row are left out",)
    assert {row.reason for row in without.set_aside} == {f"exact copy: row {k} is the same" for k in range(66)}
    assert read(tmp_path, {}, rules={"drop_copies": "no"}).rows("orders") == 166
    few = read(tmp_path, {"orders": copies(200, 1)})
    assert few.rows("orders") == 201
    assert few.notes[0].startswith("orders: 1 of 201 rows are exact copies of another")


def test_rows_that_differ_in_a_column_that_nobody_reads_are_no_copies(tmp_path: Path) -> None:
    lines = orders("K1,2024-01-01,5,a", "K1,2024-01-01,5,b", columns="account_id,ordered_at,revenue,line")
    assert read(tmp_path, {"orders": lines}).rows("orders") == 2


def test_a_refund_that_bears_its_order_s_number_counts(tmp_path: Path) -> None:
    source = read(
        tmp_path,
        {
            "orders": orders(
                "K1,F1,2024-01-03,1000", "K1,F1,2024-01-20,-1000", "K1,F1,2024-01-20,-1000", "K2,F2,2024-01-04,5"
            )
        },
    )
    assert source.tables["orders"]["revenue"].tolist() == [1000.0, -1000.0, 5.0]
    assert [row.reason for row in source.set_aside] == ["duplicate order_id: row 1 is kept"]


def test_the_same_key_with_other_content_is_another_reason_and_says_in_what(tmp_path: Path) -> None:
    with pytest.raises(TooManyBadRows, match=r"sum\(as_amount\(revenue\)\) as revenue from orders group by"):
        read(tmp_path, {"orders": orders("K1,F1,2024-01-03,10", "K1,F1,2024-01-03,20")}, max_bad_share=0.05)
    source = read(tmp_path, {})
    assert [row.reason for row in source.set_aside] == ["conflicting order_id: row 0 is kept; revenue is 20, there 10"]


def test_salesforce_ids_of_both_lengths_are_one_account(tmp_path: Path) -> None:
    accounts = "account_id,name\n0017700000QwErTAAZ,Alpha\n0017700000QwertAAB,Beta\n"
    source = read(
        tmp_path,
        {"accounts": accounts, "orders": orders("0017700000QwErT,1,2024-01-01,5", "0017700000Qwert,2,2024-01-02,5")},
    )
    assert build_histories(source).account_ids.tolist() == ["0017700000QwErTAAZ", "0017700000QwertAAB"]
    assert (source.joins[0].met, source.joins[0].accounts) == (2, 2)
    assert any("2 account ids of 15 characters" in note for note in source.notes)


@pytest.mark.parametrize(
    ("there", "here", "likely"),
    [
        (["A1", "B2"], ["a1", "b2"], "capital letters"),
        (["1001", "1002"], ["001001", "001002"], "leading zeros"),
        (["K-1", "K-2"], ["K1", "K2"], "blanks and signs between"),
        (["1001", "1002"], ["DEB1001", "DEB1002"], "letters before the number"),
        (["A1", "B2"], ["X9", "Y8"], ""),
        ([str(k) for k in range(10, 30)], [str(k) for k in (30, 31, 1, 2)], ""),
        ([str(k) for k in range(11, 60, 2)], ["12", "24"], ""),
    ],
)
def test_accounts_that_do_not_meet_are_noted_with_the_likely_cause(
    there: list[str], here: list[str], likely: str, tmp_path: Path
) -> None:
    rows = [f"{name},{k},2024-01-0{k + 1},5" for k, name in enumerate(here)]
    source = read(tmp_path, {"accounts": "\n".join(["account_id", *there]), "orders": orders(*rows)})
    assert source.joins[0].likely == likely
    (note,) = (note for note in source.notes if "are not in accounts" in note)
    assert note.startswith(f"orders: {len(here)} of {len(here)} accounts are not in accounts")
    assert (f"they differ in {likely}" in note) == bool(likely)


def test_words_for_no_account_are_set_aside_with_a_note(tmp_path: Path) -> None:
    source = read(
        tmp_path,
        {"orders": orders("K1,1,2024-01-01,5", "NULL,2,2024-01-01,5", "#N/A,3,2024-01-01,5", "NA,4,2024-01-01,5")},
    )
    assert source.tables["orders"]["account_id"].tolist() == ["K1", "NA"]
    assert source.notes == (
        "orders.account_id: 2 cells are words for an empty one (#N/A, NULL); their rows are set aside",
    )


def test_events_after_the_day_of_the_export_are_set_aside_and_do_not_move_the_end(tmp_path: Path) -> None:
    rows = orders("K1,1,2025-12-31T23:00,5", "K1,2,2026-01-01,5", "K1,3,2030-01-01,5")
    source = read(tmp_path, {"orders": rows})
    assert [row.reason for row in source.set_aside] == [
        "in the future: ordered_at is 2026-01-01, after the export on 2025-12-31",
        "in the future: ordered_at is 2030-01-01, after the export on 2025-12-31",
    ]
    assert iso(build_histories(source).end) == "2026-01-01"


def test_a_contract_may_start_after_the_export_but_not_be_recorded_after_it(tmp_path: Path) -> None:
    contracts = "account_id,starts_on,recorded_at\nK1,2027-01-01,2025-12-01\nK1,2027-01-01,2026-05-01\n"
    source = read(tmp_path, {"orders": orders("K1,1,2025-01-01,5"), "contracts": contracts})
    assert [(row.row, row.column) for row in source.set_aside] == [(1, "recorded_at")]


def test_call_offs_ahead_of_a_business_that_never_slept_are_outlier_dates(tmp_path: Path) -> None:
    days = pd.date_range("2023-01-01", periods=700)
    ahead = pd.date_range(days[-1] + pd.Timedelta(days=60), periods=5, freq="25D")
    rows = [f"K{k % 9},{k},{day:%Y-%m-%d},5" for k, day in enumerate([*days, *ahead])]
    found = outlier_dates(build_histories(read(tmp_path, {"orders": orders(*rows)})))
    assert found is not None
    assert (found.tables, iso(found.last_before)) == ({"orders": 5}, f"{days[-1]:%Y-%m-%d}")


def test_two_orders_of_one_evening_are_one_day_in_the_zone_of_the_source(tmp_path: Path) -> None:
    rows = orders("NY,1,2024-03-04T18:00:00-05:00,100", "NY,2,2024-03-04T20:00:00-05:00,100")
    source = read(tmp_path, {"orders": rows}, rules={"time_zone": "America/New_York"})
    assert {iso(int(at))[:10] for at in source.tables["orders"]["ordered_at"]} == {"2024-03-04"}
    assert any("times have an offset from UTC" in note for note in read(tmp_path, {}).notes)


def test_instants_of_a_typed_source_are_on_the_clock_of_its_zone(tmp_path: Path) -> None:
    times = pa.array([instant("2024-03-05T01:00")]).cast(pa.timestamp("us", tz="UTC"))
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"account_id": ["A"], "ordered_at": times, "revenue": [5.0]}), tmp_path / "orders.parquet")
    source = read_source(tmp_path, rules=SourceRules(time_zone="America/New_York"))
    assert iso(int(source.tables["orders"]["ordered_at"][0])) == "2024-03-04T20:00:00"


def test_a_look_keeps_what_reading_would_refuse_as_data(tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_text("nothing\n1\n")
    source = read(tmp_path, {"orders": orders("K1,1,01-02-2024,5", "K1,2,03-04-2024,5")}, look=True, max_bad_share=1.0)
    assert source.rows("orders") == 0
    assert len(source.set_aside) == 2
    assert [text.split(" ")[0] for text in source.refusals] == ["orders.ordered_at", "tickets"]
