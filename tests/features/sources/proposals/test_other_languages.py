"""Exports whose columns are named in other languages are mapped without a word."""

from pathlib import Path

import pytest

from tests.features.sources.proposals.test_exports import mapped

EXPORTS = {
    "half named as here": (
        "Account ID;ordered_at;revenue;order_id", "K1;2024-02-13;1250.50;F1", "K2;2024-03-01;3.00;F2",
    ),
    "Dutch Dynamics": (
        "(Niet wijzigen) Order;Ordernummer;Potentiële klant;Totaalbedrag;Gemaakt op;Status",
        "g1;F1;K1;€ 1.250,50;13-2-2024 10:11;Actief", "g2;F2;K2;€ 3,00;1-3-2024 10:11;Actief",
    ),
    "French": (
        "Référence de la commande;Client;Date de la commande;Montant HT;Montant TTC;Statut",
        "F1;K1;13/02/2024 10:11:12;1 250,50;1 500,60;Bon de commande", "F2;K2;01/03/2024 10:11:12;3,00;3,60;Facturé",
        "F3;K3;01/03/2024 10:11:12;9,00;9,60;Annulé",
    ),
    "Spanish": (
        "Nº factura;Fecha de emisión;Código de cliente;Importe neto;IVA;Total",
        "F1;13/02/2024;K1;1.250,50;262,60;1.513,10", "F2;01/03/2024;K2;3,00;0,63;3,63",
    ),
    "Italian": (
        "Numero fattura;Data fattura;Codice cliente;Ragione sociale;Imponibile;Totale;Stato",
        "F1;13/02/2024;K1;Uno;1.250,50;1.525,61;Pagata", "F2;01/03/2024;K2;Due;3,00;3,66;Pagata",
        "F3;01/03/2024;K2;Due;3,00;3,66;Annullata",
    ),
    "Portuguese": (
        "Número da fatura;Data da fatura;Cliente;Valor líquido;Total com IVA;Moeda",
        "F1;13/02/2024;K1;1.250,50;1.538,12;EUR", "F2;01/03/2024;K2;3,00;3,69;EUR",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_in_another_language_is_mapped(name: str, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("\n".join(EXPORTS[name]), encoding="utf-8")
    _, source = mapped(tmp_path)
    orders = source.tables["orders"]
    assert orders["account_id"].tolist() == ["K1", "K2"]
    assert orders["order_id"].tolist() == ["F1", "F2"]
    assert orders["revenue"].tolist() == [1250.5, 3.0]
