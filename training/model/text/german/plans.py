"""What is said of plans, and of what they brought, in German: code -> sentence, or sentence and short form."""

from collections.abc import Mapping

_BROUGHT = "[{level:%}: {low:money} bis {high:money}] Marge abzüglich Kosten je Kunde"
_PROMISED = "versprochen waren {promised:money}{verdict:promise}"
_EACH = f"{_BROUGHT} {{elapsed:ran}}; {_PROMISED}"
_OTHERS = "nach Kunden, die an den Schätzungen keinen Anteil hatten"

PLANS: Mapping[str, str | tuple[str, str]] = {
    "plan_treated": "{treated:kein Kunde bekommt eine Investition|ein Kunde bekommt eine Investition|# Kunden bekommen eine Investition}, für {spent:money} des Budgets von {budget:money}",
    "plan_empty": "es wird also auch kein Ertrag erwartet",
    "plan_gain": "erwarteter Ertrag {gain:money} [{low:money} bis {high:money}, falls alle Fehler in dieselbe Richtung gehen] in {days:count} Tagen{roi:roi}",
    "plan_gain_open": "erwarteter Ertrag {gain:money} in {days:count} Tagen{roi:roi}; für einen Teil davon ist kein Intervall bekannt",
    "plan_interval": "bei jedem einzelnen Kunden liegt der Ertrag {level:times} in seinem Intervall",
    "plan_break_even": "die Kosten sind gedeckt, wenn {share:%} der versprochenen zusätzlichen Marge eintreten",
    "plan_unclaimed": (
        "dieser Ertrag ist geschönt: er zählt die besten von vielen unsicheren Schätzungen zusammen, und die besten haben auch Glück; vergleichen Sie ihn später mit der Kontrollgruppe",
        "was solche Summen wert sind, hat noch niemand geprüft",
    ),
    "plan_claim": (
        "versprechen Sie {claim:money}: nach Kunden, die an den Schätzungen keinen Anteil hatten, ist eine solche Summe nach bester Schätzung {ratio:%} ihrer selbst wert (zur vollen Summe hin gezogen, soweit das unsicher ist)",
        "solche Summen sind nach bester Schätzung {ratio:%} ihrer selbst wert",
    ),
    "plan_claim_judged": (
        "versprechen Sie {claim:money}, die kleinere zweier Summen: dieser Schätzungen, und dessen, was solche Empfehlungen bei Kunden brachten, die an den Schätzungen keinen Anteil hatten: {low:money} bis {high:money} [{level:%}]",
        f"{{low:money}} bis {{high:money}} {_OTHERS}",
    ),
    "plan_claim_open": (
        f"noch nicht belegt: {_OTHERS}, bringen solche Empfehlungen {{low:money}} bis {{high:money}} [{{level:%}}], was auch gar nichts einschließt; wenn Sie etwas versprechen müssen, dann höchstens {{claim:money}}",
        f"noch nicht belegt: {{low:money}} bis {{high:money}} {_OTHERS}",
    ),
    "plan_claim_lost": (
        f"versprechen Sie {{claim:money}}: {_OTHERS}, haben solche Empfehlungen Geld gekostet, {{low:money}} bis {{high:money}} [{{level:%}}]",
        f"solche Empfehlungen haben Geld gekostet: {{low:money}} bis {{high:money}} {_OTHERS}",
    ),
    "plan_tested": "{accounts:ein Kunde hat|# Kunden haben} den Rat, erst zu testen, weil sich die Investition nur im Mittel lohnt: per Los bekommen {share:%} sie, damit das nächste Training mehr weiß",
    "plan_raises_leaving": "{accounts:ein Kunde bekommt|# Kunden bekommen} als Test eine Investition, die das Abwanderungsrisiko über ihr Intervall hinaus erhöht",
    "plan_not_the_best": "{accounts:ein Kunde bekommt|# Kunden bekommen} eine andere Investition als die beste: {reason:not_the_best}",
    "plan_no_holdout": "es gibt keine Kontrollgruppe: was dieser Plan wert war, lässt sich nie messen",
    "plan_held_out": "{held_out:kein weiterer Kunde kommt|ein weiterer Kunde kommt|# weitere Kunden kommen} per Los in die Kontrollgruppe ({share:%} der gewählten; Startwert {seed}): geben Sie ihnen nichts. Ihre Kosten von {cost:money} zählen nicht zu den Ausgaben",
    "plan_explored": "{explored:ein Kunde bekommt|# Kunden bekommen} per Los etwas anderes als das Beste, damit weiter gelernt wird",
    "plan_next_nothing": "die nächsten {money:money} kaufen nichts: was sich lohnt, steht schon im Plan, oder eine andere Grenze ist im Weg",
    "plan_next": "die nächsten {money:money} kaufen {gain:money} erwarteten Ertrag: {first:accounts}{more:| und ein weiterer| und # weitere}",
    "plan_next_part": "die nächsten {money:money}, von denen {spent:money} ausgegeben würden, kaufen {gain:money} erwarteten Ertrag: {first:accounts}{more:| und ein weiterer| und # weitere}",
    "plan_first_to_go": "wird das Budget gekürzt, fällt {account:account} ({investment:option}) zuerst weg: das spart {saves:money} und kostet {loses:money} Ertrag",
    "plan_first_to_shrink": "wird das Budget gekürzt, bekommt {account:account} statt {investment:option} zuerst nur noch {instead:option}: das spart {saves:money} und kostet {loses:money} Ertrag",
    "plan_overridden": "bei {accounts:einem Kunden|# Kunden} ließ die Entscheidung eines Betreuers weniger Auswahl",
    "plan_left_alone": "ohne Investition: {accounts:ein Kunde|# Kunden}; {reason:alone}",
    "plan_optimal": "keine andere Auswahl innerhalb dieser Grenzen ist mehr wert",
    "plan_gap": "keine andere Auswahl innerhalb dieser Grenzen kann mehr als {gap:%3} über dieser liegen",
    "plan_brought_won": (f"die Kunden des Plans lagen über der Kontrollgruppe: {{gain:money}} {_EACH}", "Er hat Geld gebracht.{verdict:kept}"),
    "plan_brought_lost": (f"die Kunden des Plans lagen unter der Kontrollgruppe: {{gain:money}} {_EACH}", "Er hat Geld gekostet.{verdict:kept}"),
    "plan_brought_open": (
        f"zwischen den Kunden des Plans und der Kontrollgruppe ist kein Unterschied zu erkennen: {{gain:money}} {_EACH}",
        "Er kann Geld gebracht oder gekostet haben: zu wenige Kunden, oder zu früh.{verdict:kept}",
    ),
    "plan_brought_revenue": "zusätzlicher Umsatz je Kunde des Plans: {revenue:money} [{level:%}: {low:money} bis {high:money}]",
    "plan_brought_sides": "{treated:count} Kunden mit Investition gegen {held_out:count} in der Kontrollgruppe; die Klammern treffen in {level:%} der Fälle zu",
    "plan_brought_compliance": "die geplante Investition wurde bei {compliance:%} der vorgesehenen Kunden gemacht, und bei {contamination:%} der Kontrollgruppe",
    "plan_brought_early": "das Versprochene zählt gleichmäßig über die Laufzeit, die Kosten sofort: frühe Zahlen sehen schlechter aus",
    "plan_brought_where_made": "zusätzlicher Umsatz, wo die Investition wegen des Plans gemacht wurde: {revenue:money} [{level:%}: {low:money} bis {high:money}], sofern der Platz im Plan allein nichts bewirkt hat",
    "plan_brought_few": "weniger als {few:count} Kunden auf einer Seite: eine einzige große Bestellung kann entscheiden, vertrauen Sie dem noch nicht",
    "plans_brought_won": f"alle {{plans:count}} Pläne zusammen lagen über ihren Kontrollgruppen: {{gain:money}} {_BROUGHT}; {_PROMISED}",
    "plans_brought_lost": f"alle {{plans:count}} Pläne zusammen lagen unter ihren Kontrollgruppen: {{gain:money}} {_BROUGHT}; {_PROMISED}",
    "plans_brought_open": f"zwischen allen {{plans:count}} Plänen zusammen und ihren Kontrollgruppen ist kein Unterschied zu erkennen: {{gain:money}} {_BROUGHT}; {_PROMISED}",
}  # fmt: skip
