"""What plans brought, beside what they promised (`training.effects.plans.plan_findings`)."""

from training.model.text.row import Row

_REALISED = (
    "{gain:money} [{level:%}: {low:money} to {high:money}] of margin less cost per account {elapsed:ran}; promised "
    "{promised:money}{verdict:promise}",
    "{gain:money} [{level:%}: {low:money} tot {high:money}] marge min kosten per account {elapsed:ran}; beloofd was "
    "{promised:money}{verdict:promise}",
)
_POOLED = (
    "{gain:money} [{level:%}: {low:money} to {high:money}] of margin less cost per account; promised "
    "{promised:money}{verdict:promise}",
    "{gain:money} [{level:%}: {low:money} tot {high:money}] marge min kosten per account; beloofd was "
    "{promised:money}{verdict:promise}",
)

ROWS = (
    Row(
        "plan_brought_won",
        (f"the list beat the hold-out by {_REALISED[0]}",
         f"het plan deed het beter dan de controlegroep, met {_REALISED[1]}"),
        ("It earned money.{verdict:kept}", "Het verdiende geld.{verdict:kept}"),
    ),
    Row(
        "plan_brought_lost",
        (f"the list lost to the hold-out: {_REALISED[0]}",
         f"het plan deed het slechter dan de controlegroep: {_REALISED[1]}"),
        ("It lost money.{verdict:kept}", "Het verloor geld.{verdict:kept}"),
    ),
    Row(
        "plan_brought_open",
        (f"the list cannot be told from the hold-out: {_REALISED[0]}",
         f"het plan is niet te onderscheiden van de controlegroep: {_REALISED[1]}"),
        (
            "It may have earned or lost: too few accounts, or too early.{verdict:kept}",
            "Winst of verlies: nog niet te zeggen, te weinig accounts of te vroeg.{verdict:kept}",
        ),
    ),
    Row(
        "plan_brought_revenue",
        (
            "extra revenue per account on the list: {revenue:money} [{level:%}: {low:money} to {high:money}]",
            "extra omzet per account in het plan: {revenue:money} [{level:%}: {low:money} tot {high:money}]",
        ),
    ),
    Row(
        "plan_brought_sides",
        (
            "{treated:count} treated against {held_out:count} held out; the brackets hold the truth in {level:%} of "
            "cases",
            "{treated:count} behandeld tegenover {held_out:count} in de controlegroep; de haken bevatten de waarheid in "
            "{level:%} van de gevallen",
        ),
    ),
    Row(
        "plan_brought_compliance",
        (
            "the planned investment was made for {compliance:%} of the treated, and for {contamination:%} of the "
            "held-out",
            "de geplande investering is gedaan bij {compliance:%} van de behandelde accounts en bij {contamination:%} van de "
            "controlegroep",
        ),
    ),
    Row(
        "plan_brought_early",
        (
            "what was promised is counted evenly over the horizon, its cost at once: early figures look worse",
            "de belofte telt gelijkmatig over de looptijd, de kosten ineens: vroege cijfers zien er slechter uit",
        ),
    ),
    Row(
        "plan_brought_where_made",
        (
            "extra revenue where the list decided that it was made: {revenue:money} [{level:%}: {low:money} to "
            "{high:money}], if being on the list did nothing by itself",
            "extra omzet waar het plan de doorslag gaf: {revenue:money} [{level:%}: {low:money} tot {high:money}], als in "
            "het plan staan zelf niets deed",
        ),
    ),
    Row(
        "plan_brought_few",
        (
            "fewer than {few:count} accounts on a side: one large order may decide, do not trust this far",
            "minder dan {few:count} accounts aan een kant: één grote order kan beslissen, vertrouw hier niet te veel op",
        ),
    ),
    Row(
        "plans_brought_won",
        (f"all {{plans:count}} plans together beat the hold-outs by {_POOLED[0]}",
         f"alle {{plans:count}} plannen samen deden het beter dan de controlegroep, met {_POOLED[1]}"),
    ),
    Row(
        "plans_brought_lost",
        (f"all {{plans:count}} plans together lost to the hold-outs: {_POOLED[0]}",
         f"alle {{plans:count}} plannen samen deden het slechter dan de controlegroep: {_POOLED[1]}"),
    ),
    Row(
        "plans_brought_open",
        (f"all {{plans:count}} plans together cannot be told from the hold-outs: {_POOLED[0]}",
         f"alle {{plans:count}} plannen samen zijn niet te onderscheiden van de controlegroep: {_POOLED[1]}"),
    ),
)  # fmt: skip
