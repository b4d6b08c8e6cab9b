"""What watching a model finds, in German: code -> sentence, or sentence and short form."""

from collections.abc import Mapping

_DRIFT = "ungewöhnliche Verschiebung in {columns:list}{more:| und einer weiteren| und # weiteren}; {weight:%} des Gewichts im Modell liegen auf dem, was sich verschoben hat"
_FARTHER = "die Daten liegen weiter von denen des Trainings entfernt als üblich"
_COMPLETE = "das Modell ist {age:count} Tage alt, und seit {due:date}, also seit {late:einem Tag|# Tagen}, liegt eine vollständige Laufzeit vor: ein jetzt trainiertes Modell lernt daraus"
_NOT_LEARNT = "es gibt Ergebnisse einer ganzen Laufzeit, aus denen es noch nicht gelernt hat"
_LEVEL = "[{level:%}: {low:+%1} bis {high:+%1}]"

MONITORING: Mapping[str, str | tuple[str, str]] = {
    "labels_due": "die nächste vollständige Laufzeit liegt am {due:date} vor, in {left:einem Tag|# Tagen}; {seen:%} ihrer {days:count} Tage sind vorbei",
    "labels_there": "seit {due:date}, also seit {late:einem Tag|# Tagen}, liegt eine vollständige Laufzeit vor: ein jetzt trainiertes Modell lernt daraus",
    "champion_unusable": ("das eingesetzte Modell ist nicht zu verwenden: {message}", "dieses Programm kann das Modell nicht lesen"),
    "nothing_against": "nichts spricht gegen das eingesetzte Modell",
    "table_stopped": (
        "{table} hat seit {last:date} keine Zeilen mehr, seit {silent:count} Tagen; die längste Pause eines Jahres waren {usual:count}: bringen Sie den Export in Ordnung, bevor daraus gelernt wird",
        "eine Tabelle kommt nicht mehr: lassen Sie den Export in Ordnung bringen, bevor daraus gelernt wird",
    ),
    "source_stopped": (
        "die ganze Quelle hat seit {last:date} keine Zeilen mehr, seit {silent:count} Tagen; die längste Pause eines Jahres waren {usual:count}: bringen Sie den Export in Ordnung, bevor daraus gelernt wird",
        "es kommt nichts mehr: lassen Sie den Export in Ordnung bringen, bevor daraus gelernt wird",
    ),
    "column_emptied": "{table}.{column} ist leer: als das Modell lernte, war sie in {before:%} der Zeilen gefüllt, jetzt in {now:%}. Prüfen Sie, ob der Export die Spalte verloren oder umbenannt hat",
    "column_filled_less": "{table}.{column} ist in {now:%} der Zeilen gefüllt, früher in {before:%}: prüfen Sie, was aus den übrigen wurde",
    "values_renamed": "{table}.{column}: {unknown:%} der Zeilen haben Werte, die das Modell nie sah, etwa {names:list}. Ordnen Sie sie den früheren Namen zu, oder trainieren Sie neu",
    "value_renamed": "{table}.{column}: {was}, {share:%} der Werte, als das Modell lernte, kommt nicht mehr vor; an seiner Stelle steht {name}, das es nie sah. Ordnen Sie es dem früheren Namen zu, oder trainieren Sie neu",
    "numbers_rescaled": "{table}.{column} ist {factor:short}-mal so groß wie früher, bei großen und kleinen Werten gleich (Median vorher {before:short}, jetzt {now:short}): eine andere Einheit, etwa Cent oder Tausend? Bringen Sie den Export oder die Zuordnung in Ordnung",
    "sign_changed": "{table}.{column}: {now:%} der Zahlen sind negativ, früher {before:%}: das Vorzeichen ist umgedreht",
    "times_shifted": "{table}.{column}: die Zeiten liegen {hours:count} Stunden neben den früheren: eine andere Zeitzone? Setzen Sie source.time_zone, oder bringen Sie den Export in Ordnung",
    "value_new": "{table}.{column}: {share:%} der Zeilen haben Werte, die das Modell nie sah, etwa {names:list}, neben denen, die es kennt. Sind es andere Namen, ordnen Sie sie zu; sind sie neu, lernt es sie beim nächsten Training",
    "numbers_constant": "{table}.{column}: neun von zehn Zahlen sind etwa {now:short}, früher waren sie verschieden (Median {before:short}): steht ein Vorgabewert an ihrer Stelle? Prüfen Sie, was aus ihnen wurde",
    "times_one_hour": "{table}.{column}: {share:%} der Zeiten liegen in einer Stunde, ab {hour:count} Uhr (UTC), früher waren sie über den Tag verteilt: der Export hat die Tageszeit verloren",
    "rows_repeated": "{table}: {now:%} der letzten Zeilen gleichen einer anderen (Kunde, Zeit und Werte), früher {before:%}: die Daten kommen doppelt unter anderen Nummern. Prüfen Sie, was sie schickt, und lassen Sie die Kopien weg",
    "rows_fewer": "{table}: {now:short} Zeilen je Woche, üblich waren {before:short}, und weniger als in jeder Woche des Jahres vor dem Training: prüfen Sie, was der Export auslässt",
    "rows_more": "{table}: {now:short} Zeilen je Woche, üblich waren {before:short}: prüfen Sie, ob Zeilen mehrfach kommen",
    "values_swapped": "{table}.{column}: die Anteile der Werte haben die Plätze getauscht ({was} {before:%}, jetzt {now:%}; {name} steht an der Stelle): sind sie vertauscht, etwa ja mit nein? Bringen Sie den Export oder die Zuordnung in Ordnung",
    "values_moved": "{table}.{column}: {distance:%} der Zeilen haben andere Werte als in jedem Monat des Jahres vor dem Training ({was} {before:%}, jetzt {now:%}): prüfen Sie, ob der Export welche auslässt oder anders meint",
    "numbers_moved": "{table}.{column}: {distance:%} der Zahlen liegen anders als in jedem Monat des Jahres vor dem Training (Median {before:short}, jetzt {now:short}): prüfen Sie, ob der Export etwas anderes damit meint",
    "numbers_reversed": "{table}.{column}: die Skala ist umgedreht, {total:count} minus dem früheren Wert (Median {before:short}, jetzt {now:short}): drehen Sie sie im Export oder in der Zuordnung zurück",
    "rows_fell": "{table}: {now:short} Zeilen je Woche in den letzten {weeks:count} Wochen; nach den Wochen davor und derselben Jahreszeit ein Jahr früher waren {before:short} zu erwarten: prüfen Sie, was der Export auslässt, etwa einen Teil der Kunden",
    "rows_fell_or_season": "{table}: {now:short} Zeilen je Woche in den letzten {weeks:count} Wochen, in den Wochen davor {before:short}; die Daten sagen noch nicht, ob es die Jahreszeit ist: wenn nicht, prüfen Sie, was der Export auslässt",
    "history_gone": "{table}: von den {before:count} Zeilen des Jahres, aus dem das Modell lernte, sind {now:count} da: prüfen Sie, was der Export auslässt, etwa einen Teil der Kunden",
    "history_added": "{table}: das Jahr, aus dem das Modell lernte, hatte {before:count} Zeilen und hat jetzt {now:count}: prüfen Sie, ob Zeilen mehrfach kommen; kamen sie später, trainieren Sie neu",
    "table_absent": ("das Modell lernte aus {tables:list}; in der Quelle fehlt das, und damit seine Merkmale", "den Daten fehlt eine Tabelle, aus der das Modell lernte"),
    "drift": (_DRIFT, _FARTHER),
    "drift_mend_first": (f"{_DRIFT}; bringen Sie aber zuerst die Quelle in Ordnung", _FARTHER),
    "drift_retrain": (f"{_DRIFT}: prüfen Sie zuerst, ob der Export noch dasselbe bedeutet", _FARTHER),
    "realised_loss": (
        "der Log Loss für {outcome:outcome} in {days:count} Tagen ist {loss:.4} [{level:%}: {low:.4} bis {high:.4}], versprochen war {promised:.4}",
        "seine Wahrscheinlichkeiten trafen schlechter ein, als der Rückvergleich versprach",
    ),
    "realised_calibration": (
        f"{{outcome:outcome}} in {{days:count}} Tagen: {{observed:%1}} von {{snapshots:count}} Momentaufnahmen, erwartet waren {{expected:%1}}: {{surplus:+%1}} {_LEVEL}",
        "mehr oder weniger Kunden taten es, als das Modell sagte",
    ),
    "realised_part_off": (
        f"{{kind:segment}} {{name}}: {{outcome:outcome}} in {{days:count}} Tagen bei {{observed:%1}}, erwartet waren {{expected:%1}}, {{surplus:+%1}} {_LEVEL}, bei {{accounts:count}} Kunden: lesen Sie ihre Wahrscheinlichkeiten mit dieser Vorsicht, und trainieren Sie neu, sobald eine Laufzeit vollständig ist",
        "die Wahrscheinlichkeiten mancher Kunden stimmen nicht",
    ),
    "plan_holdout_lost": (
        "{plan}: je Kunde brachte der Plan gegenüber der Kontrollgruppe {gain:money} nach Kosten [{level:%}: {low:money} bis {high:money}], versprochen waren {promised:money}: brechen Sie ihn ab, oder prüfen Sie, wer die Investition bekam",
        "ein Plan liegt unter seiner Kontrollgruppe",
    ),
    "plan_holdout_below": (
        "{plan}: je Kunde brachte der Plan gegenüber der Kontrollgruppe {gain:money} [{level:%}: {low:money} bis {high:money}], weniger als die versprochenen {promised:money}: planen Sie vorsichtiger, oder trainieren Sie neu",
        "ein Plan bringt weniger, als versprochen war",
    ),
    "plan_holdout_treated": (
        "{plan}: {share:%} der {held:count} Kunden in der Kontrollgruppe bekamen die Investition trotzdem: entsprechend weniger sagt der Vergleich; sorgen Sie dafür, dass die Betreuer sie auslassen",
        "auch die Kontrollgruppe bekommt Investitionen",
    ),
    "outcome_moved": (
        f"{{outcome:outcome}} in {{days:count}} Tagen: {{now:%1}} seit dem Training, {{before:%1}} ein Jahr zuvor; {{change:+%1}} {_LEVEL}. Prüfen Sie, ob sich der Export geändert hat; sonst messen Sie Ziele und Pläne am neuen Niveau, und trainieren Sie neu, sobald eine Laufzeit vollständig ist",
        "etwas ist nicht mehr so häufig, wie es war",
    ),
    "revenue_moved": (
        f"mittlerer Umsatz in {{days:count}} Tagen: {{now:money}} seit dem Training, {{before:money}} ein Jahr zuvor; {{change:+%1}} {_LEVEL}. Prüfen Sie, ob sich Preise, Währung oder Export geändert haben; trainieren Sie neu, sobald eine Laufzeit vollständig ist",
        "der Umsatz ist nicht mehr, was er war",
    ),
    "early_silence": (
        "{observed:count} von {accounts:count} Kunden waren in den ersten {days:count} Tagen still, erwartet waren {expected:count} [{level:%}: {low:count} bis {high:count}]",
        "in den ersten Tagen waren mehr oder weniger Kunden still als zu erwarten",
    ),
    "labels_complete": (_COMPLETE, _NOT_LEARNT),
    "labels_complete_mend_first": (f"{_COMPLETE}; bringen Sie zuerst die Quelle in Ordnung", _NOT_LEARNT),
    "realised_switching": "in {days:count} Tagen sollten {expected:%1} der Kunden abwandern; es waren {observed:%1}",
    "realised_climbing": "in {days:count} Tagen sollten {expected:%1} aufsteigen; es waren {observed:%1}",
    "realised_falling": "in {days:count} Tagen sollten {expected:%1} absteigen; es waren {observed:%1}",
}  # fmt: skip
