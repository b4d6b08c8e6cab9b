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
    Row(
        "views_few",
        (
            "managers' view of the rung against the rule: {cases:count} assessments whose horizon is over; {needed:count} "
            "are needed to tell who was right",
            "de trede volgens managers tegenover de regel: {cases:count} beoordelingen waarvan de termijn voorbij is; "
            "{needed:count} zijn nodig om te zeggen wie gelijk had",
        ),
    ),
    Row(
        "views_agree",
        (
            "managers and the rule agree on the rung with a weighted kappa of {kappa:.2} ({kappa_low:.2} to "
            "{kappa_high:.2}; 1 = always, 0 = by chance), over {cases:count} assessments of {accounts:count} accounts",
            "managers en de regel zijn het over de trede eens met een gewogen kappa van {kappa:.2} ({kappa_low:.2} tot "
            "{kappa_high:.2}; 1 = altijd, 0 = toeval), over {cases:count} beoordelingen van {accounts:count} accounts",
        ),
    ),
    Row(
        "managers_foretold_better",
        (
            "managers' view foretold the rung a horizon later better than the rule: log score {better:+.3} ({low:+.3} to "
            "{high:+.3})",
            "het oordeel van managers voorspelde de trede een termijn later beter dan de regel: log score {better:+.3} "
            "({low:+.3} tot {high:+.3})",
        ),
    ),
    Row(
        "rule_foretold_better",
        (
            "the rule foretold the rung a horizon later better than managers' view: log score of managers {better:+.3} "
            "({low:+.3} to {high:+.3})",
            "de regel voorspelde de trede een termijn later beter dan het oordeel van managers: log score van managers "
            "{better:+.3} ({low:+.3} tot {high:+.3})",
        ),
    ),
    Row(
        "views_foretold_alike",
        (
            "managers' view and the rule foretold the rung a horizon later equally well: log score {better:+.3} ({low:+.3} "
            "to {high:+.3})",
            "het oordeel van managers en de regel voorspelden de trede een termijn later even goed: log score {better:+.3} "
            "({low:+.3} tot {high:+.3})",
        ),
    ),
    Row(
        "cells_few",
        (
            "too few accounts of spurious or true loyalty ({needed:count} of each are needed) to tell whether the first "
            "leave more",
            "te weinig accounts met schijnloyaliteit of echte loyaliteit (van elk zijn er {needed:count} nodig) om te "
            "zeggen of de eerste vaker vertrekken",
        ),
    ),
    Row(
        "spurious_leaves_more",
        (
            "who buys steadily without a good opinion of us (spurious loyalty) left more often than who has it: "
            "{spurious:%1} against {true:%1} within the horizon; on the same rung {excess:+%1} ({low:+%1} to {high:+%1})",
            "wie trouw koopt zonder een goede mening over ons (schijnloyaliteit) vertrok vaker dan wie die wel heeft: "
            "{spurious:%1} tegenover {true:%1} binnen de termijn; op dezelfde trede {excess:+%1} ({low:+%1} tot {high:+%1})",
        ),
    ),
    Row(
        "spurious_leaves_no_more",
        (
            "here spurious loyalty foretells nothing: of those who buy steadily without a good opinion of us {spurious:%1} "
            "left within the horizon, of those with it {true:%1}; on the same rung {excess:+%1} ({low:+%1} to {high:+%1})",
            "hier voorspelt schijnloyaliteit niets: van wie trouw koopt zonder een goede mening over ons vertrok "
            "{spurious:%1} binnen de termijn, van wie die wel heeft {true:%1}; op dezelfde trede {excess:+%1} ({low:+%1} tot "
            "{high:+%1})",
        ),
    ),
)  # fmt: skip
