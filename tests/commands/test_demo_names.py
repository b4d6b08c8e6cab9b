"""The demonstration's names: one for each account, the same in every table."""

from pathlib import Path

import pandas as pd

from commands.demo_names import company, name_accounts, person


def test_every_account_and_every_manager_has_a_name_of_their_own() -> None:
    assert len({company(k, "NL") for k in range(7_000)}) == 7_000
    assert len({person(k) for k in range(40)}) == 40
    assert company(3, "DE").endswith(" GmbH")


def test_names_are_the_same_in_every_table(tmp_path: Path) -> None:
    accounts = pd.DataFrame(
        {"account_id": ["A", "B"], "name": ["x", "y"], "owner": ["M02", None], "country": ["NL", None]}
    )
    forecasts = pd.DataFrame({"account_id": ["A", "B"], "made_by": ["M02", None], "extra_revenue": [1.0, 2.0]})
    accounts.to_parquet(tmp_path / "accounts.parquet")
    forecasts.to_parquet(tmp_path / "forecasts.parquet")
    name_accounts(tmp_path)
    named, told = pd.read_parquet(tmp_path / "accounts.parquet"), pd.read_parquet(tmp_path / "forecasts.parquet")
    assert named["account_id"].tolist() == ["A", "B"]
    assert named["owner"].tolist()[0] == told["made_by"].tolist()[0] == person(0)
    assert told["made_by"].isna().tolist() == named["owner"].isna().tolist() == [False, True]
