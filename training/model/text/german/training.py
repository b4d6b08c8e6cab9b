"""What is said of a training, in German: code -> sentence."""

from collections.abc import Mapping

_CHANGE = "änderte sich der Log Loss um {change:+%2} [{level:%}: {low:+%2} bis {high:+%2}]"
_JUDGED = f"Abstimmung: an den Stichtagen, die urteilen und nichts wählten, {_CHANGE}"
_HELD = "{stated:%} angegeben; {covered:%1} von {snapshots:count} Momentaufnahmen vom {at:date}, vorhergesagt von {by:calibrated_by}, sind enthalten"
_TOO_LITTLE = "nicht geeicht, vor dem letzten Stichtag war zu wenig vollständig"

TRAINING: Mapping[str, str] = {
    "not_judged_by_wish": "nicht außerhalb der Lernzeit beurteilt: das war nicht verlangt",
    "rule_by_wish": "{task:task}: wie verlangt nicht gelernt; stattdessen gilt die Regel {rule:baseline}",
    "quick_by_wish": "wie verlangt ein schnelles Training: weniger Bäume und Stichtage, und keine Gegenproben für Wirkungen; trainieren Sie ganz, bevor etwas danach entschieden wird",
    "uplift_by_wish": "Wirkungen von Investitionen: wie verlangt nicht gelernt; nichts wird empfohlen",
    "not_judged": "nicht außerhalb der Lernzeit beurteilt: {message}",
    "learnt_from": "nächste Stufe und Umsatz: {snapshots:count} Momentaufnahmen von {slices:# Stichtag|# Stichtagen}, {first:date} bis {last:date}",
    "switching_left_out": "Abwanderung: ausgelassen; {switched:count} von {at_risk:count} Momentaufnahmen wanderten ab, nötig sind mindestens {needed:count}, die abwanderten, und {needed:count}, die blieben",
    "switching_learnt": "Abwanderung ({definition:definition}): {switched:count} von {at_risk:count} Momentaufnahmen wanderten ab",
    "revenue_by_schedule": "erwarteter Umsatz von {slow:count} von {accounts:count} Kunden nach ihrem Bestellrhythmus: zwischen ihren Bestellungen liegen {gap:count} Tage oder mehr; also zählt, was sie vor einem Jahr in dieser Jahreszeit bestellten, mal der Wahrscheinlichkeit einer Bestellung",
    "revenue_held": "erwarteter Umsatz: eine Summe über Kunden (alle, oder die nach Bestellrhythmus) wurde mit {factor:.2} multipliziert, damit sie höchstens doppelt so hoch wie die höchste und mindestens halb so hoch wie die niedrigste von drei einfachen Regeln ist (die letzten {days:count} Tage noch einmal, das Tempo des letzten Jahres, dieselbe Jahreszeit vor einem Jahr); zu wenig ist bisher wiedergekehrt, um mehr zu lernen",
    "triggers_shared_out": "Auslöser: danach verteilt, was ihre Spuren zum Abwanderungsrisiko beitragen; es sind zu wenige Gründe für Wechsel festgehalten, um daraus zu lernen oder das zu prüfen (switches.trigger)",
    "triggers_unjudged": "Auslöser: aus den festgehaltenen Gründen gelernt; es sind zu wenige, um das außerhalb der Lernzeit zu beurteilen",
    "triggers_judged": "Auslöser: aus den festgehaltenen Gründen gelernt; von {judged:count} späteren werden zwei verschiedener Art {auc:100} von 100 Mal unterschieden (Raten ergäbe 50)",
    "sets_uncalibrated": f"Mengen von Stufen: {_TOO_LITTLE}; sie wachsen bis zu einer Masse von {{threshold:.3}}",
    "sets_calibrated": f"Mengen von Stufen: {_HELD}; sie wachsen bis zu einer Masse von {{threshold:.3}}",
    "sets_exceeded": "Mengen von Stufen: schon die wahrscheinlichste Stufe allein stimmte bei {alone:%1}, mehr als die verlangten {stated:%}",
    "intervals_uncalibrated": f"Intervalle des erwarteten Umsatzes: {_TOO_LITTLE}",
    "intervals_calibrated": f"Intervalle des erwarteten Umsatzes: {_HELD}",
    "renewal_learnt": "Verlängerungen: {renewed:count} von {contracts:count} Verträgen wurden verlängert, davon {smaller:count} kleiner, und {ended:count} endeten",
    "no_contract_followed": "Verlängerungen: ausgelassen; {ended:count} Verträge endeten, und auf keinen folgte ein anderer. Wo ends_on bei jeder Verlängerung weitergeschoben wird, geht verloren, was früher bekannt war, und Abwanderungsrisiko und erwarteter Umsatz sind falsch: schreiben Sie eine Zeile je Laufzeit, oder lassen Sie ends_on weg",
    "renewal_left_out": "Verlängerungen: ausgelassen; {renewed:count} Verträge wurden verlängert und {ended:count} endeten, nötig sind je {needed:count}: Verträge mit ends_on, und was auf sie folgte",
    "win_back_learnt": "Rückgewinnung: von {snapshots:count} Momentaufnahmen ehemaliger Kunden bestellten {share:%1} binnen {days:count} Tagen wieder, {accounts:# Kunde|# Kunden}; jeder brachte in dieser Zeit im Mittel {revenue:money}",
    "win_back_left_out": "Rückgewinnung: ausgelassen; {back:count} ehemalige Kunden kamen zurück und {away:count} blieben fort, nötig sind je {needed:count}",
    "lifetime_learnt": "Kundenwert: {years:# Jahr|# Jahre} voraus, mit {rate:%1} im Jahr abgezinst; von Stammkunden und höheren sind nach {days:count} Tagen noch {low:%} bis {high:%} da, je nach Stufe; Kunden ohne Bestellung: {newcomers:newcomers}",
    "lifetime_left_out": "Kundenwert: ausgelassen; nötig sind {needed:count} vollständige Momentaufnahmen von Kunden mit Bestellungen",
    "lifetime_judged": "Kundenwert eines Jahres: er liegt im Mittel um {mae:money} daneben; die Marge des Vorjahrs mal der mittleren Dauer liegt um {theirs:money} daneben (Unterschied {low:money} bis {high:money} [{level:%}]); seine Summe weicht um {bias:+%1} ab; {covered:%} von {snapshots:count} lagen im Intervall",
    "next_order_left_out": "nächste Bestellung: ausgelassen; weniger als {needed:count} Abstände zwischen Bestelltagen gingen zu Ende",
    "if_order_uncalibrated": f"Spannen des Umsatzes, falls bestellt wird: {_TOO_LITTLE}",
    "if_order_calibrated": f"Spannen des Umsatzes, falls bestellt wird: {_HELD}",
    "horizon_left_out": "{days:count} Tage voraus: ausgelassen; kein Stichtag ist so weit voraus vollständig. Bringen Sie längere Daten",
    "horizon_learnt": "{days:count} Tage voraus: {snapshots:count} Momentaufnahmen von {slices:# Stichtag|# Stichtagen} bis {last:date}",
    "horizon_without_switching": "{days:count} Tage voraus: Abwanderung ausgelassen, zu wenige wanderten ab oder blieben",
    "horizon_without_falls": "{days:count} Tage voraus: in dieser Zeit war keine Bestellung alt genug, um aus dem Fenster der Leiter von {window:count} Tagen zu fallen; so stieg niemand ab, und solche Abstiege werden unterschätzt",
    "margin_as_set": "Rohmarge: {rate:%}, wie eingestellt (uplift.margin_rate); mit orders.cost käme sie aus Ihren eigenen Daten",
    "margin_known": "Rohmarge: {rate:%} über die Bestellungen mit bekannten Kosten; je Kunde, wo seine eigenen bekannt sind",
    "margin_by_line": "Rohmarge: {rate:%} über die Bestellungen mit bekannten Kosten; wo sie einem Kunden fehlen, die seiner Produktlinie ({low:%} bis {high:%})",
    "tuning_tried": "Abstimmung: {trials:# Einstellung der Bäume wurde|# Einstellungen der Bäume wurden} in {seconds:count} Sekunden probiert, an {predictions:tasks} zum {origins:dates}",
    "tuning_no_time": "Abstimmung: die gegebenen Einstellungen blieben; für einen zweiten Versuch war keine Zeit",
    "tuning_none_better": "Abstimmung: die gegebenen Einstellungen blieben; keine anderen waren besser",
    "tuning_within_error": f"Abstimmung: die gegebenen Einstellungen blieben; mit den besten anderen {_CHANGE}, innerhalb eines Standardfehlers",
    "tuning_taken": f"Abstimmung: genommen wurden {{settings:changes}}; an den Stichtagen, die sie wählten, {_CHANGE}",
    "tuning_judged_better": f"{_JUDGED}; auch dort ist es besser",
    "tuning_judged_open": f"{_JUDGED}; dass es dort besser ist, zeigt sich nicht",
    "tuning_judged_worse": f"{_JUDGED}; dort ist es schlechter: trainieren Sie besser ohne Abstimmung",
}  # fmt: skip
