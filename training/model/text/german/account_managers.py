"""What is said of account managers' forecasts, decisions and views, in German: code -> sentence, or with a short form."""

from collections.abc import Mapping

_MISSES = (
    "Kundenbetreuer gegen Historie: mittlerer Fehlbetrag wie versprochen {promised:money}, geeicht {calibrated:money}, der ebenso geeichte "
    "Wertabstand der Historie {history:money}, keine Änderung {no_change:money}"
)
_BRIER = "Brier-Score (kleiner = besser) Betreuer {managers:.3}, Modell {model:.3}; Unterschied {difference:+.3} [{level:%}: {low:+.3} bis {high:+.3}]"
_SCORE = "Log Score {better:+.3} ({low:+.3} bis {high:+.3})"

ACCOUNT_MANAGERS: Mapping[str, str | tuple[str, str]] = {
    "forecasts_none": "Prognosen der Kundenbetreuer: keine festgehalten",
    "forecasts_resolved": "Prognosen der Kundenbetreuer: {resolved:count} von {forecasts:count} sind entschieden, bei {accounts:count} Kunden, die aufstiegen; eine versprochene Einheit war {worth:.2} wert",
    "forecasts_few": "Kundenbetreuer gegen Historie: für einen Vergleich sind {needed:count} aufgestiegene Kunden mit einer Prognose nötig",
    "forecasts_no_weight": f"{_MISSES}; nicht besser als die Historie: sie bekommen kein Gewicht",
    "forecasts_weighted": f"{_MISSES}; nach den quadrierten Fehlbeträgen im Verhältnis zur Größe bekommen sie ein Gewicht von {{weight:.2}}",
    "forecasts_of_climbers": "Prognosen der Kundenbetreuer entscheiden sich nur bei Kunden, die aufsteigen: was über sie gesagt wird, gilt für diese und ist keine Ursache. Gezählt wird ab dem, was Kunden mit gleichem Umsatz ohne Aufstieg brachten",
    "overrides_unjudged": "noch keine Entscheidung über Abwanderung lässt sich beurteilen",
    "overrides_judged": "Betreuer widersprachen dem Modell bei der Abwanderung {judged:einmal|#-mal} und hatten in {right:%} recht; {switched:keiner dieser Kunden|einer dieser Kunden|# dieser Kunden} wanderte ab",
    "overrides_managers_better": (f"{_BRIER}: die Betreuer waren besser", "die Betreuer waren besser"),
    "overrides_model_better": (f"{_BRIER}: das Modell war besser", "das Modell war besser"),
    "overrides_no_winner": (f"{_BRIER}: kein klarer Sieger", "noch kein klarer Sieger"),
    "overrides_of_manager": "{manager:manager}: {right:count} von {judged:einem Mal|# Malen} richtig",
    "overrides_few": "weniger als {few:count} beurteilte Entscheidungen: schließen Sie nichts daraus",
    "overrides_waiting": "{waiting:eine weitere Entscheidung wartet, bis ihre Zeit um ist|# weitere Entscheidungen warten, bis ihre Zeit um ist}",
    "overrides_unknown": "{unknown:eine Entscheidung betrifft einen Kunden, den|# Entscheidungen betreffen Kunden, die} die Quelle nicht kennt",
    "views_few": "Sicht der Betreuer auf die Stufe gegen die Regel: {cases:count} Einschätzungen, deren Laufzeit vorbei ist; nötig sind {needed:count}, um zu sagen, wer recht hatte",
    "views_agree": "Betreuer und Regel stimmen bei der Stufe mit einem gewichteten Kappa von {kappa:.2} überein ({kappa_low:.2} bis {kappa_high:.2}; 1 = immer, 0 = nur zufällig), bei {cases:count} Einschätzungen von {accounts:count} Kunden",
    "managers_foretold_better": f"die Betreuer sagten die Stufe eine Laufzeit später besser voraus als die Regel: {_SCORE}",
    "rule_foretold_better": f"die Regel sagte die Stufe eine Laufzeit später besser voraus als die Betreuer: deren {_SCORE}",
    "views_foretold_alike": f"Betreuer und Regel sagten die Stufe eine Laufzeit später gleich gut voraus: {_SCORE}",
    "cells_few": "zu wenige Kunden mit scheinbarer oder echter Loyalität (nötig sind je {needed:count}), um zu sagen, ob die ersten öfter gehen",
    "spurious_leaves_more": "wer beständig kauft, ohne gut von uns zu denken (scheinbare Loyalität), wanderte öfter ab als wer gut von uns denkt: {spurious:%1} gegen {true:%1} innerhalb der Laufzeit; auf derselben Stufe {excess:+%1} ({low:+%1} bis {high:+%1})",
    "spurious_leaves_no_more": "hier sagt scheinbare Loyalität nichts voraus: von denen, die beständig kaufen, ohne gut von uns zu denken, wanderten {spurious:%1} innerhalb der Laufzeit ab, von denen mit guter Meinung {true:%1}; auf derselben Stufe {excess:+%1} ({low:+%1} bis {high:+%1})",
}  # fmt: skip
