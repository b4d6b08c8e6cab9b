"""What is said of account managers: what their forecasts were worth, who was right where they overruled the model."""

from training.model.text.row import Row

_MISSES = (
    "account managers against history: mean miss as promised {promised:money}, calibrated {calibrated:money}, history's "
    "value gap so calibrated {history:money}, no change {no_change:money}",
    "accountmanagers tegenover historie: gemiddelde misser zoals beloofd {promised:money}, gekalibreerd "
    "{calibrated:money}, het zo gekalibreerde waardeverschil van de historie {history:money}, geen verandering "
    "{no_change:money}",
)
_BRIER = (
    "Brier score (lower = better) managers {managers:.3}, model {model:.3}; difference {difference:+.3} "
    "[{level:%}: {low:+.3} to {high:+.3}]",
    "Brier-score (lager = beter) accountmanagers {managers:.3}, model {model:.3}; verschil {difference:+.3} "
    "[{level:%}: {low:+.3} tot {high:+.3}]",
)

ROWS = (
    Row(
        "forecasts_none",
        ("account managers' forecasts: none recorded", "prognoses van accountmanagers: geen vastgelegd"),
    ),
    Row(
        "forecasts_resolved",
        (
            "account managers' forecasts: {resolved:count} of {forecasts:count} resolved, of {accounts:count} accounts "
            "that climbed; one promised unit was worth {worth:.2}",
            "prognoses van accountmanagers: {resolved:count} van {forecasts:count} uitgekomen, van {accounts:count} "
            "accounts die stegen; één beloofde eenheid was {worth:.2} waard",
        ),
    ),
    Row(
        "forecasts_few",
        (
            "account managers against history: {needed:count} accounts that climbed with a forecast are needed to "
            "compare them",
            "accountmanagers tegenover historie: om ze te vergelijken zijn {needed:count} accounts nodig die met een "
            "prognose stegen",
        ),
    ),
    Row(
        "forecasts_no_weight",
        (
            f"{_MISSES[0]}; no better than history: they get no weight",
            f"{_MISSES[1]}; niet beter dan de historie: ze krijgen geen gewicht",
        ),
    ),
    Row(
        "forecasts_weighted",
        (
            f"{_MISSES[0]}; by squared misses against size they get a weight of {{weight:.2}}",
            f"{_MISSES[1]}; naar kwadratische missers tegen de grootte krijgen ze een gewicht van {{weight:.2}}",
        ),
    ),
    Row(
        "forecasts_of_climbers",
        (
            "account managers' forecasts are only ever resolved by accounts that climbed: what is said of them holds "
            "for those, and is no cause. What came is counted from what accounts with the same revenue brought without "
            "one",
            "prognoses van accountmanagers komen alleen uit bij accounts die stegen: wat erover gezegd wordt geldt voor "
            "die, en is geen oorzaak. Wat kwam is geteld vanaf wat accounts met dezelfde omzet zonder stijging brachten",
        ),
    ),
    Row(
        "overrides_unjudged",
        (
            "no override about leaving can be judged yet",
            "nog geen besluit over vertrek is te beoordelen",
        ),
    ),
    Row(
        "overrides_judged",
        (
            "managers overruled the model about leaving {judged:once|# times} and were right in {right:%}; "
            "{switched:none of these accounts|one of these accounts|# of these accounts} left",
            "accountmanagers overstemden het model over vertrek {judged:één keer|# keer} en hadden gelijk in {right:%}; "
            "{switched:geen van deze accounts vertrok|één van deze accounts vertrok|# van deze accounts vertrokken}",
        ),
    ),
    Row(
        "overrides_managers_better",
        (f"{_BRIER[0]}: the managers were better", f"{_BRIER[1]}: de accountmanagers waren beter"),
        ("the managers were better", "de accountmanagers waren beter"),
    ),
    Row(
        "overrides_model_better",
        (f"{_BRIER[0]}: the model was better", f"{_BRIER[1]}: het model was beter"),
        ("the model was better", "het model was beter"),
    ),
    Row(
        "overrides_no_winner",
        (f"{_BRIER[0]}: no clear winner", f"{_BRIER[1]}: geen duidelijke winnaar"),
        ("no clear winner yet", "nog geen duidelijke winnaar"),
    ),
    Row(
        "overrides_of_manager",
        (
            "{manager:manager}: right {right:count} of {judged:once|# times}",
            "{manager:manager}: {right:count} van de {judged:ene|#} keer gelijk",
        ),
    ),
    Row(
        "overrides_few",
        (
            "fewer than {few:count} judged overrides: do not conclude anything from them",
            "minder dan {few:count} beoordeelde besluiten: trek er geen conclusies uit",
        ),
    ),
    Row(
        "overrides_waiting",
        (
            "{waiting:one more override waits for its time to run out|# more overrides wait for their time to run out}",
            "{waiting:nog één besluit wacht|nog # besluiten wachten} tot de tijd om is",
        ),
    ),
    Row(
        "overrides_unknown",
        (
            "{unknown:one override is about an account|# overrides are about accounts} that the source does not know",
            "{unknown:één besluit gaat over een account dat|# besluiten gaan over accounts die} de bron niet kent",
        ),
    ),
)  # fmt: skip
