"""What the promotion checks found: a heading, and the figures behind it."""

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
_BEHAVIOUR = (
    "{expectation:expectation}: asked of {accounts:count} accounts, it moves by {change:points} on average "
    "({noise:points} are noise)",
    "{expectation:expectation}: gevraagd voor {accounts:count} accounts verandert het gemiddeld {change:points} "
    "({noise:points} is ruis)",
)
_LATE = (
    "with everything known {days:a day|# days} later the model loses {lost:%} of its skill "
    "[{level:%}: {low:%} to {high:%}]; up to {limit:%} is acceptable",
    "met alles {days:een dag|# dagen} later bekend verliest het model {lost:%} van zijn voorspelkracht "
    "[{level:%}: {low:%} tot {high:%}]; tot {limit:%} is aanvaardbaar",
)
_UNPAIRED = (
    "not paired, each on rows of its own: log loss of {task:task} {ours:.4}, the champion had {theirs:.4}",
    "niet gepaard, elk op eigen rijen: log loss van {task:task} {ours:.4}, het huidige model had {theirs:.4}",
)
_BASELINE = (
    "{metric:metric} {ours:.4}; the best baseline, {baseline:baseline}, {theirs:.4}",
    "{metric:metric} {ours:.4}; de beste simpele regel, {baseline:baseline}, {theirs:.4}",
)
_CALIBRATION = (
    "chances are off by {error:.3} on average; {limit:.3} is the limit",
    "kansen zitten er gemiddeld {error:.3} naast; {limit:.3} is de grens",
)


def _counts(code: str, title: tuple[str, str], found: tuple[str, str]) -> tuple[Row, Row]:
    """Enough of something, and too few of it."""
    return (
        Row(f"{code}_enough", found, (f"Enough: {title[0]}", f"Genoeg: {title[1]}")),
        Row(
            f"{code}_few",
            (
                f"{found[0]}; {{needed:count}} are needed for figures to lean on",
                f"{found[1]}; {{needed:count}} zijn nodig voor cijfers om op te leunen",
            ),
            (f"Few: {title[0]}", f"Weinig: {title[1]}"),
        ),
    )


ROWS = (
    *_counts(
        "accounts", ("accounts", "accounts"),
        ("{accounts:count} accounts were learnt from", "van {accounts:count} accounts is geleerd"),
    ),
    *_counts(
        "leavers", ("accounts that left", "vertrokken accounts"),
        ("{accounts:count} accounts are known to have left", "van {accounts:count} accounts is bekend dat ze vertrokken"),
    ),
    *_counts(
        "investments", ("investments", "investeringen"),
        (
            "{accounts:count} accounts were invested in, or by lot not",
            "in {accounts:count} accounts is geïnvesteerd, of door loting juist niet",
        ),
    ),
    Row(
        "investments_none",
        (
            "the source holds no investments: nothing is recommended",
            "de bron bevat geen investeringen: er wordt niets aanbevolen",
        ),
        ("No investments recorded", "Geen investeringen vastgelegd"),
    ),
    Row(
        "judged_out_of_time",
        ("on {origins:one later period|# later periods}", "op {origins:één latere periode|# latere perioden}"),
        ("Judged out of time", "Op latere tijd beoordeeld"),
    ),
    Row(
        "judged_never",
        (
            "the history is too short for a later period to judge on; look at the scores with that in mind",
            "de historie is te kort voor een latere periode om op te beoordelen; houd daar rekening mee bij de scores",
        ),
        ("Not judged out of time", "Niet op latere tijd beoordeeld"),
    ),
    Row("baseline_better", _BASELINE, ("A baseline is better: {task:task}", "Een simpele regel is beter: {task:task}")),
    Row(
        "baselines_not_better", _BASELINE,
        ("Not worse than any baseline: {task:task}", "Niet slechter dan een simpele regel: {task:task}"),
    ),
    Row("calibration_fine", _CALIBRATION, ("Calibration: {task:task}", "Kalibratie: {task:task}")),
    Row("calibration_off", _CALIBRATION, ("Chances are off: {task:task}", "Kansen kloppen niet: {task:task}")),
    Row(
        "feature_too_good",
        (
            "{features:alone_features} alone tells who {outcomes:happenings} (AUC {auc:.3}; {limit:.3} is the limit): it "
            "may hold what was only known afterwards. See when those rows are recorded",
            "{features:alone_features} zegt alleen al wie {outcomes:happenings} (AUC {auc:.3}; {limit:.3} is de grens): "
            "misschien staat erin wat pas achteraf bekend was. Kijk wanneer die rijen zijn vastgelegd",
        ),
        ("A feature is too good to be true", "Een kenmerk is te mooi om waar te zijn"),
    ),
    Row(
        "features_plausible",
        (
            "the strongest, {feature}, tells who {outcome:happened} with an AUC of {auc:.3}; {limit:.3} is the limit",
            "het sterkste, {feature}, zegt wie {outcome:happened} met een AUC van {auc:.3}; {limit:.3} is de grens",
        ),
        ("No feature is too good to be true", "Geen kenmerk is te mooi om waar te zijn"),
    ),
    Row("late_survives", _LATE, ("Survives late recording: {task:task}", "Bestand tegen late vastlegging: {task:task}")),
    Row(
        "late_loses",
        (
            f"{_LATE[0]}; rows may be written afterwards with an earlier date, or feeds must never be late",
            f"{_LATE[1]}; misschien worden rijen achteraf met een eerdere datum vastgelegd, of gegevens mogen nooit te "
            "laat zijn",
        ),
        ("Lives by the last days: {task:task}", "Leeft van de laatste dagen: {task:task}"),
    ),
    Row("behaves", _BEHAVIOUR, ("Behaves as it must", "Gedraagt zich zoals het moet")),
    Row("misbehaves", _BEHAVIOUR, ("Behaves the wrong way", "Gedraagt zich verkeerd")),
    *(
        Row(
            f"bundle_{code}",
            ("{megabytes:.1} MB; {limit:short} MB is the limit", "{megabytes:.1} MB; {limit:short} MB is de grens"), title,
        )
        for code, title in (("small", ("Small enough", "Klein genoeg")), ("large", ("A large bundle", "Een grote bundel")))
    ),
    *(
        Row(
            f"scoring_{code}",
            (
                "{milliseconds:.1} ms an account, {accounts:count} of them together, with reasons; {limit:short} ms is the "
                "limit",
                "{milliseconds:.1} ms per account, {accounts:count} tegelijk, met redenen; {limit:short} ms is de grens",
            ),
            title,
        )
        for code, title in (("quick", ("Quick enough", "Snel genoeg")), ("slow", ("Slow to score", "Traag met scoren")))
    ),
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
        "verdict_replaces",
        (
            "this model may replace version {champion}: nothing stands in the way",
            "dit model mag versie {champion} vervangen: niets staat in de weg",
        ),
    ),
)  # fmt: skip
