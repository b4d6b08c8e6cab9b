"""What is said of what investments and climbs cause, in German: code -> sentence."""

from collections.abc import Mapping

_OF = "Wirkung von {investment:option}"
_CLAIM = (
    "Empfehlungen, beurteilt an {trials:count} Versuchen mit Kunden, die daran keinen Anteil hatten: versprochen {promised:money} je Kunde, "
    "eingetreten {value:money} [{level:%}: {low:money} bis {high:money}]"
)
_CLIMB = "Aufstieg von {rung:rung}"
_CLIMBED = f"{_CLIMB}: {{climbed:count}} stiegen auf, {{controls:count}} sind vergleichbar; mittlere Wirkung {{mean:money}} (Standardfehler {{error:money}})"
_HIDDEN = f"{_OF}: damit keine Wirkung bleibt, muss eine verborgene Ursache {{needed:%1}} sowohl der Auswahl als auch des Ergebnisses erklären; eine so starke wie die stärkste bekannte ({{strength:%1}})"
_LOTS = f"{_OF}: Gegenprobe: vor der Ziehung hatten die Gezogenen {{mean:+money}} im Jahr gebracht (Standardfehler {{error:money}})"
_PLACEBO = f"{_OF}: Gegenprobe: in der Laufzeit davor unterschieden sich die Gewählten von vergleichbaren Kunden um {{mean:+%1}} des erwarteten Umsatzes (Standardfehler {{error:%1}})"

EFFECTS: Mapping[str, str] = {
    "claim_too_high": f"{_CLAIM}; das Versprechen ist zu hoch",
    "claim_above_zero": f"{_CLAIM}; das Intervall schließt null aus",
    "claim_uncertain": f"{_CLAIM}; zu unsicher, um es von null zu unterscheiden",
    "uplift_left_out": "Wirkungen: ausgelassen; keine Investition ist festgehalten. Bringen Sie die Tabellen investments (wer was wann bekam) und investment_options (Bindung, Kosten), mit je {needed:count} Kunden oder mehr",
    "uplift_never_recorded": f"{_OF}: nie festgehalten",
    "uplift_by_lot": f"{_OF}: per Los: {{exposed:count}} mit, {{controls:count}} vergleichbare ohne",
    "uplift_by_choice": f"{_OF}: nach Auswahl: {{exposed:count}} mit, {{controls:count}} vergleichbare ohne, {{overlap:%}} überschneiden sich; nach dem, was bekannt war, werden sie {{separation:100}} von 100 Mal unterschieden",
    "uplift_too_few": f"{_OF}: zu wenige vergleichbare Kunden: nötig sind {{least_exposed:count}} mit und {{least_controls:count}} vergleichbare ohne",
    "uplift_alone_at_date": f"{_OF}: {{exposed:count}} Kunden mit der Investition bleiben außer Betracht: zu ihrem Zeitpunkt war niemand ohne, sodass sich nicht trennen lässt, was sonst geschah",
    "uplift_choice_against_lot": f"{_OF}: nach Auswahl liegt die Wirkung um {{delta:of_revenue}} als per Los (Standardfehler {{error:%1}})",
    "uplift_choice_misleads": f"{_OF}: beide widersprechen sich über ihre Intervalle hinaus: in der Auswahl der Betreuer steckt eine Ursache, und sie zählt weniger als das Los",
    "uplift_average": f"{_OF}: im Mittel {{mean:money}} [{{level:%}}: {{low:money}} bis {{high:money}}] in {{days:count}} Tagen, {{basis:basis}}; auf das gezogen, was die Daten tragen, {{drawn:money}}",
    "uplift_power": f"{_OF}: mit {{exposed:count}} Versuchen sind nur mittlere Wirkungen über {{least:money}} von nichts zu unterscheiden",
    "uplift_cost_differs": f"{_OF}: wo sie gemacht wurde, kostete sie im Mittel {{actual:money}} ({{times:einmal|#-mal}}), geplant sind {{planned:money}}: der Ertrag rechnet mit den geplanten Kosten; berichtigen Sie investment_options, wenn es so weitergeht",
    "uplift_explained_away": f"{_HIDDEN} würde sie wegerklären",
    "uplift_holds": f"{_HIDDEN} würde sie nicht wegerklären",
    "uplift_sensitivity": f"{_OF}: mit einer verborgenen Ursache, so stark wie die stärkste bekannte ({{chosen:%1}} der Auswahl, {{outcome:%1}} des Ergebnisses), liegt die mittlere Wirkung zwischen {{low:money}} und {{high:money}}",
    "uplift_chance": f"{_OF}: sie ändert die Wahrscheinlichkeit für {{outcome:chance_changed}} im Mittel um {{mean:+100.1}} Punkte [{{level:%}}: {{low:+100.1}} bis {{high:+100.1}}]; Vorhersagen davon zählen zu {{factor:%}}, wie bei Kunden, die daran keinen Anteil hatten",
    "uplift_chance_untold": f"{_OF}: bei der Wahrscheinlichkeit für {{outcome:chance_changed}} ist kein Unterschied zu erkennen: im Mittel {{mean:+100.1}} Punkte [{{level:%}}: {{low:+100.1}} bis {{high:+100.1}}]; es wird keiner gezeigt",
    "uplift_chance_too_few": f"{_OF}: zu wenige Versuche, um einen Unterschied bei der Wahrscheinlichkeit für {{outcome:chance_changed}} zu erkennen; es wird keiner gezeigt",
    "uplift_raises_leaving": f"{_OF}: sie erhöht das Abwanderungsrisiko über ihr Intervall hinaus: höchstens einen Test wert, nie einfach zu empfehlen",
    "uplift_lots_fair": f"{_LOTS}, wie es beim Los sein soll",
    "uplift_lots_suspect": f"{_LOTS}, mehr als Zufall: fragen Sie, wie gelost wurde",
    "uplift_choices_comparable": f"{_PLACEBO}: nichts, was der Zufall nicht erklärt",
    "uplift_choices_differed": f"{_PLACEBO}: die Betreuer wählen nach dem, was der Umsatz seitdem tat; die Wirkung setzt voraus, dass alles bekannt ist, worauf sie schauten",
    "uplift_coherence": f"{_OF}: Stimmigkeit: die zusätzlichen Aufstiege mal den Abständen der Stufen ergeben {{climbing:money}} je Kunde, die Wirkung ist {{whole:money}}; die Abstände sind keine Ursache, es gilt die Wirkung",
    "upgrade_circular": f"{_CLIMB}: der Aufstieg besteht aus den Bestellungen, die gezählt würden, oder kündigt sie an (unzureichend)",
    "upgrade_landmark": f"{_CLIMB}: der Vergleichszeitpunkt liegt jenseits der Laufzeit (unzureichend)",
    "upgrade_few": f"{_CLIMB}: {{climbed:count}} stiegen durch eigenes Handeln auf, nötig sind {{needed:count}} (unzureichend)",
    "upgrade_few_controls": f"{_CLIMB}: {{climbed:count}} stiegen auf, aber nur {{controls:count}} vergleichbare Kunden nicht (unzureichend)",
    "upgrade_unchecked": f"{_CLIMBED}, nicht angegeben: zu wenige sind lange genug bekannt, um zu sehen, wie sie sich vor dem Aufstieg unterschieden (unzureichend)",
    "upgrade_differed_before": f"{_CLIMBED}, nicht angegeben: wer aufstieg, kann schon davor bis zu {{most:money}} mehr gebracht haben als vergleichbare Kunden (Gegenprobe {{before:money}}, Standardfehler {{before_error:money}}) (unzureichend)",
    "upgrade_estimated": f"{_CLIMBED}; vor dem Aufstieg unterschieden sie sich um {{before:money}} (Standardfehler {{before_error:money}}) (im Vergleich)",
    "acquisition_left_out": "Neukunden: ausgelassen; weniger als {needed:count} Kunden wurden nach der ersten Bestellung und {days:count} Tage vor dem Ende der Daten angelegt (accounts.created_at), ohne frühere Geschäfte",
    "acquisition_brought": "Neukunden: {accounts:count}, davon bestellten {ordered:%} binnen {days:count} Tagen; Marge je Kunde in dieser Zeit {margin:money} (Standardfehler {error:money})",
    "acquisition_cost_unknown": "Neukunden: was sie zu gewinnen kostete, ist nicht bekannt (accounts.acquisition_cost)",
    "acquisition_free": "Neukunden: sie zu gewinnen kostete nichts",
    "acquisition_paid_back": "Neukunden: sie zu gewinnen kostete je {cost:money}; das kam in {days:count} Tagen {times:.1}-mal zurück",
    "acquisition_worth": "Neukunden: {what:worth} ist {margin:money} Marge (Standardfehler {error:money}) in {days:count} Tagen wert: {ordered:%} von {accounts:count} bestellten, und diese brachten je {each:money}",
    "acquisition_compared": "eine Geldeinheit brachte netto {won:.2} beim Gewinnen von Kunden ({won_days:count} Tage) und {moved:.2} bei empfohlenen Investitionen in Kunden ({moved_days:count} Tage). Das Erste ist ein Mittel dessen, was geschah, keine Wirkung: vergleichen Sie beides, wo die nächsten Kunden wie die letzten sind",
}  # fmt: skip
