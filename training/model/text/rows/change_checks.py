"""What checks of replacing the champion found (`training.promotion.change_checks`), and the report's verdict."""

from training.model.text.row import Row

_PAIRED = (
    "{metric:metric} {ours:.4}, the champion ({recipe:recipe}) {theirs:.4}, difference {difference:+.4} "
    "[{level:%}: {low:+.4} to {high:+.4}] on the same {snapshots:count} snapshots of {accounts:count} accounts",
    "{metric:metric} {ours:.4}, het huidige model ({recipe:recipe}) {theirs:.4}, verschil {difference:+.4} "
    "[{level:%}: {low:+.4} tot {high:+.4}] op dezelfde {snapshots:count} momentopnamen van {accounts:count} accounts",
)
_MONEY = (
    "with {spending:spending}, recommending by the new model brings {ours:money} per account, by the champion "
    "{theirs:money}: {difference:+money} [{level:%}: {low:+money} to {high:+money}], on {count:count} trials "
    "({trials:trials})",
    "met {spending:spending} brengt aanbevelen door het nieuwe model {ours:money} per account, door het huidige "
    "{theirs:money}: {difference:+money} [{level:%}: {low:+money} tot {high:+money}], op {count:count} proeven "
    "({trials:trials})",
)
_UNPAIRED = (
    "not paired, each on rows of its own: log loss of {task:task} {ours:.4}, the champion had {theirs:.4}",
    "niet gepaard, elk op eigen rijen: log loss van {task:task} {ours:.4}, het huidige model had {theirs:.4}",
)

ROWS = (
    Row(
        "champion_unreadable",
        (
            "version {version} cannot be compared with: {message}",
            "met versie {version} is niet te vergelijken: {message}",
        ),
        ("The champion cannot be asked", "Het huidige model is niet te bevragen"),
    ),
    Row(
        "champion_none", ("nothing to compare with", "niets om mee te vergelijken"),
        ("There is no champion yet", "Er is nog geen model in gebruik"),
    ),
    Row("champion_better", _PAIRED, ("The champion is better: {task:task}", "Het huidige model is beter: {task:task}")),
    Row(
        "better_than_champion", _PAIRED,
        ("Better than the champion: {task:task}", "Beter dan het huidige model: {task:task}"),
    ),
    Row(
        "as_good_as_champion", _PAIRED,
        ("As good as the champion: {task:task}", "Even goed als het huidige model: {task:task}"),
    ),
    Row(
        "same_recipe",
        (
            "the same recipe, {days:count} days more data: how the two learn is the same",
            "hetzelfde recept, {days:count} dagen meer gegevens: beide leren op dezelfde manier",
        ),
        ("Only the data are new", "Alleen de gegevens zijn nieuw"),
    ),
    Row(
        "same_recipe_shorter",
        (
            "the same recipe, data until {days:a day|# days} earlier: how the two learn is the same",
            "hetzelfde recept, gegevens tot {days:een dag|# dagen} eerder: beide leren op dezelfde manier",
        ),
        ("Only the data differ", "Alleen de gegevens verschillen"),
    ),
    *(
        Row(f"not_compared_{code}", texts, ("Not compared with the champion", "Niet vergeleken met het huidige model"))
        for code, texts in (
            ("questions", (
                "the champion predicts something else ({questions:questions}): it cannot be compared with",
                "het huidige model voorspelt iets anders ({questions:questions}): vergelijken kan niet",
            )),
            ("task", (
                "the champion does not predict {task:task}", "het huidige model voorspelt {task:task} niet",
            )),
            ("settings", (
                "nobody kept the champion's settings: its recipe cannot be fitted again",
                "de instellingen van het huidige model zijn niet bewaard: zijn recept is niet opnieuw te trainen",
            )),
            ("members", (
                "this program has no {members:list}, which the champion's pool holds: its recipe cannot be fitted again",
                "dit programma kent geen {members:list}, wat het huidige model bevat: zijn recept is niet opnieuw te "
                "trainen",
            )),
        )
    ),
    Row("unpaired_fine", _UNPAIRED, ("Against the champion, not paired", "Tegen het huidige model, niet gepaard")),
    Row(
        "unpaired_worse", _UNPAIRED,
        ("Behind the champion, not paired", "Achter bij het huidige model, niet gepaard"),
    ),
    Row("earns_less", _MONEY, ("Earns less than the champion", "Levert minder op dan het huidige model")),
    Row(
        "earns_less_on_seen", _MONEY,
        (
            "Behind the champion on trials that favour it",
            "Achter bij het huidige model op proeven die dat bevoordelen",
        ),
    ),
    Row("earns_more", _MONEY, ("Earns more than the champion", "Levert meer op dan het huidige model")),
    Row("earns_alike", _MONEY, ("No difference in money can be told", "Geen verschil in geld te zien")),
    Row(
        "money_without_trials",
        ("no trials bear an estimate of effects", "geen proeven dragen een schatting van effecten"),
        ("Money: not compared with the champion", "Geld: niet vergeleken met het huidige model"),
    ),
    Row(
        "money_without_champion",
        (
            "the champion knows of no effect and recommends nothing: what the new one brings is the difference",
            "het huidige model kent geen effect en beveelt niets aan: wat het nieuwe brengt is het verschil",
        ),
        ("Money: not compared with the champion", "Geld: niet vergeleken met het huidige model"),
    ),
    Row(
        "money_unknown",
        (
            "no trials bear an estimate of effects: what recommending brings cannot be judged",
            "geen proeven dragen een schatting van effecten: wat aanbevelen brengt is niet te beoordelen",
        ),
        ("Money cannot be judged", "Geld is niet te beoordelen"),
    ),
    Row(
        "money_nothing_recommended",
        ("no effect promises more than it costs", "geen effect belooft meer dan het kost"),
        ("Nothing is recommended", "Er wordt niets aanbevolen"),
    ),
    *(
        Row(
            f"money_{code}",
            (
                "recommending brought {value:money} per account [{level:%}: {low:money} to {high:money}] on accounts "
                "not learnt from",
                "aanbevelen bracht {value:money} per account [{level:%}: {low:money} tot {high:money}] op accounts "
                "waarvan niet is geleerd",
            ),
            title,
        )
        for code, title in (
            ("judged", ("Recommending against doing nothing", "Aanbevelen tegenover niets doen")),
            ("lost", ("Recommending lost money", "Aanbevelen kostte geld")),
        )
    ),
    Row(
        "segments_fine",
        (
            "{asked:one comparison of a segment|# comparisons of segments}, none worse beyond chance",
            "{asked:één segment|# segmenten} vergeleken, geen slechter dan toeval verklaart",
        ),
        ("No segment is worse off", "Geen segment is slechter af"),
    ),
    Row(
        "segments_worse",
        ("{segments:segments}{more:|; and one more|; and # more}", "{segments:segments}{more:|; en nog één|; en nog #}"),
        ("Segments are worse off", "Segmenten zijn slechter af"),
    ),
    Row(
        "tables_lost",
        (
            "the champion learnt from {tables:list}; this source lacks them",
            "het huidige model leerde van {tables:list}; deze bron heeft die niet",
        ),
        ("Fewer tables than the champion", "Minder tabellen dan het huidige model"),
    ),
    Row(
        "drift_none",
        (
            "of {asked:count} features and scores none moved beyond the usual since the champion was trained",
            "van {asked:count} kenmerken en scores verschoof er geen meer dan gewoonlijk sinds het huidige model is "
            "getraind",
        ),
        ("No drift since the champion was trained", "Geen drift sinds het huidige model is getraind"),
    ),
    Row(
        "drift_found",
        (
            "{drifted:count} of {asked:count} features and scores moved since: {columns:list}"
            "{more:| and one more| and # more}. A reason to retrain, which this is",
            "{drifted:count} van {asked:count} kenmerken en scores verschoven sindsdien: {columns:list}"
            "{more:| en nog één| en nog #}. Een reden om opnieuw te trainen, en dat is dit",
        ),
        ("Drift since the champion was trained", "Drift sinds het huidige model is getraind"),
    ),
    Row(
        "verdict_stays",
        ("version {champion} should go on serving", "versie {champion} moet in gebruik blijven"),
    ),
    Row("verdict_refused", ("this model should not serve", "dit model moet niet in gebruik komen")),
    Row(
        "verdict_first",
        (
            "this model may serve: nothing stands in the way, and there is no other yet",
            "dit model mag in gebruik komen: niets staat in de weg, en er is nog geen ander",
        ),
    ),
    Row(
        "verdict_better",
        (
            "this model may replace version {champion}: it does better on the same accounts",
            "dit model mag versie {champion} vervangen: het doet het beter op dezelfde accounts",
        ),
    ),
    Row(
        "verdict_same_recipe",
        (
            "this model may replace version {champion}: the same recipe, "
            "{days:the same data|one day more data|# days more data}",
            "dit model mag versie {champion} vervangen: hetzelfde recept, "
            "{days:dezelfde gegevens|één dag meer gegevens|# dagen meer gegevens}",
        ),
    ),
    Row(
        "verdict_same_recipe_shorter",
        (
            "this model may replace version {champion}: the same recipe, data until {days:a day|# days} earlier",
            "dit model mag versie {champion} vervangen: hetzelfde recept, gegevens tot {days:een dag|# dagen} eerder",
        ),
    ),
    Row(
        "verdict_replaces",
        (
            "this model may replace version {champion}: nothing stands in the way",
            "dit model mag versie {champion} vervangen: niets staat in de weg",
        ),
    ),
)  # fmt: skip
