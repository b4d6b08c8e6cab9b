"""What is said of how well models predict, in German: code -> sentence, or sentence and short form."""

from collections.abc import Mapping

_SCORE = (
    "{metric:metric} ist {share:less} [{level:%}: {low:less} bis {high:less}], bei {snapshots:count} Momentaufnahmen"
)
_OUT_OF_TIME = "außerhalb der Lernzeit"

EVALUATION: Mapping[str, str | tuple[str, str]] = {
    "grade_clearly_better": (f"Note für {{task:task}}: deutlich besser als {{task:simplest}}; {_SCORE}", "deutlich besser als die einfachste Regel"),
    "grade_a_little_better": (f"Note für {{task:task}}: etwas besser als {{task:simplest}}; {_SCORE}", "etwas besser als die einfachste Regel"),
    "grade_no_better": (f"Note für {{task:task}}: nicht besser als {{task:simplest}}; {_SCORE}", "nicht besser als die einfachste Regel"),
    "grade_worse": (f"Note für {{task:task}}: schlechter als {{task:simplest}}; {_SCORE}", "schlechter als die einfachste Regel"),
    "grade_cannot_tell": (
        f"Note für {{task:task}}: ob es besser ist als {{task:simplest}}, lässt sich nicht sagen: bisher zu wenige Kunden; {_SCORE}",
        "noch nicht zu sagen: zu wenige Kunden",
    ),
    "grade_none": ("Note für {task:task}: keine, " + f"{_OUT_OF_TIME} nicht beurteilt", "nicht beurteilt"),
    "fair_all": "die Wahrscheinlichkeiten stimmen für jedes Land, jede Branche, jedes Segment und jede Größe so gut wie für alle: {parts:count} Gruppen geprüft, keine weicht über den Zufall hinaus ab",
    "fair_off": "{kind:segment} {name}: {task:task} trat bei {observed:%1} ein, erwartet waren {expected:%1}, {surplus:+%1} [{level:%}: {low:+%1} bis {high:+%1}], bei {accounts:count} Kunden",
    "rule_serves": ("{task:task} kommt aus einer Regel, {rule:baseline}: in {periods:einem späteren Zeitraum|# späteren Zeiträumen} war sie besser als das Gelernte", "aus einer Regel: {rule:baseline}"),
    "rule_serves_meanwhile": (
        "{task:task} kommt aus einer Regel, {rule:baseline}: für mehr sind Ihre Daten noch zu kurz; es fehlt noch etwa {months:ein Monat|# Monate}",
        "aus einer Regel: {rule:baseline}",
    ),
    "reliability": (
        "von den Kunden, denen wir {low:100}–{high:%} gaben: {seen:%} {outcome:happened} [{level:%}: {seen_low:%} bis {seen_high:%}] ({snapshots:count} Momentaufnahmen)",
        "von den Kunden, denen wir {low:100}–{high:%} gaben: {seen:%} {outcome:happened} (zwischen {seen_low:%} und {seen_high:%}, {level:times})",
    ),
    "reliability_few": (
        "bei den Kunden, denen wir {low:100}–{high:%} gaben, sind es zu wenige, um zu sagen, wie viele es waren ({outcome:happened}): so viel wurde {snapshots:einmal|#-mal} gegeben",
        "{low:100}–{high:%} gaben wir zu selten, um etwas zu sagen ({snapshots:einmal|#-mal})",
    ),
    "coverage_rungs": (
        f"{_OUT_OF_TIME} lagen {{share:%1}} [{{level:%}}: {{low:%1}} bis {{high:%1}}] der eingetretenen Stufen in ihren Mengen, bei {{snapshots:count}} Momentaufnahmen; eine Menge enthält im Mittel {{size:.2}} Stufen",
        "{share:%1} der Stufen kamen wie vorhergesagt",
    ),
    "coverage_revenue": (
        f"{_OUT_OF_TIME} lagen {{share:%1}} [{{level:%}}: {{low:%1}} bis {{high:%1}}] der eingetretenen Umsätze in ihren Intervallen, bei {{snapshots:count}} Momentaufnahmen, und {{above:%1}} darüber",
        "{share:%1} der Umsätze lagen in der angegebenen Spanne",
    ),
    "coverage_next_order": (
        f"{_OUT_OF_TIME} enthielten {{share:%1}} [{{level:%}}: {{low:%1}} bis {{high:%1}}] der Zeitfenster für die nächste Bestellung, die innerhalb der Laufzeit endeten, die Bestellung auch; angegeben sind {{stated:%}}, bei {{snapshots:count}} Momentaufnahmen; {{late:%1}} hatten bis zu ihrem Ende keine, und von allen Fenstern sahen {{early:%1}} schon vorher eine; der Pinball-Verlust ist {{less:less}} als der des letzten Abstands",
        "{share:%1} der Zeitfenster enthielten die nächste Bestellung (angegeben: {stated:%})",
    ),
}  # fmt: skip
