"""Names for the demonstration that read as names do: put together from syllables, of no company and nobody."""

from __future__ import annotations

from pathlib import Path

ROOTS = "Ar Bel Cor Dal El Fen Gar Hal Ist Jor Kel Lom Mar Nor Ost Pel Quin Rav Sel Tor Ulv Ver Wes Zan".split()
ENDINGS = "andis brek dona eska gaard hove ingel kamp lund mora neth ovic rode stra tema vink weer zyl".split()
TRADES = (
    "Machinery", "Foods", "Packaging", "Logistics", "Tooling", "Coatings", "Electronics", "Textiles", "Timber", "Glass",
    "Dairy", "Printing", "Instruments", "Lighting", "Steelworks", "Pumps", "Ceramics", "Paper",
)  # fmt: skip
FORMS = {"NL": "BV", "BE": "NV", "DE": "GmbH", "FR": "SARL", "UK": "Ltd"}
FIRST = (
    "Anna Bram Carla Daan Eva Femke Gijs Hanna Ivo Julia Koen Lotte Mees Noor Oscar Pien Ruben Sofie Tess Wout".split()
)
LAST = (
    "Arendse Bolhoven Dekkering Elzema Grootveen Hartema Kuipering Lindemaat Nijland Oosterhuis Raven Veldema".split()
)


def company(number: int, country: str | None) -> str:
    """Return the name of the account with that number: another one for each of the first seven thousand."""
    root, ending = ROOTS[number % len(ROOTS)], ENDINGS[number // len(ROOTS) % len(ENDINGS)]
    trade = TRADES[(7 * number + number // (len(ROOTS) * len(ENDINGS))) % len(TRADES)]
    return f"{root}{ending} {trade} {FORMS.get(country or '', 'BV')}"


def person(number: int) -> str:
    """Return the name of an account manager."""
    return f"{FIRST[number % len(FIRST)]} {LAST[(5 * number + number // len(FIRST)) % len(LAST)]}"


def name_accounts(source: Path) -> None:
    """Give the simulated accounts, and those who look after them, names; everything else stays as it is."""
    import pandas as pd

    accounts, forecasts = (source / f"{name}.parquet" for name in ("accounts", "forecasts"))
    frame = pd.read_parquet(accounts)
    owners = {owner: person(k) for k, owner in enumerate(sorted(frame["owner"].dropna().unique()))}
    countries = frame["country"].where(frame["country"].notna(), None)
    frame["name"] = [company(k, country) for k, country in enumerate(countries)]
    frame["owner"] = frame["owner"].map(owners)
    frame.to_parquet(accounts, index=False)
    if forecasts.is_file():
        told = pd.read_parquet(forecasts)
        told["made_by"] = told["made_by"].map(owners).where(told["made_by"].notna(), None)
        told.to_parquet(forecasts, index=False)
