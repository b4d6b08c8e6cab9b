"""GERMAN_NAMES: what `names.NAMES` names, in German: kind -> machine name -> words. A test finds what is missing."""

from collections.abc import Mapping

from features.tables import RUNGS
from training.model.text.words import WORDS

GERMAN_NAMES: Mapping[str, Mapping[str, str]] = {
    "task": {
        "next_rung": "die nächste Stufe", "switching": "Abwanderung", "revenue": "erwarteter Umsatz",
        "renewal": "Verlängerungen", "win_back": "Rückgewinnung",
    },
    "metric": {
        "log_loss": "Log Loss", "rps": "Ranked Probability Score", "brier": "Brier-Score", "deviance": "Devianz",
        "mae": "mittlerer absoluter Fehler, Geld",
    },
    "simplest": {
        "next_rung": "Beharrung (jeder bleibt auf seiner Stufe)",
        "switching": "Zeit seit der letzten Bestellung allein (wer am längsten still ist, geht)",
        "renewal": "die Verlängerungsquote nach Alter und Größe des Vertrags",
        "win_back": "Zeit seit dem Weggang allein (wer zuletzt ging, kommt zurück)",
        "revenue": "das Tempo des Vorjahrs (jeder gibt aus, was er ausgab)",
    },
    "chance_of": {
        "climbed": "Aufstieg", "left": "Abwanderung", "renewed": "Verlängerung", "came_back": "Rückkehr",
    },
    "chance_changed": {"climbed": "Aufstieg", "switched": "Abwanderung"},
    "happened": {
        "climbed": "aufgestiegen", "left": "abgewandert", "renewed": "verlängert", "came_back": "zurückgekommen",
    },
    "outcome": {
        "switching": "Abwanderung", "next_rung": "die nächste Stufe", "climbing": "Aufstieg", "falling": "Abstieg",
    },
    "rung": dict(zip(RUNGS, WORDS["de"].rungs, strict=True)),
    "basis": {"randomised": "per Los", "adjusted": "im Vergleich", "insufficient": "unzureichend"},
    "trigger": {
        "situational": "eine Veränderung beim Kunden", "reactional": "ein Fehler von uns",
        "influential": "Wettbewerb",
    },
    "definition": {
        "recorded": "festgehalten", "silence": "Stille", "rhythm": "Stille über den eigenen Rhythmus hinaus",
    },
    "newcomers": {"estimated": "geschätzt", "too_few": "zu wenige begannen"},
    "calibrated_by": {
        "earlier_models": "Modellen, die vorher lernten",
        "other_accounts": "Modellen früherer Stichtage und anderer Kunden",
    },
    "spending": {
        "no_limit": "keine Grenze der Ausgaben", "half": "die Hälfte dessen, was das neue Modell ausgäbe",
    },
    "trials": {
        "later": "Versuche nach seinem Training", "all": "alle Versuche, zu seinen Gunsten",
    },
    "recipe": {"as_it_stands": "wie es ist", "its_recipe": "sein Rezept"},
    "segment": {
        "rung": "Stufe", "industry": "Branche", "country": "Land", "segment": "Segment", "size": "Größe",
    },
    "size": {
        "under_10": "unter 10 Beschäftigte", "10_to_49": "10 bis 49 Beschäftigte",
        "50_to_249": "50 bis 249 Beschäftigte", "250_and_more": "250 Beschäftigte und mehr",
    },
    "expectation": {
        "critical_ticket": "eine kritische Meldung von gestern darf das Abwanderungsrisiko nicht senken",
        "rival_s_offer": "ein Angebot eines Wettbewerbers von gestern darf das Abwanderungsrisiko nicht senken",
        "unhappy_answer": "die schlechteste Antwort auf eine Umfrage darf kein niedrigeres Abwanderungsrisiko ergeben als die beste",
        "order_climbs": "eine Bestellung von gestern darf die Chance nicht senken, dass ein Interessent oder Erstkäufer Stammkunde wird",
        "order_pays": "eine Bestellung von gestern darf den erwarteten Umsatz nicht senken",
    },
    "question": {
        "horizon": "Laufzeit", "definition": "Definition der Abwanderung", "rules": "Regeln der Leiter",
        "silence_days": "Tage der Stille",
    },
    "baseline": {
        "class frequencies": "Häufigkeiten der Stufen", "persistence": "Beharrung",
        "mechanical roll-forward": "mechanische Fortschreibung", "Markov matrix": "Markow-Matrix",
        "Markov by recency": "Markow nach Zeit seit der letzten Bestellung",
        "count-process forecast": "Zählprozess", "multinomial logit": "multinomiales Logit",
        "default LightGBM, one slice": "LightGBM ohne Abstimmung, ein Stichtag", "base rate": "mittlere Häufigkeit",
        "recency": "Zeit seit der letzten Bestellung", "log-RFM logit": "Log-RFM-Logit",
        "BG/NBD expected purchases": "BG/NBD, erwartete Käufe",
        "MBG/CNBD-k expected purchases": "MBG/CNBD-k, erwartete Käufe", "mean": "Mittelwert",
        "the last horizon again": "der Umsatz der letzten Laufzeit",
        "the same season a year ago": "dieselbe Jahreszeit vor einem Jahr",
        "BG/NBD x gamma-gamma": "BG/NBD x Gamma-Gamma", "MBG/CNBD-k x gamma-gamma": "MBG/CNBD-k x Gamma-Gamma",
        "last year's pace": "das Tempo des Vorjahrs",
        "the pool, which does not serve": "das gelernte Modell, das nicht im Einsatz ist",
        "champion": "das eingesetzte Modell",
    },
    "uplift_cause": {
        "few": "zu wenige bekamen sie und haben seither eine ganze Laufzeit hinter sich",
        "history": "die Daten sind zu kurz",
        "washout": "die meisten bekamen sie kurz nach einer anderen Investition, deren Wirkung ihr zugerechnet würde (uplift.washout_days)",
        "controls": "zu wenige Kunden bekamen währenddessen nichts: es gibt niemanden zum Vergleichen",
        "propensity": "bei den Losen fehlt die Propensity: die Wahrscheinlichkeit des eigenen Arms jeder Zeile",
        "rule": "wer sie bekam, folgt einer Regel: Stufe oder Umsatz allein trennen die Gruppen, also ist niemand vergleichbar",
    },
    "not_the_best": {
        "budget": "das Budget bringt dort mit einer günstigeren mehr",
        "limits": "eine Grenze neben dem Budget lässt die beste nicht zu",
        "low_end": "das untere Ende ihres Intervalls ist mehr wert",
        "narrowed": "die Anfrage oder die Entscheidung eines Betreuers lässt keine andere zu",
        "by_lot": "per Los, damit weiter gelernt wird",
    },
    "alone": {
        "unknown": "für keine Investition lässt sich aus den Daten sagen, was sie dort bewirkt",
        "loses": "keine Investition bringt voraussichtlich mehr, als sie kostet",
        "unsure": "eine Investition lohnt sich voraussichtlich, aber nicht am unteren Ende ihres Intervalls",
        "beaten": "eine Investition würde sich lohnen, aber das Geld oder eine andere Grenze ist anderswo besser genutzt",
    },
    "promise": {"more": ": mehr als versprochen", "less": ": weniger als versprochen", "as": ""},
    "kept": {
        "more": " Mehr als versprochen.", "less": " Weniger als versprochen.", "as": " Etwa wie versprochen.",
    },
    "score_change": {
        "new": "neu seit dem früheren Lauf", "unknown": "nicht mehr bekannt",
        "removed": "zum früheren Stichtag nicht mehr bekannt: seine Zeilen wurden verschoben oder entfernt",
        "could_not_switch": "konnte vorher nicht abwandern",
        "never_could_switch": "konnte in keinem der beiden Läufe abwandern",
        "cannot_switch": "kann nicht mehr abwandern",
        "corrected_cannot_switch": "nach den berichtigten Daten konnte er nicht abwandern",
    },
    "worth": {"inquiry": "eine offene Anfrage eines Interessenten", "suspect": "ein Zielkunde"},
    "acquired": {
        "new_account": "ein neuer Kunde", "inquiry": "eine offene Anfrage eines Interessenten",
        "suspect": "ein Zielkunde", "recommended": "eine empfohlene Investition in einen Kunden",
    },
    "forecaster": {"managers": "alle Kundenbetreuer", "history": "Historie (Wertabstand)"},
}  # fmt: skip
